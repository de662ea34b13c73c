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

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import EstimationError

_SINGULAR = 1e-4
"""A relative standard deviation below this is a variance of zero, as in lme4's isSingular."""
_GRADIENT = 1e-3
"""A deviance whose gradient, over the number of rows' root, exceeds this did not converge."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupedData:
    """Sums of products of G groups, with columns made orthonormal and y made residual.

    Attributes
    ----------
    zz : ndarray, shape (G, q, q)
    zx : ndarray, shape (G, q, p)
    zy : ndarray, shape (G, q)
    xy : ndarray, shape (p,)
    yy : float
    n : int
        Rows.
    from_orthonormal : ndarray, shape (p, p)
        Turns coefficients of the orthonormal columns into those of X.
    least_squares : ndarray, shape (p,)
        Ordinary least-squares coefficients, taken out of y.
    log_det_x : float
        Log determinant of X'X.
    z_scale : ndarray, shape (q,)
        Root mean squares the columns of Z were divided by.
    """

    zz: FloatArray
    zx: FloatArray
    zy: FloatArray
    xy: FloatArray
    yy: float
    n: int
    from_orthonormal: FloatArray
    least_squares: FloatArray
    log_det_x: float
    z_scale: FloatArray


def grouped_data(y: FloatArray, x: FloatArray, z: FloatArray, group: IntArray) -> GroupedData:
    """Return the sums of products a mixed model rests on.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, p)
        Full column rank.
    z : ndarray, shape (n, q)
    group : ndarray of int, shape (n,)
        0 … G − 1, each occurring.

    Raises
    ------
    EstimationError
        The columns of `x` are linearly dependent, or there are no more rows than columns.
    """
    n, p = x.shape
    if n <= p:
        raise EstimationError(f"{n} rows cannot carry {p} fixed effects; more rows are needed")
    q, r = np.linalg.qr(x)
    size = np.abs(np.diag(r))
    if (size <= 1e-10 * np.sqrt((x**2).sum(axis=0))).any():
        raise EstimationError("the fixed effects are linearly dependent; leave one of them out")
    inverse = np.linalg.inv(r)
    projected = q.T @ y
    rest = y - q @ projected
    scale = np.sqrt((z**2).mean(axis=0))
    scaled = z / np.where(scale > 0, scale, 1.0)
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    zs, xs, ys = scaled[order], q[order], rest[order]

    def total(rows: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(rows, first, axis=0), dtype=float)

    return GroupedData(
        zz=total(zs[:, :, None] * zs[:, None, :]),
        zx=total(zs[:, :, None] * xs[:, None, :]),
        zy=total(zs * ys[:, None]),
        xy=q.T @ rest,
        yy=float(rest @ rest),
        n=n,
        from_orthonormal=inverse,
        least_squares=inverse @ projected,
        log_det_x=float(2 * np.log(size).sum()),
        z_scale=np.where(scale > 0, scale, 1.0),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Evaluation:
    """The generalised least-squares solution at one Λ; orthonormal columns."""

    log_det: float
    covariance: FloatArray
    beta: FloatArray
    rss: float
    zvz: FloatArray
    zvx: FloatArray
    zvr: FloatArray
    shrink: FloatArray
    residual: FloatArray


def _evaluate(data: GroupedData, factor: FloatArray) -> _Evaluation:
    """Woodbury: ``V⁻¹ = I − Z W Z'`` with ``W = Λ (I + Λ'Z'ZΛ)⁻¹ Λ'`` of each group."""
    inner = np.eye(len(factor)) + factor.T @ data.zz @ factor
    shrink = factor @ np.linalg.inv(inner) @ factor.T
    zvx = data.zx - data.zz @ shrink @ data.zx
    xvx = np.eye(len(data.xy)) - np.einsum("gqp,gqr,grs->ps", data.zx, shrink, data.zx)
    xvy = data.xy - np.einsum("gqp,gqr,gr->p", data.zx, shrink, data.zy)
    covariance = np.linalg.inv(xvx)
    beta = covariance @ xvy
    yvy = data.yy - float(np.einsum("gq,gqr,gr->", data.zy, shrink, data.zy))
    residual = data.zy - data.zx @ beta
    log_det = float(np.linalg.slogdet(inner)[1].sum())
    return _Evaluation(
        log_det=log_det,
        covariance=covariance,
        beta=beta,
        rss=yvy - float(beta @ xvy),
        zvz=data.zz - data.zz @ shrink @ data.zz,
        zvx=zvx,
        zvr=residual - np.einsum("gqr,grs,gs->gq", data.zz, shrink, residual),
        shrink=shrink,
        residual=residual,
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
        return self.data.n - (len(self.data.xy) if self.reml else 0)

    def factor(self, theta: FloatArray) -> FloatArray:
        q = self.data.zy.shape[1]
        out = np.zeros((q, q))
        out[self.rows, self.columns] = theta
        return out

    def gradient(self, at: _Evaluation, factor: FloatArray, sigma2: float) -> FloatArray:
        """Gradient of the deviance in θ, residual variance held."""
        slope = at.zvz.sum(axis=0)
        if self.reml:
            slope = slope - np.einsum("gqp,ps,grs->qr", at.zvx, at.covariance, at.zvx)
        slope = slope - at.zvr.T @ at.zvr / sigma2
        return np.asarray((2 * slope @ factor)[self.rows, self.columns], dtype=float)

    def profiled(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Deviance with the residual variance profiled out, and its gradient."""
        factor = self.factor(theta)
        at = _evaluate(self.data, factor)
        sigma2 = max(at.rss, np.finfo(float).tiny) / self.df
        deviance = at.log_det + self.df * (1 + np.log(2 * np.pi * sigma2))
        if self.reml:
            deviance += self.data.log_det_x - float(np.linalg.slogdet(at.covariance)[1])
        return float(deviance), self.gradient(at, factor, sigma2)

    def hessian(self, theta: FloatArray, sigma2: float) -> FloatArray:
        """Hessian of the deviance in (θ, log σ²), from differences of the exact gradient."""
        k = len(theta)

        def slope(point: FloatArray) -> FloatArray:
            factor = self.factor(point[:k])
            at = _evaluate(self.data, factor)
            variance = float(np.exp(point[k]))
            of_theta = self.gradient(at, factor, variance)
            return np.append(of_theta, self.df - at.rss / variance)

        point = np.append(theta, np.log(sigma2))
        return differences(slope, point)


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
    jacobian : ndarray, shape (k, p, p)
        Derivatives of `covariance` in the variance parameters.
    parameter_covariance : ndarray, shape (k, k)
        Asymptotic covariance of the variance parameters.
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
    jacobian: FloatArray
    parameter_covariance: FloatArray

    def satterthwaite_df(self, contrasts: FloatArray) -> FloatArray:
        """Return ``2 v²/(g'Ag)`` of each contrast: v its variance, g the gradient of v.

        Parameters
        ----------
        contrasts : ndarray, shape (c, p)
        """
        variance = np.einsum("cp,ps,cs->c", contrasts, self.covariance, contrasts)
        slope = np.einsum("cp,kps,cs->ck", contrasts, self.jacobian, contrasts)
        spread = np.einsum("ck,kl,cl->c", slope, self.parameter_covariance, slope)
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
    q = data.zy.shape[1]
    scale = float((data.least_squares**2).sum()) + data.yy / data.n
    if data.yy / data.n <= 1e-20 * scale:
        raise EstimationError("the outcome does not vary around the fixed effects: no model")
    rows, columns = np.tril_indices(q) if correlated else (np.arange(q), np.arange(q))
    problem = _Problem(data=data, reml=reml, rows=rows, columns=columns)
    theta, converged = _minimise(problem)
    factor = problem.factor(theta)
    at = _evaluate(data, factor)
    sigma2 = at.rss / problem.df
    back = data.from_orthonormal
    unscaled = factor / data.z_scale[:, None]
    jacobian, parameter_covariance = _curvature(problem, theta, at, sigma2)
    deviance = problem.profiled(theta)[0]
    return MixedFit(
        beta=data.least_squares + back @ at.beta,
        covariance=sigma2 * back @ at.covariance @ back.T,
        random_covariance=sigma2 * unscaled @ unscaled.T,
        sigma2=sigma2,
        random_effects=np.einsum("gqr,gr->gq", at.shrink, at.residual) / data.z_scale,
        log_likelihood=-deviance / 2,
        parameters=len(data.xy) + len(theta) + 1,
        converged=converged,
        singular=bool((np.abs(theta[rows == columns]) < _SINGULAR).any()),
        jacobian=back @ jacobian @ back.T,
        parameter_covariance=parameter_covariance,
    )


