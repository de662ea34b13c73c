"""Is a driver's share larger than chance gives? Shares against those of a random driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._matrix import covariances_from_sums, moment_sums, partial_out, standardized
from cxresearch._resample import (
    Units,
    draw_indices,
    factors_from,
    percentile_interval,
    units_of,
)
from cxresearch._subsets import MAX_EXACT, TIE
from cxresearch._types import FloatArray, IntArray
from cxresearch._validate import check_choice, check_fraction
from cxresearch.drivers._model_data import ModelData, prepare, read_design
from cxresearch.drivers._players import Players, players_from
from cxresearch.drivers.importance import check_n_boot
from cxresearch.drivers.shares import shapley_shares
from cxresearch.errors import CxError
from cxresearch.results import Result, in_tidy_order

Twin = Literal["independent", "conditional"]
CHUNK = 128
"""Draws held at once."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RandomDriverMarginResult(Result):
    """Shares less those of a random driver.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a driver: term, estimate (margin: share less the mean share of its random twin,
        R² units), p_value (conditional twin only, one-sided: how often a twin's share is at
        least as large), conf_low, conf_high (independent twin only), n, share, share_of_twin
        (mean over draws), exceeds (independent: conf_low above 0; conditional: p_value below
        1 − confidence_level).
    twin : str
        ``"independent"`` or ``"conditional"``.
    question : str
        What is asked, as a code: ``"more_than_an_unrelated_driver"`` or
        ``"more_than_its_correlations_with_other_drivers_give"``.
    outcome : str
    drivers, controls : tuple of str
    n, n_asked : int
    n_draws : int
        Draws of the random driver.
    confidence_level : float
    weights, clusters : str
    seed : int
    """

    estimates: pd.DataFrame
    twin: str
    question: str
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    n: int
    n_asked: int
    n_draws: int
    confidence_level: float
    weights: str
    clusters: str
    seed: int

    def __post_init__(self) -> None:
        gap = (
            self.estimates["share"]
            - self.estimates["share_of_twin"]
            - self.estimates["estimate"]
        )
        if float(gap.abs().max()) > 1e-10:
            raise CxError("a margin is the share less the share of the twin")

    def tidy(self) -> pd.DataFrame:
        """One row a driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: which twin, which question, how many drivers exceed it."""
        names = ("outcome", "twin", "question", "n", "n_draws", "confidence_level")
        row = {name: [getattr(self, name)] for name in names}
        return pd.DataFrame({**row, "exceeding": [int(self.estimates["exceeds"].sum())]})


