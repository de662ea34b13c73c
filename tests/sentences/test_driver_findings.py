from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cxresearch.errors import CxError
from cxresearch.sentences import findings, retell
from cxresearch.shown import Finding
from cxresearch.wording import Messages

CAUSAL = r"\b(drives|drive|because|causes|leads? to|due to|effect|impact|influences?)\b"


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
        drivers.importance(60),
        drivers.importance(0),
        drivers.importance(40, weights="weight", controls=["queue"], drivers=["staff", "wifi"]),
        drivers.importance(40, kind="binary", top_box=8, drivers=drivers.DRIVERS[:3]),
        drivers.margin(),
        drivers.margin(twin="conditional"),
        drivers.model(),
        drivers.model(kind="binary", top_box=8),
        drivers.placed(),
        drivers.placed(performance="top_two_box", top_two_from=9),
        drivers.asymmetry(),
        drivers.shape(),
        drivers.necessity(),
        drivers.what_if(),
        drivers.what_if_binary(),
        drivers.diagnostics(),
        drivers.missing(),
        drivers.missing("imputation", imputations=2),
        drivers.missing("listwise"),
    ]


LABELS = {"staff": "Staff", "clean": "Cleanliness", "osat": "Satisfaction"}


def said(found: tuple[Finding, ...], message: str) -> Finding:
    return next(f for f in found if f.message.endswith(f".{message}"))


# ── importance ────────────────────────────────────────────────────────────────────────────


def test_the_first_driver_is_told_with_share_interval_and_chance(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 72.0, "clean": 28.0}, half=4.0)
    told = findings(shares, labels=LABELS)[0]
    assert told.text == (
        "Staff goes with satisfaction most: 72% of what the drivers explain (95% interval 68% "
        "to 76%); it is first in 78% of resamples."
    )
    assert (told.sure, told.term, told.topic) == ("clear", "staff", "finding")
    assert (told.result, told.unit) == ("driver_importance", "%")
    assert told.estimate == pytest.approx(72)


def test_drivers_that_cannot_be_told_apart_are_said_so(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 55.0, "clean": 45.0}, told_apart=False)
    found = findings(shares, labels=LABELS)
    assert found[0].sure == "not_decided"
    assert found[0].text.startswith("Staff goes with satisfaction most in this sample")
    assert said(found, "tie").text == (
        "The data do not tell staff and cleanliness apart: 55% and 45% of what the drivers "
        "explain."
    )
    many = drivers.with_shares({f"d{i}": 10.0 - i / 10 for i in range(7)}, told_apart=False)
    assert said(findings(many), "tie_many").text == (
        "The data do not tell d0 apart from d1, d2, d3 and 3 more."
    )


def test_ties_below_the_first_driver_are_told_too(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 60.0, "clean": 22.0, "wifi": 18.0})
    table = shares.differences.copy()
    tied = (table["term"] == "clean") & (table["other"] == "wifi")
    table.loc[tied, ["conf_low", "p_adjusted"]] = [-0.1, 0.8]
    found = findings(dataclasses.replace(shares, differences=table), labels=LABELS)
    assert found[0].sure == "clear"
    assert said(found, "tie").text.startswith(
        "The data do not tell cleanliness and wifi apart: 22% and 18%"
    )


def test_the_weakest_comparison_decides_how_sure_the_first_is(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 60.0, "clean": 25.0, "wifi": 15.0})
    table = shares.differences.copy()
    table.loc[table["other"] == "clean", "p_adjusted"] = 0.2
    assert findings(dataclasses.replace(shares, differences=table))[0].sure == "likely"


def test_the_share_of_differences_is_told_in_plain_words(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 72.0, "clean": 28.0})
    whole = said(findings(shares, labels=LABELS), "whole")
    assert whole.text == (
        "Together the drivers account for 61% of the differences in satisfaction (95% interval "
        "56% to 66%)."
    )


