"""Duration neglect as a claim that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch._validate import check_fraction
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._least_squares import LeastSquares, least_squares
from cxresearch.peak_end._memory_data import MemoryData, Within, memory_data, peak_rules
from cxresearch.peak_end.bayes import log_regression_bayes_factor
from cxresearch.results import Result, in_tidy_order

_THE_SAME = 1 - 1e-6
"""Correlation from which peak and end count as one and the same."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DurationNeglectResult(Result):
    """Whether duration matters for memory once peak and end are known.

    Attributes
    ----------
    estimates : DataFrame
        One row a set of controls: term ("duration"), group ("peak", "peak_corrected",
        "peak_rarefied" with the end, "peak_latent" with the latent end, "tw_mean" alone),
        estimate (standardised slope), std_error, statistic, df, p_value, conf_low, conf_high,
        n, equivalence_low and equivalence_high (the interval of two one-sided tests),
        p_equivalence, std_error_hc3,
        bf01_bic, bf01_jzs (both above 1 favour no effect) and verdict.
    verdict : str
        "neglected" (equivalent to none), "trivial" (not zero, yet inside the bounds),
        "matters" (not zero and not inside) or "inconclusive", when every peak rule says so;
        "depends_on_peak" when duration matters under one rule and not, or the other way round,
        under another.
    sesoi : float
        Smallest slope of interest, standardised.
    duration_mean, duration_sd : float
        Of the episodes used, clock units: a range too narrow shows nothing.
    n, n_participants : int
    mixed : bool
        Models carry a random intercept of the participant.
    confidence_level : float
    notes : tuple of str
    """

    estimates: pd.DataFrame
    verdict: str
    sesoi: float
    duration_mean: float
    duration_sd: float
    n: int
    n_participants: int
    mixed: bool
    confidence_level: float
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return the slope of duration under each set of controls."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the verdict, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "verdict": [self.verdict],
                "sesoi": [self.sesoi],
                "duration_mean": [self.duration_mean],
                "duration_sd": [self.duration_sd],
            }
        )


