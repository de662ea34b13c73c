from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cxresearch.errors import CxError
from cxresearch.sentences import findings, retell
from cxresearch.shown import Finding

CAUSAL = r"\b(drives|drive|because|causes|leads? to|due to|effect|impact|influences?)\b"
LABELS = {"staff": "Staff", "osat": "Satisfaction", "trip": "Kind of trip"}


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "driver_results.py"
    spec = importlib.util.spec_from_file_location("driver_results", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("driver_results", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(drivers: ModuleType) -> list[object]:
    return [
        drivers.segments(),
        drivers.alike(),
        drivers.segments(n_boot=0),
        drivers.segments(n_boot=0, n_permutations=0),
        drivers.segments(min_cell=190),
        drivers.forest(),
        drivers.bent_forest(),
        dataclasses.replace(drivers.forest(), verdict="undecided"),
        drivers.imputed(),
    ]


def told(found: tuple[Finding, ...], message: str) -> list[Finding]:
    return [f for f in found if f.message.endswith(f".{message}")]


def with_tests(result: Any, measure: str, **p_values: float) -> Any:
    """The result with the adjusted p of some drivers in one kind of test."""
    tests = result.tests.copy()
    for term, p in p_values.items():
        tests.loc[(tests["group"] == measure) & (tests["term"] == term), "p_adjusted"] = p
    return dataclasses.replace(result, tests=tests)


# ── by group ──────────────────────────────────────────────────────────────────────────────


def test_a_difference_is_told_with_both_shares_and_its_interval(drivers: ModuleType) -> None:
    found = findings(drivers.segments(), labels=LABELS)
    assert found[0].text == (
        "Staff goes with satisfaction more in Business (77% of what the drivers explain there) "
        "than in Leisure (34%): difference 43 percentage points (95% interval 24 to 62)."
    )
    assert (found[0].sure, found[0].term, found[0].group) == ("clear", "staff", "Business")
    assert found[0].estimate == pytest.approx(42.9, abs=0.05)
    assert found[0].conf_low < found[0].estimate < found[0].conf_high


def test_the_group_with_the_larger_share_is_named_first(drivers: ModuleType) -> None:
    comfort = told(findings(drivers.segments()), "segment_more")[1]
    assert "more in Leisure (19%" in comfort.text
    assert comfort.group == "Leisure"
    assert comfort.conf_low > 0


def test_a_difference_that_the_test_does_not_decide_is_not_told(drivers: ModuleType) -> None:
    found = findings(with_tests(drivers.segments(), "percent", staff=0.2))
    assert {f.term for f in told(found, "segment_more")} == {"comfort"}


def test_a_difference_whose_interval_includes_zero_is_not_told(drivers: ModuleType) -> None:
    result = drivers.segments()
    assert result.tests.query("group == 'percent' and term == 'clean'")["p_adjusted"].item() < (
        0.05
    )
    assert "clean" not in {f.term for f in findings(result, limit=None)}


def test_no_difference_shown_is_one_sentence_that_claims_no_equality(
    drivers: ModuleType,
) -> None:
    found = findings(drivers.alike())
    assert [f.text for f in found] == [
        "The data do not show that importance differs between the groups by wave; differences "
        "of up to 21 percentage points are compatible with them."
    ]
    assert found[0].sure == "not_decided"
    assert retell(found[0].to_dict(), "es").startswith("Los datos no muestran que la importanc")


def test_drivers_that_are_not_decided_are_named_beside_those_that_are(
    drivers: ModuleType,
) -> None:
    rest = told(findings(drivers.segments()), "segment_rest")
    assert len(rest) == 1
    assert rest[0].text.startswith(
        "For wifi, arrival, breakfast and queue the data do not show"
    )


def test_slopes_that_differ_are_told_and_contradict_nothing(drivers: ModuleType) -> None:
    found = findings(drivers.segments(), labels=LABELS)
    assert told(found, "segment_slopes")[0].text == (
        "For clean and staff a point more does not go with the same change of satisfaction in "
        "all groups by kind of trip."
    )
    alone = findings(with_tests(drivers.alike(), "coefficient", staff=0.01))
    assert [f.message.rsplit(".")[-1] for f in alone] == ["segment_slopes", "segment_rest"]
    assert "staff" not in alone[1].text


def test_the_direction_decides_the_words(drivers: ModuleType) -> None:
    result = drivers.segments()
    for sign, message in ((-1, "segment_more_against"), (0, "segment_more_unsigned")):
        table = result.estimates.copy()
        table.loc[table["term"] == "staff", "sign"] = sign
        found = findings(dataclasses.replace(result, estimates=table))
        assert told(found, message)[0].term == "staff"
    table.loc[(table["term"] == "staff") & (table["group"] == "Business"), "sign"] = 1
    mixed = findings(dataclasses.replace(result, estimates=table))
    assert "whatever its direction" in told(mixed, "segment_more_unsigned")[0].text


def test_without_intervals_the_test_alone_is_likely(drivers: ModuleType) -> None:
    found = told(findings(drivers.segments(n_boot=0), limit=None), "segment_spread")
    assert found[0].sure == "likely"
    assert "largest in Business (77%) and smallest in Leisure (34%)" in found[0].text


def test_without_any_test_nothing_is_claimed_of_shares(drivers: ModuleType) -> None:
    found = findings(drivers.segments(n_boot=0, n_permutations=0))
    assert told(found, "segment_untested")
    assert not told(found, "segment_spread")
    assert not told(found, "segment_open")


def test_without_shuffles_the_pairs_decide(drivers: ModuleType) -> None:
    found = findings(drivers.segments(n_permutations=0))
    assert told(found, "segment_more")[0].term == "staff"


def test_differences_without_known_ends_have_no_bound(drivers: ModuleType) -> None:
    result = drivers.alike()
    unknown = result.differences.assign(simultaneous_low=math.nan, simultaneous_high=math.nan)
    found = findings(dataclasses.replace(result, differences=unknown))
    assert found[0].message == "findings.drivers.segment_open"


def test_shares_of_nothing_are_not_compared(drivers: ModuleType) -> None:
    result = drivers.segments(n_boot=0)
    nothing = dataclasses.replace(result, estimates=result.estimates.assign(percent=math.nan))
    assert not told(findings(nothing, limit=None), "segment_spread")


def test_a_single_group_cannot_be_compared(drivers: ModuleType) -> None:
    found = findings(drivers.segments(min_cell=190), labels=LABELS)
    assert found[0].text == (
        "By kind of trip importance cannot be compared: fewer than two groups have at least "
        "190 complete answers that vary."
    )


def test_groups_that_are_not_shown_are_counted(drivers: ModuleType) -> None:
    hidden = told(findings(drivers.segments()), "segment_hidden")
    assert hidden[0].text.startswith("1 of 3 groups by trip is not shown")
    assert hidden[0].topic == "quality"


# ── a forest ──────────────────────────────────────────────────────────────────────────────


def test_straight_lines_that_are_enough_are_told_in_plain_words(drivers: ModuleType) -> None:
    (found,) = findings(drivers.forest(), labels=LABELS)
    assert found.text == (
        "Straight lines are enough: on respondents they have not seen, a model free to bend (a "
        "random forest) accounts for 60% of the differences in satisfaction and the linear "
        "model for 65%; difference −4.4 percentage points (95% interval −8.0 to −0.9)."
    )
    assert (found.sure, found.topic) == ("clear", "quality")


def test_bends_are_a_caution(drivers: ModuleType) -> None:
    (found,) = findings(drivers.bent_forest())
    assert found.message == "quality.drivers.forest_warning_nonlinear"
    assert found.text.startswith("Straight lines miss something")


def test_an_undecided_forest_says_so(drivers: ModuleType) -> None:
    (found,) = findings(dataclasses.replace(drivers.forest(), verdict="undecided"))
    assert found.sure == "not_decided"
    assert "is not decided" in found.text


# ── missing answers ───────────────────────────────────────────────────────────────────────


def test_pooled_shares_are_told_like_those_of_one_data_set(drivers: ModuleType) -> None:
    found = findings(drivers.imputed(), labels=LABELS)
    assert found[0].text == (
        "Staff goes with satisfaction most: 38% of what the drivers explain (95% interval 30% "
        "to 45%); it is first in more than 99% of resamples."
    )
    assert {f.result for f in found} == {"imputed_importance"}
    assert told(found, "whole")[0].text.startswith("Together the drivers account for 66%")
    assert not told(found, "next_unsure")


def test_pooled_shares_that_cannot_be_told_apart_are_said_so(drivers: ModuleType) -> None:
    result = drivers.imputed()
    tied = dataclasses.replace(
        result, differences=result.differences.assign(conf_low=-0.5, conf_high=0.5)
    )
    found = findings(tied, labels=LABELS)
    assert found[0].sure == "not_decided"
    assert "most in this sample" in found[0].text
    assert told(found, "tie_many")


def test_the_treatment_is_told_with_both_numbers(drivers: ModuleType) -> None:
    quality = [f for f in findings(drivers.imputed()) if f.topic == "quality"]
    assert quality[0].text.startswith(
        "420 respondents are in the model, against 249 who answered everything"
    )


def test_a_first_driver_that_hangs_on_the_treatment_is_a_caution(drivers: ModuleType) -> None:
    result = drivers.imputed()
    table = result.estimates.copy()
    listwise = table["group"] == "listwise"
    table.loc[listwise & (table["term"] == "staff"), "rank"] = 3.0
    table.loc[listwise & (table["term"] == "wifi"), "rank"] = 1.0
    found = findings(dataclasses.replace(result, estimates=table), labels=LABELS)
    assert found[-1].text == (
        "The first driver hangs on how missing answers are treated: staff when everyone is "
        "kept, wifi among those who answered everything."
    )


def test_no_gaps_and_no_complete_respondents_are_told(drivers: ModuleType) -> None:
    result = drivers.imputed()
    lone = dataclasses.replace(
        result,
        estimates=result.estimates[result.estimates["group"] == "imputation"],
        fits=result.fits[result.fits["group"] == "imputation"],
        notes=("listwise_impossible: nobody",),
    )
    assert "too few answered everything" in findings(lone)[-1].text
    whole = dataclasses.replace(
        result, imputations=0, available=result.available.assign(n_listwise=result.n)
    )
    assert findings(whole)[-1].text == "All 420 respondents answered everything that is needed."
    kept = dataclasses.replace(result, imputations=0)
    assert "keeps a place" in findings(kept)[-1].text


# ── every sentence ────────────────────────────────────────────────────────────────────────


def test_every_finding_is_retold_in_another_language(results: list[object]) -> None:
    for result in results:
        english = findings(result, limit=None, labels=LABELS)
        spanish = findings(result, limit=None, labels=LABELS, language="es")
        assert len(english) == len(spanish) > 0
        for one, other in zip(english, spanish, strict=True):
            recorded = json.loads(json.dumps(one.to_dict(), allow_nan=False))
            assert retell(recorded, "es") == other.text
            assert retell(recorded, "en") == one.text
            assert one.text != other.text


def test_no_sentence_claims_a_cause_or_equality(results: list[object]) -> None:
    for result in results:
        for finding in findings(result, limit=None, labels=LABELS):
            assert not re.search(CAUSAL, finding.text), finding.text
            assert "no difference" not in finding.text
            assert "–" not in finding.text
            assert "nan" not in finding.text.split()


def test_terms_and_groups_are_rows_of_their_result(results: list[object]) -> None:
    for result in results:
        rows = result.tidy()
        for finding in findings(result, limit=None):
            assert finding.term in {*rows["term"], ""}
            assert not finding.group or finding.group in set(rows["group"])


def test_hostile_labels_stay_text(results: list[object], drivers: ModuleType) -> None:
    for name in ("{0.__class__} {gap}", "<script>alert('x')</script>", "مرحبا", "x" * 300):
        labels = dict.fromkeys([*drivers.LABELS, "trip", "wave"], name)
        for result in results:
            for finding in findings(result, limit=None, labels=labels):
                assert len(finding.text) < 1500


def test_a_limit_below_one_is_refused(results: list[object]) -> None:
    for result in results:
        with pytest.raises(CxError, match="limit must be at least 1"):
            findings(result, limit=0)
