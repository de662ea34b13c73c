"""Facts around the findings: flow of the answers, parameters, provenance."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cxresearch._types import Json
from cxresearch.reports.source import RunFiles
from cxresearch.responses.model import Flow, FlowStep
from cxresearch.wording import Messages
from cxresearch.wording.templates import narration

_DASH = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """One line of the table of parameters.

    Attributes
    ----------
    name, value, help : str
    changed : bool
        Differs from the template's default.
    language : str
        Of the help, where it is another than the page's.
    """

    name: str
    value: str
    help: str
    changed: bool
    language: str = ""


def flow_sentence(respondents: Json, messages: Messages) -> str:
    """Return ``412 answers read → 9 duplicates → 391 analysed``."""
    from cxresearch.sentences.flow import describe_flow

    steps = tuple(FlowStep(**step) for step in respondents["steps"])
    unit = respondents.get("unit", "respondents")
    flow = Flow(read=int(respondents["read"]), steps=steps, unit=unit)
    return describe_flow(flow, language=messages.language)


def people_sentence(respondents: Json, messages: Messages) -> str:
    """Return how many answered and how many of them are analysed, as a sentence."""
    read, analysed = respondents["read"], respondents["analysed"]
    unit = "_episodes" if respondents.get("unit") == "episodes" else ""
    if read == analysed:
        return messages.text(f"quality.flow_all{unit}", n=read)
    return messages.text(f"quality.flow{unit}", read=read, analysed=analysed)


def parameter_rows(files: RunFiles, language: str) -> list[ParameterRow]:
    """Return the parameters of a run, those that differ from the template's defaults marked.

    Parameters
    ----------
    files : RunFiles
    language : str
        Of the page; helps of the shipped templates are translated.
    """
    record, own = files.record, files.narrated_in
    defaults = record.get("parameter_defaults", {})
    helps = record.get("parameter_help", {})
    rows = []
    for name, value in record.get("parameters", {}).items():
        text = str(helps.get(name, ""))
        translated = text if own == language else narration(text, language)
        rows.append(
            ParameterRow(
                name=name,
                value=shown_value(value),
                help=text if translated is None else translated,
                changed=name in defaults and defaults[name] != value,
                language=own if text and translated is None else "",
            )
        )
    return rows


def shown_value(value: Any) -> str:
    """Return a plain value as a reader would write it down."""
    if value is None or value in ([], ""):
        return _DASH
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(shown_value(item) for item in value)
    return str(value)


def waves_of(record: Json) -> str:
    """Return the names of the waves of a study, ``""`` where there is one without a name."""
    return ", ".join(
        str(source["wave"]) for source in record.get("data", []) if source.get("wave")
    )


def day_of(moment: str, messages: Messages) -> str:
    """Return the day of an ISO time in the form of the language; ``""`` when it is none."""
    try:
        day = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return ""
    parts = {"year": f"{day:%Y}", "month": f"{day:%m}", "day": f"{day:%d}"}
    return messages.text("format.date", **parts)


def minute_of(moment: str, messages: Messages) -> str:
    """Return day and minute of an ISO time, to tell runs of one day apart; ``""`` when none.

    Examples
    --------
    >>> minute_of("2026-11-21T17:42:10.000+00:00", Messages("en"))
    '2026-11-21 17:42 UTC'
    """
    day = day_of(moment, messages)
    return f"{day} {datetime.fromisoformat(moment).astimezone(UTC):%H:%M} UTC" if day else ""


def repeat_command(record: Json) -> str:
    """Return the command that runs the study again with the settings of this run."""
    settings = [
        f"--set {shlex.quote(f'{name}={_as_setting(value)}')}"
        for name, value in record.get("settings", {}).items()
    ]
    return " ".join(["cxresearch run", shlex.quote(str(record.get("study", ""))), *settings])


def _as_setting(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return "none" if value is None else str(value)
