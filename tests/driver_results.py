"""Driver results of small seeded data, and with chosen numbers, for what readers see."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.drivers.asymmetry import AsymmetryResult, penalty_reward
from cxresearch.drivers.diagnostics import DriverDiagnosticsResult, driver_diagnostics
from cxresearch.drivers.dominance import DominanceResult, dominance_analysis
from cxresearch.drivers.forest import ForestImportanceResult, forest_importance
from cxresearch.drivers.importance import DriverImportanceResult, driver_importance
from cxresearch.drivers.kano import KanoResult, kano_classes
from cxresearch.drivers.map import ImportancePerformanceResult, importance_performance
from cxresearch.drivers.margin import RandomDriverMarginResult, random_driver_margin
from cxresearch.drivers.missing_answers import MissingAnswersResult, driver_model_missing
from cxresearch.drivers.models import DriverModelResult, driver_model
from cxresearch.drivers.necessity import NecessityResult, necessary_conditions
from cxresearch.drivers.planning import DriverPlanResult, plan_drivers
from cxresearch.drivers.pooled_shares import ImputedImportanceResult, imputed_importance
from cxresearch.drivers.segments import SegmentImportanceResult, importance_by_segment
from cxresearch.drivers.shape import ResponseShapeResult, response_shape
from cxresearch.drivers.what_if import Lift, Shift, WhatIfResult, expected_change

LABELS = {
    "clean": "Cleanliness of the room",
    "comfort": "Comfort of the bed",
    "wifi": "Wi-Fi",
    "breakfast": "Breakfast",
    "arrival": "Check-in",
    "staff": "Friendly staff",
    "queue": "Length of the queue",
    "osat": "Overall satisfaction",
}
"""Text of each column."""
DRIVERS = [name for name in LABELS if name != "osat"]
LIMITS = dict.fromkeys(LABELS, (1.0, 10.0))
N = 420


@cache
def hotel() -> pd.DataFrame:
    """Ratings 1 to 10: staff strongest, Wi-Fi basic, the queue negative, check-in saturates."""
    rng = np.random.default_rng(11)
    halo = rng.standard_normal(N)
    means = dict(zip(DRIVERS, (7.9, 7.6, 6.4, 7.2, 7.4, 6.6, 5.5), strict=True))
    frame = pd.DataFrame()
    for name, mean in means.items():
        shared = 0.55 if name not in ("wifi", "queue") else 0.2
        score = shared * halo + np.sqrt(1 - shared**2) * rng.standard_normal(N)
        frame[name] = np.clip(np.round(mean + 1.8 * score), 1, 10)
    y = (
        0.42 * frame["staff"] + 0.25 * frame["clean"] + 0.22 * frame["comfort"]
        + 0.10 * frame["breakfast"] + 0.28 * np.minimum(frame["arrival"], 7)
        - 1.5 * (frame["wifi"] <= 5) - 0.18 * frame["queue"] - 1.0
    )  # fmt: skip
    frame["osat"] = np.clip(np.round(y + 0.9 * rng.standard_normal(N)), 1, 10)
    frame["weight"] = np.where(rng.random(N) < 0.5, 0.6, 1.4)
    return frame


def importance(n_boot: int = 200, **options: Any) -> DriverImportanceResult:
    """Shares of the hotel."""
    asked = {"outcome": "osat", "drivers": DRIVERS, "n_boot": n_boot, **options}
    return driver_importance(hotel(), **asked)


def model(**options: Any) -> DriverModelResult:
    """Coefficients of the hotel."""
    return driver_model(hotel(), **{"outcome": "osat", "drivers": DRIVERS, **options})


def placed(**options: Any) -> ImportancePerformanceResult:
    """The map of the hotel, importance with replicates."""
    shares = importance(0).estimates
    weight = dict(zip(shares["term"], shares["estimate"], strict=True))
    rng = np.random.default_rng(5)
    draws = np.abs(
        np.array(list(weight.values())) + 0.02 * rng.standard_normal((200, len(weight)))
    )
    asked = {"importance": weight, "importance_replicates": draws, **options}
    return importance_performance(hotel(), **asked)


def asymmetry(**options: Any) -> AsymmetryResult:
    """Penalty and reward of the hotel."""
    asked = {"outcome": "osat", "drivers": DRIVERS, "low": 5, "high": 9, "replicates": 300}
    return penalty_reward(hotel(), **{**asked, **options})


def shape(**options: Any) -> ResponseShapeResult:
    """Response of satisfaction to each rating."""
    return response_shape(hotel(), **{"outcome": "osat", "drivers": DRIVERS, **options})


def what_if(**options: Any) -> WhatIfResult:
    """Every rating half a point higher, and two of them lifted from below."""
    plan = [Shift(driver=name, by=0.5) for name in DRIVERS]
    plan += [Lift(driver="wifi", below=5, to=7), Lift(driver="staff", below=5, to=8)]
    asked = {"limits": LIMITS, "scenarios": plan, **options}
    return expected_change(model(), hotel(), **asked)


def what_if_binary() -> WhatIfResult:
    """The same for the share of very satisfied guests."""
    fitted = model(kind="binary", top_box=8)
    return expected_change(fitted, hotel(), limits=LIMITS)


def necessity(**options: Any) -> NecessityResult:
    """Conditions of satisfaction."""
    asked = {"outcome": "osat", "conditions": DRIVERS, "permutations": 200, "limits": LIMITS}
    return necessary_conditions(hotel(), **{**asked, **options})


def diagnostics(**options: Any) -> DriverDiagnosticsResult:
    """Checks of the hotel's model."""
    return driver_diagnostics(hotel(), **{"outcome": "osat", "drivers": DRIVERS, **options})


