"""Columns of a driver model: ratings as they are, factors as dummies, products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_names
from cxresearch.errors import CxError, ResponseError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Columns:
    """Columns of a model without the intercept.

    Attributes
    ----------
    values : ndarray, shape (n, k)
    names : tuple of str, length k
        ``"q1"``, ``"region[North]"`` or ``"q1:q2"``.
    terms : tuple of str, length k
        The driver or control a column belongs to.
    """

    values: FloatArray
    names: tuple[str, ...]
    terms: tuple[str, ...]


def parts_of(term: str, known: Sequence[str]) -> list[str]:
    """Return the columns behind a term: itself, or both sides of an interaction ``"a:b"``."""
    if term in known or ":" not in term:
        return [term]
    return term.split(":")


def check_terms(
    frame: pd.DataFrame, outcome: str, drivers: Sequence[str], controls: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return drivers and controls when all are columns, each named once, none the outcome.

    Raises
    ------
    CxError
        A name is unknown or used twice, or an interaction lacks one of its main effects.
    """
    known = [str(name) for name in frame.columns]
    check_names("outcome", [outcome], known, of="columns")
    drivers = [drivers] if isinstance(drivers, str) else list(drivers)
    controls = [controls] if isinstance(controls, str) else list(controls)
    if not drivers:
        raise CxError("drivers is empty: name at least one column to explain the outcome with")
    terms = [*drivers, *controls]
    repeated = sorted({term for term in terms if terms.count(term) > 1})
    if repeated:
        raise CxError(f"drivers and controls: {repeated} named more than once; name each once")
    for role, named in (("drivers", drivers), ("controls", controls)):
        check_names(role, [p for t in named for p in parts_of(t, known)], known, of="columns")
    for term in terms:
        lacking = [part for part in parts_of(term, known) if part not in terms]
        if lacking:
            raise CxError(
                f"interaction {term!r} needs its main effects in the model; {lacking} not there"
            )
        if outcome in parts_of(term, known):
            raise CxError(f"{outcome!r} is the outcome; it cannot explain itself")
    return tuple(drivers), tuple(controls)


def is_factor(column: pd.Series[Any]) -> bool:
    """Return whether a column holds categories (text, categorical) and not numbers."""
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def levels_of(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the levels of every factor that occur, in category order, the reference first.

    Raises
    ------
    ResponseError
        A factor has one level only.
    """
    levels: dict[str, tuple[str, ...]] = {}
    for name in names:
        column = frame[name]
        if not is_factor(column):
            continue
        found = {str(value) for value in column.dropna().unique()}
        if isinstance(column.dtype, pd.CategoricalDtype):
            order = [str(value) for value in column.cat.categories]
        else:
            order = sorted(found)
        if len(found) < 2:
            raise ResponseError(
                f"driver {name!r}: everybody has {sorted(found)}; a constant explains nothing, "
                "leave it out"
            )
        levels[name] = tuple(level for level in order if level in found)
    return levels


def numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return a numeric column as floats, nan where there is no answer.

    Raises
    ------
    ResponseError
        The column is text, or holds an infinite value.
    """
    column = frame[name]
    if is_factor(column):
        raise ResponseError(
            f"column {name!r}: numbers are needed, found {column.dtype}; e.g. "
            f"{column.dropna().iloc[0] if column.notna().any() else 'nothing'!r}"
        )
    values = column.to_numpy(dtype=float, na_value=np.nan, copy=True)
    if np.isinf(values).any():
        raise ResponseError(
            f"column {name!r}: {int(np.isinf(values).sum())} infinite value(s); answers are "
            "finite"
        )
    return values


def _columns_of_part(
    frame: pd.DataFrame, name: str, levels: Mapping[str, tuple[str, ...]]
) -> tuple[FloatArray, list[str]]:
    if name not in levels:
        return numbers(frame, name)[:, None], [name]
    text = frame[name].map(str, na_action="ignore").to_numpy(dtype=object)
    missing = frame[name].isna().to_numpy()
    unknown = sorted(set(text[~missing]) - set(levels[name]))
    if unknown:
        raise CxError(
            f"column {name!r}: level(s) {unknown} unknown; known are {list(levels[name])}"
        )
    values = np.column_stack([text == level for level in levels[name][1:]]).astype(float)
    values[missing] = np.nan
    return values, [f"{name}[{level}]" for level in levels[name][1:]]


def build_columns(
    frame: pd.DataFrame, terms: Sequence[str], levels: Mapping[str, tuple[str, ...]]
) -> Columns:
    """Return the columns of all terms: one a rating, one a level of a factor but the first."""
    known = [str(name) for name in frame.columns]
    blocks, names, owners = [], [], []
    for term in terms:
        values, labels = np.ones((len(frame), 1)), [""]
        for part in parts_of(term, known):
            block, names_of = _columns_of_part(frame, part, levels)
            values = (values[:, :, None] * block[:, None, :]).reshape(len(frame), -1)
            labels = [f"{a}:{b}" if a else b for a in labels for b in names_of]
        blocks.append(values)
        names += labels
        owners += [term] * len(labels)
    return Columns(values=np.hstack(blocks), names=tuple(names), terms=tuple(owners))
