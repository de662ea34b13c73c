"""Results as sentences in APA style, ready to be copied into a paper or an appendix."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.drivers.importance import DriverImportanceResult
from cxresearch.drivers.models import DriverModelResult
from cxresearch.errors import CxError
from cxresearch.peak_end import ConditionsResult, MixedModelResult
from cxresearch.servqual import ServqualGapsResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, degrees_of_freedom, display_table
from cxresearch.tables._drivers import Labels, design_notes
from cxresearch.tables._peak_end import told_p
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.labels import clean, column_label, isolated, name_of
from cxresearch.wording.peak_end import known_term, pair_name

_TESTED = ("estimate", "statistic", "p_value", "conf_low", "conf_high")
_MOST_DECIMALS = 4


@singledispatch
def display_apa(
    result: Any, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show a result as sentences in APA style, one row a statistic; None of None.

    Parameters
    ----------
    result : Result or None
        Gaps (dimensions and overall scores of all respondents), a driver model (drivers and one
        line for the model), driver importance, a mixed model, or differences between
        conditions.
    labels : mapping of str to str, optional
        Column, dimension or condition → text.
    language : str
        Language of the sentences.

    Returns
    -------
    DisplayTable or None
        Named ``apa_<kind>``; one column of sentences over the rows at full precision. Rows that
        are hidden or could not be estimated are left out.

    Raises
    ------
    CxError
        There are no sentences in APA style for this kind of result.

    Notes
    -----
    As in the *Publication Manual* (7th ed., sections 6.36, 6.43 and 6.44): no zero before the
    decimal sign of a number that cannot pass 1 (p, R² and its shares; not in Spanish), p to
    three decimals, intervals in square brackets with their level. t has its degrees of freedom;
    z stands where there are none. A coefficient has two decimals, and up to four where its
    standard error would round to zero. Adjusted p-values stand beside the plain ones.

    References
    ----------
    American Psychological Association (2020). *Publication manual of the American Psychological
    Association* (7th ed.). doi:10.1037/0000165-000

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.drivers.models import driver_model
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(400, 2)), columns=["room", "staff"])
    >>> stay["overall"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=400)
    >>> asked = {"outcome": "overall", "drivers": ["room", "staff"], "p_adjust": "none"}
    >>> table = display_apa(driver_model(stay, **asked), labels={"room": "Room"})
    >>> for sentence in table.shown["Sentence"]:
    ...     print(sentence)
    Room: b = 0.97, SE = 0.05, t(397) = 20.28, p < .001, 95% CI [0.88, 1.06].
    staff: b = 0.44, SE = 0.05, t(397) = 8.53, p < .001, 95% CI [0.34, 0.54].
    Model: R² = .55, n = 400, HC3 standard errors.
    """
    raise CxError(f"there are no statistics in APA style for a {type(result).__name__}")


@display_apa.register
def _(result: None, *, labels: Labels = None, language: str = "en") -> None:
    """Show nothing of a part that a study does not have."""


