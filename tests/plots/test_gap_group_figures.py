"""What readers see of many groups, waves and the map: figures, tables and sentences."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

from cxresearch.codebook.model import Column
from cxresearch.errors import CxError
from cxresearch.plots import plot_caterpillar, plot_changes, plot_gap_map
from cxresearch.sentences import findings, retell
from cxresearch.servqual import (
    gap_changes,
    gap_map,
    imputed_gaps,
    pooled_gaps,
    servqual_gaps,
)
from cxresearch.shown import DisplayTable, Figure
from cxresearch.tables import (
    display_apa,
    display_changes,
    display_differences,
    display_gap_map,
    display_gaps,
    display_imputed_gaps,
    display_pooled_gaps,
)
from cxresearch.wording import Messages

LANGUAGES = ("en", "es")


def made_module() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "gap_group_results.py"
    spec = importlib.util.spec_from_file_location("gap_group_results", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = made_module()


def figures(responses: object, language: str) -> list[Figure]:
    placed = gap_map(responses, replicates=200)  # type: ignore[arg-type]
    pooled = pooled_gaps(responses, draws=1000)  # type: ignore[arg-type]
    changes = gap_changes(responses)  # type: ignore[arg-type]
    made = [
        plot_caterpillar(pooled, language=language),
        plot_caterpillar(pooled, "reliability", language=language),
        plot_changes(changes, language=language),
        plot_gap_map(placed, language=language),
        plot_gap_map(placed, "derived", language=language),
    ]
    return [figure for figure in made if figure is not None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_are_drawn_in_both_layouts_with_words(language: str) -> None:
    drawn = figures(MADE.survey(), language)
    assert len(drawn) == 5
    assert len({figure.name for figure in drawn}) == 5
    for figure in drawn:
        for svg in (figure.svg, figure.svg_narrow):
            ElementTree.fromstring(svg)
        assert "{" not in figure.alt_text + figure.caption
        assert 40 < len(figure.alt_text) <= 480


def test_a_caterpillar_names_groups_it_does_not_show() -> None:
    responses = MADE.survey(offices=12)
    few = responses.frame["office"].isin(["Office C", "Office D"])
    keep = ~few | (few.groupby(responses.frame["office"]).cumcount() < 4)
    small = MADE.without(responses, person=responses.frame.loc[keep, "person"])
    pooled = pooled_gaps(small, draws=1000)
    figure = plot_caterpillar(pooled)
    assert figure is not None
    assert "fewer than 10 answers" in figure.svg
    table = display_pooled_gaps(pooled)
    assert table is not None
    assert table.shown.iloc[-1]["n"] == "< 10"


def test_more_groups_than_can_be_read_lose_their_middle() -> None:
    responses = MADE.survey(n=1200, offices=60)
    names = [f"Office {i % 60:02d}" for i in range(1200)]
    many = MADE.responses_of(responses.frame.assign(office=names), ("spring", "autumn"))
    figure = plot_caterpillar(pooled_gaps(many, draws=1000))
    assert figure is not None
    assert "20 groups in the middle are left out." in figure.caption


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_hold_nothing_but_text(language: str) -> None:
    responses = MADE.survey()
    tables = [
        display_pooled_gaps(pooled_gaps(responses, draws=1000), language=language),
        display_changes(gap_changes(responses), language=language),
        display_gap_map(gap_map(responses, replicates=200), language=language),
    ]
    for table in tables:
        assert isinstance(table, DisplayTable)
        assert table.shown.map(lambda cell: isinstance(cell, str)).all().all()
        assert not any("{" in note for note in table.notes)
        assert len(table.data) == len(table.shown)


def test_what_there_is_none_of_is_not_shown() -> None:
    assert plot_caterpillar(None) is None
    assert plot_changes(None) is None
    assert plot_gap_map(None) is None
    assert display_pooled_gaps(None) is None
    assert display_changes(None) is None
    assert display_gap_map(None) is None
    stated = gap_map(MADE.survey(), importance="stated", replicates=100)
    assert plot_gap_map(stated, "derived") is None
    with pytest.raises(CxError, match="importance must be one of"):
        plot_gap_map(stated, "guessed")


# ── findings ──────────────────────────────────────────────────────────────────────────────


def test_offices_that_differ_are_told_and_the_worst_only_with_its_probability() -> None:
    told = findings(pooled_gaps(MADE.survey(n=1200, tau=0.5), draws=2000))
    assert "truly differ" in told[0].text
    worst = told[1]
    chance = worst.values["chance"]
    assert worst.sure == ("clear" if chance >= 0.95 else "likely" if chance >= 0.8
                          else "not_decided")  # fmt: skip
    assert worst.group in worst.text


def test_offices_that_are_alike_have_no_worst() -> None:
    for seed in range(6):
        told = findings(pooled_gaps(MADE.survey(tau=0.0, seed=seed), draws=1000))
        named = [finding for finding in told if "Office" in finding.text]
        assert all(finding.sure == "not_decided" for finding in named)
        assert "no difference" not in " ".join(finding.text for finding in told)


def test_a_change_is_told_with_its_direction_and_interval() -> None:
    told = findings(gap_changes(MADE.survey(n=1600, tau=0.0, gain=0.5, panel=True)))
    assert told[0].text.startswith(
        "From spring to autumn the gap over all dimensions got better"
    )
    assert "95% interval" in told[0].text
    assert told[0].sure == "clear"
    calm = findings(gap_changes(MADE.survey(tau=0.0, gain=0.0, seed=4)))
    assert calm[0].message == "findings.gap_groups.change_open_overall"
    assert "do not show" in calm[0].text


def test_ids_that_do_not_belong_together_are_told_under_quality() -> None:
    responses = MADE.survey(tau=0.0)
    half = responses.n // 2
    ids = [str(i % half) for i in range(responses.n)]
    doubtful = MADE.responses_of(responses.frame.assign(person=ids), ("spring", "autumn"))
    topics = {finding.topic for finding in findings(gap_changes(doubtful))}
    assert "quality" in topics


def test_what_to_do_first_is_one_dimension_when_both_importances_agree() -> None:
    told = findings(gap_map(MADE.survey(n=1200, tau=0.0, gain=0.0), replicates=200))
    assert [finding.message for finding in told] == ["findings.gap_groups.first_both"]
    assert told[0].topic == "action"
    assert "reliability" in told[0].text.lower()


def test_no_shortfall_has_no_first_place() -> None:
    responses = MADE.survey()
    frame = responses.frame.copy()
    received = [name for name in frame if name[0] == "P"]
    frame[received] += 5
    told = findings(gap_map(MADE.responses_of(frame, ("spring", "autumn")), replicates=100))
    assert [finding.message for finding in told] == ["findings.gap_groups.first_none"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_can_be_told_again(language: str) -> None:
    responses = MADE.survey(n=960, tau=0.5)
    results = (
        pooled_gaps(responses, draws=1000),
        gap_changes(responses),
        gap_map(responses, replicates=100),
    )
    for result in results:
        for finding in findings(result, language=language):
            assert retell(finding.to_dict(), language) == finding.text
            assert "{" not in finding.text


def with_gaps_in(*, share: float, seed: int = 1) -> object:
    """The survey with answers to one question missing, those of the displeased more often."""
    frame = MADE.survey(tau=0.0).frame.copy()
    rng = np.random.default_rng(seed)
    low = (frame["P04"] < frame["P04"].median()).to_numpy()
    frame.loc[rng.random(len(frame)) < np.where(low, share, share / 8), "P03"] = np.nan
    return MADE.responses_of(frame, ("spring", "autumn"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_filled_in_answers_are_told_beside_the_complete_ones(language: str) -> None:
    found = imputed_gaps(with_gaps_in(share=0.6), imputations=3, iterations=2)  # type: ignore[arg-type]
    table = display_imputed_gaps(found, language=language)
    assert table is not None
    assert len(table.shown) == 12  # four dimensions and two overall scores, twice
    (finding,) = findings(found, language=language)
    assert finding.topic == "quality"
    assert retell(finding.to_dict(), language) == finding.text
    assert finding.values["term"] == "item_3"
    assert display_imputed_gaps(None) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_say_sign_flipping_and_the_design(language: str) -> None:
    responses = MADE.survey()
    codebook = responses.codebook
    cluster = Column(name="day", column="day", role="cluster", label="Day")
    days = (np.arange(responses.n) // 20).astype(str)
    sampled = replace(
        responses,
        codebook=replace(codebook, columns=(*codebook.columns, cluster)),
        frame=responses.frame.assign(day=days),
    )
    gaps = servqual_gaps(sampled, p_adjust="max_t", flips=99, segments=["office", "wave"])
    told = Messages(language).text
    notes = display_gaps(gaps, language=language).notes
    assert told("tables.notes.max_t_dimensions", n=4) in notes
    assert told("tables.notes.design_clusters", clusters="day") in notes
    apart = display_differences(gaps, language=language)
    assert apart is not None
    assert told("tables.notes.max_t_differences") in apart.notes
    assert any(
        "max-T" in text for text in display_apa(gaps, language=language).shown.iloc[:, -1]
    )
