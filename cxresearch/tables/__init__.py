"""Display tables: results in, formatted text with notes out."""

from __future__ import annotations

from cxresearch.tables.analysis_plan import display_analysis_plan
from cxresearch.tables.answers import display_missing, display_quality
from cxresearch.tables.apa import display_apa
from cxresearch.tables.drivers import (
    display_dominance,
    display_importance,
    display_margin,
    display_rank_probabilities,
)
from cxresearch.tables.drivers_kano import display_kano
from cxresearch.tables.drivers_models import (
    display_diagnostics,
    display_missing_treatment,
    display_model,
    display_what_if,
)
from cxresearch.tables.drivers_more import (
    display_forest,
    display_imputed_importance,
    display_plan,
)
from cxresearch.tables.drivers_segments import (
    display_segment_importance,
    display_segment_tests,
)
from cxresearch.tables.drivers_shapes import (
    display_asymmetry,
    display_map,
    display_necessity,
    display_response,
)
from cxresearch.tables.factor_items import display_efa, display_item_analysis
from cxresearch.tables.factors import (
    display_cfa,
    display_factor_reliability,
    display_fit,
    display_htmt,
)
from cxresearch.tables.invariance import display_invariance, display_latent_means
from cxresearch.tables.peak_end import (
    display_duration_neglect,
    display_features,
    display_memory_features,
    display_memory_models,
    display_sensitivity,
)
from cxresearch.tables.peak_end_checks import display_balance
from cxresearch.tables.peak_end_conditions import (
    display_choice,
    display_condition_means,
    display_conditions,
    display_crossover,
)
from cxresearch.tables.peak_end_courses import display_latent
from cxresearch.tables.peak_end_mixed import display_mixed, display_variances
from cxresearch.tables.peak_end_study import (
    display_condition_effect,
    display_effect_means,
    display_person_differences,
    display_person_variances,
)
from cxresearch.tables.peak_end_tests import (
    display_choice_model,
    display_equivalence,
    display_power,
    display_rivals,
    display_sequential,
)
from cxresearch.tables.quality import display_flow, display_reliability
from cxresearch.tables.servqual import display_differences, display_gaps, display_segments
from cxresearch.tables.servqual_groups import (
    display_changes,
    display_gap_map,
    display_gap_ranks,
    display_imputed_gaps,
    display_pooled_gaps,
)
from cxresearch.tables.servqual_quality import (
    display_gap_quality,
    display_gap_validity,
    display_response_surface,
    display_servperf,
    display_surface_models,
)
from cxresearch.tables.servqual_zone import display_zone

__all__ = [
    "display_analysis_plan",
    "display_apa",
    "display_asymmetry",
    "display_balance",
    "display_cfa",
    "display_changes",
    "display_choice",
    "display_choice_model",
    "display_condition_effect",
    "display_condition_means",
    "display_conditions",
    "display_crossover",
    "display_diagnostics",
    "display_differences",
    "display_dominance",
    "display_duration_neglect",
    "display_efa",
    "display_effect_means",
    "display_equivalence",
    "display_factor_reliability",
    "display_features",
    "display_fit",
    "display_flow",
    "display_forest",
    "display_gap_map",
    "display_gap_quality",
    "display_gap_ranks",
    "display_gap_validity",
    "display_gaps",
    "display_htmt",
    "display_importance",
    "display_imputed_gaps",
    "display_imputed_importance",
    "display_invariance",
    "display_item_analysis",
    "display_kano",
    "display_latent",
    "display_latent_means",
    "display_map",
    "display_margin",
    "display_memory_features",
    "display_memory_models",
    "display_missing",
    "display_missing_treatment",
    "display_mixed",
    "display_model",
    "display_necessity",
    "display_person_differences",
    "display_person_variances",
    "display_plan",
    "display_pooled_gaps",
    "display_power",
    "display_quality",
    "display_rank_probabilities",
    "display_reliability",
    "display_response",
    "display_response_surface",
    "display_rivals",
    "display_segment_importance",
    "display_segment_tests",
    "display_segments",
    "display_sensitivity",
    "display_sequential",
    "display_servperf",
    "display_surface_models",
    "display_variances",
    "display_what_if",
    "display_zone",
]
