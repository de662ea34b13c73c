"""How many respondents a gap study needs, for an interval and for comparing branches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._effects import noncentral_t_cdf
from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_fraction
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result, in_tidy_order
from cxresearch.servqual.gaps import servqual_gaps

_MOST = 10_000_000
_BATCH = 200_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServqualPlanResult(Result):
    """Respondents that a gap study needs.

    Attributes
    ----------
    required : pandas.DataFrame
        One row a question: term (``"interval"``: the interval of the gap is no wider than
        `half_width` to each side; ``"comparison"``: a `difference` between two of the groups is
        found with `power`), estimate (respondents in all), per_group, clusters (in all, 0
        without), simple (respondents a simple random sample would need).
    estimates : pandas.DataFrame
        Simulated studies of that size: term (``"half_width"``: mean half width;
        ``"half_width_reached"``: how often it is no wider than wanted; ``"interval_covers"``;
        ``"difference_found"``), estimate, std_error, conf_low, conf_high (95 % of the
        Monte-Carlo error), n (respondents in all).
    source : str
        ``"assumed"`` or ``"earlier study"``.
    term : str
        The score planned for, with an earlier study.
    sd : float
        Standard deviation of the gap, response-scale units.
    half_width, difference : float
        Response-scale units.
    groups : int
        Groups compared pairwise.
    power : float
    icc : float
        Correlation of two respondents of one cluster.
    cluster_size : int
        Respondents a cluster; 1 without clusters.
    weight_effect : float
        Variance that case weights multiply, Kish: 1 + squared coefficient of variation.
    design_effect : float
        ``(1 + (cluster_size − 1) icc) · weight_effect``.
    n_sims, seed : int
    n_earlier : int
        Respondents of the earlier study; 0 without one.
    confidence_level : float
    """

    required: pd.DataFrame
    estimates: pd.DataFrame
    source: str
    term: str
    sd: float
    half_width: float
    difference: float
    groups: int
    power: float
    icc: float
    cluster_size: int
    weight_effect: float
    design_effect: float
    n_sims: int
    seed: int
    n_earlier: int
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """One row a simulated quantity."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: what was assumed, and the respondents required."""
        needed = self.required.set_index("term")["estimate"]
        names = ("source", "sd", "half_width", "difference", "groups", "power", "design_effect")
        row = {name: getattr(self, name) for name in names}
        return pd.DataFrame([row | {f"n_{name}": needed[name] for name in needed.index}])


