"""Checks of arguments, refused early and in one voice."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

from cxresearch.errors import CxError


def did_you_mean(name: object, allowed: Iterable[object]) -> str:
    """Return ``"; did you mean 'x'?"`` when a known name is close to `name`, else ``""``."""
    near = difflib.get_close_matches(
        str(name), [str(item) for item in allowed], n=1, cutoff=0.6
    )
    return f"; did you mean {near[0]!r}?" if near else ""


def check_choice(name: str, value: Any, choices: Sequence[Any]) -> Any:
    """Return `value` when it is one of `choices`, else raise."""
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise CxError(
            f"{name} must be one of {listed}; got {value!r}{did_you_mean(value, choices)}"
        )
    return value


def check_fraction(name: str, value: float, *, low: float = 0.0, high: float = 1.0) -> float:
    """Return `value` when it is a number strictly between `low` and `high`, else raise."""
    if isinstance(value, bool) or not isinstance(value, Real) or not low < float(value) < high:
        raise CxError(f"{name} must be a number between {low:g} and {high:g}; got {value!r}")
    return float(value)


def check_share(name: str, value: float) -> float:
    """Return `value` when it is a number from 0 to 1, ends included, else raise."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise CxError(f"{name} must be a number from 0 to 1; got {value!r}")
    return float(value)


def check_count(name: str, value: int, *, at_least: int = 0) -> int:
    """Return `value` when it is a whole number not below `at_least`, else raise."""
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not math.isfinite(float(value))
    ):
        raise CxError(f"{name} must be a whole number of at least {at_least}; got {value!r}")
    if int(value) != value or int(value) < at_least:
        raise CxError(f"{name} must be a whole number of at least {at_least}; got {value!r}")
    return int(value)


def check_names(
    name: str, values: Iterable[str], known: Sequence[str], *, of: str
) -> list[str]:
    """Return `values` as a list when all are in `known`; name every unknown one otherwise."""
    wanted = [values] if isinstance(values, str) else list(values)
    unknown = [value for value in wanted if value not in known]
    if unknown:
        hints = "".join(did_you_mean(value, known) for value in unknown)
        raise CxError(f"{name}: {unknown} not found; the {of} are {list(known)}{hints}")
    return wanted
