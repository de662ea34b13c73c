"""Rubin's rules: estimates and R² of several imputed data sets as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._rubin import pool_by_rubin
from cxresearch._types import FloatArray
from cxresearch._validate import check_fraction
from cxresearch.errors import CxError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PooledEstimatesResult(Result):
    """Estimates pooled over imputations by Rubin's rules.

    Attributes
    ----------
    estimates : pandas.DataFrame
        term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, n, then within
        and between (variances), riv (relative increase in variance), lambda (share of variance
        due to missing answers) and fmi (fraction of missing information).
    imputations : int
    n : int
    confidence_level : float
    """

    estimates: pd.DataFrame
    imputations: int
    n: int
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """One row a pooled estimate."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: imputations, n and the largest fraction of missing information."""
        return pd.DataFrame(
            [
                {
                    "imputations": self.imputations,
                    "n": self.n,
                    "fmi": float(self.estimates["fmi"].max()),
                }
            ]
        )


def pool_estimates(
    estimates: FloatArray,
    variances: FloatArray,
    *,
    terms: Sequence[str],
    n: int,
    df_complete: float = float("inf"),
    confidence_level: float = 0.95,
) -> PooledEstimatesResult:
    r"""Pool estimates of m imputed data sets by Rubin's rules.

    .. math:: \bar Q = \tfrac1m \sum Q_i, \quad T = \bar U + (1 + \tfrac1m) B

    Parameters
    ----------
    estimates, variances : ndarray, shape (m, k)
        Estimates and their squared standard errors in each imputed data set.
    terms : sequence of str, length k
    n : int
        Respondents.
    df_complete : float
        Degrees of freedom with nothing missing (infinite: z).
    confidence_level : float

    Returns
    -------
    PooledEstimatesResult

    Raises
    ------
    CxError
        Fewer than two imputations, or shapes that do not fit.

    Notes
    -----
    Degrees of freedom of Barnard & Rubin:
    :math:`\nu_{old} = (m-1)/\lambda^2`,
    :math:`\nu_{obs} = \frac{\nu+1}{\nu+3}\,\nu\,(1-\lambda)`,
    :math:`\nu_{old}\nu_{obs}/(\nu_{old}+\nu_{obs})`. R: ``mice::pool``.

    References
    ----------
    Barnard, J., & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple
    imputation. *Biometrika*, 86, 948–955. https://doi.org/10.1093/biomet/86.4.948

    Examples
    --------
    >>> import numpy as np
    >>> slopes, variances = np.array([[1.0], [1.2], [0.8]]), np.array([[0.04], [0.05], [0.03]])
    >>> pooled = pool_estimates(slopes, variances, terms=["staff"], n=50, df_complete=48)
    >>> pooled.tidy()[["estimate", "std_error", "df"]].round(3).to_dict("records")
    [{'estimate': 1.0, 'std_error': 0.306, 'df': 4.676}]
    """
    estimates, variances = (
        np.asarray(estimates, dtype=float),
        np.asarray(variances, dtype=float),
    )
    m = len(estimates)
    check_fraction("confidence_level", confidence_level)
    if m < 2 or estimates.shape != variances.shape or estimates.shape != (m, len(terms)):
        raise CxError(
            f"estimates {estimates.shape} and variances {variances.shape} must both be "
            f"(imputations, {len(terms)}) with at least 2 imputations"
        )
    pooled = pool_by_rubin(
        estimates, variances, df_complete=df_complete, confidence_level=confidence_level
    )
    table = pd.DataFrame(
        {
            "term": list(terms), "estimate": pooled.estimate, "std_error": pooled.std_error,
            "statistic": pooled.estimate / pooled.std_error, "df": pooled.df,
            "p_value": pooled.p_value, "conf_low": pooled.conf_low,
            "conf_high": pooled.conf_high, "n": n, "within": pooled.within,
            "between": pooled.between, "riv": pooled.riv,
            "lambda": pooled.share, "fmi": pooled.fmi,
        }
    )  # fmt: skip
    return PooledEstimatesResult(
        estimates=table, imputations=m, n=n, confidence_level=confidence_level
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledR2:
    """R² pooled over imputations, its interval, and the fraction of missing information."""

    estimate: float
    low: float
    high: float
    fmi: float


def pool_r2(r2: FloatArray, *, n: int, confidence_level: float = 0.95) -> PooledR2:
    """Pool R² of m imputed data sets on Fisher's z of its root.

    Parameters
    ----------
    r2 : ndarray, shape (m,)
    n : int
        Respondents.
    confidence_level : float

    Returns
    -------
    PooledR2

    Notes
    -----
    R: ``mice::pool.r.squared``.

    References
    ----------
    Harel, O. (2009). The estimation of R² and adjusted R² in incomplete data sets using
    multiple imputation. *Journal of Applied Statistics*, 36, 1109–1118.
    https://doi.org/10.1080/02664760802553000

    Examples
    --------
    >>> round(pool_r2(np.array([0.40, 0.44, 0.42]), n=100).estimate, 3)
    0.42
    """
    values = np.asarray(r2, dtype=float)
    m = len(values)
    z = np.arctanh(np.sqrt(np.clip(values, 0, 1 - 1e-15)))
    within, between = 1 / (n - 3), float(z.var(ddof=1))
    total = within + (1 + 1 / m) * between
    riv = (1 + 1 / m) * between / within
    df = (m - 1) * (1 + 1 / riv) ** 2 if riv > 0 else float("inf")
    reach = float(stats.norm.ppf((1 + confidence_level) / 2)) * np.sqrt(total)
    centre = float(z.mean())
    return PooledR2(
        estimate=float(np.tanh(centre) ** 2),
        low=float(np.tanh(max(0.0, centre - reach)) ** 2),
        high=float(np.tanh(centre + reach) ** 2),
        fmi=float((riv + 2 / (df + 3)) / (riv + 1)),
    )