def plan_servqual(  # noqa: PLR0913 - a study in a few numbers
    earlier: Responses | None = None,
    *,
    battery: str | None = None,
    term: str = "overall",
    sd: float = 1.2,
    half_width: float = 0.15,
    difference: float = 0.4,
    groups: int = 2,
    power: float = 0.8,
    cluster_size: int = 1,
    icc: float = 0.0,
    weight_effect: float = 1.0,
    n_sims: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> ServqualPlanResult:
    r"""Find how many respondents give a gap an interval, and tell two branches apart.

    Parameters
    ----------
    earlier : Responses, optional
        An earlier study: the standard deviation of `term` and the effect of its weights are
        taken from it.
    battery, term : str
        Battery and score (a dimension, ``"overall"``) of the earlier study.
    sd : float
        Standard deviation of the gap, without an earlier study.
    half_width : float
        Wanted half width of the interval, response-scale units.
    difference : float
        Difference between two groups that is to be found.
    groups : int
        Groups; all pairs are compared, with Bonferroni's adjustment.
    power : float
        Probability to find the difference of one pair.
    cluster_size, icc : int, float
        Respondents a cluster (branch, day), and how alike they are.
    weight_effect : float
        Kish's effect of case weights, without an earlier study.
    n_sims, seed : int
        Simulated studies.
    confidence_level : float

    Returns
    -------
    ServqualPlanResult

    Raises
    ------
    CxError
        A number is out of range.
    ResponseError
        The earlier study gives no standard deviation.

    Notes
    -----
    *Interval*: the smallest n with :math:`t_{n-1}\, s/\sqrt n \le h`. *Comparison*: the
    smallest n a group at which the two-sided t test of equal groups has the power, level
    ``(1 − confidence_level) / pairs``; R: ``power.t.test(…, strict = TRUE)``. Both times the
    design effect; with clusters rounded up to whole clusters, whose number is raised until the
    interval and the test hold with degrees of freedom of the clusters. An interval of this size
    is no wider than wanted in about half of all studies, since the standard deviation varies:
    see ``half_width_reached``.

    The simulation draws normal gaps in clusters and analyses cluster means; ratings near an end
    of the scale vary less than the planned sd where gaps are small.

    References
    ----------
    Kish, L. (1965). Survey sampling. Wiley.

    Examples
    --------
    >>> plan = plan_servqual(sd=1.2, half_width=0.15, difference=0.4, n_sims=200)
    >>> plan.required[["term", "estimate", "per_group"]].to_dict("records")[0]
    {'term': 'interval', 'estimate': 249, 'per_group': 249}
    """
    _check(sd=sd, half_width=half_width, difference=difference)
    check_fraction("power", power)
    check_fraction("confidence_level", confidence_level)
    check_count("groups", groups, at_least=2)
    check_count("cluster_size", cluster_size, at_least=1)
    check_count("n_sims", n_sims, at_least=100)
    if not 0 <= icc < 1:
        raise CxError(f"icc must be at least 0 and below 1; got {icc!r}")
    if not weight_effect >= 1:
        raise CxError(f"weight_effect must be at least 1; got {weight_effect!r}")
    n_earlier = 0
    if earlier is not None:
        sd, weight_effect, n_earlier = _from_study(earlier, battery, term)
    study = _Study(
        sd=float(sd), icc=float(icc) if cluster_size > 1 else 0.0, size=int(cluster_size),
        weight_effect=float(weight_effect), level=float(confidence_level),
    )  # fmt: skip
    level = 1 - (1 - confidence_level) / (groups * (groups - 1) / 2)
    alone = study.for_interval(half_width)
    each = study.for_difference(difference, power=power, level=level)
    rng = np.random.default_rng(seed)
    simulated = [
        *_interval_rows(study, alone, half_width, int(n_sims), rng),
        _difference_row(study, each, difference, level, int(groups), int(n_sims), rng),
    ]
    plain = _Study(sd=float(sd), icc=0.0, size=1, weight_effect=1.0, level=study.level)
    simple = [
        plain.for_interval(half_width),
        plain.for_difference(difference, power=power, level=level) * groups,
    ]
    required = _required([alone, each], [alone, each * groups], simple, study.size)
    return ServqualPlanResult(
        required=required, estimates=pd.DataFrame(simulated),
        source="assumed" if earlier is None else "earlier study",
        term="" if earlier is None else term, sd=study.sd, half_width=float(half_width),
        difference=float(difference), groups=int(groups), power=float(power), icc=study.icc,
        cluster_size=study.size, weight_effect=study.weight_effect,
        design_effect=study.design_effect, n_sims=int(n_sims), seed=int(seed),
        n_earlier=n_earlier, confidence_level=float(confidence_level),
    )  # fmt: skip


def _required(
    per_group: list[int], total: list[int], simple: list[int], size: int
) -> pd.DataFrame:
    """Return respondents for an interval and for a comparison, see `ServqualPlanResult`."""
    return pd.DataFrame(
        {
            "term": ["interval", "comparison"],
            "estimate": total,
            "per_group": per_group,
            "clusters": [n // size if size > 1 else 0 for n in total],
            "simple": simple,
        }
    )


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (math.isfinite(value) and value > 0):
            raise CxError(f"{name} must be above 0; got {value!r}")


def _from_study(earlier: Responses, battery: str | None, term: str) -> tuple[float, float, int]:
    """Return sd, effect of the weights and respondents of an earlier study."""
    gaps = servqual_gaps(earlier, battery=battery)
    rows = gaps.estimates[gaps.estimates["segment"] == ""].set_index("term")
    if term not in rows.index:
        raise CxError(f"term {term!r} is not in the earlier study; it has {list(rows.index)}")
    sd, n = float(rows.loc[term, "sd"]), int(rows.loc[term, "n"])  # type: ignore[arg-type]
    if not sd > 0:
        raise ResponseError(f"term {term!r}: the earlier study gives no standard deviation")
    weights = earlier.weights() if gaps.weighted else None
    if weights is None:
        return sd, 1.0, n
    w = weights[np.isfinite(weights) & (weights > 0)]
    return sd, float(len(w) * (w**2).sum() / w.sum() ** 2), n


@dataclass(frozen=True, slots=True, kw_only=True)
class _Study:
    """A design whose size is looked for; sizes are respondents, in whole clusters."""

    sd: float
    icc: float
    size: int
    weight_effect: float
    level: float

    @property
    def design_effect(self) -> float:
        return (1 + (self.size - 1) * self.icc) * self.weight_effect

    def error(self, n: int) -> float:
        """Return the standard error of the mean of n respondents."""
        return self.sd * math.sqrt(self.design_effect / n)

    def for_interval(self, half_width: float) -> int:
        """Return the respondents at which the interval is as narrow as wanted."""

        def enough(clusters: int) -> bool:
            reach = stats.t.ppf((1 + self.level) / 2, clusters - 1)
            return bool(reach * self.error(clusters * self.size) <= half_width)

        return _smallest(enough) * self.size

    def for_difference(self, difference: float, *, power: float, level: float) -> int:
        """Return the respondents of each group at which the difference is found."""

        def enough(clusters: int) -> bool:
            error = math.sqrt(2) * self.error(clusters * self.size)
            return t_power(difference / error, 2.0 * (clusters - 1), level) >= power

        return _smallest(enough) * self.size


def t_power(noncentrality: float, df: float, level: float) -> float:
    """Return the power of a two-sided t test at level ``1 − level``, both tails."""
    critical = float(stats.t.ppf((1 + level) / 2, df))
    above = 1 - noncentral_t_cdf(critical, df, noncentrality)
    return above + 1 - noncentral_t_cdf(critical, df, -noncentrality)


def _smallest(enough: Callable[[int], bool]) -> int:
    """Return the smallest number from 2 on that is enough, by doubling and halving."""
    high = 2
    while not enough(high):
        high *= 2
        if high > _MOST:
            raise CxError(
                "more than 10 million are needed: ask for a wider interval or a larger "
                "difference"
            )
    low = max(high // 2, 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _cluster_means(
    study: _Study, clusters: int, studies: int, rng: np.random.Generator
) -> FloatArray:
    """Draw means of clusters whose true mean is 0, shape (studies, clusters)."""
    spread = study.sd * math.sqrt(study.design_effect / study.size)
    return spread * rng.standard_normal((studies, clusters))


def _interval_rows(
    study: _Study, n: int, half_width: float, n_sims: int, rng: np.random.Generator
) -> list[dict[str, object]]:
    clusters = n // study.size
    halves, covers = [], []
    reach = float(stats.t.ppf((1 + study.level) / 2, clusters - 1))
    for batch in _batches(n_sims, clusters):
        means = _cluster_means(study, clusters, batch, rng)
        half = reach * means.std(axis=1, ddof=1) / math.sqrt(clusters)
        halves.append(half)
        covers.append(np.abs(means.mean(axis=1)) <= half)
    half = np.concatenate(halves)
    error = float(half.std(ddof=1)) / math.sqrt(n_sims)
    mean = float(half.mean())
    return [
        {"term": "half_width", "estimate": mean, "std_error": error,
         "conf_low": mean - 1.96 * error, "conf_high": mean + 1.96 * error, "n": n},
        _share("half_width_reached", half <= half_width, n),
        _share("interval_covers", np.concatenate(covers), n),
    ]  # fmt: skip


def _difference_row(
    study: _Study,
    n: int,
    difference: float,
    level: float,
    groups: int,
    n_sims: int,
    rng: np.random.Generator,
) -> dict[str, object]:
    clusters = n // study.size
    critical = float(stats.t.ppf((1 + level) / 2, 2 * (clusters - 1)))
    found = []
    for batch in _batches(n_sims, 2 * clusters):
        one, other = (_cluster_means(study, clusters, batch, rng) for _ in range(2))
        pooled = (one.var(axis=1, ddof=1) + other.var(axis=1, ddof=1)) / clusters
        apart = difference + one.mean(axis=1) - other.mean(axis=1)
        found.append(np.abs(apart) > critical * np.sqrt(pooled))
    return _share("difference_found", np.concatenate(found), n * groups)


def _batches(n_sims: int, numbers: int) -> list[int]:
    size = max(1, _BATCH // numbers)
    return [min(size, n_sims - start) for start in range(0, n_sims, size)]


def _share(term: str, hits: np.ndarray, n: int) -> dict[str, object]:
    """Return a share with Wilson's interval."""
    count, p, z = len(hits), float(hits.mean()), 1.96
    centre = (p + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z * math.sqrt(p * (1 - p) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return {
        "term": term, "estimate": p, "std_error": math.sqrt(p * (1 - p) / count),
        "conf_low": centre - reach, "conf_high": centre + reach, "n": n,
    }  # fmt: skip
