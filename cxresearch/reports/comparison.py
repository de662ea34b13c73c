"""What changed since an earlier run, as a section of the later run's report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import pandas as pd

from cxresearch._types import Json
from cxresearch.record import table_to_csv
from cxresearch.reports.blocks import download_link
from cxresearch.reports.facts import day_of, minute_of, shown_value, waves_of
from cxresearch.reports.glossary import Glossary
from cxresearch.reports.source import RunFiles
from cxresearch.shown import PlainTable
from cxresearch.wording import Formats, Messages

CHANGES = (
    "result",
    "term",
    "group",
    "earlier",
    "later",
    "estimate",
    "conf_low",
    "conf_high",
    "n_earlier",
    "n",
    "confidence_level",
)
"""Columns of the changes: ``estimate`` is later − earlier, with its interval."""

Answers = Literal["others", "some", "same"]
_MOST = 12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """An earlier run beside a later one of the same study.

    Attributes
    ----------
    earlier, later : dict
        run.json of each.
    changes : pandas.DataFrame
        One row for each estimate that both have, in the columns of `CHANGES`.
    answers : {"others", "some", "same"}
        Whether the two rest on the same files of answers, or share some. Then their estimates
        go together, and an interval that takes them for independent is wider than need be.
        ``"others"`` does not say that other people answered: a run keeps no answers of single
        people, nor their ids, so nothing tells a panel from a new sample.
    shared : tuple of str
        Waves, or files, that both rest on.
    pairing : bool
        Whether a study of this method compares its own waves person by person.
    parameters : tuple of (str, object, object)
        Name, earlier and later value of each parameter that differs.
    data : tuple of (str, str)
        Files of answers, earlier and later, where they differ.
    only_earlier, only_later : int
        Estimates that the other run does not have.
    """

    earlier: Json
    later: Json
    changes: pd.DataFrame
    answers: Answers = "others"
    shared: tuple[str, ...] = ()
    pairing: bool = False
    parameters: tuple[tuple[str, Any, Any], ...] = ()
    data: tuple[tuple[str, str], ...] = ()
    only_earlier: int = 0
    only_later: int = 0

    @property
    def decided(self) -> pd.DataFrame:
        """The changes whose interval leaves out zero, the clearest first."""
        changes = self.changes
        found = changes[(changes["conf_low"] > 0) | (changes["conf_high"] < 0)]
        half = (found["conf_high"] - found["conf_low"]) / 2
        clear = found["estimate"].abs() / half
        return found.loc[clear.sort_values(ascending=False, kind="stable").index]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePart:
    """The section, ready for the page; every text in the HTML is escaped."""

    title: str
    sentences: tuple[str, ...]
    clearest: str
    folds: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]


def change_part(comparison: Comparison, files: RunFiles, glossary: Glossary) -> ChangePart:
    """Return the section on what changed, in the words of the page."""
    messages = glossary.messages
    say = messages.text
    labels = _labels(files)
    decided, changes = comparison.decided, comparison.changes
    with_interval = int(changes["conf_low"].notna().sum())
    sentences = [
        say("compare.summary", n=with_interval, changed=len(decided))
        if len(decided)
        else say("compare.undecided", n=with_interval),
        *_independence(comparison, messages),
        say("compare.not_adjusted"),
    ]
    lost = comparison.only_earlier + comparison.only_later
    if lost:
        sentences.append(say("compare.only_one", n=lost))
    if not len(changes):
        sentences = [say("compare.nothing")]
    tables = _Tables(messages=messages, glossary=glossary, labels=labels)
    clearest = ""
    if len(decided):
        shown = decided.head(_MOST)
        clearest = tables.of(shown, say("compare.clearest"), name="changes_clearest")
    return ChangePart(
        title=say("compare.heading", run=_called(comparison, messages)),
        sentences=tuple(escape(text) for text in sentences),
        clearest=clearest,
        folds=tuple(tables.folds(changes)),
        facts=tuple(_facts(comparison, messages)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    messages: Messages
    glossary: Glossary
    labels: dict[str, str]

    def folds(self, changes: pd.DataFrame) -> Iterator[tuple[str, str]]:
        for name, own in changes.groupby("result", sort=False):
            title = self.messages.text("compare.all_of", result=str(name))
            yield title, self.of(own, title, name=f"changes_{_file_name(str(name))}")

    def of(self, changes: pd.DataFrame, caption: str, *, name: str) -> str:
        """Return a table of changes; `name` is that of its CSV file."""
        say, formats = self.messages.text, Formats.of(self.messages.language)
        heads = [say(f"compare.{name}") for name in ("what", "before", "now", "change")]
        heads += [say("compare.interval"), "n"]
        rows = [self._cells(row, formats) for row in changes.itertuples(index=False)]
        table = PlainTable(
            headings=heads,
            rows=rows,
            caption=caption,
            numeric=heads[1:],
            notes=[say("compare.method")],
        )
        html = table.to_html(
            heading=self.glossary.heading,
            note=self.glossary.sentence,
            region=say("report.table_label", caption=caption),
        )
        link = download_link(name, table_to_csv(changes), self.messages)
        return f'<div class="datatable">{html}{link}</div>'

    def _cells(self, row: Any, formats: Formats) -> list[str]:
        sizes = [abs(v) for v in (row.earlier, row.later, row.estimate) if v == v]
        decimals = 3 if sizes and max(sizes) < 1 else 2
        names = (self.labels.get(name, name) for name in (row.term, row.group))
        kept = [name for name in names if name and name != "all"]
        return [
            " · ".join(dict.fromkeys(kept)) or row.result,
            formats.number(row.earlier, decimals),
            formats.number(row.later, decimals),
            formats.number(row.estimate, decimals, signed=True),
            formats.interval(row.conf_low, row.conf_high, decimals),
            " → ".join(formats.count(n) for n in (row.n_earlier, row.n)),
        ]


def _file_name(result: str) -> str:
    return re.sub(r"\W+", "_", result)[:60]


def _called(comparison: Comparison, messages: Messages) -> str:
    """Return what tells the earlier run from the later: its waves, its time, else its name."""
    earlier, later = comparison.earlier, comparison.later
    names, others = (
        [waves_of(run), day_of(started, messages), minute_of(started, messages)]
        for run in (earlier, later)
        for started in [run.get("started", "")]
    )
    telling = [name for name, other in zip(names, others, strict=True) if name != other]
    return next((name for name in telling if name), str(earlier.get("run", "")))


def _independence(comparison: Comparison, messages: Messages) -> Iterator[str]:
    """Yield who is compared with whom, as far as the runs tell."""
    files = {"files": ", ".join(comparison.shared)} if comparison.answers == "some" else {}
    yield messages.text(f"compare.answers_{comparison.answers}", **files)
    if comparison.pairing and comparison.answers == "others":
        yield messages.text("compare.answers_pairing")


def _facts(comparison: Comparison, messages: Messages) -> Iterator[tuple[str, str]]:
    say = messages.text
    yield say("compare.earlier_run"), str(comparison.earlier.get("run", ""))
    for name, before, now in comparison.parameters:
        yield name, f"{shown_value(before)} → {shown_value(now)}"
    for before, now in comparison.data:
        yield say("report.data"), f"{before or '–'} → {now or '–'}"


def _labels(files: RunFiles) -> dict[str, str]:
    """Return the shown name of each term, from the first cells of the recorded tables."""
    labels: dict[str, str] = {}
    for (kind, _), entry in files.outputs.items():
        if kind != "table":
            continue
        lines = list(csv.DictReader(io.StringIO(files.text(entry["file"]))))
        if len(lines) == len(entry["rows"]):
            for line, cells in zip(lines, entry["rows"], strict=True):
                if line.get("term") and cells:
                    labels.setdefault(str(line["term"]), str(cells[0]))
    return labels