def random_driver_margin(  # noqa: PLR0913 - one entrance, each option with a default
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    weights: str | None = None,
    clusters: str | None = None,
    twin: Twin = "independent",
    n_draws: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> RandomDriverMarginResult:
    """Compare each driver's share of R² with the share a random driver gets.

    A share is never negative, so its interval lies above 0 for a useless driver too. The share
    of a driver known to be useless is the honest zero.

    Parameters
    ----------
    frame, outcome, drivers, controls, weights
        As in `driver_importance`; a linear outcome.
    clusters : str, optional
        Clusters resampled whole (independent twin only).
    twin : {"independent", "conditional"}
        ``"independent"``: pure noise joins the drivers, anew in every bootstrap replicate; the
        margin's percentile interval says whether the driver is associated with the outcome **at
        all**, be it through other drivers it correlates with. ``"conditional"``: the driver is
        replaced by its prediction from the other drivers and controls plus its own residuals in
        random order, so that the twin correlates with the others as the driver does but has no
        effect of its own; the p-value says whether the driver matters **beyond** them.
    n_draws : int
        Draws of the twin, at least 20.
    confidence_level : float
    seed : int

    Returns
    -------
    RandomDriverMarginResult

    Raises
    ------
    CxError
        An option is unknown, or there are more than 21 drivers.
    ResponseError
        The data do not allow the model (see `driver_importance`).

    Notes
    -----
    A driver without an effect of its own that correlates with real ones *does* exceed an
    independent twin, rightly: its share is not noise. Ask with ``"conditional"`` when the
    question is the driver's own effect; a permutation test of respondents that are independent
    of each other.

    References
    ----------
    Tonidandel, S., LeBreton, J. M., & Johnson, J. W. (2009). Determining the statistical
    significance of relative weights. *Psychological Methods, 14*, 387–399. doi:10.1037/a0017735

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(300, 2)), columns=["room", "queue"])
    >>> stay["satisfaction"] = stay["room"] + rng.normal(size=300)
    >>> result = random_driver_margin(
    ...     stay, outcome="satisfaction", drivers=["room", "queue"], n_draws=200
    ... )
    >>> result.tidy()[["term", "exceeds"]].values.tolist()
    [['room', True], ['queue', False]]
    """
    check_choice("twin", twin, ("independent", "conditional"))
    check_fraction("confidence_level", confidence_level)
    if check_n_boot(n_draws) == 0:
        raise CxError("n_draws must be at least 20; a margin rests on draws of a random driver")
    if twin == "conditional" and clusters is not None:
        raise CxError("a conditional twin shuffles single respondents; it cannot keep clusters")
    design = read_design(frame, weights=weights, clusters=clusters)
    data = prepare(frame, outcome=outcome, drivers=drivers, controls=controls, design=design)
    players = players_from(data, groups=None, method="shapley")
    if players.ordered or len(players.names) >= MAX_EXACT:
        raise CxError("a margin needs at most 21 drivers, free of interactions")
    rng = np.random.default_rng(seed)
    task = _Task(data=data, players=players, n_draws=n_draws, rng=rng)
    if twin == "independent":
        table = _independent(task, units_of(design.unit[data.rows]), confidence_level)
        question = "more_than_an_unrelated_driver"
    else:
        table = _conditional(task, confidence_level)
        question = "more_than_its_correlations_with_other_drivers_give"
    return RandomDriverMarginResult(
        estimates=table, twin=twin, question=question, outcome=outcome, drivers=data.drivers,
        controls=data.controls, n=data.n, n_asked=len(frame), n_draws=n_draws,
        confidence_level=confidence_level, weights=weights or "", clusters=clusters or "",
        seed=seed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Task:
    data: ModelData
    players: Players
    n_draws: int
    rng: np.random.Generator

    def values(self) -> FloatArray:
        """Return controls, the players' columns and the outcome, standardised."""
        order = [*self.players.controls, *(i for block in self.players.columns for i in block)]
        table = np.column_stack([self.data.x.values[:, order], self.data.y])
        return standardized(table, self.data.w)

    def shares(self, covariance: FloatArray, sizes: Sequence[int]) -> FloatArray:
        """Return shares (B, players), controls partialled out, in small batches."""
        held = len(self.players.controls)
        chunk = max(1, 2**18 >> len(sizes))
        parts = []
        for start in range(0, len(covariance), chunk):
            part = covariance[start : start + chunk]
            rest = partial_out(part, range(held))[:, held:, held:]
            parts.append(shapley_shares(rest, blocks=sizes, total=part[:, -1, -1]))
        return np.concatenate(parts)


def _independent(task: _Task, units: Units, confidence_level: float) -> pd.DataFrame:
    values, w = task.values(), task.data.w
    sizes = (1, *task.players.sizes)
    sums = units.total(moment_sums(values, w))
    drawn = draw_indices(units, task.n_draws, task.rng)
    in_sample: list[FloatArray] = []
    replicates: list[FloatArray] = []
    for start in range(0, task.n_draws, CHUNK):
        factors = factors_from(drawn[start : start + CHUNK], units)
        noise = task.rng.standard_normal((len(factors), len(values)))
        for rows, kept in ((np.ones_like(factors), in_sample), (factors, replicates)):
            covariance = _with_noise(task, values, sums, rows, rows[:, units.of_row] * w, noise)
            kept.append(task.shares(covariance, sizes))
    sample, replicate = np.concatenate(in_sample), np.concatenate(replicates)
    margins = percentile_interval(replicate[:, 1:] - replicate[:, :1], confidence_level)
    share, of_twin = sample[:, 1:].mean(axis=0), np.full(len(sizes) - 1, sample[:, 0].mean())
    return _table(task, share, of_twin).assign(
        conf_low=margins.low, conf_high=margins.high, exceeds=margins.low > 0
    )


def _with_noise(
    task: _Task,
    values: FloatArray,
    sums: FloatArray,
    factors: FloatArray,
    counted: FloatArray,
    noise: FloatArray,
) -> FloatArray:
    """Covariance matrices (B, q + 1, q + 1) with a noise variable after the controls."""
    held, q = len(task.players.controls), values.shape[1]
    known = covariances_from_sums(factors @ sums, q)
    total = counted.sum(axis=1, keepdims=True)
    means = (counted @ values) / total
    weighted = counted * noise
    mean = weighted.sum(axis=1, keepdims=True) / total
    place = [i for i in range(q + 1) if i != held]
    covariance = np.empty((len(noise), q + 1, q + 1))
    covariance[np.ix_(range(len(noise)), place, place)] = known
    cross = (weighted @ values) / total - mean * means
    covariance[:, held, place] = covariance[:, place, held] = cross
    covariance[:, held, held] = (weighted * noise).sum(axis=1) / total[:, 0] - mean[:, 0] ** 2
    return covariance


def _conditional(task: _Task, confidence_level: float) -> pd.DataFrame:
    values, w = task.values(), task.data.w
    covariance = (values * w[:, None]).T @ values / w.sum()
    share = task.shares(covariance[None], task.players.sizes)[0]
    starts = np.cumsum([len(task.players.controls), *task.players.sizes])
    blocks = [np.arange(a, b) for a, b in pairwise(starts)]
    predicted = [_predicted(values, w, own) for own in blocks]
    twins = np.empty((task.n_draws, len(share)))
    for start in range(0, task.n_draws, CHUNK):
        size = min(CHUNK, task.n_draws - start)
        shuffled = task.rng.permuted(np.tile(np.arange(len(values)), (size, 1)), axis=1)
        for player, own in enumerate(blocks):
            residuals = values[:, own] - predicted[player]
            twin = predicted[player] + residuals[shuffled]
            moved = _with_twin(covariance, values, w, own, twin)
            shares = task.shares(moved, task.players.sizes)
            twins[start : start + size, player] = shares[:, player]
    p_value = (1 + (twins >= share - TIE).sum(axis=0)) / (task.n_draws + 1)
    return _table(task, share, twins.mean(axis=0)).assign(
        p_value=p_value, exceeds=p_value < 1 - confidence_level
    )


def _predicted(values: FloatArray, w: FloatArray, own: IntArray) -> FloatArray:
    """Prediction of some columns from the other drivers and controls."""
    others = [i for i in range(values.shape[1] - 1) if i not in own]
    if not others:
        return np.zeros((len(values), len(own)))
    root = np.sqrt(w)[:, None]
    slopes = np.linalg.lstsq(values[:, others] * root, values[:, own] * root, rcond=None)[0]
    return np.asarray(values[:, others] @ slopes)


def _with_twin(
    covariance: FloatArray, values: FloatArray, w: FloatArray, own: IntArray, twin: FloatArray
) -> FloatArray:
    """Covariance matrices (B, q, q) with the columns `own` replaced by twins (B, n, k)."""
    total = w.sum()
    moved = np.repeat(covariance[None], len(twin), axis=0)
    means = np.einsum("bnk,n->bk", twin, w) / total
    for place, column in enumerate(own):
        weighted = twin[:, :, place] * w
        cross = weighted @ values / total
        moved[:, column, :] = moved[:, :, column] = cross
    for place, column in enumerate(own):
        for other, second in enumerate(own):
            product = np.einsum("bn,bn,n->b", twin[:, :, place], twin[:, :, other], w) / total
            moved[:, column, second] = product - means[:, place] * means[:, other]
    return moved


def _table(task: _Task, share: FloatArray, of_twin: FloatArray) -> pd.DataFrame:
    unknown = np.full(len(share), np.nan)
    return pd.DataFrame(
        {
            "term": task.players.names,
            "estimate": share - of_twin,
            "p_value": unknown,
            "conf_low": unknown,
            "conf_high": unknown,
            "n": np.full(len(share), task.data.n),
            "share": share,
            "share_of_twin": of_twin,
            "exceeds": np.zeros(len(share), dtype=bool),
        }
    )
