"""Published numbers beside ours."""

from __future__ import annotations

import pytest

import cxresearch as cx
from cxresearch.errors import CxError, EstimationError


def test_printed_digits_set_the_tolerance() -> None:
    found = cx.reproduce_published("A", {"x": ".530", "y": 0.5}, {"x": 0.5304, "y": 0.549})
    assert found.agrees
    assert found.tidy()["tolerance"].tolist() == [0.0005, 0.05]
    assert "2 of 2 numbers reproduced" in found._repr_html_()


def test_a_number_that_is_off_needs_an_explanation() -> None:
    with pytest.raises(EstimationError, match=r"\['x'\] are not reproduced"):
        cx.reproduce_published("A", {"x": ".530"}, {"x": 0.531})
    told = cx.reproduce_published(
        "A", {"x": ".530"}, {"x": 0.531}, explained={"x": "printed from rounded data"}
    )
    assert not told.agrees
    assert "printed from rounded data" in told._repr_html_()


def test_what_is_not_a_number_is_not_reproduced() -> None:
    with pytest.raises(EstimationError, match="not reproduced"):
        cx.reproduce_published("A", {"x": 1}, {"x": float("nan")})


def test_a_tolerance_can_be_stated_for_all_or_for_one() -> None:
    assert cx.reproduce_published("A", {"x": "1.00"}, {"x": 1.04}, tolerance=0.05).agrees
    assert cx.reproduce_published("A", {"x": "1.00"}, {"x": 1.04}, tolerance={"x": 0.05}).agrees


def test_names_must_match() -> None:
    with pytest.raises(CxError, match=r"ours: \['z'\] not found"):
        cx.reproduce_published("A", {"x": 1}, {"z": 1.0})
