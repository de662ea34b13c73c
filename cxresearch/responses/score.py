"""Scores of scales, and what is missing in them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cxresearch._types import MISSING_KINDS
from cxresearch._validate import check_share
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses

_KINDS = ("empty", *MISSING_KINDS)


def items_needed(items: int, *, min_answered: float) -> int:
    """Return how many items must be answered: ``ceil(min_answered × items)``, 1 at least.

    Examples
    --------
    >>> items_needed(5, min_answered=0.5), items_needed(4, min_answered=0.5)
    (3, 2)
    """
    check_share("min_answered", min_answered)
    # 0.7 × 10 is 7.000000000000001 on some machines, which is 7 items and not 8.
    return max(1, math.ceil(min_answered * items - 1e-9))


def scale_scores(answers: pd.DataFrame, *, min_answered: float) -> pd.Series:
    """Mean of the items a respondent answered, where enough of them are answered.

    Parameters
    ----------
    answers : pandas.DataFrame
        One column an item, scored for reverse keying; nan where there is no answer.
    min_answered : float
        Share of items that must be answered, 0 to 1.

    Returns
    -------
    pandas.Series
        Response-scale units; nan for respondents with fewer than ``ceil(min_answered × k)``
        of k items, and without any answer.

    Raises
    ------
    CxError
        There are no items, or `min_answered` is no share.

    Notes
    -----
    With ``min_answered=1`` as ``rowMeans(answers)`` of R, with 0 as
    ``rowMeans(answers, na.rm = TRUE)``.

    Examples
    --------
    >>> answers = pd.DataFrame({"P1": [5.0, 4.0], "P2": [6.0, None], "P3": [7.0, None]})
    >>> scale_scores(answers, min_answered=0.5).tolist()
    [6.0, nan]
    """
    if not answers.shape[1]:
        raise CxError("a scale score needs one item or more; got none")
    needed = items_needed(answers.shape[1], min_answered=min_answered)
    values = answers.to_numpy(dtype=float)
    answered = ~np.isnan(values)
    count = answered.sum(axis=1)
    mean = np.where(answered, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    return pd.Series(np.where(count >= needed, mean, np.nan), index=answers.index, name="score")


def missing_by_item(responses: Responses) -> pd.DataFrame:
    """Non-answers of each item, by kind, among the respondents analysed.

    Parameters
    ----------
    responses : Responses

    Returns
    -------
    pandas.DataFrame
        One row for each part of each item, in the order of the codebook: ``term``
        (``item_5``), ``part``, ``battery``, ``column``, ``n`` (answered), ``empty``,
        ``refused``, ``not_used``, ``unknown`` (respondents) and ``share`` (of respondents
        without an answer, 0 to 1).

    Examples
    --------
    >>> from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
    >>> from cxresearch.responses.model import Flow
    >>> scale = Scale(name="staff", label="Staff", items=(Item(key=1, text="Helpful"),))
    >>> agree = ResponseScale(name="agree7", low=1, high=7)
    >>> battery = Battery(name="q", scale=agree, parts={"rating": "Q{item}"}, scales=(scale,))
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Branches", batteries=(battery,)),
    ...     frame=pd.DataFrame({"Q1": [5.0, None]}),
    ...     missing=pd.DataFrame({"Q1": ["", "empty"]}),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=2),
    ...     sources=(),
    ... )
    >>> missing_by_item(responses)[["term", "n", "empty", "share"]].to_dict("records")
    [{'term': 'item_1', 'n': 1, 'empty': 1, 'share': 0.5}]
    """
    rows = []
    for battery in responses.codebook.batteries:
        for part in battery.parts:
            for item in battery.items:
                column = battery.column(part, item)
                kinds = responses.missing[column]
                counts = [int((kinds == kind).sum()) for kind in _KINDS]
                share = sum(counts) / len(kinds) if len(kinds) else math.nan
                n = len(kinds) - sum(counts)
                rows.append((item.term, part, battery.name, column, n, *counts, share))
    names = ["term", "part", "battery", "column", "n", *_KINDS, "share"]
    return pd.DataFrame(rows, columns=names)
