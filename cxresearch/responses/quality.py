"""How carefully a respondent answered: flags and indices, judged by the researcher.

Nothing here excludes anybody. Answers are taken as given, before reverse keying: someone who
ticks one column of the grid gives equal codes, also to reversed questions.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray, Part
from cxresearch.codebook.model import Battery, Codebook

if TYPE_CHECKING:
    from cxresearch.responses.validate import ValidatedWave


def longest_string(answers: pd.DataFrame) -> pd.Series:
    """Longest run of the same answer, in items, for each respondent.

    Parameters
    ----------
    answers : pandas.DataFrame
        One column an item in the order in which they were asked, response-scale units, not
        reversed; nan where there is no answer.

    Returns
    -------
    pandas.Series
        Whole numbers; 0 for a respondent without any answer.

    Notes
    -----
    A missing answer breaks the run. Without missing answers this is
    ``careless::longstring(answers)`` of R.

    References
    ----------
    Johnson, J. A. (2005). Ascertaining the validity of individual protocols from Web-based
    personality inventories. Journal of Research in Personality, 39, 103-129.
    https://doi.org/10.1016/j.jrp.2004.09.009

    Examples
    --------
    >>> answers = pd.DataFrame({"P1": [5.0, 3.0], "P2": [5.0, 4.0], "P3": [5.0, 4.0]})
    >>> longest_string(answers).tolist()
    [3, 2]
    """
    values = answers.to_numpy(dtype=float)
    longest = np.zeros(len(values), dtype=np.int64)
    run = np.zeros(len(values), dtype=np.int64)
    for place in range(values.shape[1]):
        here = values[:, place]
        same = here == values[:, place - 1] if place else np.zeros(len(values), dtype=bool)
        run = np.where(np.isnan(here), 0, np.where(same, run + 1, 1))
        longest = np.maximum(longest, run)
    return pd.Series(longest, index=answers.index, name="longest_string")


def variability(answers: pd.DataFrame) -> pd.Series:
    r"""Intra-individual response variability: a respondent's standard deviation over items.

    .. math:: \sqrt{\sum_j (x_j - \bar x)^2 / (m - 1)}

    over the m items that were answered.

    Parameters
    ----------
    answers : pandas.DataFrame
        One column an item, response-scale units, not reversed; nan where there is no answer.

    Returns
    -------
    pandas.Series
        Response-scale units; nan with fewer than two answers.

    Notes
    -----
    The same as ``careless::irv(answers)`` of R.

    References
    ----------
    Dunn, A. M., Heggestad, E. D., Shanock, L. R., & Theilgard, N. (2018). Intra-individual
    response variability as an indicator of insufficient effort responding. Journal of Business
    and Psychology, 33, 105-121. https://doi.org/10.1007/s10869-016-9479-0

    Examples
    --------
    >>> variability(pd.DataFrame({"P1": [4.0, 3.0], "P2": [4.0, 5.0]})).round(3).tolist()
    [0.0, 1.414]
    """
    values = answers.to_numpy(dtype=float)
    answered = ~np.isnan(values)
    count = answered.sum(axis=1)
    enough = count > 1
    mean = np.where(answered, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    squares = np.where(answered, values - mean[:, None], 0.0) ** 2
    variance = squares.sum(axis=1) / np.maximum(count - 1, 1)
    return pd.Series(
        np.where(enough, np.sqrt(variance), np.nan), index=answers.index, name="variability"
    )


def missing_share(answers: pd.DataFrame) -> pd.Series:
    """Share of items without an answer, 0 to 1; every kind of non-answer counts.

    Parameters
    ----------
    answers : pandas.DataFrame
        One column an item; nan where there is no answer.

    Returns
    -------
    pandas.Series

    Examples
    --------
    >>> missing_share(pd.DataFrame({"P1": [4.0, None], "P2": [4.0, 5.0]})).tolist()
    [0.0, 0.5]
    """
    missing: FloatArray = answers.isna().to_numpy(dtype=float).mean(axis=1)
    return pd.Series(missing, index=answers.index, name="missing_share")


def equal_parts(first: pd.DataFrame, second: pd.DataFrame) -> pd.Series:
    """Whether a respondent gave the same answer to both parts of every item.

    Every gap of such a respondent is zero. A careless pattern that only surveys with two parts
    an item can show.

    Parameters
    ----------
    first, second : pandas.DataFrame
        Answers to the two parts, items in the same order, not reversed.

    Returns
    -------
    pandas.Series of bool
        True where every item with both answers has them equal, and at least half of the items
        (two or more) have both.

    Examples
    --------
    >>> expectation = pd.DataFrame({"E1": [6.0, 6.0], "E2": [7.0, 7.0]})
    >>> perception = pd.DataFrame({"P1": [6.0, 6.0], "P2": [7.0, 5.0]})
    >>> equal_parts(perception, expectation).tolist()
    [True, False]
    """
    left, right = first.to_numpy(dtype=float), second.to_numpy(dtype=float)
    both = ~(np.isnan(left) | np.isnan(right))
    needed = max(2.0, left.shape[1] / 2)
    equal: BoolArray = ((left == right) | ~both).all(axis=1) & (both.sum(axis=1) >= needed)
    return pd.Series(equal, index=first.index, name="equal_parts")


def asked_columns(battery: Battery, part: Part) -> list[str]:
    """Return the columns of a part in the order in which the items were asked.

    That is by number where all items are numbered, else the order of the codebook: dimensions
    gather items that a questionnaire mixes.
    """
    items = list(battery.items)
    if all(isinstance(item.key, int) for item in items):
        items.sort(key=lambda item: int(item.key))
    return [battery.column(part, item) for item in items]


def battery_quality(wave: ValidatedWave, battery: Battery) -> dict[str, pd.Series]:
    """Return every index of one battery, one value a respondent.

    Parameters
    ----------
    wave : ValidatedWave
    battery : Battery

    Returns
    -------
    dict of str to pandas.Series
        ``missing_share_<battery>`` over all parts; for each part
        ``missing_share_<battery>_<part>``, ``longest_string_<battery>_<part>`` (items) and
        ``variability_<battery>_<part>`` (response-scale units); and ``equal_parts_<battery>``
        where the battery has an expectation and a perception.
    """
    asked = {part: asked_columns(battery, part) for part in battery.parts}
    blocks = {part: wave.answers(columns) for part, columns in asked.items()}
    name = battery.name
    everything = wave.answers(list(chain.from_iterable(asked.values())))
    columns = {f"missing_share_{name}": missing_share(everything)}
    for part, block in blocks.items():
        columns[f"missing_share_{name}_{part}"] = missing_share(block)
        columns[f"longest_string_{name}_{part}"] = longest_string(block)
        columns[f"variability_{name}_{part}"] = variability(block)
    if "expectation" in blocks and "perception" in blocks:
        equal = equal_parts(blocks["perception"], blocks["expectation"])
        columns[f"equal_parts_{name}"] = equal
    return columns


def repeated_ids(ids: pd.Series) -> pd.Series:
    """Whether an id occurred before; empty ids never did."""
    return ids.duplicated(keep="first") & ids.notna()


def quality_of(wave: ValidatedWave, codebook: Codebook) -> pd.DataFrame:
    """Return the indices of all batteries, repeated ids and durations of one wave.

    Returns
    -------
    pandas.DataFrame
        ``wave`` and ``row`` in its file, ``id`` and ``duplicated_id`` where the codebook names
        an id, ``duration`` where it names one, then `battery_quality` of each battery.
    """
    rows = wave.frame.index
    columns: dict[str, pd.Series | pd.Index | FloatArray] = {
        "wave": pd.Series(wave.source.wave, index=rows, dtype=object),
        "row": rows,
    }
    for column in codebook.columns_with_role("id")[:1]:
        columns["id"] = wave.frame[column.name]
        columns["duplicated_id"] = repeated_ids(wave.frame[column.name])
    for column in codebook.columns_with_role("duration")[:1]:
        columns["duration"] = wave.decoded[column.name].codes
    for battery in codebook.batteries:
        columns |= battery_quality(wave, battery)
    return pd.DataFrame(columns, index=rows)