def missing(treatment: str = "not_used", **options: Any) -> MissingAnswersResult:
    """The model with breakfast not used by a third and some answers missing."""
    frame = hotel().copy()
    rng = np.random.default_rng(8)
    away = rng.random(N) < 0.35
    frame.loc[away, "breakfast"] = np.nan
    frame.loc[rng.random(N) < 0.05, "clean"] = np.nan
    asked = {"outcome": "osat", "drivers": DRIVERS, "not_used": {"breakfast": away}}
    return driver_model_missing(frame, **{**asked, "treatment": treatment, **options})


def kano(**options: Any) -> KanoResult:
    """One feature of each class, by 100 guests, and one that two classes share."""
    pairs = {
        "wifi": [(2, 5)] * 62 + [(3, 3)] * 38,
        "breakfast": [(1, 5)] * 70 + [(2, 5)] * 30,
        "upgrade": [(1, 3)] * 46 + [(3, 3)] * 27 + [(1, 5)] * 27,
        "slippers": [(3, 3)] * 80 + [(1, 3)] * 20,
        "music": [(5, 2)] * 75 + [(3, 3)] * 25,
        "robot": [(1, 1)] * 66 + [(3, 3)] * 34,
        "app": [(2, 5)] * 50 + [(1, 5)] * 50,
    }
    asked = {name: (f"{name}_yes", f"{name}_no") for name in pairs}
    frame = pd.DataFrame(
        {
            column: [answers[side] for answers in pairs[name]]
            for name, columns in asked.items()
            for side, column in enumerate(columns)
        }
    ).assign(weight=1.0)
    found = kano_classes(frame, pairs=asked, **{"replicates": 1000, **options})
    return dataclasses.replace(found, labels={"wifi": "Wi-Fi", "slippers": "Slippers"})


def dominance(**options: Any) -> DominanceResult:
    """Dominance of four drivers."""
    asked = {"outcome": "osat", "drivers": DRIVERS[:4], "n_boot": 60}
    return dominance_analysis(hotel(), **{**asked, **options})


def margin(**options: Any) -> RandomDriverMarginResult:
    """Shares against those of a random driver."""
    asked = {"outcome": "osat", "drivers": DRIVERS, "n_draws": 60}
    return random_driver_margin(hotel(), **{**asked, **options})


@cache
def travellers() -> pd.DataFrame:
    """The hotel by kind of trip: staff counts for business travellers, the room for others."""
    frame = hotel().copy()
    place = np.arange(N)
    frame["trip"] = np.where(place < 200, "Business", np.where(place < 385, "Leisure", "Crew"))
    moved = 0.75 * (frame["staff"] - frame["clean"])
    frame["osat"] += np.where(frame["trip"] == "Business", moved, 0.0)
    return frame


def segments(**options: Any) -> SegmentImportanceResult:
    """Shares by kind of trip."""
    asked = {"outcome": "osat", "drivers": DRIVERS, "segment": "trip", "n_boot": 100}
    return importance_by_segment(travellers(), **{**asked, "n_permutations": 199, **options})


def alike(**options: Any) -> SegmentImportanceResult:
    """Shares by a grouping that has nothing to do with the answers."""
    frame = hotel().assign(wave=np.where(np.arange(N) % 2, "2023", "2024"))
    asked = {"outcome": "osat", "drivers": DRIVERS, "segment": "wave", "n_boot": 100}
    return importance_by_segment(frame, **{**asked, "n_permutations": 99, **options})


def forest(**options: Any) -> ForestImportanceResult:
    """A small forest beside the linear model."""
    return forest_importance(
        hotel(), **{"outcome": "osat", "drivers": DRIVERS, "n_trees": 20, **options}
    )


