"""The one door to factor_analyzer: what it gets wrong is put right here.

Repaired: factor correlations in another order than the loadings; missing answers replaced by
medians; communalities that ignore factor correlations; principal components that are only
approximate, and none of a correlation matrix; a failure to converge that is only a warning;
rotations that stop early, and oblimin that never stops; constructor arguments rewritten by
``fit`` (an object is used once). It needs scikit-learn below 1.8.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._oblimin import oblimin

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
    loadings = _unrotated(correlations, n_factors, extraction)
    if n_factors == 1 or rotation == "none":
        return _ordered(loadings, np.eye(n_factors))
    if rotation == "oblimin":
        return _ordered(*oblimin(loadings))
    from factor_analyzer.rotator import Rotator

    rotator = Rotator(method=rotation, **_PATIENT)
    loadings = np.asarray(rotator.fit_transform(loadings), dtype=float)
    phi = np.eye(n_factors) if rotator.phi_ is None else np.asarray(rotator.phi_, dtype=float)
    return _ordered(loadings, phi)


def _unrotated(correlations: FloatArray, n_factors: int, extraction: str) -> FloatArray:
    """Return loadings (p, m) as extracted; principal components exactly, by their roots."""
    if extraction == "principal":
        roots, vectors = np.linalg.eigh(correlations)
        loadings = (vectors * np.sqrt(np.maximum(roots, 0.0)))[:, ::-1]
        return np.asarray(loadings[:, :n_factors], dtype=float)
    from factor_analyzer import FactorAnalyzer

    analyzer = FactorAnalyzer(
        n_factors=n_factors,
        method=extraction,
        rotation=None,
        is_corr_matrix=True,
        bounds=(0.001, 1),
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
    return np.asarray(analyzer.loadings_, dtype=float)


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
