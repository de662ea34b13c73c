"""Whatever stands in study.yaml: a study or our error, never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import StudyError
from cxresearch.study import Study, load_study

KEYS = st.sampled_from(
    [
        "title", "method", "codebook", "data", "waves", "exclude", "parameters", "language",
        "duplicated", "longest_string", "missing_share", "intra_individual_variability",
        "duration", "answered", "battery", "at_least", "above", "below", "part", "column", "is",
    ]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 50)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.dates()
    | st.sampled_from(["servqual", "respondent", "responses.csv", "../x", "/", "perception"])
    | st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | st.integers(0, 9) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


def outcome(folder: Path) -> Study | StudyError:
    try:
        return load_study(folder)
    except StudyError as error:
        return error


def check(content: str, codebook: str) -> None:
    with tempfile.TemporaryDirectory() as workspace:
        folder = Path(workspace) / "data" / "bank"
        folder.mkdir(parents=True)
        (folder / "study.yaml").write_text(content, encoding="utf-8")
        (folder / "codebook.yaml").write_text(codebook, encoding="utf-8")
        (folder / "responses.csv").write_text("a,b\n1,2\n")
        found = outcome(folder)
        if isinstance(found, StudyError):
            assert found.faults
            for fault in found.faults:
                assert fault.file
                for word in ("pydantic", "Input should", "dictionary", "form:"):
                    assert word not in fault.message
        else:
            assert all(path.is_file() for path in found.data.values())
            assert found.title


@settings(max_examples=200, deadline=None)
@given(changes=st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_study_with_other_values_is_a_study_or_our_error(
    study_text: str, codebook_text: str, changes: dict[str, Any]
) -> None:
    data = {**yaml.safe_load(study_text), **changes}
    check(yaml.safe_dump(data, allow_unicode=True), codebook_text)


@settings(max_examples=200, deadline=None)
@given(rules=st.lists(st.dictionaries(KEYS, VALUES, max_size=2) | VALUES, max_size=3))
def test_any_list_of_exclusions_is_a_study_or_our_error(
    study_text: str, codebook_text: str, rules: list[Any]
) -> None:
    data = {**yaml.safe_load(study_text), "exclude": rules}
    check(yaml.safe_dump(data, allow_unicode=True), codebook_text)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_study_with_a_slip_of_the_keyboard_is_a_study_or_our_error(
    study_text: str, codebook_text: str, data: st.DataObject
) -> None:
    text = study_text + "exclude:\n  - duplicated: respondent\nparameters: {a: [1, b]}\n"
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 8))
    inserted = data.draw(st.text(alphabet="{}[]:,-'\"\t\n #&*%./ab1", max_size=3))
    check(text[:start] + inserted + text[start + length :], codebook_text)
