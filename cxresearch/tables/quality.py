"""Tables on the data: reliability, flow and response quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.responses.episodes import EpisodeData
from cxresearch.responses.model import Flow, Responses
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats
from cxresearch.wording.analysis_plan import detail_words
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean
from cxresearch.wording.verdicts import consistency

if TYPE_CHECKING:
    from cxresearch.psychometrics import ScaleReliabilityResult


def display_reliability(
    reliability: ScaleReliabilityResult, *, language: str = "en"
) -> DisplayTable:
    """Show alpha and omega of every dimension and part, with intervals and a plain word.

    Parameters
    ----------
    reliability : ScaleReliabilityResult
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    level = formats.level(reliability.confidence_level)
    columns = [
        Column(text("tables.dimension"), lambda row: _dimension(row), numeric=False),
        Column(text("tables.part"), lambda row: _part(row.group, formats), numeric=False),
        Column(text("tables.items"), lambda row: formats.count(row.items)),
        Column(text("tables.alpha"), lambda row: formats.coefficient(row.estimate)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.coefficient_interval(row.conf_low, row.conf_high),
        ),
        Column(text("tables.omega"), lambda row: formats.coefficient(row.omega)),
        Column(
            text("tables.omega_interval", level=level),
            lambda row: formats.coefficient_interval(row.omega_low, row.omega_high),
        ),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
        Column(text("tables.read_as"), lambda row: _verdict(row, formats), numeric=False),
    ]
    return display_table(
        reliability.tidy(),
        columns,
        name="reliability",
        caption=text("tables.reliability"),
        notes=_reliability_notes(reliability, formats),
    )


def display_flow(
    responses: Responses | EpisodeData | Flow, *, language: str = "en"
) -> DisplayTable:
    """Show the way from answers read to answers analysed, rule by rule.

    Parameters
    ----------
    responses : Responses, EpisodeData or Flow
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> from cxresearch.responses.model import Flow, FlowStep
    >>> flow = Flow(read=412, steps=(FlowStep(rule="duplicated", detail="", excluded=9),))
    >>> display_flow(flow).shown["Remaining"].tolist()
    ['412', '403', '403']
    """
    formats = Formats.of(language)
    text = formats.messages.text
    flow = responses if isinstance(responses, Flow) else responses.flow
    steps = flow.to_frame()
    last = {"rule": "analysed", "detail": "", "excluded": 0, "remaining": flow.analysed}
    data = pd.concat([steps, pd.DataFrame([last])], ignore_index=True)
    columns = [
        Column(
            text("tables.step"), lambda row: _step(row.rule, flow.unit, formats), numeric=False
        ),
        Column(
            text("tables.rule"),
            lambda row: detail_words(row.detail, formats.messages) or UNDEFINED,
            numeric=False,
        ),
        Column(
            text("tables.excluded"),
            lambda row: (
                UNDEFINED if row.rule in ("read", "analysed") else formats.count(row.excluded)
            ),
        ),
        Column(text("tables.remaining"), lambda row: formats.count(row.remaining)),
    ]
    return display_table(
        data,
        columns,
        name="flow",
        caption=text("tables.flow_episodes" if flow.unit == "episodes" else "tables.flow"),
        notes=[_flow_note(flow, formats)],
    )


def _dimension(row: Any) -> str:
    return clean(getattr(row, "label", "")) or clean(row.term)


def _part(part: str, formats: Formats) -> str:
    key = f"terms.{part}"
    return formats.messages.text(key) if formats.messages.has(key) else clean(part)


def _verdict(row: Any, formats: Formats) -> str:
    word = consistency(row.estimate)
    return formats.messages.text(f"quality.{word}") if word else UNDEFINED


def _flow_note(flow: Flow, formats: Formats) -> str:
    if not flow.steps:
        return formats.messages.text("flow.nothing_excluded")
    unit = "_episodes" if flow.unit == "episodes" else ""
    return formats.messages.text(f"tables.notes.flow{unit}")


def _step(rule: str, unit: str, formats: Formats) -> str:
    of_unit = f"flow.step.{rule}_{unit}"
    key = of_unit if formats.messages.has(of_unit) else f"flow.step.{rule}"
    if formats.messages.has(key):
        return formats.messages.text(key)
    return formats.messages.text("flow.step.unknown", rule=clean(rule))


def _reliability_notes(reliability: ScaleReliabilityResult, formats: Formats) -> list[str]:
    text, rows = formats.messages.text, reliability.estimates
    basis = "pairwise" if reliability.basis == "pairwise" else "complete"
    notes = [
        text(f"tables.notes.reliability_{basis}"),
        text(
            f"tables.notes.reliability_{_drawn(reliability)}",
            replicates=formats.count(reliability.n_boot),
        ),
        text("tables.notes.reliability_ranges"),
    ]
    if (rows["group"] == "gap").any():
        notes.append(text("tables.notes.reliability_gap"))
    if (rows["omega_note"] == "two_items").any():
        notes.append(text("tables.notes.omega_two_items"))
    labels = {str(row.term): _dimension(row) for row in rows_of(rows)}
    notes += [_note_of(code, labels, reliability.n_boot, formats) for code in reliability.notes]
    if rows["estimate"].isna().any():
        notes.append(text("tables.notes.not_estimated"))
    return notes


def _drawn(reliability: ScaleReliabilityResult) -> str:
    """Return what the intervals are from, as the end of a key."""
    if reliability.interval == "feldt":
        return "feldt"
    drawn = "clusters" if reliability.clusters else "strata" if reliability.strata else "drawn"
    return f"{drawn}_weighted" if reliability.weights and drawn != "drawn" else drawn


def _note_of(code: str, labels: dict[str, str], n_boot: int, formats: Formats) -> str:
    text = formats.messages.text
    kind, *parts = code.split(":")
    if kind == "negative_item_rest" and len(parts) >= 2:
        item = f"{text('terms.item')} {parts[-1].removeprefix('item_')}"
        return text(
            "tables.notes.negative_item_rest", item=item, part=_part(parts[-2], formats)
        )
    if kind in ("omega_undefined", "replicates_failed") and len(parts) == 3:
        values = {
            "name": labels.get(parts[0], clean(parts[0])), "part": _part(parts[1], formats)
        }  # fmt: skip
        if kind == "replicates_failed":
            counts = {"n": formats.count(int(parts[2])), "replicates": formats.count(n_boot)}
            return text("tables.notes.omega_replicates", **values, **counts)
        heywood = parts[2] == "heywood"
        return text(f"tables.notes.omega_{'heywood' if heywood else 'undefined'}", **values)
    return text("tables.notes.code", code=code)
