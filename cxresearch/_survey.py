"""Errors of a survey with strata and clusters, by Taylor linearisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import ResponseError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SurveyDesign:
    """How respondents were sampled.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Case weights, all above 0; ones without weights.
    unit : ndarray of int, shape (n,)
        Primary sampling unit (cluster, or the respondent) of each respondent, 0 … U − 1.
    stratum : ndarray of int, shape (U,)
        Stratum of each unit, 0 … H − 1; all 0 without strata.
    """

    weights: FloatArray
    unit: IntArray
    stratum: IntArray

    @property
    def units(self) -> int:
        """Number of primary sampling units."""
        return len(self.stratum)

    @property
    def strata(self) -> int:
        """Number of strata; 1 without any."""
        return int(self.stratum.max()) + 1

    @property
    def lonely(self) -> int:
        """Strata with a single unit, whose own spread cannot be seen."""
        return int((np.bincount(self.stratum) == 1).sum())


def survey_design(
    weights: FloatArray, *, clusters: IntArray | None = None, strata: IntArray | None = None
) -> SurveyDesign:
    """Return the design, given the codes of each respondent's cluster and stratum.

    Raises
    ------
    ResponseError
        A cluster lies in two strata.
    """
    n = len(weights)
    codes = np.arange(n) if clusters is None else np.asarray(clusters)
    _, first, unit = np.unique(codes, return_index=True, return_inverse=True)
    if strata is None:
        stratum = np.zeros(len(first), dtype=np.int64)
    else:
        _, of_row = np.unique(strata, return_inverse=True)
        stratum = of_row[first].astype(np.int64)
        crossing = len(np.unique(unit[stratum[unit] != of_row]))
        if crossing:
            raise ResponseError(
                f"{crossing} cluster(s) lie in more than one stratum; each cluster belongs to "
                "one. If clusters are numbered anew in every stratum, give them names of their "
                "own"
            )
    return SurveyDesign(weights=weights, unit=unit.astype(np.int64), stratum=stratum)


def unit_totals(rows: FloatArray, design: SurveyDesign) -> FloatArray:
    """Sum the rows (n, k) of each primary sampling unit, shape (U, k)."""
    totals = np.zeros((design.units, rows.shape[1]))
    np.add.at(totals, design.unit, rows)
    return totals


def linearised_covariance(
    influence: FloatArray, design: SurveyDesign, *, sampled: FloatArray | None = None
) -> FloatArray:
    r"""Return the design-based covariance of estimates from their influence values.

    ``V = Σ_h (1 − f_h) n_h/(n_h − 1) Σ_c (z_hc − z̄_h)(z_hc − z̄_h)'`` with z the sums of the
    influence over the units of a stratum.

    Parameters
    ----------
    influence : ndarray, shape (n, k)
        Weight share times influence of each respondent, 0 outside the domain.
    design : SurveyDesign
    sampled : ndarray, shape (H,), optional
        Share f of the units of each stratum that were sampled; 0 where not given.

    Returns
    -------
    ndarray, shape (k, k)

    Notes
    -----
    A stratum with one unit counts with that unit's distance from the mean over the whole
    sample, which is 0 for influence values: too much rather than too little. Agrees with R
    survey under ``options(survey.lonely.psu = "adjust")``; clusters outside the domain count
    as zeros, as in ``subset(design, …)``.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex
    surveys. International Statistical Review 51, 279–292. https://doi.org/10.2307/1402588
    """
    totals = unit_totals(influence, design)
    sizes = np.bincount(design.stratum)
    means = np.zeros((design.strata, totals.shape[1]))
    np.add.at(means, design.stratum, totals)
    means /= sizes[:, None]
    lonely = (sizes == 1)[design.stratum]
    centred = np.where(lonely[:, None], totals, totals - means[design.stratum])
    of_unit = sizes[design.stratum]
    scale = np.where(lonely, 1.0, of_unit / np.maximum(of_unit - 1, 1))
    if sampled is not None:
        scale = scale * (1 - sampled[design.stratum])
    return np.asarray((centred * scale[:, None]).T @ centred)


def linearised_errors(influence: FloatArray, design: SurveyDesign) -> FloatArray:
    """Return the standard error of each column of influence values, shape (k,)."""
    return np.sqrt(np.maximum(np.diagonal(linearised_covariance(influence, design)), 0.0))


def domain_df(members: BoolArray, design: SurveyDesign) -> FloatArray:
    """Return degrees of freedom, clusters less strata, of each column of `members` (n, k).

    Notes
    -----
    Agrees with R survey: ``degf(subset(design, …))``, which counts the clusters and strata with
    a respondent in the domain. Below 1 they are nan: one cluster says nothing about spread.

    Examples
    --------
    >>> design = survey_design(np.ones(4), clusters=np.array([1, 1, 2, 3]))
    >>> domain_df(np.array([[True, True], [True, False], [True, False], [True, False]]), design)
    array([ 2., nan])
    """
    present = unit_totals(members.astype(float), design) > 0
    strata = np.zeros((design.strata, present.shape[1]))
    np.add.at(strata, design.stratum, present)
    df = present.sum(axis=0) - (strata > 0).sum(axis=0).astype(float)
    return np.where(df >= 1, df, np.nan)
