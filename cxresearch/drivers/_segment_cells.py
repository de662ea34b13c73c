"""Segments of a driver model: one game each, their replicates, and tests that they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cxresearch._matrix import covariances_from_sums, standardized
from cxresearch._resample import Units, draw_indices, factors_from, units_of
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.drivers._linear import LinearGame, linear_game
from cxresearch.drivers._model_columns import Columns
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._model_errors import (
    WaldTest,
    choose_std_errors,
    covariance_of,
    wald_test,
)
from cxresearch.drivers._model_fits import fit_linear
from cxresearch.drivers._players import Players
from cxresearch.drivers._uncertainty import percents_of
from cxresearch.errors import EstimationError

CHUNK = 128
"""Replicates or permutations held at once."""
BUDGET = 2**25
"""Subsets times matrices that are visited one by one; beyond, fixed orders are followed."""
MAX_REDRAWS = 50


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cells:
    """Respondents of the segments shown, and the game in each.

    Attributes
    ----------
    data : ModelData
        Rows of the segments shown only.
    players : Players
    names : tuple of str, length G
    code : ndarray of int, shape (n,)
        Segment of each respondent.
    games : tuple of LinearGame, length G
    unit : ndarray of int, shape (n,)
        Cluster of each respondent, 0 … U − 1 (the respondent, where there are none).
    crossed : bool
        Clusters reach over segments (hotels over waves).
    """

    data: ModelData
    players: Players
    names: tuple[str, ...]
    code: IntArray
    games: tuple[LinearGame, ...]
    unit: IntArray
    crossed: bool

    def members(self, segment: int) -> BoolArray:
        """Return which respondents are in a segment."""
        return np.asarray(self.code == segment)

    def visits_all(self, replicates: int) -> bool:
        """Return whether all subsets are visited in that many replicates of each segment."""
        matrices = replicates * len(self.names)
        return self.games[0].exact and matrices * 2 ** len(self.players.names) <= BUDGET


def rows_of(data: ModelData, rows: BoolArray) -> ModelData:
    """Return some of the respondents of a model; their weights sum to their number."""
    everybody = np.zeros_like(data.rows)
    everybody[np.flatnonzero(data.rows)[rows]] = True
    w = data.w[rows]
    return replace(
        data, rows=everybody, y=data.y[rows], w=w * (len(w) / w.sum()),
        x=Columns(values=data.x.values[rows], names=data.x.names, terms=data.x.terms),
    )  # fmt: skip


def cells_of(
    data: ModelData, players: Players, code: IntArray, names: Sequence[str], *, seed: int
) -> Cells:
    """Set up one game a segment; `code` is −1 for respondents of segments not shown."""
    shown = rows_of(data, code >= 0)
    code = code[code >= 0]
    unit = np.unique(data.design.unit[shown.rows], return_inverse=True)[1].astype(np.int64)
    per_unit = np.zeros((int(unit.max()) + 1, len(names)), dtype=bool)
    per_unit[unit, code] = True
    crossed = bool((per_unit.sum(axis=1) > 1).any())
    games = []
    for segment in range(len(names)):
        inside = code == segment
        units = units_of(unit[inside])
        if crossed:
            # All segments see the same draw of clusters, so their replicates belong together.
            nobody = np.zeros(len(per_unit), dtype=np.int64)
            units = Units(of_row=unit[inside], stratum=nobody, stratified=False)
        games.append(
            linear_game(
                rows_of(shown, inside), players, units, method="shapley", pairs=2048,
                rng=np.random.default_rng([seed, 1]),
            )
        )  # fmt: skip
    return Cells(
        data=shown, players=players, names=tuple(names), code=code, games=tuple(games),
        unit=unit, crossed=crossed,
    )  # fmt: skip


def segment_draws(cells: Cells, n_boot: int, *, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return bootstrap replicates of the shares (B, G, p) and of the controls' R² (B, G)."""
    visit_all = cells.visits_all(n_boot)
    shares = np.empty((n_boot, len(cells.names), len(cells.players.names)))
    controls = np.empty(shares.shape[:2])
    together = _crossed_draws(cells, n_boot, seed=seed) if cells.crossed else None
    for segment, game in enumerate(cells.games):
        drawn = together
        if drawn is None:
            rng = np.random.default_rng([seed, 2, segment])
            drawn = draw_indices(game.units, n_boot, rng)
        for start in range(0, n_boot, CHUNK):
            part = slice(start, start + CHUNK)
            sums = factors_from(drawn[part], game.units) @ game.sums
            covariance = covariances_from_sums(sums, game.variables)
            shares[part, segment] = game.shares(covariance, visit_all=visit_all)
            rest, total = game.given_controls(covariance)
            controls[part, segment] = np.maximum(0.0, 1 - rest[:, -1, -1] / total)
    return shares, controls


