from __future__ import annotations

import json
import math
from types import ModuleType

import pytest

from cxresearch.codebook.model import Codebook, Column
from cxresearch.errors import CxError
from cxresearch.sentences import findings, retell, sureness
from cxresearch.shown import Finding

NAN = math.nan


def of_topic(found: tuple[Finding, ...], topic: str) -> list[Finding]:
    return [finding for finding in found if finding.topic == topic]


def first(gaps: object, **options: object) -> Finding:
    return findings(gaps, **options)[0]


def test_a_shortfall_is_told_with_direction_size_scale_and_interval(made: ModuleType) -> None:
    told = first(made.result([made.row("reliability", -0.82, 0.13)]))
    assert told.text == (
        "Customers expect more than they get in reliability: −0.82 points on a 7-point scale "
        "(95% interval −0.95 to −0.69)."
    )
    assert (told.sure, told.term, told.group) == ("clear", "reliability", "all")
    assert (told.result, told.unit, told.topic) == ("servqual_gaps", "points", "finding")
    assert (told.estimate, told.conf_low, told.conf_high) == (
        pytest.approx(-0.82), pytest.approx(-0.95), pytest.approx(-0.69),
    )  # fmt: skip


def test_a_surplus_is_told_as_one(made: ModuleType) -> None:
    assert first(made.result([made.row("tangibles", 0.21, 0.1)])).text.startswith(
        "Customers get more than they expect in tangibles: +0.21 points"
    )


def test_not_decided_names_what_is_compatible_and_never_says_no_difference(
    made: ModuleType,
) -> None:
    told = first(made.result([made.row("tangibles", 0.05, 0.10)]))
    assert told.sure == "not_decided"
    assert told.text == (
        "For tangibles the data do not show a gap in either direction: +0.05 points (95% "
        "interval −0.05 to +0.15); a shortfall of up to 0.05 or a surplus of up to 0.15 points "
        "is compatible with them."
    )


def test_no_sentence_in_the_catalogue_claims_the_absence_of_a_difference() -> None:
    from cxresearch.wording import Messages

    for language, banned in (
        ("en", ("no difference", "no gap ", "not significant", "are equal", "the same gap")),
        ("es", ("no hay diferencia", "no hay brecha", "no significativ")),
    ):
        texts = Messages(language).section("findings")
        undecided = {key: text for key, text in texts.items() if "not_decided" in key}
        assert len(undecided) >= 4
        for text in undecided.values():
            assert not any(phrase in text.lower() for phrase in banned)
        assert not any("not significant" in text for text in texts.values())


def test_likely_is_said_where_the_adjusted_p_does_not_reach(made: ModuleType) -> None:
    told = first(made.result([made.row("empathy", -0.12, 0.10, p=0.08)]))
    assert told.sure == "likely"
    assert told.text.startswith("Customers may expect more than they get in empathy: −0.12")
    assert "not settled once all comparisons are allowed for" in told.text


@pytest.mark.parametrize(
    ("p", "low", "high", "sure"),
    [
        (0.01, -0.9, -0.1, "clear"),
        (0.01, 0.1, 0.9, "clear"),
        (0.06, -0.9, -0.1, "likely"),
        (NAN, -0.9, -0.1, "likely"),
        (0.01, -0.9, 0.1, "not_decided"),
        (0.01, -0.9, 0.0, "not_decided"),
        (0.01, NAN, NAN, "not_decided"),
        (NAN, NAN, NAN, "not_decided"),
    ],
)
def test_the_rule_of_how_sure(p: float, low: float, high: float, sure: str) -> None:
    assert sureness(p, low, high, confidence_level=0.95) == sure


def test_sureness_follows_the_confidence_level() -> None:
    assert sureness(0.08, -0.9, -0.1, confidence_level=0.90) == "clear"
    assert sureness(0.03, -0.9, -0.1, confidence_level=0.99) == "likely"


