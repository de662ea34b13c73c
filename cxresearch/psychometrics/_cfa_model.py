"""The covariance structure of a factor model, and its derivatives without Jacobians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxresearch._types import FloatArray, IntArray
from cxresearch._validate import check_names
from cxresearch.errors import CxError

LOADING, PATH, FACTOR, RESIDUAL = range(4)
Numbers = NDArray[Any]  # real, or complex for derivatives by complex steps


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Places:
    """Where k parameters stand; arrays of shape (k,).

    Attributes
    ----------
    matrix : ndarray of int
        LOADING (Λ), PATH (B, second-order loadings), FACTOR (Ψ) or RESIDUAL (Θ).
    row, column : ndarray of int
        Of Ψ and Θ the upper triangle.
    """

    matrix: IntArray
    row: IntArray
    column: IntArray

    @property
    def count(self) -> int:
        """Number of parameters."""
        return len(self.matrix)

    def joined(self, other: Places) -> Places:
        """Return these places and then the others."""
        return Places(
            matrix=np.concatenate([self.matrix, other.matrix]),
            row=np.concatenate([self.row, other.row]),
            column=np.concatenate([self.column, other.column]),
        )

    def set(self) -> set[tuple[int, int, int]]:
        """Return the places as triples."""
        columns = (self.matrix.tolist(), self.row.tolist(), self.column.tolist())
        return set(zip(*columns, strict=True))


def places(triples: Sequence[tuple[int, int, int]]) -> Places:
    """Return `Places` of (matrix, row, column) triples."""
    table = np.array(triples, dtype=np.int64).reshape(-1, 3)
    return Places(matrix=table[:, 0], row=table[:, 1], column=table[:, 2])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FactorModel:
    """A factor model in which every factor (or its disturbance) has variance 1.

    Attributes
    ----------
    items, factors : tuple of str
        First-order factors come first, `n_first` of them.
    n_first : int
    free : Places
        The free parameters, loadings first.
    """

    items: tuple[str, ...]
    factors: tuple[str, ...]
    n_first: int
    free: Places

    @property
    def df(self) -> int:
        """Different covariances less free parameters."""
        p = len(self.items)
        return p * (p + 1) // 2 - self.free.count


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Structure:
    """The matrices at one point, or at a stack of points (leading axes).

    Attributes
    ----------
    loadings : ndarray, shape (..., p, m)
    paths, disturbances : ndarray, shape (..., m, m)
        B and Ψ.
    residuals : ndarray, shape (..., p, p)
    factors : ndarray, shape (..., m, m)
        Covariances of the factors, ``(I − B)⁻¹ Ψ (I − B)⁻ᵀ``.
    total : ndarray, shape (..., p, m)
        ``Λ (I − B)⁻¹``.
    implied : ndarray, shape (..., p, p)
        ``Λ Φ Λᵀ + Θ``.
    """

    loadings: Numbers
    paths: Numbers
    disturbances: Numbers
    residuals: Numbers
    factors: Numbers
    total: Numbers
    implied: Numbers


def factor_model(
    model: Mapping[str, Sequence[str]],
    *,
    correlated_residuals: Sequence[tuple[str, str]] = (),
    second_order: Mapping[str, Sequence[str]] | None = None,
    bifactor: str | None = None,
) -> FactorModel:
    """Check a model in words and place its parameters.

    `bifactor` names a general factor of all items; then no factors correlate.

    Raises
    ------
    CxError
        No factor, an empty or repeated one, an unknown name, more parameters than covariances.
    """
    above = dict(second_order or {})
    _check_model(model, above)
    if bifactor is not None:
        _check_bifactor(model, above, bifactor)
        every = list(dict.fromkeys(item for members in model.values() for item in members))
        model = {**model, bifactor: every}
    items = tuple(dict.fromkeys(item for members in model.values() for item in members))
    first, factors = tuple(model), (*model, *above)
    at, of = {x: i for i, x in enumerate(items)}, {f: i for i, f in enumerate(factors)}
    triples = [(LOADING, at[x], of[f]) for f, members in model.items() for x in members]
    triples += [(PATH, of[f], of[g]) for g, members in above.items() for f in members]
    below = {of[f] for members in above.values() for f in members}
    top = [of[f] for f in factors if of[f] not in below]
    if bifactor is None:
        triples += [(FACTOR, i, j) for k, i in enumerate(top) for j in top[k + 1 :]]
    triples += [(RESIDUAL, i, i) for i in range(len(items))]
    triples += _residual_pairs(correlated_residuals, at)
    made = FactorModel(items=items, factors=factors, n_first=len(first), free=places(triples))
    if made.df < 0:
        raise CxError(
            f"model: {made.free.count} parameters for {made.free.count + made.df} different "
            "variances and covariances; name fewer factors or correlated residuals"
        )
    return made


def _check_model(
    model: Mapping[str, Sequence[str]], above: Mapping[str, Sequence[str]]
) -> None:
    if not model:
        raise CxError("model must name at least one factor and its items")
    for factor, members in (*model.items(), *above.items()):
        if isinstance(members, str) or not list(members):
            raise CxError(f"model: factor {factor!r} must list its items; got {members!r}")
        if len(set(members)) < len(list(members)):
            raise CxError(f"model: factor {factor!r} lists an item twice: {list(members)}")
    for factor, members in above.items():
        check_names(f"second_order {factor!r}", members, list(model), of="factors")
    twice = [f for f in model if sum(f in members for members in above.values()) > 1]
    if twice or set(above) & set(model):
        raise CxError(
            "second_order: each factor belongs to one second-order factor with a name of its "
            f"own; check {twice or sorted(set(above) & set(model))}"
        )


def _check_bifactor(
    model: Mapping[str, Sequence[str]], above: Mapping[str, Sequence[str]], general: str
) -> None:
    if above:
        raise CxError(
            "bifactor: a model has a general factor or second-order factors, not both"
        )
    if general in model or not general:
        raise CxError(
            f"bifactor: the general factor needs a name of its own; got {general!r} and the "
            f"factors {list(model)}"
        )
    items = [item for members in model.values() for item in members]
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise CxError(f"bifactor: item(s) {twice} belong to two group factors; keep one")
    small = [name for name, members in model.items() if len(list(members)) < 3]
    if small or len(model) < 2:
        raise CxError(
            "bifactor: needs two or more group factors of three items each; check "
            f"{small or list(model)}"
        )


def _residual_pairs(
    pairs: Sequence[tuple[str, str]], at: Mapping[str, int]
) -> list[tuple[int, int, int]]:
    found = []
    for pair in pairs:
        first, second = check_names("correlated_residuals", pair, list(at), of="items")
        place = (RESIDUAL, min(at[first], at[second]), max(at[first], at[second]))
        if place[1] == place[2] or place in found:
            raise CxError(
                f"correlated_residuals: {tuple(pair)!r} must be two different items, once"
            )
        found.append(place)
    return found


def structure_at(model: FactorModel, values: Numbers) -> Structure:
    """Fill the matrices; `values` has shape (..., k), real or complex."""
    p, m, free = len(model.items), len(model.factors), model.free
    lead, kind = values.shape[:-1], values.dtype
    shapes = {LOADING: (p, m), PATH: (m, m), FACTOR: (m, m), RESIDUAL: (p, p)}
    filled = {matrix: np.zeros((*lead, *shape), dtype=kind) for matrix, shape in shapes.items()}
    filled[FACTOR][..., np.arange(m), np.arange(m)] = 1.0
    for matrix, target in filled.items():
        own = free.matrix == matrix
        row, column = free.row[own], free.column[own]
        target[..., row, column] = values[..., own]
        if matrix in (FACTOR, RESIDUAL):
            target[..., column, row] = values[..., own]
    loadings, paths = filled[LOADING], filled[PATH]
    through = np.linalg.inv(np.eye(m) - paths) if model.n_first < m else np.eye(m)
    factors = through @ filled[FACTOR] @ np.swapaxes(through, -1, -2)
    implied = loadings @ factors @ np.swapaxes(loadings, -1, -2) + filled[RESIDUAL]
    return Structure(
        loadings=loadings,
        paths=paths,
        disturbances=filled[FACTOR],
        residuals=filled[RESIDUAL],
        factors=factors,
        total=loadings @ through,
        implied=implied,
    )


def directions(at: Structure, where: Places) -> tuple[Numbers, Numbers]:
    """Return vectors l and r with ``∂Σ/∂θ = l rᵀ + r lᵀ`` for each place, shape (..., k, p).

    A parameter of any of the four matrices changes Σ by a matrix of rank two at most, so the
    gradient and the information need these vectors only, never the p(p + 1)/2 × k Jacobian.
    """
    p = at.implied.shape[-1]
    unit = np.eye(p)
    across = np.swapaxes(at.total, -1, -2)  # (..., m, p)
    through = at.factors @ np.swapaxes(at.loadings, -1, -2)  # (..., m, p)
    shape = (*at.implied.shape[:-2], where.count, p)
    left, right = np.zeros(shape, at.implied.dtype), np.zeros(shape, at.implied.dtype)
    sources = {
        LOADING: (unit, through),
        PATH: (across, through),
        FACTOR: (across, across),
        RESIDUAL: (unit, unit),
    }
    for matrix, (rows, columns) in sources.items():
        own = where.matrix == matrix
        left[..., own, :] = rows[..., where.row[own], :]
        right[..., own, :] = columns[..., where.column[own], :]
    alone = (where.matrix >= FACTOR) & (where.row == where.column)
    right[..., alone, :] *= 0.5
    return left, right


def gradient_at(model: FactorModel, values: Numbers, observed: FloatArray) -> Numbers:
    """Return ``∂F/∂θ`` of ``F = log|Σ| + tr(S Σ⁻¹)``, shape (..., k)."""
    at = structure_at(model, values)
    left, right = directions(at, model.free)
    inverse = np.linalg.inv(at.implied)
    pull = inverse - inverse @ observed @ inverse
    gradient: Numbers = 2 * np.sum((left @ pull) * right, axis=-1)
    return gradient


def information(left: FloatArray, right: FloatArray, weight: FloatArray) -> FloatArray:
    """Return ``½ tr(W ∂ᵢΣ W ∂ⱼΣ)`` for all pairs; W = Σ⁻¹ for expected information."""
    lw, rw = left @ weight, right @ weight
    crossed = lw @ right.T
    result: FloatArray = (lw @ left.T) * (rw @ right.T) + crossed * crossed.T
    return result


def observed_information(
    model: FactorModel, values: FloatArray, observed: FloatArray
) -> FloatArray:
    """Return ``½ ∂²F/∂θ∂θᵀ`` by complex steps of the gradient, exact to rounding."""
    step = 1e-20
    points = values + 1j * step * np.eye(len(values))
    hessian = gradient_at(model, points, observed).imag / step
    result: FloatArray = (hessian + hessian.T) / 4
    return result
