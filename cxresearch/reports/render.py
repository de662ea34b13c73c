"""A run folder rendered as one page that needs nothing else; repeatable without running."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cxresearch._files import write_text
from cxresearch._types import Json
from cxresearch.reports.blocks import Block, OutputShower
from cxresearch.reports.body import Section, read_sections
from cxresearch.reports.comparison import ChangePart, Comparison, change_part
from cxresearch.reports.evidence import EvidenceIndex
from cxresearch.reports.facts import (
    day_of,
    flow_sentence,
    parameter_rows,
    people_sentence,
    waves_of,
)
from cxresearch.reports.first_screen import SHOWN_QUALITY, FirstScreen, first_screen
from cxresearch.reports.glossary import Glossary
from cxresearch.reports.markdown import with_anchors
from cxresearch.reports.page_parts import page_file, security_policy
from cxresearch.reports.printed import OnPaper, Printed, plan_print
from cxresearch.reports.provenance import provenance_facts
from cxresearch.reports.source import RunFiles, read_run
from cxresearch.reports.svg import share_styles
from cxresearch.reports.telling import Teller, Told
from cxresearch.wording import Messages
from cxresearch.wording.templates import narration

REPORT = "report.html"
_FIGURE_STYLES = "/*figures*/"
_FOR_PAPER = re.compile(r'<svg class="paper".*?</svg>', re.DOTALL)


def render_report(
    folder: Path,
    *,
    language: str | None = None,
    since: Comparison | None = None,
    base: str = "",
) -> str:
    """Return the report of a run as HTML that loads nothing from anywhere.

    Parameters
    ----------
    folder : Path
        A run folder with run.json, executed.ipynb, outputs.json and what they name.
    language : str, optional
        Language of headings, labels and findings; by default the study's. Figures and tables
        stay in the language they were recorded in.
    since : Comparison, optional
        Adds a section on what changed since an earlier run.
    base : str
        Put before links to files of the run, for a page that is kept elsewhere.

    Returns
    -------
    str
        The page. A failed run gets one too: what failed, and what was recorded before.

    Raises
    ------
    CxError
        The record is missing or damaged, or a picture of a completed run has no alternative
        text.
    """
    files = read_run(folder)
    own = Messages(str(files.record.get("language") or "en"))
    messages = own if language is None else Messages(language)
    if messages.language != own.language:
        files = _retold(files, messages.language)
    teller = Teller(messages=messages, glossary=Glossary(messages), index=EvidenceIndex(files))
    shower = OutputShower(files=files, messages=messages, teller=teller, base=base)
    sections = read_sections(shower)
    changes = None if since is None else change_part(since, files, teller.glossary)
    page = _page(files, teller, sections, changes) | {"base": base}
    from cxresearch.reports._exporter import export_page

    html, rules = share_styles(export_page(page))
    return html.replace(_FIGURE_STYLES, rules, 1)


def write_report(folder: Path, *, language: str | None = None) -> Path:
    """Render the report of a run into its folder in one step and return the file.

    Parameters
    ----------
    folder, language
        As for `render_report`.

    Raises
    ------
    CxError
        As `render_report`; a report that was there before stays.
    """
    return write_text(folder / REPORT, render_report(folder, language=language))


def _page(
    files: RunFiles, teller: Teller, sections: list[Section], changes: ChangePart | None
) -> dict[str, Any]:
    record, script, messages = files.record, page_file("report.js"), teller.messages
    respondents = record.get("respondents")
    screen = first_screen(files.findings, teller)
    teller.glossary.use("sure")
    words = _words(messages)
    glossary = teller.glossary.entries()
    people = people_sentence(respondents, messages) if respondents else ""
    failure = _failure(record, messages) if files.failed else None
    paper = plan_print(
        screen,
        sections,
        heading=(str(record.get("title", "")), str(record.get("description", ""))),
        facts=[people, str(record.get("population", ""))],
        sample=str(record.get("sample", "")),
        glossary=glossary,
        changes=changes,
        failure="" if failure is None else failure["message"],
    )
    return {
        "changes": _safe_changes(changes),
        "left_out": [
            {"names": [Markup(name) for name in line.names], "on": line.on}
            for line in paper.left_out
        ],
        "end": paper.end,
        "language": messages.language,
        "policy": security_policy(script),
        "css": Markup(page_file("report.css") + _FIGURE_STYLES),
        "script": Markup(script),
        "words": words,
        "title": record.get("title") or record.get("study", ""),
        "method": _method(record, messages),
        "eyebrow": _eyebrow(record, messages),
        "description": record.get("description", ""),
        "failure": failure,
        "first": _safe_screen(screen),
        "more_label": messages.text("report.more_here", n=len(screen.more)),
        "shown_quality": SHOWN_QUALITY,
        "more_quality": messages.text(
            "report.more_quality", n=max(0, len(screen.quality) - SHOWN_QUALITY)
        ),
        "people": people,
        "flow": flow_sentence(respondents, messages) if respondents else "",
        "population": record.get("population", ""),
        "sample": record.get("sample", ""),
        "landmarks": _landmarks(sections),
        "contents": _contents(sections, words),
        "sections": [_safe_section(part, paper) for part in sections if not part.data],
        "data_sections": [_safe_section(part, paper) for part in sections if part.data],
        "parameters": parameter_rows(files, messages.language),
        "parameters_label": messages.text(
            "report.table_label", caption=messages.text("report.parameters_heading")
        ),
        "glossary": glossary,
        "provenance": provenance_facts(files, messages),
    }


def _words(messages: Messages) -> dict[str, str]:
    return {
        **messages.section("report"),
        "how_sure": messages.text("sure.how_sure"),
        "differs": messages.text("compare.differs"),
    }


def _method(record: Json, messages: Messages) -> str:
    title = str(record.get("method_title") or record.get("method", ""))
    return narration(title, messages.language) or title


def _eyebrow(record: Json, messages: Messages) -> list[str]:
    parts = [_method(record, messages)]
    waves = waves_of(record)
    if waves:
        parts.append(f"{messages.text('catalogue.wave')} {waves}")
    if record.get("respondents"):
        read = record["respondents"]
        unit = "episodes" if read.get("unit") == "episodes" else "answers"
        parts.append(messages.text(f"catalogue.{unit}", n=read["analysed"]))
    if record.get("contact"):
        parts.append(messages.text("report.by", name=record["contact"]))
    day = day_of(record.get("ended") or record.get("started", ""), messages)
    if day:
        parts.append(messages.text("report.filed", date=day))
    return [part for part in parts if part]


def _failure(record: Json, messages: Messages) -> dict[str, str]:
    error = record.get("error") or {}
    step, message = str(error.get("step", "")), str(error.get("message", ""))
    key = "report.failed_explained" if step else "report.failed_start"
    values = {"message": message} | ({"step": step} if step else {})
    return {
        "message": messages.text(key, **values),
        "source": str(error.get("source", "")),
        "traceback": str(error.get("traceback", "")),
    }


def _landmarks(sections: list[Section]) -> set[str]:
    """Return the sections that are landmarks: of two with the same heading only the first."""
    first: dict[str, str] = {}
    for part in sections:
        first.setdefault(part.title, part.name)
    return set(first.values())


def _contents(sections: list[Section], words: dict[str, str]) -> list[dict[str, str]]:
    entries = [
        {"name": part.name, "title": Markup(part.title), "depth": part.depth}
        for part in sections
        if part.name and not part.data
    ]
    fixed = (
        ("treated", "treatment_heading", "manager"),
        ("parameters", "parameters_heading", "analyst"),
    )
    entries += [
        {"name": name, "title": words[key], "depth": depth} for name, key, depth in fixed
    ]
    return [*entries, {"name": "provenance", "title": words["provenance_heading"], "depth": ""}]


def _safe_section(part: Section, paper: Printed) -> dict[str, Any]:
    return {
        "html": Markup(with_anchors(part.html)),
        "name": part.name,
        "depth": part.outer_depth,
        "text_depth": part.depth,
        "language": part.language,
        "paper": paper.sections.get(id(part)),
        "blocks": [_safe_block(b, paper.figures.get(id(b))) for b in part.blocks],
        "checks": [_safe_told(told) for told in part.checks],
    }


def _safe_block(block: Block, paper: OnPaper | None) -> dict[str, Any]:
    unprinted = paper is not None and paper.nowhere
    return {
        "paper": paper,
        "kind": block.kind,
        "depth": block.depth,
        "label": block.label,
        "html": Markup(_FOR_PAPER.sub("", block.html) if unprinted else block.html),
    }


def _safe_screen(screen: FirstScreen) -> dict[str, list[dict[str, Any]]]:
    boxes = {"findings": screen.findings, "more": screen.more}
    boxes |= {"actions": screen.actions, "quality": screen.quality}
    return {name: [_safe_told(told) for told in box] for name, box in boxes.items()}


def _safe_told(told: Told) -> dict[str, Any]:
    return {
        "html": Markup(told.html),
        "spark": Markup(told.spark),
        "sure": told.sure,
        "sure_key": told.sure_key,
        "evidence": told.evidence,
        "verdict": told.verdict,
    }


def _safe_changes(part: ChangePart | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {
        "title": part.title,
        "sentences": [Markup(text) for text in part.sentences],
        "clearest": Markup(part.clearest),
        "folds": [(title, Markup(html)) for title, html in part.folds],
        "facts": part.facts,
    }


def _retold(files: RunFiles, language: str) -> RunFiles:
    from cxresearch.sentences import retell

    told = [{**finding, "text": retell(finding, language)} for finding in files.findings]
    return dataclasses.replace(files, findings=told)
