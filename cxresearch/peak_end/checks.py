"""Did the experiment run as planned: arm sizes, balance before, drop-out after assignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_fraction, check_names
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._balance import distances, shuffled_distances, whitened
from cxresearch.peak_end._design import arms_of, complete_rows, levels_of
from cxresearch.peak_end.choice import wilson_interval
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SampleRatioResult(Result):
    """Whether the arms have the sizes the assignment should have given.

    Attributes
    ----------
    estimates : DataFrame
        term (condition), estimate (share), n, expected (people).
    statistic, df, p_value : float
        Chi-square test of the counts.
    mismatch : bool
        p_value below `threshold`: find the cause before reading any effect.
    threshold : float
    n : int
    """

    estimates: pd.DataFrame
    statistic: float
    df: float
    p_value: float
    mismatch: bool
    threshold: float
    n: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a condition."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the test, one row."""
        names = ("n", "statistic", "df", "p_value", "mismatch")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def sample_ratio(
    counts: Mapping[str, int],
    *,
    ratio: Mapping[str, float] | None = None,
    threshold: float = 0.001,
) -> SampleRatioResult:
    """Test the counts of the arms against the planned ratio.

    Parameters
    ----------
    counts : mapping of str to int
        Condition → people.
    ratio : mapping of str to float, optional
        Condition → its part of the assignment, any positive scale; equal by default.
    threshold : float
        p-value below which a mismatch is declared, 0 to 1; low, as every study is tested.

    Returns
    -------
    SampleRatioResult

    Raises
    ------
    CxError
        Fewer than two conditions, unknown or missing ones in `ratio`, parts that are not
        positive, or no people at all.

    Notes
    -----
    Agrees with R: ``chisq.test(counts, p = ratio/sum(ratio))``.

    References
    ----------
    Fabijan, A., et al. (2019). Diagnosing sample ratio mismatch in online controlled
    experiments. KDD '19, 2156–2164. https://doi.org/10.1145/3292500.3330722

    Examples
    --------
    >>> sample_ratio({"plain": 821, "warm": 679}).mismatch
    True
    """
    check_fraction("threshold", threshold)
    names = list(counts)
    if len(names) < 2:
        raise CxError(f"counts needs at least 2 conditions; got {names}")
    seen = np.array([check_count(f"counts[{name!r}]", counts[name]) for name in names], float)
    parts = dict.fromkeys(names, 1.0) if ratio is None else dict(ratio)
    check_names("ratio", parts, names, of="conditions")
    if set(parts) != set(names) or min(parts.values()) <= 0 or seen.sum() == 0:
        raise CxError("ratio needs a positive part for every condition, and counts some people")
    planned = np.array([parts[name] for name in names])
    expected = seen.sum() * planned / planned.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum())
    p_value = float(stats.chi2.sf(statistic, len(names) - 1))
    return SampleRatioResult(
        estimates=pd.DataFrame(
            {"term": names, "estimate": seen / seen.sum(), "n": seen, "expected": expected}
        ),
        statistic=statistic,
        df=float(len(names) - 1),
        p_value=p_value,
        mismatch=p_value < threshold,
        threshold=threshold,
        n=int(seen.sum()),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BalanceResult(Result):
    """Whether the arms were alike before the experiment.

    Attributes
    ----------
    estimates : DataFrame
        term (covariate), group ("B − A"), estimate (standardised mean difference), n. No
        p-value for a single covariate: with ten of them one is "significant" by chance.
    statistic : float
        Weighted squared distances of the arms' means from the overall mean, in the metric of
        the covariates' covariance.
    p_value : float
        Share of permuted assignments at least as far apart, the real one counted.
    permutations : int
    seed : int
    covariates : tuple of str
    n, n_omitted : int
    """

    estimates: pd.DataFrame
    statistic: float
    p_value: float
    permutations: int
    seed: int
    covariates: tuple[str, ...]
    n: int
    n_omitted: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a covariate and pair of arms."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the omnibus test, one row."""
        names = ("n", "statistic", "p_value", "permutations")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def balance_test(
    people: pd.DataFrame,
    *,
    condition: str,
    covariates: Sequence[str],
    permutations: int = 2000,
    seed: int = 20260101,
) -> BalanceResult:
    r"""Test all covariates at once for differences between the arms.

    ``T = Σ_a n_a (x̄_a − x̄)' S⁻¹ (x̄_a − x̄)``, referred to its distribution when the labels of
    the arms are shuffled; S is the covariance of the covariates over everybody.

    Parameters
    ----------
    people : DataFrame
        One row a person.
    condition : str
    covariates : sequence of str
        Numeric columns measured before assignment.
    permutations : int
        At least 99.
    seed : int

    Returns
    -------
    BalanceResult

    Raises
    ------
    CxError
        A column is unknown, or a covariate not numeric.
    ResponseError
        Fewer than two arms, or a covariate that does not vary.

    References
    ----------
    Hansen, B. B., & Bowers, J. (2008). Covariate balance in simple, stratified and clustered
    comparative studies. Statistical Science 23, 219–236. https://doi.org/10.1214/08-STS254

    Examples
    --------
    >>> people = pd.DataFrame({"arm": ["a", "b"] * 20, "age": range(40)})
    >>> found = balance_test(people, condition="arm", covariates=["age"])
    >>> found.p_value > 0.5
    True
    """
    check_count("permutations", permutations, at_least=99)
    used, omitted = complete_rows(people, [condition, *covariates])
    levels = levels_of(used[condition])
    if len(levels) < 2:
        raise ResponseError(f"one condition only, {levels[0]!r}; nothing to compare")
    arms = arms_of(used[condition], levels)
    x = np.column_stack([_varying(used[name]) for name in covariates])
    scores = whitened(x)
    statistic = float(distances(scores, arms[None], len(levels))[0])
    drawn = shuffled_distances(
        scores, arms, len(levels), draws=permutations, rng=np.random.default_rng(seed)
    )
    reached = int((drawn >= statistic * (1 - 1e-12)).sum())
    return BalanceResult(
        estimates=_differences(x, arms, levels, covariates),
        statistic=statistic,
        p_value=(reached + 1) / (permutations + 1),
        permutations=permutations,
        seed=seed,
        covariates=tuple(covariates),
        n=len(used),
        n_omitted=omitted,
    )


def _varying(covariate: pd.Series) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(covariate):
        raise CxError(
            f"covariate {covariate.name!r} must be numeric; it holds {covariate.iloc[0]!r}"
        )
    values: FloatArray = covariate.to_numpy(dtype=float)
    if np.ptp(values) == 0:
        raise ResponseError(
            f"covariate {covariate.name!r} is the same for everybody; leave it out"
        )
    return values


def _differences(
    x: FloatArray, arms: np.ndarray, levels: tuple[str, ...], covariates: Sequence[str]
) -> pd.DataFrame:
    rows = []
    for k, name in enumerate(covariates):
        base = x[arms == 0, k]
        for arm in range(1, len(levels)):
            other = x[arms == arm, k]
            df = len(base) + len(other) - 2
            squares = ((base - base.mean()) ** 2).sum() + ((other - other.mean()) ** 2).sum()
            sd = np.sqrt(squares / df) if df > 0 and squares > 0 else np.nan
            difference = float((other.mean() - base.mean()) / sd)
            n = float(len(base) + len(other))
            rows.append((name, f"{levels[arm]} − {levels[0]}", difference, n))
    return pd.DataFrame(rows, columns=["term", "group", "estimate", "n"])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AttritionResult(Result):
    """Whether people were lost alike in all conditions.

    Attributes
    ----------
    estimates : DataFrame
        term (condition), estimate (share lost), conf_low, conf_high (Wilson), n, lost.
    statistic, df, p_value : float
        Chi-square test of equal shares; nan when nobody, or everybody, was lost.
    p_exact : float
        Fisher's exact test; nan with more than two conditions.
    spread : float
        Largest less smallest share lost.
    confidence_level : float
    n : int
    """

    estimates: pd.DataFrame
    statistic: float
    df: float
    p_value: float
    p_exact: float
    spread: float
    confidence_level: float
    n: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a condition."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the test, one row."""
        names = ("n", "statistic", "df", "p_value", "p_exact", "spread")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def attrition(
    people: pd.DataFrame, *, condition: str, lost: str, confidence_level: float = 0.95
) -> AttritionResult:
    """Compare the share of people lost between conditions.

    Parameters
    ----------
    people : DataFrame
        One row a person who was assigned, lost or not.
    condition : str
        Column.
    lost : str
        Column that is true where the person was lost (or the outcome's column: a gap counts as
        lost when it is not true/false).
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    AttritionResult

    Raises
    ------
    CxError
        A column is unknown.
    ResponseError
        A person without a condition, or one condition only.

    Notes
    -----
    Agrees with R: ``chisq.test(correct = FALSE)``, ``fisher.test``.

    References
    ----------
    Zhou, H., & Fishbach, A. (2016). The pitfall of experimenting on the web. Journal of
    Personality and Social Psychology 111, 493–504. https://doi.org/10.1037/pspa0000056

    Examples
    --------
    >>> people = pd.DataFrame({"arm": ["a", "a", "b", "b"], "gone": [True] + [False] * 3})
    >>> attrition(people, condition="arm", lost="gone").spread
    0.5
    """
    check_fraction("confidence_level", confidence_level)
    check_names("columns", [condition, lost], [str(c) for c in people.columns], of="columns")
    if people[condition].isna().any():
        raise ResponseError(f"{int(people[condition].isna().sum())} people have no condition")
    column = people[lost]
    gone = column.to_numpy() if pd.api.types.is_bool_dtype(column) else column.isna().to_numpy()
    levels = levels_of(people[condition])
    if len(levels) < 2:
        raise ResponseError(f"one condition only, {list(levels)}; nothing to compare")
    arms = arms_of(people[condition], levels)
    sizes, losses = np.bincount(arms), np.bincount(arms[gone], minlength=len(levels))
    bounds = [
        wilson_interval(int(x), int(n), confidence_level=confidence_level)
        for x, n in zip(losses, sizes, strict=True)
    ]
    table = np.column_stack([losses, sizes - losses])
    statistic = p_value = p_exact = float("nan")
    if (table.sum(axis=0) > 0).all():
        tested = stats.chi2_contingency(table, correction=False)
        statistic, p_value = float(tested.statistic), float(tested.pvalue)
    if len(levels) == 2:
        p_exact = float(stats.fisher_exact(table).pvalue)
    shares = losses / sizes
    return AttritionResult(
        estimates=pd.DataFrame(
            {
                "term": list(levels),
                "estimate": shares,
                "conf_low": [low for low, _ in bounds],
                "conf_high": [high for _, high in bounds],
                "n": sizes.astype(float),
                "lost": losses,
            }
        ),
        statistic=statistic,
        df=float(len(levels) - 1),
        p_value=p_value,
        p_exact=p_exact,
        spread=float(shares.max() - shares.min()),
        confidence_level=confidence_level,
        n=len(people),
    )