def duration_neglect(
    features: pd.DataFrame,
    *,
    retrospective: str,
    participant: str,
    sesoi: float = 0.10,
    within: Within = "auto",
    confidence_level: float = 0.95,
) -> DurationNeglectResult:
    r"""Test that duration adds less than `sesoi` to memory once peak and end are known.

    With all variables standardised, ``memory = b_p peak + b_e end + b_d duration``. A slope
    that is not significant is no evidence of neglect; being inside ``±sesoi`` is: two one-sided
    tests at ``1 − confidence_level``, with the Bayes factors ``BF01 = exp((BIC_1 − BIC_0)/2)``
    and JZS.

    Where the number of moments varies, the plain peak grows with it and a slope of duration
    appears that corrects for that; if people remember the plain maximum, a corrected peak errs
    the other way. Data cannot tell which, so the verdict is given under every peak rule and is
    only called one when the rules agree. The latent peak stands beside the latent end, and its
    standard error allows for the variances of their model being estimated (Murphy & Topel).

    Parameters
    ----------
    features : DataFrame
        One row an episode: `EpisodeFeaturesResult.with_episodes`.
    retrospective, participant : str
        Columns.
    sesoi : float
        Smallest effect of interest, standard deviations of memory per one of duration; stated
        before the data are seen. Above 0, below 1.
    within : {"auto", "independent", "mixed"}
        Random intercept of the participant, see `compare_memory_models`.
    confidence_level : float
        Between 0.5 and 1.

    Returns
    -------
    DurationNeglectResult
        ``bf01_jzs`` and ``std_error_hc3`` are nan for mixed models.

    Raises
    ------
    CxError, ResponseError
        As `compare_memory_models`; also when duration does not vary.

    Notes
    -----
    Agrees with R: ``lm(scale(y) ~ scale(peak) + scale(end) + scale(duration))``, ``confint(…,
    level = .9)``, ``sandwich::vcovHC(type = "HC3")``, ``BIC``.

    References
    ----------
    Fredrickson, B. L., & Kahneman, D. (1993). Duration neglect in retrospective evaluations of
    affective episodes. Journal of Personality and Social Psychology 65, 45–55.
    https://doi.org/10.1037/0022-3514.65.1.45

    Murphy, K. M., & Topel, R. H. (1985). Estimation and inference in two-step econometric
    models. Journal of Business & Economic Statistics 3, 370–379.
    https://doi.org/10.1080/07350015.1985.10509471

    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure. Journal of
    Pharmacokinetics and Biopharmaceutics 15, 657–680. https://doi.org/10.1007/BF01068419

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> episodes = pd.DataFrame(
    ...     rng.normal(size=(900, 4)), columns=["peak", "end", "tw_mean", "duration"]
    ... ).assign(person=range(900))
    >>> episodes["memory"] = episodes["peak"] + episodes["end"] + rng.normal(size=900)
    >>> duration_neglect(episodes, retrospective="memory", participant="person").verdict
    'neglected'
    """
    check_fraction("sesoi", sesoi)
    check_fraction("confidence_level", confidence_level, low=0.5)
    rules = peak_rules(features)
    controls: dict[str, tuple[str, ...]] = {rule: _controls(rule, features) for rule in rules}
    controls["tw_mean"] = ("tw_mean",)
    columns = list(dict.fromkeys([name for names in controls.values() for name in names]))
    off = [str(name) for name in features if str(name).startswith(("peak_off_", "end_off_"))]
    data = memory_data(
        features, [*columns, "duration", *off], retrospective=retrospective,
        participant=participant, within=within,
    )  # fmt: skip
    moved = {name: data.columns[name].to_numpy() for name in off}
    data = replace(data, columns=data.columns.drop(columns=off))
    spread = data.columns.std()
    duration = data.columns["duration"]
    if duration.nunique() < 2:
        raise ResponseError("duration is the same in every episode; its effect cannot be seen")
    standard = _standardised(data, spread)
    rows = [
        _duration_row(
            standard, group, names, sesoi, confidence_level,
            unsure=_unsure(standard, names, moved, spread),
        )
        for group, names in controls.items()
    ]  # fmt: skip
    estimates = in_tidy_order(pd.DataFrame(rows))
    of_peaks = estimates[estimates["group"].isin(rules)]
    return DurationNeglectResult(
        estimates=estimates,
        verdict=_common(of_peaks),
        sesoi=sesoi,
        duration_mean=float(duration.mean()),
        duration_sd=float(duration.std()),
        n=data.n,
        n_participants=data.people,
        mixed=data.mixed,
        confidence_level=confidence_level,
        notes=data.notes,
    )


def _standardised(data: MemoryData, spread: pd.Series) -> MemoryData:
    flat = [str(name) for name in spread.index[spread == 0]]
    if flat:
        raise CxError(f"features {flat} do not vary between episodes; nothing to hold constant")
    return MemoryData(
        columns=(data.columns - data.columns.mean()) / spread,
        memory=(data.memory - data.memory.mean()) / data.memory.std(ddof=1),
        person=data.person,
        mixed=data.mixed,
        notes=data.notes,
    )


def _controls(rule: str, features: pd.DataFrame) -> tuple[str, ...]:
    """Return a peak and the end beside it: that of the latent course where the peak is.

    Where all latent courses are level, peak and end are one and the same; one is enough.
    """
    if rule != "peak_latent" or "end_latent" not in features:
        return (rule, "end")
    alike = features[rule].corr(features["end_latent"])
    return (rule,) if abs(alike) > _THE_SAME else (rule, "end_latent")


def _unsure(
    data: MemoryData, names: tuple[str, ...], moved: dict[str, FloatArray], spread: pd.Series
) -> float:
    """Return the variance of the slope that comes from variances estimated before.

    `moved` has, for each direction k, by how much latent peak and end move where the variances
    of their model are one standard error off (``peak_off_k``, ``end_off_k``).
    """
    bases = {"peak_latent": "peak_off_", "end_latent": "end_off_"}
    if not any(name in names for name in bases):
        return 0.0
    x = data.design((*names, "duration"))
    at_best, total = _slope(data, x), 0.0
    for k in dict.fromkeys(name.rpartition("_")[2] for name in moved):
        beside = x.copy()
        for place, name in enumerate(names, start=1):
            if name in bases and f"{bases[name]}{k}" in moved:
                beside[:, place] += moved[f"{bases[name]}{k}"] / spread[name]
        total += (_slope(data, beside) - at_best) ** 2
    return total


