"""Tables of factor models: fit, loadings, reliability and whether dimensions are distinct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.psychometrics import (
    CfaResult,
    DistinctnessResult,
    FactorReliabilityResult,
    HtmtResult,
)
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._distinct import (
    Labels,
    beside_the_general,
    cluster_notes,
    scale_names,
    shown_term,
    solution_notes,
)
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean

_STATUS = "terms.model_status"


@or_nothing
def display_fit(
    fitted: DistinctnessResult | Mapping[str, CfaResult], *, language: str = "en"
) -> DisplayTable | None:
    """Show the fit of several models side by side.

    Parameters
    ----------
    fitted : DistinctnessResult or mapping of name to CfaResult
        The rival models of a verdict, or models of one's own; all by the same estimator.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> from cxresearch.psychometrics import confirmatory_factors
    >>> rng = np.random.default_rng(1)
    >>> halo = rng.normal(size=(300, 1)) + rng.normal(size=(300, 4))
    >>> answers = pd.DataFrame(halo, columns=list("abcd"))
    >>> cfa = confirmatory_factors(answers, {"A": list("abcd")})
    >>> display_fit({"One factor": cfa}).shown[["Model", "df", "n"]].iloc[0].tolist()
    ['One factor', '2', '300']
    """
    formats = Formats.of(language)
    text = formats.messages.text
    if isinstance(fitted, DistinctnessResult):
        if fitted.models.empty:
            return None
        rows, estimator = fitted.models, fitted.estimator
    else:
        rows = pd.concat([_fit_row(name, cfa) for name, cfa in fitted.items()])
        estimator = next(iter(fitted.values())).estimator
    one = fitted if isinstance(fitted, DistinctnessResult) else next(iter(fitted.values()))
    columns = [
        Column(text("tables.factors.model"), lambda r: _model(r.term, formats), numeric=False),
        Column(text("tables.factors.chi2"), lambda r: formats.number(r.statistic, 1)),
        Column(text("tables.factors.df"), lambda r: formats.number(r.df, 0)),
        Column("p", lambda r: formats.p(r.p_value)),
        Column(text("tables.factors.cfi"), lambda r: formats.coefficient(r.cfi, 3)),
        Column(text("tables.factors.tli"), lambda r: formats.coefficient(r.tli, 3)),
        Column(text("tables.factors.rmsea"), lambda r: _rmsea(r, formats)),
        Column(text("tables.factors.srmr"), lambda r: formats.coefficient(r.srmr, 3)),
        Column(text("tables.factors.bic"), lambda r: formats.number(r.bic, 0)),
        Column(text("tables.n"), lambda r: formats.number(r.n, 0)),
        Column(
            text("tables.factors.remark"),
            lambda r: text(f"{_STATUS}.{r.status}"),
            numeric=False,
        ),
    ]
    if rows["bic"].isna().all():
        del columns[8]
    return display_table(
        rows,
        columns,
        name="factor_fit",
        caption=text("tables.factors.fit"),
        notes=[
            text(f"tables.factors.notes.fit_{estimator}"),
            *cluster_notes(one, formats),
            text("tables.factors.notes.n"),
        ],
    )


def display_cfa(cfa: CfaResult, *, labels: Labels = None, language: str = "en") -> DisplayTable:
    """Show the standardised loadings of a factor model with their intervals.

    Parameters
    ----------
    cfa : CfaResult
    labels : mapping of str to str, optional
        Item or factor → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    kinds = ["loading", "second_order_loading"]
    rows = cfa.estimates[cfa.estimates["parameter"].isin(kinds)]
    columns = [
        Column(
            text("tables.factors.factor"), lambda r: shown_term(r.group, labels), numeric=False
        ),
        Column(
            text("tables.factors.item"), lambda r: shown_term(r.term, labels), numeric=False
        ),
        Column(text("tables.factors.loading"), lambda r: formats.coefficient(r.standardized)),
        Column(
            text("tables.interval", level=formats.level(cfa.confidence_level)),
            lambda r: formats.coefficient_interval(r.standardized_low, r.standardized_high),
        ),
        Column(
            text("tables.factors.standard_error"),
            lambda r: formats.coefficient(r.standardized_error, 3),
        ),
        Column("p", lambda r: formats.p(r.p_value)),
    ]
    notes = [
        text("tables.factors.notes.cfa", level=formats.level(cfa.confidence_level)),
        text(f"tables.factors.notes.fit_{cfa.estimator}"),
        *cluster_notes(cfa, formats),
        text("tables.factors.notes.n"),
    ]
    return display_table(
        rows,
        columns,
        name="cfa_loadings",
        caption=text("tables.factors.cfa"),
        notes=notes + solution_notes(cfa.notes, labels, formats),
    )


