"""What was found about whether the scales of a battery are distinct."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cxresearch.errors import EstimationError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DistinctnessResult(Result):
    """Whether respondents tell the scales of a battery apart, and what to report if not.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a pair of scales: term, group, estimate (latent correlation), std_error,
        conf_low, conf_high, n; then htmt, htmt_low, htmt_high, htmt2, smaller_root_ave,
        fornell_larcker (both √AVE exceed the correlation), verdict (``"distinct"``: both
        intervals lie below `cutoff`; ``"not_distinct"``: a correlation and HTMT at or above it;
        ``"unclear"``). The latent correlation is nan where the intended model did not converge.
    models : pandas.DataFrame
        One row a rival model: term (``"intended"``, ``"one_factor"``, ``"second_order"``,
        ``"bifactor"``), statistic (χ², scaled), df, p_value, n, cfi, tli, rmsea, rmsea_low,
        rmsea_high, srmr, bic, status (``"ok"``, ``"improper"``: a negative variance or a
        correlation above 1; ``"not_converged"``; ``"not_possible"``; ``"equivalent"``: three
        scales have the same fit with a second-order factor).
    scales : pandas.DataFrame
        One row a scale: term, label, items, omega, ave, omega_specific (what is the scale's own
        beside the general factor), congruent (the empirical factor most like it), congruence.
    empirical : pandas.DataFrame
        One row an item and empirical factor: term, group, estimate (loading), n, intended
        (its scale).
    congruence : pandas.DataFrame
        One row a scale and empirical factor: term, group, estimate (Tucker's coefficient
        of the factor's loadings with the intended ones, absolute).
    empirical_factors : int
        By parallel analysis; 0 where none could be found.
    verdict : str
        ``"distinct"``, ``"partly"``, ``"one_factor"`` or ``"unclear"``.
    reasons : tuple of str
        Codes of what it rests on: ``"not_distinct:REL:RES"``, ``"unclear:A:B"``,
        ``"one_factor_fits_as_well"``, ``"general_factor_dominates"``, ``"intended_misfits"``,
        ``"intended_not_fitted"``, ``"few_respondents:80"``.
    groups : tuple of str
        The dimensions to report: scales that are not distinct joined by ``"+"``; empty where
        `verdict` is ``"unclear"``.
    omega_hierarchical, ecv : float
        Of the bifactor model; nan where it could not be fitted.
    battery, part : str
        Empty when not from a battery.
    estimator : str
        ``"mlr"`` or ``"wlsmv"``.
    clusters : str
        Column of clusters (branches) that all intervals and χ² allow for; ``""`` for none.
    n_clusters : int
        How many there are; 0 for none.
    cutoff : float
    n_boot : int
    n, n_asked : int
        Respondents with all answers; respondents in the frame.
    confidence_level : float
    seed : int
    notes : tuple of str
        ``"rows_dropped:17"``, ``"improper:intended:heywood:Q3"``, ``"not_converged:bifactor"``,
        ``"bifactor_needs_three_items:CTL"``, ``"wlsmv_failed"``, ``"fornell_larcker:A:B"``,
        ``"empirical_factors_failed"``, ``"cluster_missing:3"`` (left out),
        ``"few_clusters:12"`` (below 30: intervals are a little narrow),
        ``"one_cluster:branch"`` (so none is used).
    """

    estimates: pd.DataFrame
    models: pd.DataFrame
    scales: pd.DataFrame
    empirical: pd.DataFrame
    congruence: pd.DataFrame
    empirical_factors: int
    verdict: str
    reasons: tuple[str, ...]
    groups: tuple[str, ...]
    omega_hierarchical: float
    ecv: float
    battery: str
    part: str
    estimator: str
    cutoff: float
    n_boot: int
    n: int
    n_asked: int
    confidence_level: float
    seed: int
    notes: tuple[str, ...]
    clusters: str = ""
    n_clusters: int = 0

    def __post_init__(self) -> None:
        named = [name for group in self.groups for name in group.split("+")]
        if self.groups and sorted(named) != sorted(self.scales["term"]):
            raise EstimationError("groups do not hold every scale once")

    def tidy(self) -> pd.DataFrame:
        """One row a pair of scales."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the verdict."""
        rows = self.estimates["verdict"]
        return pd.DataFrame(
            {
                "verdict": [self.verdict],
                "scales": [len(self.scales)],
                "dimensions": [len(self.groups)],
                "pairs_not_distinct": [int((rows == "not_distinct").sum())],
                "pairs_unclear": [int((rows == "unclear").sum())],
                "omega_hierarchical": [self.omega_hierarchical],
                "ecv": [self.ecv],
                "empirical_factors": [self.empirical_factors],
                "n": [self.n],
                "estimator": [self.estimator],
                "clusters": [self.n_clusters],
            }
        )
