"""The page that lists all studies, and a page for each with all its runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from cxresearch import __version__
from cxresearch._files import read_json, sha256_json, write_text
from cxresearch._types import Json
from cxresearch.catalogue.cells import cell_in_words
from cxresearch.catalogue.filings import Filing, index_with_cells, latest_completed
from cxresearch.catalogue.trends import study_trends, trend_parts
from cxresearch.errors import CatalogueError, CxError
from cxresearch.reports.facts import day_of, shown_value
from cxresearch.reports.page_parts import page_file, security_policy
from cxresearch.runs.filing import CELLS
from cxresearch.wording import Formats, Messages

_PACKAGE = "cxresearch.catalogue"
INDEX = "index.html"
STATUSES = ("completed", "failed", "damaged")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """A cell of a study as the catalogue shows it.

    Attributes
    ----------
    name : str
        ``"branch: North"``.
    filing : Filing or None
        Its latest completed run, else its latest; None for a cell that has none.
    message : str
        Why the latest comparison does not show it; ``""`` where it does.
    failed_since : int
        Runs after that one that did not complete.
    """

    name: str
    filing: Filing | None
    message: str = ""
    failed_since: int = 0

    @property
    def status(self) -> str:
        """``"not_run"`` without a run, else the status of the run."""
        return "not_run" if self.filing is None else self.filing.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A study as the catalogue shows it; `filings` are its own runs, not those of cells."""

    study: str
    filings: tuple[Filing, ...]
    cells: tuple[CellLine, ...] = ()

    @property
    def shown(self) -> Filing:
        """The latest completed run, or the latest of any kind; else that of a cell."""
        runs = self.filings or tuple(cell.filing for cell in self.cells if cell.filing)
        return latest_completed(list(runs)) or max(runs, key=lambda filing: filing.run)

    @property
    def broken_cells(self) -> int:
        """Cells whose latest run failed or cannot be read."""
        return sum(
            cell.status in ("failed", "damaged") or cell.failed_since > 0 for cell in self.cells
        )

    @property
    def failed_since(self) -> int:
        """Runs after the one shown that did not complete."""
        return sum(filing.run > self.shown.run for filing in self.filings)


def write_index(reports: Path, *, language: str = "en") -> Path:
    """Write ``reports/index.html`` and a page for each study, from the run folders alone.

    Each page appears in one step; one that would stay as it is, is not written.

    Parameters
    ----------
    reports : Path
    language : str
        Language of headings and labels.

    Returns
    -------
    Path
        The page of all studies.

    Raises
    ------
    CatalogueError
        The folder cannot be written.
    """
    messages = Messages(language)
    cards = _cards(reports)
    cards.sort(key=lambda card: card.shown.run, reverse=True)
    try:
        for card in cards:
            path = reports / card.study / INDEX
            if not _is_current(path, card, messages):
                _write(path, study_page(card, messages))
        return _write(reports / INDEX, index_page(cards, messages))
    except OSError as error:
        raise CatalogueError(
            f"the catalogue in {reports} cannot be written: {error}"
        ) from error


def _cards(reports: Path) -> list[Card]:
    own: dict[str, list[Filing]] = {}
    cells: dict[str, list[Filing]] = {}
    for filing in index_with_cells(reports):
        shelf = filing.folder.parent.parent
        if shelf.name == CELLS and shelf.parent.parent == reports:
            cells.setdefault(shelf.parent.name, []).append(filing)
        else:
            own.setdefault(filing.study, []).append(filing)
    return [
        Card(
            study=study,
            filings=tuple(own.get(study, [])),
            cells=tuple(_cell_lines(own.get(study, []), cells.get(study, []))),
        )
        for study in dict.fromkeys([*own, *cells])
    ]


