"""A run folder rendered as one page that needs nothing else; repeatable without running."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cxresearch._files import write_text
from cxresearch._imports import without_slow_imports
from cxresearch._types import Json
from cxresearch.reports.blocks import Block, OutputShower
from cxresearch.reports.body import Section, read_sections
from cxresearch.reports.facts import (
    day_of,
    flow_sentence,
    parameter_rows,
    people_sentence,
    waves_of,
)
from cxresearch.reports.first_screen import FirstScreen, Told, first_screen
from cxresearch.reports.page_parts import page_file, security_policy
from cxresearch.reports.provenance import provenance_facts
from cxresearch.reports.source import RunFiles, read_run
from cxresearch.wording import Messages

REPORT = "report.html"


def render_report(folder: Path, *, language: str | None = None) -> str:
    """Return the report of a run as HTML that loads nothing from anywhere.

    Parameters
    ----------
    folder : Path
        A run folder with run.json, executed.ipynb, outputs.json and what they name.
    language : str, optional
        Language of headings, labels and findings; by default the study's. Figures and tables
        stay in the language they were recorded in.

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
    sections = read_sections(OutputShower(files=files, messages=messages))
    page = _page(files, messages, sections)
    from cxresearch.reports._exporter import export_page

    return export_page(_notebook(files), page)


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


def _page(files: RunFiles, messages: Messages, sections: list[Section]) -> dict[str, Any]:
    record, script = files.record, page_file("report.js")
    respondents = record.get("respondents")
    screen = first_screen(files, messages)
    words = _words(messages)
    return {
        "language": messages.language,
        "policy": security_policy(script),
        "css": Markup(page_file("report.css")),
        "script": Markup(script),
        "words": words,
        "title": record.get("title") or record.get("study", ""),
        "method": record.get("method_title") or record.get("method", ""),
        "eyebrow": _eyebrow(record, messages),
        "description": record.get("description", ""),
        "failure": _failure(record, messages) if files.failed else None,
        "first": _safe_screen(screen),
        "more_label": messages.text("report.more_here", n=len(screen.more)),
        "people": people_sentence(respondents, messages) if respondents else "",
        "flow": flow_sentence(respondents, messages) if respondents else "",
        "population": record.get("population", ""),
        "sample": record.get("sample", ""),
        "contents": _contents(sections, words),
        "sections": [_safe_section(part) for part in sections if not part.data],
        "data_sections": [_safe_section(part) for part in sections if part.data],
        "parameters": parameter_rows(record),
        "glossary": _glossary(messages),
        "glossary_label": messages.text("report.glossary_label"),
        "provenance": provenance_facts(files, messages),
    }


def _words(messages: Messages) -> dict[str, str]:
    return {**messages.section("report"), "how_sure": messages.text("sure.how_sure")}


def _eyebrow(record: Json, messages: Messages) -> list[str]:
    parts = [str(record.get("method_title") or record.get("method", ""))]
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


def _glossary(messages: Messages) -> list[tuple[str, str]]:
    names = messages.section("report.term")
    return [
        (names[key], meaning)
        for key, meaning in messages.section("glossary").items()
        if key in names
    ]


def _safe_section(part: Section) -> dict[str, Any]:
    return {
        "html": Markup(part.html),
        "name": part.name,
        "depth": part.outer_depth,
        "text_depth": part.depth,
        "blocks": [_safe_block(block) for block in part.blocks],
    }


def _safe_block(block: Block) -> dict[str, Any]:
    return {
        "kind": block.kind,
        "depth": block.depth,
        "label": block.label,
        "html": Markup(block.html),
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


def _retold(files: RunFiles, language: str) -> RunFiles:
    from cxresearch.sentences import retell

    told = [{**finding, "text": retell(finding, language)} for finding in files.findings]
    return dataclasses.replace(files, findings=told)


def _notebook(files: RunFiles) -> Any:
    if files.notebook is not None:
        return files.notebook
    with without_slow_imports():
        import nbformat

    return nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
