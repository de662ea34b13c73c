"""Whether customers tell the dimensions apart, said before single dimensions are shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import DistinctnessResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages

_FIRST = 100.0
"""Before every gap: it says how the gaps are to be read."""

_OPEN, _GOOD = 4.0, 2.9
"""Of the quality of the data, where nothing speaks against single gaps."""


@findings.register
def _(
    result: DistinctnessResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    limit = check_limit(limit)
    messages = Messages(language)
    led = list(_led(result, messages))[:limit]
    return (*led, *_quality(result, messages))


def _led(result: DistinctnessResult, messages: Messages) -> Iterator[Finding]:
    """Yield the verdict; one sentence for each group of dimensions that is one."""
    labels = dict(zip(result.scales["term"], result.scales["label"], strict=True))
    if result.verdict == "distinct":
        yield _distinct(result, labels, messages)
    elif result.verdict == "one_factor":
        rows = result.estimates
        values = {"n": len(result.scales)} | _correlations(rows)
        sure = _sure(rows, result)
        yield _said(result, _by(sure, "one_factor"), values, messages, sure=sure)
    elif result.verdict == "partly":
        for place, group in enumerate(result.groups):
            names = group.split("+")
            if len(names) > 1:
                yield _joined(result, names, labels, messages, rank=_FIRST - place / 10)
    else:
        yield _unclear(result, labels, messages)


def _said(
    result: DistinctnessResult,
    message: str,
    values: dict[str, Any],
    messages: Messages,
    *,
    sure: Sureness,
    rank: float = _FIRST,
    topic: Literal["finding", "quality"] = "finding",
) -> Finding:
    return told(
        f"findings.distinct.{message}",
        values | {"looked": result.part, "confidence_level": result.confidence_level},
        messages,
        sure=sure,
        rank=rank,
        result=result.kind,
        topic=topic,
    )


def _distinct(
    result: DistinctnessResult, labels: dict[str, str], messages: Messages
) -> Finding:
    rows = result.estimates
    size = rows["estimate"].fillna(rows["htmt"]).abs().to_numpy(dtype=float)
    closest = rows.iloc[int(size.argmax())]
    values = {
        "n": len(result.scales),
        "dimension_a": labels[str(closest["term"])],
        "dimension_b": labels[str(closest["group"])],
        "latent": closest["estimate"],
        "conf_low": closest["conf_low"],
        "conf_high": closest["conf_high"],
    }
    return _said(
        result, "distinct", values, messages, sure="clear", rank=_GOOD, topic="quality"
    )


def _joined(
    result: DistinctnessResult,
    names: list[str],
    labels: dict[str, str],
    messages: Messages,
    *,
    rank: float,
) -> Finding:
    rows = result.estimates
    inside = rows[rows["term"].isin(names) & rows["group"].isin(names)]
    values = {"joined": "\n".join(labels[name] for name in names)} | _correlations(inside)
    sure = _sure(inside, result)
    message = _by(sure, "together")
    return _said(result, message, values, messages, sure=sure, rank=rank)


def _by(sure: Sureness, message: str) -> str:
    return message if sure == "clear" else f"{message}_likely"


def _correlations(rows: pd.DataFrame) -> dict[str, Any]:
    known = bool(rows["estimate"].notna().all())
    shown = rows["estimate" if known else "htmt"].abs()
    # An estimate beyond 1 means as good as 1; the table has it as it came out.
    low, high = (min(float(end), 1.0) for end in (shown.min(), shown.max()))
    return {"latent_known": known, "latent_low": low, "latent_high": high}


def _sure(rows: pd.DataFrame, result: DistinctnessResult) -> Sureness:
    """Return "clear" when every pair's HTMT lies at or above the cut-off with its interval."""
    beyond = rows["htmt_low"] >= result.cutoff
    return "clear" if bool(beyond.all()) else "likely"


def _unclear(result: DistinctnessResult, labels: dict[str, str], messages: Messages) -> Finding:
    kinds = {reason.partition(":")[0] for reason in result.reasons}
    values: dict[str, Any] = {"n": result.n}
    if "constant" in kinds:
        message = "unclear_constant"
    elif "few_respondents" in kinds:
        message = "unclear_few"
    elif "intended_not_fitted" in kinds:
        message = "unclear_not_fitted"
    elif "intended_misfits" in kinds:
        message = "unclear_misfit"
        row = result.models.iloc[0]
        values |= {"fit_cfi": row["cfi"], "fit_rmsea": row["rmsea"]}
    else:
        message = "unclear_pairs"
        rows = result.estimates[result.estimates["verdict"] != "distinct"]
        pairs = zip(rows["term"], rows["group"], strict=True)
        values["undecided"] = "\n".join(f"{labels[a]}\t{labels[b]}" for a, b in pairs)
    return _said(
        result, message, values, messages, sure="not_decided", rank=_OPEN, topic="quality"
    )


def _quality(result: DistinctnessResult, messages: Messages) -> Iterator[Finding]:
    if result.omega_hierarchical == result.omega_hierarchical:
        values: dict[str, Any] = {"general": result.omega_hierarchical}
        yield _noted(result, "quality.distinct.general", values, messages, rank=1.2)
    if result.empirical_factors and result.empirical_factors != len(result.scales):
        values = {"n": result.empirical_factors, "intended": len(result.scales)}
        yield _noted(result, "quality.distinct.empirical", values, messages, rank=1.1)
    against = [note.split(":") for note in result.notes if note.startswith("negative_loading:")]
    if against:
        questions = messages.text("format.comma").join(
            code[-1].removeprefix("item_") for code in against
        )
        values = {"n": len(against), "questions": questions}
        yield _noted(result, "quality.reverse_warning", values, messages, rank=2.5)


def _noted(
    result: DistinctnessResult,
    message: str,
    values: dict[str, Any],
    messages: Messages,
    *,
    rank: float,
) -> Finding:
    return told(
        message, values, messages, sure="likely", rank=rank, result=result.kind, topic="quality"
    )
