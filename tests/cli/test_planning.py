"""Sample sizes before the data, from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from cxresearch.cli import main


def plan(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["plan", *arguments])


def test_a_driver_plan_says_how_many_respondents_are_needed() -> None:
    outcome = plan("drivers", "--sizes", "200,800", "--ratio", "1.6", "--samples", "200")
    assert outcome.exit_code == 0, outcome.output
    assert "the first share is 1.60 times the second" in outcome.output
    assert "the first driver is ranked first" in outcome.output
    assert "for 80%:" in outcome.output


def test_a_driver_plan_can_be_had_as_json() -> None:
    printed = json.loads(plan("drivers", "--sizes", "200", "--samples", "100", "--json").stdout)
    assert printed["kind"] == "driver_plan"


def test_more_people_find_an_effect_more_often() -> None:
    outcome = plan(
        "peak-end", "--set", "end_effect=0.8", "--people", "20,160", "--studies", "60", "--json"
    )
    frame = json.loads(outcome.stdout)["fields"]["estimates"]["__frame__"]
    columns = {column["name"]: column["values"] for column in frame}
    power = {
        people: share
        for term, people, share in zip(
            columns["term"], columns["participants"], columns["estimate"], strict=True
        )
        if term == "condition"
    }
    assert power[160] > power[20] + 0.2


def test_a_peak_end_plan_is_shown_by_number_of_people() -> None:
    outcome = plan("peak-end", "--people", "20,40", "--studies", "20")
    assert outcome.exit_code == 0, outcome.output
    lines = outcome.output.splitlines()[2:]
    assert [line.split()[0] for line in lines[:6]] == ["20"] * 3 + ["40"] * 3
    found = "the effect of the condition on memory is found"
    assert lines[6] == f"for 80%: more people than were tried, so that {found}"
    assert lines[7].startswith("closed form (t test, 20 people): ")
    assert lines[8].startswith("closed form (t test, 40 people): ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("drivers", "--r2", "2"), "r2 must be a number between 0 and 1"),
        (("drivers", "--sizes", "many"), "separated by commas"),
        (("peak-end", "--set", "end_efect=1"), "did you mean 'end_effect'"),
        (("peak-end", "--set", "episodes=two"), "episodes must be a whole number"),
        (("peak-end", "--set", "rounded=maybe"), "rounded must be true or false"),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(arguments: tuple[str, ...], message: str) -> None:
    outcome = plan(*arguments)
    assert outcome.exit_code == 1
    assert message in outcome.output