def _minimise(problem: _Problem) -> tuple[FloatArray, bool]:
    """Minimise from several starts, then polish by Newton steps inside the bounds."""
    diagonal = problem.rows == problem.columns
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
    theta = _polish(problem, theta, diagonal)
    slope = problem.profiled(theta)[1]
    held = diagonal & (theta <= _SINGULAR) & (slope >= -1e-6)
    steepest = float(np.abs(slope[~held]).max(initial=0.0))
    return theta, bool(steepest <= _GRADIENT * np.sqrt(problem.data.n))


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


def _curvature(
    problem: _Problem, theta: FloatArray, at: _Evaluation, sigma2: float
) -> tuple[FloatArray, FloatArray]:
    """Return the slopes of the covariance of β in (θ, log σ²), and the covariance of these."""
    factor = problem.factor(theta)
    q = len(factor)
    slopes = []
    for row, column in zip(problem.rows, problem.columns, strict=True):
        unit = np.zeros((q, q))
        unit[row, column] = 1.0
        direction = unit @ factor.T + factor @ unit.T
        middle = np.einsum("gqp,qr,grs->ps", at.zvx, direction, at.zvx)
        slopes.append(sigma2 * at.covariance @ middle @ at.covariance)
    slopes.append(sigma2 * at.covariance)
    values, vectors = np.linalg.eigh(problem.hessian(theta, sigma2))
    # A direction without curvature (a variance at zero) carries no information: left out.
    kept = values > 1e-8 * values.max()
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return np.array(slopes), 2 * inverse
