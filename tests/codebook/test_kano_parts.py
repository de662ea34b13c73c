"""A battery may hold Kano's pair of questions, and then holds both of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml
from jsonschema import Draft202012Validator

from cxresearch.codebook import Codebook, codebook_schema
from cxresearch.errors import CxError

Load = Callable[..., Codebook]
Faults = Callable[[str], list[str]]

KANO = """\
survey: Stays
response_scales:
  kano: {range: [1, 5]}
batteries:
  features:
    scale: kano
    parts: {functional: "F{item}", dysfunctional: "D{item}"}
    dimensions: {all_items: {1: Wireless internet, 2: Spa}}
"""
RATED = """\
  touchpoints: {scale: kano, column: "Q{item}", dimensions: {all_items: 1-3}}
"""


def test_the_pair_is_read_with_its_columns(load: Load) -> None:
    battery = load(KANO).find_battery()
    assert battery.columns("functional") == ["F1", "F2"]
    assert battery.columns("dysfunctional") == ["D1", "D2"]
    assert battery.kano_only


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ('functional: "F{item}"', "functional but not dysfunctional"),
        ('dysfunctional: "D{item}", rating: "Q{item}"', "dysfunctional but not functional"),
    ],
)
def test_one_question_of_the_pair_is_a_fault_with_its_line(
    faults: Faults, parts: str, said: str
) -> None:
    found = faults(KANO.replace('functional: "F{item}", dysfunctional: "D{item}"', parts))
    assert found == [
        f"line 7: features: parts has {said}; Kano's pair needs both: "
        '{functional: "F{item}", dysfunctional: "D{item}"}'
    ]


def test_a_misspelled_part_is_one_fault_only(faults: Faults) -> None:
    found = faults(KANO.replace("dysfunctional", "disfunctional"))
    assert len(found) == 1
    assert "did you mean 'dysfunctional'" in found[0]


def test_pairs_beside_ratings_leave_the_rated_battery_the_only_one(load: Load) -> None:
    codebook = load(KANO + RATED)
    assert codebook.find_battery().name == "touchpoints"
    assert codebook.find_battery("features").kano_only
    second = RATED.replace("touchpoints", "others").replace("Q{", "R{")
    with pytest.raises(CxError, match="name the battery"):
        load(KANO + RATED + second).find_battery()


def test_pairs_together_with_ratings_are_a_rated_battery(load: Load) -> None:
    both = KANO.replace("parts: {", 'parts: {rating: "Q{item}", ')
    assert not load(both).find_battery().kano_only


def test_the_schema_knows_both_parts() -> None:
    validator = Draft202012Validator(codebook_schema())
    assert not [*validator.iter_errors(json.loads(json.dumps(yaml.safe_load(KANO))))]
    wrong = json.loads(json.dumps(yaml.safe_load(KANO.replace("dysf", "disf"))))
    assert [*validator.iter_errors(wrong)]
