"""Is one rule of memory better than another? Tests for rules that are not nested."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._dependent_correlations import meng_error
from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_names
from cxresearch.errors import CxError
from cxresearch.peak_end._least_squares import LeastSquares, least_squares
from cxresearch.peak_end._memory_data import MemoryData, Within, memory_data
from cxresearch.peak_end.memory import (
    MODELS,
    NEEDED,
    MemoryModelsResult,
    clustered_mean,
)
from cxresearch.results import Result, in_tidy_order

TESTS: tuple[str, ...] = ("prediction", "correlation", "vuong")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RivalRulesResult(Result):
    """Every rule of memory against one of them, tested in three ways.

    Attributes
    ----------
    tests : DataFrame
        One row a rule and test: term (rule), group (the rule it is set against), test,
        estimate, std_error, statistic, df, p_value, p_adjusted (over the rules of a test),
        conf_low, conf_high, n, note ("", "nested", "several_predictors", "constant_feature",
        "same"). Above 0 speaks for the rule. Tests: "prediction" (squared error saved for
        unseen participants), "correlation" (Fisher z of the rule's correlation with memory
        less that of the other), "vuong" (log-likelihood per episode, less parameters).
    alike : DataFrame
        term, estimate: correlation of what a rule fits with what the other one fits.
    against : str
        The rule all are set against.
    repeated : bool
        People have several episodes: participants are the units of every test.
    n, n_participants : int
    confidence_level : float
    p_adjust : str
    """

    tests: pd.DataFrame
    alike: pd.DataFrame
    against: str
    repeated: bool
    n: int
    n_participants: int
    confidence_level: float
    p_adjust: str

    def tidy(self) -> pd.DataFrame:
        """Return one row a rule and test."""
        return in_tidy_order(self.tests)

    def glance(self) -> pd.DataFrame:
        """Return how many rules each test tells apart, one row."""
        decided = self.tests["p_adjusted"] < 1 - self.confidence_level
        counts = {test: [int(decided[self.tests["test"] == test].sum())] for test in TESTS}
        return pd.DataFrame(
            {"n": [self.n], "participants": [self.n_participants], "against": [self.against]}
            | {f"told_apart_{test}": count for test, count in counts.items()}
        )


def compare_rivals(
    features: pd.DataFrame,
    found: MemoryModelsResult,
    *,
    participant: str,
    against: str = "mean",
    within: Within = "auto",
    p_adjust: PAdjust = "holm",
) -> RivalRulesResult:
    r"""Test every rule of memory against one of them.

    Rules that are not nested cannot be compared by an F test, and their R² on the same episodes
    hang together. Three answers, each with its own question:

    - *prediction*: squared error saved for participants a model never saw, paired by episode;
    - *correlation*: with one predictor each, Meng, Rosenthal and Rubin's test of dependent
      correlations, ``z = (Z_1 − Z_2) √((n − 3)/(2 (1 − r_12) h))``;
    - *vuong*: ``z = (Σ d_i − (k_1 − k_2))/(√n ω)``, ``d_i`` the difference of the models'
      normal log-likelihoods of episode i, ω its standard deviation, k the parameters (Akaike's
      correction).

    Where people have several episodes, sums of a participant are the units of all three; the
    correlation then by its influence function, tests with participants − 1 degrees of freedom.

    Parameters
    ----------
    features : DataFrame
        The table that `found` was made from.
    found : MemoryModelsResult
        From `compare_memory_models`; gives the predictions for unseen participants.
    participant : str
        Column of the participant.
    against : str
        One of the rules.
    within : {"auto", "independent", "mixed"}
        As it was for `found`.
    p_adjust : {"holm", "bh", "none"}

    Returns
    -------
    RivalRulesResult
        Not tested, with a note: by Vuong a rule that contains the other; by correlation a rule
        of several features, whose multiple correlation is too high by its own making.

    Raises
    ------
    CxError
        A rule is unknown, or `features` is another table than `found` was made from.

    Notes
    -----
    Agrees with R: ``dnorm(…, log = TRUE)`` of ``lm`` fits as in ``nonnest2::vuongtest``; the
    formula of Meng et al. is near ``psych::r.test``, which takes Williams' t. At no difference
    they reject at 5% in 5.3% (prediction), 4.4% (correlation) and 5.9% (vuong) of 1,000
    simulated studies of 150 people, in 5.1%, 5.3% and 5.4% of 60 people with three episodes
    (``benchmarks/rivals.py``).

    References
    ----------
    Vuong, Q. H. (1989). Likelihood ratio tests for model selection and non-nested hypotheses.
    Econometrica 57, 307–333. https://doi.org/10.2307/1912557

    Meng, X.-L., Rosenthal, R., & Rubin, D. B. (1992). Comparing correlated correlation
    coefficients. Psychological Bulletin 111, 172–175.
    https://doi.org/10.1037/0033-2909.111.1.172

    Examples
    --------
    >>> from cxresearch.peak_end import compare_memory_models
    >>> rng = np.random.default_rng(1)
    >>> names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    >>> episodes = pd.DataFrame(rng.normal(size=(60, 8)), columns=names)
    >>> episodes["duration"], episodes["person"] = rng.normal(size=60), range(60)
    >>> episodes["memory"] = episodes["peak"] + episodes["end"] + rng.normal(size=60)
    >>> found = compare_memory_models(episodes, retrospective="memory", participant="person")
    >>> tests = compare_rivals(episodes, found, participant="person").tests
    >>> row = tests[(tests["term"] == "peak_end") & (tests["test"] == "vuong")].iloc[0]
    >>> bool(row["statistic"] > 2)
    True
    """
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_names("against", [against], list(MODELS), of="rules")
    data = memory_data(
        features, NEEDED, retrospective=found.retrospective, participant=participant,
        within=within,
    )  # fmt: skip
    _check_same(data, found)
    data.columns["peak_end"] = (data.columns["peak"] + data.columns["end"]) / 2
    repeated = len(np.unique(data.person)) < data.n
    comparing = _Comparing(
        data=data,
        squared=_squared_errors(found),
        fits=_fits(data, found),
        against=against,
        repeated=repeated,
    )
    rows = [comparing.row(name, test) for test in TESTS for name in MODELS]
    return RivalRulesResult(
        tests=_finished(pd.DataFrame(rows), found.confidence_level, p_adjust),
        alike=comparing.alike(),
        against=against,
        repeated=repeated,
        n=data.n,
        n_participants=data.people,
        confidence_level=found.confidence_level,
        p_adjust=p_adjust,
    )


def _check_same(data: MemoryData, found: MemoryModelsResult) -> None:
    observed = found.predictions["observed"].to_numpy()
    if len(observed) != data.n or not np.array_equal(observed, data.memory):
        raise CxError(
            f"features has {data.n} complete episodes and found {len(observed)}, or in another "
            "order; give the table that found was made from"
        )


def _fits(data: MemoryData, found: MemoryModelsResult) -> dict[str, LeastSquares | None]:
    """Return the least-squares fit of each rule; None where it was not estimated."""
    columns: dict[str, list[str]] = {name: [] for name in MODELS}
    for term, group in zip(
        found.coefficients["term"], found.coefficients["group"], strict=True
    ):
        columns[term] += [group] if group != "intercept" else []
    return {
        name: least_squares(data.design(own), data.memory) if own else None
        for name, own in columns.items()
    }


def _squared_errors(found: MemoryModelsResult) -> dict[str, FloatArray]:
    observed = found.predictions["observed"].to_numpy()
    return {name: (observed - found.predictions[name].to_numpy()) ** 2 for name in MODELS}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Comparing:
    """The rules' fits on the same episodes, and the rule they are set against.

    `squared` are the errors of each rule for participants it never saw.
    """

    data: MemoryData
    squared: dict[str, FloatArray]
    fits: dict[str, LeastSquares | None]
    against: str
    repeated: bool

    def row(self, name: str, test: str) -> dict[str, object]:
        """Return the test of a rule against the other one."""
        row: dict[str, object] = {
            "term": name, "group": self.against, "estimate": math.nan, "std_error": math.nan,
            "statistic": math.nan, "df": math.nan, "p_value": math.nan, "p_adjusted": math.nan,
            "conf_low": math.nan, "conf_high": math.nan, "n": float(self.data.n), "test": test,
            "note": "",
        }  # fmt: skip
        own, other = self.fits[name], self.fits[self.against]
        if own is None or other is None:
            return row | {"note": "constant_feature"}
        if name == self.against:
            return row | {"note": "same"}
        if test == "prediction":
            return row | self._prediction(name)
        if test == "correlation":
            if own.x.shape[1] > 2 or other.x.shape[1] > 2:
                return row | {"note": "several_predictors"}
            return row | self._correlation(own, other)
        if _contains(own, other) or _contains(other, own):
            return row | {"note": "nested"}
        return row | self._vuong(own, other)

    def alike(self) -> pd.DataFrame:
        """Return how what each rule fits correlates with what the other one fits."""
        other = self.fits[self.against]
        rows = []
        for name, own in self.fits.items():
            r = math.nan
            if own is not None and other is not None:
                r = float(np.corrcoef(own.x @ own.beta, other.x @ other.beta)[0, 1])
            rows.append((name, r))
        return pd.DataFrame(rows, columns=["term", "estimate"])

    def _prediction(self, name: str) -> dict[str, float]:
        saved = self.squared[self.against] - self.squared[name]
        gain, error = clustered_mean(saved, self.data.person)
        return {"estimate": gain, "std_error": error, "df": self.data.people - 1.0}

    def _correlation(self, own: LeastSquares, other: LeastSquares) -> dict[str, float]:
        y = _standard(self.data.memory)
        first, second = (_standard(fit.x @ fit.beta) for fit in (own, other))
        r_1, r_2 = float(np.mean(first * y)), float(np.mean(second * y))
        estimate = math.atanh(r_1) - math.atanh(r_2)
        if not self.repeated:
            r_12 = float(np.mean(first * second))
            return {
                "estimate": estimate,
                "std_error": meng_error(r_1, r_2, r_12, n=self.data.n),
                "df": math.inf,
            }
        # Influence of an episode on each Fisher z; sums of a participant are independent.
        pull = [
            (x * y - r * (x**2 + y**2) / 2) / (1 - r**2)
            for x, r in ((first, r_1), (second, r_2))
        ]
        _, error = clustered_mean(pull[0] - pull[1], self.data.person)
        return {"estimate": estimate, "std_error": error, "df": self.data.people - 1.0}

    def _vuong(self, own: LeastSquares, other: LeastSquares) -> dict[str, float]:
        n = self.data.n
        gap = _log_density(own) - _log_density(other)
        penalty = own.x.shape[1] - other.x.shape[1]
        estimate = float(gap.mean()) - penalty / n
        if not self.repeated:
            error = float(gap.std()) / math.sqrt(n)
            return {"estimate": estimate, "std_error": error, "df": math.inf}
        _, error = clustered_mean(gap, self.data.person)
        return {"estimate": estimate, "std_error": error, "df": self.data.people - 1.0}


def _standard(values: FloatArray) -> FloatArray:
    standard: FloatArray = (values - values.mean()) / values.std()
    return standard


def _log_density(fit: LeastSquares) -> FloatArray:
    variance = fit.rss / len(fit.residuals)
    density: FloatArray = -0.5 * (
        np.log(2 * np.pi * variance) + np.square(fit.residuals) / variance
    )
    return density


def _contains(wide: LeastSquares, narrow: LeastSquares) -> bool:
    """Tell whether every column of a model is a combination of another one's."""
    if wide.x.shape[1] < narrow.x.shape[1]:
        return False
    left = narrow.x - wide.x @ np.linalg.lstsq(wide.x, narrow.x, rcond=None)[0]
    return bool(np.abs(left).max() <= 1e-9 * np.abs(narrow.x).max())


def _finished(table: pd.DataFrame, level: float, p_adjust: PAdjust) -> pd.DataFrame:
    """Add the statistics; the rules of a test stand together and are one family."""
    estimate, error, df = (
        table[name].to_numpy(dtype=float) for name in ("estimate", "std_error", "df")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = estimate / error
    p_value = np.asarray(2 * stats.t.sf(np.abs(statistic), df))
    half = np.asarray(stats.t.ppf((1 + level) / 2, df)) * error
    families = np.split(p_value, len(TESTS))
    return in_tidy_order(
        table.assign(
            statistic=statistic,
            p_value=p_value,
            p_adjusted=np.concatenate(
                [adjust_p_values(family, method=p_adjust) for family in families]
            ),
            conf_low=estimate - half,
            conf_high=estimate + half,
        )
    )
