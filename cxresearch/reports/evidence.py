"""From a finding to what it rests on: a row of a table, and the file of the result."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter

from cxresearch._types import Json
from cxresearch.errors import CxError
from cxresearch.reports.source import RunFiles

_NUMBERS = ("estimate", "conf_low", "conf_high")
_TABLE_OF = {"responses": "missing_answers"}
_TERM, _GROUP, _NUMBER = 4, 2, 3
_ALIKE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands behind a finding.

    Attributes
    ----------
    place : str
        Id on the page: of a row, of a table, or of a result in full; ``""`` for none.
    table : str
        Caption of the table, or name of the result, which `Teller.evidence` puts into words.
    is_row : bool
        The place is a row.
    file : str
        ``results/….json`` (or a table's CSV), relative to the run folder; ``""`` for none.
    """

    place: str = ""
    table: str = ""
    is_row: bool = False
    file: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Row:
    table: str
    line: int
    place: str
    texts: frozenset[str]
    numbers: tuple[float, ...]
    estimate: float = math.nan


class _Cells:
    """The rows of all tables by what stands in them: a finding is in few of hundreds."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        self._with_text: defaultdict[str, list[_Row]] = defaultdict(list)
        pairs: list[tuple[float, _Row]] = []
        for row in rows:
            for text in row.texts:
                self._with_text[text].append(row)
            pairs += [(number, row) for number in row.numbers if math.isfinite(number)]
        pairs.sort(key=itemgetter(0))
        self._numbers = [number for number, _ in pairs]
        self._rows = [row for _, row in pairs]

    def alike(self, finding: Json) -> dict[_Row, list[float]]:
        """Return the rows that have numbers of a finding, each with these.

        Of a finding without numbers it is those of its term. A row of the same term that has
        none of the numbers is about something else.
        """
        told = _told(finding)
        if not told:
            named = self._with_text.get(str(finding["term"]), ()) if finding.get("term") else ()
            return {row: [] for row in named}
        found: defaultdict[_Row, list[float]] = defaultdict(list)
        for number in told:
            for row in self._with_number(number):
                found[row].append(number)
        return found

    def _with_number(self, number: float) -> set[_Row]:
        reach = 2 * _ALIKE * abs(number)
        start = bisect_left(self._numbers, number - reach)
        end = bisect_right(self._numbers, number + reach)
        near = zip(self._numbers[start:end], self._rows[start:end], strict=True)
        return {row for other, row in near if _equal(number, other)}


@dataclass(slots=True)
class EvidenceIndex:
    """Finds the rows of the recorded tables again, by their term, group and numbers.

    Parameters
    ----------
    files : RunFiles
    """

    files: RunFiles
    _read: dict[str, list[_Row]] = field(default_factory=dict)
    _cells: _Cells | None = None

    def row_ids(self, table: str) -> list[str]:
        """Return the ids of the rows of a table, made from term and group."""
        return [row.place for row in self._rows(table)]

    def of(self, finding: Json) -> Evidence:
        """Return the evidence of a finding: the row that has its term and its numbers."""
        kind = str(finding.get("result", ""))
        file = self._file(kind, finding)
        row = self._best_row(kind, finding)
        if row is not None:
            caption = self._caption(row.table)
            return Evidence(place=row.place, table=caption, is_row=True, file=file)
        name = "" if _told(finding) else self._own_table(kind)
        if name:
            shown = self._caption(name)
            return Evidence(
                place=table_id(name), table=shown, file=file or f"tables/{name}.csv"
            )
        result = next(iter(self._results(kind)), "")
        return Evidence(place=result_id(result) if result else "", table=result, file=file)

    def _best_row(self, kind: str, finding: Json) -> _Row | None:
        """Return the row that fits best, of equal ones the first in the tables near by."""
        tables, own = self._tables_near(kind), self._own_tables(kind)
        if self._cells is None:
            self._cells = _Cells(row for table in tables for row in self._rows(table))
        scores = {
            row: _score(row, finding, same, foreign=row.table not in own)
            for row, same in self._cells.alike(finding).items()
        }
        near = {table: place for place, table in enumerate(tables)}
        return min(
            (row for row, score in scores.items() if score),
            key=lambda row: (-scores[row], near[row.table], row.line),
            default=None,
        )

    def _results(self, kind: str) -> list[str]:
        return [
            name
            for (what, name), entry in self.files.outputs.items()
            if what == "result" and entry.get("result", name) == kind
        ]

    def _file(self, kind: str, finding: Json) -> str:
        found = [("result", name) for name in self._results(kind)]
        found += [key for key in self.files.outputs if key == ("flow", kind)]
        named = [str(self.files.outputs[key]["file"]) for key in found]
        if len(named) < 2:
            return "".join(named)
        return max(named, key=lambda file: self._held(file, finding))

    def _held(self, file: str, finding: Json) -> int:
        """Count the numbers of a finding that stand in a file of results.

        One alone is no proof: a difference of 0.95 stands beside a level of 0.95 too.
        """
        try:
            text = self.files.text(file)
        except CxError:
            return 0
        return sum(repr(number) in text for number in _told(finding))

    def _tables_near(self, kind: str) -> list[str]:
        """Return all tables, those recorded after the result first: equal scores go to them."""
        keys = list(self.files.outputs)
        starts = [keys.index(("result", name)) for name in self._results(kind)]
        start = min(starts, default=0)
        ordered = [*keys[start:], *keys[:start]]
        return [name for what, name in ordered if what == "table"]

    def _own_table(self, kind: str) -> str:
        """Return the table that shows a result as a whole: of its name, or next after it."""
        named = _TABLE_OF.get(kind, kind)
        if ("table", named) in self.files.outputs:
            return named
        return next(iter(self._own_tables(kind)), "")

    def _own_tables(self, kind: str) -> list[str]:
        """Return the tables recorded after a result and before the next one."""
        found = []
        keys = list(self.files.outputs)
        for name in self._results(kind):
            for what, other in keys[keys.index(("result", name)) + 1 :]:
                if what == "result":
                    break
                if what == "table":
                    found.append(other)
        return found

    def _caption(self, table: str) -> str:
        return str(self.files.outputs["table", table].get("caption", table))

    def _rows(self, table: str) -> list[_Row]:
        if table not in self._read:
            self._read[table] = self._read_rows(table)
        return self._read[table]

    def _read_rows(self, table: str) -> list[_Row]:
        entry = self.files.outputs["table", table]
        try:
            lines = list(csv.DictReader(io.StringIO(self.files.text(entry["file"]))))
        except CxError:
            return []
        if len(lines) != len(entry["rows"]):
            return []
        taken: set[str] = set()
        return [_row(table, line, number, taken) for number, line in enumerate(lines, 1)]


def table_id(name: str) -> str:
    """Return the id of a recorded table on the page."""
    return f"table-{name.replace('_', '-')}"


def result_id(name: str) -> str:
    """Return the id of a recorded result, given in full, on the page."""
    return f"result-{name.replace('_', '-')}"


def _row(table: str, line: dict[str, str], number: int, taken: set[str]) -> _Row:
    parts = [_slug(line.get(key) or "") for key in ("term", "group")]
    stem = "-".join(["row", _slug(table), *(part for part in parts if part)])
    if not any(parts):
        stem = f"{stem}-{number}"
    place, again = stem, 1
    while place in taken:
        again += 1
        place = f"{stem}-{again}"
    taken.add(place)
    texts = frozenset(str(cell) for cell in line.values())
    own = _numbers(frozenset([line.get("estimate") or ""]))
    return _Row(
        table=table,
        line=number,
        place=place,
        texts=texts,
        numbers=tuple(_numbers(texts)),
        estimate=own[0] if own else math.nan,
    )


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[^\w]+", "-", plain).strip("-_").replace("_", "-")[:40]


def _numbers(texts: frozenset[str]) -> list[float]:
    found = []
    for text in texts:
        try:
            found.append(float(text))
        except ValueError:
            continue
    return found


def _score(row: _Row, finding: Json, same: list[float], *, foreign: bool) -> int:
    """Return how well a row fits that has the `same` numbers; 0 where nothing says so.

    In a `foreign` table, of another result, a number may stand beside the estimate of something
    else, such as a slope beside a correlation: that is no evidence. A number of many digits is
    found again only where it is the same one.
    """
    named = bool(finding.get("term")) and str(finding["term"]) in row.texts
    grouped = bool(finding.get("group")) and str(finding["group"]) in row.texts
    if not (named or any(_is_long(number) for number in same)):
        return 0
    if (
        foreign
        and not math.isnan(row.estimate)
        and not _equal(row.estimate, _estimate(finding))
    ):
        return 0
    return _TERM * named + _GROUP * grouped + _NUMBER * len(same)


def _estimate(finding: Json) -> float:
    told = _told(finding)
    value = told[0] if told else finding.get("estimate")
    return float(value) if isinstance(value, (int, float)) else math.nan


def _told(finding: Json) -> list[float]:
    """Return its numbers as the sentence has them: the picture may count from elsewhere."""
    values = finding.get("values") or {}
    said = values if finding.get("term") and all(key in values for key in _NUMBERS) else finding
    wanted = [said.get(key) for key in _NUMBERS]
    return [float(n) for n in wanted if isinstance(n, (int, float)) and math.isfinite(n)]


def _is_long(number: float) -> bool:
    return len(repr(number)) > 12


def _equal(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=_ALIKE)
