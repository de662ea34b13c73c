"""Lesson 4: what drives satisfaction."""

from __future__ import annotations

from functools import cache

import numpy as np

from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.drivers import (
    DriverImportanceResult,
    DriverTable,
    ImportancePerformanceResult,
    driver_importance,
    driver_map,
    driver_table,
)
from cxresearch.drivers.shares import (
    first_shares,
    last_shares,
    relative_weights,
    shapley_shares,
    squared_betas,
)
from cxresearch.study import load_study

_TWO = np.array([[1.0, 0.4, 0.6], [0.4, 1.0, 0.5], [0.6, 0.5, 1.0]])
_TWINS = np.array([[1.0, 1.0, 0.6], [1.0, 1.0, 0.6], [0.6, 0.6, 1.0]])
_THREE = np.array(
    [[1.0, 0.6, 0.3, 0.5], [0.6, 1.0, 0.2, 0.4], [0.3, 0.2, 1.0, 0.6], [0.5, 0.4, 0.6, 1.0]]
)


@cache
def _table() -> DriverTable:
    return driver_table(
        load_study("hotel-stays").responses(), outcome="osat", drivers=["touchpoints"]
    )


@cache
def _importance() -> DriverImportanceResult:
    common = _table().rated_by_most()
    return driver_importance(common.frame, **common.asked, n_boot=0)


@cache
def _map() -> ImportancePerformanceResult:
    return driver_map(_table(), n_boot=100)


def _extreme(column: str) -> str:
    rows = _importance().estimates
    return str(rows.sort_values(column, ascending=False)["term"].iloc[0])


def _lost_without() -> str:
    rows = _importance().estimates
    return str(rows["term"].iloc[int((rows["last"] / rows["estimate"]).argmin())])


def _worst_of(quadrant: str) -> set[str]:
    rows = _map().positions
    return set(rows.loc[rows["quadrant"] == quadrant, "term"])


EXERCISES = (
    Exercise(
        number="4.1",
        asked=(
            "Two drivers correlate .6 and .5 with satisfaction and .4 with each other. What is "
            "the Shapley share of the first, to three decimals?"
        ),
        answer=lambda: float(shapley_shares(_TWO)[0]),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: float(first_shares(_TWO)[0]),
                hint="That is its share when it enters first; it may also enter second.",
            ),
            Mistake(
                gives=lambda: float(last_shares(_TWO)[0]),
                hint="That is what it adds when it enters last; it may also enter first.",
            ),
            Mistake(
                gives=lambda: float(squared_betas(_TWO)[0]),
                hint="Squared standardised slopes do not add up to R².",
            ),
            Mistake(
                gives=lambda: float(shapley_shares(_TWO)[1]),
                hint="That is the share of the second.",
            ),
        ),
        hint="Mean over two orders: what it explains alone, and what it adds to the other.",
    ),
    Exercise(
        number="4.2",
        asked=(
            "Two drivers correlate .8. What is the variance inflation factor of each, to two "
            "decimals?"
        ),
        answer=lambda: 1 / (1 - 0.8**2),
        tolerance=0.006,
        mistakes=(
            Mistake(gives=lambda: 1 / (1 - 0.8), hint="A correlation is not yet an R²."),
            Mistake(
                gives=lambda: 1 - 0.8**2,
                hint="That is the tolerance, one over what is asked.",
            ),
            Mistake(
                gives=lambda: float(np.sqrt(1 / (1 - 0.8**2))),
                hint="So much wider gets the interval; the factor is about the variance.",
            ),
        ),
        hint="One over the share of a driver that the other does not explain.",
    ),
    Exercise(
        number="4.3",
        asked=(
            "A driver correlates .6 with satisfaction. Somebody puts the same question into "
            "the model a second time. What is the Shapley share of each copy?"
        ),
        answer=lambda: float(shapley_shares(_TWINS)[0]),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: 0.6**2,
                hint="So much both explain together: a copy adds nothing to what is explained.",
            ),
            Mistake(
                gives=lambda: 0.0,
                hint="A copy adds nothing when it comes second; but one of them comes first.",
            ),
        ),
        hint="Two orders: in one a copy comes first, in the other it comes second.",
    ),
    Exercise(
        number="4.4",
        asked=(
            "Three drivers correlate .5, .4 and .6 with satisfaction; the first two correlate "
            ".6, first and third .3, second and third .2. What is the relative weight of the "
            "first, to three decimals?"
        ),
        answer=lambda: float(relative_weights(_THREE)[0]),
        tolerance=0.0006,
        mistakes=(
            Mistake(
                gives=lambda: float(shapley_shares(_THREE)[0]),
                hint="That is the Shapley share: close, but not the same with three drivers.",
            ),
            Mistake(
                gives=lambda: float(
                    relative_weights(_THREE)[0] / relative_weights(_THREE).sum()
                ),
                hint="That is the part of what is explained; weights are in units of R².",
            ),
            Mistake(
                gives=lambda: float(squared_betas(_THREE)[0]),
                hint="Those are slopes of the drivers themselves, which overlap.",
            ),
        ),
        hint="The root of the drivers' correlations, by np.linalg.eigh, comes in twice.",
    ),
    Exercise(
        number="4.5",
        labels=lambda: _table().labels,
        asked=(
            "In hotel-stays, which touchpoint adds the smallest part of its own Shapley share "
            "once all others are in the model? Its name."
        ),
        answer=_lost_without,
        mistakes=(
            Mistake(
                gives=lambda: _extreme("estimate"),
                hint="That one has the largest share; compare the columns last and estimate.",
            ),
        ),
        hint="importance.tidy() has the columns estimate and last; look at their ratio.",
    ),
    Exercise(
        number="4.6",
        labels=lambda: _table().labels,
        asked=(
            "Which touchpoints of hotel-stays are more important than the average and rated "
            "below it? Give a set of names."
        ),
        answer=lambda: _worst_of("concentrate"),
        mistakes=(
            Mistake(
                gives=lambda: _worst_of("low_priority"),
                hint="Those are rated low, but satisfaction hardly goes with them.",
            ),
            Mistake(
                gives=lambda: _worst_of("keep_up"),
                hint="Those matter, and are rated well.",
            ),
        ),
        hint="cx.driver_map(table).positions says in which quadrant each driver lies.",
    ),
)
