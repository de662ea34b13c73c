"""Limits and verdicts of the checks on a driver model: ok, watch, problem."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxresearch._validate import check_names
from cxresearch.drivers import _model_checks as checks
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._model_fits import Fit
from cxresearch.errors import ResponseError

VERDICTS = ("ok", "watch", "problem")

VIF_WATCH, VIF_PROBLEM = 5.0, 10.0
CONDITION_HIGH, PROPORTION_HIGH = 30.0, 0.5
RESET_WATCH, RESET_PROBLEM = 0.005, 0.02
COOK_WATCH, COOK_PROBLEM = 0.5, 1.0
HALO_WATCH, HALO_PROBLEM = 0.5, 0.7
FLAGGED_WATCH, FLAGGED_PROBLEM = 0.02, 0.05
ROBUST_ENOUGH = 0.10
SERIAL_LOW, SERIAL_HIGH = 1.5, 2.5


def _row(
    term: str, group: str, check: checks.Check, verdict: str, limit: float, *, note: str = ""
) -> dict[str, object]:
    return {
        "term": term, "group": group, "estimate": check.estimate, "statistic": check.statistic,
        "df": check.df, "p_value": check.p_value, "df_denominator": check.df_denominator,
        "verdict": verdict, "limit": limit, "note": note,
    }  # fmt: skip


def _graded(size: float, watch: float, problem: float) -> str:
    return "problem" if size >= problem else "watch" if size >= watch else "ok"


def collinearity_rows(data: ModelData, conditions: pd.DataFrame) -> list[dict[str, object]]:
    inflation = checks.variance_inflation(data.x.values, data.w, data.x.terms)
    rows = [
        _row(
            "vif",
            term,
            checks.Check(estimate=size),
            _graded(size, VIF_WATCH, VIF_PROBLEM),
            VIF_WATCH,
        )
        for term, size in inflation.items()
    ]
    worst = float(conditions["condition_index"].max())
    high = conditions[conditions["condition_index"] >= CONDITION_HIGH]
    drivers_only = high[high["term"] != "(intercept)"]
    shared = (
        drivers_only["variance_proportion"].gt(PROPORTION_HIGH).groupby(high["dimension"]).sum()
    )
    verdict = "problem" if (shared >= 2).any() else "watch" if len(high) else "ok"
    check = checks.Check(estimate=worst)
    return [*rows, _row("condition", "all", check, verdict, CONDITION_HIGH)]


def form_rows(data: ModelData, fit: Fit, level: float) -> list[dict[str, object]]:
    """Curvature, unequal spread, order of the rows."""
    x, y, w = data.x.values, data.y, data.w
    reset = checks.reset_test(y, fit, x, w)
    bent = reset.p_value < level
    spread = checks.breusch_pagan_test(y, fit, x, w)
    unequal = spread.p_value < level
    serial = checks.Check(estimate=checks.durbin_watson(y, fit, w))
    calm = SERIAL_LOW <= serial.estimate <= SERIAL_HIGH
    return [
        _row(
            "reset", "all", reset,
            _graded(reset.estimate, RESET_WATCH, RESET_PROBLEM) if bent else "ok", RESET_WATCH,
        ),
        _row("breusch_pagan", "all", spread, "watch" if unequal else "ok", level),
        _row(
            "durbin_watson", "all", serial, "ok" if calm else "watch", SERIAL_LOW,
            note="only_where_rows_have_an_order",
        ),
    ]  # fmt: skip


def influence_row(cases: pd.DataFrame, parameters: int, level: float) -> dict[str, object]:
    largest = float(cases["cooks_distance"].max())
    studentized = cases["studentized"].to_numpy(dtype=float)
    p_value = checks.outlier_p(studentized, parameters)
    verdict = _graded(largest, COOK_WATCH, COOK_PROBLEM)
    if verdict == "ok" and p_value < level:
        verdict = "watch"
    extreme = float(studentized[np.abs(studentized).argmax()])
    check = checks.Check(
        estimate=largest, statistic=extreme, df=len(cases) - parameters - 1, p_value=p_value
    )
    row = int(cases["row"].iloc[int(cases["cooks_distance"].to_numpy().argmax())])
    return _row("influence", "all", check, verdict, COOK_WATCH, note=f"row:{row}")


def halo_rows(
    frame: pd.DataFrame, data: ModelData, marker: str | None
) -> list[dict[str, object]]:
    drivers = np.isin(np.array(data.x.terms, dtype=object), data.drivers)
    z = np.column_stack([data.x.values[:, drivers], data.y])
    halo = checks.first_factor_share(z, data.w)
    rows = [
        _row("halo", "all", halo, _graded(halo.statistic, HALO_WATCH, HALO_PROBLEM), HALO_WATCH)
    ]
    if marker is None:
        return rows
    check_names("marker", [marker], [str(c) for c in frame.columns], of="columns")
    values = frame[marker].to_numpy(dtype=float, na_value=np.nan)[data.rows]
    known = ~np.isnan(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0:
        raise ResponseError(f"marker {marker!r}: nobody answered it, or everybody the same")
    together = checks.correlation_of(np.column_stack([z, values])[known], data.w[known])
    method = float(np.abs(together[-1, :-1]).mean())
    adjusted = checks.marker_adjusted(together[-2, :-2], method)
    names = [name for name, mine in zip(data.x.names, drivers, strict=True) if mine]
    for name, before, after in zip(names, together[-2, :-2], adjusted, strict=True):
        turned = "watch" if before * after < 0 else "ok"
        check = checks.Check(estimate=float(after), statistic=float(before))
        rows.append(_row("marker", name, check, turned, 0.0))
    return rows


def flagged_rows(
    comparison: pd.DataFrame, sensitivity: pd.DataFrame, level: float
) -> list[dict[str, object]]:
    if comparison.empty:
        return []
    change = comparison["difference"].abs()
    decided = comparison["term"].isin(sensitivity.loc[sensitivity["p_value"] < level, "term"])
    turned = bool(((comparison["estimate"] * comparison["without"] < 0) & decided).any())
    verdict = _graded(float(change.iloc[0]), FLAGGED_WATCH, FLAGGED_PROBLEM)
    if turned:
        verdict = "problem"
    elif verdict == "ok" and change.iloc[1:].max() >= FLAGGED_PROBLEM:
        verdict = "watch"
    check = checks.Check(estimate=float(change.max()))
    note = f"term:{comparison['term'].iloc[int(change.to_numpy().argmax())]}"
    return [_row("flagged", "all", check, verdict, FLAGGED_WATCH, note=note)]


def robustness_rows(sensitivity: pd.DataFrame) -> list[dict[str, object]]:
    """Judge each driver; without a decided effect nothing can be explained away: ok, noted."""
    rows = []
    for name, size in zip(
        sensitivity["term"], sensitivity["robustness_value_at_level"], strict=True
    ):
        idle = size == 0
        verdict = "watch" if 0 < size < ROBUST_ENOUGH else "ok"
        check = checks.Check(estimate=float(size))
        note = "no_decided_effect" if idle else ""
        rows.append(_row("robustness", str(name), check, verdict, ROBUST_ENOUGH, note=note))
    return rows
