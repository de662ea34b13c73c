from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cxresearch.errors import CxError
from cxresearch.sentences import findings, retell
from cxresearch.shown import Finding


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "driver_results.py"
    spec = importlib.util.spec_from_file_location("driver_results", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("driver_results", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(drivers: ModuleType) -> dict[str, Finding]:
    return {f.term: f for f in findings(drivers.kano(), limit=None)}


def test_most_is_said_where_more_than_half_answer_so(found: dict[str, Finding]) -> None:
    text = found["wifi"].text
    assert text.startswith(
        "Wi-Fi is a must-be for most who answered (62%): taken for granted when there, "
        "disliked when missing. It is the most frequent class in "
    )
    assert text.endswith("of resamples.")
    assert found["wifi"].sure in ("clear", "likely")


def test_the_most_frequent_class_of_fewer_than_half_is_not_most(
    found: dict[str, Finding],
) -> None:
    assert found["upgrade"].text.startswith(
        "Upgrade is an attractive extra more often than anything else (46% of those who "
        "answered): liked when there"
    )


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("breakfast", "Breakfast is a performance feature for most"),
        ("slippers", "Slippers is a matter of indifference for most"),
        ("music", "Music is something unwanted for most"),
        ("robot", "Answers on robot contradict each other more often than they say anything"),
    ],
)
def test_every_class_has_its_words(found: dict[str, Finding], term: str, said: str) -> None:
    assert found[term].text.startswith(said)


def test_a_feature_that_two_classes_share_is_not_decided(found: dict[str, Finding]) -> None:
    assert found[""].sure == "not_decided"
    assert found[""].text == (
        "For app the data do not decide which Kano class is the most frequent."
    )
    assert "app" not in found


def test_a_class_is_clear_from_95_percent_of_resamples(drivers: ModuleType) -> None:
    for chance, sure in ((0.96, "clear"), (0.85, "likely")):
        result = drivers.changed(drivers.kano(), "classes", "wifi", prob_must_be=chance)
        first = next(f for f in findings(result, limit=None) if f.term == "wifi")
        assert first.sure == sure
        assert f"{chance:.0%}" in first.text


def test_what_is_taken_for_granted_is_told_first_and_the_limit_holds(
    drivers: ModuleType,
) -> None:
    told = findings(drivers.kano(), limit=2)
    assert [f.term for f in told] == ["wifi", "music"]
    with pytest.raises(CxError, match="limit must be at least 1"):
        findings(drivers.kano(), limit=0)


def test_labels_that_are_given_go_before_those_of_the_codebook(drivers: ModuleType) -> None:
    told = findings(drivers.kano(), labels={"wifi": "Wireless internet"})
    assert told[0].text.startswith("Wireless internet is a must-be")
    without = dataclasses.replace(drivers.kano(), labels={})
    assert findings(without)[0].text.startswith("Wifi is a must-be")


def test_every_sentence_is_retold_in_spanish(drivers: ModuleType) -> None:
    spanish = findings(drivers.kano(), limit=None, language="es")
    english = findings(drivers.kano(), limit=None)
    for here, there in zip(english, spanish, strict=True):
        kept = json.loads(json.dumps(here.to_dict()))
        assert retell(kept, "es") == there.text
        assert retell(kept, "en") == here.text
        assert here.text != there.text
    assert spanish[0].text.startswith(
        "Wi-Fi es un requisito básico para la mayoría de quienes respondieron (62\u00a0%): "
        "se da "
    )


def test_no_result_is_no_finding() -> None:
    assert findings(None) == ()