def test_what_is_held_constant_is_told(drivers: ModuleType) -> None:
    shares = drivers.importance(
        40, drivers=["staff", "clean"], controls=["queue"], weights="weight"
    )
    found = findings(shares, labels=LABELS)
    assert "Together with what is held constant" in said(found, "whole_controls").text
    assert "(weighted; 95% interval" in found[0].text
    assert re.search(r"worth \d+ respondents of equal weight", said(found, "weighted").text)


def test_other_criteria_are_named_and_are_no_share_of_differences(drivers: ModuleType) -> None:
    shares = drivers.importance(20, kind="binary", top_box=8, drivers=["staff", "clean"])
    told = said(findings(shares, labels=LABELS), "whole_criterion")
    assert "a McFadden's R² of ." in told.text
    assert "not a share of the differences" in told.text
    assert "un R² de McFadden de 0," in retell(told.to_dict(), "es")


def test_a_negative_driver_is_marked_and_not_ranked_silently(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 60.0, "price": 40.0})
    found = findings(drivers.changed(shares, "estimates", "price", sign=-1), labels=LABELS)
    told = said(found, "against")
    assert told.text == (
        "Higher ratings of price go with lower satisfaction when the other drivers are held; "
        "its share (40% of what the drivers explain) is no reason to raise it."
    )
    assert told.sure == "clear"
    assert not any(f.term == "price" and f.message.endswith(".next") for f in found)
    first = drivers.changed(shares, "estimates", "staff", sign=-1)
    assert "higher ratings go with lower satisfaction" in findings(first, labels=LABELS)[0].text


def test_a_direction_that_resamples_do_not_settle_is_told_as_open(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"staff": 60.0, "price": 40.0})
    unsure = drivers.changed(shares, "estimates", "price", sign=-1, p_same_sign=0.6)
    assert "is not decided" in said(findings(unsure), "direction_open").text
    turning = drivers.changed(shares, "estimates", "price", sign_changes=True)
    told = said(findings(turning), "turning")
    assert told.sure == "not_decided"
    assert "hangs on which other drivers" in told.text


def test_shares_without_resamples_are_never_sure(drivers: ModuleType) -> None:
    found = findings(drivers.importance(0), limit=None)
    assert {f.sure for f in found if f.topic == "finding"} == {"not_decided"}
    assert "without resamples" in found[0].text
    assert not any("resamples." in f.text or "–" in f.text for f in found)


def test_one_driver_is_not_ranked_and_thirty_are_no_trouble(drivers: ModuleType) -> None:
    one = findings(drivers.importance(20, drivers=["staff"]), labels=LABELS)
    assert "Staff is the only driver looked at" in said(one, "only").text
    many = findings(drivers.crowd(30), limit=None)
    assert len([f for f in many if f.topic == "finding"]) == 31
    assert len([f for f in findings(drivers.crowd(30)) if f.topic == "finding"]) == 5


def test_drivers_that_explain_nothing_leave_the_whole_to_be_told(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 1.0, "b": 1.0}, r2=0.0)
    table = shares.estimates.assign(
        percent=math.nan, percent_low=math.nan, percent_high=math.nan
    )
    found = findings(dataclasses.replace(shares, estimates=table))
    assert [f.message for f in found if f.topic == "finding"] == ["findings.drivers.whole"]


def test_how_many_are_analysed_is_told(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 2.0, "b": 1.0})
    assert said(findings(shares), "sample").text == (
        "400 of 412 respondents answered everything that is needed and are analysed."
    )


def test_a_margin_names_whom_it_does_not_show(drivers: ModuleType) -> None:
    found = findings(drivers.margin(), labels=drivers.LABELS)
    assert found[0].text == (
        "For length of the queue the data do not show a larger share than an unrelated driver "
        "gets."
    )
    assert found[0].sure == "not_decided"


