"""The one door to factor_analyzer: what it gets wrong is put right here.

Repaired: factor correlations in another order than the loadings; missing answers replaced by
medians; communalities that ignore factor correlations; principal components that are only
approximate, and none of a correlation matrix; a failure to converge that is only a warning;
rotations that stop early; constructor arguments rewritten by ``fit`` (an object is used once).
It needs scikit-learn below 1.8.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError

_PATIENT = {"tol": 1e-9, "max_iter": 2000}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Extracted:
    """Rotated factors of p items.

    Attributes
    ----------
    loadings, structure : ndarray, shape (p, m)
        Pattern; correlations of items with factors, ``loadings @ correlations``.
    correlations : ndarray, shape (m, m)
        Of the factors, in the order of `loadings`.
    communalities : ndarray, shape (p,)
    """

    loadings: FloatArray
    structure: FloatArray
    correlations: FloatArray
    communalities: FloatArray


def extract(
    correlations: FloatArray, n_factors: int, *, extraction: str, rotation: str
) -> Extracted:
    """Extract and rotate factors of a correlation matrix, the one that explains most first.

    Raises
    ------
    EstimationError
        The extraction did not converge.
    """
    # It warns when asked to rotate one factor.
    turned = None if n_factors == 1 or rotation == "none" else rotation
    if extraction == "principal":
        return _principal(correlations, n_factors, turned)
    from factor_analyzer import FactorAnalyzer

    analyzer = FactorAnalyzer(
        n_factors=n_factors,
        method=extraction,
        rotation=turned,
        is_corr_matrix=True,
        bounds=(0.001, 1),
        rotation_kwargs={} if turned is None else dict(_PATIENT),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "'force_all_finite' was renamed", FutureWarning)
        try:
            analyzer.fit(np.array(correlations))
        except UserWarning as warning:
            raise EstimationError(
                f"{n_factors} factors by {extraction!r}: {warning}; ask for fewer factors, or "
                "for another extraction"
            ) from warning
    loadings = np.asarray(analyzer.loadings_, dtype=float)
    return _ordered(loadings, _factor_correlations(loadings, analyzer.structure_))


def _principal(correlations: FloatArray, n_factors: int, rotation: str | None) -> Extracted:
    """Take principal components exactly; only their rotation is the library's."""
    from factor_analyzer.rotator import Rotator

    roots, vectors = np.linalg.eigh(correlations)
    loadings = (vectors * np.sqrt(np.maximum(roots, 0.0)))[:, ::-1][:, :n_factors]
    phi = np.eye(n_factors)
    if rotation is not None:
        rotator = Rotator(method=rotation, **_PATIENT)
        loadings = np.asarray(rotator.fit_transform(loadings), dtype=float)
        phi = phi if rotator.phi_ is None else np.asarray(rotator.phi_, dtype=float)
    return _ordered(loadings, phi)


def _factor_correlations(loadings: FloatArray, structure: FloatArray | None) -> FloatArray:
    """Return Φ from ``loadings · Φ = structure``: ``phi_`` keeps the order before sorting."""
    if structure is None:
        return np.eye(loadings.shape[1])
    phi = np.linalg.lstsq(loadings, np.asarray(structure, dtype=float), rcond=None)[0]
    phi = (phi + phi.T) / 2
    scale = np.sqrt(np.diag(phi))
    return np.asarray(phi / np.outer(scale, scale), dtype=float)


def _ordered(loadings: FloatArray, phi: FloatArray) -> Extracted:
    """Order factors by the variance they explain and turn each to load positively in sum."""
    explained = np.sum(loadings * (loadings @ phi), axis=0)
    order = np.argsort(-explained, kind="stable")
    loadings, phi = loadings[:, order], phi[np.ix_(order, order)]
    signs = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    loadings, phi = loadings * signs, phi * np.outer(signs, signs)
    structure = loadings @ phi
    return Extracted(
        loadings=loadings,
        structure=structure,
        correlations=phi,
        communalities=np.sum(loadings * structure, axis=1),
    )
