from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.peak_end import (
    always_valid,
    choice_share,
    compare_choices,
    compare_conditions,
    sample_ratio,
    sequential_test,
)
from cxresearch.planned import AnalysisPlan, Hypothesis
from cxresearch.sentences import findings, retell
from cxresearch.shown import Finding

LABELS = {"warm": "Adding a friendly close", "plain": "the plain close"}


def load(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> ModuleType:
    return load("peak_end_results")


def of(found: tuple[Finding, ...], message: str) -> Finding:
    return next(f for f in found if f.message.rpartition(".")[2] == message)


def test_planned_looks_decide_about_a_condition_not_the_interval_of_one_look(
    made: ModuleType,
) -> None:
    looks = pd.DataFrame(
        {"estimate": [0.4, 0.6], "std_error": [0.3, 0.25], "df": [58, 118], "n": [60, 120]}
    )
    effect = made.arms({"a": 0.0, "b": 1.0})
    assert "clear" in {f.sure for f in findings(effect, randomized=True)}
    still_open = sequential_test(looks, planned_n=200)
    found = findings(effect, randomized=True, looks=still_open)
    assert {f.sure for f in found} == {"not_decided"}
    assert not topic(found, "action")
    assert of(found, "condition_looked_at").rank < findings(still_open)[0].rank
    crossed = always_valid(looks.assign(estimate=[1.4, 1.5]), tau=0.5)
    (advice,) = topic(findings(effect, randomized=True, looks=crossed), "action")
    assert "the rule that was planned for looking more than once" in advice.text
    for sesoi, told in (
        (0.1, "is the better choice"), (1.2, "is open: weigh what it costs"),
        (9.0, "that alone is no reason to change"),
    ):  # fmt: skip
        held = always_valid(looks.assign(estimate=[1.4, 1.5]), tau=0.5, sesoi=sesoi)
        (advice,) = topic(findings(effect, randomized=True, looks=held), "action")
        assert told in advice.text


def test_the_better_of_three_is_advised_though_nothing_was_the_control(
    made: ModuleType,
) -> None:
    effect = made.arms({"a": 0.0, "b": 1.5, "c": 0.0})
    (advice,) = topic(findings(effect, randomized=True), "action")
    assert advice.text.startswith("B is the better choice")
    worst = made.arms({"a": 1.5, "b": 0.0, "c": 0.2})
    (stay,) = topic(findings(worst, randomized=True), "action")
    assert stay.text.startswith("Stay with a")


def topic(found: tuple[Finding, ...], name: str) -> list[Finding]:
    return [finding for finding in found if finding.topic == name]


def everything(made: ModuleType, **options: object) -> list[Finding]:
    results = [
        made.models(), made.noise_models(), made.average_models(), made.neglect(),
        made.neglect(n=100), made.neglect(0.4), made.neglect(0.12), made.neglect(0.06, n=6000),
        made.neglect(peak_corrected=-0.3), made.arms({"a": 0.0, "b": 1.0, "c": 0.1}),
        made.mixed(), made.crossed(), made.crossed(carry=2.5), choice_share(22, 32),
        choice_share(28, 32), compare_choices((17, 21), (5, 11)),
        compare_choices((5, 40), (25, 40)), made.features(), made.sensitivity(),
        sample_ratio({"plain": 821, "warm": 679}), made.balanced(), made.balanced(1.0),
        made.losses(0, 0), made.losses(3, 5), made.losses(2, 15),
    ]  # fmt: skip
    return [f for result in results for f in findings(result, limit=None, **options)]


# ── rules of memory ───────────────────────────────────────────────────────────────────────


def test_peak_and_end_are_told_ahead_only_where_the_gain_is_decided(made: ModuleType) -> None:
    told = of(findings(made.models()), "rule_wins")
    row = made.models().models.set_index("term").loc["peak_plus_end"]
    assert told.text.startswith(
        "How an experience ended and its most intense moment explain the remembered rating "
        "better than its average does"
    )
    assert f"typically {row['cv_rmse']:.2f} points off instead of" in told.text
    assert "squared" not in told.text
    assert told.sure == "clear"
    assert told.conf_low > 0


def test_an_open_comparison_says_that_the_data_do_not_tell(made: ModuleType) -> None:
    told = of(findings(made.noise_models()), "rule_not_decided")
    assert told.sure == "not_decided"
    assert told.conf_low < 0 < told.conf_high
    alike = dataclasses.replace(made.noise_models(), correlation_peak_end_mean=0.88)
    assert of(findings(alike), "rule_not_decided_alike").text == (
        "The data do not tell whether peak and end or the average explain the remembered "
        "rating better; the rules agree closely (r = .88)."
    )


def test_the_average_is_told_ahead_where_it_is(made: ModuleType) -> None:
    found = findings(made.average_models())
    told = of(found, "average_wins")
    assert (told.sure, told.conf_low > 0) == ("clear", True)  # of the average, as it is told
    assert "what it predicts is typically" in told.text
    assert topic(found, "action")[0].message == "findings.peak_end.action_average"


@pytest.mark.parametrize("given", ["models", "average_models"])
def test_a_rule_is_clear_only_where_its_adjusted_p_is(
    made: ModuleType, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxresearch.sentences import peak_end

    found = getattr(made, given)()
    gains = peak_end.gains_over_average(found).assign(p_value=0.03, p_adjusted=0.102)
    monkeypatch.setattr(peak_end, "gains_over_average", lambda _: gains)
    rule = "rule_wins" if given == "models" else "average_wins"
    told = of(findings(found), f"{rule}_likely")
    assert told.sure == "likely"
    assert "probably" in told.text
    assert "not settled once all rules are allowed for" in told.text
    assert (told.conf_low > 0, retell(told.to_dict(), "es") != told.text) == (True, True)
    if given == "average_models":
        (action,) = topic(findings(found), "action")
        assert (action.sure, "probably" in action.text) == ("likely", True)


def test_peak_and_end_each_go_with_memory_and_are_not_said_to_weigh_alike(
    made: ModuleType,
) -> None:
    found = findings(made.models())
    assert of(found, "slope_end").sure == "clear"
    assert "the peak held (95% interval" in of(found, "slope_end").text
    weights = of(found, "weights_not_decided")
    assert "the data do not tell" in weights.text
    (action,) = topic(found, "action")
    assert action.text.startswith("Work on the most intense moment and on the end")


def test_the_end_comes_first_where_it_clearly_weighs_more(made: ModuleType) -> None:
    heavier = made.models().equal_weights.assign(
        estimate=-0.4, conf_low=-0.6, conf_high=-0.2, p_value=0.001
    )
    found = findings(dataclasses.replace(made.models(), equal_weights=heavier))
    assert "(difference 0.40, 95% interval 0.20 to 0.60)" in of(found, "end_weighs_more").text
    (action,) = topic(found, "action")
    assert action.text.startswith("Work on how it ends first: one point more at the end goes")
    assert action.sure == "clear"


def test_nothing_is_singled_out_of_noise(made: ModuleType) -> None:
    (action,) = topic(findings(made.noise_models()), "action")
    assert action.text == "The data single out no moment to begin with."
    assert action.sure == "not_decided"


def test_episodes_taken_as_independent_are_a_warning(made: ModuleType) -> None:
    notes = ("episodes_taken_as_independent", "without_retrospective:3", "moments_vary:6-12")
    found = findings(dataclasses.replace(made.models(), notes=notes))
    assert [f.message.rpartition(".")[2] for f in topic(found, "quality")] == [
        "independent_warning",
        "without_memory",
    ]


def test_a_model_that_was_not_estimated_is_not_told(made: ModuleType) -> None:
    models = made.models().models.copy()
    models.loc[models["term"] == "peak_plus_end", ["cv_gain", "cv_gain_se"]] = np.nan
    rest = made.models().coefficients
    rest = rest[rest["term"] != "peak_plus_end"]
    found = findings(dataclasses.replace(made.models(), models=models, coefficients=rest))
    assert topic(found, "finding") == []


# ── duration ──────────────────────────────────────────────────────────────────────────────


def test_neglect_is_claimed_only_by_equivalence(made: ModuleType) -> None:
    (told,) = findings(made.neglect(0.0, n=900))
    row = made.neglect(0.0, n=900).estimates.iloc[0]
    assert told.text.startswith(
        "Longer experiences were remembered neither better nor worse by an amount that "
        "matters: any effect of duration is smaller than ±0.10 standard deviations (90% "
        f"interval −{abs(row['equivalence_low']):.2f} to +{row['equivalence_high']:.2f})"
    )
    assert told.sure == "clear"


def test_a_slope_that_is_not_significant_decides_nothing(made: ModuleType) -> None:
    neglect = made.neglect(0.0, n=100)
    assert neglect.estimates["p_value"].iloc[0] > 0.05
    (told,) = findings(neglect)
    assert told.message == "findings.peak_end.duration_not_decided"
    assert told.sure == "not_decided"
    assert "neither" not in told.text


def test_duration_matters_with_direction_and_how_much(made: ModuleType) -> None:
    (more,) = findings(made.neglect(0.4))
    (less,) = findings(made.neglect(-0.4))
    (open_,) = findings(made.neglect(0.12))
    assert more.message.endswith("duration_higher")
    assert less.message.endswith("duration_lower")
    assert open_.message.endswith("duration_higher_some")
    assert "whether by more than the 0.10 that matter is open" in open_.text


def test_the_least_favourable_rule_bears_the_claim(made: ModuleType) -> None:
    neglect = made.neglect(0.0, n=3000, peak_corrected=0.02)
    assert neglect.verdict == "neglected"
    (told,) = findings(neglect)
    ends = neglect.estimates.head(2)[["equivalence_low", "equivalence_high"]].abs()
    assert told.group == neglect.estimates.loc[ends.max(axis=1).idxmax(), "group"]
    assert "under every rule for the peak" in told.text


def test_rules_that_disagree_are_told_beside_each_other(made: ModuleType) -> None:
    (told,) = findings(made.neglect(0.0, peak_corrected=-0.3))
    assert told.sure == "not_decided"
    assert "with the peak as observed and +" in told.text


# ── conditions ────────────────────────────────────────────────────────────────────────────


def test_raised_is_said_only_of_a_randomized_condition(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    row = arms.estimates.iloc[0]
    inside = f"(95% interval {row['conf_low']:.2f} to {row['conf_high']:.2f})"
    told = findings(arms, labels=LABELS, randomized=True)[0]
    assert told.text == (
        f"Adding a friendly close raised the remembered rating by {row['estimate']:.2f} points "
        f"against the plain close {inside}."
    )
    plain = findings(arms, labels=LABELS)[0]
    assert plain.text.startswith(
        "With adding a friendly close, the remembered rating was higher"
    )
    assert "without random assignment the condition need not be the reason" in plain.text
    assert not re.search(r"\b(raised|lowered|made)\b", plain.text)


def test_no_action_follows_from_conditions_nobody_was_assigned_to(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    assert topic(findings(arms), "action") == []
    (action,) = topic(findings(arms, randomized=True, labels=LABELS), "action")
    assert action.text.startswith("Adding a friendly close is the better choice")


def test_where_high_ratings_are_bad_the_lower_condition_is_the_better(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    found = findings(arms, randomized=True, higher_is="worse", labels=LABELS)
    (action,) = topic(found, "action")
    assert action.text.startswith("Stay with the plain close: adding a friendly close made")
    with pytest.raises(CxError, match="higher_is must be one of 'better', 'worse'"):
        findings(arms, higher_is="good")


def test_an_open_difference_names_what_is_compatible(made: ModuleType) -> None:
    (told,) = findings(made.arms({"plain": 0.0, "warm": 0.1}), randomized=True)
    assert told.sure == "not_decided"
    assert told.text.startswith("Between warm and plain the data do not decide")
    assert f"up to {-told.conf_low:.2f} points lower or up to {told.conf_high:.2f}" in told.text


def test_three_conditions_are_told_in_pairs_and_the_best_is_chosen(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8, "song": 2.0})
    found = findings(arms, randomized=True, limit=None)
    assert len(topic(found, "finding")) == 3
    assert topic(found, "action")[0].text.startswith("Song is the better choice")
    assert len(topic(findings(arms, limit=1), "finding")) == 1


def test_likely_is_said_where_the_adjusted_p_does_not_reach(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    lifted = dataclasses.replace(arms, estimates=arms.estimates.assign(p_adjusted=0.2))
    told = findings(lifted, randomized=True)[0]
    assert told.sure == "likely"
    assert "probably raised" in told.text
    assert topic(findings(lifted, randomized=True), "action") == []


@pytest.mark.parametrize(
    ("smallest", "clause", "advice", "sure"),
    [
        (0.1, "lies beyond the 0.10 points", "is the better choice", "clear"),
        (0.8, "reaches the 0.80 points", "is open: weigh what it costs", "likely"),
        (3.0, "lies within the ±3.00 points", "no reason to change", "clear"),
    ],
)
def test_a_difference_is_held_against_the_smallest_that_the_plan_calls_worth_it(
    made: ModuleType, smallest: float, clause: str, advice: str, sure: str
) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    plan = AnalysisPlan(hypotheses=(), primary_outcome="memory", smallest_effect=smallest)
    found = findings(arms, randomized=True, plan=plan)
    (action,) = topic(found, "action")
    assert clause in found[0].text
    assert found[0].sure == "clear"  # of the direction
    assert (advice in action.text, action.sure) == (True, sure)
    spanish = findings(arms, randomized=True, plan=plan, language="es")
    for told, other in zip(found, spanish, strict=True):
        assert retell(told.to_dict(), "es") == other.text


def test_a_worse_condition_is_held_against_the_smallest_effect_too(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.8, "warm": 0.0})
    plan = AnalysisPlan(hypotheses=(), primary_outcome="memory", smallest_effect=3.0)
    (action,) = topic(findings(arms, randomized=True, plan=plan), "action")
    assert "no reason to give it up" in action.text


def test_a_smallest_effect_of_another_outcome_is_not_mentioned(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    own = Hypothesis(id="H1", statement="", outcome="rated", asked="memory", model="conditions")
    plan = AnalysisPlan(hypotheses=(own,), primary_outcome="rated", smallest_effect=0.4)
    other = AnalysisPlan(hypotheses=(own,), primary_outcome="again", smallest_effect=0.4)
    without = findings(arms, randomized=True)
    assert "0.40 points" in findings(arms, randomized=True, plan=plan)[0].text
    assert [f.text for f in findings(arms, randomized=True, plan=other)] == [
        f.text for f in without
    ]


def test_covariates_make_the_adjusted_difference_the_one_that_is_told(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8}, covariate=True)
    assert findings(arms)[0].term == "lin"
    assert findings(arms, method="welch")[0].term == "welch"
    with pytest.raises(CxError, match="method must be one of"):
        findings(arms, method="anova")


def test_ratings_without_an_interval_are_not_decided() -> None:
    people = pd.DataFrame({"arm": list("aabb"), "memory": [5.0, 5.0, 6.0, 7.0]})
    found = compare_conditions(people, outcome="memory", condition="arm")
    gone = found.estimates.assign(conf_low=np.nan, conf_high=np.nan, p_adjusted=np.nan)
    (told,) = findings(dataclasses.replace(found, estimates=gone), randomized=True)
    assert told.sure == "not_decided"
    assert "cannot say how sure that is" in told.text


def test_a_mixed_model_tells_the_columns_it_compared(made: ModuleType) -> None:
    told = findings(made.mixed(), randomized=True)[0]
    assert told.text.startswith("Warm raised the remembered rating by")
    bare = dataclasses.replace(
        made.mixed(), contrasts=made.mixed().contrasts.iloc[:0], converged=False, singular=True
    )
    assert [f.message.rpartition(".")[2] for f in findings(bare)] == [
        "convergence_warning",
        "mixed_warning",
    ]


def test_carry_over_is_a_warning_or_an_open_question_and_never_ruled_out(
    made: ModuleType,
) -> None:
    (warned,) = topic(findings(made.crossed(carry=2.5)), "quality")
    (open_,) = topic(findings(made.crossed()), "quality")
    assert warned.message.endswith("carry_over_warning")
    assert open_.sure == "not_decided"
    assert "only the design can rule it out" in open_.text


# ── choices ───────────────────────────────────────────────────────────────────────────────


def test_a_choice_is_decided_by_the_exact_test(made: ModuleType) -> None:
    (open_,) = findings(choice_share(22, 32), option="the longer trial")
    assert open_.text.startswith(
        "69% chose the longer trial (22 of 32; 95% interval 50% to 84%)"
    )
    assert open_.sure == "not_decided"
    (clear,) = findings(choice_share(28, 32))
    assert clear.text == "88% chose it (28 of 32; 95% interval 71% to 96%): more than 50%."
    assert clear.estimate == pytest.approx(28 / 32 - 0.5)
    (few,) = findings(choice_share(4, 32))
    assert few.message.endswith("choice_less")


def test_two_groups_that_choose_are_told_with_their_shares() -> None:
    (open_,) = findings(compare_choices((17, 21), (5, 11)))
    assert open_.sure == "not_decided"
    assert "(45%)" in open_.text
    (clear,) = findings(compare_choices((25, 40), (5, 40)), option="the song", second="warm")
    assert clear.text.startswith("The song was chosen less often in warm (12%)")
    assert "a difference of 50.0 percentage points (95% interval 29.4 to 65.0)" in clear.text


# ── quality ───────────────────────────────────────────────────────────────────────────────


def test_moments_that_vary_are_a_warning(made: ModuleType) -> None:
    found = findings(made.features())
    assert found[0].text.startswith("120 episodes of 60 people with")
    assert of(found, "moments_vary_warning").text.startswith("Episodes have 6 to 12 moments")
    notes = ("dropped_out:1", "one_moment:4", "constant:2")
    other = findings(dataclasses.replace(made.features(), notes=notes))
    assert of(other, "dropped_out_warning").text.startswith("1 of 120 episodes was not rated")
    assert of(other, "one_moment_warning").text.startswith("4 of 120 episodes have a single")


def test_sizes_that_do_not_fit_the_plan_are_the_first_warning(made: ModuleType) -> None:
    (told,) = findings(sample_ratio({"plain": 821, "warm": 679}), labels=LABELS)
    assert told.message == "quality.peak_end.ratio_warning"
    assert "planned the plain close 750 and Adding a friendly close 750" in told.text
    assert "p < .001" in told.text
    (kept,) = findings(sample_ratio({"plain": 751, "warm": 749}))
    assert told.rank > kept.rank


def test_imbalance_and_unequal_loss_are_warnings(made: ModuleType) -> None:
    assert findings(made.balanced(1.0))[0].message.endswith("balance_warning")
    assert findings(made.balanced())[0].sure == "not_decided"
    assert findings(made.losses(2, 15))[0].message.endswith("attrition_warning")
    assert findings(made.losses(3, 5))[0].text == (
        "8% of the people were lost, from 6% in plain to 10% in warm (p = .715)."
    )
    assert findings(made.losses(0, 0))[0].message.endswith("attrition_none")


# ── what all have in common ───────────────────────────────────────────────────────────────


def test_a_recorded_finding_can_be_retold_in_both_languages(made: ModuleType) -> None:
    english = everything(made)
    spanish = everything(made, language="es")
    for one, other in zip(english, spanish, strict=True):
        recorded = json.loads(json.dumps(one.to_dict()))
        assert retell(recorded, "en") == one.text
        assert retell(recorded, "es") == other.text
        assert one.text != other.text
        for text in (one.text, other.text):
            assert "{" not in text
            assert "nan" not in text.split()
            assert text[0].isupper() or text[0].isdigit()


def test_only_randomized_conditions_are_told_as_causes(made: ModuleType) -> None:
    for told in everything(made):
        assert not re.search(
            r"\b(raised|lowered|because|caused|effect of the end)\b", told.text
        )


def test_nothing_undecided_is_told_as_absent(made: ModuleType) -> None:
    for told in everything(made):
        if told.sure == "not_decided" and told.topic == "finding":
            assert not re.search(
                r"\b(no effect|no difference|equal|not significant)\b", told.text
            )


def test_a_limit_below_one_is_refused(made: ModuleType) -> None:
    for result in (made.models(), made.neglect(), made.arms({"a": 0.0, "b": 1.0})):
        with pytest.raises(CxError, match="limit must be at least 1"):
            findings(result, limit=0)


def test_hostile_labels_stay_whole_and_do_not_break_the_sentence(made: ModuleType) -> None:
    hostile = {"warm": "<b>{x}</b> %s", "memory": "مرحبا {y}"}
    told = findings(made.arms({"plain": 0.0, "warm": 0.8}), labels=hostile, randomized=True)[0]
    assert told.text.startswith("<b>{x}</b> %s raised \u2068مرحبا {y}\u2069 by")


def test_places_of_peak_end_sentences_are_used_by_no_other_sentences() -> None:
    from cxresearch.sentences._peak_end_places import PEAK_END_PLACES
    from cxresearch.sentences._render import _PLACES

    assert all(_PLACES[name] is maker for name, maker in PEAK_END_PLACES.items())
