"""Display tables: results in, formatted text with notes out.

Each name is imported when first used: a method needs a few of them only.
"""

from __future__ import annotations

<<<<<<< ours
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
=======
from cxresearch._lazy import lazy_names, names_in_stub

_MODULE_OF = names_in_stub(__name__, __file__)

__all__ = [*_MODULE_OF]
>>>>>>> theirs

__getattr__ = lazy_names(__name__, _MODULE_OF)