@or_nothing
def display_htmt(
    found: HtmtResult | DistinctnessResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show how alike each pair of scales is: HTMT, and latent correlations where known.

    Parameters
    ----------
    found : HtmtResult or DistinctnessResult
        The latter adds latent correlations, Fornell and Larcker's criterion and the reading;
        nothing is shown of a verdict without pairs.
    labels : mapping of str to str, optional
        Scale → text; a verdict on a battery knows them.
    language : str
        Language of headings and notes.
    """
    if found.estimates.empty:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    level = formats.level(found.confidence_level)
    names = scale_names(found, labels)
    between = text("tables.interval", level=level)
    head = [
        Column(text("tables.factors.pair_a"), lambda r: names(r.term), numeric=False),
        Column(text("tables.factors.pair_b"), lambda r: names(r.group), numeric=False),
    ]
    notes = [
        text("tables.factors.notes.htmt", level=level, replicates=formats.count(found.n_boot))
    ]
    if isinstance(found, HtmtResult):
        columns = [
            *head,
            Column(text("tables.factors.htmt"), lambda r: formats.coefficient(r.estimate)),
            Column(between, lambda r: formats.coefficient_interval(r.conf_low, r.conf_high)),
            Column(text("tables.factors.htmt2"), lambda r: formats.coefficient(r.htmt2)),
        ]
    else:
        columns = [*head, *_pair_columns(between, formats)]
        cutoff = formats.coefficient(found.cutoff)
        notes = [
            text("tables.factors.notes.pairs", level=level, cutoff=cutoff),
            text("tables.factors.notes.larcker"),
            *notes,
        ]
    return display_table(
        found.estimates,
        columns,
        name="distinct_pairs",
        caption=text("tables.factors.pairs"),
        notes=[*notes, *cluster_notes(found, formats)],
    )


def _pair_columns(between: str, formats: Formats) -> list[Column]:
    text = formats.messages.text
    htmt_between = f"{text('tables.factors.htmt')}: {between}"
    return [
        Column(text("tables.factors.correlation"), lambda r: formats.coefficient(r.estimate)),
        Column(between, lambda r: formats.coefficient_interval(r.conf_low, r.conf_high)),
        Column(text("tables.factors.htmt"), lambda r: formats.coefficient(r.htmt)),
        Column(htmt_between, lambda r: formats.coefficient_interval(r.htmt_low, r.htmt_high)),
        Column(
            text("tables.factors.larcker"),
            lambda r: text(f"tables.factors.{'yes' if r.fornell_larcker else 'no'}"),
            numeric=False,
        ),
        Column(
            text("tables.factors.read_as"),
            lambda r: text(f"terms.distinct.{r.verdict}"),
            numeric=False,
        ),
    ]


@or_nothing
def display_factor_reliability(
    found: FactorReliabilityResult | DistinctnessResult,
    *,
    labels: Labels = None,
    language: str = "en",
) -> DisplayTable | None:
    """Show omega, composite reliability and AVE of each dimension.

    Parameters
    ----------
    found : FactorReliabilityResult or DistinctnessResult
        Of the latter instead what is a dimension's own beside the general factor, and the
        empirical factor most like it; nothing where no factor was found.
    labels : mapping of str to str, optional
        Factor → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    if isinstance(found, DistinctnessResult):
        return beside_the_general(found, scale_names(found, labels), formats)
    text = formats.messages.text
    columns = [
        Column(text("tables.dimension"), lambda r: shown_term(r.term, labels), numeric=False),
        Column(text("tables.items"), lambda r: formats.count(r.items)),
        Column(text("tables.factors.omega"), lambda r: formats.coefficient(r.estimate)),
        Column(
            text("tables.interval", level=formats.level(found.confidence_level)),
            lambda r: formats.coefficient_interval(r.conf_low, r.conf_high),
        ),
        Column(
            text("tables.factors.composite"),
            lambda r: formats.coefficient(r.composite_reliability),
        ),
        Column(text("tables.factors.ave"), lambda r: formats.coefficient(r.ave)),
        Column(
            text("tables.factors.nearest"),
            lambda r: _nearest(r, labels, formats),
            numeric=False,
        ),
        Column(text("tables.n"), lambda r: formats.count(r.n)),
    ]
    return display_table(
        found.estimates,
        columns,
        name="factor_reliability",
        caption=text("tables.factors.reliability"),
        notes=[text("tables.factors.notes.reliability"), text("tables.factors.notes.n")],
    )


def _fit_row(name: str, cfa: CfaResult) -> pd.DataFrame:
    row = cfa.glance().rename(columns={"chi2": "statistic"})
    improper = ("heywood:", "correlation_above_1:", "factor_covariances_not")
    bad = any(note.startswith(improper) for note in cfa.notes)
    return row.assign(term=name, status="improper" if bad else "ok")


def _model(term: str, formats: Formats) -> str:
    key = f"terms.rival_model.{term}"
    return formats.messages.text(key) if formats.messages.has(key) else clean(term)


def _rmsea(row: Any, formats: Formats) -> str:
    if not np.isfinite(row.rmsea):
        return UNDEFINED
    ends = [formats.coefficient(end, 3) for end in (row.rmsea_low, row.rmsea_high)]
    inside = formats.messages.text("format.interval", low=ends[0], high=ends[1])
    return f"{formats.coefficient(row.rmsea, 3)} ({inside})"


def _nearest(row: Any, labels: Labels, formats: Formats) -> str:
    if not row.nearest:
        return UNDEFINED
    return f"{shown_term(row.nearest, labels)} ({formats.coefficient(row.largest_correlation)})"
