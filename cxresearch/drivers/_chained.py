"""Reading a table of drivers for chained equations: ratings to fill, complete factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxresearch._chained import Answers
from cxresearch.drivers._model_columns import build_columns, is_factor, levels_of, numbers
from cxresearch.errors import ResponseError


def read_answers(
    frame: pd.DataFrame, columns: Sequence[str], not_used: pd.DataFrame
) -> Answers:
    """Split the columns into those to impute and complete factors.

    Raises
    ------
    ResponseError
        A factor has missing values: ratings can be imputed, groups cannot.
    """
    factors = [name for name in columns if is_factor(frame[name])]
    for name in factors:
        if frame[name].isna().any():
            raise ResponseError(
                f"column {name!r}: {int(frame[name].isna().sum())} group(s) unknown; "
                "imputation fills "
                "ratings, not groups. Make 'no answer' a level of its own, or leave the column "
                "out"
            )
    rated = tuple(name for name in columns if name not in factors)
    values = np.column_stack([numbers(frame, name) for name in rated])
    missing = np.isnan(values)
    unused = missing & not_used[list(rated)].to_numpy(dtype=bool)
    fixed = build_columns(frame, factors, levels_of(frame, factors)).values if factors else None
    return Answers(
        names=rated,
        values=values,
        fill=missing & ~unused,
        unused=unused,
        fixed=np.empty((len(frame), 0)) if fixed is None else fixed,
    )
