"""Rows of a frame as plain objects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxresearch._rows import rows_of, values_of

FRAME = pd.DataFrame(
    {
        "number": [0.1, np.nan],
        "count": np.array([1, 2], dtype="int16"),
        "flag": [True, False],
        "text": ["a", None],
        "word": pd.array(["x", None], dtype="str"),
        "kind": pd.Categorical(["k", None]),
        "time": pd.to_datetime(["2026-01-01", None]),
    }
)


def test_cells_are_what_iterating_the_frame_gives() -> None:
    for ours, theirs in zip(rows_of(FRAME), FRAME.itertuples(index=False), strict=True):
        for name in FRAME.columns:
            own, other = getattr(ours, name), getattr(theirs, name)
            assert type(own) is type(other)
            assert own == other or (pd.isna(own) and pd.isna(other))


def test_an_empty_frame_has_no_rows() -> None:
    assert rows_of(FRAME.head(0)) == []
    assert values_of(pd.DataFrame()) == []


def test_a_column_may_have_any_name() -> None:
    (row,) = rows_of(pd.DataFrame({"a b": [1], "class": [2]}))
    assert vars(row) == {"a b": 1, "class": 2}
