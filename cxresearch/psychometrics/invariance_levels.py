"""Invariance of many small groups: whether levels of single questions follow the factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray, Part
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._cfa_model import factor_model
from cxresearch.psychometrics._invariance_groups import (
    Groups,
    asked_model,
    coarse_note,
    group_labels,
    numbers_of,
)
from cxresearch.psychometrics._invariance_levels import climb_levels, within_of
from cxresearch.psychometrics._invariance_means import LATENT_MEANS
from cxresearch.psychometrics._invariance_steps import (
    Climb,
    freed_from,
    ladder_table,
    release_table,
)
from cxresearch.psychometrics._mean_slopes import INTERCEPT
from cxresearch.psychometrics.invariance import (
    INVARIANCE_ESTIMATORS,
    InvarianceResult,
    empty_table,
    freed_names,
    group_notes,
    nothing_compared,
)
from cxresearch.responses.model import Responses

LEAST_GROUP = 5


def level_invariance(  # noqa: PLR0913 - options of one analysis
    data: Responses | pd.DataFrame,
    model: Mapping[str, Sequence[str]] | None = None,
    *,
    group: str,
    battery: str | None = None,
    part: Part | None = None,
    estimator: str = "mlr",
    partial: Sequence[str] = (),
    search: bool = True,
    reference: str | None = None,
    min_group: int = LEAST_GROUP,
    confidence_level: float = 0.95,
) -> InvarianceResult:
    """Ask whether many small groups, such as branches, differ as the factors say they do.

    ``Σ_g = Λ Φ Λᵀ + Θ`` in all groups, ``μ_g = ν_g`` free (``common``) or
    ``μ_g = ν + Λ α_g`` (``scalar``): where groups differ, all questions of a factor must differ
    together. Groups of 10 or 20 bear that, but not a model each (`measurement_invariance`).

    Parameters
    ----------
    data : Responses or pandas.DataFrame
        A frame needs a `model`.
    model, group, battery, part, reference
        As in `measurement_invariance`.
    estimator : {"mlr", "ml"}
        Scaled for answers that are not normal, or not.
    partial : sequence of str
        Items whose level may differ: ``"x3"`` or ``"intercept:x3"``.
    search : bool
        Where nothing is named and levels differ: free those that score tests point at, worst
        first, while two items of each factor stay alike.
    min_group : int
        Smaller groups are left out.
    confidence_level : float

    Returns
    -------
    InvarianceResult
        Rungs ``common`` and ``scalar``, ``partial_scalar``; `means` has no rows, and the note
        ``"loadings_not_tested"`` says what was taken as equal.

    Raises
    ------
    CxError
        An argument is not allowed, or an item or group is not a column.
    ResponseError
        An item does not hold numbers.
    EstimationError
        The covariances within groups are not positive definite, or no factor model fits them.

    Notes
    -----
    Complete answers. Loadings and covariances are taken as equal, not tested: a branch whose
    questions hang together otherwise is not found, one that gets a better answer to a single
    question than its other answers would say is. CFI and RMSEA are against one covariance
    matrix for all and free means. The same rules as in `measurement_invariance` say what holds.

    Measured by ``benchmarks/coverage_invariance.py --only levels`` (12 branches whose factors
    differ, eight items, ``"mlr"``, 600 draws): with 40 a branch the difference rejects 6.2% of
    normal answers and of seven steps piled up at the top, and the verdict is ``"comparable"``
    in 93.5% and 89.7%; with 15 a branch 8.8% and 70.8%, as CFI moves by more than .010 on its
    own there. Where one branch gets 0.6 (a standard deviation of the residual) more in one
    question, 67.8% are rejected, and that question alone is freed in 59.8%.

    R: ``lavaan::cfa(model, frame, group = "branch", std.lv = TRUE, group.equal = c("loadings",
    "residuals", "lv.variances", "lv.covariances"))`` against that with ``"intercepts"`` too
    (``lavTestLRT``).

    References
    ----------
    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
    Psychometrika 58, 525–543. https://doi.org/10.1007/BF02294825

    Muthén, B. O. (1989). Latent variable modeling in heterogeneous populations. Psychometrika
    54, 557–585. https://doi.org/10.1007/BF02296397

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> branch = np.repeat([f"b{k:02d}" for k in range(12)], 25)
    >>> halo = rng.normal(size=(300, 1)) + np.repeat(rng.normal(size=(12, 1)), 25, axis=0)
    >>> answers = pd.DataFrame(halo + rng.normal(size=(300, 4)), columns=list("abcd"))
    >>> found = level_invariance(
    ...     answers.assign(branch=branch), {"staff": list("abcd")}, group="branch"
    ... )
    >>> found.verdict, found.ladder["term"].tolist()
    ('comparable', ['common', 'scalar'])
    """
    check_choice("estimator", estimator, INVARIANCE_ESTIMATORS)
    check_fraction("confidence_level", confidence_level)
    check_count("min_group", min_group, at_least=2)
    frame, factors = asked_model(data, model, battery=battery, part=part)
    placed = factor_model(factors)
    named = freed_from(partial, placed)
    if any(kind != INTERCEPT for kind, _ in named):
        raise CxError(
            "partial: only levels can differ here, e.g. 'x3' or 'intercept:x3'; got "
            f"{tuple(partial)}"
        )
    answers, groups = _split(
        frame, group_labels(data, group), placed.items,
        reference=reference, min_group=min_group,
    )  # fmt: skip
    common: dict[str, Any] = {
        "group": group,
        "names": groups.names,
        "items": placed.items,
        "factors": placed.factors,
        "estimator": estimator,
        "missing": "listwise",
        "confidence_level": float(confidence_level),
        "n": sum(len(own) for own in answers),
        "n_asked": len(frame),
        "groups": groups.table,
    }
    notes = tuple(note for note in group_notes(groups) if not note.startswith("small_group:"))
    if len(groups.names) < 2:
        return nothing_compared(groups, common)
    within = within_of(groups.names, answers, placed.items, robust=estimator == "mlr")
    climb = climb_levels(placed, within, named, search=search, level=confidence_level)
    verdict, reasons = _verdict(climb)
    coarse = coarse_note(np.concatenate(answers))
    return InvarianceResult(
        ladder=ladder_table(climb, within.sample),
        releases=release_table(climb, placed, within.sample),
        means=empty_table(LATENT_MEANS),
        verdict=verdict,
        reasons=reasons,
        freed=freed_names(climb.rung("partial_scalar"), placed),
        searched=climb.searched,
        notes=("loadings_not_tested", *notes, *coarse),
        **common,
    )


def _split(
    frame: pd.DataFrame,
    labels: pd.Series,
    items: tuple[str, ...],
    *,
    reference: str | None,
    min_group: int,
) -> tuple[list[FloatArray], Groups]:
    """Return the complete answers of each group large enough, and an account of all."""
    answers = numbers_of(frame, items)
    complete = np.isfinite(answers).all(axis=1)
    names = sorted(labels.dropna().unique())
    if reference is not None:
        check_choice("reference", reference, tuple(names))
        names = [reference, *(name for name in names if name != reference)]
    asked = [(labels == name).to_numpy() for name in names]
    sizes = [int((own & complete).sum()) for own in asked]
    used = [size >= min_group for size in sizes]
    table = table_of(
        {
            "term": names,
            "n": sizes,
            "n_asked": [int(own.sum()) for own in asked],
            "used": used,
            "note": ["" if kept else "too_small" for kept in used],
        }
    )
    kept = [k for k, good in enumerate(used) if good]
    return [answers[asked[k] & complete] for k in kept], Groups(
        names=tuple(names[k] for k in kept),
        data=(),
        moments=(),
        table=table,
        unknown=int(labels.isna().sum()),
    )


def _verdict(climb: Climb) -> tuple[str, tuple[str, ...]]:
    """Return whether levels compare, and the rungs that do not hold."""
    reasons = tuple(
        f"{name}_{step.outcome}"
        for name, step in climb.steps.items()
        if step.outcome != "holds"
    )
    if not climb.holds("common"):
        return "unclear", reasons
    if climb.holds("scalar"):
        return "comparable", reasons
    if climb.holds("partial_scalar"):
        return "comparable_partial", reasons
    last = list(climb.steps.values())[-1].outcome
    return ("not_comparable" if last == "fails" else "unclear"), reasons
