"""Service quality as the gap between what customers expect and what they get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.servqual.changes import GapChangesResult, gap_changes
    from cxresearch.servqual.gap_quality import difference_score_quality, study_gap_quality
    from cxresearch.servqual.gap_quality_result import GapQualityResult
    from cxresearch.servqual.gaps import servqual_gaps
    from cxresearch.servqual.imputed import ImputedGapsResult, imputed_gaps
    from cxresearch.servqual.map import GapMapResult, gap_map
    from cxresearch.servqual.performance import servperf
    from cxresearch.servqual.planning import ServqualPlanResult, plan_servqual
    from cxresearch.servqual.pooled import PooledGapsResult, pooled_gaps
    from cxresearch.servqual.ranks import GapRanksResult, gap_ranks
    from cxresearch.servqual.result import ServqualGapsResult
    from cxresearch.servqual.servperf_result import ServperfResult
    from cxresearch.servqual.surface import response_surface, study_surface
    from cxresearch.servqual.surface_result import ResponseSurfaceResult
    from cxresearch.servqual.zone import study_zone, zone_of_tolerance
    from cxresearch.servqual.zone_result import ZoneResult

__all__ = [
    "GapChangesResult",
    "GapMapResult",
    "GapQualityResult",
    "GapRanksResult",
    "ImputedGapsResult",
    "PooledGapsResult",
    "ResponseSurfaceResult",
    "ServperfResult",
    "ServqualGapsResult",
    "ServqualPlanResult",
    "ZoneResult",
    "difference_score_quality",
    "gap_changes",
    "gap_map",
    "gap_ranks",
    "imputed_gaps",
    "plan_servqual",
    "pooled_gaps",
    "response_surface",
    "servperf",
    "servqual_gaps",
    "study_gap_quality",
    "study_surface",
    "study_zone",
    "zone_of_tolerance",
]

__getattr__ = lazy_names(
    __name__,
    {
        "GapChangesResult": "changes",
        "GapMapResult": "map",
        "GapQualityResult": "gap_quality_result",
        "GapRanksResult": "ranks",
        "ImputedGapsResult": "imputed",
        "PooledGapsResult": "pooled",
        "ResponseSurfaceResult": "surface_result",
        "ServperfResult": "servperf_result",
        "ServqualGapsResult": "result",
        "ServqualPlanResult": "planning",
        "ZoneResult": "zone_result",
        "difference_score_quality": "gap_quality",
        "gap_changes": "changes",
        "gap_map": "map",
        "gap_ranks": "ranks",
        "imputed_gaps": "imputed",
        "plan_servqual": "planning",
        "pooled_gaps": "pooled",
        "response_surface": "surface",
        "servperf": "performance",
        "servqual_gaps": "gaps",
        "study_gap_quality": "gap_quality",
        "study_surface": "surface",
        "study_zone": "zone",
        "zone_of_tolerance": "zone",
    },
)
