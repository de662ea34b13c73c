"""Customer-experience research: from raw answers to filed, defensible reports.

>>> import cxresearch as cx
>>> "servqual_gaps" in dir(cx)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cxresearch.codebook import Codebook, codebook_schema, load_codebook
    from cxresearch.drivers import (
        AsymmetryResult,
        DominanceResult,
        DriverDiagnosticsResult,
        DriverImportanceResult,
        DriverModelResult,
        DriverTable,
        ImportancePerformanceResult,
        KanoResult,
        Lift,
        MissingAnswersResult,
        NecessityResult,
        RandomDriverMarginResult,
        ResponseShapeResult,
        Shift,
        WhatIfResult,
        dominance_analysis,
        driver_diagnostics,
        driver_importance,
        driver_map,
        driver_model,
        driver_model_missing,
        driver_table,
        expected_change,
        importance_performance,
        kano_classes,
        necessary_conditions,
        penalty_reward,
        random_driver_margin,
        response_shape,
    )
    from cxresearch.errors import CxError, CxWarning
    from cxresearch.peak_end import (
        AttritionResult,
        BalanceResult,
        ChoiceDifferenceResult,
        ChoiceResult,
        ConditionsResult,
        CrossoverResult,
        DurationNeglectResult,
        EpisodeFeaturesResult,
        EquivalenceResult,
        MemoryModelsResult,
        MixedModelResult,
        PeakEndDesign,
        PeakEndPowerResult,
        PeakEndSensitivityResult,
        PeakEndTable,
        SampleRatioResult,
        assign_conditions,
        attrition,
        balance_test,
        choice_effect,
        choice_share,
        compare_choices,
        compare_conditions,
        compare_memory_models,
        condition_attrition,
        condition_balance,
        condition_check,
        condition_effect,
        condition_sizes,
        crossover,
        duration_effect,
        duration_neglect,
        episode_features,
        equivalence_test,
        expected_maximum,
        jzs_bayes_factor,
        mixed_model,
        peak_end_sensitivity,
        peak_end_table,
        person_differences,
        plan_peak_end,
        regression_bayes_factor,
        sample_ratio,
        simulate_study,
        t_test_power,
        t_test_sample_size,
    )
    from cxresearch.plots import (
        plot_asymmetry,
        plot_dimensions,
        plot_gaps,
        plot_importance,
        plot_items,
        plot_map,
        plot_ranks,
        plot_response,
        plot_segments,
        plot_what_if,
    )
    from cxresearch.psychometrics import (
        ScaleReliabilityResult,
        alpha_from_covariance,
        scale_reliability,
    )
    from cxresearch.record import Recorder, open_record
    from cxresearch.responses.episodes import EpisodeData, load_episodes
    from cxresearch.responses.load import load_responses
    from cxresearch.responses.model import Responses
    from cxresearch.responses.read import read_table
    from cxresearch.results import Result
    from cxresearch.sentences import describe_flow, findings, retell
    from cxresearch.servqual import ServqualGapsResult, servqual_gaps
    from cxresearch.shown import DisplayTable, Figure, Finding
    from cxresearch.study import Study, list_studies, load_study, study_schema
    from cxresearch.tables import (
        display_asymmetry,
        display_diagnostics,
        display_differences,
        display_dominance,
        display_flow,
        display_gaps,
        display_importance,
        display_map,
        display_margin,
        display_missing,
        display_missing_treatment,
        display_model,
        display_necessity,
        display_quality,
        display_rank_probabilities,
        display_reliability,
        display_response,
        display_segments,
        display_what_if,
    )

_MODULES = {
    "codebook": (
        "Codebook",
        "codebook_schema",
        "load_codebook",
    ),
    "drivers": (
        "AsymmetryResult",
        "DominanceResult",
        "DriverDiagnosticsResult",
        "DriverImportanceResult",
        "DriverModelResult",
        "DriverTable",
        "ImportancePerformanceResult",
        "KanoResult",
        "Lift",
        "MissingAnswersResult",
        "NecessityResult",
        "RandomDriverMarginResult",
        "ResponseShapeResult",
        "Shift",
        "WhatIfResult",
        "dominance_analysis",
        "driver_diagnostics",
        "driver_importance",
        "driver_map",
        "driver_model",
        "driver_model_missing",
        "driver_table",
        "expected_change",
        "importance_performance",
        "kano_classes",
        "necessary_conditions",
        "penalty_reward",
        "random_driver_margin",
        "response_shape",
    ),
    "errors": (
        "CxError",
        "CxWarning",
    ),
    "peak_end": (
        "AttritionResult",
        "BalanceResult",
        "ChoiceDifferenceResult",
        "ChoiceResult",
        "ConditionsResult",
        "CrossoverResult",
        "DurationNeglectResult",
        "EpisodeFeaturesResult",
        "EquivalenceResult",
        "MemoryModelsResult",
        "MixedModelResult",
        "PeakEndDesign",
        "PeakEndPowerResult",
        "PeakEndSensitivityResult",
        "PeakEndTable",
        "SampleRatioResult",
        "assign_conditions",
        "attrition",
        "balance_test",
        "choice_effect",
        "choice_share",
        "compare_choices",
        "compare_conditions",
        "compare_memory_models",
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
        "jzs_bayes_factor",
        "mixed_model",
        "peak_end_sensitivity",
        "peak_end_table",
        "person_differences",
        "plan_peak_end",
        "regression_bayes_factor",
        "sample_ratio",
        "simulate_study",
        "t_test_power",
        "t_test_sample_size",
    ),
    "plots": (
        "plot_asymmetry",
        "plot_dimensions",
        "plot_gaps",
        "plot_importance",
        "plot_items",
        "plot_map",
        "plot_ranks",
        "plot_response",
        "plot_segments",
        "plot_what_if",
    ),
    "psychometrics": (
        "ScaleReliabilityResult",
        "alpha_from_covariance",
        "scale_reliability",
    ),
    "record": (
        "Recorder",
        "open_record",
    ),
    "responses.episodes": (
        "EpisodeData",
        "load_episodes",
    ),
    "responses.load": ("load_responses",),
    "responses.model": ("Responses",),
    "responses.read": ("read_table",),
    "results": ("Result",),
    "sentences": (
        "describe_flow",
        "findings",
        "retell",
    ),
    "servqual": (
        "ServqualGapsResult",
        "servqual_gaps",
    ),
    "shown": (
        "DisplayTable",
        "Figure",
        "Finding",
    ),
    "study": (
        "Study",
        "list_studies",
        "load_study",
        "study_schema",
    ),
    "tables": (
        "display_asymmetry",
        "display_diagnostics",
        "display_differences",
        "display_dominance",
        "display_flow",
        "display_gaps",
        "display_importance",
        "display_map",
        "display_margin",
        "display_missing",
        "display_missing_treatment",
        "display_model",
        "display_necessity",
        "display_quality",
        "display_rank_probabilities",
        "display_reliability",
        "display_response",
        "display_segments",
        "display_what_if",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = ["__version__", *_MODULE_OF]

__getattr__ = lazy_names(__name__, _MODULE_OF)


def __dir__() -> list[str]:
    return sorted(__all__)