def _cell_lines(own: list[Filing], filings: list[Filing]) -> list[CellLine]:
    """Return the cells in the order of the latest comparison, then those it does not name."""
    runs: dict[str, list[Filing]] = {}
    for filing in filings:
        runs.setdefault(filing.study, []).append(filing)
    told = _compared(latest_completed(own)) if runs or own else {}
    lines = []
    for folder in dict.fromkeys([*told, *runs]):
        found, one = runs.get(folder, []), told.get(folder, {})
        latest = latest_completed(found) or (found[-1] if found else None)
        name = str(one.get("cell") or _cell_name(latest) or folder)
        message = "" if one.get("run") else str(one.get("message") or "")
        failed = sum(latest is not None and filing.run > latest.run for filing in found)
        lines.append(CellLine(name=name, filing=latest, message=message, failed_since=failed))
    return lines


def _compared(filing: Filing | None) -> dict[str, Json]:
    """Return what the record of a comparison tells of each cell, by its folder."""
    if filing is None or not (filing.folder.parent / CELLS).is_dir():
        return {}
    try:
        told = read_json(filing.folder / "run.json").get("comparison") or []
        return {str(one["folder"]): dict(one) for one in told}
    except (CxError, AttributeError, KeyError, TypeError, ValueError):
        return {}


def _cell_name(filing: Filing | None) -> str:
    if filing is None or filing.status == "damaged":
        return ""
    try:
        return cell_in_words(read_json(filing.folder / "run.json")["cell"])
    except (CxError, AttributeError, KeyError, TypeError):
        return ""


def index_page(cards: list[Card], messages: Messages) -> str:
    """Return the page of all studies."""
    script = page_file("catalogue.js", _PACKAGE)
    shown = [card.shown for card in cards]
    statuses = [s for s in STATUSES if any(s in _statuses(card) for card in cards)]
    return _template("index.html.j2").render(
        **_frame(messages, script),
        cards=[_card(card, messages) for card in cards],
        methods=sorted({filing.method_title for filing in shown if filing.method_title}),
        statuses=[(status, messages.text(f"catalogue.{status}")) for status in statuses],
        count=messages.text("catalogue.studies", n=len(cards)),
    )


def study_page(card: Card, messages: Messages) -> str:
    """Return the page of one study with all its runs, newest first, and its trends."""
    rows = []
    before: Filing | None = None
    for filing in card.filings:
        rows.append(_row(filing, before, messages))
        before = filing if filing.status != "damaged" else before
    return _template("study.html.j2").render(
        **_frame(messages, ""),
        study=card.study,
        title=card.shown.title,
        rows=rows[::-1],
        cells=[_cell_row(cell, messages) for cell in card.cells],
        trends=list(trend_parts(study_trends(card.filings, messages), messages)),
        state=_state(card),
    )


def _state(card: Card) -> str:
    """Return a hash of all that a page of a study shows."""
    cells = [
        [cell.name, cell.failed_since, cell.message, _plain(cell.filing)] for cell in card.cells
    ]
    return sha256_json([__version__, *(_plain(filing) for filing in card.filings), cells])


def _plain(filing: Filing | None) -> Json:
    if filing is None:
        return {}
    return {name: str(getattr(filing, name)) for name in Filing.__dataclass_fields__}


def _card(card: Card, messages: Messages) -> dict[str, Any]:
    shown = card.shown
    failed = card.failed_since
    return {
        "study": card.study,
        "title": shown.title or card.study,
        "method": shown.method_title,
        "waves": ", ".join(shown.waves),
        "day": day_of(shown.ended or shown.started, messages),
        "iso_day": (shown.ended or shown.started)[:10],
        "answers": _answers(shown, messages),
        "analysed": "" if shown.analysed is None else shown.analysed,
        "status": shown.status,
        "status_word": messages.text(f"catalogue.{shown.status}"),
        "headline": shown.told,
        "sure": messages.text(f"sure.{shown.sure}")
        if shown.sure and shown.told == shown.headline
        else "",
        "report": _report(shown, card) if card.filings else "",
        "page": _link(card.study, INDEX),
        "runs": messages.text("catalogue.runs", n=len(card.filings)),
        "cells": messages.text("catalogue.cells", n=len(card.cells)) if card.cells else "",
        "broken_cells": messages.text("catalogue.broken_cells", n=card.broken_cells)
        if card.broken_cells
        else "",
        "found_as": " ".join(sorted(_statuses(card))),
        "failed_since": messages.text("catalogue.failed_since", n=failed) if failed else "",
    }