def test_findings_are_ordered_by_sureness_then_gap_times_importance(made: ModuleType) -> None:
    found = of_topic(findings(made.bank(segments=()), limit=None), "finding")
    assert [f.term for f in found] == [
        "reliability", "responsiveness", "overall", "assurance", "empathy", "overall_weighted",
        "tangibles",
    ]  # fmt: skip
    ranks = [f.rank for f in found]
    assert ranks == sorted(ranks, reverse=True)
    turned = made.bank(segments=(), points=made.POINTS | {"reliability": 5.0, "empathy": 80.0})
    assert findings(turned)[0].term == "empathy"


def test_the_overall_score_and_segments_keep_their_place_under_the_limit(
    made: ModuleType,
) -> None:
    found = of_topic(findings(made.bank(), limit=5), "finding")
    assert [(f.term, f.group) for f in found] == [
        ("reliability", "all"), ("responsiveness", "all"), ("overall", "all"),
        ("responsiveness", "branch"), ("assurance", "all"),
    ]  # fmt: skip
    assert len(of_topic(findings(made.bank(), limit=1), "finding")) == 1


def test_the_overall_scores_are_told_by_direction(made: ModuleType) -> None:
    texts = {f.term: f.text for f in findings(made.bank(), limit=None) if f.group == "all"}
    assert texts["overall"].startswith(
        "Over all dimensions customers expect more than they get"
    )
    assert texts["overall_weighted"].startswith("With each dimension counted by the importance")
    calm = made.result([made.row("overall", 0.01, 0.1, level="overall", label="overall")])
    assert first(calm).text.startswith("Over all dimensions the data do not show a gap")


def test_one_dimension_is_not_told_twice(made: ModuleType) -> None:
    rows = [
        made.row("service", -0.6),
        made.row("overall", -0.6, level="overall", label="overall"),
        *(
            made.row(term, gap, segment="branch", group=group, level=level)
            for term, level in (("service", "dimension"), ("overall", "overall"))
            for group, gap in (("Town", -0.40), ("City", -0.95))
        ),
    ]
    tests = [
        made.difference(term, 0.55, 0.20, segment="branch", groups=("Town", "City"))
        for term in ("overall", "service")
    ]
    gaps = made.result(rows, differences=tests, segments=("branch",))
    assert [(f.term, f.group) for f in of_topic(findings(gaps), "finding")] == [
        ("service", "all"),
        ("service", "branch"),
    ]


def test_a_difference_of_two_groups_is_told_from_the_lower_one(made: ModuleType) -> None:
    rows = [
        made.row("responsiveness", -0.6),
        made.row("responsiveness", -0.40, segment="branch", group="Town"),
        made.row("responsiveness", -0.95, segment="branch", group="City"),
    ]
    test = made.difference(
        "responsiveness", 0.55, 0.20, segment="branch", groups=("Town", "City")
    )
    found = findings(made.result(rows, differences=[test], segments=("branch",)))
    told = next(f for f in found if f.group == "branch")
    assert told.text == (
        "The shortfall in responsiveness is wider in City (−0.95) than in Town (−0.40): "
        "difference −0.55 points (95% interval −0.75 to −0.35)."
    )
    assert told.sure == "clear"
    assert told.conf_low == pytest.approx(-0.75)


def test_groups_on_both_sides_of_zero_are_not_told_as_shortfalls(made: ModuleType) -> None:
    rows = [
        made.row("a", 0.1),
        made.row("a", -0.3, segment="s", group="X"),
        made.row("a", 0.4, segment="s", group="Y"),
    ]
    test = made.difference("a", -0.7, 0.2, segment="s", groups=("X", "Y"), p_adjusted=0.2)
    told = next(
        f
        for f in findings(made.result(rows, differences=[test], segments=("s",)))
        if f.group == "s"
    )
    assert told.text.startswith(
        "The gap in A may be lower in X (−0.30) than in Y (+0.40): difference −0.70"
    )
    assert told.sure == "likely"


