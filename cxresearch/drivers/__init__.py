"""Driver analysis: what goes with satisfaction, how much is whose, how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.drivers.asymmetry import AsymmetryResult, penalty_reward
    from cxresearch.drivers.diagnostics import DriverDiagnosticsResult, driver_diagnostics
    from cxresearch.drivers.dominance import DominanceResult, dominance_analysis
    from cxresearch.drivers.forest import ForestImportanceResult, forest_importance
    from cxresearch.drivers.from_correlation import (
        dominance_from_correlation,
        importance_from_correlation,
    )
    from cxresearch.drivers.importance import DriverImportanceResult, driver_importance
    from cxresearch.drivers.kano import KanoResult, kano_classes
    from cxresearch.drivers.map import ImportancePerformanceResult, importance_performance
    from cxresearch.drivers.margin import RandomDriverMarginResult, random_driver_margin
    from cxresearch.drivers.missing_answers import MissingAnswersResult, driver_model_missing
    from cxresearch.drivers.models import DriverModelResult, driver_model
    from cxresearch.drivers.necessity import NecessityResult, necessary_conditions
    from cxresearch.drivers.planning import DriverPlanResult, plan_drivers
    from cxresearch.drivers.pooled_shares import ImputedImportanceResult, imputed_importance
    from cxresearch.drivers.segments import SegmentImportanceResult, importance_by_segment
    from cxresearch.drivers.shape import ResponseShapeResult, response_shape
    from cxresearch.drivers.study import (
        block_importance,
        compare_importance,
        driver_map,
        study_kano,
        usual_scenarios,
    )
    from cxresearch.drivers.table import DriverTable, driver_table
    from cxresearch.drivers.what_if import Lift, Shift, WhatIfResult, expected_change

__all__ = [
    "AsymmetryResult",
    "DominanceResult",
    "DriverDiagnosticsResult",
    "DriverImportanceResult",
    "DriverModelResult",
    "DriverPlanResult",
    "DriverTable",
    "ForestImportanceResult",
    "ImportancePerformanceResult",
    "ImputedImportanceResult",
    "KanoResult",
    "Lift",
    "MissingAnswersResult",
    "NecessityResult",
    "RandomDriverMarginResult",
    "ResponseShapeResult",
    "SegmentImportanceResult",
    "Shift",
    "WhatIfResult",
    "block_importance",
    "compare_importance",
    "dominance_analysis",
    "dominance_from_correlation",
    "driver_diagnostics",
    "driver_importance",
    "driver_map",
    "driver_model",
    "driver_model_missing",
    "driver_table",
    "expected_change",
    "forest_importance",
    "importance_by_segment",
    "importance_from_correlation",
    "importance_performance",
    "imputed_importance",
    "kano_classes",
    "necessary_conditions",
    "penalty_reward",
    "plan_drivers",
    "random_driver_margin",
    "response_shape",
    "study_kano",
    "usual_scenarios",
]

__getattr__ = lazy_names(
    __name__,
    {
        "AsymmetryResult": "asymmetry",
        "DominanceResult": "dominance",
        "DriverDiagnosticsResult": "diagnostics",
        "DriverImportanceResult": "importance",
        "DriverModelResult": "models",
        "DriverPlanResult": "planning",
        "DriverTable": "table",
        "ForestImportanceResult": "forest",
        "ImportancePerformanceResult": "map",
        "ImputedImportanceResult": "pooled_shares",
        "KanoResult": "kano",
        "Lift": "what_if",
        "MissingAnswersResult": "missing_answers",
        "NecessityResult": "necessity",
        "RandomDriverMarginResult": "margin",
        "ResponseShapeResult": "shape",
        "SegmentImportanceResult": "segments",
        "Shift": "what_if",
        "WhatIfResult": "what_if",
        "block_importance": "study",
        "compare_importance": "study",
        "dominance_analysis": "dominance",
        "dominance_from_correlation": "from_correlation",
        "driver_diagnostics": "diagnostics",
        "driver_importance": "importance",
        "driver_map": "study",
        "driver_model": "models",
        "driver_model_missing": "missing_answers",
        "driver_table": "table",
        "expected_change": "what_if",
        "forest_importance": "forest",
        "importance_by_segment": "segments",
        "importance_from_correlation": "from_correlation",
        "importance_performance": "map",
        "imputed_importance": "pooled_shares",
        "kano_classes": "kano",
        "necessary_conditions": "necessity",
        "penalty_reward": "asymmetry",
        "plan_drivers": "planning",
        "random_driver_margin": "margin",
        "response_shape": "shape",
        "study_kano": "study",
        "usual_scenarios": "study",
    },
)
