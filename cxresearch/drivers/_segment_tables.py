"""Tables of driver importance by segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxresearch._multiplicity import adjust_p_values
from cxresearch._partial_pooling import partial_pool
from cxresearch._resample import max_t_intervals, percentile_interval
from cxresearch._types import FloatArray, IntArray, PAdjust
from cxresearch.drivers._segment_cells import (
    Cells,
    permutation_tests,
    segment_draws,
    slope_tests,
)
from cxresearch.drivers._uncertainty import percents_of
from cxresearch.errors import ResponseError

MAX_PAIRED = 20
"""Most segments that are compared pair by pair."""
TEST_COLUMNS = (
    "term", "group", "statistic", "df", "df_denominator", "p_value", "p_adjusted", "n",
)  # fmt: skip
DIFFERENCE_COLUMNS = (
    "term", "group", "estimate", "std_error", "p_value", "p_adjusted", "conf_low", "conf_high",
    "n", "measure", "first", "second", "simultaneous_low", "simultaneous_high",
)  # fmt: skip
VARIATION_COLUMNS = (
    "term", "group", "estimate", "std_error", "statistic", "df", "n", "tau",
)  # fmt: skip
MEASURES = ("share", "percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Options of `importance_by_segment`."""

    n_boot: int
    n_permutations: int
    std_errors: str
    p_adjust: PAdjust
    pooling: str
    confidence_level: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SegmentTables:
    """The tables of a result."""

    estimates: pd.DataFrame
    segments: pd.DataFrame
    tests: pd.DataFrame
    differences: pd.DataFrame
    variation: pd.DataFrame
    std_errors: str
    notes: tuple[str, ...]


def segment_tables(cells: Cells, ask: Ask) -> SegmentTables:
    """Return all tables of the segments shown."""
    points = [game.point() for game in cells.games]
    shares = np.stack([point.shares for point in points])
    values = {"share": shares, "percent": percents_of(shares)}
    draws: dict[str, FloatArray] = {}
    worth = None
    if ask.n_boot:
        drawn, controls = segment_draws(cells, ask.n_boot, seed=ask.seed)
        draws = {"share": drawn, "percent": percents_of(drawn)}
        worth = drawn.sum(axis=2) + controls
    estimates = _estimates(cells, values, draws, ask)
    estimates["coefficient"] = np.concatenate([point.slopes for point in points])
    estimates["sign"] = np.sign(estimates["coefficient"].fillna(0)).astype(int)
    estimates["explained"] *= np.repeat(_moments(cells)[1], len(cells.players.names))
    pooled, variation = _pooled(cells, values, draws, ask)
    tests, kind, notes = _tests(cells, ask)
    differences, left_out = _differences(cells, values, draws, ask)
    segments = pd.DataFrame(
        {
            "group": cells.names,
            "n": [float(cells.members(g).sum()) for g in range(len(cells.names))],
            "n_effective": [game.n_effective for game in cells.games],
            "r2": [point.worth for point in points], "r2_low": np.nan, "r2_high": np.nan,
            "r2_adjusted": [point.adjusted_worth for point in points],
            "r2_controls": [point.worth_of_controls for point in points],
            "outcome_mean": _moments(cells)[0], "outcome_variance": _moments(cells)[1],
            "suppressed": False, "note": "",
        }
    )  # fmt: skip
    if worth is not None:
        known = percentile_interval(worth, ask.confidence_level)
        segments["r2_low"], segments["r2_high"] = known.low, known.high
    return SegmentTables(
        estimates=pd.concat([estimates, pooled], axis=1), segments=segments, tests=tests,
        differences=differences, variation=variation, std_errors=kind,
        notes=(*left_out, *notes),
    )  # fmt: skip


