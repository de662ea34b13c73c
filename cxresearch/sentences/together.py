"""How findings on the measurement govern how findings on gaps are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from cxresearch.psychometrics import DistinctnessResult, InvarianceResult
from cxresearch.sentences._base import told
from cxresearch.sentences._render import retell
from cxresearch.servqual import GapChangesResult, PooledGapsResult, ServqualGapsResult
from cxresearch.shown import Finding
from cxresearch.wording import Messages

_CARES = {
    "not_comparable": "not_comparable",
    "comparable_partial": "comparable_partial",
    "unclear": "undecided",
}
_COMPARING = (ServqualGapsResult.kind, PooledGapsResult.kind, GapChangesResult.kind)
_NOT_COMPARED = ("findings.segment_too_small", "findings.gap_groups.change_hidden")
_AFTER_VERDICT = 99.0
_UNCHECKED = 2.1


def read_together(
    found: Iterable[Finding],
    *measured: DistinctnessResult | InvarianceResult | None,
    language: str = "en",
) -> tuple[Finding, ...]:
    """Let what is known of the measurement govern how the gaps are told.

    Parameters
    ----------
    found : iterable of Finding
        Of gaps, of pooled gaps and of changes over waves.
    *measured : DistinctnessResult, InvarianceResult or None
        From `study_distinctness` and `study_invariance`.
    language : str
        Language of the sentences.

    Returns
    -------
    tuple of Finding
        Where customers do not tell the dimensions apart, the gap over all of them follows the
        verdict at once. Differences by a grouping, and what names its lowest group, end with a
        caution where equal intercepts do not hold for all questions, where that is not decided
        and where it was not looked at; the last is also said by a finding of topic "quality".

    References
    ----------
    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
    Psychometrika 58, 525–543. https://doi.org/10.1007/BF02294825
    """
    cares = {
        one.group: _CARES.get(one.verdict, "")
        for one in measured
        if isinstance(one, InvarianceResult)
    }
    one_factor = any(
        isinstance(one, DistinctnessResult) and one.verdict == "one_factor" for one in measured
    )
    careful = [_with_care(one, cares, language) for one in found]
    told_all = [_overall_first(one) if one_factor else one for one in careful]
    return (*told_all, *_not_looked_at(told_all, cares, Messages(language)))


def _grouping(one: Finding) -> str:
    """Return the segment, or the waves, that a finding compares; "" for none."""
    if one.result not in _COMPARING or one.topic != "finding" or one.group in ("", "all"):
        return ""
    wave = one.result == GapChangesResult.kind
    return "wave" if wave else str(one.values.get("grouping", one.group))


def _not_looked_at(
    found: Iterable[Finding], looked_at: Collection[str], messages: Messages
) -> Iterator[Finding]:
    """Say of each grouping that is compared, and was not checked, that it was not."""
    compared = [one for one in found if one.message not in _NOT_COMPARED]
    segments = {_grouping(one): one.values.get("segment", "wave") for one in compared}
    for grouping, segment in segments.items():
        if grouping and grouping not in looked_at:
            yield told(
                "quality.invariance.not_checked_warning",
                {"segment": segment},
                messages,
                sure="not_decided",
                rank=_UNCHECKED,
                result=InvarianceResult.kind,
                topic="quality",
            )


def _with_care(one: Finding, cares: Mapping[str, str], language: str) -> Finding:
    grouping = _grouping(one)
    care = cares.get(grouping, "not_checked")
    if one.sure == "not_decided" or not grouping or not care:
        return one
    careful = replace(one, values={**one.values, "care": care})
    return replace(careful, text=retell(careful.to_dict(), language))


def _overall_first(one: Finding) -> Finding:
    overall = one.result == ServqualGapsResult.kind and one.term == "overall"
    return replace(one, rank=_AFTER_VERDICT) if overall and one.group in ("", "all") else one