def bent_forest() -> ForestImportanceResult:
    """A forest that sees what straight lines miss."""
    frame = hotel().assign(osat=-np.abs(hotel()["staff"] - 7) + 0.3 * hotel()["clean"])
    return forest_importance(frame, outcome="osat", drivers=DRIVERS[:-1], n_trees=30)


def imputed(**options: Any) -> ImputedImportanceResult:
    """Shares with breakfast not used by a third and some answers missing."""
    frame = hotel().copy()
    rng = np.random.default_rng(8)
    away = rng.random(N) < 0.35
    frame.loc[away, "breakfast"] = np.nan
    frame.loc[rng.random(N) < 0.1, "clean"] = np.nan
    asked = {"outcome": "osat", "drivers": DRIVERS, "not_used": {"breakfast": away}}
    asked |= {"imputations": 3, "n_boot": 60}
    return imputed_importance(frame, **{**asked, **options})


def plan(**options: Any) -> DriverPlanResult:
    """Respondents needed, from four numbers."""
    return plan_drivers(**{"n_drivers": 4, "n_sims": 200, **options})


# ── chosen numbers ────────────────────────────────────────────────────────────────────────


def crowd(p: int = 30, **options: Any) -> DriverImportanceResult:
    """Shares of many drivers, named d1 … dp, without computing any."""
    return with_shares({f"d{i}": 1.0 / i for i in range(1, p + 1)}, **options)


def with_shares(
    shares: dict[str, float], *, half: float = 2.0, told_apart: bool = True, r2: float = 0.61,
    **options: Any,
) -> DriverImportanceResult:  # fmt: skip
    """Shares in chosen proportions; intervals of ± half percent points."""
    base = importance(20, drivers=["staff", "clean"])
    names, total, p = list(shares), sum(shares.values()), len(shares)
    percent = 100 * np.array(list(shares.values())) / total
    p_top1 = np.where(np.arange(p) == np.argmax(percent), 0.78, 0.22 / max(p - 1, 1))
    rank = np.argsort(np.argsort(-percent, kind="stable")) + 1.0
    row = {
        "term": names, "estimate": r2 * percent / 100, "std_error": 0.01,
        "conf_low": r2 * (percent - half) / 100, "conf_high": r2 * (percent + half) / 100,
        "n": 400, "block": names, "columns": 1, "n_answered": 400, "percent": percent,
        "percent_low": percent - half, "percent_high": percent + half,
        "adjusted": r2 * percent / 100, "first": 0.3, "last": 0.05, "pratt": 0.1,
        "relative_weight": 0.1, "car": 0.1, "betasq": 0.1, "coefficient": 0.3, "sign": 1,
        "sign_changes": False, "p_same_sign": 0.99, "rank": rank, "rank_low": rank,
        "rank_high": rank, "p_top1": p_top1, "p_top3": np.minimum(3 * p_top1, 1.0),
        "mc_error": 0.0,
    }  # fmt: skip
    first, second = np.triu_indices(p, 1)
    gap = r2 * (percent[first] - percent[second]) / 100
    far = np.abs(gap) / 2 if told_apart else np.abs(gap) + 0.05
    differences = pd.DataFrame(
        {
            "term": [names[i] for i in first], "estimate": gap, "std_error": 0.01,
            "p_value": 0.001 if told_apart else 0.4, "p_adjusted": 0.004 if told_apart else 0.9,
            "conf_low": gap - far, "conf_high": gap + far, "n": 400,
            "other": [names[j] for j in second], "simultaneous_low": gap - far,
            "simultaneous_high": gap + far,
        },
        columns=base.differences.columns,
    )  # fmt: skip
    ranks = pd.DataFrame(
        {
            "term": np.repeat(names, p), "estimate": np.eye(p)[(rank - 1).astype(int)].ravel(),
            "n": 400, "rank": np.tile(np.arange(1, p + 1), p), "top": 1.0,
        }
    )  # fmt: skip
    told = {
        "estimates": pd.DataFrame(row)[list(base.estimates.columns)],
        "differences": differences,
        "ranks": ranks, "drivers": tuple(names), "r2": r2, "r2_low": r2 - 0.05,
        "r2_high": r2 + 0.05, "r2_controls": 0.0, "n": 400, "n_asked": 412, "notes": (),
    }  # fmt: skip
    return dataclasses.replace(base, **{**told, **options})


def changed(result: Any, table: str, term: str, **values: Any) -> Any:
    """The result with some cells of a driver's rows changed."""
    frame = getattr(result, table).copy()
    for column, value in values.items():
        frame.loc[frame["term"] == term, column] = value
    return dataclasses.replace(result, **{table: frame})