def test_more_than_two_groups_name_the_lowest_and_the_highest(made: ModuleType) -> None:
    rows = [made.row("a", -0.4)] + [
        made.row("a", gap, segment="region", group=group)
        for group, gap in (("North", -0.1), ("South", -0.9), ("West", -0.4))
    ]
    test = made.difference(
        "a", NAN, NAN, segment="region", groups=("South", "West", "North"), p=0.002
    )
    gaps = made.result(rows, differences=[test], segments=("region",))
    told = next(f for f in findings(gaps) if f.group == "region")
    assert told.sure == "clear"
    assert told.text == (
        "The gap in A is not the same in all groups by region: lowest in South (−0.90), "
        "highest in North (−0.10)."
    )
    assert math.isnan(told.estimate)


def test_segments_without_a_clear_difference_give_one_careful_sentence(
    made: ModuleType,
) -> None:
    tests = [made.difference(d, -0.1, 0.3, segment="branch", groups=("A", "B")) for d in "ab"]
    gaps = made.result(
        [made.row("a", -0.4), made.row("b", -0.5)], differences=tests, segments=("branch",)
    )
    codebook = Codebook(
        survey="s",
        columns=(Column(name="branch", column="B", role="segment", label="Kind of branch"),),
    )
    told = [f for f in findings(gaps, codebook=codebook) if f.group == "branch"]
    assert [f.text for f in told] == [
        "By kind of branch the data do not show that the gaps differ; differences of up to "
        "0.40 points are compatible with them."
    ]
    assert told[0].sure == "not_decided"


def test_groups_too_small_to_compare_are_told(made: ModuleType) -> None:
    test = made.difference("a", NAN, NAN, segment="s", groups=("A", "B"), p=NAN, lowest="")
    for differences in ([], [test]):
        gaps = made.result([made.row("a", -0.4)], differences=differences, segments=("s",))
        told = next(f for f in findings(gaps) if f.group == "s")
        assert "nothing can be compared" in told.text
        assert "at least 10 answers" in told.text


def test_actions_name_the_widest_clear_item_of_the_foremost_dimensions(
    made: ModuleType,
) -> None:
    actions = of_topic(findings(made.bank()), "action")
    assert [a.text for a in actions] == [
        "Error-free records (−1.19): the widest clear shortfall in reliability, to which "
        "customers give 31.2 of 100 points.",
        "Prompt service (−0.68): the widest clear shortfall in responsiveness, to which "
        "customers give 23 of 100 points.",
        "Understands specific needs (−0.59): the widest clear shortfall in empathy, to which "
        "customers give 15 of 100 points.",
        "Tangibles can wait: no shortfall was found, one of more than 0.05 points would not "
        "fit the data, and customers give it 11 of 100 points.",
    ]
    assert [a.term for a in actions] == ["item_9", "item_11", "item_22", "tangibles"]


def test_actions_do_without_importance_points(made: ModuleType) -> None:
    actions = of_topic(findings(made.bank(points={})), "action")
    assert (
        actions[0].text
        == "Error-free records (−1.19): the widest clear shortfall in reliability."
    )
    assert actions[-1].text.endswith("would not fit the data.")


def test_a_dimension_can_wait_only_as_far_as_the_data_bear_it(made: ModuleType) -> None:
    item = made.row("item_1", -0.3, 0.1, level="item", label="Quick", dimension="a")
    wide = made.row("b", 0.0, 0.5)
    found = findings(made.result([item, made.row("a", -0.3, 0.1), wide]))
    assert not any("can wait" in f.text for f in found)
    surplus = made.row("b", 0.4, 0.1)
    found = findings(made.result([item, made.row("a", -0.3, 0.1), surplus]))
    assert [f.text for f in found if "can wait" in f.text] == [
        "B can wait: customers get more than they expect (+0.40)."
    ]