# ── map ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_important_and_rated_low_comes_first(drivers: ModuleType) -> None:
    found = findings(drivers.placed(), labels=drivers.LABELS)
    assert found[0].text == (
        "Friendly staff is important and rated low (6.73 on average): it lies there in more "
        "than 99% of resamples."
    )
    assert found[0].sure == "clear"
    unsure = said(found, "priority_mean_open")
    assert unsure.sure == "not_decided"
    assert "its place is not decided" in unsure.text
    actions = [f for f in found if f.topic == "action"]
    assert [a.term for a in actions] == ["staff"]


def test_no_action_is_made_of_an_undecided_place(drivers: ModuleType) -> None:
    placed = drivers.placed()
    table = placed.positions.assign(decided=False, prob_concentrate=0.5)
    found = findings(dataclasses.replace(placed, positions=table))
    assert not any(f.topic == "action" for f in found)
    nowhere = placed.positions.assign(quadrant="keep_up", decided=True, prob_keep_up=0.9)
    found = findings(dataclasses.replace(placed, positions=nowhere))
    assert said(found, "no_priority")
    assert said(found, "keep_up").sure == "likely"


# ── penalty and reward, bends, necessity ──────────────────────────────────────────────────


def test_a_basic_driver_is_told_only_where_decided(drivers: ModuleType) -> None:
    found = findings(drivers.asymmetry(), labels=drivers.LABELS, limit=None)
    basic = next(f for f in found if f.term == "wifi")
    assert basic.text.startswith(
        "Wi-Fi dissatisfies when poor but hardly delights when good: −1.26 points"
    )
    assert basic.sure == "clear"
    rest = said(found, "kind_open")
    assert "length of the queue" in rest.text
    assert rest.sure == "not_decided"


@pytest.mark.parametrize(
    ("kind", "reward", "penalty", "message"),
    [
        ("basic", (0.3, 0.1, 0.5), (-1.2, -1.4, -1.0), "kind_basic_more"),
        ("excitement", (1.2, 1.0, 1.4), (-0.1, -0.3, 0.1), "kind_excitement"),
        ("excitement", (1.2, 1.0, 1.4), (-0.3, -0.5, -0.1), "kind_excitement_more"),
        ("performance", (1.2, 1.0, 1.4), (-1.2, -1.4, -1.0), "kind_performance"),
    ],
)
def test_hardly_is_said_only_where_the_weaker_side_may_be_nothing(
    drivers: ModuleType,
    kind: str,
    reward: tuple[float, ...],
    penalty: tuple[float, ...],
    message: str,
) -> None:
    base = drivers.asymmetry(drivers=["staff", "wifi"])
    table = base.estimates.copy()
    for group, values in (("reward", reward), ("penalty", penalty)):
        rows = (table["term"] == "wifi") & (table["group"] == group)
        table.loc[rows, ["estimate", "conf_low", "conf_high"]] = list(values)
    classes = base.classes.copy()
    classes.loc[classes["term"] == "wifi", "class"] = kind
    classes.loc[classes["term"] == "wifi", f"prob_{kind}"] = 0.86
    found = findings(dataclasses.replace(base, estimates=table, classes=classes))
    told = next(f for f in found if f.term == "wifi")
    assert told.message == f"findings.drivers.{message}"
    assert told.sure == "likely"


def test_more_is_not_always_better_is_told_where_the_bend_is_decided(
    drivers: ModuleType,
) -> None:
    found = findings(drivers.shape(), labels=drivers.LABELS)
    assert found[0].text == (
        "More is not always better: at high ratings each further point of Wi-Fi and Check-in "
        "goes with a smaller rise of overall satisfaction than at low ones."
    )
    straight = findings(drivers.shape(drivers=["staff", "queue"]))
    assert straight[0].sure == "not_decided"
    assert "does not prove straight lines" in straight[0].text


def test_necessity_is_one_sentence(drivers: ModuleType) -> None:
    found = findings(drivers.necessity(), labels=drivers.LABELS)
    assert len(found) == 1
    assert "look like necessary conditions (d up to .33)" in found[0].text
    one = findings(drivers.necessity(conditions=["staff"]), labels=drivers.LABELS)
    assert "where friendly staff is rated low: it looks like" in one[0].text
    none = findings(drivers.necessity(conditions=["queue"]))
    assert none[0].sure == "not_decided"


