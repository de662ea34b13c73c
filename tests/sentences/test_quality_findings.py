from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from cxresearch.codebook.model import Codebook
from cxresearch.errors import CxError
from cxresearch.psychometrics import ScaleReliabilityResult
from cxresearch.responses.model import Flow, FlowStep, Responses
from cxresearch.sentences import describe_flow, findings, retell


def reliability(
    alphas: dict[tuple[str, str], float], *, half: float = 0.03, notes: tuple[str, ...] = ()
) -> ScaleReliabilityResult:
    rows = [
        {
            "term": term, "group": part, "estimate": alpha, "conf_low": alpha - half,
            "conf_high": alpha + half, "n": 380.0, "label": term.capitalize(),
            "alpha_standardized": alpha, "items": 4, "note": "",
        }
        for (term, part), alpha in alphas.items()
    ]  # fmt: skip
    return ScaleReliabilityResult(
        estimates=pd.DataFrame(rows), n=391, battery="servqual", confidence_level=0.95,
        basis="complete cases", notes=notes,
    )  # fmt: skip


def responses(flow: Flow, missing: pd.DataFrame) -> Responses:
    return Responses(
        codebook=Codebook(survey="Branches"), frame=pd.DataFrame(index=missing.index),
        missing=missing, quality=pd.DataFrame(), flow=flow, sources=(),
    )  # fmt: skip


def test_consistent_scales_are_told_in_plain_words_with_their_range() -> None:
    (told,) = findings(reliability({("a", "expectation"): 0.81, ("b", "perception"): 0.90}))
    assert told.text == (
        "The questions of each dimension are answered consistently (alpha .81 to .90)."
    )
    assert (told.topic, told.sure, told.result) == ("quality", "clear", "scale_reliability")


def test_an_interval_below_the_bound_makes_consistency_likely_only() -> None:
    (told,) = findings(reliability({("a", "perception"): 0.72}, half=0.05))
    assert told.sure == "likely"


def test_questionable_dimensions_are_named() -> None:
    (told,) = findings(reliability({("a", "perception"): 0.81, ("b", "gap"): 0.64}))
    assert told.text == (
        "Read these with caution, their questions are answered with questionable consistency: "
        "B, gap (alpha .64)."
    )


def test_weak_dimensions_come_first_and_long_lists_are_cut() -> None:
    alphas = {(f"d{i}", "perception"): 0.30 + i / 50 for i in range(6)}
    (told,) = findings(reliability(alphas | {("good", "gap"): 0.9}))
    assert told.text.startswith(
        "The questions do not measure one thing well in these dimensions"
    )
    assert "D0, received (alpha .30)" in told.text
    assert told.text.endswith("and 2 more.")


def test_all_questionable_is_said_for_all() -> None:
    (told,) = findings(reliability({("a", "gap"): 0.61, ("b", "gap"): 0.69}))
    assert "questionable consistency (alpha .61 to .69)" in told.text


def test_undefined_alpha_is_said_to_be_unknown() -> None:
    (told,) = findings(reliability({("a", "gap"): math.nan}))
    assert told.text.startswith("Consistency cannot be judged")
    assert told.sure == "not_decided"


def test_items_that_run_against_the_others_are_named() -> None:
    notes = (
        "negative_item_rest:a:perception:item_3", "negative_item_rest:a:gap:item_3",
        "negative_item_rest:b:gap:item_9",
    )  # fmt: skip
    _, told = findings(reliability({("a", "gap"): 0.8}, notes=notes))
    assert told.text.startswith(
        "2 questions run against the others of their dimension: 3 (A), 9 (b). Were they"
    )


def test_the_flow_and_the_missing_answers_are_told() -> None:
    flow = Flow(read=412, steps=(FlowStep(rule="duplicated", detail="", excluded=21),))
    missing = pd.DataFrame({"P01": [""] * 9 + ["empty"], "P02": [""] * 10})
    told = findings(responses(flow, missing))
    assert [f.text for f in told] == [
        "412 answered, 391 analysed.",
        "5.0% of the answers are missing; most in question P01 (10.0%).",
    ]
    assert {f.topic for f in told} == {"quality"}


def test_complete_answers_are_told_as_such() -> None:
    told = findings(responses(Flow(read=1), pd.DataFrame({"P01": [""]})))
    assert [f.text for f in told] == [
        "1 answered and is analysed.",
        "Every question was answered by everyone who is analysed.",
    ]


def test_responses_without_a_battery_have_no_missing_share() -> None:
    assert len(findings(responses(Flow(read=3), pd.DataFrame(index=range(3))))) == 1


def test_findings_on_quality_are_retold() -> None:
    sources = [
        reliability({("a", "perception"): 0.81, ("b", "gap"): 0.64}),
        responses(Flow(read=9), pd.DataFrame({"P01": ["", "empty"]})),
    ]
    for source in sources:
        for one, other in zip(findings(source), findings(source, language="es"), strict=True):
            recorded = json.loads(json.dumps(one.to_dict(), allow_nan=False))
            assert retell(recorded, "es") == other.text != one.text


def test_numpy_numbers_become_plain_ones() -> None:
    (told,) = findings(reliability({("a", "gap"): np.float64(0.8)}))
    assert type(told.values["low"]) is float


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(CxError, match="limit must be at least 1"):
        findings(reliability({("a", "gap"): 0.8}), limit=0)


def test_a_flow_is_described_in_one_line() -> None:
    steps = (
        FlowStep(rule="duplicated", detail="", excluded=9),
        FlowStep(rule="longest_string", detail="", excluded=7),
        FlowStep(rule="missing_share", detail="", excluded=5),
        FlowStep(rule="duration", detail="", excluded=0),
        FlowStep(rule="own_{rule}", detail="", excluded=1),
    )
    assert describe_flow(Flow(read=412, steps=steps)) == (
        "412 answers read → 9 duplicates, 7 straight-liners, 5 too incomplete, 1 by the rule "
        "own_{rule} → 390 analysed"
    )
    assert describe_flow(Flow(read=1)) == "1 answer read → 1 analysed"
    assert describe_flow(Flow(read=412, steps=steps[:1]), language="es") == (
        "412 respuestas leídas → 9 duplicados → 403 analizadas"
    )


def test_every_rule_of_exclusion_has_its_words() -> None:
    from cxresearch.responses import exclusions
    from cxresearch.wording import Messages

    rules = {
        rule
        for name in vars(exclusions)
        if isinstance(rule := getattr(getattr(exclusions, name), "rule", None), str)
    }
    assert "duplicated" in rules
    for language in ("en", "es"):
        messages = Messages(language)
        for rule in rules:
            assert messages.has(f"flow.{rule}")
            assert messages.has(f"flow.step.{rule}")
