# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.tables.analysis_plan import display_analysis_plan as display_analysis_plan
from cxresearch.tables.answers import display_missing as display_missing
from cxresearch.tables.answers import display_quality as display_quality
from cxresearch.tables.apa import display_apa as display_apa
from cxresearch.tables.drivers import display_dominance as display_dominance
from cxresearch.tables.drivers import display_importance as display_importance
from cxresearch.tables.drivers import display_margin as display_margin
from cxresearch.tables.drivers import display_rank_probabilities as display_rank_probabilities
from cxresearch.tables.drivers_kano import display_kano as display_kano
from cxresearch.tables.drivers_models import display_diagnostics as display_diagnostics
from cxresearch.tables.drivers_models import (
    display_missing_treatment as display_missing_treatment,
)
from cxresearch.tables.drivers_models import display_model as display_model
from cxresearch.tables.drivers_models import display_what_if as display_what_if
from cxresearch.tables.drivers_more import display_forest as display_forest
from cxresearch.tables.drivers_more import (
    display_imputed_importance as display_imputed_importance,
)
from cxresearch.tables.drivers_more import display_plan as display_plan
from cxresearch.tables.drivers_segments import (
    display_segment_importance as display_segment_importance,
)
from cxresearch.tables.drivers_segments import display_segment_tests as display_segment_tests
from cxresearch.tables.drivers_shapes import display_asymmetry as display_asymmetry
from cxresearch.tables.drivers_shapes import display_map as display_map
from cxresearch.tables.drivers_shapes import display_necessity as display_necessity
from cxresearch.tables.drivers_shapes import display_response as display_response
from cxresearch.tables.factor_items import display_efa as display_efa
from cxresearch.tables.factor_items import display_item_analysis as display_item_analysis
from cxresearch.tables.factors import display_cfa as display_cfa
from cxresearch.tables.factors import display_factor_reliability as display_factor_reliability
from cxresearch.tables.factors import display_fit as display_fit
from cxresearch.tables.factors import display_htmt as display_htmt
from cxresearch.tables.invariance import display_invariance as display_invariance
from cxresearch.tables.invariance import display_latent_means as display_latent_means
from cxresearch.tables.peak_end import display_duration_neglect as display_duration_neglect
from cxresearch.tables.peak_end import display_features as display_features
from cxresearch.tables.peak_end import display_memory_features as display_memory_features
from cxresearch.tables.peak_end import display_memory_models as display_memory_models
from cxresearch.tables.peak_end import display_sensitivity as display_sensitivity
from cxresearch.tables.peak_end_checks import display_balance as display_balance
from cxresearch.tables.peak_end_conditions import display_choice as display_choice
from cxresearch.tables.peak_end_conditions import (
    display_condition_means as display_condition_means,
)
from cxresearch.tables.peak_end_conditions import display_conditions as display_conditions
from cxresearch.tables.peak_end_conditions import display_crossover as display_crossover
from cxresearch.tables.peak_end_courses import display_latent as display_latent
from cxresearch.tables.peak_end_mixed import display_mixed as display_mixed
from cxresearch.tables.peak_end_mixed import display_variances as display_variances
from cxresearch.tables.peak_end_study import (
    display_condition_effect as display_condition_effect,
)
from cxresearch.tables.peak_end_study import display_effect_means as display_effect_means
from cxresearch.tables.peak_end_study import (
    display_person_differences as display_person_differences,
)
from cxresearch.tables.peak_end_study import (
    display_person_variances as display_person_variances,
)
from cxresearch.tables.peak_end_tests import display_choice_model as display_choice_model
from cxresearch.tables.peak_end_tests import display_equivalence as display_equivalence
from cxresearch.tables.peak_end_tests import display_power as display_power
from cxresearch.tables.peak_end_tests import display_rivals as display_rivals
from cxresearch.tables.peak_end_tests import display_sequential as display_sequential
from cxresearch.tables.quality import display_flow as display_flow
from cxresearch.tables.quality import display_reliability as display_reliability
from cxresearch.tables.servqual import display_differences as display_differences
from cxresearch.tables.servqual import display_gaps as display_gaps
from cxresearch.tables.servqual import display_segments as display_segments
from cxresearch.tables.servqual_groups import display_changes as display_changes
from cxresearch.tables.servqual_groups import display_gap_map as display_gap_map
from cxresearch.tables.servqual_groups import display_gap_ranks as display_gap_ranks
from cxresearch.tables.servqual_groups import display_imputed_gaps as display_imputed_gaps
from cxresearch.tables.servqual_groups import display_pooled_gaps as display_pooled_gaps
from cxresearch.tables.servqual_quality import display_gap_quality as display_gap_quality
from cxresearch.tables.servqual_quality import display_gap_validity as display_gap_validity
from cxresearch.tables.servqual_quality import (
    display_response_surface as display_response_surface,
)
from cxresearch.tables.servqual_quality import display_servperf as display_servperf
from cxresearch.tables.servqual_quality import display_surface_models as display_surface_models
from cxresearch.tables.servqual_zone import display_zone as display_zone
