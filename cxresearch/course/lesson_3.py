"""Lesson 3: expectation, perception, gap."""

from __future__ import annotations

from functools import cache

import numpy as np

from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.servqual import (
    ServqualGapsResult,
    difference_score_quality,
    servqual_gaps,
)
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


def _lord(part: float, other: float, r: float) -> float:
    return (0.5 * (part + other) - r) / (1 - r)


@cache
def _validity(column: str) -> float:
    responses = load_study("bank-branches").responses()
    outcome = responses.codebook.columns_with_role("outcome")[0].name
    rows = difference_score_quality(responses, outcome=outcome, n_boot=100).validity
    return float(rows.loc[rows["term"] == "overall", column].iloc[0])


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
    Exercise(
        number="3.5",
        asked=(
            "Perception has alpha .85, expectation .75, both scores vary equally and correlate "
            ".4. How reliable is the gap, to two decimals?"
        ),
        answer=lambda: _lord(0.85, 0.75, 0.4),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: 0.5 * (0.85 + 0.75),
                hint="That would be so if the two had nothing in common.",
            ),
            Mistake(
                gives=lambda: 0.5 * (0.85 + 0.75) - 0.4,
                hint="What they share leaves the variance of the gap, too: divide by the rest.",
            ),
            Mistake(
                gives=lambda: 0.85 * 0.75,
                hint="Reliabilities of a difference are not multiplied.",
            ),
        ),
        hint="Lord's formula with both variances set to 1.",
    ),
    Exercise(
        number="3.6",
        asked=(
            "Expectations and perceptions vary equally and have nothing to do with each other. "
            "How closely does the gap correlate with the perception, to two decimals?"
        ),
        answer=lambda: (1 - 0 * 1) / np.sqrt(1 + 1 - 2 * 0),
        tolerance=0.006,
        mistakes=(
            Mistake(gives=lambda: 0.0, hint="The perception is a part of the gap."),
            Mistake(gives=lambda: 0.5, hint="That is the square of the correlation."),
            Mistake(gives=lambda: 1.0, hint="The gap is not the perception alone."),
        ),
        hint="The formula of spurious correlation with r = 0 and equal standard deviations.",
    ),
    Exercise(
        number="3.7",
        asked=(
            "Overall satisfaction in bank-branches goes with what was received, over all "
            "dimensions, more closely than with the gap. By how much does the correlation "
            "differ, to two decimals?"
        ),
        answer=lambda: _validity("estimate"),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: _validity("r_perception"),
                hint="That is the correlation with what was received; take the other from it.",
            ),
            Mistake(
                gives=lambda: _validity("r_gap"),
                hint="That is the correlation with the gap.",
            ),
            Mistake(
                gives=lambda: _validity("r_perception") ** 2 - _validity("r_gap") ** 2,
                hint="Those are shares of variance; the question is about correlations.",
            ),
        ),
        hint="The last row of cx.display_gap_validity(quality).",
    ),
)  # fmt: skip