def test_no_clear_item_means_no_invented_action(made: ModuleType) -> None:
    rows = [
        made.row("item_1", -0.1, 0.3, level="item", label="Quick", dimension="a"),
        made.row("a", -0.1, 0.3),
    ]
    actions = of_topic(findings(made.result(rows)), "action")
    assert [a.text for a in actions] == [
        "The data single out no item to begin with: no item has a clear shortfall."
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"estimate": NAN, "conf_low": NAN, "conf_high": NAN}, "no gap can be given"),
        ({"conf_low": NAN, "conf_high": NAN}, "from too few answers to say how sure"),
        (
            {"conf_low": NAN, "conf_high": NAN, "note": "constant"},
            "shows the same gap of −0.40",
        ),
    ],
)
def test_what_is_not_defined_is_told_as_such(
    made: ModuleType, row: dict[str, object], said: str
) -> None:
    told = made.row("a", -0.4) | {"p_value": NAN, "p_adjusted": NAN} | row
    if "estimate" in row:
        told |= {"expectation": NAN, "perception": NAN}
    found = first(made.result([told]))
    assert said in found.text
    assert found.sure == "not_decided"
    assert "nan" not in found.text


def test_a_gap_that_is_zero_for_everyone_is_told_as_such(made: ModuleType) -> None:
    row = made.row("a", 0.0, NAN) | {"note": "constant"}
    assert first(made.result([row])).text.startswith(
        "For A the gap of every respondent is zero"
    )


def test_weighted_results_say_so(made: ModuleType) -> None:
    told = first(made.bank(weighted=True))
    assert "(weighted; 95% interval −0.95 to −0.69)" in told.text


def test_the_response_scale_is_named(made: ModuleType) -> None:
    row = made.row("a", -8.26, 2.0, expectation=71.0)
    told = first(made.result([row], scale_low=0.0, scale_high=100.0))
    assert "−8.3 points on the scale from 0 to 100" in told.text


def test_hostile_names_stay_text(made: ModuleType) -> None:
    for name in (
        "{0.__class__} {gap}",
        "<script>alert('x')</script>",
        'a "quoted" %s',
        "مرحبا",
    ):
        told = first(made.result([made.row("d", -0.8, label=name)]))
        assert name in told.text
        assert told.text.endswith("−0.67).") or "−0.93 to −0.67" in told.text


def test_thirty_dimensions_and_none_are_no_trouble(made: ModuleType) -> None:
    many = made.result([made.row(f"d{i}", -i / 20) for i in range(30)])
    assert len(findings(many)) == 5
    assert findings(made.result([])) == ()


def test_a_recorded_finding_is_retold_in_another_language(made: ModuleType) -> None:
    english = findings(made.bank(), limit=None)
    spanish = findings(made.bank(), limit=None, language="es")
    assert len(english) == len(spanish) > 10
    for one, other in zip(english, spanish, strict=True):
        recorded = json.loads(json.dumps(one.to_dict(), allow_nan=False))
        assert retell(recorded, "es") == other.text
        assert retell(recorded, "en") == one.text
        assert one.text != other.text


def test_values_are_kept_at_full_precision_and_json_safe(made: ModuleType) -> None:
    told = first(made.result([made.row("a", -0.123456789, NAN)]))
    assert told.values["estimate"] == pytest.approx(-0.123456789, abs=0)
    assert told.values["conf_low"] is None
    assert all(
        isinstance(value, (str, int, float, bool, type(None))) for value in told.values.values()
    )


def test_a_limit_below_one_is_refused(made: ModuleType) -> None:
    with pytest.raises(CxError, match="limit must be at least 1"):
        findings(made.bank(), limit=0)


def test_a_result_without_sentences_is_refused() -> None:
    with pytest.raises(CxError, match="there are no findings for a dict"):
        findings({})


def test_an_unknown_message_cannot_be_retold() -> None:
    with pytest.raises(CxError, match=r"'findings\.nothing' is unknown"):
        retell({"message": "findings.nothing", "values": {}}, "en")
