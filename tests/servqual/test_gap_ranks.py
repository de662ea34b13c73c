"""Signed ranks: R's statistic, p-value, pseudo-median and interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cxresearch.responses.model import Responses
from cxresearch.servqual import gap_ranks
from cxresearch.servqual.ranks import signed_ranks

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]


def test_every_term_agrees_with_r(read_answers: Read, golden: Golden) -> None:
    found = gap_ranks(read_answers("data/servqual_faults.csv")).estimates.set_index("term")
    for expected in golden("servqual_ranks.json")["values"]["rows"]:
        row = found.loc[expected["term"]]
        for name in ("n", "zeros", "statistic", "p_value", "rank_biserial"):
            assert row[name] == pytest.approx(expected[name], rel=1e-9), expected["term"]
        # R finds these roots to 1e-4, and where V jumps at a tie the root is anywhere in it.
        for mine, name in (
            ("estimate", "pseudo_median"),
            ("conf_low",) * 2,
            ("conf_high",) * 2,
        ):
            assert row[mine] == pytest.approx(expected[name], abs=2e-4), (
                expected["term"],
                name,
            )


def test_few_untied_gaps_have_the_exact_test(golden: Golden) -> None:
    # The depression scale of Hollander & Wolfe (1973), the example of R's wilcox.test.
    expected = golden("servqual_ranks.json")["values"]["depression"]
    found = signed_ranks(np.array(expected["values"]))
    assert found["method"] == "exact"
    assert found["statistic"] == expected["statistic"] == 40
    assert found["p_value"] == pytest.approx(0.0390625)
    assert found["p_value"] == pytest.approx(expected["p_value"])
    assert found["estimate"] == pytest.approx(expected["pseudo_median"])
    assert found["conf_low"] == pytest.approx(expected["conf_low"])
    assert found["conf_high"] == pytest.approx(expected["conf_high"])


def test_effects_of_the_sleep_data(make_responses: Make) -> None:
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    row = gap_ranks(make_responses({"E01": second, "P01": first})).estimates.iloc[0]
    assert row["g_z"] == pytest.approx(-1.1739249035142, rel=1e-10)
    assert row["d_rm"] == pytest.approx(-0.822176638386309, rel=1e-10)
    assert row["statistic"] == 0
    assert row["p_value"] == pytest.approx(0.00909069801592506, rel=1e-10)
    assert row["rank_biserial"] == -1


def test_gaps_of_zero_have_no_ranks(make_responses: Make) -> None:
    found = gap_ranks(make_responses({"E01": [5.0] * 6, "P01": [5.0] * 6}))
    row = found.estimates.iloc[0]
    assert (row["note"], row["zeros"]) == ("too_few", 6.0)
    assert np.isnan(row["p_value"])
    assert found.glance()["n"].tolist() == [6]


def test_swapping_the_parts_turns_the_signs(read_answers: Read) -> None:
    gaps = np.random.default_rng(1).integers(-3, 4, 80).astype(float)
    one, other = signed_ranks(gaps), signed_ranks(-gaps)
    assert one["p_value"] == pytest.approx(other["p_value"])
    assert one["rank_biserial"] == pytest.approx(-float(other["rank_biserial"]))
    assert one["conf_low"] == pytest.approx(-float(other["conf_high"]), abs=1e-6)
