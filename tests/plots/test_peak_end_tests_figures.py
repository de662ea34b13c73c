"""Figures of predictions and of looks."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.peak_end import always_valid, sequential_test
from cxresearch.plots import plot_looks, plot_predictions

LOOKS = pd.DataFrame(
    {"estimate": [0.9, 0.6, 0.7], "std_error": [0.5, 0.36, 0.25], "n": [40, 80, 120]}
)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "peak_end_results.py"
    spec = importlib.util.spec_from_file_location("peak_end_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_panel_tells_its_correlation_and_error(made: ModuleType) -> None:
    found = made.models()
    figure = plot_predictions(found)
    rmse = found.models.set_index("term").loc["end", "cv_rmse"]
    assert f"End alone: r .86, error {rmse:.2f}" in figure.alt_text
    for svg in (figure.svg, figure.svg_narrow):
        assert svg.count("r .") >= 6
    assert "120 episodes of 60 people" in figure.caption


def test_few_dots_are_drawn_of_many_and_said(made: ModuleType) -> None:
    few = plot_predictions(made.models(), shown=20)
    assert "20 episodes are drawn" in few.caption
    assert len(few.svg) < len(plot_predictions(made.models()).svg)


def test_rules_are_chosen_and_unknown_ones_refused(made: ModuleType) -> None:
    two = plot_predictions(made.models(), rules=("end", "mean"), language="es")
    assert two.alt_text.startswith("Observado frente a predicho, 2 reglas")
    with pytest.raises(CxError, match=r"rules: \['ends'\] not found"):
        plot_predictions(made.models(), rules=("ends",))


def test_looks_are_rows_with_their_intervals() -> None:
    figure = plot_looks(sequential_test(LOOKS, planned_n=120))
    assert "after 120 people +0.70 (+0.20 to +1.20)" in figure.alt_text
    assert "After 40 people" in figure.svg
    one_sided = plot_looks(sequential_test(LOOKS, planned_n=120, alternative="greater"))
    assert "After 80 people" in one_sided.svg
    assert "−0.07" in plot_looks(always_valid(LOOKS, tau=0.5)).alt_text
    assert plot_looks(None) is None
