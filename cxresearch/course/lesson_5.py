"""Lesson 5: peak and end."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.peak_end import (
    MemoryModelsResult,
    compare_memory_models,
    episode_features,
    equivalence_test,
    expected_maximum,
    peak_end_table,
)
from cxresearch.study import load_study

_CALL = pd.DataFrame(
    {"person": 1, "call": 1, "minute": [0, 5, 10, 30], "rating": [6.0, 3.0, 2.0, 4.0]}
)
_SHORT, _LONGER = [6, 4, 5, 7, 5, 6], [5, 4, 6, 7, 6, 5]
_SPREAD, _FEW, _MANY = 1.6, 4, 10
_SLOPE, _ERROR, _DF, _BOUND = 0.04, 0.05, 300, 0.10


def _feature(name: str) -> float:
    found = episode_features(
        _CALL, participant="person", episode="call", time="minute", rating="rating",
        direction="unpleasant", higher_is="better",
    )  # fmt: skip
    return float(found.features[name].iloc[0])


@cache
def _models() -> MemoryModelsResult:
    table = peak_end_table(load_study("clinic-visits").episodes())
    return compare_memory_models(
        table.frame, retrospective="retrospective", participant="participant"
    )


def _lead_of_peak_and_end(column: str) -> float:
    rows = _models().models.set_index("term")[column]
    return float(rows["mean"] - rows["peak_plus_end"])


def _equivalence(*, paired: bool) -> float:
    return equivalence_test(_SHORT, _LONGER, bound=1, paired=paired).p_equivalence


EXERCISES = (
    Exercise(
        number="5.1",
        asked=(
            "An annoying call is rated 6, 3, 2, 4 after 0, 5, 10 and 30 minutes, from 0 "
            "(awful) to 10 (fine). What is its peak?"
        ),
        answer=lambda: _feature("peak"),
        mistakes=(
            Mistake(
                gives=lambda: _feature("maximum"),
                hint=(
                    "The peak is the most intense moment; what is intense in an annoying "
                    "call?"
                ),
            ),
            Mistake(gives=lambda: _feature("end"), hint="That is how the call ended."),
        ),
        hint="Say first whether a high rating of this call is a good or a bad moment.",
    ),
    Exercise(
        number="5.2",
        asked=(
            "The same call, 6, 3, 2, 4 after 0, 5, 10 and 30 minutes: what is its "
            "time-weighted mean, to two decimals?"
        ),
        answer=lambda: _feature("tw_mean"),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: _feature("mean"),
                hint="That counts every rating alike, but they stand for unequal stretches.",
            ),
            Mistake(
                gives=lambda: _feature("integral"),
                hint="That is the area under the course; what is it divided by?",
            ),
            Mistake(
                gives=lambda: float(np.average([6, 3, 2], weights=[5, 5, 20])),
                hint="Between two ratings the course is taken as a straight line, not a step.",
            ),
        ),
        hint="Add the trapezoids between neighbouring ratings; divide by the time they span.",
    ),
    Exercise(
        number="5.3",
        asked=(
            "Ratings of a visit scatter independently and normally with standard deviation 1.6 "
            "around a constant level. By how many points is the expected maximum of 10 ratings "
            "above that of 4, to two decimals?"
        ),
        answer=lambda: _SPREAD * (expected_maximum(_MANY) - expected_maximum(_FEW)),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: expected_maximum(_MANY) - expected_maximum(_FEW),
                hint="That is in standard deviations; the question asks for points.",
            ),
            Mistake(
                gives=lambda: _SPREAD * expected_maximum(_MANY),
                hint="That is how far the maximum of the ten lies above the level.",
            ),
            Mistake(
                gives=lambda: 0,
                hint=(
                    "The level is the same, but the highest of many is not the highest "
                    "of few."
                ),
            ),
        ),
        hint="cx.expected_maximum(m) gives it for standard deviation 1.",
    ),
    Exercise(
        number="5.4",
        asked=(
            "In clinic-visits, by how many points is the typical error for patients the model "
            "has not seen smaller with peak and end than with the average? To two decimals; "
            "cx.compare_memory_models with its own settings."
        ),
        answer=lambda: _lead_of_peak_and_end("cv_rmse"),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: -_lead_of_peak_and_end("cv_rmse"),
                hint="Which of the two errors is the larger one? Mind the sign.",
            ),
            Mistake(
                gives=lambda: _lead_of_peak_and_end("aic"),
                hint="AIC is no error in points, and it is computed on patients already seen.",
            ),
        ),
        hint="Column cv_rmse of models.tidy(), rows mean and peak_plus_end.",
    ),
    Exercise(
        number="5.5",
        asked=(
            "The standardised slope of duration is 0.04 with standard error 0.05 and 300 "
            "degrees of freedom; the bounds are ±0.10. What is the p-value for equivalence, to "
            "three decimals?"
        ),
        answer=lambda: float(stats.t.sf((_BOUND - _SLOPE) / _ERROR, _DF)),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: float(2 * stats.t.sf(_SLOPE / _ERROR, _DF)),
                hint="That tests a slope of zero. Here the slope must be shown to be small.",
            ),
            Mistake(
                gives=lambda: float(stats.t.sf((_BOUND + _SLOPE) / _ERROR, _DF)),
                hint="That is the easier of the two one-sided tests; both must reject.",
            ),
            Mistake(
                gives=lambda: float(2 * stats.t.sf((_BOUND - _SLOPE) / _ERROR, _DF)),
                hint="Each of the two tests is one-sided.",
            ),
        ),
        hint="How many standard errors lie between the slope and the bound it is nearer to?",
    ),
    Exercise(
        number="5.6",
        asked=(
            "Six people remember a short visit as 6, 4, 5, 7, 5, 6 and, in the same order, a "
            "longer one as 5, 4, 6, 7, 6, 5. Bounds are ±1 point: what is the p-value for "
            "equivalence, to three decimals?"
        ),
        answer=lambda: _equivalence(paired=True),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: _equivalence(paired=False),
                hint="The two ratings are of the same person: take the six differences.",
            ),
            Mistake(
                gives=lambda: 1.0,
                hint=(
                    "That is the p-value of no difference, which can show nothing to be "
                    "small."
                ),
            ),
        ),
        hint="cx.equivalence_test(first, second, bound=…, paired=…).p_equivalence",
    ),
)  # fmt: skip
