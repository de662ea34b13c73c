"""Clean answers, and the account of how they came to be: flow and quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Literal

import pandas as pd

from cxresearch._types import FloatArray, Part
from cxresearch.codebook.model import Battery, Code, Codebook, CodeValue


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """Respondents lost for one declared reason.

    Attributes
    ----------
    rule : str
        Rule of study.yaml: ``"duplicated"``, ``"longest_string"``, ``"missing_share"`` …
    detail : str
        Its arguments in words, e.g. ``"battery servqual, at least 15"``.
    excluded : int
        Respondents removed by this rule and by none before it.
    reason : str
        Why the rule was declared, in the researcher's words; ``""`` when not said.
    """

    rule: str
    detail: str
    excluded: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Read → excluded, by reason → analysed; the numbers always add up.

    Attributes
    ----------
    read : int
    steps : tuple of FlowStep
    unit : {"respondents", "episodes"}
        What is counted.
    """

    read: int
    steps: tuple[FlowStep, ...] = ()
    unit: Literal["respondents", "episodes"] = "respondents"

    @property
    def excluded(self) -> int:
        """Respondents removed in all."""
        return sum(step.excluded for step in self.steps)

    @property
    def analysed(self) -> int:
        """Respondents that remain."""
        return self.read - self.excluded

    def to_frame(self) -> pd.DataFrame:
        """One row a step: rule, detail, excluded, remaining."""
        rows, remaining = [("read", "", 0, self.read)], self.read
        for step in self.steps:
            remaining -= step.excluded
            rows.append((step.rule, step.detail, step.excluded, remaining))
        return pd.DataFrame(rows, columns=["rule", "detail", "excluded", "remaining"])

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, border=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where answers were read from, and how the file was understood.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    rows, columns : int
        Respondents and columns in the file.
    format : {"csv", "xlsx", "sav", "dta", "parquet"}
    encoding, delimiter, decimal : str
        As detected in a text file; ``decimal`` is ``""`` where no number has decimals.
    unnamed : tuple of str
        Columns of the file that the codebook does not name.
    notes : tuple of str
        What was decided while reading: rows passed over, an encoding that is a guess.
    labels : mapping
        Value labels of each column of an SPSS or Stata file; empty once answers are loaded.
    questions : mapping
        Variable labels of an SPSS or Stata file; empty once answers are loaded.
    user_missing : mapping
        Ranges (low, high) of each column that an SPSS or Stata file declares as missing; empty
        once answers are loaded.
    """

    file: str
    sha256: str
    rows: int
    columns: int
    format: str
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    wave: str = ""
    unnamed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: Mapping[str, tuple[Code, ...]] = field(default_factory=dict, repr=False)
    questions: Mapping[str, str] = field(default_factory=dict, repr=False)
    user_missing: Mapping[str, tuple[tuple[CodeValue, CodeValue], ...]] = field(
        default_factory=dict, repr=False
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Responses:
    """Validated answers of the respondents that are analysed.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a respondent. Battery items stand under their column in the file (``E01``),
        other columns under their codebook name. Ratings are float, nan where there is no
        answer, already scored for reverse keying (``low + high − x``). Segments, strata,
        clusters and ids are text (label of the category), None where unknown.
        Columns marked personal, text or ignore are not there, nor are columns that the codebook
        does not name. With several waves a text column ``wave`` tells them apart.
    missing : pandas.DataFrame
        Same rows and item columns as `frame`: ``""`` answered, else the kind of the non-answer
        (``"empty"``, ``"refused"``, ``"not_used"``, ``"unknown"``).
    quality : pandas.DataFrame
        One row for each respondent that was *read*: flags and indices, see `responses.quality`.
        Those with ``""`` under ``excluded`` are the rows of `frame`, in the same order.
    flow : Flow
    sources : tuple of Source
    notes : tuple of str
        What the analyst should know and is no fault: constant items, columns matched loosely.
    """

    codebook: Codebook
    frame: pd.DataFrame
    missing: pd.DataFrame
    quality: pd.DataFrame
    flow: Flow
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of respondents analysed."""
        return len(self.frame)

    def battery(self, name: str | None = None) -> Battery:
        """Return a battery of the codebook; the only one when no name is given."""
        return self.codebook.find_battery(name)

    def answers(
        self, part: Part, *, battery: str | None = None, scale: str | None = None
    ) -> pd.DataFrame:
        """Return the answers to one part of a battery, one column an item, in scale units."""
        return self.frame[self.battery(battery).columns(part, scale)]

    def weights(self) -> FloatArray | None:
        """Return the case weights, or None when the codebook names no weight column."""
        named = self.codebook.columns_with_role("weight")
        return self.frame[named[0].name].to_numpy(dtype=float, copy=True) if named else None

    def segment(self, name: str) -> pd.Series:
        """Return the labels of a segment column (or of ``"wave"``), missing where unknown."""
        if name != "wave" or "wave" not in self.frame:
            self.codebook.find_column(name)
        return self.frame[name]

    def __repr__(self) -> str:
        return f"Responses({self.codebook.survey!r}, {self.n} of {self.flow.read} analysed)"

    def _repr_html_(self) -> str:
        files = ", ".join(escape(source.file) for source in self.sources)
        return (
            f"<p><strong>{escape(self.codebook.survey)}</strong>: {self.n} respondents "
            f"analysed of {self.flow.read} read ({files})</p>{self.flow._repr_html_()}"
        )