def _moments(cells: Cells) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (divisor n − 1) of the outcome in each segment."""
    means, variances = [], []
    for segment in range(len(cells.names)):
        inside = cells.members(segment)
        y, w = cells.data.y[inside], cells.data.w[inside]
        mean = float(np.average(y, weights=w))
        means.append(mean)
        variances.append(float(np.average((y - mean) ** 2, weights=w)) * len(y) / (len(y) - 1))
    return np.array(means), np.array(variances)


def _estimates(
    cells: Cells, values: dict[str, FloatArray], draws: dict[str, FloatArray], ask: Ask
) -> pd.DataFrame:
    groups, p = values["share"].shape
    order = np.argsort(np.argsort(-values["share"], axis=1, kind="stable"), axis=1)
    sizes = [int(cells.members(g).sum()) for g in range(groups)]
    table = pd.DataFrame(
        {
            "term": list(cells.players.names) * groups,
            "group": np.repeat(np.array(cells.names, dtype=object), p),
            "estimate": values["share"].ravel(), "std_error": np.nan, "conf_low": np.nan,
            "conf_high": np.nan, "n": np.repeat(sizes, p).astype(float),
            "percent": values["percent"].ravel(), "percent_low": np.nan, "percent_high": np.nan,
            "explained": values["share"].ravel(), "coefficient": np.nan, "sign": 0,
            "rank": 1.0 + order.ravel(),
        }
    )  # fmt: skip
    for measure, prefix in (("share", "conf"), ("percent", "percent")):
        if measure in draws:
            flat = draws[measure].reshape(ask.n_boot, -1)
            known = percentile_interval(flat, ask.confidence_level)
            table[f"{prefix}_low"], table[f"{prefix}_high"] = known.low, known.high
    if "share" in draws:
        table["std_error"] = draws["share"].reshape(ask.n_boot, -1).std(axis=0, ddof=1)
    return table


def _pooled(
    cells: Cells, values: dict[str, FloatArray], draws: dict[str, FloatArray], ask: Ask
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares and percents drawn towards the mean of the segments, and how much they vary."""
    groups, p = values["share"].shape
    names = ("pooled", "pooled_std_error", "pooled_low", "pooled_high", "own_weight",
             "pooled_percent", "pooled_percent_low", "pooled_percent_high")  # fmt: skip
    table = {name: np.full((groups, p), np.nan) for name in names}
    rows = []
    if ask.pooling != "none":
        for measure in MEASURES:
            for place, term in enumerate(cells.players.names):
                # A share that never moved in a replicate is known, not infinitely certain.
                variances = np.maximum(draws[measure][:, :, place].var(axis=0, ddof=1), 1e-16)
                one = partial_pool(
                    values[measure][:, place], variances, method=ask.pooling,
                    confidence_level=ask.confidence_level,
                )  # fmt: skip
                top = 1.0 if measure == "share" else 100.0
                prefix = "pooled" if measure == "share" else "pooled_percent"
                table[prefix][:, place] = one.pooled
                table[f"{prefix}_low"][:, place] = np.clip(one.low, 0, top)
                table[f"{prefix}_high"][:, place] = np.clip(one.high, 0, top)
                if measure == "share":
                    table["pooled_std_error"][:, place] = one.std_error
                    table["own_weight"][:, place] = one.weight
                rows.append(
                    (
                        term,
                        measure,
                        one.mean,
                        one.mean_std_error,
                        one.q,
                        one.df,
                        groups,
                        one.tau,
                    )
                )
    variation = pd.DataFrame(rows, columns=list(VARIATION_COLUMNS))
    flat = pd.DataFrame({name: column.ravel() for name, column in table.items()})
    return flat.assign(suppressed=False), variation


