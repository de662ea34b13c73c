"""Reliability and validity of scales from a fitted factor model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import BoolArray, FloatArray
from cxresearch._validate import check_fraction
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._cfa_model import FactorModel, Numbers, places, structure_at
from cxresearch.psychometrics._cfa_tables import KINDS
from cxresearch.psychometrics.cfa_result import CfaResult
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FactorReliabilityResult(Result):
    """How reliable the sum of each factor's items is, and how distinct the factors are.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a factor: term, estimate (omega total), std_error, conf_low, conf_high (delta
        method on the logit), n; then omega_observed (the same over the variance observed
        instead of the variance implied), composite_reliability (of standardised items), ave
        (average variance extracted) with ave_error, ave_low, ave_high; items;
        largest_correlation (with another factor, in absolute value; nan with one factor),
        nearest (that factor, or ``""``), distinct (√AVE exceeds it: Fornell and Larcker).
    pairs : pandas.DataFrame
        One row a pair of factors: term, group, estimate (their correlation), std_error,
        conf_low, conf_high, n; then root_ave_term, root_ave_group, distinct (both exceed it).
    hierarchical : pandas.DataFrame
        One row a second-order factor: term, estimate (omega hierarchical: share of the variance
        of the sum of all items below it that it explains), std_error, conf_low, conf_high, n;
        then omega_observed (over the variance observed), omega_total (with what the factors
        below it add), omega_factors (share it explains of the variance of the sum of the
        factors, without error), items.
    n : int
        Respondents of the factor model.
    estimator : str
    confidence_level : float
    """

    estimates: pd.DataFrame
    pairs: pd.DataFrame
    hierarchical: pd.DataFrame
    n: int
    estimator: str
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """One row a factor."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the weakest scale and how many factors are distinct."""
        rows = self.estimates
        hierarchical = self.hierarchical["estimate"]
        return pd.DataFrame(
            {
                "n": [self.n],
                "factors": [len(rows)],
                "lowest_omega": [rows["estimate"].min()],
                "lowest_ave": [rows["ave"].min()],
                "distinct_factors": [int(rows["distinct"].sum())],
                "omega_hierarchical": [hierarchical.max() if len(hierarchical) else np.nan],
                "estimator": [self.estimator],
                "confidence_level": [self.confidence_level],
            }
        )


