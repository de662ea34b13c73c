"""How well the items of a scale measure what they are meant to."""

from __future__ import annotations

from cxresearch._correlations import scores_from_correlation
from cxresearch.psychometrics.adequacy import (
    FactorAdequacyResult,
    adequacy_from_correlation,
    factor_adequacy,
)
from cxresearch.psychometrics.bifactor import (
    BifactorResult,
    SchmidLeimanResult,
    bifactor_reliability,
    schmid_leiman,
)
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.cfa_result import CfaResult
from cxresearch.psychometrics.coefficient_alpha import alpha_from_covariance
from cxresearch.psychometrics.dependent_correlations import (
    DependentCorrelationsResult,
    compare_dependent_correlations,
)
from cxresearch.psychometrics.distinctness import HtmtResult, htmt
from cxresearch.psychometrics.efa import (
    EfaResult,
    exploratory_factors,
    factors_from_correlation,
)
from cxresearch.psychometrics.factor_count import NumberOfFactorsResult, number_of_factors
from cxresearch.psychometrics.invariance import InvarianceResult, measurement_invariance
from cxresearch.psychometrics.invariance_levels import level_invariance
from cxresearch.psychometrics.items import ItemAnalysisResult, item_analysis
from cxresearch.psychometrics.omega import FactorReliabilityResult, factor_reliability
from cxresearch.psychometrics.ordinal_omega import (
    OrdinalReliabilityResult,
    ordinal_reliability,
)
from cxresearch.psychometrics.polychoric import PolychoricResult, polychoric_correlations
from cxresearch.psychometrics.reliability import ScaleReliabilityResult, scale_reliability
from cxresearch.psychometrics.reliability_bootstrap import (
    ReliabilityBootstrapResult,
    reliability_bootstrap,
)
from cxresearch.psychometrics.study import (
    branches_invariance,
    study_distinctness,
    study_invariance,
)
from cxresearch.psychometrics.verdict import distinct_dimensions, distinct_scales
from cxresearch.psychometrics.verdict_result import DistinctnessResult

__all__ = [
    "BifactorResult",
    "CfaResult",
    "DependentCorrelationsResult",
    "DistinctnessResult",
    "EfaResult",
    "FactorAdequacyResult",
    "FactorReliabilityResult",
    "HtmtResult",
    "InvarianceResult",
    "ItemAnalysisResult",
    "NumberOfFactorsResult",
    "OrdinalReliabilityResult",
    "PolychoricResult",
    "ReliabilityBootstrapResult",
    "ScaleReliabilityResult",
    "SchmidLeimanResult",
    "adequacy_from_correlation",
    "alpha_from_covariance",
    "bifactor_reliability",
    "branches_invariance",
    "compare_dependent_correlations",
    "confirmatory_factors",
    "distinct_dimensions",
    "distinct_scales",
    "exploratory_factors",
    "factor_adequacy",
    "factor_reliability",
    "factors_from_correlation",
    "htmt",
    "item_analysis",
    "level_invariance",
    "measurement_invariance",
    "number_of_factors",
    "ordinal_reliability",
    "polychoric_correlations",
    "reliability_bootstrap",
    "scale_reliability",
    "schmid_leiman",
    "scores_from_correlation",
    "study_distinctness",
    "study_invariance",
]
