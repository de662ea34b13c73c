"""Lesson 6: designing an experiment."""

from __future__ import annotations

import math
from functools import cache

from scipy import stats

from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.peak_end import (
    ConditionsResult,
    compare_conditions,
    peak_end_table,
    sample_ratio,
    sequential_bounds,
    t_test_power,
    t_test_sample_size,
)
from cxresearch.study import load_study

_COUNTS = {"Usual close": 5230, "Friendly close": 4770}


@cache
def _friendly() -> ConditionsResult:
    table = peak_end_table(load_study("call-endings").episodes())
    return compare_conditions(
        table.frame, outcome="retrospective", condition="condition",
        covariates={"mood_before": "before", "calls_before": "before"}, control="Usual close",
    )  # fmt: skip


def _difference(term: str, column: str = "estimate") -> float:
    rows = _friendly().estimates
    return float(rows[rows["term"] == term][column].iloc[0])


def _first_bound() -> float:
    return float(sequential_bounds([0.5, 1.0]).bounds["p_nominal"].iloc[0])


EXERCISES = (
    Exercise(
        number="6.1",
        asked=(
            "Two groups, a true difference of 0.4 standard deviations, power 80%, two-sided "
            "5%. How many people are needed in each group?"
        ),
        answer=lambda: math.ceil(t_test_sample_size(0.4)),
        tolerance=0.0,
        mistakes=(
            Mistake(
                gives=lambda: 2 * math.ceil(t_test_sample_size(0.4)),
                hint="That is both groups together.",
            ),
            Mistake(
                gives=lambda: math.ceil(t_test_sample_size(0.4, paired=True)),
                hint="That is for people who meet both conditions.",
            ),
            Mistake(
                gives=lambda: math.floor(t_test_sample_size(0.4)),
                hint="Nearly: with so many the power is still a little below what was asked.",
            ),
        ),
        hint="cx.t_test_sample_size(effect size); there are no fractions of people.",
    ),
    Exercise(
        number="6.2",
        asked=(
            "A paper reports 0.5 standard deviations. You plan 64 people a group for it, but "
            "the truth is 0.21. What power do you have, to two decimals?"
        ),
        answer=lambda: t_test_power(0.21, 64),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: t_test_power(0.5, 64),
                hint="That is the power if the paper were right.",
            ),
            Mistake(
                gives=lambda: t_test_power(0.21, 128),
                hint="n counts the people of one group.",
            ),
            Mistake(
                gives=lambda: t_test_power(0.21, 64, paired=True),
                hint="Nobody meets both conditions here.",
            ),
        ),
        hint=(
            "cx.t_test_power(effect size, people in each group), with the effect that is "
            "true."
        ),
    ),
    Exercise(
        number="6.3",
        asked=(
            "Halves were planned; 5230 people came in one condition and 4770 in the other. "
            "What is the chi-squared statistic of the sample ratio, to one decimal?"
        ),
        answer=lambda: sample_ratio(_COUNTS).statistic,
        tolerance=0.06,
        mistakes=(
            Mistake(
                gives=lambda: float(stats.chi2.sf(sample_ratio(_COUNTS).statistic, 1)),
                hint="That is the p-value that goes with it.",
            ),
            Mistake(
                gives=lambda: sample_ratio(_COUNTS).statistic / 2,
                hint="Both conditions differ from their plan: add two terms.",
            ),
        ),
        hint="(seen − planned)² / planned, added over the conditions.",
    ),
    Exercise(
        number="6.4",
        asked=(
            "You look once at half of the people and once at the end, spending 5% in the "
            "manner of O'Brien and Fleming. Below which p-value may you stop at the first "
            "look? To four decimals."
        ),
        answer=_first_bound,
        tolerance=0.00006,
        mistakes=(
            Mistake(gives=lambda: 0.05, hint="With it at both looks you would spend too much."),
            Mistake(
                gives=lambda: 0.025,
                hint="Splitting evenly is a rule too, but not this one: it is strict early.",
            ),
            Mistake(
                gives=lambda: float(
                    sequential_bounds([0.5, 1.0], spending="pocock").bounds["p_nominal"].iloc[0]
                ),
                hint="That is the other rule, which spends about evenly.",
            ),
        ),
        hint="cx.sequential_bounds(shares of the people): column p_nominal of its bounds.",
    ),
    Exercise(
        number="6.5",
        asked=(
            "In call-endings, what is the effect of the friendly close on the remembered "
            "rating, adjusted for mood and calls before by Lin's regression? To two decimals."
        ),
        answer=lambda: _difference("lin"),
        tolerance=0.0051,
        mistakes=(
            Mistake(
                gives=lambda: _difference("welch"),
                hint="That is the plain difference, without what was known before.",
            ),
            Mistake(
                gives=lambda: -_difference("lin"),
                hint="Which condition is taken from which? The usual close is the control.",
            ),
            Mistake(
                gives=lambda: _difference("lin", "std_error"),
                hint="That says how uncertain it is.",
            ),
        ),
        hint="Row lin of cx.condition_effect(table, control=…).tidy().",
    ),
    Exercise(
        number="6.6",
        asked=(
            "A covariate measured before correlates 0.6 with the outcome. Adjusted for it, how "
            "many people are about as good as 100 without it?"
        ),
        answer=lambda: 100 * (1 - 0.6**2),
        tolerance=0.5,
        mistakes=(
            Mistake(gives=lambda: 100 * 0.6**2, hint="That is the part that is explained."),
            Mistake(
                gives=lambda: 100 * (1 - 0.6),
                hint="Variance goes with the square of the correlation.",
            ),
            Mistake(
                gives=lambda: 100 * math.sqrt(1 - 0.6**2),
                hint="That is what becomes of the standard error; people go with its square.",
            ),
        ),
        hint="What share of the variance is left when the covariate is known?",
    ),
)  # fmt: skip
