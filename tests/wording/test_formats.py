from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.wording import (
    Formats,
    decimals_for,
    format_count,
    format_gap,
    format_interval,
    format_number,
    format_p,
    format_percent,
)

NAN, INF = math.nan, math.inf


def test_a_gap_has_its_sign_and_a_true_minus() -> None:
    assert format_gap(-0.8154) == "−0.82"
    assert format_gap(0.214) == "+0.21"
    assert format_gap(-0.004) == "0.00"
    assert format_gap(0.0) == "0.00"
    assert format_gap(-0.82, language="es") == "−0,82"


def test_what_is_not_defined_is_a_dash() -> None:
    formats = Formats.of("en")
    shown = [
        formats.number(NAN), formats.gap(NAN), formats.p(NAN), formats.percent(NAN),
        formats.count(NAN), formats.coefficient(NAN), formats.interval(NAN, NAN),
        formats.coefficient_interval(NAN, NAN),
    ]  # fmt: skip
    assert set(shown) == {"–"}


def test_infinite_numbers_are_signs() -> None:
    assert format_number(-INF) == "−∞"


@pytest.mark.parametrize(
    ("p", "english", "spanish"),
    [
        (0.0, "< .001", "< 0,001"),
        (0.00099, "< .001", "< 0,001"),
        (0.001, ".001", "0,001"),
        (0.0324, ".032", "0,032"),
        (0.4996, ".500", "0,500"),
        (0.9994, ".999", "0,999"),
        (1.0, "> .999", "> 0,999"),
    ],
)
def test_p_values_have_three_decimals_and_no_idle_zero(
    p: float, english: str, spanish: str
) -> None:
    assert format_p(p) == english
    assert format_p(p, language="es") == spanish


def test_an_interval_speaks_the_language() -> None:
    assert format_interval(-0.954, -0.688) == "−0.95 to −0.69"
    assert format_interval(-0.05, 0.15) == "−0.05 to +0.15"
    assert format_interval(0.7, 0.85, signed=False) == "0.70 to 0.85"
    assert format_interval(-0.954, 0.1, language="es") == "−0,95 a +0,10"


def test_an_interval_that_leaves_out_zero_never_seems_to_touch_it() -> None:
    assert format_interval(-0.4, -0.003) == "−0.400 to −0.003"
    assert format_interval(0.0004, 0.3) == "+0.0004 to +0.3000"
    assert format_interval(-0.4, 0.003) == "−0.40 to 0.00"


def test_coefficients_lose_the_idle_zero_only() -> None:
    formats = Formats.of("en")
    assert formats.coefficient(0.814) == ".81"
    assert formats.coefficient(-0.3) == "−.30"
    assert formats.coefficient(1.0) == "1.00"
    assert formats.coefficient_interval(0.7, 0.85) == ".70 to .85"
    assert Formats.of("es").coefficient(0.814) == "0,81"


def test_counts_are_grouped_as_the_language_does() -> None:
    assert format_count(1234.0) == "1,234"
    assert format_count(1234, language="es") == "1234"
    assert format_count(12345, language="es") == "12\u202f345"


def test_percentages_and_levels() -> None:
    assert format_percent(0.021, 1) == "2.1%"
    assert format_percent(0.5, language="es") == "50\u00a0%"
    formats = Formats.of("en")
    assert [formats.level(x) for x in (0.95, 0.9, 0.995)] == ["95%", "90%", "99.5%"]


def test_points_lose_idle_decimals() -> None:
    formats = Formats.of("en")
    assert [formats.points(x) for x in (31.02, 31.48, 7.0)] == ["31", "31.5", "7"]


def test_wide_scales_have_one_decimal() -> None:
    assert decimals_for(1, 7) == 2
    assert decimals_for(0, 100) == 1


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_formatted_number_reads_back_to_its_rounding(value: float) -> None:
    text = format_number(value, 2).replace("−", "-").replace(",", "")
    assert float(text) == pytest.approx(round(value, 2), abs=0.0051)


@given(st.floats(0, 1))
def test_every_p_value_has_a_text(p: float) -> None:
    assert format_p(p).lstrip("<> ").startswith(".")
