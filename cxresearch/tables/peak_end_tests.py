"""Tables of what a peak-end study plans and tests: looks, rivals, courses, choices, power."""

from __future__ import annotations

import math
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.peak_end import (
    AlwaysValidResult,
    ChoiceModelResult,
    EquivalenceResult,
    PeakEndPowerResult,
    RivalRulesResult,
    SequentialBoundsResult,
    SequentialResult,
)
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, degrees_of_freedom, display_table
from cxresearch.tables._peak_end import code_sentences, told_p
from cxresearch.wording import Formats
from cxresearch.wording.labels import column_label
from cxresearch.wording.peak_end import Labels, known_term, rating_decimals


@or_nothing
def display_sequential(
    result: SequentialResult | AlwaysValidResult | SequentialBoundsResult,
    *,
    labels: Labels = None,
    language: str = "en",
) -> DisplayTable:
    """Show what was seen at each look and the bound it was held against; nothing of None.

    Parameters
    ----------
    result : SequentialResult, AlwaysValidResult, SequentialBoundsResult or None
        None for a study without planned looks.
    labels : mapping of str to str, optional
        Not needed.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> from cxresearch.peak_end import sequential_bounds
    >>> display_sequential(sequential_bounds([0.5, 1.0])).shown["Bound"].tolist()
    ['2.96', '1.97']
    """
    formats = Formats.of(language)
    if isinstance(result, SequentialBoundsResult):
        return _bounds(result, formats)
    text, level = formats.messages.text, formats.level(result.confidence_level)
    data = result.tidy()
    decimals = rating_decimals(data["estimate"])
    columns = [
        _look_column(formats),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
        Column(
            text("tables.peak_end.difference"), lambda row: formats.gap(row.estimate, decimals)
        ),
        Column(
            text("tables.peak_end.at_every_look", level=level),
            lambda row: _interval(row, formats, decimals),
        ),
        Column(text("tables.peak_end.z"), lambda row: formats.number(row.statistic)),
    ]
    if isinstance(result, SequentialResult):
        columns.append(_bound_column("bound", formats))
    columns += [
        Column(text("tables.peak_end.p_one_look"), lambda row: formats.p(row.p_value)),
        Column(text("tables.peak_end.p_all_looks"), lambda row: formats.p(row.p_adjusted)),
        Column(
            text("tables.peak_end.decision"),
            lambda row: text(f"tables.peak_end.{_decision(row, result.stopped_at)}"),
            numeric=False,
        ),
    ]
    return display_table(
        data,
        columns,
        name="sequential_looks",
        caption=text("tables.peak_end.looks"),
        notes=_look_notes(result, formats, decimals),
    )


def display_rivals(
    result: RivalRulesResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show every rule of memory against one of them, by three tests.

    Parameters
    ----------
    result : RivalRulesResult
    labels : mapping of str to str, optional
        Not needed; rules have their own words.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, level = formats.messages.text, formats.level(result.confidence_level)
    data = result.tidy()
    data = data[data["term"] != result.against]
    adjusted = result.p_adjust != "none"
    columns = [
        Column(
            text("tables.peak_end.rule"),
            lambda row: known_term("memory_rule", row.term, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.test"),
            lambda row: known_term("rival_test", row.test, formats.messages),
            numeric=False,
        ),
        Column(text("tables.peak_end.estimate"), lambda row: formats.gap(row.estimate, 3)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, 3),
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic)),
        Column(
            text("tables.p_adjusted" if adjusted else "tables.p_plain"),
            lambda row: formats.p(row.p_adjusted if adjusted else row.p_value),
        ),
        Column(
            text("tables.peak_end.remark"),
            lambda row: (
                known_term("rival_note", row.note, formats.messages) if row.note else ""
            ),
            numeric=False,
        ),
    ]
    against = text(
        "terms.peak_end.quoted",
        name=known_term("memory_rule", result.against, formats.messages),
    )
    notes = [
        text("tables.peak_end.notes.rivals", rule=against),
        text("tables.peak_end.notes.rival_tests"),
        text(f"tables.peak_end.notes.rivals_{'people' if result.repeated else 'episodes'}"),
        text(f"tables.peak_end.notes.rivals_{result.p_adjust}"),
    ]
    return display_table(
        data,
        columns,
        name="rival_rules",
        caption=text("tables.peak_end.rivals"),
        notes=notes,
    )


