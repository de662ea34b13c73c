"""Linear mixed models with one grouping factor, from sums of products within groups.

The model is ``y = Xβ + Z_i b_i + e`` with ``b_i ~ N(0, σ²ΛΛ')`` and ``e ~ N(0, σ²I)``. Every
quantity the likelihood needs is a function of ``Z'Z, Z'X, Z'y`` of each group and of ``X'X``,
``X'y``, ``y'y``, so one evaluation costs as much for a million rows as for a thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from cxresearch._mixed_ratio import intercept_ratio
from cxresearch._mixed_sums import GroupedData
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import EstimationError

_SINGULAR = 1e-4
"""A relative standard deviation below this is a variance of zero, as in lme4's isSingular."""
_GRADIENT = 1e-3
"""A deviance whose gradient, over the number of rows' root, exceeds this did not converge."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Evaluation:
    """The generalised least-squares solution at one Λ; orthonormal columns.

    `rest` is (−β, 1), which turns columns and y into residuals; `zvz` is summed over groups.
    """

    log_det: float
    covariance: FloatArray
    rest: FloatArray
    rss: float
    zvz: FloatArray
    zvx: FloatArray
    zvr: FloatArray
    effects: FloatArray


def _evaluate(data: GroupedData, factor: FloatArray) -> _Evaluation:
    """Woodbury: ``V⁻¹ = I − Z W Z'`` with ``W = Λ (I + Λ'Z'ZΛ)⁻¹ Λ'`` of each group."""
    inner = np.eye(len(factor)) + factor.T @ data.zz @ factor
    shrink = factor @ np.linalg.inv(inner) @ factor.T
    held = shrink @ data.zw
    columns = data.zw.shape[2]
    left = data.ww - data.zw.reshape(-1, columns).T @ held.reshape(-1, columns)
    covariance = np.asarray(np.linalg.inv(left[:-1, :-1]), dtype=float)
    rest = np.append(-covariance @ left[:-1, -1], 1.0)
    zvw = data.zw - data.zz @ held
    return _Evaluation(
        log_det=float(np.linalg.slogdet(inner)[1].sum()),
        covariance=covariance,
        rest=rest,
        rss=float(rest @ left @ rest),
        zvz=(data.zz - data.zz @ shrink @ data.zz).sum(axis=0),
        zvx=zvw[..., :-1],
        zvr=zvw @ rest,
        effects=held @ rest,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Problem:
    """A deviance to be minimised over the free elements of Λ."""

    data: GroupedData
    reml: bool
    rows: IntArray
    columns: IntArray

    @property
    def df(self) -> int:
        return self.data.n - (len(self.data.ww) - 1 if self.reml else 0)

    def factor(self, theta: FloatArray) -> FloatArray:
        q = self.data.zz.shape[1]
        out = np.zeros((q, q))
        out[self.rows, self.columns] = theta
        return out

    def gradient(self, at: _Evaluation, factor: FloatArray, sigma2: float) -> FloatArray:
        """Gradient of the deviance in θ, residual variance held."""
        slope = at.zvz - at.zvr.T @ at.zvr / sigma2
        if self.reml:
            slope = slope - np.einsum("gqp,grp->qr", at.zvx @ at.covariance, at.zvx)
        return np.asarray((2 * slope @ factor)[self.rows, self.columns], dtype=float)

    def sigma2(self, at: _Evaluation) -> float:
        """Return the most likely residual variance."""
        return max(at.rss, float(np.finfo(float).tiny)) / self.df

    def deviance(self, at: _Evaluation) -> float:
        """Return the deviance at the most likely residual variance."""
        deviance = at.log_det + self.df * (1 + np.log(2 * np.pi * self.sigma2(at)))
        if self.reml:
            deviance += self.data.log_det_x - float(np.linalg.slogdet(at.covariance)[1])
        return float(deviance)

    def profiled(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Deviance with the residual variance profiled out, and its gradient."""
        factor = self.factor(theta)
        at = _evaluate(self.data, factor)
        return self.deviance(at), self.gradient(at, factor, self.sigma2(at))

    def hessian(self, theta: FloatArray, at: _Evaluation, sigma2: float) -> FloatArray:
        """Hessian of the deviance in (θ, log σ²); in θ by differences of the exact gradient."""

        def slope(point: FloatArray) -> FloatArray:
            factor = self.factor(point)
            return self.gradient(_evaluate(self.data, factor), factor, sigma2)

        across = 2 * at.zvr.T @ at.zvr / sigma2 @ self.factor(theta)
        beside = across[self.rows, self.columns][:, None]
        return np.block(
            [[differences(slope, theta), beside], [beside.T, np.array([[at.rss / sigma2]])]]
        )


