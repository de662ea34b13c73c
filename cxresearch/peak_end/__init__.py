"""Peak-end studies: from moments to what is remembered, and experiments on both."""

from cxresearch.peak_end._kernel import expected_maximum
from cxresearch.peak_end.anytime import AlwaysValidResult, always_valid
from cxresearch.peak_end.assign import assign_conditions
from cxresearch.peak_end.bayes import jzs_bayes_factor, regression_bayes_factor
from cxresearch.peak_end.between import ConditionsResult, compare_conditions
from cxresearch.peak_end.checks import (
    AttritionResult,
    BalanceResult,
    SampleRatioResult,
    attrition,
    balance_test,
    sample_ratio,
)
from cxresearch.peak_end.choice import (
    ChoiceDifferenceResult,
    ChoiceResult,
    choice_share,
    compare_choices,
)
from cxresearch.peak_end.crossover import CrossoverResult, crossover
from cxresearch.peak_end.duration import DurationNeglectResult, duration_neglect
from cxresearch.peak_end.equivalence import EquivalenceResult, equivalence_test
from cxresearch.peak_end.features import EpisodeFeaturesResult, episode_features
from cxresearch.peak_end.interim import sequential_effect
from cxresearch.peak_end.latent import LatentCoursesResult, latent_courses
from cxresearch.peak_end.looks import interim_looks
from cxresearch.peak_end.memory import MemoryModelsResult, compare_memory_models
from cxresearch.peak_end.mixed import MixedModelResult, mixed_model
from cxresearch.peak_end.pairs import ChoiceModelResult, choice_model, study_choices
from cxresearch.peak_end.plan import PeakEndPowerResult, plan_peak_end
from cxresearch.peak_end.power import t_test_power, t_test_sample_size
from cxresearch.peak_end.rivals import RivalRulesResult, compare_rivals
from cxresearch.peak_end.sensitivity import PeakEndSensitivityResult, peak_end_sensitivity
from cxresearch.peak_end.sequential import SequentialResult, sequential_test
from cxresearch.peak_end.simulate import PeakEndDesign, simulate_study
from cxresearch.peak_end.spending import SequentialBoundsResult, sequential_bounds
from cxresearch.peak_end.study import (
    choice_effect,
    condition_attrition,
    condition_balance,
    condition_check,
    condition_effect,
    condition_sizes,
    duration_effect,
    person_differences,
    study_courses,
)
from cxresearch.peak_end.table import PeakEndTable, peak_end_table

__all__ = [
    "AlwaysValidResult",
    "AttritionResult",
    "BalanceResult",
    "ChoiceDifferenceResult",
    "ChoiceModelResult",
    "ChoiceResult",
    "ConditionsResult",
    "CrossoverResult",
    "DurationNeglectResult",
    "EpisodeFeaturesResult",
    "EquivalenceResult",
    "LatentCoursesResult",
    "MemoryModelsResult",
    "MixedModelResult",
    "PeakEndDesign",
    "PeakEndPowerResult",
    "PeakEndSensitivityResult",
    "PeakEndTable",
    "RivalRulesResult",
    "SampleRatioResult",
    "SequentialBoundsResult",
    "SequentialResult",
    "always_valid",
    "assign_conditions",
    "attrition",
    "balance_test",
    "choice_effect",
    "choice_model",
    "choice_share",
    "compare_choices",
    "compare_conditions",
    "compare_memory_models",
    "compare_rivals",
    "condition_attrition",
    "condition_balance",
    "condition_check",
    "condition_effect",
    "condition_sizes",
    "crossover",
    "duration_effect",
    "duration_neglect",
    "episode_features",
    "equivalence_test",
    "expected_maximum",
    "interim_looks",
    "jzs_bayes_factor",
    "latent_courses",
    "mixed_model",
    "peak_end_sensitivity",
    "peak_end_table",
    "person_differences",
    "plan_peak_end",
    "regression_bayes_factor",
    "sample_ratio",
    "sequential_bounds",
    "sequential_effect",
    "sequential_test",
    "simulate_study",
    "study_choices",
    "study_courses",
    "t_test_power",
    "t_test_sample_size",
]
