"""What a confirmatory factor analysis found."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cxresearch._types import FloatArray
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CfaResult(Result):
    """A fitted factor model: how well it fits, and what it says about items and factors.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a free parameter: term, group, estimate (units of the items; factors have
        variance 1), std_error, statistic (z), p_value, conf_low, conf_high, n; then parameter
        (``loading``: item on factor; ``second_order_loading``: factor on factor above;
        ``factor_covariance``; ``residual_variance``; ``residual_covariance``; ``intercept``
        with ``"fiml"`` only, group ``""``), standardized
        with standardized_error, standardized_low, standardized_high (delta method).
    modification : pandas.DataFrame
        One row a parameter held at 0, largest first: term, group, estimate (expected change),
        statistic (modification index: about how much χ² would fall), df, p_value, n,
        parameter, standardized (expected standardised change).
    items, factors : tuple of str
        Items in order of the model; first-order factors.
    second_order_factors : tuple of str
        Empty for a first-order model.
    loadings : ndarray, shape (items, factors)
        Units of the items.
    standardized_loadings : ndarray, shape (items, factors)
    factor_covariances, factor_correlations : ndarray, shape (factors, factors)
        Implied by the model; factors with a factor above have variance 1 + loadings².
    second_order_loadings : ndarray, shape (factors, second_order_factors)
        Standardised.
    thresholds : pandas.DataFrame
        With ``"wlsmv"`` one row a threshold: term (item), group (``"1"``, ``"2"`` …), estimate
        (standard normal units), std_error, n; otherwise empty.
    residual_covariances, observed_covariance, implied_covariance : ndarray
        Shape (items, items), divisor n. With ``"wlsmv"`` all of it (loadings, covariances)
        is about the normal variables under the answers: observed are polychoric correlations.
    parameter_covariance : ndarray, shape (n_parameters, n_parameters)
        Of the estimates, in the order of `estimates`.
    chi2 : float
        Not scaled.
    df : int
    p_value : float
        Of the χ² that is not scaled.
    cfi, tli, rmsea, rmsea_low, rmsea_high, rmsea_p_close : float
        From the χ² that is not scaled; a 90% interval of RMSEA; p of "RMSEA ≤ .05".
    srmr : float
        Standardised root mean square residual (Bentler).
    baseline_chi2 : float
        Of the model without covariances.
    baseline_df : int
    scaling, baseline_scaling : float
        What χ² and baseline χ² are divided by; 1 for ``"ml"``.
    shift, baseline_shift : float
        What is then added (``"wlsmv"``: Asparouhov and Muthén's scaled and shifted χ²); else 0.
    chi2_scaled, p_value_scaled : float
    cfi_scaled, tli_scaled, rmsea_scaled, rmsea_low_scaled, rmsea_high_scaled : float
        From the scaled χ².
    cfi_robust, tli_robust, rmsea_robust, rmsea_low_robust, rmsea_high_robust : float
        Corrected for what non-normal answers do to χ²: report these with ``"mlr"``. With
        ``"wlsmv"`` Savalei's, nan where the polychoric correlations are not positive definite.
    log_likelihood, aic, bic : float
        Means not counted among the parameters (with ``"fiml"`` they are); nan with
        ``"wlsmv"``, which has no likelihood.
    n_parameters : int
        Free parameters; with ``"wlsmv"`` thresholds count and residual variances do not.
    n, n_asked : int
        Respondents with all answers (with ``"fiml"`` with any); respondents in the frame.
    estimator : str
        ``"ml"`` (expected information), ``"mlr"`` (sandwich errors, scaled χ²) or ``"wlsmv"``
        (ordered answers).
    bifactor : str
        General factor of all items, the last of `factors`; ``""`` where the model has none.
    weights : str
        Column of case weights; ``""`` for none.
    missing : str
        ``"listwise"`` or ``"fiml"`` (full information from all answers).
    clusters : str
        Column of clusters (branches) that errors and scaled χ² allow for; ``""`` for none.
    n_clusters : int
        How many there are; 0 for none.
    confidence_level : float
    steps : int
        Scoring steps to convergence.
    notes : tuple of str
        Codes of what the analyst must know: ``"rows_dropped:17"``, ``"heywood:Q3"`` (residual
        variance not positive), ``"correlation_above_1:A:B"``,
        ``"factor_covariances_not_positive_definite"``, ``"saturated"``,
        ``"negative_loading:A:Q4"`` (against the other items of its factor: reverse-keyed?),
        ``"cluster_missing:3"`` (left out), ``"few_clusters:12"`` (below 30: intervals are a
        little narrow and χ² rejects a little too often),
        and with ``"wlsmv"`` ``"rare_answer:Q3:2"`` (an answer that two people gave),
        ``"polychoric_not_positive_definite"``.
    """

    estimates: pd.DataFrame
    modification: pd.DataFrame
    items: tuple[str, ...]
    factors: tuple[str, ...]
    second_order_factors: tuple[str, ...]
    loadings: FloatArray
    standardized_loadings: FloatArray
    factor_covariances: FloatArray
    factor_correlations: FloatArray
    second_order_loadings: FloatArray
    thresholds: pd.DataFrame
    residual_covariances: FloatArray
    observed_covariance: FloatArray
    implied_covariance: FloatArray
    parameter_covariance: FloatArray
    chi2: float
    df: int
    p_value: float
    cfi: float
    tli: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    rmsea_p_close: float
    srmr: float
    baseline_chi2: float
    baseline_df: int
    scaling: float
    baseline_scaling: float
    shift: float
    baseline_shift: float
    chi2_scaled: float
    p_value_scaled: float
    cfi_scaled: float
    tli_scaled: float
    rmsea_scaled: float
    rmsea_low_scaled: float
    rmsea_high_scaled: float
    cfi_robust: float
    tli_robust: float
    rmsea_robust: float
    rmsea_low_robust: float
    rmsea_high_robust: float
    log_likelihood: float
    aic: float
    bic: float
    n_parameters: int
    n: int
    n_asked: int
    estimator: str
    bifactor: str
    weights: str
    confidence_level: float
    steps: int
    notes: tuple[str, ...]
    missing: str = "listwise"
    clusters: str = ""
    n_clusters: int = 0

    def tidy(self) -> pd.DataFrame:
        """One row a free parameter."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the fit, as it is to be reported for the estimator.

        CFI, TLI and RMSEA are the robust ones for ``"mlr"`` and ``"wlsmv"``; with the latter
        they are lower (RMSEA higher) than the scaled ones often reported.
        """
        robust = self.estimator != "ml"
        return pd.DataFrame(
            {
                "chi2": [self.chi2_scaled if robust else self.chi2],
                "df": [self.df],
                "p_value": [self.p_value_scaled if robust else self.p_value],
                "cfi": [self.cfi_robust if robust else self.cfi],
                "tli": [self.tli_robust if robust else self.tli],
                "rmsea": [self.rmsea_robust if robust else self.rmsea],
                "rmsea_low": [self.rmsea_low_robust if robust else self.rmsea_low],
                "rmsea_high": [self.rmsea_high_robust if robust else self.rmsea_high],
                "srmr": [self.srmr],
                "aic": [self.aic],
                "bic": [self.bic],
                "n": [self.n],
                "estimator": [self.estimator],
            }
        )
