"""Gaps where answers are missing: complete answers and filled-in ones side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._chained import Answers, impute_sets
from cxresearch._moments import ColumnMoments
from cxresearch._multiplicity import adjust_p_values
from cxresearch._rubin import pool_by_rubin
from cxresearch._types import P_ADJUST, BoolArray, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_count, check_fraction, check_share
from cxresearch.codebook.model import Battery
from cxresearch.errors import ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result, in_tidy_order
from cxresearch.servqual._battery import check_battery
from cxresearch.servqual._data import GapData, Weighted, battery_scores, gap_data
from cxresearch.servqual._design import UseDesign
from cxresearch.servqual._estimates import estimate_terms, families, gap_moments
from cxresearch.servqual._outcome import first_outcome

_PARTS = ("expectation", "perception")
_MOST_MISSING = 0.5
_PER_COLUMN = 2
"""Respondents needed for each column that predicts the others."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImputedGapsResult(Result):
    """Gaps of complete answers and of multiply imputed ones.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Two rows for each term: term, group (``"complete"``: as in `servqual_gaps`;
        ``"imputed"``: pooled by Rubin's rules), estimate, std_error, statistic, df, p_value,
        p_adjusted, conf_low, conf_high, n, level, label, dimension, fmi (fraction of missing
        information; nan for complete), riv (relative increase in variance).
    n : int
        Respondents analysed.
    missing_share : float
        Share of the answers of the battery that was filled in.
    not_used : int
        Answers that are missing because the question did not apply; they are never filled.
    incomplete : int
        Respondents with an answer that was filled in.
    battery : str
    scale_low, scale_high : float
    imputations, iterations, donors, seed : int
    confidence_level : float
    p_adjust : str
    min_answered : float
    weighted : bool
    strata, clusters : str
    notes : tuple of str
    """

    estimates: pd.DataFrame
    n: int
    missing_share: float
    not_used: int
    incomplete: int
    battery: str
    scale_low: float
    scale_high: float
    imputations: int
    iterations: int
    donors: int
    seed: int
    confidence_level: float
    p_adjust: str
    min_answered: float
    weighted: bool
    strata: str
    clusters: str
    notes: tuple[str, ...]

    def shifts(self) -> pd.DataFrame:
        """One row a term: imputed less complete estimate, and whether the conclusion differs.

        Returns
        -------
        pandas.DataFrame
            term, label, level, shift (response-scale units), differs (the interval leaves out
            zero on one side for one of the two only).
        """
        parts = {
            group: self.estimates[self.estimates["group"] == group].reset_index(drop=True)
            for group in ("complete", "imputed")
        }
        sides = [
            (part["conf_low"] > 0).astype(int) - (part["conf_high"] < 0).astype(int)
            for part in parts.values()
        ]
        table = parts["complete"][["term", "label", "level"]].copy()
        table["shift"] = parts["imputed"]["estimate"] - parts["complete"]["estimate"]
        table["differs"] = (sides[0] != sides[1]).to_numpy()
        return table

    def tidy(self) -> pd.DataFrame:
        """Two rows a term."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: how much was filled in, and what it changed."""
        shifts = self.shifts()
        return pd.DataFrame(
            [
                {
                    "n": self.n, "missing_share": self.missing_share,
                    "incomplete": self.incomplete, "imputations": self.imputations,
                    "largest_shift": float(shifts["shift"].abs().max()),
                    "conclusions_changed": int(shifts["differs"].sum()),
                    "fmi": float(self.estimates["fmi"].max()),
                }
            ]
        )  # fmt: skip


