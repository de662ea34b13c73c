# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.drivers.asymmetry import AsymmetryResult as AsymmetryResult
from cxresearch.drivers.asymmetry import penalty_reward as penalty_reward
from cxresearch.drivers.diagnostics import DriverDiagnosticsResult as DriverDiagnosticsResult
from cxresearch.drivers.diagnostics import driver_diagnostics as driver_diagnostics
from cxresearch.drivers.dominance import DominanceResult as DominanceResult
from cxresearch.drivers.dominance import dominance_analysis as dominance_analysis
from cxresearch.drivers.forest import ForestImportanceResult as ForestImportanceResult
from cxresearch.drivers.forest import forest_importance as forest_importance
from cxresearch.drivers.from_correlation import (
    dominance_from_correlation as dominance_from_correlation,
)
from cxresearch.drivers.from_correlation import (
    importance_from_correlation as importance_from_correlation,
)
from cxresearch.drivers.importance import DriverImportanceResult as DriverImportanceResult
from cxresearch.drivers.importance import driver_importance as driver_importance
from cxresearch.drivers.kano import KanoResult as KanoResult
from cxresearch.drivers.kano import kano_classes as kano_classes
from cxresearch.drivers.map import ImportancePerformanceResult as ImportancePerformanceResult
from cxresearch.drivers.map import importance_performance as importance_performance
from cxresearch.drivers.margin import RandomDriverMarginResult as RandomDriverMarginResult
from cxresearch.drivers.margin import random_driver_margin as random_driver_margin
from cxresearch.drivers.missing_answers import MissingAnswersResult as MissingAnswersResult
from cxresearch.drivers.missing_answers import driver_model_missing as driver_model_missing
from cxresearch.drivers.models import DriverModelResult as DriverModelResult
from cxresearch.drivers.models import driver_model as driver_model
from cxresearch.drivers.necessity import NecessityResult as NecessityResult
from cxresearch.drivers.necessity import necessary_conditions as necessary_conditions
from cxresearch.drivers.planning import DriverPlanResult as DriverPlanResult
from cxresearch.drivers.planning import plan_drivers as plan_drivers
from cxresearch.drivers.pooled_shares import ImputedImportanceResult as ImputedImportanceResult
from cxresearch.drivers.pooled_shares import imputed_importance as imputed_importance
from cxresearch.drivers.segments import SegmentImportanceResult as SegmentImportanceResult
from cxresearch.drivers.segments import importance_by_segment as importance_by_segment
from cxresearch.drivers.shape import ResponseShapeResult as ResponseShapeResult
from cxresearch.drivers.shape import response_shape as response_shape
from cxresearch.drivers.study import block_importance as block_importance
from cxresearch.drivers.study import compare_importance as compare_importance
from cxresearch.drivers.study import driver_map as driver_map
from cxresearch.drivers.study import study_kano as study_kano
from cxresearch.drivers.study import usual_scenarios as usual_scenarios
from cxresearch.drivers.table import DriverTable as DriverTable
from cxresearch.drivers.table import driver_table as driver_table
from cxresearch.drivers.what_if import Lift as Lift
from cxresearch.drivers.what_if import Shift as Shift
from cxresearch.drivers.what_if import WhatIfResult as WhatIfResult
from cxresearch.drivers.what_if import expected_change as expected_change
