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
from cxresearch._files import sha256_json, write_text
from cxresearch._types import Json
from cxresearch.catalogue.filings import Filing, index_filings, latest_completed
from cxresearch.catalogue.trends import study_trends, trend_parts
from cxresearch.errors import CatalogueError
from cxresearch.reports.facts import day_of, shown_value
from cxresearch.reports.page_parts import page_file, security_policy
from cxresearch.wording import Messages

_PACKAGE = "cxresearch.catalogue"
INDEX = "index.html"
STATUSES = ("completed", "failed", "damaged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A study as the catalogue shows it."""

    study: str
    filings: tuple[Filing, ...]

    @property
    def shown(self) -> Filing:
        """The latest completed run, or the latest of any kind."""
        return latest_completed(list(self.filings)) or self.filings[-1]

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
    shelves: dict[str, list[Filing]] = {}
    for filing in index_filings(reports):
        shelves.setdefault(filing.study, []).append(filing)
    cards = [Card(study=study, filings=tuple(runs)) for study, runs in shelves.items()]
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
        trends=list(trend_parts(study_trends(card.filings, messages), messages)),
        state=_state(card),
    )


def _state(card: Card) -> str:
    """Return a hash of all that a page of a study shows."""
    return sha256_json([__version__, *(_plain(filing) for filing in card.filings)])


def _plain(filing: Filing) -> Json:
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
        "report": _link(card.study, shown.run, "report.html") if shown.report.is_file() else "",
        "page": _link(card.study, INDEX),
        "runs": messages.text("catalogue.runs", n=len(card.filings)),
        "failed_since": messages.text("catalogue.failed_since", n=failed) if failed else "",
    }


def _statuses(card: Card) -> set[str]:
    """Return what a search by status finds the card under."""
    return {card.shown.status, *(["failed"] if card.failed_since else [])}


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
