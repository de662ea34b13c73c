"""Columns of a data frame as a numeric design: numbers as they are, text as contrasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray, IntArray
from cxresearch._validate import check_names
from cxresearch.errors import CxError, ResponseError

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Design:
    """A design matrix whose first column is the intercept.

    Attributes
    ----------
    matrix : ndarray, shape (n, p)
    terms : tuple of str
        Names of the columns; ``condition[B]`` is level B against the first level.
    levels : dict of str to tuple of str
        Levels of every column that is not numeric, the first one the baseline.
    """

    matrix: FloatArray
    terms: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]


def complete_rows(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Return the rows without a gap in `columns`, and how many were left out.

    Raises
    ------
    CxError
        A column is unknown.
    ResponseError
        No complete row is left.
    """
    check_names("columns", list(columns), [str(c) for c in frame.columns], of="columns")
    used = {name: frame[name] for name in columns}
    whole = np.ones(len(frame), dtype=bool)
    for column in used.values():
        whole &= column.notna().to_numpy()
        if is_numeric(column):
            whole &= np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))
    if not whole.any():
        raise ResponseError(f"no row has a value in all of {list(used)}")
    return frame.loc[whole, list(used)].reset_index(drop=True), int((~whole).sum())


def is_numeric(column: pd.Series) -> bool:
    """Tell whether a column enters a model as it is."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def levels_of(column: pd.Series) -> tuple[str, ...]:
    """Return the levels that occur, in the order of the categories, else sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = column.cat.categories.tolist()
        return tuple(str(categories[code]) for code in np.unique(column.cat.codes) if code >= 0)
    return tuple(str(level) for level in sorted(column.dropna().unique()))


def arms_of(column: pd.Series, levels: tuple[str, ...]) -> IntArray:
    """Return the number of the level each row is in."""
    place = {level: number for number, level in enumerate(levels)}
    return np.array([place[str(value)] for value in column], dtype=np.int64)


def design(frame: pd.DataFrame, fixed: Sequence[str]) -> Design:
    """Return the design of `fixed` columns with an intercept, text in treatment contrasts.

    Raises
    ------
    CxError
        A column is named twice.
    ResponseError
        A column does not vary.
    """
    if len(set(fixed)) < len(fixed):
        raise CxError(f"fixed: {list(fixed)} names a column twice")
    columns: list[FloatArray] = [np.ones(len(frame))]
    terms = [INTERCEPT]
    levels: dict[str, tuple[str, ...]] = {}
    for name in fixed:
        column = frame[name]
        if column.nunique() < 2:
            raise ResponseError(f"column {name!r} has one value only; leave it out")
        if is_numeric(column):
            columns.append(column.to_numpy(dtype=float))
            terms.append(name)
            continue
        levels[name] = levels_of(column)
        text = column.astype(str)
        for level in levels[name][1:]:
            columns.append((text == level).to_numpy().astype(float))
            terms.append(f"{name}[{level}]")
    return Design(matrix=np.column_stack(columns), terms=tuple(terms), levels=levels)
