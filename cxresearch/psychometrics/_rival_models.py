"""The models that compete over how many dimensions a battery has; none of them ever raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics.bifactor import BifactorResult, bifactor_reliability
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.cfa_result import CfaResult
from cxresearch.psychometrics.omega import FactorReliabilityResult, factor_reliability

INTENDED, ONE, SECOND, BIFACTOR = "intended", "one_factor", "second_order", "bifactor"
GENERAL = "general"
IMPROPER = ("heywood:", "correlation_above_1:", "factor_covariances_not")
FEW_STEPS = 4
STEPS_IF_SKEWED = 7
SKEWED = 1.0
PATIENCE = 60  # a model that the data bear needs about ten steps


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rivals:
    """What became of each model; None where it could not be fitted.

    Attributes
    ----------
    table : pandas.DataFrame
        See `DistinctnessResult.models`.
    notes : tuple of str
    """

    intended: CfaResult | None
    one: CfaResult | None
    reliability: FactorReliabilityResult | None
    bifactor: BifactorResult | None
    table: pd.DataFrame
    estimator: str
    notes: tuple[str, ...]


def chosen_estimator(answers: FloatArray) -> str:
    """Return ``"wlsmv"`` for few steps, or for up to seven when answers pile up at one end.

    Rhemtulla, Brosseau-Liard and Savalei (2012): robust likelihood does as well from five
    steps on unless thresholds are lopsided.
    """
    steps = np.array([len(np.unique(column)) for column in answers.T])
    if steps.max() > STEPS_IF_SKEWED or len(answers) < 200:
        return "wlsmv" if steps.max() <= FEW_STEPS and len(answers) >= 100 else "mlr"
    skewed = np.median(np.abs(stats.skew(answers, axis=0))) >= SKEWED
    return "wlsmv" if np.median(steps) <= FEW_STEPS or skewed else "mlr"


def fit_rivals(
    frame: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    estimator: str,
    weights: str | None,
    confidence_level: float,
    clusters: str | None = None,
) -> Rivals:
    """Fit the intended model, one factor, second order and bifactor, as far as they go."""
    items = [item for members in model.values() for item in members]
    fitter = _Fitter(
        frame=frame,
        estimator=estimator,
        weights=weights,
        clusters=clusters,
        level=confidence_level,
    )
    intended = fitter.fit(INTENDED, dict(model))
    if intended is None and estimator == "wlsmv":
        other = fit_rivals(
            frame,
            model,
            estimator="mlr",
            weights=weights,
            clusters=clusters,
            confidence_level=confidence_level,
        )
        return _with_note(other, "wlsmv_failed")
    one = fitter.fit(ONE, {GENERAL: items})
    if len(model) < 4:
        fitter.skip(SECOND, "equivalent" if len(model) == 3 else "not_possible")
    else:
        fitter.fit(SECOND, dict(model), second_order={GENERAL: list(model)})
    small = [name for name, members in model.items() if len(members) < 3]
    if small or len(model) < 3:
        fitter.skip(BIFACTOR, "not_possible")
        fitter.notes += [f"bifactor_needs_three_items:{name}" for name in small]
        bifactor = None
    else:
        bifactor = fitter.fit(BIFACTOR, dict(model), bifactor=_free_name(model))
    return Rivals(
        intended=intended,
        one=one,
        reliability=_reliability(intended, fitter.notes),
        bifactor=None if bifactor is None else bifactor_reliability(bifactor),
        table=table_of({name: [row[name] for row in fitter.rows] for name in fitter.rows[0]}),
        estimator=estimator,
        notes=tuple(fitter.notes),
    )


def _free_name(model: Mapping[str, Sequence[str]]) -> str:
    name = GENERAL
    while name in model:
        name += "_"
    return name


def _with_note(rivals: Rivals, note: str) -> Rivals:
    return Rivals(
        intended=rivals.intended,
        one=rivals.one,
        reliability=rivals.reliability,
        bifactor=rivals.bifactor,
        table=rivals.table,
        estimator=rivals.estimator,
        notes=(note, *rivals.notes),
    )


def _reliability(cfa: CfaResult | None, notes: list[str]) -> FactorReliabilityResult | None:
    if cfa is None:
        return None
    try:
        return factor_reliability(cfa)
    except CxError:  # items with opposite signs: their names are in the notes of the model
        notes += [note for note in cfa.notes if note.startswith("negative_loading:")]
        return None


class _Fitter:
    """Fits models one after the other and keeps a row for each, also for those that fail."""

    def __init__(
        self,
        *,
        frame: pd.DataFrame,
        estimator: str,
        weights: str | None,
        clusters: str | None,
        level: float,
    ) -> None:
        self.frame, self.estimator, self.weights, self.level = frame, estimator, weights, level
        self.clusters = clusters
        self.rows: list[dict[str, object]] = []
        self.notes: list[str] = []

    def fit(
        self, term: str, model: Mapping[str, Sequence[str]], **options: object
    ) -> CfaResult | None:
        """Return the fitted model, or None."""
        try:
            found = confirmatory_factors(
                self.frame,
                model,
                estimator=self.estimator,  # type: ignore[arg-type]
                weights=self.weights if self.estimator == "mlr" else None,
                clusters=self.clusters,
                confidence_level=self.level,
                max_steps=PATIENCE,
                **options,  # type: ignore[arg-type]
            )
        except (CxError, np.linalg.LinAlgError):
            self.skip(term, "not_converged")
            self.notes.append(f"not_converged:{term}")
            return None
        improper = [note for note in found.notes if note.startswith(IMPROPER)]
        self.notes += [f"improper:{term}:{note}" for note in improper]
        self.rows.append(_row(term, found, "improper" if improper else "ok"))
        return found

    def skip(self, term: str, status: str) -> None:
        """Keep a row without numbers."""
        self.rows.append(_row(term, None, status))


def _row(term: str, cfa: CfaResult | None, status: str) -> dict[str, object]:
    names = ("cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr", "bic")
    row: dict[str, object] = {"term": term}
    if cfa is None:
        empty = ("statistic", "df", "p_value", "n", *names)
        return row | dict.fromkeys(empty, np.nan) | {"status": status}
    found = cfa.glance().iloc[0]
    shown = {name: float(found[name]) for name in names}
    for name in names[:5]:
        if not np.isfinite(shown[name]):  # robust indices need positive definite polychorics
            shown[name] = float(getattr(cfa, f"{name}_scaled"))
    numbers = {"statistic": float(found["chi2"]), "df": float(found["df"])}
    numbers |= {"p_value": float(found["p_value"]), "n": float(found["n"])}
    return row | numbers | shown | {"status": status}
