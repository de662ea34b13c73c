"""What a codebook says of studies that rate moments."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cxresearch._types import ROLES
from cxresearch.codebook import Codebook
from cxresearch.codebook.moments import FEATURE_NAMES, OWN_NAMES
from cxresearch.codebook.schema import codebook_schema
from cxresearch.peak_end.features import FEATURES

HEAD = """\
survey: Visits
response_scales: {mood: {range: [-5, 5]}, ten: {range: [1, 10]}}
columns:
"""
RATING = "rated: {role: rating, scale: mood, direction: bipolar, neutral: 0}"
LINES = [
    "who: {role: participant, column: PatientID}", "visit: {role: episode}",
    "minute: {role: time, unit: minutes}", RATING, "memory: {role: retrospective, scale: ten}",
]  # fmt: skip

Load = Callable[..., Codebook]
Faults = Callable[[str], list[str]]


def written(*extra: str, without: str = "", instead: str = RATING) -> str:
    lines = [instead if line == RATING else line for line in LINES if line != without]
    return HEAD + "".join(f"  {line}\n" for line in (*lines, *extra) if line)


def test_the_roles_and_the_peak_rule_of_a_study_of_moments_are_read(load: Load) -> None:
    codebook = load(
        written(
            "close: {role: condition, values: {0: Usual, 1: Friendly}}",
            "again: {role: choice}",
            "before: {role: covariate, scale: ten}",
            "length: {role: duration, unit: minutes}",
            "whole: {role: ended}",
        )
    )
    rated = codebook.find_column("rated")
    assert (rated.direction, rated.higher_is, rated.neutral) == ("bipolar", None, 0.0)
    assert codebook.find_column("minute").unit == "minutes"
    assert {column.role for column in codebook.columns} == {
        "participant", "episode", "time", "rating", "retrospective", "condition", "choice",
        "covariate", "duration", "ended",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rating", "said"),
    [
        ("rated: {role: rating, scale: mood}", "direction is missing: pleasant, unpleasant or"),
        (
            "rated: {role: rating, scale: mood, direction: unpleasant}",
            "direction unpleasant needs higher_is: worse where a high rating is bad",
        ),
        ("rated: {role: rating, scale: mood, direction: bipolar}", "bipolar needs neutral"),
        (
            "rated: {role: rating, scale: mood, direction: pleasant, neutral: 0}",
            "neutral is for direction bipolar, not for pleasant",
        ),
        (
            "rated: {role: rating, scale: mood, direction: bipolar, neutral: 5}",
            "neutral 5 is not between -5 and 5, the ends of mood",
        ),
        ("rated: {role: rating, direction: pleasant}", "role rating needs a scale"),
        (
            "rated: {role: rating, scale: mood, direction: pleasant, reverse_keyed: true}",
            "reverse_keyed is for questions; write higher_is: worse",
        ),
        (
            "rated: {role: rating, scale: mood, direction: pleasent}",
            "did you mean 'pleasant'?",
        ),
    ],
)
def test_a_rating_that_does_not_say_what_the_peak_is_is_refused(
    faults: Faults, rating: str, said: str
) -> None:
    (fault,) = faults(written(instead=rating))
    assert said in fault
    assert fault.startswith("line 7: rated")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (
            "b: {role: segment, neutral: 1}",
            "neutral is for the rating of moments, not for role",
        ),
        ("b: {role: segment, unit: hours}", "unit is for role time or duration, not for role"),
        ("b: {role: duration, unit: order}", "a duration is no order"),
        ("b: {role: choice, values: {1: Yes please, 2: No thanks}}", "1, chosen, and 0, not"),
        ("b: {role: condition, values: {1: Only}}", "a condition needs two values or more"),
        ("b: {role: episode}", "role episode is given twice, to visit and to b"),
        ("peak: {role: covariate}", "the name is that of a feature of episodes"),
        ("condition: {role: covariate}", "the name is kept for role condition"),
    ],
)
def test_options_and_names_that_cannot_stand_are_refused(
    faults: Faults, extra: str, said: str
) -> None:
    (fault,) = faults(written(extra))
    assert said in fault


def test_missing_roles_are_named_at_once(faults: Faults) -> None:
    (fault,) = faults(HEAD + "  visit: {role: episode}\n  minute: {role: time}\n")
    assert fault == (
        "line 3: columns: no column has the roles participant, rating, retrospective; a study "
        "of moments needs participant, episode, time, rating, retrospective"
    )


def test_all_faults_of_a_study_of_moments_are_told_at_once(faults: Faults) -> None:
    found = faults(
        written(
            "b: {role: condition, values: {1: Only}}",
            instead="rated: {role: rating, scale: mood, direction: unpleasant, neutral: 1}",
            without=LINES[0],
        )
    )
    assert len(found) == 4


def test_a_covariate_alone_makes_no_study_of_moments(load: Load) -> None:
    codebook = load(HEAD + "  age: {role: covariate}\n  peak: {role: driver, scale: ten}\n")
    assert len(codebook.columns) == 2


def test_names_of_features_are_kept_free() -> None:
    assert set(FEATURES) <= {*FEATURE_NAMES, *OWN_NAMES}


def test_editors_are_told_of_the_roles_and_options() -> None:
    column = codebook_schema()["$defs"]["ColumnFile"]["properties"]
    assert set(column["role"]["enum"]) == set(ROLES)
    assert "participant" in column["role"]["description"]
    for key in ("direction", "higher_is", "neutral", "unit"):
        assert column[key]["description"]
