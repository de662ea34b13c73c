"""The three ways a factor model is fitted, each to a whole result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch.psychometrics._answers import (
    check_varying,
    dropped_note,
    table_of,
)
from cxresearch.psychometrics._cfa_fiml import (
    fiml_estimates,
    fiml_fields,
    fiml_modification,
    fit_fiml,
)
from cxresearch.psychometrics._cfa_fit import fit_by_scoring
from cxresearch.psychometrics._cfa_model import FactorModel
from cxresearch.psychometrics._cfa_ordinal import fit_ordinal, ordinal_sample
from cxresearch.psychometrics._cfa_result import (
    likelihood_fields,
    matrix_fields,
    ordinal_fields,
    solution_notes,
)
from cxresearch.psychometrics._cfa_robust import robust_of
from cxresearch.psychometrics._cfa_tables import (
    estimate_table,
    modification_table,
    ordinal_modification_table,
)
from cxresearch.psychometrics._clusters import answered_of, any_answers_of
from cxresearch.psychometrics.cfa_result import CfaResult

_THRESHOLDS = ("term", "group", "estimate", "std_error", "n")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Asked:
    """What was asked of `confirmatory_factors` beside the model."""

    frame: pd.DataFrame
    estimator: str
    bifactor: str
    weights: str | None
    clusters: str | None
    level: float
    max_steps: int


def by_likelihood(placed: FactorModel, asked: Asked) -> CfaResult:
    """Fit by maximum likelihood to respondents with all answers."""
    given = answered_of(
        asked.frame,
        placed.items,
        weights=asked.weights,
        clusters=asked.clusters,
        at_least=len(placed.items) + 1,
    )
    answers, weights = given.answers, given.weights
    check_varying(answers, placed.items)
    n = len(answers)
    w = np.ones(n) if weights is None else weights
    centred = answers - np.average(answers, axis=0, weights=w)
    observed = (centred * w[:, None]).T @ centred / n
    fit = fit_by_scoring(placed, observed, max_steps=asked.max_steps)
    robust = (
        robust_of(placed, fit.values, centred, weights, given.clusters)
        if asked.estimator == "mlr"
        else None
    )
    covariance = robust.covariance if robust else np.linalg.inv(fit.information) / n
    return CfaResult(
        estimates=estimate_table(placed, fit, covariance, n=n, confidence_level=asked.level),
        modification=modification_table(placed, fit, observed, n),
        thresholds=table_of({name: [] for name in _THRESHOLDS}),
        parameter_covariance=covariance,
        **matrix_fields(placed, fit, observed),
        **likelihood_fields(placed, fit, observed, n, robust),
        n=n,
        n_asked=len(asked.frame),
        estimator=asked.estimator,
        bifactor=asked.bifactor,
        weights=asked.weights or "",
        clusters=asked.clusters or "",
        n_clusters=given.n_clusters,
        confidence_level=asked.level,
        steps=fit.steps,
        notes=dropped_note(len(asked.frame), n) + given.notes + solution_notes(placed, fit),
    )


def by_full_information(placed: FactorModel, asked: Asked) -> CfaResult:
    """Fit by maximum likelihood to all answers."""
    given = any_answers_of(asked.frame, placed.items, asked.clusters)
    found = fit_fiml(placed, given, robust=asked.estimator == "mlr")
    n = len(given.answers)
    return CfaResult(
        estimates=fiml_estimates(placed, found, level=asked.level),
        modification=fiml_modification(placed, found),
        thresholds=table_of({name: [] for name in _THRESHOLDS}),
        parameter_covariance=found.covariance,
        **matrix_fields(placed, found.plain, found.moments.covariance),
        **fiml_fields(placed, found),
        n=n,
        n_asked=len(asked.frame),
        estimator=asked.estimator,
        bifactor=asked.bifactor,
        weights="",
        missing="fiml",
        clusters=asked.clusters or "",
        n_clusters=given.n_clusters,
        confidence_level=asked.level,
        steps=found.fit.steps,
        notes=dropped_note(len(asked.frame), n)
        + given.notes
        + solution_notes(placed, found.plain),
    )


def by_ordered_answers(placed: FactorModel, asked: Asked) -> CfaResult:
    """Fit to polychoric correlations."""
    given = answered_of(
        asked.frame, placed.items, clusters=asked.clusters, at_least=len(placed.items) + 1
    )
    check_varying(given.answers, placed.items)
    sample = ordinal_sample(given.answers, placed.items, given.clusters)
    found = fit_ordinal(placed, sample, max_steps=asked.max_steps)
    fit, n = found.fit, sample.n
    return CfaResult(
        estimates=estimate_table(
            placed, fit, found.covariance, n=n, confidence_level=asked.level
        ),
        modification=ordinal_modification_table(placed, found, sample),
        thresholds=sample.thresholds,
        parameter_covariance=found.covariance,
        **matrix_fields(placed, fit, sample.correlations),
        **ordinal_fields(placed, fit, sample, found.test),
        n=n,
        n_asked=len(asked.frame),
        estimator=asked.estimator,
        bifactor=asked.bifactor,
        weights="",
        clusters=asked.clusters or "",
        n_clusters=given.n_clusters,
        confidence_level=asked.level,
        steps=fit.steps,
        notes=dropped_note(len(asked.frame), n)
        + given.notes
        + sample.notes
        + solution_notes(placed, fit),
    )
