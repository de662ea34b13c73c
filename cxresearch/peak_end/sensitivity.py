"""How the weight of peak and end hangs on what is called the peak and the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._validate import check_fraction
from cxresearch.peak_end._least_squares import least_squares
from cxresearch.peak_end._memory_data import MemoryData, memory_data, peak_rules
from cxresearch.peak_end.latent import LatentCoursesResult
from cxresearch.results import Result, in_tidy_order

END_RULES: tuple[str, ...] = ("end_1", "end_2", "end_3", "end_share")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PeakEndSensitivityResult(Result):
    """How the weight of peak and end depends on what is called the peak and the end.

    Attributes
    ----------
    estimates : DataFrame
        One row a pair of rules: term (peak rule), group (end rule), estimate (correlation of
        memory with the mean of both), conf_low, conf_high, n, r2 of peak and end together,
        peak_slope and end_slope with their standard errors (rating units).
    reference : dict of str to float
        Correlations of memory with the mean and the time-weighted mean, same episodes.
    lowest, highest : float
        Range of the correlations.
    n, n_participants : int
    confidence_level : float
    notes : tuple of str
    """

    estimates: pd.DataFrame
    reference: dict[str, float]
    lowest: float
    highest: float
    n: int
    n_participants: int
    confidence_level: float
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return one row a pair of rules."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the range of the correlations beside those of the means, one row."""
        return pd.DataFrame(
            {"n": [self.n], "lowest": [self.lowest], "highest": [self.highest]}
            | {name: [value] for name, value in self.reference.items()}
        )


def peak_end_sensitivity(
    features: pd.DataFrame,
    *,
    retrospective: str,
    participant: str,
    latent: LatentCoursesResult | None = None,
    confidence_level: float = 0.95,
) -> PeakEndSensitivityResult:
    """Return the weight of peak and end under every peak rule and every end rule.

    Parameters
    ----------
    features : DataFrame
        One row an episode: `EpisodeFeaturesResult.with_episodes`.
    retrospective, participant : str
        Columns.
    latent : LatentCoursesResult, optional
        From `latent_courses` or `study_courses`: the peak of the course behind the ratings is
        one more rule.
    confidence_level : float
        Of the correlations: Fisher's z with the number of *participants*, so that repeated
        episodes do not narrow them. nan with fewer than 4 participants.

    Returns
    -------
    PeakEndSensitivityResult
        All rows rest on the same episodes.

    Raises
    ------
    CxError, ResponseError
        As `compare_memory_models`.

    Notes
    -----
    Agrees with R: ``cor.test(memory, (peak + end)/2)``, ``lm(memory ~ peak + end)``.

    References
    ----------
    Alaybek, B., Dalal, R. S., Fyffe, S., Aitken, J. A., Zhou, Y., Qu, X., Roman, A., & Baines,
    J. I. (2022). All's well that ends (and peaks) well? Organizational Behavior and Human
    Decision Processes 170, 104149. https://doi.org/10.1016/j.obhdp.2022.104149

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> names = ["peak", "end_1", "end_2", "mean", "tw_mean"]
    >>> episodes = pd.DataFrame(rng.normal(size=(80, 5)), columns=names)
    >>> episodes["person"] = range(80)
    >>> episodes["memory"] = episodes["peak"] + episodes["end_1"] + rng.normal(size=80)
    >>> found = peak_end_sensitivity(episodes, retrospective="memory", participant="person")
    >>> found.estimates[["term", "group"]].values.tolist()
    [['peak', 'end_1'], ['peak', 'end_2']]
    """
    check_fraction("confidence_level", confidence_level)
    features = features if latent is None else latent.with_features(features)
    rules = peak_rules(features)
    ends = [name for name in END_RULES if name in features]
    data = memory_data(
        features, [*rules, *ends, "mean", "tw_mean"], retrospective=retrospective,
        participant=participant, within="auto",
    )  # fmt: skip
    half = _half_width(data.people, confidence_level)
    rows = [_sensitivity_row(data, rule, end, half) for rule in rules for end in ends]
    estimates = in_tidy_order(pd.DataFrame(rows))
    return PeakEndSensitivityResult(
        estimates=estimates,
        reference={
            name: float(np.corrcoef(data.columns[name], data.memory)[0, 1])
            for name in ("mean", "tw_mean")
        },
        lowest=float(estimates["estimate"].min()),
        highest=float(estimates["estimate"].max()),
        n=data.n,
        n_participants=data.people,
        confidence_level=confidence_level,
        notes=data.notes,
    )


def _half_width(people: int, confidence_level: float) -> float:
    """Return half the width of an interval of Fisher's z; nan with fewer than 4 people."""
    if people <= 3:
        return float("nan")
    return float(stats.norm.ppf((1 + confidence_level) / 2) / np.sqrt(people - 3))


def _sensitivity_row(data: MemoryData, rule: str, end: str, half: float) -> dict[str, object]:
    x = data.design((rule, end))
    r = float(np.corrcoef((x[:, 1] + x[:, 2]) / 2, data.memory)[0, 1])
    ols = least_squares(x, data.memory)
    total = float(((data.memory - data.memory.mean()) ** 2).sum())
    beta, covariance = ols.beta, ols.covariance()
    if data.mixed:
        fit = data.mixed_fit(x, reml=True)
        beta, covariance = fit.beta, fit.covariance
    error = np.sqrt(np.diag(covariance))
    return {
        "term": rule,
        "group": end,
        "estimate": r,
        "conf_low": float(np.tanh(np.arctanh(r) - half)),
        "conf_high": float(np.tanh(np.arctanh(r) + half)),
        "n": float(data.n),
        "r2": 1 - ols.rss / total,
        "peak_slope": float(beta[1]),
        "peak_slope_error": float(error[1]),
        "end_slope": float(beta[2]),
        "end_slope_error": float(error[2]),
    }