# ── what if ───────────────────────────────────────────────────────────────────────────────


def test_a_gain_is_an_action_with_the_caution_in_it(drivers: ModuleType) -> None:
    found = findings(drivers.what_if(), labels=drivers.LABELS)
    assert found[0].text == (
        "If ratings of friendly staff rose by 0.5, overall satisfaction would be expected 0.20 "
        "higher (95% interval 0.17 to 0.22), if the relation were causal; the answers are "
        "observations, not an experiment."
    )
    assert {f.topic for f in found} == {"action"}
    assert [f.term for f in found] == ["staff", "wifi", "comfort"]


def test_a_lift_and_a_fall_are_told_as_such(drivers: ModuleType) -> None:
    from cxresearch.drivers.what_if import Lift, Shift

    plan = [Lift(driver="staff", below=5, to=8), Shift(driver="queue", by=-1)]
    found = findings(drivers.what_if(scenarios=plan), labels=drivers.LABELS)
    assert found[0].text.startswith(
        "If 50% of those who rate friendly staff 5 or lower came to rate it 8, overall"
    )
    assert found[1].text.startswith("If ratings of length of the queue fell by 1, overall")


def test_a_binary_gain_is_in_percentage_points(drivers: ModuleType) -> None:
    found = findings(drivers.what_if_binary(), labels=drivers.LABELS)
    assert "from 4.6 percentage points more respondents (95% interval 3.8 to 5.5)" in (
        found[0].text
    )


def test_what_goes_with_a_loss_is_no_action(drivers: ModuleType) -> None:
    from cxresearch.drivers.what_if import Shift

    found = findings(drivers.what_if(scenarios=[Shift(driver="queue", by=1)]))
    assert [f.message for f in found] == ["findings.drivers.gain_none"]


# ── how good the model is ─────────────────────────────────────────────────────────────────


def test_checks_say_the_verdict_first_then_the_reason(drivers: ModuleType) -> None:
    from cxresearch.drivers.diagnostics import driver_diagnostics

    frame = drivers.hotel().assign(copy=lambda f: f["staff"] + 0.01 * f["queue"])
    found = findings(driver_diagnostics(frame, outcome="osat", drivers=["staff", "copy"]))
    assert found[0].text.startswith("Problem: ")
    assert found[1].text.startswith("Problem: large overlap with other drivers")
    assert {f.topic for f in found} == {"quality"}
    assert [f.rank for f in found] == sorted((f.rank for f in found), reverse=True)


def test_a_model_without_doubts_holds_up(drivers: ModuleType) -> None:
    base = drivers.diagnostics()
    clean = dataclasses.replace(base, checks=base.checks.assign(verdict="ok"), verdict="ok")
    assert [f.text for f in findings(clean)] == [
        "The model holds up: none of 8 kinds of check raises a doubt."
    ]


def test_every_doubt_has_a_reason_in_plain_words(drivers: ModuleType) -> None:
    flagged = np.asarray(drivers.hotel()["staff"] >= 10)
    base = drivers.diagnostics(flagged=flagged, marker="weight")
    for kind in base.checks["term"].unique():
        verdicts = ["watch" if term == kind else "ok" for term in base.checks["term"]]
        doubted = dataclasses.replace(
            base, checks=base.checks.assign(verdict=verdicts), verdict="watch"
        )
        for language in ("en", "es"):
            found = findings(doubted, labels=drivers.LABELS, language=language)
            assert len(found) == 2
            assert found[1].message == f"quality.drivers.warning_{kind}"


def test_unseen_respondents_warn_of_a_model_that_follows_its_own(drivers: ModuleType) -> None:
    model = drivers.model()
    assert "nearly as much as on its own" in findings(model)[0].text
    close = dataclasses.replace(model, r2_cv=-0.2)
    told = findings(close)[0]
    assert told.message == "quality.drivers.unseen_warning"
    assert "only 0%" in told.text
    unknown = findings(dataclasses.replace(model, r2_cv=math.nan))[0]
    assert "cannot be said" in unknown.text


