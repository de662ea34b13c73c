from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cxresearch.codebook import codebook_schema


def as_json(text: str) -> Any:
    """Return YAML as an editor's schema check sees it: keys are text."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for entry in node:
            yield from objects(entry)
    if isinstance(node, dict):
        yield node
        for entry in node.values():
            yield from objects(entry)


def errors(text: str) -> list[str]:
    validator = Draft202012Validator(codebook_schema())
    return [error.message for error in validator.iter_errors(as_json(text))]


def test_the_schema_is_valid_and_says_its_dialect() -> None:
    schema = codebook_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "cxresearch codebook"


def test_every_key_of_every_form_is_described() -> None:
    described = [
        (name, "description" in value)
        for node in objects(codebook_schema())
        if isinstance(node.get("properties"), dict)
        for name, value in node["properties"].items()
    ]
    assert len(described) > 20
    assert [name for name, has in described if not has] == []


def test_the_examples_of_the_forms_fit_the_forms() -> None:
    schema = codebook_schema()
    for form in schema["$defs"].values():
        validator = Draft202012Validator({**form, "$defs": schema["$defs"]})
        for example in form.get("examples", []):
            assert [error.message for error in validator.iter_errors(example)] == []


def test_a_codebook_without_faults_fits_the_schema(good: str) -> None:
    assert errors(good) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("role: weight", "role: wight"),
        ("survey:", "survy:"),
        ("range: [1, 7]", "range: [1, 7, 9]"),
        ("1: City", "1: Yes"),
        ("label: Care", "lable: Care"),
        ("kind: not_used", "kind: other"),
        ("expectation:", "expected:"),
        ("{en: Kind of branch", "{english: Kind of branch"),
        ("whole: false", "whole: maybe"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(good: str, before: str, after: str) -> None:
    assert before in good
    assert errors(good.replace(before, after)) != []
