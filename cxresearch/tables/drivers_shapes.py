"""Tables of where drivers stand and how they work: map, two-sidedness, necessity, shape."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.drivers.asymmetry import AsymmetryResult
from cxresearch.drivers.map import ImportancePerformanceResult
from cxresearch.drivers.necessity import NecessityResult
from cxresearch.drivers.shape import ResponseShapeResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Cell, Column, beside, display_table
from cxresearch.tables._drivers import (
    Labels,
    chance_column,
    count_column,
    design_notes,
    errors_note,
    family_note,
    interval_column,
    name_column,
    number_column,
    p_column,
    p_heading,
    percent_column,
)
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED


def display_map(
    placed: ImportancePerformanceResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show rating, importance and quadrant of each driver, and how sure the quadrant is.

    Parameters
    ----------
    placed : ImportancePerformanceResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = _with_intervals(placed).sort_values("importance", ascending=False, kind="stable")
    boxes = placed.performance == "top_two_box"

    def rating(value: float) -> str:
        return formats.percent(value, 1) if boxes else formats.number(value)

    def interval(row: Any) -> str:
        low, high = row.performance_low, row.performance_high
        return (
            formats.percent_interval(low, high, 1)
            if boxes
            else formats.interval(low, high, signed=False)
        )

    level = formats.level(placed.confidence_level)
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        Column(
            text("tables.drivers.quadrant"),
            lambda row: text(f"terms.quadrant.{row.quadrant}"),
            numeric=False,
        ),
        chance_column("tables.drivers.quadrant_chance", "prob_own", formats),
        Column(
            text("tables.drivers.decided"),
            lambda row: text("tables.drivers.yes" if row.decided else "tables.drivers.no"),
            numeric=False,
        ),
        Column(
            text(f"tables.drivers.rated_{placed.performance}"), lambda r: rating(r.performance)
        ),
        Column(text("tables.interval", level=level), interval),
        number_column("tables.drivers.importance_value", "importance", formats, 3),
        interval_column(
            formats,
            placed.confidence_level,
            heading="tables.drivers.importance_interval",
            low="importance_low",
            high="importance_high",
            decimals=3,
        ),
        count_column("tables.n", "n", formats),
    ]
    return display_table(
        data,
        columns,
        name="importance_performance",
        caption=text("tables.drivers.map"),
        notes=_map_notes(placed, rating(placed.cut_performance), formats),
    )


def _map_notes(
    placed: ImportancePerformanceResult, cut_performance: str, formats: Formats
) -> list[str]:
    text = formats.messages.text
    notes = [
        text(
            f"tables.drivers.notes.cut_{placed.cuts}",
            performance=cut_performance,
            importance=formats.number(placed.cut_importance, 3),
        ),
        text("tables.drivers.notes.decided", chance=formats.percent(placed.decision)),
    ]
    if not placed.importance_varies:
        notes.append(text("tables.drivers.notes.importance_fixed"))
    return [*notes, *design_notes(placed, formats)]


def display_asymmetry(
    asymmetry: AsymmetryResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show penalty and reward of each driver, the test of asymmetry, and the class.

    Parameters
    ----------
    asymmetry : AsymmetryResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = _asymmetry_rows(asymmetry)
    level = asymmetry.confidence_level
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        Column(
            text("tables.drivers.kind"),
            lambda row: text(f"terms.asymmetry.{row.note or row.kind}"),
            numeric=False,
        ),
    ]
    for side in ("penalty", "reward"):
        columns += [
            Column(text(f"tables.drivers.{side}"), _gap_of(side, formats)),
            interval_column(
                formats,
                level,
                heading=f"tables.drivers.{side}_interval",
                low=f"{side}_low",
                high=f"{side}_high",
                signed=True,
            ),
            count_column(f"tables.drivers.n_{side}", f"n_{side}", formats),
        ]
    columns += [
        number_column("tables.drivers.index", "asymmetry_index", formats),
        interval_column(
            formats,
            level,
            heading="tables.drivers.index_interval",
            low="index_low",
            high="index_high",
        ),
        p_column("tables.drivers.p_asymmetry", "p_asymmetry", formats),
        *(
            chance_column(f"tables.drivers.prob_{kind}", f"prob_{kind}", formats)
            for kind in ("basic", "performance", "excitement")
        ),
    ]
    notes = [
        text("tables.drivers.notes.penalty"),
        text(
            "tables.drivers.notes.kinds",
            cut=formats.coefficient(asymmetry.cut),
            chance=formats.percent(asymmetry.decision),
            n=asymmetry.replicates,
        ),
        family_note(asymmetry.p_adjust, formats),
        errors_note(asymmetry.std_errors, formats),
        *design_notes(asymmetry, formats),
    ]
    return display_table(
        data,
        columns,
        name="penalty_and_reward",
        caption=text("tables.drivers.asymmetry"),
        notes=notes,
    )


def display_necessity(
    necessity: NecessityResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how necessary each condition is for a high outcome.

    Parameters
    ----------
    necessity : NecessityResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = necessity.estimates.rename(columns={"class": "kind"})
    columns = [
        name_column("tables.drivers.condition", labels, formats),
        Column(
            text("tables.drivers.ceiling"),
            lambda row: text(f"tables.drivers.ceiling_{row.group}"),
            numeric=False,
        ),
        Column(text("tables.drivers.effect_d"), lambda row: formats.coefficient(row.estimate)),
        Column(
            text("tables.drivers.effect_class"),
            lambda row: text(f"tables.drivers.class_{row.kind}") if row.kind else UNDEFINED,
            numeric=False,
        ),
        p_column("tables.p_plain", "p_value", formats),
        *([p_column(p_heading(necessity.p_adjust), "p_adjusted", formats)]
          if necessity.p_adjust != "none" else []),
        percent_column("tables.drivers.accuracy", "accuracy", formats),
        count_column("tables.drivers.above", "above", formats),
        count_column("tables.n", "n", formats),
    ]  # fmt: skip
    notes = [
        text("tables.drivers.notes.necessity"),
        text("tables.drivers.notes.permutations", n=necessity.permutations),
        family_note(necessity.p_adjust, formats),
        text("tables.drivers.notes.necessity_class"),
    ]
    return display_table(
        data,
        columns,
        name="necessary_conditions",
        caption=text("tables.drivers.necessity"),
        notes=notes,
    )


def display_response(
    shape: ResponseShapeResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show whether the response of the outcome to each driver is curved.

    Parameters
    ----------
    shape : ResponseShapeResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    parts = [
        shape.estimates.loc[shape.estimates["group"] == group]
        .set_index("term")[list(names)]
        .rename(columns=names)
        for group, names in (
            ("nonlinearity", {"estimate": "r2_added", "p_adjusted": "p_curve"}),
            ("bend", {"estimate": "bend", "conf_low": "conf_low", "conf_high": "conf_high",
                      "p_adjusted": "p_bend", "n": "n"}),
        )
    ]  # fmt: skip
    data = shape.shapes.rename(columns={"shape": "kind"})
    for part in parts:
        data = data.merge(part, left_on="term", right_index=True, how="left")
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        Column(
            text("tables.drivers.shape_found"),
            lambda row: text(f"terms.shape.{row.kind}"),
            numeric=False,
        ),
        number_column("tables.drivers.slope_below", "slope_below", formats),
        number_column("tables.drivers.slope_above", "slope_above", formats),
        Column(text("tables.drivers.pivot"), lambda row: formats.points(row.pivot)),
        Column(text("tables.drivers.bend"), lambda row: formats.gap(row.bend)),
        interval_column(formats, shape.confidence_level, signed=True),
        p_column("tables.drivers.p_bend", "p_bend", formats),
        number_column("tables.drivers.r2_added", "r2_added", formats, 3),
        p_column("tables.drivers.p_curve", "p_curve", formats),
        count_column("tables.n", "n", formats),
    ]
    return display_table(
        data,
        columns,
        name="driver_response",
        caption=text("tables.drivers.response"),
        notes=[
            text("tables.drivers.notes.response"),
            family_note(shape.p_adjust, formats),
            errors_note(shape.std_errors, formats),
            *design_notes(shape, formats),
        ],
    )


def _gap_of(source: str, formats: Formats) -> Cell:
    return lambda row: formats.gap(getattr(row, source))


def _with_intervals(placed: ImportancePerformanceResult) -> pd.DataFrame:
    data = placed.positions
    for group in ("performance", "importance"):
        part = placed.estimates[placed.estimates["group"] == group]
        names = {"conf_low": f"{group}_low", "conf_high": f"{group}_high"}
        data = beside(data, part, names)
    rated = placed.estimates[placed.estimates["group"] == "performance"]
    data = beside(data, rated, {"n": "n"})
    own = [getattr(row, f"prob_{row.quadrant}") for row in rows_of(data)]
    return data.assign(prob_own=own)


def _asymmetry_rows(asymmetry: AsymmetryResult) -> pd.DataFrame:
    data = asymmetry.classes.rename(columns={"class": "kind"})
    for side in ("penalty", "reward"):
        part = asymmetry.estimates[asymmetry.estimates["group"] == side]
        names = {
            "estimate": side,
            "conf_low": f"{side}_low",
            "conf_high": f"{side}_high",
            "n": f"n_{side}",
        }
        data = beside(data, part, names)
    tested = asymmetry.estimates[asymmetry.estimates["group"] == "asymmetry"]
    column = "p_value" if asymmetry.p_adjust == "none" else "p_adjusted"
    data = beside(data, tested, {column: "p_asymmetry"})
    return data.sort_values("range", ascending=False, kind="stable", na_position="last")
