"""The likelihood of the variances of a hierarchical model of courses, and its slopes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from cxresearch._types import FloatArray, IntArray
from cxresearch.peak_end._latent import Courses, LatentFit, Variances


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Likelihood:
    """What the likelihood of N episodes of at most M moments needs, whatever the variances.

    Attributes
    ----------
    columns, before : ndarray, shape (4, N, M)
        1, x − ½, x² and the ratings, 0 where there is no moment; those of the moment before.
    gaps : ndarray, shape (N, M)
        Time since the moment before, 0 for the first.
    there, follows : ndarray, shape (N, M)
        1 for a moment, 1 for a moment with another before it; else 0.
    people, first : ndarray of int, shape (N,) and (P,)
        Person of each episode, 0 … P − 1; first episode of each person.
    """

    columns: FloatArray
    before: FloatArray
    gaps: FloatArray
    there: FloatArray
    follows: FloatArray
    people: IntArray
    first: IntArray

    @staticmethod
    def of(courses: Courses) -> Likelihood:
        """Prepare the likelihood of some courses."""
        columns = np.ascontiguousarray(courses.columns().transpose(2, 0, 1))
        there = courses.there.astype(float)
        begins = np.diff(courses.people, prepend=-1) != 0
        follows = there.copy()
        follows[:, 0] = 0.0
        return Likelihood(
            columns=columns,
            before=_shifted(columns) * follows,
            gaps=(courses.times - _shifted(courses.times)) * follows,
            there=there,
            follows=follows,
            people=np.cumsum(begins) - 1,
            first=np.flatnonzero(begins),
        )

    def at(self, variances: Variances) -> LatentFit:
        """Return mean course and noise variance that are most likely, given the variances.

        With ``V`` the covariance over the noise variance and ``A = [X y]``, all that is needed
        is ``A'V⁻¹A`` and ``log|V|``: ``σ² = r'V⁻¹r/n``, ``−2 log L = n (log 2πσ² + 1) +
        log|V|``. Drift and noise are taken out of A first, in time linear in the moments; then
        the lines of episodes, then of people by Woodbury's identity. Slopes go the same way
        back: with ``w = (−β, 1)`` those of −2 log L in the elements of ``A'V⁻¹A`` are
        ``ww'/σ²``, and each step turns slopes in what it left into slopes in what it was given.
        """
        drift = self._drift(variances)
        crossed = _crossed(self.columns, self.columns) if drift is None else drift.crossed
        episodes = _lines(crossed, variances.level, variances.slope)
        mine = np.add.reduceat(episodes.left, self.first, axis=2)
        people = _lines(mine, variances.person_level, variances.person_slope)
        total = people.left.sum(axis=2)
        covariance = np.linalg.inv(total[:3, :3])
        beta = covariance @ total[:3, 3]
        n = int(self.there.sum())
        noise = float(total[3, 3] - total[3, :3] @ beta) / n
        logs = episodes.log_det + people.log_det + (0.0 if drift is None else drift.log_det)
        rest = np.append(-beta, 1.0)
        of_people, weights = people.back(np.outer(rest, rest)[..., None] / noise)
        of_episodes, weights = episodes.back(weights.take(self.people, axis=2))
        of_drift = np.zeros(2) if drift is None else self._back(drift, variances, weights)
        return LatentFit(
            variances=variances,
            noise=noise,
            beta=beta,
            beta_covariance=covariance,
            lines=rest @ people.held.transpose(2, 1, 0),
            line_covariance=people.covariance.transpose(2, 0, 1),
            line_reach=people.held[:, :3].transpose(2, 0, 1),
            log_likelihood=-0.5 * (n * (math.log(2 * math.pi * noise) + 1) + logs),
            slopes=-0.5 * np.concatenate([of_episodes, of_drift, of_people]),
        )

    def _drift(self, variances: Variances) -> _Drift | None:
        """Take drift and noise out of the columns; None where there is no drift.

        Less what is kept of the moment before, drift is independent from moment to moment and
        noise hangs together with its neighbours alone: their covariance is tridiagonal.
        """
        if not variances.drift:
            return None
        kept = np.exp(-self.gaps / variances.memory) * self.follows
        fresh = self.there - kept**2
        whole = 1 + kept**2 + variances.drift * fresh
        beside = -kept.ravel()[1:]
        pivots, ratios, _ = lapack.dpttrf(whole.ravel(), beside)
        back, _, _ = lapack.dpttrf(whole.ravel()[::-1], beside[::-1])
        steps = self.columns - kept * self.before
        solved, _ = lapack.dpttrs(pivots, ratios, steps.reshape(4, -1).T)
        solved = solved.T.reshape(steps.shape)
        inverse = 1 / (pivots + back[::-1] - whole.ravel())
        return _Drift(
            crossed=_crossed(steps, solved),
            log_det=float(np.log(pivots).sum()),
            solved=solved,
            kept=kept,
            fresh=fresh,
            inverse=inverse.reshape(whole.shape),
            inverse_beside=np.append(0.0, -ratios * inverse[1:]).reshape(whole.shape),
        )

    def _back(self, drift: _Drift, variances: Variances, weights: FloatArray) -> FloatArray:
        """Return slopes of −2 log L in the logarithms of drift and memory."""
        weights = np.ascontiguousarray(weights.transpose(2, 0, 1))
        weighted = (weights @ drift.solved.transpose(1, 0, 2)).transpose(1, 0, 2)
        own = drift.inverse - (weighted * drift.solved).sum(axis=0)
        lead = ((self.before - _shifted(drift.solved)) * weighted).sum(axis=0)
        bend = drift.kept * own * (1 - variances.drift) - drift.inverse_beside - lead
        fall = drift.kept * self.gaps / variances.memory
        return np.array([variances.drift * (drift.fresh * own).sum(), 2 * (fall * bend).sum()])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Drift:
    """Columns without drift and noise.

    Attributes
    ----------
    crossed : ndarray, shape (4, 4, N)
        ``A'B⁻¹A`` of each episode, B the covariance of drift and noise.
    log_det : float
        ``Σ log|B|``.
    solved : ndarray, shape (4, N, M)
        The steps of the columns, over their tridiagonal covariance T.
    kept, fresh : ndarray, shape (N, M)
        Correlation of drift with that of the moment before; variance of what is new in it.
    inverse, inverse_beside : ndarray, shape (N, M)
        Diagonal of ``T⁻¹``, and the elements left of it.
    """

    crossed: FloatArray
    log_det: float
    solved: FloatArray
    kept: FloatArray
    fresh: FloatArray
    inverse: FloatArray
    inverse_beside: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Lines:
    """Sums of products without lines of random level and slope; episodes (or people) last.

    Attributes
    ----------
    left : ndarray, shape (4, 4, N)
        ``A'(B + ZDZ')⁻¹A``, from ``C = A'B⁻¹A``; Z are the first two columns of A.
    covariance : ndarray, shape (2, 2, N)
        ``M = D (I + Z'B⁻¹Z D)⁻¹``, of the lines given the data.
    held : ndarray, shape (2, 4, N)
        ``M Z'B⁻¹A``: the lines expected of each column.
    log_det : float
        ``Σ log|I + Z'B⁻¹Z D|``.
    ratios : ndarray, shape (2,)
        Diagonal of D.
    """

    left: FloatArray
    covariance: FloatArray
    held: FloatArray
    log_det: float
    ratios: FloatArray

    def back(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slopes in the logarithms of `ratios`, and in the elements of C.

        From those in the elements of `left`, (4, 4, N) or (4, 4, 1) if all are the same.
        """
        found = np.broadcast_to(weights, self.left.shape)
        if not self.ratios.any():
            return np.zeros(2), found
        seen = np.einsum("ain,ijn->ajn", self.held, found)
        traces = np.einsum("aan->a", self.held[:, :2])
        squares = np.einsum("ajn,ajn->a", seen, self.held)
        found = found.copy()
        found[:2] -= seen
        found[:, :2] -= np.einsum("ijn,ajn->ian", found, self.held)
        found[:2, :2] += self.covariance
        return traces - squares / np.where(self.ratios > 0, self.ratios, 1.0), found


def _lines(crossed: FloatArray, level: float, slope: float) -> _Lines:
    """Take lines of random level and slope out of sums of products, (4, 4, N)."""
    ratios = np.array([level, slope])
    if not ratios.any():
        none = np.zeros((2, 6, crossed.shape[2]))
        return _Lines(
            left=crossed, covariance=none[:, :2], held=none[:, 2:], log_det=0.0, ratios=ratios
        )
    one, both, other = crossed[0, 0], crossed[0, 1], crossed[1, 1]
    det = (1 + level * one) * (1 + slope * other) - level * slope * both**2
    across = -level * slope * both
    turned = [[level * (1 + slope * other), across], [across, slope * (1 + level * one)]]
    covariance = np.array(turned) / det
    held = np.einsum("abn,bjn->ajn", covariance, crossed[:2])
    return _Lines(
        left=crossed - np.einsum("ain,ajn->ijn", crossed[:2], held),
        covariance=covariance,
        held=held,
        log_det=float(np.log(det).sum()),
        ratios=ratios,
    )


def _shifted(values: FloatArray) -> FloatArray:
    """Return values one place further along the last axis, 0 in the first place."""
    moved = np.zeros_like(values)
    moved[..., 1:] = values[..., :-1]
    return moved


def _crossed(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the sums of products of columns (4, N, M) within each episode, (4, 4, N)."""
    crossed = one.transpose(1, 0, 2) @ other.transpose(1, 2, 0)
    return np.ascontiguousarray(crossed.transpose(1, 2, 0))