def factor_reliability(
    cfa: CfaResult, *, confidence_level: float | None = None
) -> FactorReliabilityResult:
    """Estimate reliability and distinctness of the factors of a fitted model.

    ``ω = (Σλ)² φ / Var(Σx)`` with the variance of the sum of the factor's items implied by the
    model, ``(Σλ)² φ + ΣΣθ``, residual covariances included.

    Parameters
    ----------
    cfa : CfaResult
    confidence_level : float, optional
        That of `cfa` where not given.

    Returns
    -------
    FactorReliabilityResult

    Raises
    ------
    CxError
        Items of one factor load with different signs: their sum measures nothing.

    Notes
    -----
    Intervals by the delta method from the covariance of the estimates (of ω, AVE and ω
    hierarchical on the logit scale, so that they stay between 0 and 1; of correlations on
    Fisher's z; cut at ±1 where it would reach beyond on the correlation itself).
    Agrees with R: ``semTools::reliability`` (rows omega and omega3),
    ``semTools::compRelSEM`` (over the observed variance), ``semTools::reliabilityL2``;
    AVE and composite reliability are those of the standardised solution (``semTools::AVE``
    weighs items by their variance).

    References
    ----------
    McDonald, R. P. (1999). *Test Theory: A Unified Treatment*. Erlbaum.

    Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with
    unobservable variables and measurement error. Journal of Marketing Research 18, 39–50.
    https://doi.org/10.1177/002224378101800104

    Examples
    --------
    >>> from cxresearch.psychometrics.cfa import confirmatory_factors
    >>> rng = np.random.default_rng(1)
    >>> halo = rng.normal(size=(300, 1))
    >>> answers = pd.DataFrame(halo + rng.normal(size=(300, 4)), columns=list("abcd"))
    >>> cfa = confirmatory_factors(answers, {"satisfaction": ["a", "b", "c", "d"]})
    >>> round(factor_reliability(cfa).estimates["estimate"].item(), 2)
    0.78
    """
    level = cfa.confidence_level if confidence_level is None else confidence_level
    check_fraction("confidence_level", level)
    _check_signs(cfa)
    model = model_of(cfa)
    members = cfa.loadings != 0
    values = cfa.estimates["estimate"].to_numpy(dtype=float)
    step = 1e-20
    points = values + 1j * step * np.eye(len(values))

    def with_error(quantity: Numbers, changed: Numbers) -> _Estimate:
        slopes = np.asarray(changed.imag).T / step
        error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, cfa.parameter_covariance, slopes))
        return _Estimate(value=np.asarray(quantity, dtype=float), error=error, level=level)

    here, moved = (_measures(model, v, members) for v in (values, points))
    found = {name: with_error(here[name], moved[name]) for name in here}
    estimates = _factor_rows(cfa, members, found)
    return FactorReliabilityResult(
        estimates=estimates,
        pairs=_pair_rows(cfa, found["correlation"], estimates["ave"].to_numpy()),
        hierarchical=_hierarchical_rows(cfa, found["hierarchical"], members),
        n=cfa.n,
        estimator=cfa.estimator,
        confidence_level=float(level),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Estimate:
    """Quantities and standard errors, shape (t,), and the level of their intervals."""

    value: FloatArray
    error: FloatArray
    level: float

    def share_columns(self, names: tuple[str, str, str, str]) -> dict[str, FloatArray]:
        """Return columns of a share: the interval is symmetric on the logit."""
        value = np.where((self.value > 0) & (self.value < 1), self.value, np.nan)
        middle, slope = np.log(value / (1 - value)), 1 / (value * (1 - value))
        half = self._z() * self.error * slope
        ends = [1 / (1 + np.exp(-(middle + sign * half))) for sign in (-1, 1)]
        return dict(zip(names, (self.value, self.error, *ends), strict=True))

    def correlation_columns(self, names: tuple[str, str, str, str]) -> dict[str, FloatArray]:
        """Return columns of a correlation: the interval is symmetric on Fisher's z.

        Where an interval symmetric on the correlation itself reaches ±1 the slope of z has no
        bound and would make the interval senselessly long: there that one is taken, cut at ±1.
        """
        value = np.where(np.abs(self.value) < 1, self.value, np.nan)
        plain = self._z() * self.error
        half = plain / (1 - value**2)
        beyond = np.abs(value) + plain >= 1
        ends = [
            np.where(
                beyond,
                np.clip(value + sign * plain, -1, 1),
                np.tanh(np.arctanh(value) + sign * half),
            )
            for sign in (-1, 1)
        ]
        return dict(zip(names, (self.value, self.error, *ends), strict=True))

    def _z(self) -> float:
        return float(stats.norm.ppf((1 + self.level) / 2))


_MAIN = ("estimate", "std_error", "conf_low", "conf_high")


def _measures(model: FactorModel, values: Numbers, members: BoolArray) -> dict[str, Numbers]:
    """Return all quantities at one point or a stack of points, shape (..., t)."""
    at = structure_at(model, values)
    first = model.n_first
    pick = members.astype(float)
    factor = np.diagonal(at.factors, axis1=-2, axis2=-1)[..., :first]
    item = np.diagonal(at.implied, axis1=-2, axis2=-1)
    loadings = at.loadings[..., :first]
    true = np.sum(loadings, axis=-2) ** 2 * factor
    total = np.einsum("if,...ij,jf->...f", pick, at.implied, pick)
    standardized = loadings**2 * factor[..., None, :] / item[..., None]
    row, column = np.triu_indices(first, 1)
    scale = np.sqrt(factor[..., row] * factor[..., column])
    result = {
        "omega": true / total,
        "ave": np.sum(standardized, axis=-2) / pick.sum(axis=0),
        "correlation": at.factors[..., row, column] / scale,
    }
    through = at.total[..., first:]  # what each second-order factor does to each item
    below = (np.abs(through) > 0).astype(float)
    sums = np.einsum("...ig,...ij,...jg->...g", below, at.implied, below)
    variance = np.diagonal(at.factors, axis1=-2, axis2=-1)[..., first:]
    result["hierarchical"] = np.sum(through, axis=-2) ** 2 * variance / sums
    return result


def model_of(cfa: CfaResult) -> FactorModel:
    """Return the model behind a result, parameters in the order of its estimates."""
    matrix = {name: number for number, name in KINDS.items()}
    matrix["residual_variance"] = matrix["residual_covariance"]
    factors = (*cfa.factors, *cfa.second_order_factors)
    item, factor = ({name: i for i, name in enumerate(x)} for x in (cfa.items, factors))
    triples = []
    for row in cfa.estimates[["parameter", "term", "group"]].itertuples(index=False):
        kind = str(row.parameter)
        by_item = kind == "loading" or kind.startswith("residual")
        rows, columns = item if by_item else factor, item if kind[0] == "r" else factor
        triples.append((matrix[kind], rows[str(row.term)], columns[str(row.group)]))
    return FactorModel(
        items=cfa.items, factors=factors, n_first=len(cfa.factors), free=places(triples)
    )


def _check_signs(cfa: CfaResult) -> None:
    for name, column in zip(cfa.factors, cfa.loadings.T, strict=True):
        signs = np.sign(column)
        if signs.min() < 0 < signs.max():
            fewer = -1 if (signs < 0).sum() <= (signs > 0).sum() else 1
            items = [cfa.items[i] for i in np.flatnonzero(signs == fewer)]
            raise CxError(
                f"factor {name!r}: item(s) {items} load against the others, so the sum of the "
                "items measures nothing; reverse-key them (reverse_keyed in the codebook) and "
                "fit again"
            )


def _factor_rows(
    cfa: CfaResult, members: BoolArray, found: dict[str, _Estimate]
) -> pd.DataFrame:
    standardized, count = cfa.standardized_loadings, members.sum(axis=0)
    pick = members.astype(float)
    sd = np.sqrt(np.diag(cfa.implied_covariance))
    residual = np.einsum("if,ij,jf->f", pick, cfa.residual_covariances / np.outer(sd, sd), pick)
    observed = np.einsum("if,ij,jf->f", pick, cfa.observed_covariance, pick)
    true = cfa.loadings.sum(axis=0) ** 2 * np.diag(cfa.factor_covariances)
    sums = standardized.sum(axis=0) ** 2
    correlation = np.abs(cfa.factor_correlations - np.eye(len(cfa.factors)))
    alone = len(cfa.factors) == 1
    largest = np.full(1, np.nan) if alone else correlation.max(axis=0)
    ave = found["ave"].value
    return table_of(
        {
            "term": np.array(cfa.factors, dtype=object),
            **found["omega"].share_columns(_MAIN),
            "n": float(cfa.n),
            "omega_observed": true / observed,
            "composite_reliability": sums / (sums + residual),
            **found["ave"].share_columns(("ave", "ave_error", "ave_low", "ave_high")),
            "items": count.astype(float),
            "largest_correlation": largest,
            "nearest": np.array(
                ["" if alone else cfa.factors[i] for i in correlation.argmax(axis=0)],
                dtype=object,
            ),
            "distinct": np.ones(1, dtype=bool) if alone else np.sqrt(ave) > largest,
        }
    )


def _pair_rows(cfa: CfaResult, correlation: _Estimate, ave: FloatArray) -> pd.DataFrame:
    row, column = np.triu_indices(len(cfa.factors), 1)
    names, root = np.array(cfa.factors, dtype=object), np.sqrt(ave)
    return table_of(
        {
            "term": names[row],
            "group": names[column],
            **correlation.correlation_columns(_MAIN),
            "n": float(cfa.n),
            "root_ave_term": root[row],
            "root_ave_group": root[column],
            "distinct": np.minimum(root[row], root[column]) > np.abs(correlation.value),
        }
    )


def _hierarchical_rows(
    cfa: CfaResult, hierarchical: _Estimate, members: BoolArray
) -> pd.DataFrame:
    belongs = cfa.second_order_loadings != 0
    items = (members @ belongs) > 0
    pick = items.astype(float)
    implied = np.einsum("ig,ij,jg->g", pick, cfa.implied_covariance, pick)
    observed = np.einsum("ig,ij,jg->g", pick, cfa.observed_covariance, pick)
    error = np.einsum("ig,ij,jg->g", pick, cfa.residual_covariances, pick)
    explained = hierarchical.value * implied
    # Of the sum of the factors themselves: ones instead of loadings, and no error.
    spread = np.sqrt(np.diag(cfa.factor_covariances))
    above = cfa.second_order_loadings * spread[:, None]
    chosen = belongs.astype(float)
    factors = np.einsum("ig,ij,jg->g", chosen, cfa.factor_covariances, chosen)
    return table_of(
        {
            "term": np.array(cfa.second_order_factors, dtype=object),
            **hierarchical.share_columns(_MAIN),
            "n": float(cfa.n),
            "omega_observed": explained / observed,
            "omega_total": 1 - error / implied,
            "omega_factors": above.sum(axis=0) ** 2 / factors,
            "items": items.sum(axis=0).astype(float),
        }
    )
