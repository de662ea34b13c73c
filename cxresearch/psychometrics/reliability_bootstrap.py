"""Bootstrap intervals of alpha, omega, composite reliability, AVE and omega hierarchical."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._matrix import correlation_of, covariances_from_sums, moment_sums
from cxresearch._resample import (
    Intervals,
    acceleration_of,
    bca_interval,
    draw_indices,
    factors_from,
    influence_from,
    leave_one_out,
    percentile_interval,
    units_of,
)
from cxresearch._types import BoolArray, FloatArray
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.errors import CxError, EstimationError
from cxresearch.psychometrics._answers import (
    check_varying,
    dropped_note,
    table_of,
    weighted_answers,
)
from cxresearch.psychometrics._cfa_fit import fit_by_scoring
from cxresearch.psychometrics._cfa_model import FactorModel, factor_model, structure_at
from cxresearch.results import Result, in_tidy_order

ReliabilityInterval = Literal["percentile", "bca"]
RELIABILITY_INTERVALS: tuple[ReliabilityInterval, ...] = ("percentile", "bca")
COEFFICIENTS = ("alpha", "alpha_standardized", "omega", "composite_reliability", "ave")
_PATIENCE = 60
_CLOSE_ENOUGH = 1e-9  # of the discrepancy: far below what resampling moves it
_CHUNK = 500


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReliabilityBootstrapResult(Result):
    """Reliability of each scale with bootstrap intervals.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a scale and coefficient: term, group (``"alpha"`` raw, ``"alpha_standardized"``,
        ``"omega"``, ``"composite_reliability"``, ``"ave"``; for the second-order or general
        factor ``"omega_hierarchical"``), estimate, std_error, conf_low, conf_high, n.
    interval : str
        ``"percentile"`` or ``"bca"`` (jackknife acceleration).
    n_boot, n_failed : int
        Replicates asked for; those in which the model did not converge, left out everywhere.
    n, n_asked : int
        Respondents with all answers; respondents in the frame.
    weights : str
        Column of case weights; ``""`` for none.
    confidence_level : float
    seed : int
    notes : tuple of str
        ``"rows_dropped:17"``, ``"replicates_failed:12"``.
    """

    estimates: pd.DataFrame
    interval: str
    n_boot: int
    n_failed: int
    n: int
    n_asked: int
    weights: str
    confidence_level: float
    seed: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row a scale and coefficient."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the replicates, and the lowest omega."""
        rows = self.estimates
        return pd.DataFrame(
            {
                "lowest_omega": [rows.loc[rows["group"] == "omega", "estimate"].min()],
                "interval": [self.interval],
                "n_boot": [self.n_boot],
                "n_failed": [self.n_failed],
                "n": [self.n],
                "confidence_level": [self.confidence_level],
            }
        )