def _crossed_draws(cells: Cells, n_boot: int, *, seed: int) -> IntArray:
    """Draw clusters for all segments at once; a draw that leaves a segment empty is redrawn."""
    units, columns = cells.games[0].units, cells.games[0].variables
    sizes = np.zeros((units.count, len(cells.names)))
    np.add.at(sizes, (cells.unit, cells.code), 1.0)
    rng = np.random.default_rng([seed, 2])
    drawn = draw_indices(units, n_boot, rng)
    for _ in range(MAX_REDRAWS):
        empty = (sizes[drawn].sum(axis=1) <= columns).any(axis=1)
        if not empty.any():
            return drawn
        drawn[empty] = draw_indices(units, int(empty.sum()), rng)
    raise EstimationError(
        "clusters are too few to resample: a segment is empty in most replicates; set "
        "n_boot=0, or leave clusters out"
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LabelTest:
    """Permutation test of the segment labels, one entry a driver; arrays of shape (p,)."""

    statistic: FloatArray
    p_value: FloatArray


def permutation_tests(cells: Cells, n_permutations: int, *, seed: int) -> dict[str, LabelTest]:
    """Test for each driver whether its share, or percent, is the same in all segments.

    Every variable is centred within its segment first: levels may differ. The statistic is
    ``Σ_g ((φ_g − m_g)/s_g)²`` with mean and standard deviation over the permutations, which
    also takes the larger bias of small segments out.
    """
    centred = _centred(cells)
    units = units_of(cells.unit if _nested_clusters(cells) else np.arange(cells.data.n))
    game = linear_game(
        centred, cells.players, units, method="shapley", pairs=2048,
        rng=np.random.default_rng([seed, 1]),
    )  # fmt: skip
    visit_all = cells.visits_all(n_permutations + 1)
    groups, p = len(cells.names), len(cells.players.names)
    shares = np.empty((n_permutations + 1, groups, p))
    done = 0
    for labels in _labels(cells, units, n_permutations, seed=seed):
        for segment in range(groups):
            sums = (labels == segment).astype(float) @ game.sums
            covariance = covariances_from_sums(sums, game.variables)
            part = slice(done, done + len(labels))
            shares[part, segment] = game.shares(covariance, visit_all=visit_all)
        done += len(labels)
    return {"share": _label_test(shares), "percent": _label_test(percents_of(shares))}


def _label_test(values: FloatArray) -> LabelTest:
    """Row 0 is the sample; it counts as one of the permutations, so the test is exact."""
    mean, variance = values.mean(axis=0), values.var(axis=0)
    deviations = (values - mean) ** 2 / np.where(variance > 0, variance, np.inf)
    statistic = deviations.sum(axis=1)
    p_value = (statistic >= statistic[0] * (1 - 1e-10)).mean(axis=0)
    return LabelTest(statistic=statistic[0], p_value=p_value)


def _centred(cells: Cells) -> ModelData:
    table = np.column_stack([cells.data.x.values, cells.data.y])
    for segment in range(len(cells.names)):
        inside = cells.members(segment)
        w = cells.data.w[inside]
        table[inside] -= np.average(table[inside], axis=0, weights=w)
    x = cells.data.x
    return replace(
        cells.data,
        x=Columns(values=table[:, :-1], names=x.names, terms=x.terms),
        y=table[:, -1],
    )


def _nested_clusters(cells: Cells) -> bool:
    return cells.data.design.clustered and not cells.crossed


def _labels(
    cells: Cells, units: Units, n_permutations: int, *, seed: int
) -> Iterator[IntArray]:
    """Yield labels (≤ 128, units), the first as they are.

    Whole clusters swap labels where each is in one segment; respondents swap them within their
    cluster where clusters reach over segments.
    """
    rng = np.random.default_rng([seed, 3])
    own = np.empty(units.count, dtype=np.int64)
    own[units.of_row] = cells.code
    block = cells.unit if cells.crossed else np.zeros(units.count, dtype=np.int64)
    home = np.argsort(block, kind="stable")
    left = n_permutations
    yield own[None, :]
    while left > 0:
        size = min(CHUNK, left)
        keys = rng.random((size, units.count)) + block
        labels = np.empty((size, units.count), dtype=np.int64)
        np.put_along_axis(labels, np.argsort(keys, axis=1), own[home][None, :], axis=1)
        yield labels
        left -= size


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SlopeTests:
    """F tests that slopes are equal in all segments; all drivers together last."""

    tests: tuple[WaldTest, ...]
    std_errors: str


def slope_tests(cells: Cells, std_errors: str) -> SlopeTests:
    """Test in the model with slopes of their own in every segment that they are all equal.

    With classical errors R's ``anova(lm(y ~ g * (x1 + x2)))`` for each driver's interaction.
    """
    data, groups = cells.data, len(cells.names)
    x = standardized(data.x.values, data.w)
    within = np.column_stack([cells.members(g) for g in range(groups)]).astype(float)
    # Columns: dummies of the segments but the first, then for each column a slope a segment.
    slopes = (x[:, :, None] * within[:, None, :]).reshape(data.n, -1)
    full = np.column_stack([within[:, 1:], slopes])
    fit = fit_linear(data.y, full, data.w, [f"c{i}" for i in range(full.shape[1])])
    chosen = choose_std_errors(std_errors, model="linear", design=data.design)
    covariance = covariance_of(fit, data.design, data.rows, std_errors=chosen, model="linear")
    places = groups + np.arange(x.shape[1] * groups).reshape(x.shape[1], groups)
    owners: list[tuple[int, ...]] = list(cells.players.columns)
    owners.append(tuple(column for columns in owners for column in columns))
    tests = []
    for columns in owners:
        own = places[list(columns)]
        contrast = np.zeros((own[:, 1:].size, len(fit.params)))
        row = np.arange(own[:, 1:].size).reshape(own[:, 1:].shape)
        contrast[row, own[:, 1:]] = 1.0
        contrast[row, own[:, :1]] = -1.0
        tests.append(
            wald_test(
                contrast @ fit.params, contrast @ covariance.matrix @ contrast.T, covariance.df
            )
        )
    return SlopeTests(tests=tuple(tests), std_errors=covariance.std_errors)