def differences(slope: Callable[[FloatArray], FloatArray], point: FloatArray) -> FloatArray:
    """Return the symmetric matrix of central differences (fourth order) of a gradient."""
    columns = []
    for k in range(len(point)):
        step = 1e-3 * max(abs(float(point[k])), 0.1)
        shift = np.zeros(len(point))
        shift[k] = step
        near = slope(point + shift) - slope(point - shift)
        far = slope(point + 2 * shift) - slope(point - 2 * shift)
        columns.append((8 * near - far) / (12 * step))
    matrix: FloatArray = np.array(columns)
    return (matrix + matrix.T) / 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Curvature:
    """How certain the k variance parameters (θ, log σ²) are, and what hangs on them."""

    problem: _Problem
    theta: FloatArray
    at: _Evaluation

    def jacobian(self) -> FloatArray:
        """Return the slopes of the covariance of β in the parameters, (k, p, p)."""
        problem, at = self.problem, self.at
        factor, back = problem.factor(self.theta), problem.data.from_orthonormal
        sigma2 = at.rss / problem.df
        slopes = []
        for row, column in zip(problem.rows, problem.columns, strict=True):
            unit = np.zeros_like(factor)
            unit[row, column] = 1.0
            direction = unit @ factor.T + factor @ unit.T
            middle = np.einsum("gqp,qr,grs->ps", at.zvx, direction, at.zvx)
            slopes.append(sigma2 * at.covariance @ middle @ at.covariance)
        slopes.append(sigma2 * at.covariance)
        return np.asarray(back @ np.array(slopes) @ back.T)

    def parameter_covariance(self) -> FloatArray:
        """Return the asymptotic covariance of the parameters, (k, k)."""
        sigma2 = self.at.rss / self.problem.df
        values, vectors = np.linalg.eigh(self.problem.hessian(self.theta, self.at, sigma2))
        # A direction without curvature (a variance at zero) carries no information: left out.
        kept = values > 1e-8 * values.max()
        inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        return np.asarray(2 * inverse)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MixedFit:
    """A fitted mixed model in the units of the data.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Of `beta`.
    random_covariance : ndarray, shape (q, q)
    sigma2 : float
        Residual variance.
    random_effects : ndarray, shape (G, q)
        Conditional means.
    log_likelihood : float
        Restricted when fitted by REML.
    parameters : int
        Fixed effects, elements of Λ and the residual variance.
    converged, singular : bool
    curvature : _Curvature
        What degrees of freedom rest on.
    """

    beta: FloatArray
    covariance: FloatArray
    random_covariance: FloatArray
    sigma2: float
    random_effects: FloatArray
    log_likelihood: float
    parameters: int
    converged: bool
    singular: bool
    curvature: _Curvature

    def satterthwaite_df(self, contrasts: FloatArray) -> FloatArray:
        """Return ``2 v²/(g'Ag)`` of each contrast: v its variance, g the gradient of v.

        Parameters
        ----------
        contrasts : ndarray, shape (c, p)
        """
        variance = np.einsum("cp,ps,cs->c", contrasts, self.covariance, contrasts)
        slope = np.einsum("cp,kps,cs->ck", contrasts, self.curvature.jacobian(), contrasts)
        spread = np.einsum("ck,kl,cl->c", slope, self.curvature.parameter_covariance(), slope)
        return np.asarray(2 * variance**2 / spread, dtype=float)


