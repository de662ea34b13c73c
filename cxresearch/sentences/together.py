"""How findings on the measurement govern how findings on gaps are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cxresearch.psychometrics import DistinctnessResult, InvarianceResult
from cxresearch.sentences._render import retell
from cxresearch.servqual import GapChangesResult, PooledGapsResult, ServqualGapsResult
from cxresearch.shown import Finding

_CARES = ("not_comparable", "comparable_partial")
_COMPARING = (ServqualGapsResult.kind, PooledGapsResult.kind, GapChangesResult.kind)
_AFTER_VERDICT = 99.0


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
        verdict at once. Differences by a grouping in which equal intercepts do not hold for
        all questions end with a caution; where that is not decided they stay as they are, and
        the finding on the invariance says so.

    References
    ----------
    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
    Psychometrika 58, 525–543. https://doi.org/10.1007/BF02294825
    """
    cares = {
        one.group: one.verdict
        for one in measured
        if isinstance(one, InvarianceResult) and one.verdict in _CARES
    }
    one_factor = any(
        isinstance(one, DistinctnessResult) and one.verdict == "one_factor" for one in measured
    )
    careful = [_with_care(one, cares, language) for one in found]
    return tuple(_overall_first(one) if one_factor else one for one in careful)


def _with_care(one: Finding, cares: Mapping[str, str], language: str) -> Finding:
    if one.topic != "finding" or one.sure == "not_decided":
        return one
    grouping = "wave" if one.result == GapChangesResult.kind else one.group
    if one.result not in _COMPARING or grouping not in cares:
        return one
    careful = replace(one, values={**one.values, "care": cares[grouping]})
    return replace(careful, text=retell(careful.to_dict(), language))


def _overall_first(one: Finding) -> Finding:
    overall = one.result == ServqualGapsResult.kind and one.term == "overall"
    return replace(one, rank=_AFTER_VERDICT) if overall and one.group in ("", "all") else one
