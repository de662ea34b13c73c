"""Parameters: what may cross into a notebook, and what is refused before it runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.errors import TemplateError
from cxresearch.runs import Template, check_parameters, parse_setting
from cxresearch.runs.template import parse_parameters

SOURCE = """\
study_name: str = "x"  # Study
level: float = 0.95  # Level {0.5..0.999}
least: int = 10  # Smallest group {2..100}
p_adjust: str = "holm"  # Correction {holm|bh|none}
battery: str | None = None  # Battery
segments: list[str] = []  # Segments
cuts: list[int] = [1, 2]  # Cuts {0..9}
full: bool = False  # All of it
"""


@pytest.fixture
def template() -> Template:
    return Template(
        name="t",
        path=Path("t.ipynb"),
        sha256="0" * 64,
        title="T",
        parameters=parse_parameters(SOURCE, subject="template t"),
        steps=(),
    )


def test_defaults_fill_what_is_not_given(template: Template) -> None:
    values = check_parameters(template, {"least": 5, "segments": ["branch"]})
    assert values == {
        "study_name": "x",
        "level": 0.95,
        "least": 5,
        "p_adjust": "holm",
        "battery": None,
        "segments": ["branch"],
        "cuts": [1, 2],
        "full": False,
    }


def test_values_become_the_plain_types_that_papermill_writes_right(template: Template) -> None:
    given = {"least": np.int64(5), "level": np.float64(0.9), "cuts": (np.int64(3),)}
    values = check_parameters(template, given)
    assert [type(values[name]) for name in given] == [int, float, list]
    assert type(values["cuts"][0]) is int
    assert type(check_parameters(template, {"level": 0.75})["level"]) is float


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("level", 2, "must be a number from 0.5 to 0.999; got 2"),
        ("level", math.nan, "must be a number from 0.5 to 0.999; got nan"),
        ("level", math.inf, "got inf"),
        ("level", "0.9", "got '0.9'"),
        ("level", True, "got True"),
        ("least", 5.0, "must be a whole number from 2 to 100; got 5.0"),
        ("least", 1, "got 1"),
        ("p_adjust", "hom", "one of holm, bh, none; got 'hom'; did you mean 'holm'"),
        ("battery", 3, "must be text or none; got 3"),
        ("segments", "branch", "must be a list of texts; got 'branch'"),
        ("segments", [1], r"got \[1\]"),
        ("cuts", [1, 20], "must be a list of whole numbers from 0 to 9; got 20"),
        ("full", "yes", "must be true or false; got 'yes'"),
        ("study_name", "other", "is filled in by the run"),
        ("levl", 0.9, "is not a parameter; .*did you mean 'level'"),
        ("x=1\nimport os #", 3, r"'x=1\\nimport os #': is not a parameter"),
        (7, 3, "7: is not a parameter"),
    ],
)
def test_a_wrong_value_or_name_is_refused(
    template: Template, name: str, value: object, message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        check_parameters(template, {name: value})


def test_all_faults_come_at_once(template: Template) -> None:
    with pytest.raises(TemplateError, match="3 faults") as caught:
        check_parameters(template, {"level": 9, "nope": 1, "full": 0})
    assert [fault.where for fault in caught.value.faults] == ["level", "nope", "full"]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("level=0.9", ("level", 0.9)),
        ("least= 5", ("least", 5)),
        ("segments=branch, age", ("segments", ["branch", "age"])),
        ("segments=", ("segments", [])),
        ("cuts=3", ("cuts", [3])),
        ("battery=none", ("battery", None)),
        ("battery=a=b", ("battery", "a=b")),
        ("full=yes", ("full", True)),
        ("full=False", ("full", False)),
    ],
)
def test_a_setting_of_the_command_line_is_read_by_its_type(
    template: Template, setting: str, expected: tuple[str, object]
) -> None:
    assert parse_setting(template, setting) == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("level", "a setting is name=value; got 'level'"),
        ("level=high", "must be a number from 0.5 to 0.999; got 'high'"),
        ("least=2.5", "got '2.5'"),
        ("cuts=1,x", "got"),
        ("lest=3", "did you mean 'least'"),
        ("study_name=y", "is filled in by the run"),
        ("level=nan", "got nan"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    template: Template, setting: str, message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        parse_setting(template, setting)


@given(name=st.text(), value=st.one_of(st.none(), st.text(), st.floats(), st.integers()))
def test_whatever_is_given_is_checked_or_refused_never_let_through(
    name: str, value: object
) -> None:
    parameters = parse_parameters(SOURCE, subject="template t")
    built = Template(
        name="t", path=Path("t"), sha256="", title="", parameters=parameters, steps=()
    )
    try:
        values = check_parameters(built, {name: value})
    except TemplateError:
        return
    assert name in {p.name for p in parameters}
    assert set(values) == {p.name for p in parameters}
