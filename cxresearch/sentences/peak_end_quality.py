"""How good the data of a peak-end study are: moments, drop-out, assignment, attrition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.peak_end import (
    AttritionResult,
    BalanceResult,
    EpisodeFeaturesResult,
    PeakEndSensitivityResult,
    SampleRatioResult,
)
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean
from cxresearch.wording.peak_end import Labels

_ERROR_RATE = 0.05
"""Below it a check of balance or attrition becomes a warning."""


@findings.register
def _(
    result: EpisodeFeaturesResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    counts = {
        "episodes": result.n,
        "people": result.n_participants,
        "moments": result.n_moments,
    }
    first = _quality("episodes", counts, messages, result=result.kind, rank=2.0)
    return (first, *_episode_warnings(result, messages))


@findings.register
def _(
    result: PeakEndSensitivityResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    values = {
        "lowest_r": result.lowest,
        "highest_r": result.highest,
        "average_r": result.reference.get("mean", math.nan),
    }
    return (_quality("sensitivity", values, Messages(language), result=result.kind, rank=1.4),)


@findings.register
def _(
    result: SampleRatioResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    values: dict[str, Any] = {"p_value": result.p_value, "arms": len(result.estimates)}
    for number, row in enumerate(rows_of(result.estimates), start=1):
        values |= {
            f"arm_{number}": _label(str(row.term), labels),
            f"seen_{number}": row.n,
            f"planned_{number}": row.expected,
        }
    return (
        _quality(
            "ratio_warning" if result.mismatch else "ratio_kept",
            values,
            Messages(language),
            result=result.kind,
            rank=4.0 if result.mismatch else 1.6,
        ),
    )


@findings.register
def _(
    result: BalanceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    known = result.estimates.dropna(subset=["estimate"])
    if known.empty:
        return ()
    worst: Any = rows_of(known.loc[[known["estimate"].abs().idxmax()]])[0]
    apart = result.p_value < _ERROR_RATE
    values = {
        "p_value": result.p_value,
        "covariate": _label(str(worst.term), labels),
        "worst_gap": worst.estimate,
    }
    return (
        _quality(
            "balance_warning" if apart else "balance_kept",
            values,
            Messages(language),
            result=result.kind,
            rank=3.6 if apart else 1.5,
            sure="clear" if apart else "not_decided",
            term=str(worst.term),
        ),
    )


@findings.register
def _(
    result: AttritionResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    arms = result.estimates
    lost = float(arms["lost"].sum())
    least: Any = rows_of(arms.loc[[arms["estimate"].idxmin()]])[0]
    most: Any = rows_of(arms.loc[[arms["estimate"].idxmax()]])[0]
    p_value = result.p_exact if not math.isnan(result.p_exact) else result.p_value
    unequal = p_value < _ERROR_RATE
    message = "attrition_warning" if unequal else "attrition_spread"
    if not lost:
        message = "attrition_none"
    values = {
        "lost_overall": lost / result.n,
        "least_lost": least.estimate,
        "most_lost": most.estimate,
        "least_arm": _label(str(least.term), labels),
        "most_arm": _label(str(most.term), labels),
        "p_value": p_value,
    }
    return (
        _quality(
            message,
            values,
            Messages(language),
            result=result.kind,
            rank=3.8 if unequal else 1.5,
            sure="clear" if unequal or not lost else "not_decided",
        ),
    )


def _episode_warnings(result: EpisodeFeaturesResult, messages: Messages) -> Iterator[Finding]:
    for note in result.notes:
        code, _, rest = note.partition(":")
        if code == "moments_vary":
            low, _, high = rest.partition("-")
            values, rank = {"fewest": int(low), "most": int(high)}, 2.8
        elif code in ("dropped_out", "one_moment"):
            values, rank = {"n": int(rest), "episodes": result.n}, 2.6
        else:
            continue
        yield _quality(f"{code}_warning", values, messages, result=result.kind, rank=rank)


def _label(name: str, labels: Labels) -> str:
    return clean((labels or {}).get(name, "")) or clean(name)


def _quality(
    message: str,
    values: dict[str, Any],
    messages: Messages,
    *,
    result: str,
    rank: float,
    sure: Sureness = "clear",
    term: str = "",
) -> Finding:
    return told(
        f"quality.peak_end.{message}",
        values,
        messages,
        sure=sure,
        rank=rank,
        result=result,
        term=term,
        topic="quality",
    )
