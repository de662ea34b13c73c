"""The tables of a mixed model: tests, pairs of levels, variances, and notes on the fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._kenward_roger import KenwardRoger
from cxresearch._mixed import MixedFit
from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import FloatArray, PAdjust
from cxresearch._validate import check_names
from cxresearch.errors import CxError
from cxresearch.peak_end._design import Design

COLUMNS = ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Inference:
    """A fit, and its correction where one was asked for."""

    fit: MixedFit
    corrected: KenwardRoger | None

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the fixed effects."""
        return self.fit.covariance if self.corrected is None else self.corrected.covariance

    def df(self, contrasts: FloatArray) -> FloatArray:
        """Return the degrees of freedom of contrasts."""
        if self.corrected is None:
            return self.fit.satterthwaite_df(contrasts)
        return self.corrected.df(contrasts)


def tests_of(fit: Inference, contrasts: FloatArray, confidence_level: float) -> pd.DataFrame:
    """Return t tests of contrasts of the fixed effects, one row each."""
    estimate = contrasts @ fit.fit.beta
    error = np.sqrt(np.einsum("cp,ps,cs->c", contrasts, fit.covariance, contrasts))
    df = fit.df(contrasts)
    half = stats.t.ppf((1 + confidence_level) / 2, df) * error
    statistic = estimate / error
    return pd.DataFrame(
        {
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "df": df,
            "p_value": 2 * stats.t.sf(np.abs(statistic), df),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )


def pairs_of(
    fit: Inference,
    fixed: Design,
    used: pd.DataFrame,
    compare: str,
    control: str,
    confidence_level: float,
    p_adjust: PAdjust,
) -> pd.DataFrame:
    """Compare the levels of a column with the control, or all in pairs, later minus earlier."""
    columns = ["term", "group", *COLUMNS[:5], "p_adjusted", *COLUMNS[5:], "n"]
    if not compare:
        return pd.DataFrame(
            {c: pd.Series(dtype=object if c in ("term", "group") else float) for c in columns}
        )
    if compare not in fixed.levels:
        raise CxError(
            f"compare: {compare!r} is numeric; turn its codes into text to compare them"
        )
    levels = fixed.levels[compare]
    pairs = list(combinations(range(len(levels)), 2))
    if control:
        check_names("control", [control], levels, of=f"levels of {compare}")
        base = levels.index(control)
        pairs = [(base, other) for other in range(len(levels)) if other != base]
    rows, names, counts = [], [], []
    position = {f"{compare}[{level}]": k for k, level in enumerate(levels)}
    of_level = np.zeros((len(levels), len(fixed.terms)))
    for column, term in enumerate(fixed.terms):
        if term in position:
            of_level[position[term], column] = 1.0
    sizes = used[compare].astype(str).value_counts()
    for first, second in pairs:
        rows.append(of_level[second] - of_level[first])
        names.append(f"{levels[second]} − {levels[first]}")
        counts.append(float(sizes[levels[second]] + sizes[levels[first]]))
    table = tests_of(fit, np.array(rows), confidence_level)
    adjusted = adjust_p_values(table["p_value"].to_numpy(), method=p_adjust)
    return table.assign(term=compare, group=names, p_adjusted=adjusted, n=counts)[columns]


def components_of(fit: MixedFit, terms: list[str], *, correlated: bool) -> pd.DataFrame:
    """Return variances of the random effects, their covariances, and the residual's."""
    covariance = fit.random_covariance
    sd = np.sqrt(np.diag(covariance))
    rows: list[tuple[str, str, float, float]] = [
        (term, "", float(covariance[k, k]), float(sd[k])) for k, term in enumerate(terms)
    ]
    for a, b in combinations(range(len(terms)), 2) if correlated else ():
        product = sd[a] * sd[b]
        correlation = covariance[a, b] / product if product > 0 else np.nan
        rows.append((terms[a], terms[b], float(covariance[a, b]), float(correlation)))
    rows.append(("residual", "", fit.sigma2, float(np.sqrt(fit.sigma2))))
    return pd.DataFrame(rows, columns=["term", "group", "estimate", "sd"])


def shares_of(fit: MixedFit, x: FloatArray, z: FloatArray) -> tuple[float, float, float]:
    """Return ICC, marginal and conditional R²."""
    of_fixed = float(np.var(x @ fit.beta, ddof=1))
    of_random = float(np.einsum("nq,qr,nr->", z, fit.random_covariance, z) / len(z))
    total = of_fixed + of_random + fit.sigma2
    return (
        of_random / (of_random + fit.sigma2),
        of_fixed / total,
        (of_fixed + of_random) / total,
    )


def notes_of(fit: MixedFit, omitted: int, single: int) -> tuple[str, ...]:
    """Return what a reader should know of a fit, as codes."""
    notes = ["singular"] if fit.singular else []
    notes += [] if fit.converged else ["not_converged"]
    notes += [f"rows_omitted:{omitted}"] if omitted else []
    notes += [f"single_row_groups:{single}"] if single else []
    return tuple(notes)
