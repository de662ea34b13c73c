"""What looks, rivals, courses, choices and plans say, and that they say no more."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from cxresearch.peak_end import (
    PeakEndDesign,
    always_valid,
    choice_model,
    compare_rivals,
    equivalence_test,
    latent_courses,
    plan_peak_end,
    sequential_test,
)
from cxresearch.responses.model import Flow, FlowStep
from cxresearch.sentences import describe_flow, findings, retell

LOOKS = pd.DataFrame(
    {"estimate": [0.9, 0.6, 0.7], "std_error": [0.5, 0.36, 0.25], "n": [40, 80, 120]}
)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "peak_end_results.py"
    spec = importlib.util.spec_from_file_location("peak_end_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pairs(end: float, first: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"set": np.repeat(np.arange(300), 2), "place": np.tile([1, 2], 300)}
    ).assign(end=rng.normal(size=600))
    gap = frame["end"].to_numpy()[::2] - frame["end"].to_numpy()[1::2]
    one = rng.random(300) < 1 / (1 + np.exp(-end * gap - first))
    return frame.assign(again=np.column_stack([one, ~one]).ravel().astype(int))


def chosen(end: float, first: float = 0.0):
    frame = pairs(end, first)
    return choice_model(frame, choice="set", chosen="again", attributes=["end"], order="place")


def test_looks_say_whether_a_bound_was_crossed() -> None:
    (stopped,) = findings(sequential_test(LOOKS, planned_n=120))
    assert stopped.sure == "clear"
    assert stopped.text.startswith("At the last of 3 looks, after 120 people, the difference")
    (early,) = findings(sequential_test(LOOKS, planned_n=160))
    assert early.text.startswith("At look 3 of 3, after 120 people, the difference crossed")
    assert "could stop" in early.text
    (on,) = findings(sequential_test(LOOKS.head(2), planned_n=120))
    assert on.sure == "not_decided"
    assert "the study goes on" in on.text
    (over,) = findings(sequential_test(LOOKS.head(2), planned_n=120, finished=True))
    assert "the data do not decide whether the conditions differ" in over.text
    assert "no difference" not in over.text


def test_looks_are_held_against_the_smallest_effect_that_matters() -> None:
    for sesoi, told in (
        (0.1, "lies wholly beyond the 0.10 points"),
        (0.6, "leaves open whether the difference reaches the 0.60 points"),
        (4.0, "lies wholly within the ±4.00 points"),
    ):
        (looked,) = findings(sequential_test(LOOKS, planned_n=120, sesoi=sesoi))
        assert "The interval that holds at every look (" in looked.text
        assert told in looked.text
        (valid,) = findings(always_valid(LOOKS, tau=0.5, sesoi=4.0))
        assert "lies wholly within the ±4.00 points" in valid.text
        assert "que vale en todas las revisiones" in retell(looked.to_dict(), "es")
    (plain,) = findings(sequential_test(LOOKS, planned_n=120))
    assert "smallest" not in plain.text


def test_always_valid_looks_tell_the_first_crossing() -> None:
    (crossed,) = findings(always_valid(LOOKS.assign(estimate=[0.9, 1.4, 1.2]), tau=0.5))
    assert "first at look 2" in crossed.text
    (is_open,) = findings(always_valid(LOOKS, tau=0.5))
    assert is_open.sure == "not_decided"


def test_rivals_are_told_apart_only_where_they_are(made: ModuleType) -> None:
    (decided,) = findings(compare_rivals(made.table(), made.models(), participant="person"))
    assert "“mean of peak and end”" in decided.text
    assert decided.text.startswith("Against “average”, of ")
    assert decided.sure == "clear"
    rng = np.random.default_rng(3)
    names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    frame = pd.DataFrame(rng.normal(size=(40, 8)), columns=names)
    frame["duration"], frame["person"] = rng.normal(size=40), range(40)
    frame["memory"] = rng.normal(size=40)
    (is_open,) = findings(compare_rivals(frame, made.noise_models(), participant="person"))
    assert "set none apart from “average”" in is_open.text


def test_choices_say_what_goes_with_them_and_keep_order_apart() -> None:
    told = {finding.term: finding for finding in findings(chosen(0.8, first=1.0))}
    assert "multiplied by" in told["end"].text
    assert told["end"].sure == "clear"
    assert told["shown_first"].text.startswith("What was met first was chosen more often")
    unsure = {finding.term: finding for finding in findings(chosen(0.0))}
    assert "the data do not show whether" in unsure["end"].text
    less = {finding.term: finding for finding in findings(chosen(-0.8))}
    assert "fall to" in less["end"].text


@pytest.mark.parametrize(
    ("shift", "spread", "bound", "verdict"),
    [(0.0, 0.5, 1.0, "equivalent"), (0.3, 0.4, 1.0, "trivial"), (1.0, 0.5, 0.5, "different"),
     (0.1, 2.0, 0.2, "inconclusive")],
)  # fmt: skip
def test_every_verdict_of_equivalence_has_its_sentence(
    shift: float, spread: float, bound: float, verdict: str
) -> None:
    steps = spread * np.linspace(-1, 1, 30)
    found = equivalence_test(steps + shift, np.zeros(30), bound=bound, paired=True)
    (said,) = findings(found)
    assert found.verdict == verdict
    assert said.message == f"findings.peak_end.equivalence_{verdict}"
    assert (said.sure == "not_decided") is (verdict == "inconclusive")


def test_power_tells_the_size_and_the_beliefs() -> None:
    short = plan_peak_end(PeakEndDesign(participants=8, moments=4), n_studies=40)
    first, beliefs = findings(short)
    assert first.text.startswith("None of the sizes tried is enough: with 8 people")
    assert "beliefs" in beliefs.text


def test_courses_say_how_much_is_noise(made: ModuleType) -> None:
    (said,) = findings(latent_courses(made.visits()[0], made.features()))
    assert said.topic == "quality"
    assert "noise of the moment" in said.text


def test_they_are_told_again_in_spanish(made: ModuleType) -> None:
    for result in (
        sequential_test(LOOKS, planned_n=120),
        always_valid(LOOKS, tau=0.5),
        chosen(0.8),
        compare_rivals(made.table(), made.models(), participant="person"),
        latent_courses(made.visits()[0], made.features()),
    ):
        for finding in findings(result):
            said = retell(finding.to_dict(), "es")
            assert said != finding.text
            assert "{" not in said


def test_a_drawn_estimate_points_the_way_its_sentence_tells(made: ModuleType) -> None:
    rng = np.random.default_rng(4)
    frame = made.table().assign(
        memory=lambda t: 0.2 * t["peak"] + 0.9 * t["end"] + 0.3 * rng.normal(size=len(t))
    )
    from cxresearch.peak_end import compare_memory_models

    found = compare_memory_models(frame, retrospective="memory", participant="person")
    said = {f.message.rpartition(".")[2]: f for f in findings(found, limit=None)}
    assert said["end_weighs_more"].estimate > 0
    assert said["end_weighs_more"].conf_low > 0
    wins = {f.message.rpartition(".")[2]: f for f in findings(made.average_models())}
    assert wins["average_wins"].estimate > 0


def test_an_episode_is_too_short_where_an_answer_is_too_fast() -> None:
    steps = (FlowStep(rule="duration", detail="", excluded=2),)
    assert "2 too fast" in describe_flow(Flow(read=9, steps=steps))
    assert "2 too short" in describe_flow(Flow(read=9, steps=steps, unit="episodes"))
