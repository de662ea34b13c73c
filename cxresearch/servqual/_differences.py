"""Whether groups of respondents differ: Welch's test, or a Wald test under case weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._moments import mean_influence
from cxresearch._multiplicity import adjust_p_values
from cxresearch._survey import SurveyDesign, domain_df, linearised_covariance
from cxresearch._types import BoolArray, FloatArray, PAdjust

TEXT_COLUMNS = ("term", "group", "groups", "lowest", "highest", "note")
COLUMNS = (
    "term", "group", "estimate", "std_error", "statistic", "df", "df_denominator", "p_value",
    "p_adjusted", "conf_low", "conf_high", "n", "groups", "lowest", "highest", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTest:
    """An F test that groups have the same mean."""

    statistic: float
    df: float
    df_denominator: float
    p_value: float


def welch_test(samples: Sequence[FloatArray]) -> GroupTest:
    """Return Welch's test of equal means that lets every group have its own variance.

    Parameters
    ----------
    samples : sequence of ndarray
        At least two groups, each with two different values or more. With two groups F is the
        square of Welch's t.

    Notes
    -----
    Agrees with R: ``oneway.test(y ~ group)`` and, for two groups, ``t.test(x, y)``.

    References
    ----------
    Welch, B. L. (1951). On the comparison of several mean values. Biometrika 38, 330–336.
    https://doi.org/10.1093/biomet/38.3-4.330

    Examples
    --------
    >>> test = welch_test([np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0, 8.0])])
    >>> round(test.statistic, 4), round(test.df_denominator, 4)
    (4.5, 4.0755)
    """
    import pingouin  # here: it takes a second to load, and only segments need it

    values = np.concatenate(samples)
    groups = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    data = pd.DataFrame({"value": values, "group": groups})
    row = pingouin.welch_anova(data=data, dv="value", between="group").iloc[0]
    return GroupTest(
        statistic=float(row["F"]),
        df=float(row["ddof1"]),
        df_denominator=float(row["ddof2"]),
        p_value=float(row["p_unc"] if "p_unc" in row else row["p-unc"]),
    )


def wald_test(mean: FloatArray, variance: FloatArray, *, n: float) -> GroupTest:
    """Return the Wald test of equal means of disjoint domains under case weights.

    ``F = Σ u (m − m̃)² / (K − 1)`` with ``u = 1/Var(m)``, ``m̃ = Σ u m / Σ u`` and ``n − K``
    degrees of freedom in the denominator: linearised means of disjoint domains have no
    covariance.

    Parameters
    ----------
    mean, variance : ndarray, shape (K,)
        Domain means and their design-based variances.
    n : float
        Respondents in all K domains.

    Notes
    -----
    Agrees with R survey: ``regTermTest(svyglm(y ~ group, d), ~group)`` and ``svyttest``.

    Examples
    --------
    >>> wald_test(np.array([0.0, 1.0]), np.array([0.02, 0.02]), n=102).statistic
    25.0
    """
    precision = 1 / variance
    common = (precision * mean).sum() / precision.sum()
    df = len(mean) - 1
    statistic = float((precision * (mean - common) ** 2).sum() / df)
    p_value = float(stats.f.sf(statistic, df, n - df - 1))
    return GroupTest(statistic=statistic, df=df, df_denominator=n - df - 1, p_value=p_value)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointMeans:
    """Means of groups whose respondents may share clusters.

    Attributes
    ----------
    mean : ndarray, shape (K,)
    covariance : ndarray, shape (K, K)
    df : float
        Clusters less strata of all groups together.
    """

    mean: FloatArray
    covariance: FloatArray
    df: float

    def test(self) -> GroupTest:
        """Return the Wald test of equal means, ``F = (Cm)'(CVC')⁻¹(Cm)/(K − 1)``.

        Denominator degrees of freedom are ``df + 1 − K``. Agrees with R survey:
        ``regTermTest(svyglm(y ~ group, d), ~group)``.
        """
        groups = len(self.mean)
        contrast = np.eye(groups)[1:] - np.eye(groups)[0]
        differences = contrast @ self.mean
        spread = contrast @ self.covariance @ contrast.T
        df, rest = groups - 1, self.df + 1 - groups
        if not rest >= 1 or np.linalg.matrix_rank(spread) < df:
            nan = math.nan
            return GroupTest(statistic=nan, df=float(df), df_denominator=nan, p_value=nan)
        statistic = float(differences @ np.linalg.solve(spread, differences)) / df
        return GroupTest(
            statistic=statistic,
            df=float(df),
            df_denominator=rest,
            p_value=float(stats.f.sf(statistic, df, rest)),
        )

    def error_of_two(self) -> float:
        """Return the standard error of the difference of two groups."""
        v = self.covariance
        return math.sqrt(max(v[0, 0] + v[1, 1] - 2 * v[0, 1], 0.0))


def joint_means(
    values: FloatArray, groups: Sequence[BoolArray], design: SurveyDesign
) -> JointMeans:
    """Return the means of a score (n,) in some groups with their design-based covariance."""
    inside = np.column_stack([np.where(members, values, np.nan) for members in groups])
    influence = mean_influence(inside, design.weights)
    answered = np.isfinite(inside)
    shares = np.where(answered, design.weights[:, None], 0.0)
    total = (shares * np.where(answered, inside, 0.0)).sum(axis=0)
    return JointMeans(
        mean=total / shares.sum(axis=0),
        covariance=linearised_covariance(influence, design),
        df=float(domain_df(answered.any(axis=1)[:, None], design)[0]),
    )


def compare_groups(
    cells: pd.DataFrame,
    samples: Sequence[FloatArray],
    *,
    weighted: bool,
    confidence_level: float,
    joint: Callable[[BoolArray], JointMeans] | None = None,
) -> dict[str, object]:
    """Return one row of `differences`, its p_adjusted still nan: one term, one segment.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows of `estimates` of this term, one a group.
    samples : sequence of ndarray
        Gaps of the respondents of each group, in the order of `cells`.
    weighted : bool
    confidence_level : float
    joint : function, optional
        Of a design with strata or clusters: from which groups are shown to their means.
    """
    shown = (~cells["suppressed"]).to_numpy()
    kept = cells[shown]
    row: dict[str, object] = dict.fromkeys(COLUMNS, math.nan)
    row |= dict.fromkeys(TEXT_COLUMNS, "") | {"term": cells["term"].iloc[0]}
    row["group"] = cells["segment"].iloc[0]
    if len(kept):
        row["n"] = float(kept["n"].sum())
    if len(kept) < 2 or (kept["note"] == "too_few").any():
        row["note"] = "too_few_groups"
        return row
    ordered = kept.sort_values("estimate", kind="stable")["group"]
    row |= {"lowest": ordered.iloc[0], "highest": ordered.iloc[-1]}
    for note in ("constant", "one_cluster"):
        if (kept["note"] == note).any():
            row["note"] = note
            return row
    mean, error = kept["estimate"].to_numpy(), kept["std_error"].to_numpy()
    together = None if joint is None else joint(shown)
    if together is not None:
        test = together.test()
    elif weighted:
        test = wald_test(mean, error**2, n=float(kept["n"].sum()))
    else:
        test = welch_test([s for s, is_shown in zip(samples, shown, strict=True) if is_shown])
    row |= {
        "statistic": test.statistic,
        "df": test.df,
        "df_denominator": test.df_denominator,
        "p_value": test.p_value,
    }
    if len(kept) == 2:
        apart = math.hypot(*error) if together is None else together.error_of_two()
        row |= _difference_of_two(kept, test.df_denominator, apart, confidence_level)
    return row


def _difference_of_two(
    kept: pd.DataFrame, df: float, std_error: float, confidence_level: float
) -> dict[str, object]:
    first, second = kept["estimate"]
    half = float(stats.t.ppf((1 + confidence_level) / 2, df)) * std_error
    return {
        "estimate": first - second,
        "std_error": std_error,
        "conf_low": first - second - half,
        "conf_high": first - second + half,
        "groups": " − ".join(kept["group"]),
    }


def differences_frame(rows: Sequence[dict[str, object]], *, method: PAdjust) -> pd.DataFrame:
    """Return the rows as a table; p-values are adjusted over the terms of each segment."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in TEXT_COLUMNS]
    frame = frame.astype(dict.fromkeys(TEXT_COLUMNS, object) | dict.fromkeys(numbers, float))
    if frame.empty:
        return frame
    adjusted = frame.groupby("group", sort=False)["p_value"].transform(
        lambda p: adjust_p_values(p, method=method)
    )
    return frame.assign(p_adjusted=adjusted)