def reliability_bootstrap(  # noqa: PLR0913 - options of one analysis, all by keyword
    frame: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    second_order: Mapping[str, Sequence[str]] | None = None,
    bifactor: str | None = None,
    n_boot: int = 500,
    interval: ReliabilityInterval = "percentile",
    weights: str | None = None,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> ReliabilityBootstrapResult:
    """Draw respondents again and again and estimate the reliability of every scale each time.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent, reverse-keyed items already reversed.
    model : mapping
        Scale → its items, two or more, each in one scale.
    second_order : mapping, optional
        One second-order factor → the scales below it: adds omega hierarchical.
    bifactor : str, optional
        Name of a general factor: adds its omega hierarchical; omega and AVE of the scales are
        then of the general and the group factor together.
    n_boot : int
        At least 20.
    interval : {"percentile", "bca"}
        BCa fits the model once more for each respondent.
    weights : str, optional
        Column of case weights; a respondent who is drawn brings the weight along.
    confidence_level : float
    seed : int

    Returns
    -------
    ReliabilityBootstrapResult

    Raises
    ------
    CxError
        An unknown or repeated item, or an option out of range.
    ResponseError
        Too few respondents answered everything.
    EstimationError
        The model cannot be fitted to the answers, or to fewer than half of the replicates.

    Notes
    -----
    Maximum likelihood. For HTMT see `htmt`; for intervals without a bootstrap
    `factor_reliability`, `bifactor_reliability` (delta method) and `scale_reliability` (Feldt).
    Measured by ``benchmarks/coverage_reliability.py`` on five seven-point items, 199
    draws: 95% percentile intervals of alpha cover 94.4% at n = 100 (500 replicates) and 95.8%
    at n = 400 (1,000), of omega 94.6% and 96.0%, of AVE 94.4% and 95.7%; BCa at n = 100 93.8%,
    94.6% and 94.0%; those of the delta method of omega 94.8% and 95.2%, of AVE 94.2% and 95.0%.

    References
    ----------
    Kelley, K., & Pornprasertmanit, S. (2016). Confidence intervals for population reliability
    coefficients. Psychological Methods 21, 69–92. https://doi.org/10.1037/a0040086

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 4)))
    >>> answers.columns = pd.Index(list("abcd"))
    >>> found = reliability_bootstrap(answers, {"staff": list("abcd")}, n_boot=50)
    >>> found.tidy()["group"].tolist()[:3]
    ['alpha', 'alpha_standardized', 'omega']
    """
    check_choice("interval", interval, RELIABILITY_INTERVALS)
    check_fraction("confidence_level", confidence_level)
    check_count("n_boot", n_boot, at_least=20)
    _check_scales(model, second_order)
    placed = factor_model(model, second_order=second_order, bifactor=bifactor)
    answers, given = weighted_answers(
        frame, placed.items, weights, at_least=len(placed.items) + 1
    )
    check_varying(answers, placed.items)
    n = len(answers)
    members = np.array([[i in set(m) for i in placed.items] for m in model.values()])
    sums = moment_sums(answers - answers.mean(axis=0), np.ones(n) if given is None else given)
    whole = covariances_from_sums(sums.sum(axis=0, keepdims=True), len(placed.items))[0]
    plan = _Plan(
        model=placed,
        members=members,
        bifactor=bifactor is not None,
        start=fit_by_scoring(placed, whole, max_steps=_PATIENCE).values,
    )
    estimate = plan.of_covariance(whole)
    units = units_of(np.arange(n))
    drawn = draw_indices(units, n_boot, np.random.default_rng(seed))
    replicates = _replicates(factors_from(drawn, units) @ sums, plan)
    kept = replicates[np.isfinite(replicates).all(axis=1)]
    if len(kept) < max(20, n_boot // 2):
        raise EstimationError(
            f"the model converged in {len(kept)} of {n_boot} replicates only: the answers "
            "hardly bear it; name fewer scales"
        )
    ends = _ends(kept, confidence_level, interval, estimate, lambda: _jackknife(sums, plan))
    failed = n_boot - len(kept)
    return ReliabilityBootstrapResult(
        estimates=_table(list(model), placed, plan, estimate, kept, ends, n),
        interval=interval,
        n_boot=n_boot,
        n_failed=failed,
        n=n,
        n_asked=len(frame),
        weights=weights or "",
        confidence_level=float(confidence_level),
        seed=seed,
        notes=dropped_note(len(frame), n)
        + ((f"replicates_failed:{failed}",) if failed else ()),
    )


def _check_scales(
    model: Mapping[str, Sequence[str]], above: Mapping[str, Sequence[str]] | None
) -> None:
    items = [item for members in model.values() for item in members]
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise CxError(f"model: item(s) {twice} belong to two scales; keep one for each")
    if above is not None and len(above) != 1:
        raise CxError("second_order must name one factor for omega hierarchical")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Plan:
    """The model, and which items each scale has: members of shape (scales, p)."""

    model: FactorModel
    members: BoolArray
    bifactor: bool
    start: FloatArray

    @property
    def hierarchical(self) -> bool:
        """Whether there is a factor behind all items."""
        return self.bifactor or self.model.n_first < len(self.model.factors)

    def of_covariance(self, covariance: FloatArray) -> FloatArray:
        """Return all coefficients, scale by scale, omega hierarchical last.

        Raises
        ------
        EstimationError
        """
        fit = fit_by_scoring(
            self.model,
            covariance,
            max_steps=_PATIENCE,
            start=self.start,
            tolerance=_CLOSE_ENOUGH,
        )
        at = structure_at(self.model, fit.values)
        implied, residual = np.asarray(at.implied), np.asarray(at.residuals)
        sd = np.sqrt(np.diag(implied))
        standard, error = implied / np.outer(sd, sd), residual / np.outer(sd, sd)
        rows = []
        for own in self.members:
            block = np.ix_(own, own)
            alphas = (
                _alpha(covariance[block]), _alpha(correlation_of(covariance[block])),
            )  # fmt: skip
            omega = 1 - residual[block].sum() / implied[block].sum()
            composite = 1 - error[block].sum() / standard[block].sum()
            rows.append((*alphas, omega, composite, 1 - np.diag(error)[own].mean()))
        values = np.array(rows, dtype=float).ravel()
        if not self.hierarchical:
            return values
        general = np.asarray(
            at.total if self.model.n_first < len(self.model.factors) else at.loadings
        )
        share = general[:, -1].sum() ** 2 / implied.sum()
        return np.append(values, share)


def _alpha(covariance: FloatArray) -> float:
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _covariance(sums: FloatArray, plan: _Plan) -> FloatArray:
    return covariances_from_sums(sums, len(plan.model.items))


def _replicates(sums: FloatArray, plan: _Plan) -> FloatArray:
    """Return the coefficients of every replicate, nan where the model did not converge."""
    width = len(plan.members) * len(COEFFICIENTS) + plan.hierarchical
    result = np.full((len(sums), width), np.nan)
    for start in range(0, len(sums), _CHUNK):
        for i, covariance in enumerate(_covariance(sums[start : start + _CHUNK], plan)):
            try:
                result[start + i] = plan.of_covariance(covariance)
            except (EstimationError, np.linalg.LinAlgError):
                continue
    return result


def _jackknife(sums: FloatArray, plan: _Plan) -> FloatArray:
    units = units_of(np.arange(len(sums)))
    left_out = _replicates(leave_one_out(sums, units), plan)
    return acceleration_of(
        influence_from(np.where(np.isfinite(left_out), left_out, np.nanmean(left_out)), units)
    )


def _ends(
    kept: FloatArray,
    level: float,
    interval: ReliabilityInterval,
    estimate: FloatArray,
    acceleration: Callable[[], FloatArray],
) -> Intervals:
    if interval == "percentile":
        return percentile_interval(kept, level)
    return bca_interval(kept, level, estimate=estimate, acceleration=acceleration())


def _table(
    scales: list[str],
    placed: FactorModel,
    plan: _Plan,
    estimate: FloatArray,
    kept: FloatArray,
    ends: Intervals,
    n: int,
) -> pd.DataFrame:
    term = [name for name in scales for _ in COEFFICIENTS]
    group = list(COEFFICIENTS) * len(scales)
    if plan.hierarchical:
        term.append(placed.factors[-1])
        group.append("omega_hierarchical")
    return table_of(
        {
            "term": term,
            "group": group,
            "estimate": estimate,
            "std_error": kept.std(axis=0, ddof=1),
            "conf_low": ends.low,
            "conf_high": ends.high,
            "n": float(n),
        }
    )
