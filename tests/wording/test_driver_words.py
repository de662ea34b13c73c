from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from cxresearch.wording import Formats, Messages
from cxresearch.wording.drivers import (
    change_decimals,
    change_text,
    direction_of,
    interval_text,
    scenario_text,
)
from cxresearch.wording.labels import column_label

EN, ES = Formats.of("en"), Formats.of("es")


@pytest.mark.parametrize(
    ("probability", "shown", "told", "in_spanish"),
    [
        (0.784, "78%", "78%", "el 78\u00a0%"),
        (1.0, ">\u00a099%", "more than 99%", "más del 99\u00a0%"),
        (0.0, "<\u00a01%", "less than 1%", "menos del 1\u00a0%"),
        (0.99, "99%", "99%", "el 99\u00a0%"),
        (0.01, "1%", "1%", "el 1\u00a0%"),
        (math.nan, "–", "–", "–"),
    ],
)
def test_a_resampled_probability_is_never_certain(
    probability: float, shown: str, told: str, in_spanish: str
) -> None:
    assert EN.chance(probability) == shown
    assert EN.chance(probability, in_words=True) == told
    assert ES.chance(probability, in_words=True) == in_spanish


def test_the_interval_of_a_share_is_in_percent() -> None:
    assert EN.percent_interval(0.142, 0.22) == "14% to 22%"
    assert EN.percent_interval(math.nan, math.nan) == "–"


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("room", "Room"),
        ("pool", "pool"),
        ("trip[business]", "Trip: business"),
        ("room:trip[business]", "Room × Trip: business"),
        ("room[not used]", "Room: not used"),
        ("(intercept)", "Intercept"),
        ("low|high", "low|high"),
        ("a:b", "a:b"),
    ],
)
def test_columns_of_a_model_have_names(term: str, name: str) -> None:
    assert column_label(term, {"room": "Room.", "trip": "Trip"}, Messages("en")) == name


def test_an_empty_label_gives_way_to_the_name_and_a_long_one_is_cut() -> None:
    assert column_label("room", {"room": " \x00 "}, Messages("en")) == "room"
    assert column_label("room", {"room": "x " * 90}, Messages("en"), longest=9) == "x x x x…"


@pytest.mark.parametrize(
    ("sign", "changes", "direction"),
    [(1, False, "same"), (-1, False, "against"), (0, False, "unsigned"), (-1, True, "turning")],
)
def test_directions_have_codes(sign: int, changes: bool, direction: str) -> None:
    assert direction_of(SimpleNamespace(sign=sign, sign_changes=changes)) == direction


def test_changes_are_in_points_or_percentage_points() -> None:
    assert change_text(0.214, "linear", EN) == "+0.21"
    assert change_text(-0.0214, "binary", EN) == "−2.1"
    assert interval_text(0.01, 0.03, "binary", EN) == "+1.0 to +3.0"
    assert change_decimals(pd.DataFrame({"outcome_before": [34.0]})) == 1
    assert change_decimals(pd.DataFrame({"outcome_before": [6.4]})) == 2


@pytest.mark.parametrize(
    ("amount", "told"), [(0.5, "Staff: +0.5"), (-1.0, "Staff: −1"), (0.25, "Staff: +0.25")]
)
def test_a_shift_is_told_with_its_sign(amount: float, told: str) -> None:
    row = SimpleNamespace(group="shift", amount=amount)
    assert scenario_text(row, "Staff", EN) == told


def test_a_lift_is_told_with_share_and_ends() -> None:
    row = SimpleNamespace(group="lift", amount=0.5, below=3.0, to=5.0)
    assert scenario_text(row, "Staff", EN) == "Staff: 50% of those at 3 or lower to 5"
