"""Lesson 1: from a survey export to clean responses."""

from __future__ import annotations

from functools import cache

import pandas as pd

from cxresearch._types import Part
from cxresearch.course.exercises import Exercise, Mistake
from cxresearch.responses.model import Responses
from cxresearch.responses.quality import longest_string
from cxresearch.responses.score import items_needed, scale_scores
from cxresearch.study import load_study

_RUN = (5, 5, 5, 6, 6, 5, 5)


@cache
def _responses() -> Responses:
    return load_study("bank-branches").responses()


def _score(*answers: float | None) -> float:
    return float(scale_scores(pd.DataFrame([answers], dtype=float), min_answered=0.5).iloc[0])


def _complete(*parts: Part) -> int:
    answers = pd.concat([_responses().answers(part) for part in parts], axis=1)
    return int(answers.notna().all(axis=1).sum())


EXERCISES = (
    Exercise(
        number="1.1",
        asked="On a scale from 1 to 7 somebody answers 2 to a reverse-keyed item. Its score?",
        answer=lambda: 1 + 7 - 2,
        mistakes=(
            Mistake(gives=lambda: 2, hint="That is the answer as given; agreeing is bad here."),
            Mistake(
                gives=lambda: 7 - 2,
                hint="So a 7 would become 0, which is not on the scale.",
            ),
        ),
        hint="The ends change places: what does a 1 become, and what a 7?",
    ),
    Exercise(
        number="1.2",
        asked=(
            "Somebody answers 6, 7, 99 and 4 to the four items of a scale; the codebook says "
            'that 99 is "do not know". What is the scale score, to two decimals?'
        ),
        answer=lambda: _score(6, 7, None, 4),
        mistakes=(
            Mistake(
                gives=lambda: _score(6, 7, 99, 4),
                hint="A code for no answer is no rating.",
            ),
            Mistake(
                gives=lambda: _score(6, 7, 0, 4),
                hint="No answer is not a zero; 0 is not even on the scale.",
            ),
        ),
        hint="The mean over the items that were answered.",
    ),
    Exercise(
        number="1.3",
        asked="Answers in the order asked: 5, 5, 5, 6, 6, 5, 5. What is the longest string?",
        answer=lambda: int(longest_string(pd.DataFrame([_RUN])).iloc[0]),
        mistakes=(
            Mistake(
                gives=lambda: _RUN.count(5),
                hint="That is how often 5 was given; a string is broken by another answer.",
            ),
        ),
        hint="Count equal answers that stand next to each other.",
    ),
    Exercise(
        number="1.4",
        asked=(
            "A scale has five items and min_answered=0.5. How many of them must be answered "
            "before there is a score?"
        ),
        answer=lambda: items_needed(5, min_answered=0.5),
        mistakes=(
            Mistake(
                gives=lambda: items_needed(4, min_answered=0.5),
                hint="That would be fewer than half of them.",
            ),
            Mistake(gives=lambda: 5 * 0.5, hint="Items are answered whole."),
        ),
        hint="At least half of the items.",
    ),
    Exercise(
        number="1.5",
        asked="How many of the respondents that were read does bank-branches leave out?",
        answer=lambda: _responses().flow.excluded,
        mistakes=(
            Mistake(gives=lambda: _responses().n, hint="Those are the respondents that stay."),
            Mistake(
                gives=lambda: _responses().flow.steps[0].excluded,
                hint="That is the first rule alone.",
            ),
        ),
        hint="responses.flow has a row for each rule.",
    ),
    Exercise(
        number="1.6",
        asked=(
            "How many respondents of bank-branches answered every perception item? "
            "That is all that listwise deletion would leave of them."
        ),
        answer=lambda: _complete("perception"),
        mistakes=(
            Mistake(gives=lambda: _responses().n, hint="Some of them left items empty."),
            Mistake(
                gives=lambda: _complete("perception", "expectation"),
                hint="Only the perceptions are asked for, not the expectations.",
            ),
        ),
        hint='responses.answers("perception") is nan where there is no answer.',
    ),
)
