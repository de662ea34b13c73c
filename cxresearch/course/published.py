"""A published number beside the one the package gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from cxresearch._validate import check_names
from cxresearch.errors import EstimationError
from cxresearch.results import in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reproduction:
    """Published numbers and ours.

    Attributes
    ----------
    source : str
        Author, year, table or page.
    doi : str
        ``""`` where the source has none.
    estimates : pandas.DataFrame
        One row a number: ``term``, ``estimate`` (ours), ``published``, ``difference``
        (ours − published), ``tolerance``, ``agrees``, ``note`` (why it differs).
    """

    source: str
    doi: str
    estimates: pd.DataFrame

    def __post_init__(self) -> None:
        rows = self.estimates
        silent = rows.loc[~rows["agrees"] & (rows["note"] == ""), "term"].tolist()
        if silent:
            raise EstimationError(
                f"{self.source}: {silent} are not reproduced, and nothing says why; "
                f"{rows[rows['term'].isin(silent)].to_dict('records')}"
            )

    @property
    def agrees(self) -> bool:
        """Whether every published number is reproduced."""
        return bool(self.estimates["agrees"].all())

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def _repr_html_(self) -> str:
        shown = self.estimates[
            ["term", "published", "estimate", "difference", "tolerance", "agrees", "note"]
        ].rename(columns={"estimate": "ours"})
        count = int(self.estimates["agrees"].sum())
        link = f", <code>doi:{escape(self.doi)}</code>" if self.doi else ""
        style: dict[str, Any] = {"index": False, "border": 0, "float_format": "{:.6g}".format}
        return (
            f"<p><strong>{escape(self.source)}</strong>{link}: {count} of "
            f"{len(self.estimates)} numbers reproduced</p>{shown.to_html(**style)}"
        )


def reproduce_published(
    source: str,
    published: Mapping[str, float | str],
    ours: Mapping[str, float],
    *,
    doi: str = "",
    tolerance: float | Mapping[str, float] | None = None,
    explained: Mapping[str, str] | None = None,
) -> Reproduction:
    """Put published numbers beside ours.

    Parameters
    ----------
    source : str
        Author, year, table or page.
    published : mapping of str to float or str
        As printed. Text keeps the digits: ``".530"`` is printed to three decimals, 0.53 to two.
    ours : mapping of str to float
        The same names.
    doi : str
    tolerance : float or mapping, optional
        How far ours may be off; by default half a unit of the last printed digit.
    explained : mapping of str to str, optional
        Why a number is not reproduced, for those that are not.

    Returns
    -------
    Reproduction

    Raises
    ------
    CxError
        The names of `published` and `ours` differ.
    EstimationError
        A number differs by more than its tolerance and is not explained.

    Examples
    --------
    >>> found = reproduce_published("Example, 2026", {"mean": "2.33"}, {"mean": 7 / 3})
    >>> found.agrees
    True
    """
    check_names("ours", list(ours), list(published), of="published numbers")
    check_names("published", list(published), list(ours), of="numbers of ours")
    rows = [
        _row(name, printed, float(ours[name]), _tolerance(tolerance, name, printed))
        for name, printed in published.items()
    ]
    why = explained or {}
    frame = pd.DataFrame(rows)
    frame["note"] = [
        "" if agrees else why.get(term, "")
        for term, agrees in zip(frame["term"], frame["agrees"], strict=True)
    ]
    return Reproduction(source=source, doi=doi, estimates=frame)


def _row(name: str, printed: float | str, found: float, allowed: float) -> dict[str, object]:
    number = float(printed)
    off = found - number
    return {
        "term": name,
        "estimate": found,
        "published": number,
        "difference": off,
        "tolerance": allowed,
        "agrees": math.isfinite(off) and abs(off) <= allowed * (1 + 1e-9),
    }


def _tolerance(
    tolerance: float | Mapping[str, float] | None, name: str, printed: float | str
) -> float:
    if isinstance(tolerance, Mapping) and name in tolerance:
        return float(tolerance[name])
    if isinstance(tolerance, (int, float)):
        return float(tolerance)
    decimals = len(str(printed).partition(".")[2])
    return 0.5 * 10.0**-decimals
