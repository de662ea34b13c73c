"""Which rule predicts the memory: rival models on the same episodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._matrix import covariance_of
from cxresearch._subsets import shapley_from_subsets, subset_r2
from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_fraction
from cxresearch.errors import CxError, EstimationError
from cxresearch.peak_end._folds import draw_folds, left_out_errors, split_by
from cxresearch.peak_end._least_squares import least_squares
from cxresearch.peak_end._memory_data import MemoryData, Within, memory_data
from cxresearch.results import Result, in_tidy_order

MODELS: dict[str, tuple[str, ...]] = {
    "peak_end": ("peak_end",),
    "peak_plus_end": ("peak", "end"),
    "mean": ("mean",),
    "tw_mean": ("tw_mean",),
    "integral": ("integral",),
    "end": ("end",),
    "peak": ("peak",),
    "trough": ("trough",),
    "start": ("start",),
    "mean_plus_duration": ("tw_mean", "duration"),
    "mean_plus_trend": ("mean", "trend"),
    "full": ("peak", "end", "start", "tw_mean", "duration"),
}
"""The rivals: name and predictors; ``peak_end`` is (peak + end)/2."""

NEEDED = ("peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend", "duration")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MemoryModelsResult(Result):
    """Rival models of the remembered rating.

    Attributes
    ----------
    models : DataFrame
        One row a model: term, estimate (R², marginal R² when `mixed`), n, parameters (with the
        residual variance, and the person's when `mixed`), log_likelihood, aic, aicc, bic,
        adjusted_r2, loo_rmse, cv_rmse, cv_gain (mean squared error of the mean model less this
        one's) with cv_gain_se over participants, delta_aic, akaike_weight, bic_weight, note.
    coefficients : DataFrame
        term (model), group (predictor), estimate, std_error.
    equal_weights : DataFrame
        One row: peak's slope minus the end's, with its test.
    vif : DataFrame
        Variance inflation of the predictors of the full model: term, estimate.
    shares : DataFrame
        Shapley shares of the full model's predictors in its least-squares R²: term, estimate.
    predictions : DataFrame
        One row an episode: person (number), fold, observed, and a column a model with what it
        predicts from people of other folds; nan for a model that was not estimated.
    correlation_peak_end_mean : float
        Correlation of (peak + end)/2 with the mean: near 1 the rivals say the same.
    n, n_participants : int
        Episodes, participants.
    n_folds : int
        Folds of the cross-validation; a participant is in one fold only.
    seed : int
    confidence_level : float
    mixed : bool
        Models carry a random intercept of the participant.
    retrospective : str
        Column of the remembered rating.
    notes : tuple of str
        Codes: "without_retrospective:n", "incomplete:n", "moments_vary:low-high",
        "constant:feature", "episodes_taken_as_independent".
    """

    models: pd.DataFrame
    coefficients: pd.DataFrame
    equal_weights: pd.DataFrame
    vif: pd.DataFrame
    shares: pd.DataFrame
    predictions: pd.DataFrame
    correlation_peak_end_mean: float
    n: int
    n_participants: int
    n_folds: int
    seed: int
    confidence_level: float
    mixed: bool
    retrospective: str
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return one row a model."""
        return in_tidy_order(self.models)

    def augment(self) -> pd.DataFrame:
        """Return what each model predicts of every episode, beside what was observed."""
        return self.predictions.copy()

    def glance(self) -> pd.DataFrame:
        """Return the best model and how alike the rivals are, one row."""
        best = self.models.iloc[int(np.nanargmin(self.models["aic"].to_numpy()))]
        return pd.DataFrame(
            {
                "n": [self.n],
                "participants": [self.n_participants],
                "best": [best["term"]],
                "akaike_weight": [best["akaike_weight"]],
                "r2": [best["estimate"]],
                "correlation_peak_end_mean": [self.correlation_peak_end_mean],
                "mixed": [self.mixed],
            }
        )


def compare_memory_models(
    features: pd.DataFrame,
    *,
    retrospective: str,
    participant: str,
    within: Within = "auto",
    n_folds: int = 10,
    seed: int = 20260101,
    confidence_level: float = 0.95,
) -> MemoryModelsResult:
    r"""Compare twelve models of the remembered rating on the same episodes.

    The models are linear in features of the episode (`MODELS`). For each: log-likelihood, AIC,
    AICc, BIC, R², leave-one-out error ``√mean((e/(1 − h))²)`` of least squares, error in folds
    that keep each participant together, and Akaike weights ``exp(−Δ/2)/Σ exp(−Δ/2)``.
    The *equal-weights test* asks whether peak and end weigh the same. Peak-end and the mean are
    always both there, with their correlation: a high R² of peak-end alone proves nothing.

    Parameters
    ----------
    features : DataFrame
        One row an episode: `EpisodeFeaturesResult.with_episodes`.
    retrospective : str
        Column of the remembered rating.
    participant : str
        Column of the participant.
    within : {"auto", "independent", "mixed"}
        Repeated episodes of a person: a random intercept fitted by maximum likelihood
        ("mixed"), or none. "auto" takes "mixed" when somebody has two episodes.
    n_folds : int
        At least 2; at most the number of participants is used.
    seed : int
        Of the draw of the folds.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    MemoryModelsResult
        Episodes lacking a feature or the rating are left out of *all* models and counted. A
        model with a feature that does not vary is not estimated: nan and a note; only the full
        model goes on without it.

    Raises
    ------
    CxError
        A column is unknown or not numeric, or an option is not allowed.
    ResponseError
        Fewer than 10 complete episodes, or a rating that does not vary.
    EstimationError
        Features are linearly dependent.

    Notes
    -----
    Agrees with R: ``lm``, ``logLik``, ``AIC``, ``BIC``, ``hatvalues``; mixed as
    ``lmer(…, REML = FALSE)``, the equal-weights test then with Satterthwaite's degrees of
    freedom.

    References
    ----------
    Cojuharenco, I., & Ryvkin, D. (2008). Peak-end rule versus average utility. Journal of
    Mathematical Psychology 52, 326–335.

    Burnham, K. P., & Anderson, D. R. (2002). Model selection and multimodel inference.
    Springer. https://doi.org/10.1007/b97636

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> episodes = pd.DataFrame(
    ...     rng.normal(size=(60, 9)),
    ...     columns=["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend",
    ...              "duration"],
    ... ).assign(person=range(60))
    >>> episodes["memory"] = episodes["peak"] + episodes["end"] + rng.normal(size=60)
    >>> found = compare_memory_models(episodes, retrospective="memory", participant="person")
    >>> found.glance()["best"].item()
    'peak_end'
    """
    check_count("n_folds", n_folds, at_least=2)
    check_fraction("confidence_level", confidence_level)
    data = memory_data(
        features, NEEDED, retrospective=retrospective, participant=participant, within=within
    )
    data.columns["peak_end"] = (data.columns["peak"] + data.columns["end"]) / 2
    every = {name: data.columns[name].to_numpy() for name in NEEDED}
    constant = [name for name, seen in every.items() if (seen == seen[0]).all()]
    if set(constant) & {"peak", "end", "mean"}:
        raise CxError(f"features {constant} do not vary between episodes; nothing to compare")
    folds = draw_folds(data.people, n_folds, seed)[data.person]
    predictors = {name: _varying(name, columns, constant) for name, columns in MODELS.items()}
    split = split_by(folds, data.person)
    errors = {
        name: left_out_errors(data, columns, split) if columns else np.full(data.n, np.nan)
        for name, columns in predictors.items()
    }
    rows, coefficients = zip(
        *(_one_model(data, name, columns, errors) for name, columns in predictors.items()),
        strict=True,
    )
    return MemoryModelsResult(
        models=_weighted(pd.DataFrame(rows)),
        coefficients=pd.DataFrame(
            [row for own in coefficients for row in own],
            columns=["term", "group", "estimate", "std_error"],
        ),
        equal_weights=_equal_weights(data, confidence_level),
        vif=_vif(data, predictors["full"]),
        shares=_shares(data, predictors["full"]),
        predictions=pd.DataFrame(
            {"person": data.person, "fold": folds, "observed": data.memory}
            | {name: data.memory - error for name, error in errors.items()}
        ),
        correlation_peak_end_mean=float(
            np.corrcoef(data.columns["peak_end"], data.columns["mean"])[0, 1]
        ),
        n=data.n,
        n_participants=data.people,
        n_folds=int(folds.max()) + 1,
        seed=seed,
        confidence_level=confidence_level,
        mixed=data.mixed,
        retrospective=retrospective,
        notes=(*data.notes, *(f"constant:{name}" for name in constant)),
    )


def _varying(name: str, columns: tuple[str, ...], constant: list[str]) -> tuple[str, ...]:
    varying = tuple(column for column in columns if column not in constant)
    return varying if name == "full" or len(varying) == len(columns) else ()


def _one_model(
    data: MemoryData,
    name: str,
    columns: tuple[str, ...],
    errors: dict[str, FloatArray],
) -> tuple[dict[str, object], list[tuple[str, str, float, float]]]:
    """Return the row of a model and those of its coefficients."""
    row: dict[str, object] = {"term": name, "estimate": np.nan, "n": float(data.n)}
    if not columns:
        return row | {"note": "constant_feature"}, []
    x = data.design(columns)
    ols = least_squares(x, data.memory)
    total = float(((data.memory - data.memory.mean()) ** 2).sum())
    if ols.rss <= 1e-12 * total:
        raise EstimationError(
            f"model {name!r} predicts the retrospective rating exactly; is one computed from "
            "the other?"
        )
    r2, n, p = 1 - ols.rss / total, data.n, x.shape[1]
    loo = float(np.sqrt(np.mean((ols.residuals / (1 - ols.leverage)) ** 2)))
    beta, covariance = ols.beta, ols.covariance()
    log_likelihood, k = ols.log_likelihood, p + 1
    if data.mixed:
        fit = data.mixed_fit(x)
        beta, covariance, log_likelihood = fit.beta, fit.covariance, fit.log_likelihood
        k = fit.parameters
        explained = float(np.var(x @ beta, ddof=1))
        r2 = explained / (explained + float(fit.random_covariance[0, 0]) + fit.sigma2)
    aic = -2 * log_likelihood + 2 * k
    squared = errors[name] ** 2
    gain, gain_se = clustered_mean(errors["mean"] ** 2 - squared, data.person)
    std_errors = np.sqrt(np.diag(covariance)).tolist()
    coefficients = [
        (name, group, estimate, error)
        for group, estimate, error in zip(
            ("intercept", *columns), beta.tolist(), std_errors, strict=True
        )
    ]
    return row | {
        "estimate": r2,
        "parameters": k,
        "log_likelihood": log_likelihood,
        "aic": aic,
        "aicc": aic + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.nan,
        "bic": -2 * log_likelihood + np.log(n) * k,
        "adjusted_r2": np.nan if data.mixed else 1 - (1 - r2) * (n - 1) / (n - p),
        "loo_rmse": loo,
        "cv_rmse": float(np.sqrt(squared.mean())),
        "cv_gain": gain,
        "cv_gain_se": gain_se,
        "note": "",
    }, coefficients


def clustered_mean(difference: FloatArray, person: np.ndarray) -> tuple[float, float]:
    """Return the mean over episodes and its standard error, participants the units."""
    sums, sizes = np.bincount(person, weights=difference), np.bincount(person)
    mean = float(sums.sum() / sizes.sum())
    people = len(sums)
    spread = ((sums - mean * sizes) ** 2).sum() * people / (people - 1)
    return mean, float(np.sqrt(spread) / sizes.sum())


def _weighted(models: pd.DataFrame) -> pd.DataFrame:
    aic, bic = (models[name].to_numpy(dtype=float) for name in ("aic", "bic"))
    delta = aic - np.nanmin(aic)
    of_aic, of_bic = np.exp(-delta / 2), np.exp(-(bic - np.nanmin(bic)) / 2)
    return in_tidy_order(
        models.assign(
            delta_aic=delta,
            akaike_weight=of_aic / np.nansum(of_aic),
            bic_weight=of_bic / np.nansum(of_bic),
        )
    )


def _equal_weights(data: MemoryData, confidence_level: float) -> pd.DataFrame:
    contrast, x = np.array([[0.0, 1.0, -1.0]]), data.design(("peak", "end"))
    if data.mixed:
        fit = data.mixed_fit(x, reml=True)
        beta, covariance = fit.beta, fit.covariance
        df = float(fit.satterthwaite_df(contrast)[0])
    else:
        ols = least_squares(x, data.memory)
        beta, covariance, df = ols.beta, ols.covariance(), float(ols.df)
    estimate = float((contrast @ beta)[0])
    error = float(np.sqrt((contrast @ covariance @ contrast.T)[0, 0]))
    half = float(stats.t.ppf((1 + confidence_level) / 2, df)) * error
    return pd.DataFrame(
        {
            "term": ["peak_minus_end"],
            "estimate": [estimate],
            "std_error": [error],
            "statistic": [estimate / error],
            "df": [df],
            "p_value": [2 * float(stats.t.sf(abs(estimate / error), df))],
            "conf_low": [estimate - half],
            "conf_high": [estimate + half],
            "n": [float(data.n)],
        }
    )


def _vif(data: MemoryData, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the diagonal of the inverse of the correlation matrix."""
    correlation = np.corrcoef(data.design(columns)[:, 1:], rowvar=False)
    inflation = np.diag(np.linalg.inv(correlation))
    return pd.DataFrame({"term": list(columns), "estimate": inflation})


def _shares(data: MemoryData, columns: tuple[str, ...]) -> pd.DataFrame:
    values = np.column_stack([data.design(columns)[:, 1:], data.memory])
    shares = shapley_from_subsets(subset_r2(covariance_of(values)).r2)
    return pd.DataFrame({"term": list(columns), "estimate": shares})
