"""Tables on whether an experiment ran as planned."""

from __future__ import annotations

from cxresearch.peak_end import AttritionResult, BalanceResult, SampleRatioResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._peak_end import code_sentences, told_p
from cxresearch.wording import Formats
from cxresearch.wording.labels import column_label
from cxresearch.wording.peak_end import Labels, level_name, pair_name


@or_nothing
def display_balance(
    result: SampleRatioResult | BalanceResult | AttritionResult,
    *,
    labels: Labels = None,
    language: str = "en",
) -> DisplayTable:
    """Show one check of an experiment: sizes as planned, groups alike before, people lost.

    Parameters
    ----------
    result : SampleRatioResult, BalanceResult or AttritionResult
    labels : mapping of str to str, optional
        Condition or covariate → text.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> from cxresearch.peak_end import sample_ratio
    >>> table = display_balance(sample_ratio({"plain": 821, "warm": 679}))
    >>> table.shown["Planned"].tolist()
    ['750', '750']
    """
    formats = Formats.of(language)
    if isinstance(result, SampleRatioResult):
        return _ratio(result, labels, formats)
    if isinstance(result, BalanceResult):
        return _balance(result, labels, formats)
    return _attrition(result, labels, formats)


def _ratio(result: SampleRatioResult, labels: Labels, formats: Formats) -> DisplayTable:
    text = formats.messages.text
    columns = [
        _arm_column(labels, formats),
        Column(text("tables.peak_end.counted"), lambda row: formats.count(row.n)),
        Column(text("tables.peak_end.expected"), lambda row: formats.points(row.expected)),
        Column(text("tables.share"), lambda row: formats.percent(row.estimate, 1)),
    ]
    note = text(
        "tables.peak_end.notes.ratio",
        df=formats.count(result.df),
        statistic=formats.number(result.statistic),
        p=told_p(result.p_value, formats),
        threshold=formats.p(result.threshold).removeprefix("< "),
    )
    return display_table(
        result.tidy(),
        columns,
        name="sample_ratio",
        caption=text("tables.peak_end.ratio"),
        notes=[note],
    )


def _balance(result: BalanceResult, labels: Labels, formats: Formats) -> DisplayTable:
    text = formats.messages.text
    columns = [
        Column(
            text("tables.peak_end.covariate"),
            lambda row: column_label(row.term, labels, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.difference"),
            lambda row: pair_name(row.group, "condition", (), labels),
            numeric=False,
        ),
        Column(text("tables.peak_end.standardized"), lambda row: formats.gap(row.estimate)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    note = text(
        "tables.peak_end.notes.balance",
        p=told_p(result.p_value, formats),
        n=result.permutations,
    )
    omitted = [f"rows_omitted:{result.n_omitted}"] if result.n_omitted else []
    return display_table(
        result.tidy(),
        columns,
        name="balance",
        caption=text("tables.peak_end.balance"),
        notes=[note, *code_sentences(omitted, formats)],
    )


def _attrition(result: AttritionResult, labels: Labels, formats: Formats) -> DisplayTable:
    text, level = formats.messages.text, formats.level(result.confidence_level)
    columns = [
        _arm_column(labels, formats),
        Column(text("tables.peak_end.counted"), lambda row: formats.count(row.n)),
        Column(text("tables.peak_end.lost"), lambda row: formats.count(row.lost)),
        Column(
            text("tables.peak_end.share_lost"), lambda row: formats.percent(row.estimate, 1)
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.percent_interval(row.conf_low, row.conf_high, 1),
        ),
    ]
    notes = [text("tables.peak_end.notes.attrition_wilson", level=level)]
    if result.p_value == result.p_value:
        notes.append(
            text(
                "tables.peak_end.notes.attrition",
                df=formats.count(result.df),
                statistic=formats.number(result.statistic),
                p=told_p(result.p_value, formats),
            )
        )
    if result.p_exact == result.p_exact:
        exact = told_p(result.p_exact, formats)
        notes.append(text("tables.peak_end.notes.attrition_exact", p=exact))
    return display_table(
        result.tidy(),
        columns,
        name="attrition",
        caption=text("tables.peak_end.attrition"),
        notes=notes,
    )


def _arm_column(labels: Labels, formats: Formats) -> Column:
    return Column(
        formats.messages.text("tables.peak_end.condition"),
        lambda row: level_name("condition", str(row.term), labels),
        numeric=False,
    )
