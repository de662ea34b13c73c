"""Which respondents an analysis of items rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_names
from cxresearch.errors import EstimationError, ResponseError


def complete_answers(
    frame: pd.DataFrame, items: Sequence[str], *, at_least: int = 3
) -> FloatArray:
    """Return the answers of respondents who answered every item, shape (n, p), a fresh copy.

    Raises
    ------
    CxError
        An item is not a column.
    ResponseError
        A column does not hold numbers, or too few respondents answered everything.
    """
    check_names("items", items, [str(name) for name in frame.columns], of="columns")
    chosen = frame[list(items)]
    text = [c for c in items if not pd.api.types.is_numeric_dtype(chosen[c])]
    if text:
        raise ResponseError(f"column(s) {text} do not hold numbers; score the answers first")
    answers = chosen.to_numpy(dtype=float, na_value=np.nan)
    complete = np.array(answers[np.isfinite(answers).all(axis=1)])
    if len(complete) < at_least:
        raise ResponseError(
            f"{len(complete)} of {len(frame)} respondents answered all of {len(items)} items; "
            f"at least {at_least} are needed. Leave out the items that few answered"
        )
    return complete


def weighted_answers(
    frame: pd.DataFrame, items: Sequence[str], weights: str | None, *, at_least: int = 3
) -> tuple[FloatArray, FloatArray | None]:
    """Return complete answers and case weights with sum n; no weights where none are named.

    Raises
    ------
    CxError
        A name is not a column.
    ResponseError
        Answers or weights are not numbers, a weight is missing or negative, or too few
        respondents answered everything.
    """
    if weights is None:
        return complete_answers(frame, items, at_least=at_least), None
    known = [str(name) for name in frame.columns]
    check_names("items", items, known, of="columns")
    check_names("weights", [weights], known, of="columns")
    text = [name for name in items if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        raise ResponseError(f"column(s) {text} do not hold numbers; score the answers first")
    if not pd.api.types.is_numeric_dtype(frame[weights]):
        raise ResponseError(f"weights: column {weights!r} does not hold numbers")
    w = frame[weights].to_numpy(dtype=float, na_value=np.nan)
    faulty = int((~np.isfinite(w) | (w < 0)).sum())
    if faulty:
        raise ResponseError(
            f"weights: {faulty} of {len(w)} case weights in {weights!r} are missing, negative "
            "or not finite; leave those respondents out or give them a weight"
        )
    kept = frame.loc[w > 0]
    answers = kept[list(items)].to_numpy(dtype=float, na_value=np.nan)
    complete = complete_answers(kept, items, at_least=at_least)
    own = w[w > 0][np.isfinite(answers).all(axis=1)]
    return complete, own * (len(own) / own.sum())


def check_varying(answers: FloatArray, items: Sequence[str]) -> None:
    """Refuse items everybody answered alike.

    Raises
    ------
    EstimationError
    """
    constant = [
        item for item, column in zip(items, answers.T, strict=True) if np.ptp(column) == 0
    ]
    if constant:
        raise EstimationError(
            f"item(s) {constant} have the same answer from everybody and no correlations; "
            "leave them out"
        )


def dropped_note(asked: int, n: int) -> tuple[str, ...]:
    """Return ``("rows_dropped:17",)`` when respondents were left out."""
    return (f"rows_dropped:{asked - n}",) if asked > n else ()


def table_of(columns: Mapping[str, object]) -> pd.DataFrame:
    """Return a table whose columns of text are of type object, as results keep them."""
    frame = pd.DataFrame(columns)
    text = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.astype(dict.fromkeys(text, object))
