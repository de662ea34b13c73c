"""Lesson 3: expectation, perception, gap."""

from __future__ import annotations

from functools import cache

import numpy as np

from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.servqual import ServqualGapsResult, servqual_gaps
from cxresearch.study import load_study


@cache
def _gaps() -> ServqualGapsResult:
    return servqual_gaps(load_study("bank-branches").responses())


def _gap(term: str, column: str = "estimate") -> float:
    rows = _gaps().estimates
    own = rows[(rows["term"] == term) & (rows["segment"] == "")]
    return float(own[column].iloc[0])


def _widest() -> str:
    rows = _gaps().estimates
    own = rows[(rows["level"] == "dimension") & (rows["segment"] == "")]
    return str(own.sort_values("estimate")["term"].iloc[0])


def _mean_over_items() -> float:
    rows = _gaps().estimates
    return float(rows.loc[rows["level"] == "item", "estimate"].mean())


EXERCISES = (
    Exercise(
        number="3.1",
        asked="Somebody expects 6 and gets 4. What is the gap?",
        answer=lambda: -2,
        mistakes=(
            Mistake(gives=lambda: 2, hint="Which of the two is taken from the other?"),
            Mistake(gives=lambda: 5, hint="A gap is a difference, not a mean."),
        ),
        hint="Perception minus expectation.",
    ),
    Exercise(
        number="3.2",
        asked=(
            "Six people expected 7, 6, 7, 5, 6, 7 and got 5, 6, 4, 5, 7, 6. What is the "
            "standard error of the mean gap, to three decimals?"
        ),
        answer=lambda: float(np.std([-2, 0, -3, 0, 1, -1], ddof=1) / np.sqrt(6)),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: float(np.std([-2, 0, -3, 0, 1, -1]) / np.sqrt(6)),
                hint="A sample's variance is divided by n − 1.",
            ),
            Mistake(
                gives=lambda: float(np.std([-2, 0, -3, 0, 1, -1], ddof=1)),
                hint="That is the standard deviation of one gap, not of their mean.",
            ),
            Mistake(
                gives=lambda: float(
                    np.sqrt(np.var([7, 6, 7, 5, 6, 7], ddof=1) / 6
                            + np.var([5, 6, 4, 5, 7, 6], ddof=1) / 6)
                ),
                hint="The two answers come from the same person: take the six gaps first.",
            ),
        ),
        hint="Six gaps, their standard deviation, and the root of six.",
    ),
    Exercise(
        number="3.3",
        asked="In which dimension of bank-branches is the shortfall widest? Its name.",
        answer=_widest,
        hint="Look at gaps.tidy(), rows of level dimension: the smallest estimate.",
    ),
    Exercise(
        number="3.4",
        asked="What is the overall gap of bank-branches, to two decimals?",
        answer=lambda: _gap("overall"),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=_mean_over_items,
                hint="That counts every item alike; overall, every dimension counts alike.",
            ),
        ),
        hint="The mean over the dimensions of every respondent, then over respondents.",
    ),
)  # fmt: skip