def _slope(data: MemoryData, x: FloatArray) -> float:
    """Return the slope of the last column."""
    if data.mixed:
        return float(data.mixed_fit(x, reml=True).beta[-1])
    return float(least_squares(x, data.memory).beta[-1])


def _duration_row(
    data: MemoryData,
    group: str,
    names: tuple[str, ...],
    sesoi: float,
    confidence_level: float,
    *,
    unsure: float,
) -> dict[str, object]:
    x = data.design((*names, "duration"))
    ols, null = (least_squares(columns, data.memory) for columns in (x, x[:, :-1]))
    hc3 = jzs = float("nan")
    if data.mixed:
        fit = data.mixed_fit(x, reml=True)
        estimate, error = float(fit.beta[-1]), float(np.sqrt(fit.covariance[-1, -1]))
        df = float(fit.satterthwaite_df(np.eye(len(fit.beta))[-1:])[0])
        gain = data.mixed_fit(x).log_likelihood - data.mixed_fit(x[:, :-1]).log_likelihood
    else:
        estimate, error = float(ols.beta[-1]), float(np.sqrt(ols.covariance()[-1, -1]))
        df, gain = float(ols.df), ols.log_likelihood - null.log_likelihood
        hc3, jzs = float(np.sqrt(ols.covariance("hc3")[-1, -1])), _jzs(ols, null, data.memory)
    error = float(np.hypot(error, np.sqrt(unsure)))
    p_value = 2 * float(stats.t.sf(abs(estimate / error), df))
    # Both one-sided tests at once: the bound the estimate is nearer to decides.
    p_equivalence = float(stats.t.sf((sesoi - abs(estimate)) / error, df))
    wide = float(stats.t.ppf((1 + confidence_level) / 2, df)) * error
    narrow = float(stats.t.ppf(confidence_level, df)) * error
    return {
        "term": "duration",
        "group": group,
        "estimate": estimate,
        "std_error": error,
        "statistic": estimate / error,
        "df": df,
        "p_value": p_value,
        "conf_low": estimate - wide,
        "conf_high": estimate + wide,
        "n": float(data.n),
        "equivalence_low": estimate - narrow,
        "equivalence_high": estimate + narrow,
        "p_equivalence": p_equivalence,
        "std_error_hc3": hc3,
        "bf01_bic": float(np.exp(np.log(data.n) / 2 - gain)),
        "bf01_jzs": jzs,
        "verdict": _verdict(p_value, p_equivalence, 1 - confidence_level),
    }


def _jzs(full: LeastSquares, null: LeastSquares, y: FloatArray) -> float:
    total = float(((y - y.mean()) ** 2).sum())
    null_log, full_log = (
        log_regression_bayes_factor(1 - fit.rss / total, n=len(y), predictors=len(fit.beta) - 1)
        for fit in (null, full)
    )
    return float(np.exp(null_log - full_log))


def _common(of_peaks: pd.DataFrame) -> str:
    """Return the verdict all peak rules share; slopes of opposite signs share none."""
    verdicts = set(of_peaks["verdict"])
    same_sign = of_peaks["estimate"].gt(0).nunique() == 1
    if verdicts == {"matters"}:
        return "matters" if same_sign else "depends_on_peak"
    if "matters" in verdicts:
        return "depends_on_peak"
    if "inconclusive" in verdicts:
        return "inconclusive"
    return "trivial" if "trivial" in verdicts else "neglected"


def _verdict(p_value: float, p_equivalence: float, error_rate: float) -> str:
    inside, apart = p_equivalence < error_rate, p_value < error_rate
    if inside:
        return "trivial" if apart else "neglected"
    return "matters" if apart else "inconclusive"
