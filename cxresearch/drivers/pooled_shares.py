"""Driver importance where answers are missing: shares over imputed data sets, pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._validate import check_count, check_fraction
from cxresearch.drivers import _imputed_shares as sets
from cxresearch.drivers._model_columns import check_terms
from cxresearch.drivers._model_data import read_design
from cxresearch.drivers.importance import DriverImportanceResult, driver_importance
from cxresearch.drivers.imputation import not_used_mask
from cxresearch.drivers.pooling import pool_r2
from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImputedImportanceResult(Result):
    """Shares of R² pooled over imputed data sets, beside those of complete respondents.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a treatment and driver: term, group (``"imputation"``, ``"listwise"``),
        estimate (share, R² units), std_error, df (Barnard–Rubin; nan listwise), conf_low,
        conf_high, n; then percent of what the drivers explain with percent_low, percent_high;
        rank, p_top1 (share of replicates, of all sets, in which the driver is first), riv
        (relative increase in variance), fmi (fraction of missing information) and not_used (an
        indicator of no use is part of the driver).
    differences : pandas.DataFrame
        One row a pair, pooled: term, estimate (share of term − share of other), std_error,
        statistic, df, p_value, p_adjusted (Holm over pairs), conf_low, conf_high, n, other.
    available : pandas.DataFrame
        One row a driver or control: term, n_answered, n_not_used, n_missing (for other
        reasons), n_listwise, n_used.
    fits : pandas.DataFrame
        One row a treatment: group, n, r2, r2_low, r2_high, r2_controls. R² pooled over sets is
        the mean; its interval is on Fisher's z.
    outcome : str
    drivers, controls : tuple of str
    n, n_asked : int
        Respondents with an answer to the outcome; respondents in the frame.
    imputations : int
        0 where nothing had to be imputed.
    iterations, donors : int
        Rounds of the chain; nearest answers to draw one from.
    n_boot : int
        Replicates in each set.
    confidence_level : float
    weights, clusters, strata : str
        Design columns, ``""`` where there are none.
    seed : int
    notes : tuple of str
        ``"nothing_to_impute"``, ``"listwise_impossible: …"``.
    """

    estimates: pd.DataFrame
    differences: pd.DataFrame
    available: pd.DataFrame
    fits: pd.DataFrame
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    n: int
    n_asked: int
    imputations: int
    iterations: int
    donors: int
    n_boot: int
    confidence_level: float
    weights: str
    clusters: str
    strata: str
    seed: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        sums = self.estimates.groupby("group", sort=False)["estimate"].sum()
        fits = self.fits.set_index("group")
        gap = sums - (fits["r2"] - fits["r2_controls"])
        if float(gap.abs().max()) > 1e-8:
            raise CxError("pooled shares do not sum to the mean R² the drivers explain")

    def tidy(self) -> pd.DataFrame:
        """One row a treatment and driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: sizes, R² under both treatments, the largest fraction of missing answers."""
        r2 = self.fits.set_index("group")["r2"]
        pooled = self.estimates[self.estimates["group"] == "imputation"]
        return pd.DataFrame(
            [
                {
                    "outcome": self.outcome, "n": self.n, "n_asked": self.n_asked,
                    "n_listwise": int(self.available["n_listwise"].iloc[0]),
                    "imputations": self.imputations, "r2": float(r2["imputation"]),
                    "r2_listwise": float(r2.get("listwise", np.nan)),
                    "fmi": float(pooled["fmi"].max()),
                }
            ]
        )  # fmt: skip


def imputed_importance(  # noqa: PLR0913 - importance, and how its gaps are treated
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    not_used: pd.DataFrame | Mapping[str, Sequence[bool]] | None = None,
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    imputations: int = 20,
    iterations: int = 10,
    donors: int = 5,
    n_boot: int = 200,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> ImputedImportanceResult:
    r"""Share R² out among drivers in several imputed data sets and pool the shares.

    .. math:: \bar\varphi_j = \tfrac1m \sum_i \varphi_{ij}, \quad
              T_j = \bar W_j + (1 + \tfrac1m) B_j

    with W the bootstrap variance within a set and B the variance between sets.

    Parameters
    ----------
    frame, outcome, drivers, controls, weights, clusters, strata
        As in `driver_importance`; a linear outcome, no interactions. Factors must be complete.
    not_used : optional
        Cells of touchpoints that were not used (see `not_used_mask`). They are not imputed: the
        driver becomes its centred rating plus an indicator of no use, and what the indicator
        explains counts to the driver. Touchpoints behind one filter each bring the indicator.
    imputations, iterations, donors : int
        As in `impute_answers`.
    n_boot : int
        Replicates in each imputed set, at least 20; they are the same draws in all sets.
    confidence_level : float
    seed : int

    Returns
    -------
    ImputedImportanceResult

    Raises
    ------
    CxError
        A name or option is unknown.
    ResponseError, EstimationError
        As in `driver_importance` and `impute_answers`; listwise may fail alone (see `notes`).

    Notes
    -----
    Standard errors and degrees of freedom are Rubin's on the shares. A share cannot be
    negative, so intervals are made on :math:`z = \operatorname{artanh}\sqrt\varphi` by the same
    rules and taken back; they do not test "importance = 0". Differences may have either sign
    and keep the plain t interval.

    Respondents without an answer to the outcome are left out: an imputed outcome adds noise and
    no information. In simulations with a quarter of a driver's answers missing at random (300
    respondents) the 95 % intervals held the true share in 93 to 94 % of samples; where nearly
    all answers at one end are missing, matching finds no donors there, and 80 % did.

    References
    ----------
    Barnard, J., & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple
    imputation. *Biometrika*, 86, 948–955. https://doi.org/10.1093/biomet/86.4.948

    Schomaker, M., & Heumann, C. (2018). Bootstrap inference when using multiple imputation.
    *Statistics in Medicine*, 37, 2252–2266. https://doi.org/10.1002/sim.7654

    Jones, M. P. (1996). Indicator and stratification methods for missing explanatory variables
    in multiple linear regression. *Journal of the American Statistical Association*, 91,
    222–230. https://doi.org/10.1080/01621459.1996.10476680

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(300, 2)), columns=["room", "staff"])
    >>> stay["overall"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=300)
    >>> stay.loc[rng.random(300) < 0.2, "staff"] = np.nan
    >>> found = imputed_importance(
    ...     stay, outcome="overall", drivers=["room", "staff"], imputations=5, n_boot=50
    ... )
    >>> found.fits[["group", "n"]].to_dict("records")
    [{'group': 'imputation', 'n': 300}, {'group': 'listwise', 'n': 243}]
    """
    check_fraction("confidence_level", confidence_level)
    check_count("n_boot", n_boot, at_least=20)
    check_count("imputations", imputations, at_least=2)
    # Rows are matched by place: an index of the caller may repeat.
    frame = frame.reset_index(drop=True)
    named, always = check_terms(frame, outcome, drivers, controls)
    single = (*named, *always)
    products = [term for term in single if term not in frame.columns]
    if products:
        raise CxError(f"{products}: interactions have no imputed importance; leave them out")
    mask = not_used_mask(frame, not_used)
    ask = sets.Ask(
        outcome=outcome, drivers=named, controls=always,
        # Who left the outcome open is in no model; what they did not use makes no column.
        not_used=mask.mul(frame[outcome].notna(), axis=0),
        design=read_design(frame, weights=weights, clusters=clusters, strata=strata),
        stratified=strata is not None, imputations=imputations, iterations=iterations,
        donors=donors, n_boot=n_boot, confidence_level=confidence_level,
        seed=check_count("seed", seed),
    )  # fmt: skip
    shares = sets.shares_of_sets(frame, ask)
    listwise, notes = _listwise(frame, ask, weights=weights, clusters=clusters, strata=strata)
    if not shares.imputed:
        notes = ("nothing_to_impute", *notes)
    return ImputedImportanceResult(
        estimates=_estimates(shares, listwise, ask), differences=sets.differences(shares, ask),
        available=_available(frame, mask[list(single)], listwise, shares.n),
        fits=_fits(shares, listwise, ask),
        outcome=outcome, drivers=named, controls=always, n=shares.n, n_asked=len(frame),
        imputations=imputations if shares.imputed else 0, iterations=iterations, donors=donors,
        n_boot=n_boot, confidence_level=confidence_level, weights=weights or "",
        clusters=clusters or "", strata=strata or "", seed=seed, notes=notes,
    )  # fmt: skip


def _listwise(
    frame: pd.DataFrame,
    ask: sets.Ask,
    *,
    weights: str | None,
    clusters: str | None,
    strata: str | None,
) -> tuple[DriverImportanceResult | None, tuple[str, ...]]:
    try:
        found = driver_importance(
            frame, outcome=ask.outcome, drivers=ask.drivers, controls=ask.controls,
            weights=weights, clusters=clusters, strata=strata, n_boot=ask.n_boot,
            confidence_level=ask.confidence_level, seed=ask.seed,
        )  # fmt: skip
    except (ResponseError, EstimationError) as error:
        # Missing by design may leave nobody complete; the pooled shares stand without it.
        return None, (f"listwise_impossible: {error}",)
    return found, ()


def _estimates(
    shares: sets.SetShares, listwise: DriverImportanceResult | None, ask: sets.Ask
) -> pd.DataFrame:
    pooled = sets.pooled_table(shares, ask)
    if listwise is None:
        return pooled
    names = [name for name in pooled.columns if name in listwise.estimates.columns]
    beside = listwise.estimates[names].assign(
        group="listwise", df=np.nan, riv=np.nan, fmi=np.nan, not_used=False
    )
    return pd.concat([pooled, beside[list(pooled.columns)]], ignore_index=True)


def _fits(
    shares: sets.SetShares, listwise: DriverImportanceResult | None, ask: sets.Ask
) -> pd.DataFrame:
    worth = shares.shares.sum(axis=1) + shares.controls
    whole = pool_r2(worth, n=shares.n, confidence_level=ask.confidence_level)
    rows = [
        {
            "group": "imputation", "n": shares.n, "r2": float(worth.mean()),
            "r2_low": whole.low, "r2_high": whole.high,
            "r2_controls": float(shares.controls.mean()),
        }
    ]  # fmt: skip
    if listwise is not None:
        rows.append(
            {
                "group": "listwise", "n": listwise.n, "r2": listwise.r2,
                "r2_low": listwise.r2_low, "r2_high": listwise.r2_high,
                "r2_controls": listwise.r2_controls,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _available(
    frame: pd.DataFrame,
    not_used: pd.DataFrame,
    listwise: DriverImportanceResult | None,
    used: int,
) -> pd.DataFrame:
    single = [str(name) for name in not_used.columns]
    answered = frame[single].notna().sum().to_numpy()
    unused = not_used.sum().to_numpy()
    return pd.DataFrame(
        {
            "term": single, "n_answered": answered, "n_not_used": unused,
            "n_missing": len(frame) - answered - unused,
            "n_listwise": 0 if listwise is None else listwise.n, "n_used": used,
        }
    )  # fmt: skip
