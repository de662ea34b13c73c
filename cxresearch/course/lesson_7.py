"""Lesson 7: from numbers to sentences."""

from __future__ import annotations

from functools import cache

import numpy as np

from cxresearch._multiplicity import adjust_p_values
from cxresearch._partial_pooling import partial_pool
from cxresearch._types import PAdjust
from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.sentences import findings
from cxresearch.servqual import PooledGapsResult, pooled_gaps, servqual_gaps
from cxresearch.shown import Finding
from cxresearch.study import load_study

_FIVE = (0.004, 0.011, 0.02, 0.04, 0.30)
_TESTS, _LEVEL = 22, 0.05
_GAP, _ERROR, _MEAN, _SPREAD = -1.2, 0.3, -0.5, 0.2
_PEOPLE, _MEANS, _ALL = (40, 35, 21), (5.7, 5.4, 5.6), 5.53


def _below(method: PAdjust) -> int:
    return int((adjust_p_values(_FIVE, method=method) < _LEVEL).sum())


def _drawn(weight: float) -> float:
    return _MEAN + weight * (_GAP - _MEAN)


def _weight() -> float:
    """Weight of a branch's own gap, as the package has it for a spread that is given."""
    far = np.sqrt(_SPREAD**2 + _ERROR**2)
    pool = partial_pool(np.array([-far, 0.0, far]), np.full(3, _ERROR**2))
    return float(pool.weight[0])


@cache
def _branches() -> PooledGapsResult:
    found = pooled_gaps(load_study("branch-network").responses(), "branch")
    if found is None:
        raise LookupError("branch-network has no branches")
    return found


def _of_lowest(column: str) -> float:
    rows = _branches().tidy()
    overall = rows[rows["term"] == "overall"]
    return float(overall.sort_values("estimate")[column].iloc[0])


@cache
def _told() -> tuple[Finding, ...]:
    study = load_study("branch-network")
    return findings(servqual_gaps(study.responses()), codebook=study.codebook, limit=None)


def _about_tangibles() -> str:
    return next(found.sure for found in _told() if found.term == "tangibles")


def _hidden_mean() -> float:
    rest = 100 - sum(_PEOPLE)
    return float((100 * _ALL - np.dot(_PEOPLE, _MEANS)) / rest)


EXERCISES = (
    Exercise(
        number="7.1",
        asked=(
            "Five tests of one family have p = .004, .011, .02, .04, .30. How many are below "
            ".05 after Holm's correction?"
        ),
        answer=lambda: _below("holm"),
        tolerance=0.0,
        mistakes=(
            Mistake(gives=lambda: _below("none"), hint="That is without any correction."),
            Mistake(
                gives=lambda: _below("bh"),
                hint="That holds the share of false alarms among alarms, a weaker promise.",
            ),
            Mistake(
                gives=lambda: int((np.array(_FIVE) * len(_FIVE) < _LEVEL).sum()),
                hint="Holm multiplies only the smallest by five; the next by one less.",
            ),
        ),
        hint="Smallest p times five, next times four, and so on; stop at the first that fails.",
    ),
    Exercise(
        number="7.2",
        asked=(
            "22 independent tests at 5%, and nothing to be found in any. How probable is at "
            "least one false alarm, to two decimals?"
        ),
        answer=lambda: 1 - (1 - _LEVEL) ** _TESTS,
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: _TESTS * _LEVEL,
                hint="That is how many false alarms to expect; a probability stays below one.",
            ),
            Mistake(
                gives=lambda: (1 - _LEVEL) ** _TESTS,
                hint="That is the probability of no false alarm at all.",
            ),
            Mistake(gives=lambda: _LEVEL, hint="That is the risk of each test by itself."),
        ),
        hint="What is the probability that all of them stay quiet?",
    ),
    Exercise(
        number="7.3",
        asked=(
            "A branch has a gap of −1.2 with standard error 0.3. Branches have a mean of −0.5, "
            "and their true gaps spread with standard deviation 0.2. What is its pooled gap, "
            "to two decimals?"
        ),
        answer=lambda: _drawn(_weight()),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: _drawn(1 - _weight()),
                hint="The weights are the wrong way round: chance is large here.",
            ),
            Mistake(
                gives=lambda: _drawn(_SPREAD / (_SPREAD + _ERROR)),
                hint="Variances are compared, not standard deviations.",
            ),
            Mistake(gives=lambda: _GAP, hint="That is what was seen, chance and all."),
            Mistake(gives=lambda: _MEAN, hint="It is drawn towards the mean, but not onto it."),
        ),
        hint="Weight of its own gap: true variance over true variance and error variance.",
    ),
    Exercise(
        number="7.4",
        asked=(
            "In branch-network, what is the pooled gap over all dimensions of the branch that "
            "is lowest? To two decimals, with the settings of cx.pooled_gaps."
        ),
        answer=lambda: _of_lowest("estimate"),
        tolerance=0.006,
        mistakes=(
            Mistake(
                gives=lambda: _of_lowest("gap"),
                hint="That is the gap as it was seen, before allowing for chance.",
            ),
            Mistake(
                gives=lambda: _of_lowest("conf_low"),
                hint="That is the lower end of its interval.",
            ),
        ),
        hint="pooled.tidy(), rows of the term overall, column estimate.",
    ),
    Exercise(
        number="7.5",
        asked=(
            "How sure is what is found on tangibles in branch-network: clear, likely or "
            "not_decided?"
        ),
        answer=_about_tangibles,
        mistakes=(
            Mistake(
                gives=lambda: "clear",
                hint="The action on tangibles is worded firmly, but is a shortfall shown?",
            ),
            Mistake(
                gives=lambda: "likely",
                hint="Look at the interval: on which sides of zero does it lie?",
            ),
        ),
        hint="cx.findings(gaps, limit=None): the field sure of the one on tangibles.",
    ),
    Exercise(
        number="7.6",
        asked=(
            "A report shows the mean of all 100 people, 5.53, and of three branches: 40 "
            "people, 5.7; 35 people, 5.4; 21 people, 5.6. The fourth is hidden. What is its "
            "mean, to one decimal?"
        ),
        answer=_hidden_mean,
        tolerance=0.06,
        mistakes=(
            Mistake(
                gives=lambda: float(4 * _ALL - sum(_MEANS)),
                hint="Branches have unequal numbers of people: work with sums, not means.",
            ),
        ),
        hint=(
            "Sum over all people, less the sums of the three branches, over those who "
            "are left."
        ),
    ),
)  # fmt: skip
