from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cxresearch.study import study_schema

FULL = """\
title: Where?
description: First.
method: servqual
codebook: codebook.yaml
waves: {spring 2026: spring.csv, autumn 2026: autumn.sav}
population: Visitors
sample: Every 20th
exclude:
  - duplicated: respondent
  - duplicated: {column: respondent, reason: twice}
  - longest_string: {battery: servqual, at_least: 15}
  - missing_share: {battery: servqual, above: 0.33}
  - intra_individual_variability: {battery: servqual, below: 0.2, part: perception}
  - duration: {below: 120}
  - answered: {column: visited, is: [2]}
parameters: {segments: [branch], min_cell: 10, weighted: auto, adjust: true}
contact: Team
language: en
"""


def errors(text: str) -> list[str]:
    data: Any = json.loads(json.dumps(yaml.safe_load(text)))
    return [e.message for e in Draft202012Validator(study_schema()).iter_errors(data)]


def test_the_schema_is_valid_and_describes_every_key() -> None:
    schema = study_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    forms = [schema, *schema["$defs"].values()]
    keys = [(name, key) for form in forms for name, key in form["properties"].items()]
    assert len(keys) > 25
    assert [name for name, key in keys if "description" not in key] == []


@pytest.mark.parametrize("data", ["data: a.csv", "data: {moments: a.csv, episodes: b.csv}", ""])
def test_a_study_without_faults_fits_the_schema(data: str) -> None:
    text = FULL if not data else FULL.replace(FULL.split("\n")[4], data)
    assert errors(text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("title: Where?", "titel: Where?"),
        ("waves:", "wave:"),
        ("codebook: codebook.yaml", "codebook: codebook.yaml\ndata: a.csv"),
        ("- duplicated: respondent", "- {}"),
        ("above: 0.33", "above: 33"),
        ("at_least: 15", "at_least: 1"),
        ("at_least: 15", "atleast: 15"),
        ("part: perception", "part: perceived"),
        ("language: en", "language: no"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(before: str, after: str) -> None:
    assert before in FULL
    assert errors(FULL.replace(before, after, 1)) != []
