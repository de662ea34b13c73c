"""Driver models: what goes with the outcome, each driver given the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.drivers import _model_tables as tables
from cxresearch.drivers._model_cv import cross_validated_r2
from cxresearch.drivers._model_data import (
    ModelData,
    prepare,
    read_design,
    refuse_weights_as_counts,
)
from cxresearch.drivers._model_errors import (
    STD_ERRORS,
    Covariance,
    choose_std_errors,
    covariance_of,
)
from cxresearch.drivers._model_fits import Fit, fit_model
from cxresearch.errors import CxError
from cxresearch.results import Result, in_tidy_order

KINDS = ("auto", "linear", "binary", "ordinal", "nps")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DriverModelResult(Result):
    """A fitted driver model.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a coefficient: term, group (``driver``, ``control``, ``intercept``,
        ``threshold``), estimate, std_error, statistic, df (nan: z), p_value, p_adjusted (over
        the drivers' coefficients), conf_low, conf_high, n; then driver (what the column belongs
        to), standardized (coefficient in standard deviations), correlation (of the column with
        the outcome) and sign: ``""``, ``"negative"``, or ``"changes"`` when the coefficient and
        the correlation differ in sign.
    blocks : pandas.DataFrame
        Joint Wald test of all columns of each driver and control, and of all drivers together
        (term ``"all_drivers"``): term, statistic (F), df, df_denominator, p_value, p_adjusted,
        n.
    available : pandas.DataFrame
        term, n_answered, n_missing, n_used for each driver and control.
    covariance : ndarray, shape (k, k)
        Covariance of the coefficients, in the order of `estimates`.
    outcome, drivers, controls : names of the columns.
    model : str
        ``"linear"``, ``"binary"`` or ``"ordinal"``.
    classes, class_values : tuple
        Classes of the outcome from low to high and what each is worth; empty when linear.
    levels : dict
        Levels of each factor; the first is the reference.
    n, n_asked : int
        Respondents in the model; respondents in the frame.
    r2, r2_adjusted : float
        Linear: share of variance. Else McFadden's 1 − ln L / ln L₀, and the same less the
        number of slopes over ln L₀.
    r2_nagelkerke : float
        Nagelkerke's R² (nan when linear).
    r2_cv : float
        Out-of-fold R² (linear) or McFadden's R²; nan where a fold lacks a class or level.
    sigma : float
        Residual standard deviation, units of the outcome (nan unless linear).
    log_likelihood, aic : float
    std_errors : str
        Kind of standard error used.
    weights, clusters, strata, population : str
        Design columns, ``""`` where there are none.
    confidence_level, p_adjust, folds, seed : options used.
    """

    estimates: pd.DataFrame
    blocks: pd.DataFrame
    available: pd.DataFrame
    covariance: FloatArray
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    model: str
    classes: tuple[str, ...]
    class_values: tuple[float, ...]
    levels: dict[str, tuple[str, ...]]
    n: int
    n_asked: int
    r2: float
    r2_adjusted: float
    r2_nagelkerke: float
    r2_cv: float
    sigma: float
    log_likelihood: float
    aic: float
    std_errors: str
    weights: str
    clusters: str
    strata: str
    population: str
    confidence_level: float
    p_adjust: str
    folds: int
    seed: int

    def __post_init__(self) -> None:
        if self.covariance.shape != (len(self.estimates), len(self.estimates)):
            raise CxError(
                f"covariance is {self.covariance.shape} for {len(self.estimates)} coefficients"
            )

    @property
    def coefficients(self) -> FloatArray:
        """Coefficients, in the order of `estimates` and `covariance`."""
        return self.estimates["estimate"].to_numpy(dtype=float, copy=True)

    def tidy(self) -> pd.DataFrame:
        """One row a coefficient."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: fit, sizes, kind of model and of standard error."""
        names = (
            "outcome", "model", "n", "n_asked", "r2", "r2_adjusted", "r2_nagelkerke", "r2_cv",
            "sigma", "log_likelihood", "aic", "std_errors", "confidence_level",
        )  # fmt: skip
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def driver_model(  # noqa: PLR0913 - a survey design is four columns, a model three lists
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    kind: str = "auto",
    top_box: float | None = None,
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    population: str | None = None,
    std_errors: str = "auto",
    p_adjust: PAdjust = "holm",
    confidence_level: float = 0.95,
    folds: int = 10,
    seed: int = 1,
) -> DriverModelResult:
    r"""Regress an outcome on all drivers at once.

    Linear: :math:`y = \beta_0 + \sum_j \beta_j x_j + \varepsilon` by (weighted) least squares.
    Binary: :math:`\operatorname{logit} P(Y=1) = \beta_0 + \sum_j \beta_j x_j`.
    Ordinal: :math:`\operatorname{logit} P(Y \le k) = \theta_k - \sum_j \beta_j x_j`, so that a
    positive coefficient always means a better answer.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent. Numbers are ratings; text and categoricals are factors, taken as
        dummies against their first level.
    outcome : str
        Column to explain.
    drivers : sequence of str
        Columns that explain it; ``"a:b"`` is the product of two that are in the model.
    controls : sequence of str
        Columns that are always in the model and are no drivers.
    kind : {"auto", "linear", "binary", "ordinal", "nps"}
        ``auto``: two different answers (or `top_box`) binary, ordered categorical ordinal,
        numbers linear. ``nps``: 0–10 as detractor, passive, promoter in an ordinal model.
    top_box : float, optional
        Answers from here on are the event of a binary model.
    weights, clusters, strata, population : str, optional
        Columns of sampling weights, primary sampling units, strata, and the number of sampling
        units in the population of the stratum (finite-population correction).
    std_errors : {"auto", "classical", "hc0", …, "hc4", "cluster", "design"}
        ``auto``: ``design`` when weights, clusters or strata are named, else ``hc3`` (ordinal
        ``hc1``, because an ordinal model has no leverages).
    p_adjust : {"holm", "bh", "none"}
        Correction over the coefficients of the drivers (controls are not tested).
    confidence_level : float
    folds, seed : int
        Cross-validation: number of folds, and the seed that deals respondents to them.

    Returns
    -------
    DriverModelResult

    Raises
    ------
    CxError
        A name or an option is not known, or options do not go together.
    ResponseError
        The answers do not allow the model: constant or copied driver, too few respondents, an
        empty class, nobody answered, weights that are not positive.
    EstimationError
        No convergence, or a driver separates the classes perfectly.

    Notes
    -----
    Complete cases only; see `driver_model_missing` for other treatments of missing answers.
    Standardised coefficients are :math:`\beta_j s_j / s_y`; for binary and ordinal outcomes
    :math:`s_y^2 = \operatorname{var}(x\beta) + \pi^2/3` (the latent answer of McKelvey &
    Zavoina). t quantiles: n − k (classical and HC, linear), clusters − 1 (cluster), units −
    strata − (k − 1) (design); z for binary and ordinal models without a design.

    R: ``lm``, ``glm``, ``MASS::polr``; ``sandwich::vcovHC`` and ``vcovCL``; ``survey::svyglm``,
    ``svyolr`` and ``regTermTest``.

    References
    ----------
    MacKinnon, J. G., & White, H. (1985). Some heteroskedasticity-consistent covariance matrix
    estimators with improved finite sample properties. *Journal of Econometrics*, 29, 305–325.
    https://doi.org/10.1016/0304-4076(85)90158-7

    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex
    surveys. *International Statistical Review*, 51, 279–292. https://doi.org/10.2307/1402588

    McCullagh, P. (1980). Regression models for ordinal data. *Journal of the Royal Statistical
    Society B*, 42, 109–142. https://doi.org/10.1111/j.2517-6161.1980.tb01109.x

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> stay = pd.DataFrame(rng.integers(1, 8, (200, 2)), columns=["room", "staff"])
    >>> noise = rng.normal(size=200)
    >>> stay["satisfaction"] = 1 + 0.5 * stay["room"] + 0.2 * stay["staff"] + noise
    >>> model = driver_model(stay, outcome="satisfaction", drivers=["room", "staff"])
    >>> model.tidy()[["term", "estimate"]].round(1)
              term  estimate
    0  (intercept)       1.0
    1         room       0.5
    2        staff       0.2
    """
    check_choice("kind", kind, KINDS)
    check_choice("std_errors", std_errors, STD_ERRORS)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    check_count("folds", folds, at_least=2)
    design = read_design(
        frame, weights=weights, clusters=clusters, strata=strata, population=population
    )
    refuse_weights_as_counts(design, std_errors)
    data = prepare(
        frame, outcome=outcome, drivers=drivers, controls=controls, kind=kind, top_box=top_box,
        design=design,
    )  # fmt: skip
    fit, covariance = fit_with_errors(data, std_errors)
    estimates = tables.coefficient_table(
        data, fit, covariance, p_adjust=p_adjust, confidence_level=confidence_level
    )
    return DriverModelResult(
        estimates=estimates,
        blocks=tables.block_table(data, fit, covariance, p_adjust=p_adjust),
        available=data.available(), covariance=covariance.matrix, outcome=outcome,
        drivers=data.drivers, controls=data.controls, model=data.outcome.model,
        classes=data.outcome.classes, class_values=data.outcome.class_values,
        levels=data.levels, n=data.n, n_asked=len(frame), **tables.fit_measures(data, fit),
        r2_cv=cross_validated_r2(data, folds=folds, seed=seed),
        std_errors=covariance.std_errors, weights=weights or "", clusters=clusters or "",
        strata=strata or "", population=population or "", confidence_level=confidence_level,
        p_adjust=p_adjust, folds=folds, seed=seed,
    )  # fmt: skip


def fit_with_errors(data: ModelData, std_errors: str) -> tuple[Fit, Covariance]:
    """Fit the model of the data, with the covariance asked for."""
    fit = fit_model(
        data.outcome.model,
        data.y,
        data.x.values,
        data.w,
        data.x.names,
        len(data.outcome.classes),
    )
    chosen = choose_std_errors(std_errors, model=data.outcome.model, design=data.design)
    return fit, covariance_of(
        fit, data.design, data.rows, std_errors=chosen, model=data.outcome.model
    )
