"""Outputs of cells as pieces of a page: recorded ones from files, others made harmless."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

from cxresearch._types import Json
from cxresearch.errors import CxError
from cxresearch.record import MIME_TYPE
from cxresearch.reports.clean import clean_html
from cxresearch.reports.closer import closer_rows
from cxresearch.reports.evidence import result_id, table_id
from cxresearch.reports.retold import retold_result
from cxresearch.reports.source import RunFiles
from cxresearch.reports.svg import inline_svg
from cxresearch.reports.telling import Teller, sure_words
from cxresearch.shown import Depth, PlainTable
from cxresearch.wording import Messages

_WIDE = 8
_SENTENCES = "apa_"
_COPY_WORDS = ("copy", "copied", "uncopied")
_OWN = re.compile(r"(?:results|tables)/\w+\.(?:json|csv)")
BlockKind = Literal["prose", "figure", "table", "evidence", "text", "code", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of the body of a report.

    Attributes
    ----------
    html : str
        Finished; every text in it is escaped.
    label : str
        Line of the fold that hides it, for the kinds that are folded.
    result : str
        Kind of the result it shows in full; ``""`` for other blocks.
    """

    kind: BlockKind
    html: str
    depth: Depth = "manager"
    label: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputShower:
    """Turns outputs into blocks, in the words of one language.

    Attributes
    ----------
    base : str
        Put before the files of the run in links, for a page that lies elsewhere.
    """

    files: RunFiles
    messages: Messages
    teller: Teller
    base: str = ""
    _regions: Counter[str] = field(default_factory=Counter)

    def of_cell(self, cell: Any, *, where: str, depth: Depth) -> Iterator[Block]:
        """Yield what a code cell shows.

        Raises
        ------
        CxError
            A picture has no alternative text. In a failed run it is left out instead, so that
            there is a page that says what failed.
        """
        for number, output in enumerate(cell.outputs, start=1):
            try:
                block = self._of_output(output, where, depth, f"{_slug(where)}-{number}")
            except CxError:
                if not self.files.failed:
                    raise
                continue
            if block is not None:
                yield block

    def recorded(self, kind: str, name: str, *, depth: Depth) -> Block | None:
        """Return the block of a recorded output, or None for a kind that shows elsewhere."""
        entry = self.files.outputs.get((kind, name))
        if entry is None:
            raise CxError(
                f"outputs.json of run {self.files.folder.name} has no {kind} {name!r}"
            )
        if kind == "figure":
            return Block(kind="figure", html=self._figure(entry, depth), depth=depth)
        if kind == "table":
            return Block(kind="table", html=self._table(entry, depth), depth=depth)
        if kind == "findings":
            return self._findings(entry, depth)
        return None

    def _of_output(self, output: Any, where: str, depth: Depth, name: str) -> Block | None:
        if output.output_type == "error":
            return None  # told at the top of the page
        if output.output_type == "stream":
            quiet = depth if output.name == "stdout" else "student"
            return Block(kind="text", html=_pre(output.text), depth=quiet)
        mark = output.data.get(MIME_TYPE)
        if not mark:
            return self._of_data(output, where, depth, name)
        block = self.recorded(mark["kind"], mark["name"], depth=depth)
        if mark["kind"] == "result":
            return self._result(mark["name"], output.data.get("text/html", ""), where)
        return block

    def _of_data(self, output: Any, where: str, depth: Depth, name: str) -> Block | None:
        data, metadata = output.data, output.get("metadata", {})
        if "image/svg+xml" in data:
            alt = _alt(metadata, "image/svg+xml", where)
            picture = inline_svg(data["image/svg+xml"], name=name, alt_text=alt)
            return Block(kind="figure", html=f"<figure>{picture}</figure>", depth=depth)
        for kind in ("image/png", "image/jpeg"):
            if kind in data:
                alt = escape(_alt(metadata, kind, where))
                source = f"data:{kind};base64,{''.join(data[kind].split())}"
                html = f'<figure><img src="{escape(source)}" alt="{alt}"></figure>'
                return Block(kind="figure", html=html, depth=depth)
        if "text/html" in data:
            return Block(
                kind="table", html=clean_html(data["text/html"], where=where), depth=depth
            )
        if "text/plain" in data:
            return Block(kind="text", html=_pre(data["text/plain"]), depth=depth)
        return None

    def _figure(self, entry: Json, depth: Depth) -> str:
        alt = str(entry.get("alt_text", "")).strip()
        if not alt:
            raise CxError(f"figure {entry['name']!r} has no alternative text")
        name = f"figure-{entry['name'].replace('_', '-')}"
        narrow = entry.get("file_narrow", "")
        wide_class = "wide" if narrow else ""
        short = f"f{list(self.files.outputs).index(('figure', entry['name']))}"
        source = self.files.text(entry["file"])
        pictures = inline_svg(source, name=short, alt_text=alt, css_class=wide_class)
        if narrow:
            source = self.files.text(narrow)
            pictures += inline_svg(source, name=f"{short}n", alt_text=alt, css_class="narrow")
            closer = closer_rows(source) if depth == "manager" else ""
            if closer:
                pictures += inline_svg(
                    closer, name=f"{short}p", alt_text=alt, css_class="paper"
                )
        told = self.teller.glossary.sentence(entry["caption"], depth=depth)
        caption = f"<figcaption>{told}</figcaption>" if told else ""
        return f'<figure id="{name}">{pictures}{caption}</figure>'

    def _table(self, entry: Json, depth: Depth) -> str:
        tools = download_link(entry["name"], self.files.text(entry["file"]), self.messages)
        wide = " wide" if len(entry["columns"]) > _WIDE else ""
        glossary = self.teller.glossary
        table = PlainTable(
            headings=entry["columns"],
            rows=entry["rows"],
            caption=entry["caption"],
            numeric=entry["numeric"],
            notes=entry["notes"],
        )
        shown = table.to_html(
            row_ids=self.teller.index.row_ids(entry["name"]),
            heading=lambda text: glossary.heading(text, depth=depth),
            note=lambda text: glossary.sentence(text, depth=depth),
            region=self._region(entry["caption"]),
        )
        return (
            f'<div class="datatable{wide}" id="{table_id(entry["name"])}" tabindex="-1"'
            f"{self._copying(entry['name'])}>{shown}{tools}</div>"
        )

    def _copying(self, name: str) -> str:
        """Return the words of the copy buttons that the script puts beside APA sentences."""
        if not name.startswith(_SENTENCES):
            return ""
        words = {key: self.messages.text(f"report.{key}") for key in _COPY_WORDS}
        return "".join(f' data-{key}="{escape(text)}"' for key, text in words.items())

    def _region(self, caption: str) -> str:
        """Return a name for the frame of a table that no other on the page has."""
        self._regions[caption] += 1
        number = self._regions[caption]
        called = caption if number == 1 else f"{caption} ({number})"
        return self.messages.text("report.table_label", caption=called)

    def _result(self, name: str, html: str, where: str) -> Block:
        label = f"{self.messages.text('report.results_heading')}: {name}"
        entry = self.files.outputs["result", name]
        retold = retold_result(html, str(entry.get("result", name)), self.messages)
        shown = clean_html(retold, where=where, label=escape(label))
        file = self.file_link(entry["file"])
        body = (
            f'<div id="{result_id(name)}" tabindex="-1">{shown}<p class="note">{file}</p></div>'
        )
        kind = str(entry.get("result", name))
        return Block(kind="evidence", html=body, depth="analyst", label=label, result=kind)

    def file_link(self, file: str) -> str:
        """Return a link to a file of the run folder, which lies beside the page."""
        shown = f"<code>{escape(file)}</code>"
        return (
            f'<a href="{escape(self.base)}{file}">{shown}</a>'
            if _OWN.fullmatch(file)
            else shown
        )

    def evidence_link(self, finding: Json) -> str:
        """Return the link to the row a finding rests on, and to the file of the result."""
        evidence = self.teller.evidence(finding)
        table = escape(evidence.table or evidence.file)
        place = f'<a href="#{escape(evidence.place)}">{table}</a>' if evidence.place else ""
        parts = [place, self.file_link(evidence.file) if evidence.file else ""]
        return "<br>".join(part for part in parts if part)

    def _findings(self, entry: Json, depth: Depth) -> Block:
        told = self.files.findings[entry["first"] : entry["first"] + entry["count"]]
        say = self.messages.text
        rows = "".join(
            f'<tr><th scope="row" class="text">{escape(finding["text"])}</th>'
            f'<td class="text">{escape(sure_words(finding, self.messages))}</td>'
            f'<td class="text wrap">{self.evidence_link(finding)}</td></tr>'
            for finding in told
        )
        heads = (
            say("report.findings_heading"),
            say("sure.how_sure"),
            say("report.show_evidence"),
        )
        region = self._region(heads[0])
        head = "".join(f'<th scope="col" class="text">{escape(text)}</th>' for text in heads)
        html = (
            f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(region)}">'
            f'<table class="sentences"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
            "</div>"
        )
        return Block(kind="table", html=html, depth=depth)


def download_link(name: str, csv: str, messages: Messages) -> str:
    """Return the line below a table that holds its numbers as a file.

    Parameters
    ----------
    name : str
        Of the file, without ending.
    csv : str
        As `cxresearch.record.table_to_csv` returns it.
    messages : Messages
    """
    # Spreadsheets need the mark at the start to read the file as UTF-8.
    data = base64.b64encode(("\ufeff" + csv).encode()).decode("ascii")
    words = escape(messages.text("report.download_csv"))
    link = f'download="{escape(name)}.csv" href="data:text/csv;charset=utf-8;base64,{data}"'
    return f'<p class="tools"><a {link}>{words}</a></p>'


def _alt(metadata: Any, kind: str, where: str) -> str:
    alt = str(metadata.get(kind, {}).get("alt", "") or metadata.get("alt", "")).strip()
    if not alt:
        raise CxError(
            f"{where} shows a picture without alternative text; record a figure, or display it "
            f'with metadata={{"{kind}": {{"alt": "…"}}}}'
        )
    return alt


def _pre(text: str) -> str:
    return f'<pre tabindex="0">{escape(text.rstrip())}</pre>'


def _slug(where: str) -> str:
    return where.replace(" ", "-")
