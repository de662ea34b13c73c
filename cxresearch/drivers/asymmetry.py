"""Asymmetric effects: penalty of a low rating against reward of a high one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.drivers import _contrasts as contrasts
from cxresearch.drivers._contrasts import CLASSES, NOT_CLASSIFIABLE, Draws, Sides
from cxresearch.drivers._model_data import (
    prepare,
    read_design,
    refuse_weights_as_counts,
)
from cxresearch.drivers._model_errors import (
    STD_ERRORS,
    Covariance,
    WaldTest,
    critical_value,
    two_sided_p,
    wald_test,
)
from cxresearch.drivers.models import fit_with_errors
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AsymmetryResult(Result):
    """Penalty–reward contrasts of the drivers.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Three rows a driver, group ``penalty`` (effect of a low rating against a middling one),
        ``reward`` (of a high one) and ``asymmetry`` (their sum; zero when both are equally
        strong): term, group, estimate, std_error, statistic, df, p_value, p_adjusted (asymmetry
        rows, over the drivers), conf_low, conf_high, n (respondents with such a rating;
        asymmetry: all).
    classes : pandas.DataFrame
        One row a driver: term, range (``|penalty| + |reward|``), satisfaction_potential,
        dissatisfaction_potential (shares of the range), asymmetry_index (their difference,
        −1…1), index_low, index_high (bootstrap interval), range_statistic, range_df,
        range_df_denominator, range_p, range_p_adjusted (joint test that both are zero),
        prob_basic, prob_performance, prob_excitement (bootstrap), class and note.
    cut : float
        ``|asymmetry index|`` from which a driver is basic or excitement.
    decision : float
        Probability a class must have to be named.
    low, high : dict
        Codes up to which (from which) a rating is low (high), by driver.
    outcome, drivers, controls, n, r2, replicates, seed, std_errors, weights, clusters, strata,
    p_adjust, confidence_level
    """

    estimates: pd.DataFrame
    classes: pd.DataFrame
    cut: float
    decision: float
    low: dict[str, float]
    high: dict[str, float]
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    n: int
    r2: float
    replicates: int
    seed: int
    std_errors: str
    weights: str
    clusters: str
    strata: str
    p_adjust: str
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """Penalty, reward and asymmetry of each driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: size, fit, and how many drivers are in each class."""
        counts = {
            name: int((self.classes["class"] == name).sum())
            for name in (*CLASSES, NOT_CLASSIFIABLE)
        }
        return pd.DataFrame(
            [{"n": self.n, "r2": self.r2, "std_errors": self.std_errors, **counts}]
        )


def penalty_reward(  # noqa: PLR0913 - two cut points, a rule of decision and a survey design
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    low: float | Mapping[str, float],
    high: float | Mapping[str, float],
    controls: Sequence[str] = (),
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    std_errors: str = "auto",
    cut: float = 1 / 3,
    decision: float = 0.8,
    replicates: int = 1000,
    seed: int = 1,
    p_adjust: PAdjust = "holm",
    confidence_level: float = 0.95,
) -> AsymmetryResult:
    r"""Contrast the penalty of a low rating with the reward of a high one.

    .. math:: y = b_0 + \sum_j (p_j\,\text{Low}_j + r_j\,\text{High}_j) + \text{controls}

    Range :math:`|p_j| + |r_j|`; asymmetry index
    :math:`IA_j = (|r_j| - |p_j|) / (|p_j| + |r_j|)`, −1 (penalty only, a *basic* driver) to 1
    (reward only, *excitement*). Test of asymmetry: :math:`H_0: p_j + r_j = 0`,
    :math:`t = (\hat p + \hat r)/\sqrt{\operatorname{Var} p + \operatorname{Var} r +
    2\operatorname{Cov}}`.

    Parameters
    ----------
    frame : pandas.DataFrame
    outcome : str
        Column to explain, taken as a number.
    drivers : sequence of str
        Ratings.
    low, high : float, or dict of driver to float
        Codes up to `low` are low ratings, codes from `high` on are high ones.
    controls, weights, clusters, strata, std_errors
        As in `driver_model`.
    cut : float
        Index beyond which a driver is basic or excitement; ⅓ says that one side is twice as
        strong as the other.
    decision : float
        A class is named only when its bootstrap probability reaches this.
    replicates, seed : int
        Bootstrap of respondents (of clusters within strata, where named).
    p_adjust : {"holm", "bh", "none"}
        Correction over the drivers.
    confidence_level : float

    Returns
    -------
    AsymmetryResult

    Raises
    ------
    CxError
        `low` is not below `high`, an unknown name or option.
    ResponseError
        The answers do not allow the model.

    Notes
    -----
    A cut-off on the index alone classifies noise. A driver gets a class only when (a) the joint
    test of penalty and reward rejects at 1 − `confidence_level` after `p_adjust`, and (b) one
    class has a bootstrap probability of at least `decision`; else it is ``not_classifiable``.
    In a replicate, a penalty above zero or a reward below zero counts as no penalty or reward;
    a replicate without either belongs to no class, so probabilities may sum to less than 1. A
    driver without low or without high ratings has no index (note ``no_low_ratings``,
    ``no_high_ratings``). Cut points are choices: `response_shape` shows the answer without
    them.

    R: ``lm(y ~ low + high)`` and ``multcomp::glht`` for the sum.

    References
    ----------
    Brandt, D. R. (1987). A procedure for identifying value-enhancing service components using
    customer satisfaction survey data. In *Add value to your service* (pp. 61–65). American
    Marketing Association.

    Mikulić, J., & Prebežac, D. (2008). Prioritizing improvement of service attributes using
    impact range-performance analysis and impact-asymmetry analysis. *Managing Service Quality*,
    18, 559–576.

    Anderson, E. W., & Mittal, V. (2000). Strengthening the satisfaction-profit chain. *Journal
    of Service Research*, 3, 107–120. https://doi.org/10.1177/109467050032001

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> stay = pd.DataFrame(rng.integers(1, 8, (600, 2)), columns=["clean", "noise"])
    >>> stay["satisfaction"] = 5 - 1.5 * (stay["clean"] <= 3) + rng.normal(size=600)
    >>> found = penalty_reward(stay, outcome="satisfaction", drivers=["clean", "noise"],
    ...                        low=3, high=6)
    >>> found.classes[["term", "class"]]
        term             class
    0  clean             basic
    1  noise  not_classifiable
    """
    check_choice("std_errors", std_errors, STD_ERRORS)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    check_fraction("cut", cut)
    check_fraction("decision", decision)
    check_count("replicates", replicates, at_least=100)
    design = read_design(frame, weights=weights, clusters=clusters, strata=strata)
    refuse_weights_as_counts(design, std_errors)
    ratings = prepare(frame, outcome=outcome, drivers=drivers, controls=controls, design=design)
    lows = contrasts.cut_points("low", low, ratings.drivers)
    highs = contrasts.cut_points("high", high, ratings.drivers)
    data, sides = contrasts.contrast_data(
        frame, ratings, lows, highs, outcome=outcome, design=design
    )
    fit, covariance = fit_with_errors(data, std_errors)
    draws = contrasts.replicate_sides(data, sides, replicates=replicates, seed=seed)
    centre = np.average(data.y, weights=data.w)
    rss, tss = (float(data.w @ (data.y - v) ** 2) for v in (fit.expected, centre))
    return AsymmetryResult(
        estimates=_estimates(
            fit.params, covariance, sides, n=data.n, p_adjust=p_adjust,
            confidence_level=confidence_level,
        ),
        classes=_classes(
            fit.params, covariance, sides, draws, cut=cut, decision=decision, p_adjust=p_adjust,
            confidence_level=confidence_level,
        ),
        cut=cut, decision=decision, low=lows, high=highs, outcome=outcome,
        drivers=ratings.drivers,
        controls=ratings.controls, n=data.n, r2=1 - rss / tss, replicates=replicates, seed=seed,
        std_errors=covariance.std_errors, weights=weights or "", clusters=clusters or "",
        strata=strata or "", p_adjust=p_adjust, confidence_level=confidence_level,
    )  # fmt: skip


def _combination(
    params: FloatArray, matrix: FloatArray, places: list[int]
) -> tuple[float, float]:
    """Sum of the parameters at `places` and its standard error; nan where one is missing."""
    if min(places) < 0:
        return float("nan"), float("nan")
    return float(params[places].sum()), float(np.sqrt(matrix[np.ix_(places, places)].sum()))


def _estimates(
    params: FloatArray, covariance: Covariance, sides: tuple[Sides, ...], *, n: int,
    p_adjust: PAdjust, confidence_level: float,
) -> pd.DataFrame:  # fmt: skip
    rows = []
    for side in sides:
        for group, places, count in (
            ("penalty", [side.low], side.n_low),
            ("reward", [side.high], side.n_high),
            ("asymmetry", [side.low, side.high], n),
        ):
            rows.append(
                (side.driver, group, *_combination(params, covariance.matrix, places), count)
            )
    table = pd.DataFrame(rows, columns=["term", "group", "estimate", "std_error", "n"])
    table["statistic"] = table["estimate"] / table["std_error"]
    table["df"] = covariance.df
    table["p_value"] = two_sided_p(table["statistic"].to_numpy(), covariance.df)
    family = table["group"].eq("asymmetry").to_numpy()
    table["p_adjusted"] = np.nan
    table.loc[family, "p_adjusted"] = adjust_p_values(
        table["p_value"].to_numpy()[family], method=p_adjust
    )
    reach = critical_value(confidence_level, covariance.df) * table["std_error"]
    table["conf_low"], table["conf_high"] = table["estimate"] - reach, table["estimate"] + reach
    return in_tidy_order(table)


def _range_test(params: FloatArray, covariance: Covariance, side: Sides) -> WaldTest:
    places = [place for place in (side.low, side.high) if place >= 0]
    return wald_test(params[places], covariance.matrix[np.ix_(places, places)], covariance.df)


def _classes(
    params: FloatArray, covariance: Covariance, sides: tuple[Sides, ...], draws: Draws, *,
    cut: float, decision: float, p_adjust: PAdjust, confidence_level: float,
) -> pd.DataFrame:  # fmt: skip
    padded = np.append(params, np.nan)
    penalty = padded[[side.low for side in sides]]
    reward = padded[[side.high for side in sides]]
    size = np.abs(penalty) + np.abs(reward)
    tests = [_range_test(params, covariance, side) for side in sides]
    range_p = np.array([test.p_value for test in tests])
    adjusted = adjust_p_values(range_p, method=p_adjust)
    probabilities = contrasts.class_probabilities(draws, cut)
    tail = (1 - confidence_level) / 2
    table = pd.DataFrame(
        {
            "term": [side.driver for side in sides], "range": size,
            "satisfaction_potential": np.abs(reward) / size,
            "dissatisfaction_potential": np.abs(penalty) / size,
            "asymmetry_index": contrasts.asymmetry_index(penalty, reward),
            "index_low": np.quantile(draws.index, tail, axis=0),
            "index_high": np.quantile(draws.index, 1 - tail, axis=0),
            "range_statistic": [test.statistic for test in tests],
            "range_df": [test.df for test in tests],
            "range_df_denominator": [test.df_denominator for test in tests],
            "range_p": range_p, "range_p_adjusted": adjusted,
        }
    )  # fmt: skip
    for position, name in enumerate(CLASSES):
        table[f"prob_{name}"] = probabilities[:, position]
    table["class"] = [
        NOT_CLASSIFIABLE
        if side.note
        else contrasts.name_class(chances, p, decision, 1 - confidence_level)
        for side, chances, p in zip(sides, probabilities, adjusted, strict=True)
    ]
    table["note"] = [side.note for side in sides]
    return table
