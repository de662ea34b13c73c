"""Outputs of cells as pieces of a page: recorded ones from files, others made harmless."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import pandas as pd

from cxresearch._types import Json
from cxresearch.errors import CxError
from cxresearch.record import MIME_TYPE
from cxresearch.reports.clean import clean_html
from cxresearch.reports.source import RunFiles
from cxresearch.reports.svg import inline_svg
from cxresearch.shown import Depth, DisplayTable
from cxresearch.wording import Messages

_WIDE = 8
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
    """

    kind: BlockKind
    html: str
    depth: Depth = "manager"
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputShower:
    """Turns outputs into blocks, in the words of one language."""

    files: RunFiles
    messages: Messages

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
            return Block(kind="figure", html=self._figure(entry), depth=depth)
        if kind == "table":
            return Block(kind="table", html=self._table(entry), depth=depth)
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

    def _figure(self, entry: Json) -> str:
        alt = str(entry.get("alt_text", "")).strip()
        if not alt:
            raise CxError(f"figure {entry['name']!r} has no alternative text")
        name = f"figure-{entry['name'].replace('_', '-')}"
        narrow = entry.get("file_narrow", "")
        wide_class = "wide" if narrow else ""
        source = self.files.text(entry["file"])
        pictures = inline_svg(source, name=name, alt_text=alt, css_class=wide_class)
        if narrow:
            source = self.files.text(narrow)
            phone = f"{name}-narrow"
            pictures += inline_svg(source, name=phone, alt_text=alt, css_class="narrow")
        caption = (
            f"<figcaption>{escape(entry['caption'])}</figcaption>" if entry["caption"] else ""
        )
        return f'<figure id="{name}">{pictures}{caption}</figure>'

    def _table(self, entry: Json) -> str:
        frame = pd.DataFrame(entry["rows"], columns=entry["columns"], dtype=object)
        table = DisplayTable(
            name=entry["name"],
            caption=entry["caption"],
            shown=frame,
            data=frame,
            numeric=tuple(entry["numeric"]),
            notes=tuple(entry["notes"]),
        )
        link = _download(entry["name"], self.files.text(entry["file"]))
        words = escape(self.messages.text("report.download_csv"))
        name = f"table-{entry['name'].replace('_', '-')}"
        wide = " wide" if len(entry["columns"]) > _WIDE else ""
        return (
            f'<div class="datatable{wide}" id="{name}">{table.to_html()}'
            f'<p class="tools"><a {link}>{words}</a></p></div>'
        )

    def _result(self, name: str, html: str, where: str) -> Block:
        label = f"{self.messages.text('report.results_heading')}: {name}"
        file = escape(self.files.outputs["result", name]["file"])
        shown = clean_html(html, where=where, label=escape(label))
        body = f'{shown}<p class="note"><code>{file}</code></p>'
        return Block(kind="evidence", html=body, depth="analyst", label=label)

    def _findings(self, entry: Json, depth: Depth) -> Block:
        told = self.files.findings[entry["first"] : entry["first"] + entry["count"]]
        say = self.messages.text
        rows = "".join(
            f'<tr><th scope="row" class="text">{escape(finding["text"])}</th>'
            f'<td class="text">{escape(say("sure." + finding["sure"]))}</td>'
            f'<td class="text"><code>{escape(_evidence(finding))}</code></td></tr>'
            for finding in told
        )
        heads = (
            say("report.findings_heading"),
            say("sure.how_sure"),
            say("report.show_evidence"),
        )
        head = "".join(f'<th scope="col" class="text">{escape(text)}</th>' for text in heads)
        html = (
            f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(heads[0])}">'
            f'<table class="sentences"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
            "</div>"
        )
        return Block(kind="table", html=html, depth=depth)


def _evidence(finding: Json) -> str:
    row = [finding.get("term") or "", finding.get("group") or ""]
    return " · ".join([finding["result"], *(part for part in row if part)])


def _download(name: str, csv: str) -> str:
    # Spreadsheets need the mark at the start to read the file as UTF-8.
    data = base64.b64encode(("\ufeff" + csv).encode()).decode("ascii")
    return f'download="{escape(name)}.csv" href="data:text/csv;charset=utf-8;base64,{data}"'


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
