"""Cumulative logit, fitted to one subset of columns after the other; two classes: logit.

``P(Y ≤ k | x) = F(θ_k − xβ)`` with the logistic F. The log-likelihood is concave, so Newton's
steps, halved where they overshoot, reach its maximum from the fit of a smaller subset in two or
three.
Kept apart from `_model_fits`: there one model with everything its standard errors need, here
thousands of models of which only the likelihood matters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError

MAX_STEPS = 50
NEARLY = 1e-9
"""Newton decrement, relative to the log-likelihood, after which one more step reaches the last
digit (the steps' errors square each time)."""
SEPARATED = 35.0
"""A linear predictor this far out has a probability of 1 to the last digit."""
SEPARATION = (
    "the drivers separate the classes of the outcome perfectly (or nearly): a coefficient has "
    "no finite value; merge classes, or leave out the driver that gives the class away"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answers:
    """Outcome of n respondents.

    Attributes
    ----------
    code : ndarray of int, shape (n,)
        Class, 0 … K − 1.
    weights : ndarray, shape (n,)
    classes : int
        K.
    """

    code: IntArray
    weights: FloatArray
    classes: int

    def thresholds(self) -> FloatArray:
        """Return the thresholds of the model without drivers, shape (K − 1,)."""
        totals = np.bincount(self.code, weights=self.weights, minlength=self.classes)
        below = np.cumsum(totals)[:-1] / totals.sum()
        return np.asarray(np.log(below / (1 - below)))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class State:
    """The model at some parameters, one value a respondent.

    Attributes
    ----------
    log_p : ndarray, shape (n,)
        Log-probability of the class given.
    pull : ndarray, shape (n,)
        Derivative of `log_p` by xβ.
    bend : ndarray, shape (n,)
        Minus the second derivative of `log_p` by xβ.
    upper, lower : ndarray, shape (n,)
        Density at the upper and the lower edge of the class; 0 at an open end.
    probability : ndarray, shape (n,)
    upper_at, lower_at : ndarray, shape (n,)
        F at the edges.
    """

    log_p: FloatArray
    pull: FloatArray
    bend: FloatArray
    upper: FloatArray
    lower: FloatArray
    probability: FloatArray
    upper_at: FloatArray
    lower_at: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubsetFit:
    """Maximum of the likelihood over some columns: thresholds (K − 1,), slopes (k,)."""

    thresholds: FloatArray
    slopes: FloatArray
    log_likelihood: float


def look_at(answers: Answers, eta: FloatArray, thresholds: FloatArray) -> State:
    """Evaluate the model; `eta` is xβ."""
    if answers.classes == 2:
        return _look_at_two(answers, eta, float(thresholds[0]))
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    above, below = edges[answers.code + 1] - eta, edges[answers.code] - eta
    upper_at, lower_at = expit(above), expit(below)
    # Where both edges are high the difference of survival functions keeps the small digits.
    probability = np.where(below > 0, expit(-below) - expit(-above), upper_at - lower_at)
    probability = np.maximum(probability, 1e-300)
    upper, lower = upper_at * (1 - upper_at), lower_at * (1 - lower_at)
    return State(
        log_p=np.log(probability),
        pull=upper_at + lower_at - 1,
        bend=upper + lower,
        upper=upper,
        lower=lower,
        probability=probability,
        upper_at=upper_at,
        lower_at=lower_at,
    )


def _look_at_two(answers: Answers, eta: FloatArray, threshold: float) -> State:
    """Two classes have one edge: half the exponentials."""
    low = answers.code == 0
    probability = np.maximum(expit(np.where(low, threshold - eta, eta - threshold)), 1e-300)
    other = 1 - probability
    density = probability * other
    return State(
        log_p=np.log(probability),
        pull=np.where(low, -other, other),
        bend=density,
        upper=np.where(low, density, 0.0),
        lower=np.where(low, 0.0, density),
        probability=probability,
        upper_at=np.where(low, probability, 1.0),
        lower_at=np.where(low, 0.0, other),
    )


def scores_of(answers: Answers, x: FloatArray, state: State) -> FloatArray:
    """Return weighted scores, shape (n, K − 1 + k): thresholds, then slopes."""
    cuts = answers.classes - 1
    scores = np.zeros((len(x), cuts + x.shape[1]))
    row = np.arange(len(x))
    top, bottom = answers.code < cuts, answers.code > 0
    scores[row[top], answers.code[top]] += (state.upper / state.probability)[top]
    scores[row[bottom], answers.code[bottom] - 1] -= (state.lower / state.probability)[bottom]
    scores[:, cuts:] = x * state.pull[:, None]
    scores *= answers.weights[:, None]
    return scores


def gradient_of(answers: Answers, x: FloatArray, state: State) -> FloatArray:
    """Return the summed scores, shape (K − 1 + k,)."""
    w, cuts = answers.weights, answers.classes - 1
    rises = np.bincount(answers.code, w * state.upper / state.probability, cuts + 1)[:cuts]
    falls = np.bincount(answers.code, w * state.lower / state.probability, cuts + 1)[1:]
    return np.concatenate([rises - falls, (w * state.pull) @ x])


def information_of(answers: Answers, x: FloatArray, state: State) -> FloatArray:
    """Return minus the second derivatives of the log-likelihood, shape (K − 1 + k, …)."""
    w, code, cuts = answers.weights, answers.code, answers.classes - 1
    top, bottom = code < cuts, code > 0
    rises, falls = state.upper / state.probability, state.lower / state.probability
    own_top = w * (rises**2 - rises * (1 - 2 * state.upper_at))
    own_bottom = w * (falls**2 + falls * (1 - 2 * state.lower_at))
    both = top & bottom
    information = np.zeros((cuts + x.shape[1],) * 2)
    place = np.arange(cuts)
    information[place, place] = np.bincount(code[top], own_top[top], cuts) + np.bincount(
        code[bottom] - 1, own_bottom[bottom], cuts
    )
    between = np.bincount(code[both], (w * rises * falls)[both], cuts)[1:]
    information[place[1:], place[:-1]] = information[place[:-1], place[1:]] = -between
    for cut in range(cuts):
        at = w * np.where(code == cut, state.upper, np.where(code == cut + 1, state.lower, 0.0))
        information[cut, cuts:] = information[cuts:, cut] = -(at @ x)
    information[cuts:, cuts:] = (x * (w * state.bend)[:, None]).T @ x
    return information


def fit_subset(
    answers: Answers, x: FloatArray, *, thresholds: FloatArray, slopes: FloatArray
) -> SubsetFit:
    """Maximise the likelihood over the columns `x` (n, k), from the start given.

    Raises
    ------
    EstimationError
        The classes are separated perfectly, or there is no convergence in 50 steps.
    """
    cuts = len(thresholds)
    params = np.concatenate([thresholds, slopes])
    state = look_at(answers, x @ slopes, thresholds)
    reached = float(answers.weights @ state.log_p)
    for _ in range(MAX_STEPS):
        gradient = gradient_of(answers, x, state)
        step = _newton_step(information_of(answers, x, state), gradient)
        params, state, reached = _climb(answers, x, params, step, reached)
        if float(gradient @ step) <= NEARLY * abs(reached):
            return SubsetFit(
                thresholds=params[:cuts], slopes=params[cuts:], log_likelihood=reached
            )
        if np.ptp(x @ params[cuts:]) > 4 * SEPARATED:
            break
    raise EstimationError(SEPARATION)


def _newton_step(information: FloatArray, gradient: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.solve(information, gradient))
    except np.linalg.LinAlgError as error:
        raise EstimationError(SEPARATION) from error


def _climb(
    answers: Answers, x: FloatArray, params: FloatArray, step: FloatArray, reached: float
) -> tuple[FloatArray, State, float]:
    cuts = answers.classes - 1
    size = 1.0
    while True:
        trial = params + size * step
        state = look_at(answers, x @ trial[cuts:], trial[:cuts])
        value = float(answers.weights @ state.log_p)
        rising = bool(np.all(np.diff(trial[:cuts]) > 0))
        # Below 1e-6 of a step the rest is rounding: the caller's decrement then ends the
        # search.
        if rising and (value >= reached - 1e-13 * abs(reached) or size < 1e-6):
            return trial, state, value
        size /= 2
