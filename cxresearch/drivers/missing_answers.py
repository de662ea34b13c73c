"""A driver model with missing answers treated one way, listwise beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_fraction
from cxresearch.drivers._model_columns import check_terms, parts_of
from cxresearch.drivers._model_data import (
    Design,
    ModelData,
    prepare,
    read_design,
    refuse_weights_as_counts,
)
from cxresearch.drivers._model_errors import STD_ERRORS, Covariance
from cxresearch.drivers._model_fits import Fit
from cxresearch.drivers._model_tables import coefficient_table, fit_measures
from cxresearch.drivers.imputation import (
    NoUse,
    adjust_not_used,
    complete_sets,
    not_used_mask,
)
from cxresearch.drivers.models import KINDS, fit_with_errors
from cxresearch.drivers.pooling import pool_estimates, pool_r2
from cxresearch.errors import EstimationError, ResponseError
from cxresearch.results import TIDY_COLUMNS, Result, in_tidy_order

TREATMENTS = ("listwise", "not_used", "imputation")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MissingAnswersResult(Result):
    """Coefficients under the chosen treatment of missing answers, and listwise.

    Attributes
    ----------
    estimates : pandas.DataFrame
        term, group (the treatment), estimate, std_error, statistic, df, p_value, p_adjusted
        (over the drivers of a treatment), conf_low, conf_high, n; then role (``driver``,
        ``control``, ``not_used``, ``intercept``, ``threshold``), riv and fmi (nan unless
        imputed).
    available : pandas.DataFrame
        One row a driver or control: term, n_answered, n_not_used, n_missing (for other
        reasons), n_listwise and n_used (respondents in the model of each treatment).
    fits : pandas.DataFrame
        group (treatment), n, r2, r2_low, r2_high (interval of a pooled R²).
    treatment : str
    outcome, drivers, controls, model, n, n_asked, imputations (0: none), seed, std_errors,
    weights, clusters, strata, p_adjust, confidence_level
    notes : tuple of str
        ``"listwise_impossible: …"`` where too few respondents answered everything.
    """

    estimates: pd.DataFrame
    available: pd.DataFrame
    fits: pd.DataFrame
    treatment: str
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    model: str
    n: int
    n_asked: int
    imputations: int
    seed: int
    std_errors: str
    weights: str
    clusters: str
    strata: str
    p_adjust: str
    confidence_level: float
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Coefficients, by treatment."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: treatment, sizes, fit."""
        chosen = self.fits[self.fits["group"] == self.treatment].iloc[0]
        return pd.DataFrame(
            [
                {
                    "treatment": self.treatment, "model": self.model, "n": self.n,
                    "n_asked": self.n_asked,
                    "n_listwise": int(self.available["n_listwise"].iloc[0]),
                    "imputations": self.imputations, "r2": float(chosen["r2"]),
                }
            ]
        )  # fmt: skip


