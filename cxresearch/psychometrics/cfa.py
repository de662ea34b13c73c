"""Confirmatory factor analysis: whether items measure the factors they are meant to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import (
    check_varying,
    complete_answers,
    dropped_note,
    table_of,
    weighted_answers,
)
from cxresearch.psychometrics._cfa_fiml import (
    answers_of,
    fiml_estimates,
    fiml_fields,
    fiml_modification,
    fit_fiml,
)
from cxresearch.psychometrics._cfa_fit import MAX_STEPS, fit_by_scoring
from cxresearch.psychometrics._cfa_model import FactorModel, factor_model
from cxresearch.psychometrics._cfa_ordinal import fit_ordinal, ordinal_sample
from cxresearch.psychometrics._cfa_result import (
    likelihood_fields,
    matrix_fields,
    ordinal_fields,
    solution_notes,
)
from cxresearch.psychometrics._cfa_robust import robust_of
from cxresearch.psychometrics._cfa_tables import (
    estimate_table,
    modification_table,
    ordinal_modification_table,
)
from cxresearch.results import Result, in_tidy_order

CfaEstimator = Literal["ml", "mlr", "wlsmv"]
CFA_ESTIMATORS: tuple[CfaEstimator, ...] = ("ml", "mlr", "wlsmv")
MissingAnswers = Literal["listwise", "fiml"]
MISSING_ANSWERS: tuple[MissingAnswers, ...] = ("listwise", "fiml")
_THRESHOLDS = ("term", "group", "estimate", "std_error", "n")


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
    confidence_level : float
    steps : int
        Scoring steps to convergence.
    notes : tuple of str
        Codes of what the analyst must know: ``"rows_dropped:17"``, ``"heywood:Q3"`` (residual
        variance not positive), ``"correlation_above_1:A:B"``,
        ``"factor_covariances_not_positive_definite"``, ``"saturated"``,
        ``"negative_loading:A:Q4"`` (against the other items of its factor: reverse-keyed?),
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


def confirmatory_factors(  # noqa: PLR0913 - a model in words and options of its estimation
    frame: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    correlated_residuals: Sequence[tuple[str, str]] = (),
    second_order: Mapping[str, Sequence[str]] | None = None,
    bifactor: str | None = None,
    estimator: CfaEstimator = "ml",
    weights: str | None = None,
    missing: MissingAnswers = "listwise",
    confidence_level: float = 0.95,
    max_steps: int = MAX_STEPS,
) -> CfaResult:
    """Fit a confirmatory factor model by maximum likelihood or to ordered answers.

    ``Σ = Λ Φ Λᵀ + Θ`` is fitted to the items' covariances S (divisor n) by minimising
    ``log|Σ| − log|S| + tr(S Σ⁻¹) − p``; χ² is n times the minimum. For ordered answers
    (``estimator="wlsmv"``) Σ is fitted to polychoric correlations r by minimising
    ``Σ (r − σ(θ))²/var(r)``, residual variances being what is left to 1.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent, items as numbers, reverse-keyed items already reversed.
    model : mapping
        Factor → its items. An item may belong to several factors. Factors correlate.
    correlated_residuals : sequence of pairs of str
        Items whose residuals may correlate (alike in wording, say).
    second_order : mapping, optional
        Second-order factor → the factors below it; it takes the place of their correlations.
    bifactor : str, optional
        Name of a general factor of all items; it and the factors of `model` (its groups, three
        items or more each) are then uncorrelated. See `bifactor_reliability`.
    estimator : {"ml", "mlr", "wlsmv"}
        ``"ml"``: expected information, for answers about normal. ``"mlr"``: the same estimates
        with sandwich standard errors and Yuan–Bentler's scaled χ², for skewed answers.
        ``"wlsmv"``: for answers on few steps (2 to 5, or more when skewed): diagonally weighted
        least squares, sandwich errors, scaled and shifted χ².
    weights : str, optional
        Column of case weights, for ``"mlr"`` only: the covariances are weighted and the
        sandwich knows. Respondents of weight 0 are left out.
    missing : {"listwise", "fiml"}
        Respondents with all answers only, or the likelihood of whatever each answered: right
        where what is missing depends on nothing but the answers given. Not with ``"wlsmv"`` or
        weights.
    confidence_level : float
        Between 0 and 1; RMSEA always has its customary 90% interval.
    max_steps : int
        Of scoring, before the model counts as not converged.

    Returns
    -------
    CfaResult
        Factors have variance 1 (their disturbances, below a second-order factor), and the first
        item of each loads positively.

    Raises
    ------
    CxError
        The model names unknown items, or has more parameters than there are covariances, or
        weights are asked of an estimator without them.
    ResponseError
        Answers are not numbers, or too few respondents answered everything.
    EstimationError
        The covariances are not positive definite, the model is not identified, or the estimate
        did not converge. A negative residual variance is not an error but a note.

    Notes
    -----
    Fisher scoring, then Newton's steps, with matrices built from vectors (each parameter
    changes Σ by a matrix of rank two), so that 22 items and 5 factors take milliseconds.
    Respondents with all answers only. Modification indices use expected information for both
    estimators. Agrees with
    R: ``lavaan::cfa(model, frame, std.lv = TRUE)``, ``estimator = "MLR"`` (with
    ``sampling.weights``) and ``ordered = items, estimator = "WLSMV"``. With ``"wlsmv"``
    thresholds are saturated and fit exactly, so they are estimated item by item; the covariance
    of all polychoric correlations comes from stacked casewise scores. Compare χ² scaled, never
    the naive one, and no AIC.

    ``missing="fiml"`` estimates means too; χ² is against means and covariances without a model
    (by EM), errors are from the observed information. The robust CFI, TLI and RMSEA estimate
    what they would be with complete answers; the others rest on the full-information χ², which
    missing answers shrink. R: ``missing = "fiml"``, with ``estimator = "MLR"`` too. With a
    fifth of the answers missing, n = 250 and eight items, 95% intervals of a loading cover
    94.0% and χ² rejects 7.5% of true models at 5% (``"ml"``;
    ``benchmarks/coverage_invariance.py``).

    References
    ----------
    Jöreskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor
    analysis. Psychometrika 34, 183–202. https://doi.org/10.1007/BF02289343

    Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
    structure analysis with nonnormal missing data. Sociological Methodology 30, 165–200.
    https://doi.org/10.1111/0081-1750.00078

    Muthén, B., du Toit, S. H. C., & Spisic, D. (1997). Robust inference using weighted least
    squares and quadratic estimating equations in latent variable modeling with categorical and
    continuous outcomes. Unpublished manuscript. https://www.statmodel.com/wlscv.shtml

    Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical
    data. Multivariate Behavioral Research 56, 390–407.
    https://doi.org/10.1080/00273171.2020.1717922

    Zhang, X., & Savalei, V. (2023). New computations for RMSEA and CFI following FIML and TS
    estimation with missing data. Psychological Methods 28, 263–283.
    https://doi.org/10.1037/met0000445

    Brosseau-Liard, P. E., & Savalei, V. (2014). Adjusting incremental fit indices for
    nonnormality. Multivariate Behavioral Research 49, 460–470.
    https://doi.org/10.1080/00273171.2014.933697

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> halo = rng.normal(size=(300, 1))
    >>> answers = pd.DataFrame(halo + rng.normal(size=(300, 4)), columns=list("abcd"))
    >>> found = confirmatory_factors(answers, {"satisfaction": ["a", "b", "c", "d"]})
    >>> found.df, found.p_value > 0.05, found.cfi > 0.98
    (2, True, True)
    """
    check_choice("estimator", estimator, CFA_ESTIMATORS)
    check_fraction("confidence_level", confidence_level)
    if weights is not None and estimator != "mlr":
        raise CxError(
            "weights: case weights need estimator='mlr', whose errors know them; got "
            f"{estimator!r}"
        )
    check_choice("missing", missing, MISSING_ANSWERS)
    if missing == "fiml" and (estimator == "wlsmv" or weights is not None):
        raise CxError(
            "missing='fiml' goes with estimator 'ml' or 'mlr' and without weights; use "
            "missing='listwise', or impute"
        )
    placed = factor_model(
        model,
        correlated_residuals=correlated_residuals,
        second_order=second_order,
        bifactor=bifactor,
    )
    asked = _Asked(
        frame=frame,
        estimator=estimator,
        bifactor=bifactor or "",
        weights=weights,
        level=float(confidence_level),
        max_steps=check_count("max_steps", max_steps, at_least=1),
    )
    if missing == "fiml":
        return _full_information(placed, asked)
    return _ordinal(placed, asked) if estimator == "wlsmv" else _likelihood(placed, asked)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Asked:
    """What was asked of `confirmatory_factors` beside the model."""

    frame: pd.DataFrame
    estimator: str
    bifactor: str
    weights: str | None
    level: float
    max_steps: int


def _likelihood(placed: FactorModel, asked: _Asked) -> CfaResult:
    answers, weights = weighted_answers(
        asked.frame, placed.items, asked.weights, at_least=len(placed.items) + 1
    )
    check_varying(answers, placed.items)
    n = len(answers)
    w = np.ones(n) if weights is None else weights
    centred = answers - np.average(answers, axis=0, weights=w)
    observed = (centred * w[:, None]).T @ centred / n
    fit = fit_by_scoring(placed, observed, max_steps=asked.max_steps)
    robust = (
        robust_of(placed, fit.values, centred, weights) if asked.estimator == "mlr" else None
    )
    covariance = robust.covariance if robust else np.linalg.inv(fit.information) / n
    return CfaResult(
        estimates=estimate_table(placed, fit, covariance, n=n, confidence_level=asked.level),
        modification=modification_table(placed, fit, observed, n),
        thresholds=table_of({name: [] for name in _THRESHOLDS}),
        parameter_covariance=covariance,
        **matrix_fields(placed, fit, observed),
        **likelihood_fields(placed, fit, observed, n, robust),
        n=n,
        n_asked=len(asked.frame),
        estimator=asked.estimator,
        bifactor=asked.bifactor,
        weights=asked.weights or "",
        confidence_level=asked.level,
        steps=fit.steps,
        notes=dropped_note(len(asked.frame), n) + solution_notes(placed, fit),
    )


def _full_information(placed: FactorModel, asked: _Asked) -> CfaResult:
    answers = answers_of(asked.frame, placed.items)
    found = fit_fiml(placed, answers, robust=asked.estimator == "mlr")
    n = len(answers)
    return CfaResult(
        estimates=fiml_estimates(placed, found, level=asked.level),
        modification=fiml_modification(placed, found),
        thresholds=table_of({name: [] for name in _THRESHOLDS}),
        parameter_covariance=found.covariance,
        **matrix_fields(placed, found.plain, found.moments.covariance),
        **fiml_fields(placed, found),
        n=n,
        n_asked=len(asked.frame),
        estimator=asked.estimator,
        bifactor=asked.bifactor,
        weights="",
        missing="fiml",
        confidence_level=asked.level,
        steps=found.fit.steps,
        notes=dropped_note(len(asked.frame), n) + solution_notes(placed, found.plain),
    )


def _ordinal(placed: FactorModel, asked: _Asked) -> CfaResult:
    answers = complete_answers(asked.frame, placed.items, at_least=len(placed.items) + 1)
    check_varying(answers, placed.items)
    sample = ordinal_sample(answers, placed.items)
    found = fit_ordinal(placed, sample, max_steps=asked.max_steps)
    fit, n = found.fit, sample.n
    return CfaResult(
        estimates=estimate_table(
            placed, fit, found.covariance, n=n, confidence_level=asked.level
        ),
        modification=ordinal_modification_table(placed, found, sample),
        thresholds=sample.thresholds,
        parameter_covariance=found.covariance,
        **matrix_fields(placed, fit, sample.correlations),
        **ordinal_fields(placed, fit, sample, found.test),
        n=n,
        n_asked=len(asked.frame),
        estimator=asked.estimator,
        bifactor=asked.bifactor,
        weights="",
        confidence_level=asked.level,
        steps=fit.steps,
        notes=dropped_note(len(asked.frame), n) + sample.notes + solution_notes(placed, fit),
    )
