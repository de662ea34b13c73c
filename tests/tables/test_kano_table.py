from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cxresearch.shown import DisplayTable
from cxresearch.tables import display_kano


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "driver_results.py"
    spec = importlib.util.spec_from_file_location("driver_results", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("driver_results", module)
    spec.loader.exec_module(module)
    return module


def row_of(table: DisplayTable, name: str) -> dict[str, str]:
    return dict(table.shown.set_index("Feature").loc[name])


def test_a_feature_has_its_class_shares_and_coefficients(drivers: ModuleType) -> None:
    table = display_kano(drivers.kano())
    row = row_of(table, "Wi-Fi")
    assert (row["Class"], row["Must-be"], row["Indifferent"]) == ("must-be", "62%", "38%")
    assert (row["Total strength"], row["n"]) == ("62%", "100")
    assert (row["Better"], row["Worse"]) == ("0.00", "−0.62")
    assert row["95% interval, worse"] == "−0.71 to −0.52"


def test_an_undecided_feature_has_no_class(drivers: ModuleType) -> None:
    result = drivers.kano()
    row = row_of(display_kano(result), "app")
    assert row["Class"] == "not decided"
    assert 50 <= int(row["Most frequent in"].removesuffix("%")) < 80


def test_numbers_that_are_not_defined_are_a_dash(drivers: ModuleType) -> None:
    result = drivers.changed(drivers.kano(), "estimates", "robot", estimate=float("nan"))
    assert row_of(display_kano(result), "robot")["Better"] == "–"


def test_the_strongest_feature_is_first_and_notes_say_what_was_done(
    drivers: ModuleType,
) -> None:
    table = display_kano(drivers.kano(weights="weight"), labels={"breakfast": "Breakfast"})
    assert table.shown["Feature"].iloc[0] == "Breakfast"
    assert table.data["total_strength"].is_monotonic_decreasing
    assert "at least 80% of 1,000 resamples" in table.notes[0]
    assert "case weights" in table.notes[-1]
    assert "nan" not in table.to_html()


def test_the_table_speaks_spanish(drivers: ModuleType) -> None:
    table = display_kano(drivers.kano(), language="es")
    assert table.caption == "Clases de Kano"
    assert table.shown.set_index("Rasgo").loc["Wi-Fi", "Clase"] == "básico"
    assert len(set(table.shown.columns)) == len(table.shown.columns)


def test_no_result_is_no_table() -> None:
    assert display_kano(None) is None