@or_nothing
def display_choice_model(
    result: ChoiceModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how the odds of being chosen go with what an experience was like.

    Parameters
    ----------
    result : ChoiceModelResult or None
    labels : mapping of str to str, optional
        Attribute → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, level = formats.messages.text, formats.level(result.confidence_level)

    def name(row: Any) -> str:
        if formats.messages.has(f"terms.feature.{row.term}"):
            return known_term("feature", row.term, formats.messages)
        return column_label(row.term, labels, formats.messages)

    columns = [
        Column(text("tables.peak_end.feature"), name, numeric=False),
        Column(text("tables.peak_end.odds_ratio"), lambda row: formats.number(row.odds_ratio)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.odds_low, row.odds_high, signed=False),
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic)),
        Column(text("tables.p_plain"), lambda row: formats.p(row.p_value)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    units = "people" if result.robust else "choices"
    notes = [
        text("tables.peak_end.notes.choice_model"),
        text(f"tables.peak_end.notes.choice_model_{units}"),
    ]
    return display_table(
        result.tidy(),
        columns,
        name="choice_model",
        caption=text("tables.peak_end.choice_model"),
        notes=[*notes, *code_sentences(result.notes, formats)],
    )


@or_nothing
def display_equivalence(
    result: EquivalenceResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show a difference, and whether it is smaller than what would matter.

    Parameters
    ----------
    result : EquivalenceResult or None
    labels : mapping of str to str, optional
        Not needed.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> from cxresearch.peak_end import equivalence_test
    >>> found = equivalence_test([5, 6, 7, 8], [5, 6, 8, 7], bound=2, paired=True)
    >>> display_equivalence(found).shown["p"].tolist()
    ['> .999', '.008', '.008']
    """
    formats = Formats.of(language)
    text = formats.messages.text
    decimals = rating_decimals([*result.estimates["estimate"], result.bound])
    bound = formats.number(result.bound, decimals)
    columns = [
        Column(
            text("tables.peak_end.test"),
            lambda row: text(f"terms.equivalence_test.{row.term}", bound=bound),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.difference"), lambda row: formats.gap(row.estimate, decimals)
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic)),
        Column(text("tables.df"), lambda row: degrees_of_freedom(row.df, formats)),
        Column(text("tables.p_plain"), lambda row: formats.p(row.p_value)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    row: Any = rows_of(result.estimates)[0]
    narrow = formats.level(2 * result.confidence_level - 1)
    notes = [
        text(
            "tables.peak_end.notes.two_one_sided",
            bound=bound,
            level=narrow,
            interval=formats.interval(
                result.equivalence_low, result.equivalence_high, decimals
            ),
            p=told_p(result.p_equivalence, formats),
            verdict=text(f"terms.equivalence_verdict.{result.verdict}"),
        ),
        text(
            "tables.peak_end.notes.equivalence_wide",
            level=formats.level(result.confidence_level),
            interval=formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        text(
            "tables.peak_end.notes.equivalence_effect",
            g=formats.number(result.effect_size),
            interval=formats.interval(result.effect_low, result.effect_high),
            bf=formats.number(result.bayes_factor),
        ),
    ]
    return display_table(
        result.tidy(),
        columns,
        name="equivalence",
        caption=text("tables.peak_end.equivalence_caption"),
        notes=notes,
    )


@or_nothing
def display_power(
    result: PeakEndPowerResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the power of a planned study by its number of people.

    Parameters
    ----------
    result : PeakEndPowerResult or None
    labels : mapping of str to str, optional
        Not needed.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, level = formats.messages.text, formats.level(result.confidence_level)
    columns = [
        Column(
            text("tables.peak_end.analysis"),
            lambda row: known_term("power_term", row.term, formats.messages),
            numeric=False,
        ),
        Column(text("tables.peak_end.people"), lambda row: formats.count(row.participants)),
        Column(text("tables.peak_end.power"), lambda row: formats.percent(row.estimate, 1)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.percent_interval(row.conf_low, row.conf_high, 1),
        ),
        Column(text("tables.peak_end.mean_effect"), lambda row: formats.gap(row.mean_effect)),
        Column(text("tables.peak_end.studies"), lambda row: formats.count(row.n)),
    ]
    return display_table(
        result.tidy(),
        columns,
        name="power",
        caption=text("tables.peak_end.power_caption"),
        notes=[text("tables.peak_end.notes.power", level=level)],
    )


# ── looks ─────────────────────────────────────────────────────────────────────────────────


def _decision(row: Any, stopped_at: int) -> str:
    if stopped_at and int(row.term.split("_")[1]) > stopped_at:
        return "stopped"
    return "stop" if row.crossed else "go_on"


def _look_column(formats: Formats) -> Column:
    text = formats.messages.text
    return Column(
        text("tables.peak_end.look"), lambda row: formats.count(float(row.term.split("_")[1]))
    )


def _bound_column(name: str, formats: Formats) -> Column:
    def bound(row: Any) -> str:
        value = getattr(row, name)
        return "∞" if math.isinf(value) else formats.number(value)

    return Column(formats.messages.text("tables.peak_end.bound"), bound)


def _interval(row: Any, formats: Formats, decimals: int) -> str:
    low, high = row.conf_low, row.conf_high
    text = formats.messages.text
    if math.isinf(low):
        return text("tables.peak_end.at_most", bound=formats.gap(high, decimals))
    if math.isinf(high):
        return text("tables.peak_end.at_least", bound=formats.gap(low, decimals))
    return formats.interval(low, high, decimals)


def _bounds(result: SequentialBoundsResult, formats: Formats) -> DisplayTable:
    text = formats.messages.text
    columns = [
        _look_column(formats),
        Column(text("tables.peak_end.fraction"), lambda row: formats.percent(row.fraction)),
        _bound_column("estimate", formats),
        Column(text("tables.peak_end.p_stop"), lambda row: formats.p(row.p_nominal)),
        Column(text("tables.peak_end.spent"), lambda row: formats.percent(row.spent, 2)),
    ]
    return display_table(
        result.tidy(),
        columns,
        name="sequential_bounds",
        caption=text("tables.peak_end.bounds"),
        notes=[text(f"tables.peak_end.notes.{result.spending}")],
    )


def _look_notes(
    result: SequentialResult | AlwaysValidResult, formats: Formats, decimals: int
) -> list[str]:
    text = formats.messages.text
    if isinstance(result, AlwaysValidResult):
        tau = formats.number(result.tau, decimals)
        return [text("tables.peak_end.notes.always_valid", tau=tau)]
    notes = [text(f"tables.peak_end.notes.{result.spending}")]
    if len(result.final):
        row: Any = rows_of(result.final)[0]
        notes.append(
            text(
                "tables.peak_end.notes.stagewise",
                estimate=formats.gap(row.estimate, decimals),
                interval=_interval(row, formats, decimals),
                level=formats.level(result.confidence_level),
                p=told_p(row.p_value, formats),
            )
        )
    else:
        notes.append(text("tables.peak_end.notes.going_on"))
    return [*notes, *code_sentences(result.notes, formats)]
