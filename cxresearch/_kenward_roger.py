"""Kenward and Roger's correction of a mixed model with one grouping factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KenwardRoger:
    """Corrected covariance of the fixed effects, and what degrees of freedom rest on.

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        Corrected for the variances being estimated.
    plain : ndarray, shape (p, p)
        Uncorrected.
    slopes : ndarray, shape (k, p, p)
        ``Φ P_r Φ`` of every variance parameter.
    spread : ndarray, shape (k, k)
        Asymptotic covariance of the variance parameters.
    """

    covariance: FloatArray
    plain: FloatArray
    slopes: FloatArray
    spread: FloatArray

    def df(self, contrasts: FloatArray) -> FloatArray:
        """Return the degrees of freedom of each contrast, shape (c,).

        For a single contrast the F statistic needs no scaling and ``df = 2/A`` with ``A`` the
        variance of its estimated variance over its square.
        """
        variance = np.einsum("cp,ps,cs->c", contrasts, self.plain, contrasts)
        slope = np.einsum("cp,kps,cs->ck", contrasts, self.slopes, contrasts)
        share = np.einsum("ck,kl,cl->c", slope, self.spread, slope) / variance**2
        return np.asarray(2 / share, dtype=float)


def kenward_roger(
    x: FloatArray,
    z: FloatArray,
    group: IntArray,
    *,
    random_covariance: FloatArray,
    sigma2: float,
    correlated: bool,
) -> KenwardRoger:
    """Correct a model fitted by REML.

    Parameters
    ----------
    x : ndarray, shape (n, p)
    z : ndarray, shape (n, q)
    group : ndarray of int, shape (n,)
    random_covariance : ndarray, shape (q, q)
    sigma2 : float
    correlated : bool
        Covariances of the random effects were estimated.

    Notes
    -----
    Agrees with R: ``pbkrtest::vcovAdj`` and ``lmerTest``'s ``ddf = "Kenward-Roger"``. Costs the
    cube of the rows of a group.

    References
    ----------
    Kenward, M. G., & Roger, J. H. (1997). Small sample inference for fixed effects from
    restricted maximum likelihood. Biometrics 53, 983–997. https://doi.org/10.2307/2533558
    """
    q, p = z.shape[1], x.shape[1]
    # In units of the residual variance and of each column, so that seconds do as well as hours.
    size = np.sqrt((z**2).mean(axis=0))
    z = z / size
    relative = random_covariance * np.outer(size, size) / sigma2
    pairs = [(a, b) for a in range(q) for b in range(a + 1) if a == b or correlated]
    k = len(pairs) + 1
    information = np.zeros((p, p))
    first, second, traces = np.zeros((k, p, p)), np.zeros((k, k, p, p)), np.zeros((k, k))
    for code in range(int(group.max()) + 1):
        rows = group == code
        zi, xi = z[rows], x[rows]
        inverse = np.linalg.inv(zi @ relative @ zi.T + np.eye(len(zi)))
        vx = inverse @ xi
        information += xi.T @ vx
        parts = [_symmetric(zi, a, b) for a, b in pairs] + [np.eye(len(zi))]
        weighted = [inverse @ part for part in parts]
        onto = [part @ vx for part in parts]
        for r in range(k):
            first[r] -= vx.T @ onto[r]
            for s in range(k):
                second[r, s] += onto[r].T @ inverse @ onto[s]
                traces[r, s] += float((weighted[r] * weighted[s].T).sum())
    plain = np.asarray(np.linalg.inv(information), dtype=float)
    slopes = plain @ first @ plain
    expected = traces.copy()
    expected -= 2 * np.einsum("ps,rtsp->rt", plain, second)
    expected += np.einsum("rps,tsp->rt", plain @ first, plain @ first)
    spread = np.asarray(2 * np.linalg.pinv(expected, hermitian=True), dtype=float)
    middle = np.einsum("rs,rspt->pt", spread, second - np.einsum(
        "rpa,ab,sbt->rspt", first, plain, first
    ))  # fmt: skip
    return KenwardRoger(
        covariance=sigma2 * (plain + 2 * plain @ middle @ plain),
        plain=sigma2 * plain,
        slopes=sigma2 * slopes,
        spread=spread,
    )


def _symmetric(z: FloatArray, a: int, b: int) -> FloatArray:
    outer = np.outer(z[:, a], z[:, b])
    return outer if a == b else outer + outer.T
