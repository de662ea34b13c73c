"""Findings on the measurement govern how findings on gaps are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxresearch.psychometrics import InvarianceResult, distinct_scales, measurement_invariance
from cxresearch.sentences import read_together, retell
from cxresearch.shown import Finding

GAP = Finding(
    message="findings.segment_spread",
    values={"name": "empathy", "segment": "branch", "low_group": "A", "high_group": "B",
            "low_gap": -1.0, "high_gap": -0.5},
    text="The gap in empathy is not the same.",
    sure="clear",
    rank=70.0,
    result="servqual_gaps",
    group="branch",
)  # fmt: skip
OVERALL = replace(GAP, term="overall", group="", rank=80.0)
CHANGE = replace(GAP, result="gap_changes", group="spring → autumn")


def looked_at(group: str, verdict: str) -> InvarianceResult:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(120, 1)) + rng.normal(size=(120, 4)))
    frame.columns = list("abcd")
    frame[group] = np.repeat(["A", "B"], 60)
    found = measurement_invariance(frame, {"f": list("abcd")}, group=group)
    return replace(found, verdict=verdict)


@pytest.mark.parametrize("verdict", ["not_comparable", "comparable_partial", "unclear"])
def test_differences_end_with_a_caution_in_both_languages(verdict: str) -> None:
    (told,) = read_together([GAP], looked_at("branch", verdict))
    assert "Read it with caution: " in told.text
    assert "leerlo con cautela" in retell(told.to_dict(), "es")
    assert retell(told.to_dict(), "en") == told.text


def test_nothing_is_added_where_equal_intercepts_hold() -> None:
    assert read_together([GAP], looked_at("branch", "comparable")) == (GAP,)


def test_only_differences_by_that_grouping_are_meant() -> None:
    waves = looked_at("wave", "not_comparable")
    open_gap = replace(GAP, group="wave", sure="not_decided")
    told = read_together([GAP, open_gap, CHANGE], waves, looked_at("branch", "comparable"))
    assert [one.text.count("Read it with caution") for one in told] == [0, 0, 1]


def test_what_names_the_lowest_group_carries_the_caution_too() -> None:
    worst = Finding(
        message="findings.gap_groups.worst_likely",
        values={"grouping": "branch", "segment": "Branch", "low_group": "Harbour", "n": 12,
                "low_gap": -1.2, "chance": 0.86, "decimals": 2},
        text="Harbour probably has the lowest gap.",
        sure="likely",
        rank=37.0,
        result="pooled_gaps",
        group="Harbour",
    )  # fmt: skip
    (told,) = read_together([worst], looked_at("branch", "not_comparable"))
    assert "Harbour" in told.text
    assert told.text.endswith("the difference may lie in how they answer.")
    assert told.group == "Harbour"
    open_worst = replace(worst, message="findings.gap_groups.worst_open", sure="not_decided")
    assert read_together([open_worst], looked_at("branch", "not_comparable")) == (open_worst,)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "By branch, whether groups use the scale alike was not checked: "),
        ("es", "Por branch, no se comprobó si los grupos usan igual la escala: "),
    ],
)
def test_a_grouping_that_was_not_looked_at_is_said_once(language: str, said: str) -> None:
    again = replace(GAP, term="tangibles")
    waves = looked_at("wave", "comparable")
    told = read_together([GAP, again, CHANGE], waves, None, language=language)
    assert [one.values.get("care") for one in told[:-1]] == ["not_checked", "not_checked", None]
    assert told[-1].text.startswith(said)
    assert (told[-1].topic, told[-1].sure) == ("quality", "not_decided")


def test_what_compares_no_groups_needs_no_check() -> None:
    small = replace(GAP, message="findings.segment_too_small", sure="not_decided")
    everybody = replace(GAP, group="all")
    assert read_together([OVERALL, everybody, small]) == (OVERALL, everybody, small)


def test_the_overall_gap_follows_the_verdict_of_one_factor() -> None:
    rng = np.random.default_rng(1)
    halo = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 6)))
    halo.columns = list("abcdef")
    one = distinct_scales(halo, {"A": list("abc"), "B": list("def")}, n_boot=50)
    assert one.verdict == "one_factor"
    assert read_together([OVERALL], one)[0].rank == 99.0
    assert read_together([OVERALL], replace(one, verdict="partly", groups=("A", "B"))) == (
        OVERALL,
    )
