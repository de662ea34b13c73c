"""Every result keeps the contract: frozen, documented, tidy, JSON-safe, covered by a golden."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxresearch
from cxresearch.errors import CxError
from cxresearch.results import TIDY_COLUMNS, Result, in_tidy_order

EXPECTED = Path(__file__).parent / "reference" / "expected"


def result_classes() -> list[type[Result]]:
    for module in pkgutil.walk_packages(cxresearch.__path__, "cxresearch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    # A slotted dataclass is made twice; the first, without slots, lingers until collected.
    ours = [c for c in Result.__subclasses__() if c.__module__.startswith("cxresearch")]
    return sorted((c for c in ours if "__slots__" in vars(c)), key=lambda c: c.kind)


CLASSES = result_classes()


@dataclasses.dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExampleResult(Result):
    """A result with one field of each sort."""

    estimates: pd.DataFrame
    matrix: np.ndarray
    names: tuple[str, ...]
    options: dict[str, int]
    level: float
    n: int

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        return pd.DataFrame({"n": [self.n]})


def example(level: float = 0.95) -> ExampleResult:
    estimates = pd.DataFrame(
        {
            "label": ["<b>a</b>", "b"],
            "n": [3, 4],
            "estimate": [0.1 + 0.2, math.nan],
            "shown": [True, False],
            "term": ["a", "b"],
        }
    )
    return ExampleResult(
        estimates=estimates,
        matrix=np.array([[1.0, math.nan]]),
        names=("x", "y"),
        options={"draws": 10},
        level=level,
        n=7,
    )


@pytest.mark.parametrize("kind", CLASSES, ids=lambda c: c.kind)
class TestEveryResult:
    def test_it_is_frozen_slotted_and_compares_by_identity(self, kind: type[Result]) -> None:
        parameters = kind.__dataclass_params__  # type: ignore[attr-defined]
        assert parameters.frozen
        assert not parameters.eq
        assert "__slots__" in vars(kind)
        assert kind.__name__.endswith("Result")

    def test_its_docstring_names_every_field(self, kind: type[Result]) -> None:
        documented = kind.__doc__ or ""
        fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        missing = [name for name in fields if not re.search(rf"\b{name}\b", documented)]
        assert missing == []

    def test_a_golden_covers_or_excuses_every_field(self, kind: type[Result]) -> None:
        covered: set[str] = set()
        for file in EXPECTED.glob("*.json"):
            golden = json.loads(file.read_text(encoding="utf-8"))
            if golden.get("result") == kind.kind:
                covered |= set(golden["values"]) | set(golden.get("not_covered", {}))
        fields = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        assert fields - covered == set()


def test_a_result_survives_json_with_every_digit() -> None:
    before = example()
    payload = json.loads(json.dumps(before.to_dict(), allow_nan=False))
    after = Result.from_dict(payload)
    pd.testing.assert_frame_equal(
        after.tidy(), before.tidy(), check_exact=True, check_dtype=False
    )
    assert isinstance(after, ExampleResult)
    np.testing.assert_array_equal(after.matrix, before.matrix)
    assert (after.names, after.options, after.n) == (before.names, before.options, before.n)


def test_a_number_that_is_not_finite_becomes_null_and_is_noted() -> None:
    payload = example(level=math.inf).to_dict()
    assert payload["fields"]["level"] is None
    assert "level is inf" in payload["notes"]
    assert "estimates.estimate[1] is nan" in payload["notes"]
    restored = Result.from_dict(payload)
    assert isinstance(restored, ExampleResult)
    assert math.isnan(restored.level)


def test_results_of_every_room_are_read_where_no_room_is_imported_yet() -> None:
    code = """
from cxresearch.results import Result
for kind in {kinds!r}:
    try:
        Result.from_dict({{"schema": 1, "kind": kind, "fields": {{}}}})
    except (KeyError, TypeError):  # known, but its fields are missing
        print(kind)
"""
    kinds = [c.kind for c in CLASSES]
    done = subprocess.run(
        [sys.executable, "-c", code.format(kinds=kinds)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == kinds


def test_an_unknown_kind_or_schema_is_refused() -> None:
    with pytest.raises(CxError, match="kind 'nothing' is not known"):
        Result.from_dict({"schema": 1, "kind": "nothing", "fields": {}})
    with pytest.raises(CxError, match="schema must be 1; got 9"):
        Result.from_dict({"schema": 9, "kind": "example", "fields": {}})


def test_tidy_puts_the_shared_columns_first_in_the_shared_order() -> None:
    assert list(example().tidy().columns) == ["term", "estimate", "n", "label", "shown"]
    assert TIDY_COLUMNS[:3] == ("term", "group", "estimate")


def test_a_result_shows_itself_with_every_text_escaped() -> None:
    html = example()._repr_html_()
    assert "&lt;b&gt;a&lt;/b&gt;" in html
    assert "<b>a</b>" not in html
