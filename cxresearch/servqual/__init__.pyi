# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.servqual.changes import GapChangesResult as GapChangesResult
from cxresearch.servqual.changes import gap_changes as gap_changes
from cxresearch.servqual.gap_quality import difference_score_quality as difference_score_quality
from cxresearch.servqual.gap_quality import study_gap_quality as study_gap_quality
from cxresearch.servqual.gap_quality_result import GapQualityResult as GapQualityResult
from cxresearch.servqual.gaps import servqual_gaps as servqual_gaps
from cxresearch.servqual.imputed import ImputedGapsResult as ImputedGapsResult
from cxresearch.servqual.imputed import imputed_gaps as imputed_gaps
from cxresearch.servqual.map import GapMapResult as GapMapResult
from cxresearch.servqual.map import gap_map as gap_map
from cxresearch.servqual.performance import servperf as servperf
from cxresearch.servqual.planning import ServqualPlanResult as ServqualPlanResult
from cxresearch.servqual.planning import plan_servqual as plan_servqual
from cxresearch.servqual.pooled import PooledGapsResult as PooledGapsResult
from cxresearch.servqual.pooled import pooled_gaps as pooled_gaps
from cxresearch.servqual.ranks import GapRanksResult as GapRanksResult
from cxresearch.servqual.ranks import gap_ranks as gap_ranks
from cxresearch.servqual.result import ServqualGapsResult as ServqualGapsResult
from cxresearch.servqual.servperf_result import ServperfResult as ServperfResult
from cxresearch.servqual.surface import response_surface as response_surface
from cxresearch.servqual.surface import study_surface as study_surface
from cxresearch.servqual.surface_result import ResponseSurfaceResult as ResponseSurfaceResult
from cxresearch.servqual.zone import study_zone as study_zone
from cxresearch.servqual.zone import zone_of_tolerance as zone_of_tolerance
from cxresearch.servqual.zone_result import ZoneResult as ZoneResult