def driver_model_missing(  # noqa: PLR0913 - a driver model, and how its gaps are treated
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    treatment: str = "imputation",
    not_used: pd.DataFrame | Mapping[str, Sequence[bool]] | None = None,
    kind: str = "auto",
    top_box: float | None = None,
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    std_errors: str = "auto",
    imputations: int = 20,
    iterations: int = 10,
    donors: int = 5,
    seed: int = 1,
    p_adjust: PAdjust = "holm",
    confidence_level: float = 0.95,
) -> MissingAnswersResult:
    """Fit a driver model with missing answers treated as chosen, and listwise for comparison.

    ============== =============================== ==========================================
    treatment      touchpoint not used             no answer for another reason
    ============== =============================== ==========================================
    listwise       respondent left out             respondent left out
    not_used       indicator, centred among users  respondent left out
    imputation     indicator, centred among users  imputed several times, pooled (Rubin)
    ============== =============================== ==========================================

    Parameters
    ----------
    frame, outcome, drivers, controls, kind, top_box, weights, clusters, strata, std_errors
        As in `driver_model`.
    treatment : {"listwise", "not_used", "imputation"}
    not_used : DataFrame or mapping, optional
        Cells of touchpoints that were not used; the ``missing`` frame of the responses will do
        (its value ``"not_used"`` counts).
    imputations, iterations, donors, seed : int
        See `impute_answers`.
    p_adjust : {"holm", "bh", "none"}
        Correction over the drivers' coefficients of a treatment.
    confidence_level : float

    Returns
    -------
    MissingAnswersResult

    Raises
    ------
    CxError, ResponseError, EstimationError
        As in `driver_model` and `impute_answers`; listwise may fail alone (see `notes`).

    Notes
    -----
    Respondents without an answer to the outcome are left out of every model: an imputed outcome
    adds noise and no information. Pooled R² uses Fisher's z.

    References
    ----------
    von Hippel, P. T. (2007). Regression with missing Ys. *Sociological Methodology*, 37,
    83–117. https://doi.org/10.1111/j.1467-9531.2007.00180.x

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> stay = pd.DataFrame(rng.integers(1, 8, (200, 2)) / 1.0, columns=["room", "pool"])
    >>> stay["overall"] = stay["room"] + 0.5 * stay["pool"] + rng.normal(size=200)
    >>> away = rng.random(200) < 0.4
    >>> stay.loc[away, "pool"] = np.nan
    >>> found = driver_model_missing(stay, outcome="overall", drivers=["room", "pool"],
    ...                              treatment="not_used", not_used={"pool": away})
    >>> found.fits[["group", "n"]].to_dict("records")
    [{'group': 'not_used', 'n': 200}, {'group': 'listwise', 'n': 118}]
    """
    check_choice("treatment", treatment, TREATMENTS)
    check_choice("kind", kind, KINDS)
    check_choice("std_errors", std_errors, STD_ERRORS)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    # Rows are matched by place: an index of the caller may repeat.
    frame = frame.reset_index(drop=True)
    design = read_design(frame, weights=weights, clusters=clusters, strata=strata)
    refuse_weights_as_counts(design, std_errors)
    named, always = check_terms(frame, outcome, drivers, controls)
    ask = _Ask(
        outcome=outcome, drivers=named, controls=always, kind=kind, top_box=top_box,
        design=design, std_errors=std_errors, p_adjust=p_adjust,
        confidence_level=confidence_level,
    )  # fmt: skip
    known = [str(name) for name in frame.columns]
    single = list(dict.fromkeys(p for t in (*named, *always) for p in parts_of(t, known)))
    mask = not_used_mask(frame, not_used)
    chosen = _fit_chosen(
        frame, ask, single, mask, treatment,
        imputations=imputations, iterations=iterations, donors=donors, seed=seed,
    )  # fmt: skip
    listwise, notes = _fit_listwise(frame, ask, chosen, treatment)
    shown = [chosen] if listwise is None or listwise is chosen else [chosen, listwise]
    return MissingAnswersResult(
        estimates=pd.concat([one.estimates for one in shown], ignore_index=True),
        available=_available(frame, single, mask, listwise, chosen),
        fits=pd.DataFrame([one.fit for one in shown]), treatment=treatment, outcome=outcome,
        drivers=named, controls=always, model=chosen.model, n=chosen.n, n_asked=len(frame),
        imputations=chosen.imputations, seed=seed, std_errors=chosen.std_errors,
        weights=weights or "", clusters=clusters or "", strata=strata or "", p_adjust=p_adjust,
        confidence_level=confidence_level, notes=notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Ask:
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    kind: str
    top_box: float | None
    design: Design
    std_errors: str
    p_adjust: PAdjust
    confidence_level: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Fitted:
    """One treatment: its table, and what the model rests on."""

    estimates: pd.DataFrame
    fit: dict[str, object]
    model: str
    n: int
    imputations: int
    std_errors: str


def _fit_one(
    frame: pd.DataFrame, ask: _Ask, indicators: Sequence[str]
) -> tuple[ModelData, Fit, Covariance]:
    data = prepare(
        frame, outcome=ask.outcome, drivers=ask.drivers, controls=[*ask.controls, *indicators],
        kind=ask.kind, top_box=ask.top_box, design=ask.design,
    )  # fmt: skip
    return data, *fit_with_errors(data, ask.std_errors)


def _role(group: str, owner: str, indicators: Sequence[str]) -> str:
    return "not_used" if owner in indicators else group


def _single(
    frame: pd.DataFrame, ask: _Ask, indicators: Sequence[str], treatment: str
) -> _Fitted:
    data, fit, covariance = _fit_one(frame, ask, indicators)
    table = coefficient_table(
        data, fit, covariance, p_adjust=ask.p_adjust, confidence_level=ask.confidence_level
    )
    roles = [
        _role(g, o, indicators) for g, o in zip(table["group"], table["driver"], strict=True)
    ]
    columns = [name for name in TIDY_COLUMNS if name in table.columns and name != "group"]
    r2 = fit_measures(data, fit)["r2"]
    return _Fitted(
        estimates=table[columns].assign(group=treatment, role=roles, riv=np.nan, fmi=np.nan),
        fit={"group": treatment, "n": data.n, "r2": r2, "r2_low": np.nan, "r2_high": np.nan},
        model=data.outcome.model, n=data.n, imputations=0, std_errors=covariance.std_errors,
    )  # fmt: skip


def _fit_chosen(  # noqa: PLR0913 - a model, its gaps, four numbers of the imputation
    frame: pd.DataFrame, ask: _Ask, single: Sequence[str], mask: pd.DataFrame, treatment: str,
    *, imputations: int, iterations: int, donors: int, seed: int,
) -> _Fitted:  # fmt: skip
    if treatment == "listwise":
        return _single(frame, ask, (), treatment)
    w = ask.design.weights
    if treatment == "not_used":
        adjusted, indicators = adjust_not_used(frame, drivers=single, not_used=mask, weights=w)
        return _single(adjusted, ask, indicators, treatment)
    no_use = NoUse.of(mask, single)
    indicators = tuple(no_use.indicators)
    fits = [
        _fit_one(no_use.adjusted(filled, w), ask, indicators)
        for filled in complete_sets(
            frame, single, outcome=ask.outcome, not_used=mask, imputations=imputations,
            iterations=iterations, donors=donors, seed=seed,
        )
    ]  # fmt: skip
    return _pooled(fits, ask, indicators)


def _pooled(
    fits: Sequence[tuple[ModelData, Fit, Covariance]], ask: _Ask, indicators: Sequence[str]
) -> _Fitted:
    data, fit, covariance = fits[0]
    table = coefficient_table(
        data, fit, covariance, p_adjust="none", confidence_level=ask.confidence_level
    )
    pooled = pool_estimates(
        np.array([one.params for _, one, _ in fits]),
        np.array([np.diag(one.matrix) for _, _, one in fits]),
        terms=list(table["term"]), n=data.n, confidence_level=ask.confidence_level,
        df_complete=float("inf") if np.isnan(covariance.df) else covariance.df,
    ).estimates  # fmt: skip
    roles = [
        _role(g, o, indicators) for g, o in zip(table["group"], table["driver"], strict=True)
    ]
    r2: FloatArray = np.array([fit_measures(one, made)["r2"] for one, made, _ in fits])
    whole = pool_r2(r2, n=data.n, confidence_level=ask.confidence_level)
    pooled = pooled.drop(columns=["within", "between", "lambda"])
    family = np.array(roles) == "driver"
    pooled["p_adjusted"] = np.nan
    pooled.loc[family, "p_adjusted"] = adjust_p_values(
        pooled.loc[family, "p_value"].to_numpy(), method=ask.p_adjust
    )
    return _Fitted(
        estimates=pooled.assign(group="imputation", role=roles),
        fit={
            "group": "imputation", "n": data.n, "r2": whole.estimate, "r2_low": whole.low,
            "r2_high": whole.high,
        },
        model=data.outcome.model, n=data.n, imputations=len(fits),
        std_errors=covariance.std_errors,
    )  # fmt: skip


def _fit_listwise(
    frame: pd.DataFrame, ask: _Ask, chosen: _Fitted, treatment: str
) -> tuple[_Fitted | None, tuple[str, ...]]:
    if treatment == "listwise":
        return chosen, ()
    try:
        return _single(frame, ask, (), "listwise"), ()
    except (ResponseError, EstimationError) as error:
        # Missing by design may leave nobody complete; the chosen treatment stands without it.
        return None, (f"listwise_impossible: {error}",)


def _available(
    frame: pd.DataFrame, single: Sequence[str], mask: pd.DataFrame, listwise: _Fitted | None,
    chosen: _Fitted,
) -> pd.DataFrame:  # fmt: skip
    answered = frame[list(single)].notna().sum().to_numpy()
    unused = mask[list(single)].sum().to_numpy()
    return pd.DataFrame(
        {
            "term": list(single), "n_answered": answered, "n_not_used": unused,
            "n_missing": len(frame) - answered - unused,
            "n_listwise": 0 if listwise is None else listwise.n, "n_used": chosen.n,
        }
    )  # fmt: skip
