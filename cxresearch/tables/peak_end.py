"""Tables of episodes and of what is remembered of them."""

from __future__ import annotations

import math
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.peak_end import (
    DurationNeglectResult,
    EpisodeFeaturesResult,
    MemoryModelsResult,
    PeakEndSensitivityResult,
)
from cxresearch.peak_end.gains import feature_slopes, gains_over_average
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, beside, display_table
from cxresearch.tables._peak_end import code_sentences
from cxresearch.wording import Formats
from cxresearch.wording.labels import clean
from cxresearch.wording.peak_end import (
    Labels,
    end_rule,
    known_term,
    rating_decimals,
    small_decimals,
)


def display_features(
    features: EpisodeFeaturesResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show what the episodes were like: mean, spread and range of every feature.

    Parameters
    ----------
    features : EpisodeFeaturesResult
    labels : mapping of str to str, optional
        Not needed; features have their own words.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.peak_end import episode_features
    >>> moments = pd.DataFrame(
    ...     {"person": [1, 1, 2, 2], "visit": 1, "time": [0, 5, 0, 9], "rating": [4, 8, 6, 6]}
    ... )
    >>> found = episode_features(
    ...     moments, participant="person", episode="visit", time="time", rating="rating"
    ... )
    >>> display_features(found).shown[["Feature", "Mean"]].iloc[0].tolist()
    ['Peak (most intense moment)', '7.00']
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = features.tidy()
    data = data[data["n"] > 0]
    decimals = rating_decimals(data.loc[data["term"] == "peak", "highest"])

    def number(value: float, row: Any) -> str:
        whole = row.term in ("n_moments", "peak_index") and value == round(value)
        fine = decimals + 1 if row.term == "trend" else decimals  # per unit of time: small
        return formats.number(value, 0 if whole else fine)

    columns = [
        Column(
            text("tables.peak_end.feature"),
            lambda row: known_term("feature", row.term, formats.messages),
            numeric=False,
        ),
        Column(text("tables.peak_end.mean"), lambda row: number(row.estimate, row)),
        Column(text("tables.peak_end.sd"), lambda row: number(row.sd, row)),
        Column(text("tables.peak_end.lowest"), lambda row: number(row.lowest, row)),
        Column(text("tables.peak_end.highest"), lambda row: number(row.highest, row)),
        Column(text("tables.peak_end.episodes"), lambda row: formats.count(row.n)),
    ]
    rule = features.peak_rule.replace(" ", "_")
    notes = [
        text(f"tables.peak_end.notes.peak_{rule}"),
        text("tables.peak_end.notes.end_k", n=features.last_k),
    ]
    if not math.isnan(features.moment_sd):
        sd = formats.number(features.moment_sd, decimals)
        notes.append(text("tables.peak_end.notes.moment_sd", sd=sd))
    notes.append(text("tables.peak_end.notes.reference", n=features.reference_moments))
    if features.direction == "bipolar":
        notes.append(text("tables.peak_end.notes.peak_corrected_bipolar"))
    return display_table(
        data,
        columns,
        name="episode_features",
        caption=text("tables.peak_end.features"),
        notes=[*notes, *code_sentences(features.notes, formats)],
    )


def display_memory_models(
    found: MemoryModelsResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how well each rule predicts what is remembered, the best first.

    Parameters
    ----------
    found : MemoryModelsResult
    labels : mapping of str to str, optional
        Not needed; rules have their own words.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, level = formats.messages.text, formats.level(found.confidence_level)
    tests = ("p_value", "p_adjusted", "conf_low", "conf_high")
    data = beside(found.tidy(), gains_over_average(found), {name: name for name in tests})
    data = data.sort_values("cv_rmse", kind="stable", na_position="last")
    decimals = rating_decimals(data["cv_rmse"])
    columns = [
        Column(
            text("tables.peak_end.rule"),
            lambda row: known_term("memory_rule", row.term, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.error"), lambda row: formats.number(row.cv_rmse, decimals)
        ),
        Column(text("tables.peak_end.gain"), lambda row: formats.gap(row.cv_gain, decimals)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(text("tables.p_adjusted"), lambda row: formats.p(row.p_adjusted)),
        Column(
            text("tables.peak_end.loo_error"),
            lambda row: formats.number(row.loo_rmse, decimals),
        ),
        Column(text("tables.peak_end.r2"), lambda row: formats.coefficient(row.estimate)),
        Column(text("tables.peak_end.delta_aic"), lambda row: formats.number(row.delta_aic, 1)),
        Column(
            text("tables.peak_end.akaike_weight"),
            lambda row: formats.percent(row.akaike_weight),
        ),
        Column(text("tables.peak_end.bic_weight"), lambda row: formats.percent(row.bic_weight)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    return display_table(
        data,
        columns,
        name="memory_models",
        caption=text("tables.peak_end.models"),
        notes=_model_notes(found, formats, decimals),
    )


def display_memory_features(
    found: MemoryModelsResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show what each feature goes with in memory, beside the others, and how they overlap.

    Parameters
    ----------
    found : MemoryModelsResult
    labels : mapping of str to str, optional
        Not needed; features have their own words.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, level = formats.messages.text, formats.level(found.confidence_level)
    data = feature_slopes(found, "full")
    for name, table in (("share", found.shares), ("vif", found.vif)):
        data = beside(data, table, {"estimate": name})
    columns = [
        Column(
            text("tables.peak_end.feature"),
            lambda row: known_term("feature", row.term, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.slope"),
            lambda row: formats.gap(row.estimate, _slope_decimals(row)),
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, _slope_decimals(row)),
        ),
        Column(text("tables.p_adjusted"), lambda row: formats.p(row.p_adjusted)),
        Column(text("tables.peak_end.share"), lambda row: formats.coefficient(row.share)),
        Column(text("tables.peak_end.vif"), lambda row: formats.number(row.vif, 1)),
    ]
    return display_table(
        data,
        columns,
        name="memory_features",
        caption=text("tables.peak_end.shares"),
        notes=[text("tables.peak_end.notes.shares"), *code_sentences(found.notes, formats)],
    )


def _slope_decimals(row: Any) -> int:
    """Return decimals that show two digits of a small slope, as that by the second."""
    return small_decimals([row.conf_low, row.conf_high])


@or_nothing
def display_duration_neglect(
    neglect: DurationNeglectResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the slope of duration under every rule for the peak, and what it decides.

    Parameters
    ----------
    neglect : DurationNeglectResult
    labels : mapping of str to str, optional
        Not needed; rules have their own words.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    level, narrow = (
        formats.level(share)
        for share in (neglect.confidence_level, 2 * neglect.confidence_level - 1)
    )
    data = neglect.tidy()
    factor = "bf01_bic" if data["bf01_jzs"].isna().all() else "bf01_jzs"
    columns = [
        Column(
            text("tables.peak_end.controls"),
            lambda row: _controls(row.group, formats),
            numeric=False,
        ),
        Column(text("tables.peak_end.slope"), lambda row: formats.gap(row.estimate)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high),
        ),
        Column(text("tables.p_plain"), lambda row: formats.p(row.p_value)),
        Column(
            text("tables.peak_end.equivalence", level=narrow),
            lambda row: formats.interval(row.equivalence_low, row.equivalence_high),
        ),
        Column(text("tables.peak_end.p_equivalence"), lambda row: formats.p(row.p_equivalence)),
        Column(
            text("tables.peak_end.bayes_factor"),
            lambda row: formats.number(getattr(row, factor), 2),
        ),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
        Column(
            text("tables.peak_end.verdict"),
            lambda row: known_term("duration_verdict", row.verdict, formats.messages),
            numeric=False,
        ),
    ]
    notes = [
        text("tables.peak_end.notes.standardized"),
        text(
            "tables.peak_end.notes.equivalence",
            level=narrow,
            sesoi=formats.number(neglect.sesoi),
        ),
        text(
            "tables.peak_end.notes.duration_range",
            mean=formats.number(neglect.duration_mean, 1),
            sd=formats.number(neglect.duration_sd, 1),
        ),
        text("tables.peak_end.notes.bayes_factor"),
    ]
    return display_table(
        data,
        columns,
        name="duration_neglect",
        caption=text("tables.peak_end.duration"),
        notes=[*notes, *code_sentences(neglect.notes, formats)],
    )


def display_sensitivity(
    sensitivity: PeakEndSensitivityResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the weight of peak and end under every rule for the peak and for the end.

    Parameters
    ----------
    sensitivity : PeakEndSensitivityResult
    labels : mapping of str to str, optional
        Not needed; rules have their own words.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, level = formats.messages.text, formats.level(sensitivity.confidence_level)
    columns = [
        Column(
            text("tables.peak_end.peak_rule"),
            lambda row: known_term("peak_rule", row.term, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.end_rule"),
            lambda row: end_rule(row.group, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.correlation"), lambda row: formats.coefficient(row.estimate)
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.coefficient_interval(row.conf_low, row.conf_high),
        ),
        Column(text("tables.peak_end.r2"), lambda row: formats.coefficient(row.r2)),
        Column(text("tables.peak_end.peak_slope"), lambda row: formats.gap(row.peak_slope)),
        Column(text("tables.peak_end.end_slope"), lambda row: formats.gap(row.end_slope)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    known = {name: formats.coefficient(r) for name, r in sensitivity.reference.items()}
    notes = [
        text("tables.peak_end.notes.sensitivity"),
        text("tables.peak_end.notes.fisher"),
        text("tables.peak_end.notes.sensitivity_reference", **known),
    ]
    return display_table(
        sensitivity.tidy(),
        columns,
        name="peak_end_sensitivity",
        caption=text("tables.peak_end.sensitivity"),
        notes=[*notes, *code_sentences(sensitivity.notes, formats)],
    )


def _controls(group: str, formats: Formats) -> str:
    name = known_term("peak_rule", clean(group), formats.messages)
    return name[:1].upper() + name[1:]


def _model_notes(found: MemoryModelsResult, formats: Formats, decimals: int) -> list[str]:
    text = formats.messages.text
    row: Any = rows_of(found.equal_weights)[0]
    said = "open"
    if row.conf_low > 0 or row.conf_high < 0:
        said = "peak_more" if row.estimate > 0 else "end_more"
    level = formats.level(found.confidence_level)
    interval = formats.interval(row.conf_low, row.conf_high, decimals)
    notes = [
        text("tables.peak_end.notes.models", folds=str(found.n_folds)),
        text("tables.peak_end.notes.p_gain"),
        text("tables.peak_end.notes.weights"),
        text(
            "tables.peak_end.notes.equal_peak",
            difference=formats.gap(row.estimate, decimals),
            interval=text("findings.peak_end.span", level=level, interval=interval),
            said=text(f"tables.peak_end.notes.equal_{said}"),
        ),
        text(
            "tables.peak_end.notes.rules_alike",
            r=formats.coefficient(found.correlation_peak_end_mean),
        ),
    ]
    if found.mixed:
        notes.append(text("tables.peak_end.notes.weights_mixed"))
    return [*notes, *code_sentences(found.notes, formats)]