def imputed_gaps(  # noqa: PLR0913 - options of one analysis, all by keyword
    responses: Responses,
    *,
    battery: str | None = None,
    imputations: int = 20,
    iterations: int = 5,
    donors: int = 5,
    seed: int = 1,
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
    min_answered: float = 0.5,
    weighted: Weighted = "auto",
    design: UseDesign = "auto",
    strict: bool = True,
) -> ImputedGapsResult | None:
    """Compare gaps of complete answers with gaps after multiple imputation.

    Parameters
    ----------
    responses : Responses
    battery, confidence_level, min_answered, weighted, design
        As in `servqual_gaps`.
    imputations, iterations, donors, seed : int
        Data sets; rounds of the chain; nearest answers to draw one from; seed.
    p_adjust : {"holm", "bh", "none"}
        Families as in `servqual_gaps`.
    strict : bool
        False: None instead of an error where too few answers stand to fill in the others.

    Returns
    -------
    ImputedGapsResult or None
        None where no answer is missing that could be filled in.

    Raises
    ------
    ResponseError
        A question that more than half left empty, or too few respondents for the number of
        questions.

    Notes
    -----
    Chained equations with predictive mean matching: every filled-in answer is one that somebody
    gave to that question, so it stays on the response scale. Expectations and perceptions of
    all items predict each other, with the first outcome of the codebook where there is one.
    What does not apply (``not_used``) is never filled. Estimates and their design-based errors
    are pooled by Rubin's rules with the degrees of freedom of Barnard and Rubin, the complete
    degrees of freedom being those of the design. R: ``mice(method = "pmm")``, ``mice::pool``.

    Measured by ``benchmarks/coverage_servqual_groups.py`` where the displeased leave a question
    empty more often: 95% intervals cover 95.0% after filling in, 83.0% with complete answers.

    Right if answers are missing at random given those that are there; nothing in the data can
    test that. Case weights and clusters do not enter the filling in, which is too smooth where
    clusters differ much.

    References
    ----------
    van Buuren, S. (2018). Flexible imputation of missing data (2nd ed.). CRC Press.
    https://doi.org/10.1201/9780429492259

    Barnard, J., & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple
    imputation. Biometrika 86, 948–955. https://doi.org/10.1093/biomet/86.4.948
    """
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    check_share("min_answered", min_answered)
    check_count("imputations", imputations, at_least=2)
    check_count("iterations", iterations, at_least=1)
    check_count("donors", donors, at_least=1)
    chosen = check_battery(responses.battery(battery))
    data = gap_data(
        responses, chosen, min_answered=min_answered, weighted=weighted, design=design
    )
    columns, answers = _answers(responses, chosen, data.analysed)
    if not answers.fill[:, : len(columns)].any():
        return None
    try:
        _refuse(answers, columns)
    except ResponseError:
        if strict:
            raise
        return None
    moments = [
        _moments(filled[:, : len(columns)], chosen, data, min_answered)
        for filled in impute_sets(
            answers,
            imputations=int(imputations),
            iterations=int(iterations),
            donors=int(donors),
            seed=int(seed),
        )
    ]
    imputed = _pooled(moments, data, confidence_level=confidence_level)
    complete = estimate_terms(
        data.scores,
        data.terms,
        weights=data.weights,
        design=data.design,
        confidence_level=confidence_level,
    ).assign(group="complete", fmi=math.nan, riv=math.nan)
    fill = answers.fill[:, : len(columns)]
    return ImputedGapsResult(
        estimates=_both(complete, imputed, p_adjust), n=int(data.analysed.sum()),
        missing_share=float(fill.mean()), not_used=int(answers.unused.sum()),
        incomplete=int(fill.any(axis=1).sum()), battery=chosen.name,
        scale_low=float(chosen.scale.low), scale_high=float(chosen.scale.high),
        imputations=int(imputations), iterations=int(iterations), donors=int(donors),
        seed=int(seed), confidence_level=float(confidence_level), p_adjust=p_adjust,
        min_answered=float(min_answered), weighted=data.weights is not None,
        strata=data.columns.strata, clusters=data.columns.clusters, notes=data.notes,
    )  # fmt: skip


