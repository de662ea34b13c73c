"""What a study found again and again: its key estimates over runs on different data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from cxresearch._files import read_json
from cxresearch._types import Json
from cxresearch.catalogue.filings import Filing
from cxresearch.errors import CxError
from cxresearch.reports.facts import day_of, minute_of
from cxresearch.reports.svg import inline_svg
from cxresearch.shown import Figure
from cxresearch.wording import Formats, Messages
from cxresearch.wording.peak_end import known_term

COLUMNS = ("label", "unit", "run", "when", "estimate", "conf_low", "conf_high", "n")
_MOST_ESTIMATES = 6
_MOST_RUNS = 12

_Key = tuple[str, str, str]


def study_trends(filings: Sequence[Filing], messages: Messages) -> pd.DataFrame:
    """Return the key estimates of a study over its runs on different data.

    Key are the estimates with a unit and an interval that the latest completed run tells as
    findings, the most important first, at most six. A run counts when it is the latest
    completed one on its data: runs on the same answers say nothing about time.

    Parameters
    ----------
    filings : sequence of Filing
        Of one study, oldest first.
    messages : Messages

    Returns
    -------
    DataFrame
        One row an estimate and run, oldest first: label, unit, run, when (waves, else the
        day or minute), estimate, conf_low, conf_high, n. Empty with fewer than two such runs.
    """
    rows: list[Json] = []
    runs = _on_different_data(filings)
    told = [_told(filing) for filing in runs]
    wanted = list(told[-1])[:_MOST_ESTIMATES] if len(runs) > 1 else []
    times = _times(runs, messages)
    for key in wanted:
        found = [run for run, own in enumerate(told) if key in own]
        if len(found) > 1:
            label = _label(told[found[-1]][key], messages)
            rows += [_row(runs[run], told[run][key], label, times[run]) for run in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def trend_parts(trends: pd.DataFrame, messages: Messages) -> Iterator[Json]:
    """Return a picture and a table for each unit: estimates of several share no axis."""
    formats = Formats.of(messages.language)
    for number, (unit, own) in enumerate(trends.groupby("unit", sort=False)):
        from cxresearch.plots.trends import plot_trends  # slow to import, and seldom needed

        figure = plot_trends(own, language=messages.language)
        if figure is not None:
            yield {
                "unit": unit,
                "caption": figure.caption,
                "pictures": _pictures(figure, f"t{number}"),
                "rows": [_shown(row, formats) for row in own.itertuples(index=False)],
            }


def _pictures(figure: Figure, name: str) -> list[Markup]:
    sources = {"wide": figure.svg, "narrow": figure.svg_narrow}
    return [
        Markup(
            inline_svg(
                source, name=f"{name}{kind[0]}", alt_text=figure.alt_text, css_class=kind
            )
        )
        for kind, source in sources.items()
    ]


def _shown(row: Any, formats: Formats) -> Json:
    return {
        "label": row.label,
        "when": row.when,
        "run": row.run,
        "estimate": formats.number(row.estimate),
        "interval": formats.brackets(row.conf_low, row.conf_high),
        "n": formats.count(row.n),
    }


def _on_different_data(filings: Iterable[Filing]) -> list[Filing]:
    latest: dict[tuple[str, ...], Filing] = {}
    for filing in filings:
        if filing.status == "completed" and filing.data_sha256:
            latest.pop(filing.data_sha256, None)
            latest[filing.data_sha256] = filing
    return list(latest.values())[-_MOST_RUNS:]


def _told(filing: Filing) -> dict[_Key, Json]:
    """Return the findings that are an estimate with an interval, the most important first."""
    try:
        findings: list[Json] = read_json(filing.folder / "results" / "findings.json")
        ranked = sorted(findings, key=lambda finding: -float(finding.get("rank") or 0))
        kept: dict[_Key, Json] = {}
        for finding in ranked:
            numbers = [finding.get(name) for name in ("estimate", "conf_low", "conf_high")]
            topic = finding.get("topic", "finding")
            # A number without a unit has no axis, and no name beside the sentence it is from.
            told = topic == "finding" and bool(finding.get("unit"))
            if told and all(_finite(number) for number in numbers):
                key = (finding["result"], finding.get("term", ""), finding.get("group", ""))
                kept.setdefault(key, finding)
    except (CxError, TypeError, ValueError, KeyError, AttributeError):
        return {}
    return kept


def _finite(number: Any) -> bool:
    return isinstance(number, (int, float)) and math.isfinite(number)


def _label(finding: Json, messages: Messages) -> str:
    values, term = finding.get("values") or {}, str(finding.get("term", ""))
    if term in ("overall", "overall_weighted"):
        return messages.text(f"terms.{term}")
    own = f"terms.key_estimate.{finding.get('result', '')}_{term}"
    if messages.has(own):
        rule = str(finding.get("group", ""))
        which = f", {known_term('peak_rule', rule, messages)}" if rule else ""
        return f"{messages.text(own)}{which}"
    name = next((str(values[key]) for key in ("name", "label", "option") if key in values), "")
    group = str(values.get("segment", ""))
    whole = name or term.replace("_", " ") or messages.text("terms.all_drivers")
    return f"{whole}: {group}" if group else whole


def _times(runs: Sequence[Filing], messages: Messages) -> list[str]:
    """Return what tells the runs apart: waves, else the day, else the minute."""
    kinds = (
        [", ".join(run.waves) or day_of(run.ended or run.started, messages) for run in runs],
        [
            ", ".join([*run.waves, minute_of(run.ended or run.started, messages)])
            for run in runs
        ],
    )
    return next((times for times in kinds if len(set(times)) == len(runs)), kinds[-1])


def _row(filing: Filing, finding: Json, label: str, when: str) -> Json:
    return {
        "label": label,
        "unit": str(finding.get("unit", "")),
        "run": filing.run,
        "when": when,
        "estimate": float(finding["estimate"]),
        "conf_low": float(finding["conf_low"]),
        "conf_high": float(finding["conf_high"]),
        "n": math.nan if filing.analysed is None else float(filing.analysed),
    }