@display_apa.register
def _(
    result: ServqualGapsResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    formats = Formats.of(language)
    decimals = decimals_for(result.scale_low, result.scale_high)
    frame = result.estimates
    asked = frame[frame["level"].isin(["dimension", "overall"]) & (frame["segment"] == "")]
    shown = ~asked["suppressed"].astype(bool)
    needed = (*_TESTED, "perception", "expectation", "d_z")
    data = asked[shown & _known(asked, needed)].drop(columns=["group", "segment", "suppressed"])

    def sentence(row: Any) -> str:
        known = clean((labels or {}).get(row.term, ""))
        method = "none" if row.level == "overall" else result.p_adjust
        return formats.messages.text(
            "tables.apa.gap",
            name=_told(known or name_of(row.term, row.label, formats.messages)),
            perception=formats.number(row.perception, decimals),
            expectation=formats.number(row.expectation, decimals),
            test=_test(row, method, formats),
            d_z=formats.number(row.d_z),
            level=formats.level(result.confidence_level),
            interval=formats.brackets(row.conf_low, row.conf_high, decimals),
        )

    notes = [formats.messages.text("tables.notes.weighted")] if result.weighted else []
    return _table(result, data, sentence, formats, [*_left_out(asked, data, formats), *notes])


@display_apa.register
def _(
    result: DriverModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    formats = Formats.of(language)
    asked = result.estimates[result.estimates["group"] == "driver"]
    kept = asked[_known(asked, (*_TESTED, "std_error"))]
    whole = {"term": "model", "group": "model", "estimate": result.r2, "n": result.n}
    rows = [*kept.to_dict("records"), *([whole] if math.isfinite(result.r2) else [])]
    data = pd.DataFrame(rows, columns=asked.columns)

    def sentence(row: Any) -> str:
        if row.group == "model":
            return _model_sentence(result, formats)
        name = column_label(row.term, labels, formats.messages)
        return _coefficient(row, name, result, formats)

    notes = [*_left_out(asked, kept, formats), *design_notes(result, formats)]
    return _table(result, data, sentence, formats, notes)


@display_apa.register
def _(
    result: DriverImportanceResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    formats = Formats.of(language)
    text = formats.messages.text
    asked = result.estimates.sort_values("estimate", ascending=False, kind="stable")
    data = asked[_known(asked, ("estimate",))]

    def sentence(row: Any) -> str:
        told = {
            "name": _told(column_label(row.term, labels, formats.messages)),
            "share": formats.coefficient(row.estimate, 3),
            "criterion": text(f"terms.criterion.{result.criterion}"),
            "whole": formats.coefficient(result.r2),
        }
        if not (math.isfinite(row.conf_low) and math.isfinite(row.conf_high)):
            return text("tables.apa.share_alone", **told)
        return text(
            "tables.apa.share",
            **told,
            level=formats.level(result.confidence_level),
            interval=formats.brackets(row.conf_low, row.conf_high, 3, bounded=True),
            n=result.n_boot,
        )

    notes = [*_left_out(asked, data, formats), text("tables.drivers.notes.share_no_test")]
    if result.interval in ("percentile", "bca"):
        notes.append(text(f"tables.drivers.notes.{result.interval}", n=result.n_boot))
    return _table(result, data, sentence, formats, [*notes, *design_notes(result, formats)])


@display_apa.register
def _(result: MixedModelResult, *, labels: Labels = None, language: str = "en") -> DisplayTable:
    formats = Formats.of(language)
    asked = result.tidy()
    asked = asked.assign(group=asked["group"].fillna("") if "group" in asked else "")
    data = asked[_known(asked, (*_TESTED, "std_error"))]

    def sentence(row: Any) -> str:
        if row.group:
            name = pair_name(row.group, result.compared, (), labels)
            return _coefficient(row, name, result, formats, key="difference")
        if row.term == "intercept":
            name = formats.messages.text("terms.effect.intercept")
        else:
            name = column_label(row.term, labels, formats.messages)
        return _coefficient(row, name, result, formats)

    return _table(result, data, sentence, formats, _left_out(asked, data, formats))


@display_apa.register
def _(result: ConditionsResult, *, labels: Labels = None, language: str = "en") -> DisplayTable:
    formats = Formats.of(language)
    levels = [str(level) for level in result.conditions["condition"]]
    asked = result.tidy()
    data = asked[_known(asked, (*_TESTED, "std_error"))]

    def sentence(row: Any) -> str:
        pair = pair_name(row.group, result.condition, levels, labels)
        method = known_term("condition_method", row.term, formats.messages)
        name = f"{_told(pair)}, {method}"
        if not math.isfinite(row.effect_size):
            return _coefficient(row, name, result, formats, key="difference")
        effect = {
            "effect": formats.number(row.effect_size),
            "effect_interval": formats.brackets(row.effect_low, row.effect_high),
        }
        return _coefficient(row, name, result, formats, key="difference_g", **effect)

    return _table(result, data, sentence, formats, _left_out(asked, data, formats))


# ── rows and parts of sentences ───────────────────────────────────────────────────────────


def _table(
    result: Any,
    data: pd.DataFrame,
    sentence: Callable[[Any], str],
    formats: Formats,
    notes: Sequence[str],
) -> DisplayTable:
    text = formats.messages.text
    return display_table(
        data,
        [Column(text("tables.apa.sentence"), sentence, numeric=False)],
        name=f"apa_{result.kind}",
        caption=text("tables.apa.caption"),
        notes=[text("tables.apa.italics"), *notes],
    )


def _known(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series[bool]:
    """Return which rows have a finite number in all these columns."""
    finite = np.isfinite(frame[list(columns)].to_numpy(dtype=float)).all(axis=1)
    return pd.Series(finite, index=frame.index)


def _left_out(asked: pd.DataFrame, kept: pd.DataFrame, formats: Formats) -> list[str]:
    lost = len(asked) - len(kept)
    return [formats.messages.text("tables.apa.left_out", n=lost)] if lost else []


def _told(name: str) -> str:
    """Return a name as it stands before a colon."""
    return isolated(name.rstrip(".:;, ") or name)


def _test(row: Any, method: str, formats: Formats) -> str:
    """Return statistic and p, the adjusted p behind it: ``t(390) = −17.31, p < .001``."""
    text = formats.messages.text
    told = {"statistic": formats.number(row.statistic), "p": told_p(row.p_value, formats)}
    if math.isfinite(row.df):
        test = text("tables.apa.test_t", df=degrees_of_freedom(row.df, formats), **told)
    else:
        test = text("tables.apa.test_z", **told)
    adjusted = getattr(row, "p_adjusted", math.nan)
    if method == "none" or math.isnan(adjusted):
        return test
    return text(f"tables.apa.adjusted_{method}", test=test, p=told_p(adjusted, formats))


def _coefficient(
    row: Any,
    name: str,
    result: DriverModelResult | MixedModelResult | ConditionsResult,
    formats: Formats,
    *,
    key: str = "coefficient",
    **effect: str,
) -> str:
    decimals = _decimals(row.std_error)
    return formats.messages.text(
        f"tables.apa.{key}",
        name=_told(name),
        estimate=formats.number(row.estimate, decimals),
        error=formats.number(row.std_error, decimals),
        test=_test(row, result.p_adjust, formats),
        level=formats.level(result.confidence_level),
        interval=formats.brackets(row.conf_low, row.conf_high, decimals),
        **effect,
    )


def _decimals(std_error: float) -> int:
    """Return two, or as many up to four as keep a standard error from rounding to zero."""
    decimals = 2
    while decimals < _MOST_DECIMALS and std_error > 0 and not round(std_error, decimals):
        decimals += 1
    return decimals


def _model_sentence(result: DriverModelResult, formats: Formats) -> str:
    text = formats.messages.text
    kind = result.std_errors
    known = kind if kind in ("classical", "cluster", "design") else "robust"
    return text(
        "tables.apa.model",
        criterion=text(f"terms.criterion.{'r2' if result.model == 'linear' else 'mcfadden'}"),
        fit=formats.coefficient(result.r2),
        n=result.n,
        errors=text(f"tables.apa.errors_{known}", kind=kind.upper()),
    )