def _answers(
    responses: Responses, battery: Battery, analysed: BoolArray
) -> tuple[list[str], Answers]:
    """Return the columns of the battery and what is known of them, the outcome behind them."""
    columns = [name for part in _PARTS for name in battery.columns(part)]  # type: ignore[arg-type]
    outcome = first_outcome(responses)
    names = [*columns, *([outcome] if outcome else [])]
    values = responses.frame.loc[analysed, names].to_numpy(dtype=float)
    missing = np.isnan(values)
    unused = np.zeros_like(missing)
    for place, name in enumerate(names):
        if name in responses.missing:
            kinds = responses.missing.loc[analysed, name].to_numpy()
            unused[:, place] = missing[:, place] & (kinds == "not_used")
    return columns, Answers(
        names=tuple(names), values=values, fill=missing & ~unused, unused=unused,
        fixed=np.empty((len(values), 0)),
    )  # fmt: skip


def _refuse(answers: Answers, columns: list[str]) -> None:
    shares = (answers.fill | answers.unused)[:, : len(columns)].mean(axis=0)
    empty = [name for name, share in zip(columns, shares, strict=True) if share > _MOST_MISSING]
    if empty:
        raise ResponseError(
            f"column(s) {empty}: more than half of the answers are missing; nothing can be "
            "filled in from the rest. Leave the items out of the battery"
        )
    n, needed = len(answers.values), _PER_COLUMN * len(answers.names)
    if n < needed:
        raise ResponseError(
            f"{n} respondents for {len(answers.names)} questions that predict each other; "
            f"filling in needs {needed}"
        )


def _moments(
    filled: FloatArray, battery: Battery, data: GapData, min_answered: float
) -> ColumnMoments:
    """Return moments of the terms in one filled-in data set (n, 2k), expectations first."""
    expectation, perception = np.hsplit(filled, 2)
    scores = battery_scores(
        expectation, perception, battery, min_answered=min_answered, points=data.points
    )
    return gap_moments(scores.gap, weights=data.weights, design=data.design)


def _pooled(
    moments: list[ColumnMoments], data: GapData, *, confidence_level: float
) -> pd.DataFrame:
    means = np.array([one.mean for one in moments])
    errors = np.array([one.std_error for one in moments])
    df = moments[-1].df
    usable = np.isfinite(means).all(axis=0) & (errors > 0).all(axis=0)
    pooled = pool_by_rubin(
        np.where(usable, means, math.nan),
        np.where(usable, errors**2, math.nan),
        df_complete=np.where(np.isfinite(df), df, 1.0),
        confidence_level=confidence_level,
    )
    n = float(len(data.scores.gap))
    return pd.DataFrame(
        {
            "term": [term.name for term in data.terms], "group": "imputed",
            "estimate": pooled.estimate, "std_error": pooled.std_error,
            "statistic": pooled.estimate / pooled.std_error, "df": pooled.df,
            "p_value": pooled.p_value, "conf_low": pooled.conf_low,
            "conf_high": pooled.conf_high, "n": n,
            "level": [term.level for term in data.terms],
            "label": [term.label for term in data.terms],
            "dimension": [term.dimension for term in data.terms], "segment": "",
            "fmi": pooled.fmi, "riv": pooled.riv,
        }
    )  # fmt: skip


def _both(complete: pd.DataFrame, imputed: pd.DataFrame, method: PAdjust) -> pd.DataFrame:
    names = [
        "term", "group", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
        "conf_low", "conf_high", "n", "level", "label", "dimension", "fmi", "riv",
    ]  # fmt: skip
    tables = []
    for part in (complete, imputed):
        p = part["p_value"].to_numpy(dtype=float)
        adjusted = np.full(len(part), math.nan)
        for rows in families(part.reset_index(drop=True)):
            adjusted[rows] = adjust_p_values(p[rows], method=method)
        tables.append(part.assign(p_adjusted=adjusted)[names])
    return pd.concat(tables, ignore_index=True)
