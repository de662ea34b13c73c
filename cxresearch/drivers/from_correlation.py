"""Driver importance from a printed correlation matrix, where the answers are not public."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd

from cxresearch._correlations import read_correlations, scores_from_correlation
from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_count, check_fraction, check_names
from cxresearch.drivers._game import METHODS, Prepared, Question, prepare_game
from cxresearch.drivers._linear import LinearGame
from cxresearch.drivers._players import Draws, Groups
from cxresearch.drivers._share_difference import wishart_covariances
from cxresearch.drivers._uncertainty import Evidence
from cxresearch.drivers.dominance import DominanceResult, dominance_result, held_at_once
from cxresearch.drivers.importance import (
    DriverImportanceResult,
    check_n_boot,
    importance_result,
)
from cxresearch.errors import CxError

CHUNK = 256
FROM_CORRELATIONS = "from_correlations"
"""Note of a result that rests on a printed matrix: nobody's answers were seen."""


def importance_from_correlation(  # noqa: PLR0913 - one entrance, each option with a default
    correlations: FloatArray | pd.DataFrame,
    *,
    outcome: str,
    n: int,
    drivers: Sequence[str] | None = None,
    controls: Sequence[str] = (),
    groups: Groups | None = None,
    method: str = "shapley",
    n_boot: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> DriverImportanceResult:
    """Share R² out among drivers, from nothing but a correlation matrix and n.

    All numbers of `driver_importance` for a linear outcome depend on correlations only.

    Parameters
    ----------
    correlations : DataFrame or ndarray, shape (p, p)
        Of drivers, controls and outcome; a triangle is enough. Columns of an array are called
        ``x1``, ``x2`` … ``xp``.
    outcome : str
        Name of the variable to explain.
    n : int
        Respondents behind the matrix, at least two more than drivers and controls.
    drivers : sequence of str, optional
        All others where not given.
    controls : sequence of str
        Always in the model; what they explain is not shared out.
    groups : mapping, optional
        Name → drivers that enter together.
    method : {"shapley", "owen", "relative_weight", "car"}
    n_boot : int
        Matrices drawn for intervals; 0 for no intervals.
    confidence_level : float
        Between 0 and 1.
    seed : int

    Returns
    -------
    DriverImportanceResult
        Coefficients are standardised. `replicates` is ``"normal"``.

    Raises
    ------
    CxError
        Not a correlation matrix, an unknown name or option, or n too small.
    EstimationError
        The matrix is not positive definite.

    Notes
    -----
    Agrees with R's ``relaimpo::calc.relimp(covmat)`` and with ``domir``, ``rwa`` and iopsych's
    ``relWt`` on a matrix.

    Intervals are percentiles of the same numbers in `n_boot` matrices drawn from the Wishart
    distribution about the printed one: what other samples of n **normal** respondents would
    have given. Answers on few steps, or skewed ones, are not normal; the bootstrap of
    `driver_importance` needs the answers and no such assumption. In simulations with normal
    answers (``benchmarks/coverage_from_correlation.py``) 95 % intervals of three unequal shares
    covered 94 to 96.5 % at n = 50, 100, 300 and 1000, and that of R² 93 to 95 %.

    References
    ----------
    Grömping, U. (2007). Estimators of relative importance in linear regression based on
    variance decomposition. *The American Statistician, 61*, 139–147.
    doi:10.1198/000313007X188252
    Johnson, J. W. (2000). A heuristic method for estimating the relative weight of predictor
    variables in multiple regression. *Multivariate Behavioral Research, 35*, 1–19.
    doi:10.1207/S15327906MBR3501_1

    Examples
    --------
    >>> printed = np.array([[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]])
    >>> result = importance_from_correlation(printed, outcome="x3", n=200, n_boot=100)
    >>> result.tidy()[["term", "estimate"]].round(4).values.tolist()
    [['x1', 0.2867], ['x2', 0.0867]]
    """
    check_choice("method", method, METHODS)
    check_fraction("confidence_level", confidence_level)
    count = check_n_boot(n_boot)
    prepared, question = _prepare(
        correlations, outcome=outcome, n=n, drivers=drivers, controls=controls, groups=groups,
        method=method, seed=seed,
    )  # fmt: skip
    point = prepared.game.point()
    evidence = Evidence(
        names=prepared.players.names,
        shares=point.shares,
        controls=point.worth_of_controls,
        draws=_draws(prepared, count, seed) if count else None,
        influence=None,
        interval="percentile" if count else "none",
        confidence_level=confidence_level,
        n=n,
    )
    replicates = "normal" if count else "none"
    found = importance_result(prepared, point, evidence, question, replicates=replicates)
    return replace(found, notes=(FROM_CORRELATIONS, *found.notes))


def dominance_from_correlation(
    correlations: FloatArray | pd.DataFrame,
    *,
    outcome: str,
    n: int,
    drivers: Sequence[str] | None = None,
    controls: Sequence[str] = (),
    groups: Groups | None = None,
    n_boot: int = 1000,
    seed: int = 1,
) -> DominanceResult:
    """Compare what drivers add to R², model by model, from a correlation matrix and n.

    Parameters
    ----------
    correlations, outcome, n, drivers, controls, groups, seed
        As in `importance_from_correlation`.
    n_boot : int
        Matrices drawn (as from normal respondents) to say how often each finding would come out
        again; 0 for none.

    Returns
    -------
    DominanceResult

    Raises
    ------
    CxError
        As `importance_from_correlation`; more than 22 drivers.
    EstimationError
        The matrix is not positive definite.

    Notes
    -----
    Agrees with ``dominanceanalysis`` (R) on ``lmWithCovariance(y ~ x1 + x2, covmat)``.

    References
    ----------
    Azen, R., & Budescu, D. V. (2003). The dominance analysis approach for comparing predictors
    in multiple regression. *Psychological Methods, 8*, 129–148. doi:10.1037/1082-989X.8.2.129

    Examples
    --------
    >>> printed = np.array([[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]])
    >>> result = dominance_from_correlation(printed, outcome="x3", n=200, n_boot=100)
    >>> result.tidy()[["term", "other", "strongest"]].values.tolist()
    [['x1', 'x2', 'complete'], ['x2', 'x1', 'none']]
    """
    count = check_n_boot(n_boot)
    prepared, question = _prepare(
        correlations, outcome=outcome, n=n, drivers=drivers, controls=controls, groups=groups,
        method="shapley", seed=seed,
    )  # fmt: skip
    return dominance_result(prepared, question, _values(prepared, count, seed))


def _prepare(
    correlations: FloatArray | pd.DataFrame,
    *,
    outcome: str,
    n: int,
    drivers: Sequence[str] | None,
    controls: Sequence[str],
    groups: Groups | None,
    method: str,
    seed: int,
) -> tuple[Prepared, Question]:
    """Return the game of any n respondents who have these correlations."""
    matrix = read_correlations(correlations)
    named = [] if drivers is None else list(drivers)
    check_names("variables", [outcome, *controls, *named], matrix.names, of="correlations")
    held = {outcome, *controls}
    asked = [name for name in matrix.names if name not in held] if drivers is None else named
    used = [*controls, *asked, outcome]
    place = [matrix.names.index(name) for name in used]
    if check_count("n", n, at_least=3) < len(used) + 1:
        raise CxError(
            f"n: {n} respondents are too few for {len(used) - 1} drivers and controls; "
            f"at least {len(used) + 1} are needed"
        )
    scores = scores_from_correlation(matrix.values[np.ix_(place, place)], n=n, names=used)
    question = Question(
        outcome=outcome, drivers=asked, controls=controls, groups=groups, method=method,
        seed=seed,
    )  # fmt: skip
    return prepare_game(scores, question), question


def _draws(prepared: Prepared, count: int, seed: int) -> Draws:
    """Return shares and slopes in samples of normal respondents."""
    game, drawn = _linear(prepared), _matrices(prepared, count, seed)
    parts = [
        game.draws_of(drawn[start : start + CHUNK], visit_all=game.visits_all(count))
        for start in range(0, count, CHUNK)
    ]
    return Draws(
        shares=np.concatenate([part.shares for part in parts]),
        controls=np.concatenate([part.controls for part in parts]),
        slopes=np.concatenate([part.slopes for part in parts]),
    )


def _values(prepared: Prepared, count: int, seed: int) -> Iterator[FloatArray]:
    """Yield the worth of all subsets in samples of normal respondents, some at a time."""
    if count:
        drawn, chunk = _matrices(prepared, count, seed), held_at_once(prepared)
        for start in range(0, count, chunk):
            yield _linear(prepared).subsets(drawn[start : start + chunk])


def _matrices(prepared: Prepared, count: int, seed: int) -> FloatArray:
    """Draw covariances of samples of normal respondents, in the order of the game."""
    rng = np.random.default_rng(check_count("seed", seed))
    centre = _linear(prepared).covariance()[0]
    return wishart_covariances(centre, prepared.n - 1, count, rng)


def _linear(prepared: Prepared) -> LinearGame:
    return cast("LinearGame", prepared.game)