def fit_mixed(data: GroupedData, *, reml: bool = True, correlated: bool = True) -> MixedFit:
    """Fit by REML or maximum likelihood.

    Parameters
    ----------
    data : GroupedData
    reml : bool
    correlated : bool
        Random effects of a group may be correlated.

    Raises
    ------
    EstimationError
        The outcome does not vary around the fixed effects.

    Notes
    -----
    The profiled deviance is lme4's; degrees of freedom as in lmerTest, whose derivatives are
    numerical where these are exact.

    References
    ----------
    Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects models
    using lme4. Journal of Statistical Software 67(1). https://doi.org/10.18637/jss.v067.i01

    Kuznetsova, A., Brockhoff, P. B., & Christensen, R. H. B. (2017). lmerTest package. Journal
    of Statistical Software 82(13). https://doi.org/10.18637/jss.v082.i13
    """
    q, p = data.zz.shape[1], len(data.ww) - 1
    unexplained = float(data.ww[-1, -1]) / data.n
    scale = float((data.least_squares**2).sum()) + unexplained
    if unexplained <= 1e-20 * scale:
        raise EstimationError("the outcome does not vary around the fixed effects: no model")
    rows, columns = np.tril_indices(q) if correlated else (np.arange(q), np.arange(q))
    problem = _Problem(data=data, reml=reml, rows=rows, columns=columns)
    theta = _minimise(problem)
    factor = problem.factor(theta)
    at = _evaluate(data, factor)
    sigma2 = at.rss / problem.df
    back = data.from_orthonormal
    unscaled = factor / data.z_scale[:, None]
    return MixedFit(
        beta=data.least_squares - back @ at.rest[:-1],
        covariance=sigma2 * back @ at.covariance @ back.T,
        random_covariance=sigma2 * unscaled @ unscaled.T,
        sigma2=sigma2,
        random_effects=at.effects / data.z_scale,
        log_likelihood=-problem.deviance(at) / 2,
        parameters=p + len(theta) + 1,
        converged=_is_flat(problem, theta, at),
        singular=bool((np.abs(theta[rows == columns]) < _SINGULAR).any()),
        curvature=_Curvature(problem=problem, theta=theta, at=at),
    )


def _minimise(problem: _Problem) -> FloatArray:
    """Find the only ratio, or minimise from several starts and polish by Newton steps."""
    diagonal = problem.rows == problem.columns
    if len(diagonal) == 1:
        ratio = intercept_ratio(problem.data, reml=problem.reml)
        if ratio is not None:
            return np.sqrt([ratio])
    bounds = optimize.Bounds(np.where(diagonal, 0.0, -np.inf), np.inf)
    # Tilted starts: with correlations near ±1 the deviance has a local minimum on either side.
    starts = [(1.0, 0.0), (0.1, 0.0)]
    starts += [] if diagonal.all() else [(0.3, 0.5), (0.3, -0.5)]
    runs = [
        optimize.minimize(
            problem.profiled,
            np.where(diagonal, size, tilt),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
        )
        for size, tilt in starts
    ]
    theta = np.asarray(min(runs, key=lambda run: float(run.fun)).x, dtype=float)
    return _polish(problem, theta, diagonal)


def _is_flat(problem: _Problem, theta: FloatArray, at: _Evaluation) -> bool:
    """Say whether the deviance is level where its bounds leave it free."""
    slope = problem.gradient(at, problem.factor(theta), problem.sigma2(at))
    diagonal = problem.rows == problem.columns
    held = diagonal & (theta <= _SINGULAR) & (slope >= -1e-6)
    steepest = float(np.abs(slope[~held]).max(initial=0.0))
    return bool(steepest <= _GRADIENT * np.sqrt(problem.data.n))


def _polish(problem: _Problem, theta: FloatArray, diagonal: BoolArray) -> FloatArray:
    if (theta[diagonal] < _SINGULAR).any():
        return theta
    for _ in range(4):
        value, slope = problem.profiled(theta)
        curvature = differences(lambda point: problem.profiled(point)[1], theta)
        if np.linalg.eigvalsh(curvature)[0] <= 0:
            return theta
        candidate = theta - np.linalg.solve(curvature, slope)
        better = problem.profiled(candidate)
        if (candidate[diagonal] < 0).any() or not better[0] <= value + 1e-9:
            return theta
        theta = candidate
        if np.abs(better[1]).max() < 1e-10:
            return theta
    return theta
