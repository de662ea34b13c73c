"""Rubin's rules on arrays: several imputed data sets as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxresearch._types import FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RubinPool:
    """Estimates of m imputed data sets pooled; arrays of shape (k,).

    Attributes
    ----------
    estimate, std_error, df, p_value, conf_low, conf_high : ndarray
    within, between : ndarray
        Mean variance within, and variance between, the imputed data sets.
    riv, share, fmi : ndarray
        Relative increase in variance, share of variance due to missing answers, fraction of
        missing information.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    p_value: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    within: FloatArray
    between: FloatArray
    riv: FloatArray
    share: FloatArray
    fmi: FloatArray


def pool_by_rubin(
    estimates: FloatArray,
    variances: FloatArray,
    *,
    df_complete: FloatArray | float = float("inf"),
    confidence_level: float = 0.95,
) -> RubinPool:
    """Pool estimates and squared standard errors of shape (m, k), m at least 2.

    Notes
    -----
    ``T = Ū + (1 + 1/m) B`` with the degrees of freedom of Barnard & Rubin (1999). R:
    ``mice::pool``.

    References
    ----------
    Barnard, J., & Rubin, D. B. (1999). Small-sample degrees of freedom with multiple
    imputation. *Biometrika*, 86, 948–955. https://doi.org/10.1093/biomet/86.4.948
    """
    m = len(estimates)
    centre, within = estimates.mean(axis=0), variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    df = barnard_rubin_df(share, m, df_complete)
    riv = (1 + 1 / m) * between / within
    error = np.sqrt(total)
    reach = stats.t.ppf((1 + confidence_level) / 2, df) * error
    return RubinPool(
        estimate=centre, std_error=error, df=df,
        p_value=np.asarray(2 * stats.t.sf(np.abs(centre / error), df)),
        conf_low=centre - reach, conf_high=centre + reach, within=within, between=between,
        riv=riv, share=share, fmi=(riv + 2 / (df + 3)) / (riv + 1),
    )  # fmt: skip


def barnard_rubin_df(share: FloatArray, m: int, df_complete: FloatArray | float) -> FloatArray:
    """Return Barnard and Rubin's degrees of freedom of m imputations."""
    # No spread between imputations would give an infinite ν_old; mice floors λ the same way.
    share = np.maximum(share, 1e-4)
    old = (m - 1) / share**2
    complete = np.broadcast_to(np.asarray(df_complete, dtype=float), share.shape)
    known = np.isfinite(complete)
    finite = np.where(known, complete, 1.0)
    observed = (finite + 1) / (finite + 3) * finite * (1 - share)
    return np.where(known, old * observed / (old + observed), old)
