"""A plan against what was done: every element gets one plain verdict, and none too kind."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.planned import (
    AnalysisPlan,
    Done,
    PlanComparisonResult,
    PlanVersion,
    compare_plan,
)
from cxresearch.planned.model import MODELS, Hypothesis
from cxresearch.results import _KINDS, Result
from cxresearch.sentences import findings, mark_planned, retell
from cxresearch.shown import Finding
from cxresearch.tables import display_analysis_plan

EXPECTED = Path(__file__).resolve().parents[1] / "reference" / "expected"


@dataclasses.dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StandIn:
    """A result reduced to what a plan sees of it."""

    kind: str
    outcome: str | None = None


def done_by(*results: tuple[str, str | None]) -> list[Result]:
    return [StandIn(kind=kind, outcome=outcome) for kind, outcome in results]  # type: ignore[misc]


H1 = Hypothesis(
    id="H1",
    statement="The close is remembered.",
    outcome="remembered",
    asked="retrospective",
    contrast=("warm", "plain"),
    model="conditions",
    direction="greater",
)
H2 = Hypothesis(
    id="H2", statement="They call.", outcome="again", asked="choice", model="choice"
)
H3 = Hypothesis(
    id="H3",
    statement="Length is neglected.",
    outcome="remembered",
    asked="retrospective",
    model="duration_neglect",
    direction="equivalent",
)
FIRST = AnalysisPlan(
    hypotheses=(H1, H2),
    primary_outcome="remembered",
    parameters={"control": "plain", "seed": 1},
    exclusions=("few_moments: below 3 rated moments",),
    conditions={"plain": 1, "warm": 1},
    sample_size=200,
    smallest_effect=0.3,
    text="first",
)
SECOND = dataclasses.replace(FIRST, smallest_effect=0.4, text="second")
THIRD = dataclasses.replace(
    SECOND,
    hypotheses=(H1, H2, H3),
    exclusions=(*FIRST.exclusions, "duplicated: column call"),
    sha256="c",
    text="third",
)
VERSIONS = [
    (
        PlanVersion(
            sha256="a",
            locked="2026-09-01T08:00:00+00:00",
            text="",
            data={},
            offset="+02:00",
            commit="5f0c9d1",
            committed="2026-09-01T07:55:00+00:00",
        ),
        FIRST,
    ),
    (
        PlanVersion(
            sha256="b", locked="2026-09-02T08:00:00+00:00", text="", data={}, reason="r"
        ),
        SECOND,
    ),
    (
        PlanVersion(
            sha256="c",
            locked="2026-10-02T08:00:00+00:00",
            text="",
            data={"episodes.csv": "e"},
            reason="Rows stand twice.",
        ),
        THIRD,
    ),
]
DONE = Done(
    results=done_by(
        ("conditions", "retrospective"),
        ("duration_neglect", None),
        ("memory_models", None),
    ),
    parameters={"control": "plain", "confidence_level": 0.9},
    exclusions=["duplicated: column call"],
    conditions={"plain": 1, "warm": 2},
    participants=187,
)


def compared(**changes: Any) -> PlanComparisonResult:
    asked: dict[str, Any] = {"plan": THIRD, "done": DONE, "versions": VERSIONS, **changes}
    return compare_plan(asked["plan"], asked["done"], versions=asked["versions"])


def verdicts(result: PlanComparisonResult) -> dict[str, list[str]]:
    return {
        f"{row.group}/{row.term}": [row.status, row.when]
        for row in result.tidy().itertuples(index=False)
    }


def test_every_element_gets_the_verdict_that_was_written_down_by_hand() -> None:
    golden = json.loads((EXPECTED / "plan_comparison.json").read_text(encoding="utf-8"))
    values, result = golden["values"], compared()
    assert verdicts(result) == values["estimates"]
    assert list(result.confirmatory) == values["confirmatory"]
    kept = ("before_data", "edited", "n_versions", "locked", "offset", "commit", "committed")
    for name in kept:
        assert getattr(result, name) == values[name]
    assert result.plan_sha256 == "c"
    assert result.glance().iloc[0][
        ["planned", "changed", "not_done", "exploratory"]
    ].tolist() == [
        4,
        6,
        3,
        1,
    ]


def test_a_change_keeps_what_was_planned_first_and_the_reason() -> None:
    rows = compared().tidy().set_index(["group", "term"])
    changed = rows.loc[("exclusion", "duplicated: column call")]
    assert (changed["planned"], changed["done"]) == ("", "duplicated: column call")
    assert changed["reason"] == "Rows stand twice."
    effect = rows.loc[("smallest_effect", "smallest_effect")]
    assert (effect["planned"], effect["done"], effect["reason"]) == ("0.3", "0.4", "r")


def test_nothing_is_confirmatory_without_a_lock_before_the_data() -> None:
    never = compared(versions=[])
    assert (never.confirmatory, never.locked, never.before_data) == ((), "", False)
    late = dataclasses.replace(VERSIONS[0][0], data={"episodes.csv": "e"})
    after = compared(plan=FIRST, versions=[(late, FIRST)])
    assert after.confirmatory == ()
    assert after.before_data is False


def test_a_plan_edited_behind_its_lock_is_told() -> None:
    edited = dataclasses.replace(THIRD, smallest_effect=0.1, sha256="d")
    result = compared(plan=edited)
    assert result.edited
    assert verdicts(result)["smallest_effect/smallest_effect"] == ["changed", "not_stated"]


def test_a_hypothesis_dropped_by_an_amendment_stays_in_sight() -> None:
    dropped = dataclasses.replace(THIRD, hypotheses=(H1,))
    versions = [*VERSIONS[:2], (VERSIONS[2][0], dropped)]
    assert verdicts(compared(plan=dropped, versions=versions))["hypothesis/H2"] == [
        "changed",
        "after_data",
    ]


def test_a_result_on_another_outcome_is_exploratory() -> None:
    felt = dataclasses.replace(DONE, results=done_by(("conditions", "end")))
    found = verdicts(compared(done=felt))
    assert found["hypothesis/H1"] == ["not_done", ""]
    assert found["analysis/conditions: end"] == ["exploratory", ""]


def test_planned_looks_that_were_not_taken_are_not_done() -> None:
    looks = dataclasses.replace(THIRD, spending="obrien_fleming", looks=(0.5, 1.0))
    versions = [(VERSIONS[0][0], looks)]
    assert verdicts(compared(plan=looks, versions=versions))["looks/looks"] == ["not_done", ""]
    taken = dataclasses.replace(DONE, results=[*DONE.results, *done_by(("sequential", None))])
    result = verdicts(compared(plan=looks, versions=versions, done=taken))
    assert result["looks/looks"] == ["planned", ""]
    assert not any("sequential" in name for name in result)
    marked = compared(plan=looks, versions=versions, done=taken)
    assert marked.is_confirmatory("sequential", term="look_1")
    assert not compared(plan=looks, versions=versions).is_confirmatory("sequential")


def finding(result: str, *, group: str = "", topic: Any = "finding") -> Finding:
    return Finding(
        message="m", text="t", sure="clear", rank=1.0, result=result, group=group, topic=topic
    )


def test_findings_are_marked_by_the_row_they_rest_on() -> None:
    found = [
        finding("conditions", group="warm − plain"),
        finding("conditions", group="plain − warm"),
        finding("conditions", group="cold − plain"),
        finding("duration_neglect"),
        finding("memory_models"),
        finding("conditions", group="warm − plain", topic="quality"),
    ]
    assert [one.planned for one in mark_planned(found, compared())] == [
        "confirmatory",
        "confirmatory",
        "exploratory",
        "exploratory",
        "exploratory",
        "",
    ]
    assert [one.planned for one in mark_planned(found, None)] == [""] * 6


@pytest.mark.parametrize(
    ("term", "group", "named"),
    [
        ("reliability", "", True),
        ("reliability", "all", True),
        ("empathy", "all", False),
        ("reliability", "branch=City", False),
    ],
)
def test_a_hypothesis_about_one_row_names_that_row_only(
    term: str, group: str, named: bool
) -> None:
    plan = AnalysisPlan(
        hypotheses=(
            Hypothesis(
                id="H1", statement="s", outcome="servqual", model="servqual_gaps",
                term="reliability",
            ),
        ),
        primary_outcome="servqual",
    )  # fmt: skip
    done = Done(results=done_by(("servqual_gaps", None)))
    result = compare_plan(plan, done, versions=[(VERSIONS[0][0], plan)])
    assert result.is_confirmatory("servqual_gaps", term=term, group=group) is named


def test_every_model_a_plan_may_name_is_a_result_that_exists() -> None:
    for name in cx.__all__:
        getattr(cx, name)  # a kind of result is known once its room is imported
    assert {kind for kinds in MODELS.values() for kind in kinds} <= set(_KINDS)


def test_the_form_lists_the_same_models() -> None:
    from typing import get_args

    from cxresearch.study.plan_file import Model

    assert set(get_args(Model)) == set(MODELS)


@pytest.mark.parametrize("language", ["en", "es"])
def test_sentences_and_table_name_what_was_changed(language: str) -> None:
    result = compared()
    told = {one.message.split(".")[-1]: one for one in findings(result, language=language)}
    assert set(told) == {
        "locked",
        "changed_after_warning",
        "changed_unstated_warning",
        "changed_before",
        "not_done_warning",
        "exploratory",
    }
    assert {one.topic for one in told.values()} == {"quality"}
    rule = {"en": "Duplicates: column call", "es": "Duplicados: columna call"}[language]
    assert rule in told["changed_after_warning"].text
    other = "es" if language == "en" else "en"
    again = findings(result, language=other)
    assert [retell(one.to_dict(), language) for one in again] == [
        one.text for one in findings(result, language=language)
    ]
    table = display_analysis_plan(result, language=language)
    assert table is not None
    assert len(table.shown) == len(result.tidy())
    assert display_analysis_plan(None) is None


def test_the_table_shows_no_codes_of_the_plan_file() -> None:
    plan = dataclasses.replace(
        FIRST, spending="obrien_fleming", looks=(0.5, 1.0), parameters={"randomized": True}
    )
    table = display_analysis_plan(compare_plan(plan, Done()), language="es")
    assert table is not None
    planned = table.shown.set_index("Elemento")["Planeado"]
    assert planned["Análisis intermedios"] == "O’Brien–Fleming: 0,5, 1"
    assert planned["Parámetro randomized"] == "sí"
    assert planned["Efecto más pequeño que importa"] == "0,3"
    assert planned.iloc[0].endswith("se espera mayor")
    assert planned["Exclusión Muy pocos momentos valorados: menos de 3 rated moments"]


def test_a_late_or_missing_lock_is_warned_of() -> None:
    never = findings(compared(versions=[]))
    assert never[0].text.startswith("The analysis plan was never locked: no finding counts")
    late = dataclasses.replace(VERSIONS[0][0], data={"episodes.csv": "e"})
    told = findings(compared(plan=FIRST, versions=[(late, FIRST)]))
    assert told[0].text.startswith(
        "The analysis plan was locked on 2026-09-01, when data were there already"
    )


def test_the_report_says_what_a_lock_can_prove_and_what_not() -> None:
    table = display_analysis_plan(compared())
    assert table is not None
    told = " ".join(table.notes)
    assert "Time of the lock: 08:00 UTC (its clock stood at UTC+02:00)" in told
    assert "The plan stood in git commit 5f0c9d1 of 2026-09-01" in told
    assert "It does not show that the clock was right" in told
    plain = dataclasses.replace(VERSIONS[0][0], offset="", commit="", committed="")
    without = display_analysis_plan(compared(plan=FIRST, versions=[(plain, FIRST)]))
    assert without is not None
    assert "git commit" not in " ".join(without.notes)
    assert "Time of the lock: 08:00 UTC, by the clock" in " ".join(without.notes)


def test_it_survives_json() -> None:
    result = compared()
    again = Result.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert isinstance(again, PlanComparisonResult)
    pd.testing.assert_frame_equal(again.tidy(), result.tidy(), check_dtype=False)
    assert again.confirmatory == result.confirmatory
