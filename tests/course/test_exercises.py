"""Exercises check themselves, and help without giving the answer away."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import cxresearch as cx
from cxresearch.course import Exercise, Mistake
from cxresearch.course.exercises import _agree
from cxresearch.errors import CxError

LESSONS = sorted(
    int(path.stem.partition("_")[2])
    for path in (Path(cx.__file__).parent / "course").glob("lesson_*.py")
)
EXERCISES = [exercise for lesson in LESSONS for exercise in cx.lesson_exercises(lesson)]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.number)
def test_the_right_answer_is_right_and_a_usual_mistake_gets_its_hint(
    exercise: Exercise,
) -> None:
    right = exercise.answer()
    assert cx.check(exercise.number, right)
    for mistake in exercise.mistakes:
        told = cx.check(exercise.number, mistake.gives())
        assert not told, f"{exercise.number}: the mistake gives the right answer"
        assert mistake.hint in told.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.number)
def test_no_hint_gives_the_answer_away(exercise: Exercise) -> None:
    right = exercise.answer()
    for hint in (exercise.hint, *(mistake.hint for mistake in exercise.mistakes)):
        if isinstance(right, str):
            assert right.casefold() not in hint.casefold()
        elif isinstance(right, (int, float)) and not isinstance(right, bool):
            numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", hint.replace("−", "-"))]
            assert not [n for n in numbers if abs(n - right) <= exercise.tolerance]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.number)
def test_numbers_run_from_one_and_a_question_shows_itself(exercise: Exercise) -> None:
    lesson, place = exercise.number.split(".")
    own = cx.lesson_exercises(int(lesson))
    assert own[int(place) - 1] is exercise
    assert cx.check(exercise.number).message == exercise.asked


@pytest.mark.parametrize("number", ["3", "three.1", "", "3.x"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(CxError, match="must be lesson"):
        cx.check(number, 1)


def test_an_exercise_that_is_not_there_is_refused() -> None:
    with pytest.raises(CxError, match=r"has no exercise '3.99'; it has \['3.1'"):
        cx.check("3.99", 1)
    with pytest.raises(CxError, match="no lesson 99"):
        cx.check("99.1", 1)


@pytest.mark.parametrize(
    ("given", "right", "same"),
    [
        (np.float64(0.501), 0.5, True),
        (float("nan"), 0.5, False),
        (1, True, False),
        ("  Staff ", "staff", True),
        (["b", "a"], {"a", "b"}, True),
        (np.array([1.0, 2.0]), (1.0, 2.001), True),
        ((1.0,), (1.0, 2.0), False),
        ({"a": 1.0}, {"a": 1.001}, True),
        ({"b": 1.0}, {"a": 1.0}, False),
        ("0.5", 0.5, False),
        (None, 0.5, False),
    ],
)
def test_answers_agree_in_value_and_kind(given: object, right: object, same: bool) -> None:
    assert _agree(given, right, 0.005) is same


def test_a_checked_answer_shows_itself_escaped() -> None:
    told = cx.Checked(number="9.9", right=False, message="<b>")
    assert "&lt;b&gt;" in told._repr_html_()
    assert repr(told) == "Exercise 9.9: <b>"
    assert Mistake(gives=lambda: 1, hint="h").gives() == 1


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        ("4.1", "0.3", "one number, without quotes"),
        ("4.1", None, "nothing (None)"),
        ("4.1", [0.3], "one number, without quotes"),
        ("2.5", 0.8, "one name, as text"),
        ("4.6", "spa", "a set of names"),
        ("4.1", 27.52, "not in percent"),
        ("7.3", 0.715, "the sign"),
        ("4.1", 0.28, "the digits"),
    ],
)
def test_an_answer_of_another_form_is_told_so(number: str, answer: object, said: str) -> None:
    told = cx.check(number, answer)
    assert not told
    assert said in told.message


def test_a_name_may_be_the_one_that_tables_show() -> None:
    for exercise in EXERCISES:
        labels, right = exercise.labels(), exercise.answer()
        if labels and isinstance(right, str):
            assert cx.check(exercise.number, labels[right])
        elif labels:
            assert cx.check(exercise.number, {labels[name] for name in right})
    assert cx.check("7.5", "Not decided")
