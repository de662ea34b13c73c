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
    labels : callable
        Gives what tables and figures call the names in the answer, name → label; an answer may
        use either.
    """

    number: str
    asked: str
    answer: Answer
    hint: str
    tolerance: float = 0.005
    mistakes: tuple[Mistake, ...] = ()
    labels: Callable[[], Mapping[str, str]] = dict


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
        not matter, nor the order of a set. Names may be those of columns or those that tables
        show.

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
    given, right = _named(answer, exercise.labels()), exercise.answer()
    if _agree(given, right, exercise.tolerance):
        return Checked(number=number, right=True, message="Right.")
    for mistake in exercise.mistakes:
        if _agree(given, mistake.gives(), exercise.tolerance):
            return Checked(number=number, right=False, message=f"Not yet. {mistake.hint}")
    told = (
        _other_kind(given, right) or _nearly(given, right, exercise.tolerance) or exercise.hint
    )
    return Checked(number=number, right=False, message=f"Not yet. {told}")


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


def _other_kind(given: Any, right: Any) -> str:
    """Say what kind of answer is asked for, where it is another one; else nothing."""
    given, right = _plain(given), _plain(right)
    if given is None:
        return "That is nothing (None): a call that prints, or changes something, returns None."
    if isinstance(right, (set, frozenset)):
        return "" if _is_group(given) else 'Give a set of names, such as {"one", "other"}.'
    if isinstance(right, str):
        return "" if isinstance(given, str) else "Give one name, as text in quotes."
    if _is_number(right) and not _is_number(given):
        return "Give one number, without quotes."
    return ""


def _nearly(given: Any, right: Any, tolerance: float) -> str:
    """Say what is off about a number that is nearly right; else nothing."""
    given, right = _plain(given), _plain(right)
    if not _is_number(right) or not right:
        return ""
    if _agree(-given, right, tolerance):
        return "The size is right; think again about the sign."
    if abs(right) < 1 and _agree(given / 100, right, tolerance):
        return "Give it as a share of 1, not in percent."
    if 0 < tolerance < abs(given - right) <= 10 * tolerance and _is_rounded(given, right):
        return "Near: give the digits that the exercise asks for."
    return ""


def _is_rounded(given: float, right: float) -> bool:
    return any(abs(round(right, digits) - given) < 1e-9 for digits in range(4))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _named(answer: Any, labels: Mapping[str, str]) -> Any:
    """Return the answer with labels put back to the names they stand for."""
    names = {_plain(label): name for name, label in labels.items()}
    plain = _plain(answer)
    if isinstance(plain, str):
        return names.get(plain, answer)
    if names and _is_group(plain):
        return [names.get(_plain(one), one) for one in plain]
    return answer


def _is_group(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, Mapping))


def _plain(value: Any) -> Any:
    """Return numpy's and pandas' values as Python's, text without case and outer spaces.

    Words of a name may be joined by spaces or underscores.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    return value.strip().casefold().replace("_", " ") if isinstance(value, str) else value
