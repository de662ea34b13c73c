"""Gap results with chosen numbers, for the tests of what readers see."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cxresearch.servqual import ServqualGapsResult

NAN = math.nan

ESTIMATE_COLUMNS = [
    "term", "group", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
    "conf_low", "conf_high", "n", "level", "label", "dimension", "segment", "expectation",
    "perception", "sd", "d_z", "d_z_low", "d_z_high", "d_av", "suppressed", "note",
]  # fmt: skip
DIFFERENCE_COLUMNS = [
    "term", "group", "estimate", "std_error", "statistic", "df", "df_denominator", "p_value",
    "p_adjusted", "conf_low", "conf_high", "n", "groups", "lowest", "highest",
]  # fmt: skip
IMPORTANCE_COLUMNS = ["term", "label", "estimate", "std_error", "conf_low", "conf_high", "n"]


def row(
    term: str,
    gap: float,
    half: float = 0.13,
    *,
    p: float | None = None,
    expectation: float = 6.0,
    level: str = "dimension",
    label: str | None = None,
    dimension: str = "",
    segment: str = "",
    group: str = "all",
    n: float = 391.0,
    suppressed: bool = False,
    note: str = "",
) -> dict[str, Any]:
    """One row of estimates: a gap and half the width of its interval."""
    low, high = gap - half, gap + half
    if p is None:
        p = NAN if math.isnan(half) else 0.0001 if low > 0 or high < 0 else 0.4
    se = half / 1.96
    return {
        "term": term, "group": group, "estimate": gap, "std_error": se,
        "statistic": gap / se if se else NAN, "df": n - 1, "p_value": p, "p_adjusted": p,
        "conf_low": low, "conf_high": high, "n": n, "level": level,
        "label": term.capitalize() if label is None else label, "dimension": dimension,
        "segment": segment, "expectation": expectation, "perception": expectation + gap,
        "sd": 1.0, "d_z": gap, "d_z_low": low, "d_z_high": high, "d_av": gap,
        "suppressed": suppressed, "note": note,
    }  # fmt: skip


def hidden(term: str, *, segment: str, group: str, note: str = "suppressed") -> dict[str, Any]:
    """A cell too small to show."""
    told = row(term, NAN, NAN, segment=segment, group=group, n=NAN, suppressed=True, note=note)
    return told | {"expectation": NAN, "df": NAN, "sd": NAN}


def difference(
    term: str, gap: float, half: float, *, segment: str, groups: tuple[str, ...], **other: Any
) -> dict[str, Any]:
    """One row of differences; `gap` is first minus second, or nan with more than two groups."""
    p = other.pop("p", 0.001 if gap - half > 0 or gap + half < 0 else 0.4)
    first_lower = not gap > 0
    told = {
        "term": term, "group": segment, "estimate": gap, "std_error": half / 1.96,
        "statistic": 9.1, "df": float(len(groups) - 1), "df_denominator": 301.2, "p_value": p,
        "p_adjusted": p, "conf_low": gap - half, "conf_high": gap + half, "n": 391.0,
        "groups": " − ".join(groups) if len(groups) == 2 else "",
        "lowest": groups[0] if first_lower else groups[-1],
        "highest": groups[-1] if first_lower else groups[0],
    }  # fmt: skip
    return told | other


def result(rows: list[dict[str, Any]], **options: Any) -> ServqualGapsResult:
    """A gap result with these rows and the usual options."""
    differences = options.pop("differences", [])
    points: dict[str, float] = options.pop("points", {})
    importance = [
        {
            "term": t, "label": t.capitalize(), "estimate": v, "std_error": 0.3,
            "conf_low": v - 0.6, "conf_high": v + 0.6, "n": 391.0,
        }
        for t, v in points.items()
    ]  # fmt: skip
    defaults: dict[str, Any] = {
        "n": 391, "battery": "servqual", "scale_low": 1.0, "scale_high": 7.0,
        "confidence_level": 0.95, "p_adjust": "holm", "min_answered": 0.5, "min_cell": 10,
        "weighted": False, "segments": (), "notes": (),
    }  # fmt: skip
    return ServqualGapsResult(
        estimates=pd.DataFrame(rows, columns=ESTIMATE_COLUMNS),
        differences=pd.DataFrame(differences, columns=DIFFERENCE_COLUMNS),
        importance=pd.DataFrame(importance, columns=IMPORTANCE_COLUMNS),
        **{**defaults, **options},
    )


ITEMS = {
    "tangibles": ["Modern-looking equipment", "Appealing premises", "Neat staff",
                  "Appealing materials"],
    "reliability": ["Keeps promises on time", "Sincere interest in solving problems",
                    "Right the first time", "Says when it will be done", "Error-free records"],
    "responsiveness": ["Tells exactly when services will be performed", "Prompt service",
                       "Always willing to help", "Never too busy to respond"],
    "assurance": ["Instils confidence", "Safe transactions", "Consistently courteous",
                  "Knowledgeable staff"],
    "empathy": ["Individual attention", "Convenient opening hours", "Personal attention",
                "Best interests at heart", "Understands specific needs"],
}  # fmt: skip
GAPS = {
    "tangibles": (0.05, 0.10, 5.31), "reliability": (-0.82, 0.13, 6.31),
    "responsiveness": (-0.61, 0.13, 6.12), "assurance": (-0.31, 0.11, 6.05),
    "empathy": (-0.22, 0.14, 5.62),
}  # fmt: skip
POINTS = {
    "tangibles": 11.0, "reliability": 31.2, "responsiveness": 23.0, "assurance": 19.8,
    "empathy": 15.0,
}  # fmt: skip


def bank(**options: Any) -> ServqualGapsResult:
    """Twenty-two items in five dimensions, two segments, importance points."""
    rows, key = [], 0
    for dimension, texts in ITEMS.items():
        gap, half, expectation = GAPS[dimension]
        for place, text in enumerate(texts):
            key += 1
            moved = gap + 0.15 * (1.5 - place) * (-1 if place % 2 else 1)
            rows.append(
                row(f"item_{key}", moved, half + 0.05, expectation=expectation + 0.1 * place,
                    level="item", label=text, dimension=dimension)
            )  # fmt: skip
    rows += [row(d, g, h, expectation=e) for d, (g, h, e) in GAPS.items()]
    rows.append(row("overall", -0.38, 0.09, level="overall", label="overall", expectation=5.88))
    rows.append(
        row("overall_weighted", -0.46, 0.1, level="overall", label="overall", expectation=5.9)
    )
    for dimension, (gap, half, expectation) in GAPS.items():
        for group, moved in (("City", -0.2), ("Town", 0.2)):
            rows.append(row(dimension, gap + moved, half * 1.5, expectation=expectation,
                            segment="branch", group=group, n=195.0))  # fmt: skip
        rows += [
            row(
                dimension,
                gap + 0.1,
                half * 2,
                expectation=expectation,
                segment="region",
                group="North",
            ),
            row(
                dimension,
                gap - 0.1,
                half * 2,
                expectation=expectation,
                segment="region",
                group="South",
            ),
            hidden(dimension, segment="region", group="Islands"),
        ]
    differences = [
        difference(d, -0.40, 0.2 if d == "responsiveness" else 0.5, segment="branch",
                   groups=("City", "Town")) for d in GAPS
    ]  # fmt: skip
    differences += [
        difference(d, NAN, NAN, segment="region", groups=("South", "Nowhere", "North"), p=0.4)
        for d in GAPS
    ]
    defaults: dict[str, Any] = {
        "points": POINTS, "differences": differences, "segments": ("branch", "region"),
    }  # fmt: skip
    return result(rows, **{**defaults, **options})
