"""Which equality between groups hurts most: score tests, and the search they guide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.psychometrics._cfa_model import LOADING, FactorModel
from cxresearch.psychometrics._invariance_ladder import Freed, Rung, Sample, try_rung
from cxresearch.psychometrics._mean_slopes import (
    INTERCEPT,
    expected_information,
    slopes_at,
)
from cxresearch.psychometrics._mean_structure import (
    total_information,
)

LEAST_ANCHORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The score test of letting one parameter of an item differ between all groups.

    Attributes
    ----------
    kind, item, factor : int
        Matrix of the parameter, and whose it is; the factor is -1 for an intercept.
    statistic, p_value : float
    df : int
    """

    kind: int
    item: int
    factor: int
    statistic: float
    df: int
    p_value: float


def score_tests(rung: Rung, sample: Sample, kind: int) -> list[Release]:
    """Test each equality of loadings or of intercepts, with expected information.

    ``uᵀ (I_dd − I_dq I_qq⁻¹ I_qd)⁻¹ u``, d the deviations of groups after the first and u the
    derivatives of the log likelihood by them. R: ``lavTestScore(fit)``, several at a time.
    """
    layout = rung.fit.layout
    free, groups = layout.model.free, len(sample.data)
    information_blocks, scores, selectors = [], [], []
    for g, own in enumerate(rung.fit.full):
        slopes = slopes_at(layout.model, own)
        pull = rung.fit.pulls[g]
        information_blocks.append(expected_information(sample.data[g], pull, slopes))
        scores.append(slopes.score(pull))
        selectors.append(layout.selector(g))
    whole = total_information(
        layout, rung.fit.values, sample.data, rung.fit.pulls, kind="expected"
    )
    inverse = np.linalg.inv(whole)
    found = []
    for j in np.flatnonzero(free.matrix == kind):
        if (layout.index[:, j] != layout.index[0, j]).any() or layout.index[0, j] < 0:
            continue
        later = range(1, groups)
        cross = np.array([selectors[g].T @ information_blocks[g][:, j] for g in later])
        own_block = np.diag([information_blocks[g][j, j] for g in later])
        rest = own_block - cross @ inverse @ cross.T
        u = np.array([scores[g][j] for g in later])
        statistic = _quadratic(rest, u, own_block)
        if np.isfinite(statistic):
            found.append(
                Release(
                    kind=kind,
                    item=int(free.row[j]),
                    factor=int(free.column[j]) if kind == LOADING else -1,
                    statistic=statistic,
                    df=groups - 1,
                    p_value=float(stats.chi2.sf(statistic, groups - 1)),
                )
            )
    return sorted(found, key=lambda release: -release.statistic)


def _quadratic(rest: FloatArray, u: FloatArray, scale: FloatArray) -> float:
    """``uᵀ rest⁻¹ u``; nan where releasing would leave the model without identification."""
    size = np.sqrt(np.diag(scale))
    scaled = rest / np.outer(size, size)
    if np.linalg.eigvalsh(scaled)[0] < 1e-8:
        return float("nan")
    return float(u / size @ np.linalg.solve(scaled, u / size))


def search_partial(
    model: FactorModel,
    sample: Sample,
    failed: Rung,
    *,
    kind: int,
    good: Callable[[Rung], bool],
) -> Rung | None:
    """Free the worst equality, one at a time, until the rung is good; None where it never is.

    At least two items of each factor stay alike in loading and intercept.
    """
    rung, freed = failed, failed.freed
    while True:
        usable = (
            release
            for release in score_tests(rung, sample, kind)
            if release.p_value < 0.05 and anchored(model, _with(freed, release, kind))
        )
        worst = next(usable, None)
        if worst is None:
            return None
        freed = _with(freed, worst, kind)
        tried = try_rung(model, sample, failed.level, freed)
        if tried is None:
            return None
        if good(tried):
            return tried
        rung = tried


def _with(freed: Freed, release: Release, kind: int) -> Freed:
    """Free a loading with its intercept: such an item cannot anchor the mean."""
    added = {(kind, release.item)}
    if kind == LOADING:
        added.add((INTERCEPT, release.item))
    return freed | added


def anchored(model: FactorModel, freed: Freed) -> bool:
    """Whether each factor keeps two items alike in loading and intercept."""
    own = model.free.matrix == LOADING
    moved = {item for kind, item in freed if kind in (LOADING, INTERCEPT)}
    for factor in range(len(model.factors)):
        items = set(model.free.row[own & (model.free.column == factor)].tolist())
        if len(items - moved) < min(LEAST_ANCHORS, len(items)):
            return False
    return True