def test_nothing_is_said_of_filling_in_where_nothing_was_missing(drivers: ModuleType) -> None:
    found = drivers.missing("imputation", imputations=2)
    whole = dataclasses.replace(
        found, available=found.available.assign(n_listwise=found.n_asked)
    )
    assert findings(found)
    assert findings(whole) == ()


def test_the_treatment_of_missing_answers_is_told_with_both_numbers(
    drivers: ModuleType,
) -> None:
    assert findings(drivers.missing())[0].text == (
        "404 respondents are in the model, against 270 who answered everything: who did not "
        "use something keeps a place."
    )
    listwise = findings(drivers.missing("listwise"))
    assert [f.text for f in listwise] == [
        "270 of 420 respondents answered everything and are in the model."
    ]


def test_a_driver_that_hangs_on_the_treatment_is_named(drivers: ModuleType) -> None:
    found = drivers.missing()
    table = found.estimates.copy()
    rows = (table["term"] == "staff") & (table["group"] == "listwise")
    table.loc[rows, "p_adjusted"] = 0.5
    told = findings(dataclasses.replace(found, estimates=table), labels=LABELS)
    assert told[-1].text.endswith("the other does not: staff.")


def test_listwise_that_is_impossible_is_told(drivers: ModuleType) -> None:
    found = drivers.missing()
    lone = dataclasses.replace(
        found,
        estimates=found.estimates[found.estimates["group"] == "not_used"],
        notes=("listwise_impossible: nobody",),
    )
    assert "too few answered everything" in findings(lone)[0].text


# ── every sentence ────────────────────────────────────────────────────────────────────────


def test_every_driver_finding_is_retold_in_another_language(
    drivers: ModuleType, results: list[object]
) -> None:
    for result in results:
        options = {"limit": None, "labels": drivers.LABELS}
        english, spanish = (
            findings(result, **options),
            findings(result, **options, language="es"),
        )
        assert len(english) == len(spanish) > 0
        for one, other in zip(english, spanish, strict=True):
            recorded = json.loads(json.dumps(one.to_dict(), allow_nan=False))
            assert retell(recorded, "es") == other.text
            assert retell(recorded, "en") == one.text
            assert one.text != other.text


def test_no_sentence_claims_a_cause(drivers: ModuleType, results: list[object]) -> None:
    for result in results:
        for finding in findings(result, limit=None, labels=drivers.LABELS):
            plain = finding.text.replace("if the relation were causal", "")
            assert not re.search(CAUSAL, plain), finding.text
            assert "caus" not in plain
            assert "nan" not in plain.split()
    for prefix in ("findings.drivers", "quality.drivers", "figures.drivers"):
        for text in Messages("en").section(prefix).values():
            assert not re.search(CAUSAL, re.sub(r"\{\w+\}", "", text)), text


def test_terms_of_findings_are_rows_of_their_result(
    drivers: ModuleType, results: list[object]
) -> None:
    for result in results:
        terms = set(result.tidy()["term"])
        for finding in findings(result, limit=None):
            assert finding.term in {*terms, ""}, finding.message


def test_hostile_labels_stay_text_in_driver_findings(
    drivers: ModuleType, results: list[object]
) -> None:
    hostile = ("{0.__class__} {gap}", "<script>alert('x')</script>", "مرحبا", "x" * 300, "\x00")
    for result in results:
        for name in hostile:
            labels = dict.fromkeys(drivers.LABELS, name)
            for finding in findings(result, limit=None, labels=labels):
                assert "\x00" not in finding.text
                assert len(finding.text) < 1500


def test_a_limit_below_one_is_refused_for_every_driver_result(results: list[object]) -> None:
    for result in results:
        with pytest.raises(CxError, match="limit must be at least 1"):
            findings(result, limit=0)
