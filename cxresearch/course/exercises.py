"""Exercises of the course: an answer is checked when asked, and a wrong one gets a hint."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cxresearch._validate import did_you_mean
from cxresearch.errors import CxError

Answer = Callable[[], Any]

_NOT_GIVEN = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A usual way to go wrong.

    Attributes
    ----------
    gives : callable
        What one gets that way.
    hint : str
        Leads on without giving the answer away.
    """

    gives: Answer
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """A question with one right answer.

    Attributes
    ----------
    number : str
        Lesson and place in it, ``"4.2"``.
    asked : str
        The question, one or two sentences.
    answer : callable
        Computes the right answer with the package: a number, text, bool, or several of them.
    tolerance : float
        How far a number may be off, in its own units.
    mistakes : tuple of Mistake
    hint : str
        For an answer that no mistake explains.
    """

    number: str
    asked: str
    answer: Answer
    hint: str
    tolerance: float = 0.005
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a check; shows itself in a cell."""

    number: str
    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {self.message}"

    def _repr_html_(self) -> str:
        sign = "✓" if self.right else "→"
        return f"<p><strong>{escape(self.number)} {sign}</strong> {escape(self.message)}</p>"


def check(number: str, answer: Any = _NOT_GIVEN) -> Checked:
    """Check an answer to an exercise; without an answer, show the question.

    Parameters
    ----------
    number : str
        Lesson and exercise, ``"4.2"``.
    answer : number, text, bool, or a sequence, set or mapping of them
        Numbers may be rounded to the digits that the exercise asks for; the case of text does
        not matter, nor the order of a set.

    Returns
    -------
    Checked
        True when the answer is right; otherwise with a hint, never with the answer.

    Raises
    ------
    CxError
        There is no such exercise.

    Examples
    --------
    >>> import cxresearch as cx
    >>> bool(cx.check("3.1", 4))
    False
    """
    exercise = _find(number)
    if answer is _NOT_GIVEN:
        return Checked(number=number, right=False, message=exercise.asked)
    if _agree(answer, exercise.answer(), exercise.tolerance):
        return Checked(number=number, right=True, message="Right.")
    for mistake in exercise.mistakes:
        if _agree(answer, mistake.gives(), exercise.tolerance):
            return Checked(number=number, right=False, message=f"Not yet. {mistake.hint}")
    return Checked(number=number, right=False, message=f"Not yet. {exercise.hint}")


def lesson_exercises(lesson: int) -> tuple[Exercise, ...]:
    """Return the exercises of a lesson, in their order.

    Raises
    ------
    CxError
        There is no such lesson.
    """
    module = f"cxresearch.course.lesson_{lesson}"
    if find_spec(module) is None:
        raise CxError(f"the course has no lesson {lesson}")
    exercises: tuple[Exercise, ...] = import_module(module).EXERCISES
    return exercises


def _find(number: str) -> Exercise:
    lesson, _, place = str(number).partition(".")
    if not lesson.isdecimal() or not place.isdecimal():
        raise CxError(f"exercise must be lesson.number, such as '4.2'; got {number!r}")
    known = {exercise.number: exercise for exercise in lesson_exercises(int(lesson))}
    if number not in known:
        raise CxError(
            f"lesson {lesson} has no exercise {number!r}; it has {list(known)}"
            f"{did_you_mean(number, list(known))}"
        )
    return known[number]


def _agree(given: Any, right: Any, tolerance: float) -> bool:
    given, right = _plain(given), _plain(right)
    if isinstance(right, Mapping):
        return (
            isinstance(given, Mapping)
            and {_plain(k) for k in given} == {_plain(k) for k in right}
            and all(_agree(given[key], right[key], tolerance) for key in right)
        )
    if isinstance(right, (set, frozenset)):
        return _is_group(given) and {_plain(g) for g in given} == {_plain(r) for r in right}
    if isinstance(right, (list, tuple)):
        return (
            isinstance(given, (list, tuple))
            and len(given) == len(right)
            and all(_agree(g, r, tolerance) for g, r in zip(given, right, strict=True))
        )
    if isinstance(right, (bool, str)) or isinstance(given, (bool, str)):
        return type(given) is type(right) and given == right
    if not isinstance(given, (int, float)):
        return False
    return math.isfinite(given) and abs(given - right) <= tolerance + 1e-12


def _is_group(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, Mapping))


def _plain(value: Any) -> Any:
    """Return numpy's and pandas' values as Python's, text without case and outer spaces."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return value.strip().casefold() if isinstance(value, str) else value
