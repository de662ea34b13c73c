"""What is seen at each look at a study: estimates from the people who had come by then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_names
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._design import complete_rows, levels_of


def check_looks(looks: pd.DataFrame, *, planned_n: float | None = None) -> pd.DataFrame:
    """Return looks with estimate, std_error, df, n and fraction, as numbers.

    Raises
    ------
    CxError
        A column is missing or not numeric, a standard error is not positive, or the looks do
        not grow.
    """
    known = [str(column) for column in looks.columns]
    check_names("looks", ["estimate", "std_error"], known, of="columns")
    if planned_n is not None:
        check_names("looks", ["n"], known, of="columns")
        if not planned_n > 0:
            raise CxError(f"planned_n must be above 0; got {planned_n!r}")
    elif "fraction" not in known:
        raise CxError(
            "looks: either a column 'fraction' (of the planned information), or a column 'n' "
            f"with planned_n, is needed; there are {known}"
        )
    if not len(looks):
        raise CxError("looks: there is no look yet")
    used = [c for c in ("estimate", "std_error", "df", "n", "fraction") if c in known]
    for name in used:
        if not pd.api.types.is_numeric_dtype(looks[name]):
            raise CxError(f"looks: column {name!r} must be numeric")
    table = looks[used].astype(float).reset_index(drop=True)
    table = table.assign(df=table.get("df", np.inf), n=table.get("n", np.nan))
    if planned_n is not None:
        table["fraction"] = table["n"] / planned_n
    for name in ("std_error", "fraction", "df"):
        wrong = ~(table[name] > 0)
        if wrong.any():
            row = int(np.argmax(wrong)) + 1
            value = table[name].iloc[row - 1]
            raise CxError(f"looks: {name} must be above 0; look {row} has {value:g}")
    if not np.isfinite(table["estimate"]).all():
        raise CxError("looks: every look needs an estimate")
    if (np.diff(table["fraction"]) <= 0).any():
        told = [round(float(value), 6) for value in table["fraction"]]
        raise CxError(f"looks: the fraction must grow from look to look; got {told}")
    return table


def check_sesoi(sesoi: float) -> None:
    """Refuse a smallest effect of interest that is not above 0; nan is none.

    Raises
    ------
    CxError
        It is not.
    """
    if not (np.isnan(sesoi) or 0 < sesoi < np.inf):
        raise CxError(f"sesoi must be above 0, in units of the outcome; got {sesoi!r}")


def against(look: pd.Series, sesoi: float) -> str:
    """Return where the interval of a look lies against ±sesoi: "beyond", "within", "open".

    "" without a smallest effect or without an interval.
    """
    low, high = float(look["conf_low"]), float(look["conf_high"])
    if np.isnan([sesoi, low, high]).any():
        return ""
    if low >= sesoi or high <= -sesoi:
        return "beyond"
    return "within" if -sesoi < low and high < sesoi else "open"


def interim_looks(
    frame: pd.DataFrame,
    *,
    outcome: str,
    at: Sequence[int],
    condition: str = "",
    order: str = "",
) -> pd.DataFrame:
    r"""Return the difference of two conditions as it stood after so many people.

    Between people Welch's difference of means with its degrees of freedom; without `condition`
    the mean of `outcome`, for differences within people.

    Parameters
    ----------
    frame : DataFrame
        One row a person.
    outcome : str
        Numeric column.
    at : sequence of int
        People, of all conditions together, at each look; increasing. A look later than the data
        is not there yet and left out.
    condition : str
        Column with two conditions: second less first, in the order of its categories.
    order : str
        Column by which people came; by default the order of the rows. People without the
        outcome do not count.

    Returns
    -------
    DataFrame
        estimate, std_error, df, n: what `sequential_test` and `always_valid` take.

    Raises
    ------
    CxError
        A column is unknown, looks do not increase, or there are more than two conditions.
    ResponseError
        At the first look a condition has fewer than two people or does not vary.

    Examples
    --------
    >>> people = pd.DataFrame({
    ...     "arm": ["plain", "warm"] * 4, "memory": [4, 6, 5, 7, 6, 7, 5, 8],
    ... })
    >>> interim_looks(people, outcome="memory", condition="arm", at=[4, 8])["estimate"].tolist()
    [2.0, 2.0]
    """
    asked = [name for name in (outcome, condition, order) if name]
    used, _ = complete_rows(frame, asked)
    if not pd.api.types.is_numeric_dtype(used[outcome]):
        raise CxError(f"outcome {outcome!r} must be numeric")
    if order:
        used = used.sort_values(order, kind="stable")
    counts = [int(number) for number in at]
    if not counts or counts[0] < 2 or (np.diff(counts) <= 0).any():
        raise CxError(f"at must be numbers of people that increase, from 2; got {list(at)}")
    y = used[outcome].to_numpy(dtype=float)
    second = _second(used, condition)
    rows = [
        _look(y[:count], None if second is None else second[:count])
        for count in counts
        if count <= len(y)
    ]
    if not rows:
        raise ResponseError(
            f"the first look is planned after {counts[0]} people; {len(y)} have come"
        )
    return pd.DataFrame(rows)


def _second(used: pd.DataFrame, condition: str) -> np.ndarray | None:
    if not condition:
        return None
    levels = levels_of(used[condition])
    if len(levels) != 2:
        raise CxError(f"looks compare two conditions; {condition!r} has {list(levels)}")
    second: np.ndarray = (used[condition].astype(str) == levels[1]).to_numpy()
    return second


def _look(y: FloatArray, second: np.ndarray | None) -> dict[str, float]:
    groups = [y] if second is None else [y[~second], y[second]]
    if any(len(group) < 2 for group in groups):
        raise ResponseError(f"after {len(y)} people a condition has fewer than 2; look later")
    parts = np.array([group.var(ddof=1) / len(group) for group in groups])
    variance = float(parts.sum())
    if variance == 0:
        raise ResponseError(f"after {len(y)} people the outcome does not vary; look later")
    sizes = np.array([len(group) for group in groups])
    mean = groups[-1].mean() - (groups[0].mean() if len(groups) > 1 else 0.0)
    return {
        "estimate": float(mean),
        "std_error": float(np.sqrt(variance)),
        "df": float(variance**2 / (parts**2 / (sizes - 1)).sum()),
        "n": float(len(y)),
    }
