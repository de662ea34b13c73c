"""Tables on what gaps can bear show every number once, with what it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cxresearch.errors import CxError
from cxresearch.servqual import (
    GapQualityResult,
    ResponseSurfaceResult,
    ZoneResult,
    difference_score_quality,
    response_surface,
    servperf,
    zone_of_tolerance,
)
from cxresearch.shown import DisplayTable
from cxresearch.tables import (
    display_gap_quality,
    display_gap_validity,
    display_response_surface,
    display_servperf,
    display_surface_models,
    display_zone,
)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "gap_quality_results.py"
    spec = importlib.util.spec_from_file_location("gap_quality_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def quality(made: ModuleType) -> GapQualityResult:
    return difference_score_quality(made.answers("servqual.csv"), outcome="OSAT", n_boot=200)


@pytest.fixture(scope="module")
def surface(made: ModuleType) -> ResponseSurfaceResult:
    return response_surface(made.answers(), n_boot=200)


@pytest.fixture(scope="module")
def zone(made: ModuleType) -> ZoneResult:
    return zone_of_tolerance(made.answers(), segments=["region"], min_cell=12)


def cell(table: DisplayTable, row: str, column: str) -> str:
    first = table.shown.columns[0]
    return str(table.shown.set_index(first).loc[row, column])


def test_nothing_to_show_is_none(made: ModuleType) -> None:
    for display in (
        display_gap_quality, display_gap_validity, display_response_surface,
        display_surface_models, display_servperf, display_zone,
    ):  # fmt: skip
        assert display(None) is None
    without = difference_score_quality(made.answers("servqual.csv"), n_boot=100)
    assert display_gap_validity(without) is None


def test_reliability_of_the_gap_stands_beside_alpha(quality: GapQualityResult) -> None:
    table = display_gap_quality(quality)
    assert cell(table, "Tangibles", "Reliability of the gap") == ".66"
    assert cell(table, "Tangibles", "Alpha of item gaps") == ".65"
    assert cell(table, "Reliability", "Variance, expected : received") == "0.30"
    assert any("Reliability." in note and "little more" in note for note in table.notes)


def test_williams_stands_with_both_correlations(quality: GapQualityResult) -> None:
    table = display_gap_validity(quality)
    row = quality.validity.iloc[-1]
    assert cell(table, "All dimensions", "r with received") == f"{row['r_perception']:.2f}"[1:]
    assert cell(table, "All dimensions", "df") == "397"
    assert "Overall satisfaction" in table.caption


def test_single_items_are_a_dash_with_a_reason(made: ModuleType) -> None:
    table = display_gap_quality(difference_score_quality(made.answers(), n_boot=100))
    assert cell(table, "Responsiveness", "Reliability of the gap") == "–"
    assert any("single question" in note for note in table.notes)


def test_a_surface_has_all_terms_and_both_verdicts(surface: ResponseSurfaceResult) -> None:
    table = display_response_surface(surface)
    assert len(table.shown) == 17
    assert cell(table, "X0: level point, received", "p") == "–"
    assert any(note.startswith("The gap is not a fair summary") for note in table.notes)
    assert any("meeting expectations exactly" in note for note in table.notes)
    assert any("has a saddle" in note for note in table.notes)
    assert any("HC3" in note for note in table.notes)


def test_models_show_the_test_against_the_gap(surface: ResponseSurfaceResult) -> None:
    table = display_surface_models(surface)
    assert cell(table, "The gap alone", "p, adjusted") == "–"
    assert cell(table, "Curved surface", "p, adjusted") == "< .001"
    assert "(4; " in cell(table, "Curved surface", "F (df)")
    assert "AICc" in table.shown.columns


def test_zones_show_place_and_what_was_left_out(zone: ZoneResult) -> None:
    table = display_zone(zone)
    assert cell(table, "Tangibles", "Place") == "within the zone"
    assert any(note.startswith("39 answers with a minimum above") for note in table.notes)
    assert len(display_zone(zone, "item").shown) == 10
    assert len(display_zone(zone, "overall").shown) == 1


def test_small_cells_of_zones_are_hidden(zone: ZoneResult) -> None:
    table = display_zone(zone, segment="region")
    west = table.shown[table.shown["Group"] == "West"]
    assert set(west["n"]) == {"< 12"}
    assert set(west["Minimum"]) == {"–"}
    south = table.shown[table.shown["Group"] == "South"]
    assert set(south["n"]) == {"hidden"}
    with pytest.raises(CxError, match="segment must be one of 'region'"):
        display_zone(zone, segment="branch")
    with pytest.raises(CxError, match="level must be one of"):
        display_zone(zone, "items")  # type: ignore[arg-type]


def test_ways_of_summing_up_stand_side_by_side(made: ModuleType) -> None:
    table = display_servperf(servperf(made.answers("servqual.csv")))
    assert cell(table, "Mean over dimensions", "Gap") == "−0.935"
    assert cell(table, "Mean over items", "Gap") == "−0.967"
    assert cell(table, "By each customer's own importance points", "Gap") == "−1.075"
    assert cell(table, "By mean importance points", "Gap") == "−1.080"
    assert cell(table, "Own points less mean points", "Gap") == "+0.005"


def test_tables_speak_spanish(
    quality: GapQualityResult, surface: ResponseSurfaceResult, zone: ZoneResult
) -> None:
    assert display_gap_quality(quality, language="es").shown.columns[1] == (
        "Fiabilidad de la brecha"
    )
    assert "punto de silla" in " ".join(display_response_surface(surface, language="es").notes)
    assert cell(display_zone(zone, language="es"), "Tangibles", "Lugar") == "dentro de la zona"
