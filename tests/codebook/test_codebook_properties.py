"""Whatever stands in the file: a codebook or our error, never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.codebook import Codebook, load_codebook
from cxresearch.errors import CodebookError

KEYS = st.sampled_from(
    [
        "survey",
        "language",
        "response_scales",
        "columns",
        "batteries",
        "range",
        "anchors",
        "missing",
        "whole",
        "role",
        "label",
        "scale",
        "values",
        "parts",
        "column",
        "dimensions",
        "items",
        "importance",
        "reverse_keyed",
        "kind",
        "rating",
        "a",
        "b",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-100, 100)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.dates()
    | st.sampled_from(
        ["id", "outcome", "s", "Q{item}", "1-3", "refused", "imp_{dimension}", ""]
    )
    | st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | st.integers(-1, 9) | st.booleans(), inner, max_size=4)
    ),
    max_leaves=12,
)
YAML_MARKS = st.text(
    alphabet=st.sampled_from("ab:-{}[],'\"#&*!|>%@`\n \t01~?\x00é"), max_size=60
)


def outcome(content: bytes) -> Codebook | CodebookError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codebook.yaml"
        path.write_bytes(content)
        try:
            return load_codebook(path)
        except CodebookError as error:
            return error


def check(content: bytes) -> None:
    found = outcome(content)
    if isinstance(found, CodebookError):
        assert found.faults
        for fault in found.faults:
            assert fault.file == "codebook.yaml"
            assert fault.message.strip()
            if fault.where:
                number = int(fault.where.removeprefix("line "))
                assert 1 <= number <= content.count(b"\n") + content.count(b"\r") + 2
            # Words of the libraries underneath are no words for a researcher.
            for word in ("pydantic", "Input should", "dictionary", "Traceback", "form:"):
                assert word not in fault.message
    else:
        for battery in found.batteries:
            for part in battery.parts:
                names = battery.columns(part)
                assert len(names) == len(set(names)) == len(battery.items)


@settings(deadline=None)
@given(YAML_MARKS.map(str.encode) | st.binary(max_size=40))
def test_any_text_ends_in_a_codebook_or_in_our_error(content: bytes) -> None:
    check(content)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
@settings(max_examples=200, deadline=None)
def test_any_yaml_mapping_ends_in_a_codebook_or_in_our_error(data: dict[str, Any]) -> None:
    check(yaml.safe_dump(data, allow_unicode=True).encode())


def places(node: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [place] if place else []
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    if isinstance(node, dict | list):
        for key, value in entries:
            found += (
                places(value, (*place, key))
                if isinstance(value, dict | list)
                else [(*place, key)]
            )
    return found


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_good_codebook_with_one_thing_changed_ends_in_a_codebook_or_in_our_error(
    good: str, data: st.DataObject
) -> None:
    tree = yaml.safe_load(good)
    place = data.draw(st.sampled_from(places(tree)), label="place")
    outer = tree
    for part in place[:-1]:
        outer = outer[part]
    change = data.draw(st.sampled_from(["replace", "delete", "add"]), label="change")
    if change == "delete":
        del outer[place[-1]]
    elif change == "add" and isinstance(outer, dict):
        outer[data.draw(KEYS | st.integers(0, 99))] = data.draw(VALUES)
    else:
        outer[place[-1]] = data.draw(VALUES)
    check(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode())


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_good_codebook_with_a_slip_of_the_keyboard_ends_in_a_codebook_or_in_our_error(
    good: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(good) - 1))
    length = data.draw(st.integers(0, 8))
    inserted = data.draw(st.text(alphabet="{}[]:,-'\"\t\n #&*%ab1", max_size=3))
    check((good[:start] + inserted + good[start + length :]).encode())