def _statuses(card: Card) -> set[str]:
    """Return what a search by status finds the card under."""
    failed = card.failed_since or any(
        cell.status == "failed" or cell.failed_since for cell in card.cells
    )
    damaged = any(cell.status == "damaged" for cell in card.cells)
    more = [*(["failed"] if failed else []), *(["damaged"] if damaged else [])]
    return {card.shown.status, *more}


def _report(filing: Filing, card: Card) -> str:
    return _link(card.study, filing.run, "report.html") if filing.report.is_file() else ""


def _cell_row(cell: CellLine, messages: Messages) -> dict[str, Any]:
    filing = cell.filing
    report = filing is not None and filing.report.is_file()
    return {
        "name": cell.name,
        "report": _link(CELLS, filing.study, filing.run, "report.html")
        if filing is not None and report
        else "",
        "day": day_of(filing.ended or filing.started, messages) if filing else "",
        "status": cell.status,
        "status_word": messages.text(f"catalogue.{cell.status}"),
        # Of a cell that is kept back nothing is told that would give it away.
        "n": Formats.of(messages.language).count(filing.analysed)
        if filing is not None and filing.analysed is not None
        else "–",
        "told": cell.message or (filing.told if filing else ""),
        "failed_since": messages.text("catalogue.failed_since", n=cell.failed_since)
        if cell.failed_since
        else "",
    }


def _row(filing: Filing, before: Filing | None, messages: Messages) -> dict[str, Any]:
    return {
        "run": filing.run,
        "day": day_of(filing.ended or filing.started, messages),
        "status": filing.status,
        "status_word": messages.text(f"catalogue.{filing.status}"),
        "answers": _answers(filing, messages),
        "headline": filing.told,
        "report": _link(filing.run, "report.html") if filing.report.is_file() else "",
        "differs": _differences(filing, before),
    }


def _differences(filing: Filing, before: Filing | None) -> list[str]:
    if before is None or filing.status == "damaged":
        return []
    names = [*filing.parameters, *(n for n in before.parameters if n not in filing.parameters)]
    return [
        f"{name}: {shown_value(before.parameters.get(name))} → {shown_value(new)}"
        for name in names
        if (new := filing.parameters.get(name)) != before.parameters.get(name)
    ]


def _answers(filing: Filing, messages: Messages) -> str:
    if filing.analysed is None:
        return ""
    unit = "episodes" if filing.unit == "episodes" else "answers"
    return messages.text(f"catalogue.{unit}", n=filing.analysed)


def _frame(messages: Messages, script: str) -> dict[str, Any]:
    css = page_file("report.css") + "\n" + page_file("catalogue.css", _PACKAGE)
    return {
        "language": messages.language,
        "words": messages.section("catalogue") | {"skip": messages.text("report.skip")},
        "policy": security_policy(script),
        "css": Markup(css),
        "script": Markup(script),
    }


def _is_current(path: Path, card: Card, messages: Messages) -> bool:
    """Whether the page was made from these runs; its trends need not be read again then."""
    if not path.is_file():
        return False
    head = path.read_text(encoding="utf-8", errors="replace")[:4000]
    return f'<html lang="{messages.language}" data-state="{_state(card)}">' in head


def _link(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _write(path: Path, text: str) -> Path:
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
        return path
    return write_text(path, text)


@cache
def _template(name: str) -> jinja2.Template:
    loader = jinja2.PackageLoader(_PACKAGE, "page")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template(name)
