"""Kano classes: the table by hand, R's intervals, classes only where decided."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.drivers.kano import KANO_CLASSES, kano_classes
from cxresearch.errors import CxError, ResponseError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
PAIRS = {"wifi": ("wifi_yes", "wifi_no"), "spa": ("spa_yes", "spa_no")}


def made() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_models_kano.csv")


def test_shares_and_coefficients_equal_r() -> None:
    text = (REFERENCE / "expected" / "drivers_models_kano.json").read_text(encoding="utf-8")
    want = json.loads(text)["values"]
    found = kano_classes(made(), pairs=PAIRS)
    expected = pd.DataFrame(want["estimates"])
    for column in ("estimate", "std_error", "conf_low", "conf_high", "n"):
        np.testing.assert_allclose(found.estimates[column], expected[column], rtol=1e-10)
    for row, wanted in zip(found.classes.to_dict("records"), want["classes"], strict=True):
        for name, value in wanted.items():
            assert row[name] == (pytest.approx(value) if isinstance(value, float) else value)
    for name in set(want) - {"estimates", "classes"}:
        assert getattr(found, name) == want[name]


@pytest.mark.parametrize(
    ("functional", "dysfunctional", "kind"),
    [
        (1, 1, "questionable"), (1, 3, "attractive"), (1, 5, "performance"), (2, 5, "must_be"),
        (3, 3, "indifferent"), (2, 1, "reverse"), (5, 2, "reverse"), (5, 5, "questionable"),
    ],
)  # fmt: skip
def test_the_evaluation_table_is_kanos(functional: int, dysfunctional: int, kind: str) -> None:
    frame = pd.DataFrame({"f": [functional] * 4, "d": [dysfunctional] * 4})
    row = kano_classes(frame, pairs={"x": ("f", "d")}).classes.iloc[0]
    assert row["class"] == kind
    assert row[f"share_{kind}"] == 1


def test_better_and_worse_by_hand() -> None:
    """A 2, P 3, M 4, I 1: better 5/10, worse −7/10; R and Q do not count."""
    pairs = [(1, 3)] * 2 + [(1, 5)] * 3 + [(2, 5)] * 4 + [(3, 3)] + [(5, 1), (1, 1)]
    frame = pd.DataFrame(pairs, columns=["f", "d"])
    rows = kano_classes(frame, pairs={"x": ("f", "d")}).estimates.set_index("group")
    assert rows["estimate"].to_dict() == {"better": 0.5, "worse": -0.7}
    assert rows["n"].tolist() == [10, 10]


def test_probabilities_equal_the_normal_ones_for_two_classes() -> None:
    frame = pd.DataFrame([(2, 5)] * 110 + [(1, 5)] * 90, columns=["f", "d"])
    row = kano_classes(frame, pairs={"x": ("f", "d")}, replicates=4000).classes.iloc[0]
    normal = stats.norm.cdf(20 / np.sqrt(200 - 20**2 / 200))
    assert row["prob_must_be"] == pytest.approx(
        normal, abs=4 * np.sqrt(0.08 * 0.92 / 4000) + 0.01
    )
    assert row["class"] == "must_be"


def test_a_tie_is_not_classified() -> None:
    frame = pd.DataFrame([(2, 5)] * 50 + [(1, 5)] * 50, columns=["f", "d"])
    row = kano_classes(frame, pairs={"x": ("f", "d")}).classes.iloc[0]
    assert row["class"] == "not_classifiable"
    assert sum(row[f"prob_{name}"] for name in KANO_CLASSES) == pytest.approx(1)


def test_weights_times_ten_change_nothing_and_widen_intervals_when_unequal() -> None:
    frame = made().assign(w=np.linspace(0.2, 3, 150), ten=np.linspace(2, 30, 150))
    plain, one, ten = (kano_classes(frame, pairs=PAIRS, weights=w) for w in (None, "w", "ten"))
    pd.testing.assert_frame_equal(one.estimates, ten.estimates)
    widths = [r.estimates["conf_high"] - r.estimates["conf_low"] for r in (plain, one)]
    assert (widths[1] > widths[0]).all()


def test_only_contradictions_leave_better_and_worse_undefined() -> None:
    frame = pd.DataFrame({"f": [1, 1], "d": [1, 1]})
    found = kano_classes(frame, pairs={"x": ("f", "d")})
    assert found.estimates["estimate"].isna().all()
    assert found.estimates["n"].tolist() == [0, 0]


def test_bad_pairs_are_refused() -> None:
    with pytest.raises(CxError, match="pairs is empty"):
        kano_classes(made(), pairs={})
    with pytest.raises(CxError, match="'wifi' needs two columns"):
        kano_classes(made(), pairs={"wifi": ["wifi_yes"]})
    with pytest.raises(ResponseError, match=r"150 answer.s. are not 1, 2, 3, 4 or 5, e.g. 0"):
        kano_classes(made().assign(wifi_no=0), pairs=PAIRS)
    with pytest.raises(ResponseError, match="'wifi': no respondent answered both"):
        kano_classes(made().assign(wifi_no=np.nan), pairs=PAIRS)
