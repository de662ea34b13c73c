"""Lesson 2: whether the scale is any good."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.psychometrics import (
    CfaResult,
    alpha_from_covariance,
    confirmatory_factors,
    scale_reliability,
)
from cxresearch.study import load_study

_SIX = pd.DataFrame({"a": [5, 6, 3, 7, 4, 5], "b": [6, 6, 2, 7, 5, 4], "c": [4, 7, 3, 6, 4, 6]})
_LOADINGS = np.array([0.9, 0.8, 0.6])
_BETWEEN = np.array([0.40, 0.50, 0.30, 0.40])
_WITHIN = np.array([0.64, 0.49])


def _composite() -> float:
    explained = float(_LOADINGS.sum() ** 2)
    return explained / (explained + float((1 - _LOADINGS**2).sum()))


@cache
def _model() -> CfaResult:
    responses = load_study("bank-branches").responses()
    scales = responses.battery().scales
    return confirmatory_factors(
        responses.answers("perception"),
        {s.name: responses.battery().columns("perception", s.name) for s in scales},
    )


def _most_alike() -> set[str]:
    pairs = _model().factor_correlations
    size = np.triu(np.abs(np.asarray(pairs)), 1)
    row, column = np.unravel_index(size.argmax(), size.shape)
    return {_model().factors[int(row)], _model().factors[int(column)]}


def _weakest(part: str) -> str:
    rows = scale_reliability(load_study("bank-branches").responses()).estimates
    own = rows[rows["group"] == part]
    return str(own.sort_values("estimate")["term"].iloc[0])


EXERCISES = (
    Exercise(
        number="2.1",
        asked=(
            "Six people answer three items: a = 5, 6, 3, 7, 4, 5; b = 6, 6, 2, 7, 5, 4; "
            "c = 4, 7, 3, 6, 4, 6. What is raw coefficient alpha, to three decimals?"
        ),
        answer=lambda: alpha_from_covariance(_SIX.cov().to_numpy()),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: alpha_from_covariance(_SIX.cov().to_numpy()) * 2 / 3,
                hint="The factor k/(k − 1) is missing.",
            ),
            Mistake(
                gives=lambda: alpha_from_covariance(_SIX.corr().to_numpy()),
                hint="That is alpha of standardised items; the raw one takes covariances.",
            ),
            Mistake(
                gives=lambda: (
                    1.5 * (1 - float(_SIX.var(ddof=0).sum() / _SIX.sum(axis=1).var()))
                ),
                hint="Variances of items and of the sum need the same divisor.",
            ),
        ),
        hint="Three item variances, the variance of the sum, and k = 3.",
    ),
    Exercise(
        number="2.2",
        asked=(
            "A factor has three items with standardised loadings .9, .8 and .6. What is their "
            "composite reliability, to three decimals?"
        ),
        answer=_composite,
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: float((_LOADINGS**2).mean()),
                hint="That is the average variance extracted.",
            ),
            Mistake(
                gives=lambda: (
                    float(_LOADINGS.sum() ** 2)
                    / (float(_LOADINGS.sum() ** 2) + float((1 - _LOADINGS).sum()))
                ),
                hint="An item's residual variance is one minus its loading squared.",
            ),
        ),
        hint="First add the loadings, then square the sum; the residual variances come below.",
    ),
    Exercise(
        number="2.3",
        asked="And what is its average variance extracted (AVE), to three decimals?",
        answer=lambda: float((_LOADINGS**2).mean()),
        tolerance=0.0006,
        mistakes=(
            Mistake(gives=lambda: float(_LOADINGS.mean()), hint="Loadings are not variances."),
            Mistake(
                gives=lambda: float(_LOADINGS.mean() ** 2),
                hint="Square each loading before you average.",
            ),
            Mistake(gives=_composite, hint="That is the composite reliability."),
        ),
        hint="The mean of the three shares of variance that the factor explains.",
    ),
    Exercise(
        number="2.4",
        asked=(
            "Two scales have two items each. The items of the first correlate .64, those of "
            "the second .49; across the scales the four correlations are .40, .50, .30 and "
            ".40. What is their HTMT, to three decimals?"
        ),
        answer=lambda: float(_BETWEEN.mean() / np.sqrt(_WITHIN.prod())),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: float(_BETWEEN.mean()),
                hint="That is the numerator: correlations are held down by unreliable items.",
            ),
            Mistake(
                gives=lambda: float(_BETWEEN.mean() / _WITHIN.mean()),
                hint="Below the line stands the geometric mean of the two.",
            ),
            Mistake(
                gives=lambda: float(_BETWEEN.mean() / _WITHIN.prod()),
                hint="The product has still to be brought back to the size of a correlation.",
            ),
        ),
        hint="The mean across, over the geometric mean of the two within.",
    ),
    Exercise(
        number="2.5",
        asked=(
            "Which dimension of bank-branches has the lowest alpha of its expectations? Its "
            "name."
        ),
        answer=lambda: _weakest("expectation"),
        hint="cx.scale_reliability(responses).tidy(), the rows of group expectation.",
    ),
    Exercise(
        number="2.6",
        asked=(
            "Which two dimensions of perception in bank-branches are most alike in the factor "
            "model? Give a set of two names."
        ),
        answer=_most_alike,
        hint="factor_correlations of cx.confirmatory_factors; the largest off the diagonal.",
    ),
)
