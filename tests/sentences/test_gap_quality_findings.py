"""Findings on what gaps can bear say no more than their intervals."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from cxresearch.sentences import findings, retell
from cxresearch.servqual import (
    GapQualityResult,
    ResponseSurfaceResult,
    ZoneResult,
    difference_score_quality,
    response_surface,
    servperf,
    zone_of_tolerance,
)


@pytest.fixture(scope="module")
def given() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "gap_quality_results.py"
    spec = importlib.util.spec_from_file_location("gap_quality_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def quality(given: ModuleType) -> GapQualityResult:
    return difference_score_quality(given.answers("servqual.csv"), outcome="OSAT", n_boot=400)


@pytest.fixture(scope="module")
def surface(given: ModuleType) -> ResponseSurfaceResult:
    return response_surface(given.answers(), n_boot=200)


@pytest.fixture(scope="module")
def zone(given: ModuleType) -> ZoneResult:
    return zone_of_tolerance(given.answers())


def told(result: object, message: str) -> list[str]:
    return [f.text for f in findings(result) if f.message == f"findings.gap_quality.{message}"]


def test_what_was_received_says_more_where_the_test_says_so(quality: GapQualityResult) -> None:
    (text,) = told(quality, "received_more")
    assert text.startswith("For predicting overall satisfaction, what customers received says")
    row = quality.validity.iloc[-1]
    assert f"it correlates {row['r_perception']:.2f}".replace("0.", ".") in text


@pytest.mark.parametrize(
    ("low", "p", "message", "sure"),
    [
        (0.01, 0.08, "received_more_likely", "likely"),
        (-0.02, 0.20, "predict_open", "not_decided"),
        (0.01, 0.001, "received_more", "clear"),
    ],
)
def test_hedges_follow_interval_and_test(
    quality: GapQualityResult, low: float, p: float, message: str, sure: str
) -> None:
    changed = quality.validity.assign(conf_low=low, conf_high=0.2, p_value=p)
    first = findings(replace(quality, validity=changed))[0]
    assert (first.message, first.sure) == (f"findings.gap_quality.{message}", sure)


def test_a_gap_that_predicts_better_is_told_too(quality: GapQualityResult) -> None:
    turned = quality.validity.assign(
        estimate=-0.1, conf_low=-0.2, conf_high=-0.01, p_value=0.001
    )
    assert told(replace(quality, validity=turned), "gap_more")


def test_a_study_without_outcome_says_so_in_one_line(given: ModuleType) -> None:
    found = findings(difference_score_quality(given.answers("servqual.csv"), n_boot=100))
    (line,) = (f for f in found if f.message.endswith("no_outcome"))
    assert line.topic == "quality"
    assert "No outcome such as satisfaction" in line.text


def test_reliability_is_hedged_where_its_interval_reaches_the_mark(
    quality: GapQualityResult,
) -> None:
    assert told(quality, "unreliable_likely") == [
        "For tangibles and assurance much of the gap may be chance: the reliability of the gap "
        "is at most .66, where 1 is free of chance. Read it with care."
    ]
    surely = quality.estimates.assign(conf_high=0.6, estimate=0.5)
    assert told(replace(quality, estimates=surely), "unreliable")
    good = quality.estimates.assign(estimate=0.8, conf_low=0.75, conf_high=0.85)
    assert told(replace(quality, estimates=good), "reliable") == [
        "Little in the gaps is chance: the reliability of a gap is .80 or more, where 1 is free"
        " of chance."
    ]
    few = quality.estimates.assign(estimate=0.8, conf_low=0.45, conf_high=0.9)
    assert told(replace(quality, estimates=few), "reliable") == []
    (line,) = told(replace(quality, estimates=few), "reliable_likely")
    assert line.startswith("Little in the gaps seems to be chance")


def test_restricted_expectations_are_named(quality: GapQualityResult) -> None:
    (text,) = told(quality, "ceiling")
    assert text.startswith("Expectations of reliability stand at the top of the scale or")


def test_the_surface_refutes_and_never_proves(surface: ResponseSurfaceResult) -> None:
    assert told(surface, "surface_curved")
    straight = surface.comparisons.assign(p_value=0.5)
    assert told(replace(surface, comparisons=straight), "surface_linear")
    (text,) = told(replace(surface, verdict="not_refuted"), "surface_not_refuted")
    assert "does not prove it" in text
    assert told(replace(surface, verdict="no_relation"), "surface_no_relation")
    assert told(replace(surface, congruence="supported"), "congruence")
    assert not told(replace(surface, congruence="not_shown"), "congruence")


def placed(zone: ZoneResult, zones: dict[str, str], p: float) -> ZoneResult:
    own = zone.zones["term"].map(zones)
    return replace(
        zone,
        zones=zone.zones.assign(zone=own.where(own.notna(), zone.zones["zone"])),
        estimates=zone.estimates.assign(p_adjusted=p),
    )


def test_places_are_told_with_their_gap(zone: ZoneResult) -> None:
    below = placed(zone, {"REL": "below"}, 0.001)
    (text,) = told(below, "zone_below")
    assert text.startswith("On reliability customers get less than the minimum they accept:")
    assert "95% interval" in text
    (hedged,) = told(placed(zone, {"REL": "below"}, 0.2), "zone_below_likely")
    assert "may get less" in hedged
    assert told(placed(zone, {"RES": "above"}, 0.001), "zone_above")
    assert told(placed(zone, {"RES": "above"}, 0.2), "zone_above_likely")


def test_what_is_not_decided_is_not_told_as_inside(zone: ZoneResult) -> None:
    (inside,) = told(zone, "zone_within")
    assert inside.endswith("tangibles and responsiveness.")
    (unsure,) = told(zone, "zone_open")
    assert "not decided for reliability" in unsure
    assert told(zone, "misordered") == [
        "39 answers put the minimum above the desired level and are left out."
    ]
    assert (
        "as far as single intervals show"
        in told(placed(zone, {}, 0.2), "zone_within_likely")[0]
    )


def test_a_dimension_without_answers_is_not_told(zone: ZoneResult) -> None:
    empty = zone.zones.assign(zone="not_decided", perception=np.nan)
    assert told(replace(zone, zones=empty), "zone_open") == []


def test_ways_of_summing_up_are_told_where_they_show(given: ModuleType) -> None:
    perf = servperf(given.answers("servqual.csv"))
    (text,) = told(perf, "ways")
    assert "−0.93 over dimensions, −0.97 over items" in text
    same = perf.overall.assign(estimate=0.0)
    assert findings(replace(perf, overall=same)) == ()


@pytest.mark.parametrize("limit", [0, 1, 5, None])
def test_findings_keep_to_the_limit_and_are_told_again_alike(
    zone: ZoneResult, surface: ResponseSurfaceResult, limit: int | None
) -> None:
    if limit == 0:
        with pytest.raises(Exception, match="limit must be at least 1"):
            findings(zone, limit=limit)
        return
    for result in (zone, surface):
        found = findings(result, limit=limit)
        topics = pd.Series([f.topic for f in found])
        assert (topics == "finding").sum() <= (limit or 99)
        for finding in found:
            assert retell(finding.to_dict(), "en") == finding.text
            assert retell(finding.to_dict(), "es") != finding.text
