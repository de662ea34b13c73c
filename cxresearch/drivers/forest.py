"""A forest beside the linear model: whether a straight line is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_fraction, check_share
from cxresearch.drivers import _forest_fits as fits
from cxresearch.drivers._model_cv import make_folds
from cxresearch.drivers._model_data import ModelData, prepare, read_design
from cxresearch.drivers._model_errors import critical_value
from cxresearch.drivers._players import players_from
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result, in_tidy_order

MIN_RESPONDENTS = 60


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ForestImportanceResult(Result):
    """What a random forest finds, beside the linear model on the same folds.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a driver: term, estimate (what it adds to the forest's out-of-fold R² beyond the
        drivers it correlates with), std_error, conf_low, conf_high, n; then linear (the same of
        the linear model), rank, given (the drivers held, joined with ``", "``), strata (number
        of groups of respondents within which its answers were exchanged).
    fold_fits : pandas.DataFrame
        One row a fold: fold, n, r2_linear, r2_forest.
    outcome : str
    drivers, controls : tuple of str
    n, n_asked : int
    r2_linear, r2_forest : float
        Out of fold; `r2_linear` is `driver_model`'s ``r2_cv`` with the same folds and seed.
    difference, difference_std_error, difference_low, difference_high : float
        Forest less linear, R² units.
    verdict : str
        ``"linear_suffices"`` (difference_high is not above the margin), ``"nonlinear"``
        (difference_low is above 0, and the difference may exceed the margin) or
        ``"undecided"``.
    margin : float
        Difference of R² that would matter.
    n_trees, rows_a_tree, min_leaf, repeats, folds, min_stratum : int
    threshold : float
        Correlation from which on a driver is held.
    confidence_level : float
    weights, clusters : str
        Design columns, ``""`` where there are none.
    seed : int
    """

    estimates: pd.DataFrame
    fold_fits: pd.DataFrame
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    n: int
    n_asked: int
    r2_linear: float
    r2_forest: float
    difference: float
    difference_std_error: float
    difference_low: float
    difference_high: float
    verdict: str
    margin: float
    n_trees: int
    rows_a_tree: int
    min_leaf: int
    repeats: int
    folds: int
    min_stratum: int
    threshold: float
    confidence_level: float
    weights: str
    clusters: str
    seed: int

    def __post_init__(self) -> None:
        if abs(self.r2_forest - self.r2_linear - self.difference) > 1e-10:
            raise CxError("the difference is not R² of the forest less R² of the linear model")

    def tidy(self) -> pd.DataFrame:
        """One row a driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: both fits, their difference, the verdict."""
        names = (
            "outcome", "n", "n_asked", "r2_linear", "r2_forest", "difference",
            "difference_std_error", "difference_low", "difference_high", "verdict", "margin",
            "n_trees", "folds",
        )  # fmt: skip
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def forest_importance(  # noqa: PLR0913 - one entrance, each option with a default
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    weights: str | None = None,
    clusters: str | None = None,
    margin: float = 0.02,
    n_trees: int = 100,
    rows_a_tree: int = 1000,
    min_leaf: int = 5,
    repeats: int = 3,
    threshold: float = 0.2,
    min_stratum: int = 20,
    folds: int = 5,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> ForestImportanceResult:
    r"""Compare a random forest with the linear model, and importance under both.

    Importance is conditional: a driver's answers are exchanged only among respondents who are
    alike in the drivers it correlates with,

    .. math:: I_j = \frac{E[(y - f(x_j', x_{-j}))^2] - E[(y - f(x))^2]}{2 \operatorname{var} y},

    all out of fold. For the true regression this is R² less R² without the driver.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent; complete rows are used.
    outcome : str
        Column to explain, taken as a number.
    drivers : sequence of str
        Numeric columns, or factors (exchanged as a whole). No interactions: a forest has them.
    controls : sequence of str
        In both models and held, not exchanged.
    weights : str, optional
        Column of case weights.
    clusters : str, optional
        Kept whole in folds, and in standard errors.
    margin : float
        Difference of R² below which a linear model is good enough.
    n_trees, rows_a_tree, min_leaf : int
        Trees in each fold, respondents drawn for each, and fewest in a leaf. A third of the
        columns is tried at each split. At most 1000 rows a tree keep 5000 respondents and 15
        drivers within 3 seconds; deeper trees gain little on ratings.
    repeats : int
        Exchanges averaged.
    threshold : float
        Drivers and controls with at least this correlation are held, 0 to 1.
    min_stratum : int
        Fewest respondents in a group of alike ones.
    folds : int
        Shared by both models, and with `driver_model` of the same seed.
    confidence_level : float
    seed : int

    Returns
    -------
    ForestImportanceResult

    Raises
    ------
    CxError
        A name or option is unknown.
    ResponseError
        Fewer than 60 complete respondents, or the data do not allow the model.

    Notes
    -----
    Exchanging answers among everybody (the usual permutation importance) makes respondents up
    who cannot exist, and ranks a mere twin of a strong driver above real ones; it is not
    offered. Alike are the respondents in a leaf of a tree that predicts the driver from those
    held and from their linear combination closest to it.

    Standard errors are those of the mean loss of fitted models; they leave out that another
    sample would have grown other trees. Random numbers are scikit-learn's with one job, so the
    same seed gives the same forest on every machine with the same version.

    References
    ----------
    Strobl, C., Boulesteix, A.-L., Kneib, T., Augustin, T., & Zeileis, A. (2008). Conditional
    variable importance for random forests. *BMC Bioinformatics*, 9, 307.
    https://doi.org/10.1186/1471-2105-9-307

    Williamson, B. D., Gilbert, P. B., Simon, N. R., & Carone, M. (2023). A general framework
    for inference on algorithm-agnostic variable importance. *Journal of the American
    Statistical Association*, 118, 1645–1658. https://doi.org/10.1080/01621459.2021.2003200

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(500, 2)), columns=["room", "queue"])
    >>> stay["overall"] = stay["room"] - 2 * np.abs(stay["queue"]) + rng.normal(size=500)
    >>> found = forest_importance(
    ...     stay, outcome="overall", drivers=["room", "queue"], n_trees=30
    ... )
    >>> found.verdict, found.tidy()["term"][found.tidy()["rank"] == 1].item()
    ('nonlinear', 'queue')
    """
    check_fraction("confidence_level", confidence_level)
    check_share("margin", margin)
    check_share("threshold", threshold)
    settings = fits.Settings(
        n_trees=check_count("n_trees", n_trees, at_least=1),
        rows_a_tree=check_count("rows_a_tree", rows_a_tree, at_least=20),
        min_leaf=check_count("min_leaf", min_leaf, at_least=1),
        repeats=check_count("repeats", repeats, at_least=1),
        min_stratum=check_count("min_stratum", min_stratum, at_least=2),
        threshold=threshold, seed=check_count("seed", seed),
    )  # fmt: skip
    check_count("folds", folds, at_least=2)
    design = read_design(frame, weights=weights, clusters=clusters)
    data = prepare(frame, outcome=outcome, drivers=drivers, controls=controls, design=design)
    players = players_from(data, groups=None, method="shapley")
    if players.ordered:
        raise CxError("leave interactions out: a forest finds them by itself")
    if data.n < MIN_RESPONDENTS:
        raise ResponseError(
            f"a forest needs at least {MIN_RESPONDENTS} complete respondents; "
            f"there are {data.n}"
        )
    fold = make_folds(data, folds, np.random.default_rng(seed))
    models = fits.fit_folds(data, fold, settings)
    strata = [fits.alike(data, columns, settings) for columns in players.columns]
    losses = fits.Losses.of(data, fold, models)
    exchanged = fits.exchanged_losses(data, fold, models, players.columns, strata, settings)
    table = _estimates(data, losses, exchanged, strata, confidence_level)
    gain = losses.share_of(losses.linear - losses.forest)
    reach = critical_value(confidence_level, gain.df) * gain.std_error
    low, high = gain.estimate - reach, gain.estimate + reach
    return ForestImportanceResult(
        estimates=table, fold_fits=fits.fold_table(losses, fold), outcome=outcome,
        drivers=data.drivers, controls=data.controls, n=data.n, n_asked=len(frame),
        r2_linear=1 - losses.share_of(losses.linear).estimate,
        r2_forest=1 - losses.share_of(losses.forest).estimate, difference=gain.estimate,
        difference_std_error=gain.std_error, difference_low=low, difference_high=high,
        verdict=_verdict(low, high, margin), margin=margin, n_trees=n_trees,
        rows_a_tree=rows_a_tree, min_leaf=min_leaf, repeats=repeats, folds=folds,
        min_stratum=min_stratum, threshold=threshold, confidence_level=confidence_level,
        weights=weights or "", clusters=clusters or "", seed=seed,
    )  # fmt: skip


def _verdict(low: float, high: float, margin: float) -> str:
    if high <= margin:
        return "linear_suffices"
    return "nonlinear" if low > 0 else "undecided"


def _estimates(
    data: ModelData,
    losses: fits.Losses,
    exchanged: fits.ExchangedLosses,
    strata: Sequence[fits.Strata],
    confidence_level: float,
) -> pd.DataFrame:
    """Half the loss: exchanging spoils twice what leaving the driver out would."""
    found = [losses.share_of((own - losses.forest) / 2) for own in exchanged.forest]
    linear = [losses.share_of((own - losses.linear) / 2).estimate for own in exchanged.linear]
    estimate: FloatArray = np.array([one.estimate for one in found])
    std_error: FloatArray = np.array([one.std_error for one in found])
    reach = critical_value(confidence_level, found[0].df) * std_error
    rank = np.empty(len(found))
    rank[np.argsort(-estimate, kind="stable")] = np.arange(1, len(found) + 1)
    return pd.DataFrame(
        {
            "term": data.drivers, "estimate": estimate, "std_error": std_error,
            "conf_low": estimate - reach, "conf_high": estimate + reach, "n": data.n,
            "linear": linear, "rank": rank,
            "given": [", ".join(one.given) for one in strata],
            "strata": [one.count for one in strata],
        }
    )  # fmt: skip