def _tests(cells: Cells, ask: Ask) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    if len(cells.names) < 2:
        return pd.DataFrame({name: [] for name in TEST_COLUMNS}), ask.std_errors, ()
    parts, notes, kind = [], tuple[str, ...](), ask.std_errors
    names, nothing = list(cells.players.names), np.nan
    if ask.n_permutations:
        found = permutation_tests(cells, ask.n_permutations, seed=ask.seed)
        parts += [
            pd.DataFrame(
                {
                    "term": names, "group": measure, "statistic": test.statistic, "df": nothing,
                    "df_denominator": nothing, "p_value": test.p_value,
                    "p_adjusted": adjust_p_values(test.p_value, method=ask.p_adjust),
                }
            )
            for measure, test in found.items()
        ]  # fmt: skip
    try:
        slopes = slope_tests(cells, ask.std_errors)
    except ResponseError as error:
        # Too few clusters for so many slopes; the shares can be compared all the same.
        notes = (f"coefficients_untested:{error}",)
    else:
        kind = slopes.std_errors
        p_values = np.array([test.p_value for test in slopes.tests])
        adjusted = np.append(adjust_p_values(p_values[:-1], method=ask.p_adjust), np.nan)
        parts.append(
            pd.DataFrame(
                {
                    "term": [*names, "all_drivers"], "group": "coefficient",
                    "statistic": [test.statistic for test in slopes.tests],
                    "df": [float(test.df) for test in slopes.tests],
                    "df_denominator": [test.df_denominator for test in slopes.tests],
                    "p_value": p_values, "p_adjusted": adjusted,
                }
            )
        )  # fmt: skip
    if not parts:
        return pd.DataFrame({name: [] for name in TEST_COLUMNS}), kind, notes
    table = pd.concat(parts, ignore_index=True).assign(n=cells.data.n)
    return table[list(TEST_COLUMNS)], kind, notes


def _differences(
    cells: Cells, values: dict[str, FloatArray], draws: dict[str, FloatArray], ask: Ask
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    groups, p = values["share"].shape
    first, second = np.triu_indices(groups, 1)
    empty = pd.DataFrame({name: [] for name in DIFFERENCE_COLUMNS})
    if not draws or groups < 2:
        return empty, ()
    if groups > MAX_PAIRED:
        return empty, (f"differences_left_out:{groups}",)
    names = np.array(cells.names, dtype=object)
    sizes = np.array([int(cells.members(g).sum()) for g in range(groups)])
    parts = []
    for measure in MEASURES:
        estimate = (values[measure][first] - values[measure][second]).ravel()
        moved = draws[measure][:, first] - draws[measure][:, second]
        replicates = moved.reshape(ask.n_boot, -1)
        alone = percentile_interval(replicates, ask.confidence_level)
        together = max_t_intervals(estimate, replicates, ask.confidence_level)
        one, two = np.repeat(names[first], p), np.repeat(names[second], p)
        parts.append(
            pd.DataFrame(
                {
                    "term": list(cells.players.names) * len(first),
                    "group": [f"{a} − {b}" for a, b in zip(one, two, strict=True)],
                    "estimate": estimate, "std_error": together.std_error,
                    "p_value": together.p_value, "p_adjusted": together.p_adjusted,
                    "conf_low": alone.low, "conf_high": alone.high,
                    "n": np.repeat(sizes[first] + sizes[second], p), "measure": measure,
                    "first": one, "second": two, "simultaneous_low": together.low,
                    "simultaneous_high": together.high,
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True), ()


def with_suppressed(
    found: SegmentTables, labels: Sequence[str], reasons: Sequence[str], counts: IntArray
) -> SegmentTables:
    """Put the segments left out in their place, numbers nan and n hidden where it is small."""
    terms = list(dict.fromkeys(found.estimates["term"]))
    estimates, segments = [], []
    for label, reason, count in zip(labels, reasons, counts, strict=True):
        if not reason:
            estimates.append(found.estimates[found.estimates["group"] == label])
            segments.append(found.segments[found.segments["group"] == label])
            continue
        n = np.nan if reason.startswith("fewer_than") else float(count)
        row = {"group": label, "n": n, "suppressed": True}
        numbers = [c for c in found.estimates.columns if c not in ("term", *row)]
        hidden = dict.fromkeys(numbers, np.nan) | {"sign": 0}
        estimates.append(pd.DataFrame([{"term": term, **row, **hidden} for term in terms]))
        numbers = [c for c in found.segments.columns if c not in row]
        segments.append(
            pd.DataFrame([{**row, **dict.fromkeys(numbers, np.nan), "note": reason}])
        )
    columns = list(found.estimates.columns), list(found.segments.columns)
    return replace(
        found,
        estimates=pd.concat([part[columns[0]] for part in estimates], ignore_index=True),
        segments=pd.concat([part[columns[1]] for part in segments], ignore_index=True),
    )
