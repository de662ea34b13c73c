from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cxresearch.errors import CxError
from cxresearch.wording import Messages, available_languages, best_language
from cxresearch.wording.messages import catalogue, placeholders

PACKAGE = Path(__file__).resolve().parents[2] / "cxresearch"
LANGUAGES = available_languages()


def test_english_and_spanish_are_there() -> None:
    assert {"en", "es"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_has_the_keys_of_the_english_one(language: str) -> None:
    assert set(catalogue(language)) == set(catalogue("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_has_the_places_of_the_english_one(language: str) -> None:
    other = {key: placeholders(text) for key, text in catalogue(language).items()}
    assert other == {key: placeholders(text) for key, text in catalogue("en").items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_message_has_both_forms(language: str) -> None:
    texts = catalogue(language)
    for key in texts:
        if key.endswith(".one"):
            assert f"{key.removesuffix('.one')}.other" in texts, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_empty_or_reads_attributes_of_a_value(language: str) -> None:
    for key, text in catalogue(language).items():
        assert text, key
        assert all(re.fullmatch(r"[a-z_]+", place) for place in placeholders(text)), key


def literal_keys() -> set[str]:
    """Every message key that the package asks for by name."""
    keys = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, (ast.Attribute, ast.Name))
                and (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) == "text"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", str(node.args[0].value))
            ):
                keys.add(node.args[0].value)
    return keys


def test_every_message_the_package_asks_for_exists() -> None:
    messages = Messages("en")
    keys = literal_keys()
    assert len(keys) > 60
    assert [key for key in sorted(keys) if not messages.has(key)] == []


def test_a_message_is_filled_and_a_count_takes_its_plural() -> None:
    messages = Messages("en")
    assert messages.text("flow.duplicated", n=1) == "1 duplicate"
    assert messages.text("flow.duplicated", n=1234) == "1,234 duplicates"
    assert Messages("es").text("flow.duplicated", n=12345) == "12\u202f345 duplicados"
    assert messages.grouped(-1500) == "−1,500"


def test_braces_and_quotes_in_a_value_are_text() -> None:
    hostile = "{0.__class__} {name} '\"</script> %s"
    told = Messages("en").text("figures.by_segment", name=hostile, segment="{x}")
    assert told == f"{hostile} by {{x}}"


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(CxError, match=r"'sure\.cleer' is unknown; did you mean 'sure\.clear'"):
        Messages("en").text("sure.cleer")
    with pytest.raises(CxError, match="'nothing' is unknown"):
        Messages("en").places("nothing")


def test_an_empty_place_is_refused() -> None:
    with pytest.raises(CxError, match=r"needs the values \['high', 'low'\]"):
        Messages("en").text("format.interval")


def test_a_number_that_was_not_formatted_is_refused() -> None:
    with pytest.raises(CxError, match="low must be text or a whole number; got float"):
        Messages("en").text("format.interval", low=0.123456, high="1")
    with pytest.raises(CxError, match="got bool"):
        Messages("en").text("format.interval", low=True, high="1")


def test_a_plural_without_a_count_is_refused() -> None:
    with pytest.raises(CxError, match="plural forms and needs a whole number n"):
        Messages("en").text("flow.read")


@pytest.mark.parametrize(
    ("wanted", "served"),
    [("en", "en"), ("es-MX", "es"), ("ES", "es"), ("en_GB", "en"), ("ko", "en")],
)
def test_a_language_tag_finds_its_catalogue_or_english(wanted: str, served: str) -> None:
    assert best_language(wanted) == served
    assert Messages(wanted).language == served


@pytest.mark.parametrize("wanted", ["", "../en", "e", "english language", None])
def test_what_is_no_language_tag_is_refused(wanted: str) -> None:
    with pytest.raises(CxError, match="language must be a tag"):
        Messages(wanted)


def test_a_catalogue_that_is_not_there_is_refused() -> None:
    with pytest.raises(CxError, match="'ko' has no message catalogue; there are"):
        catalogue("ko")


def test_lists_are_joined_as_the_language_does() -> None:
    assert Messages("en").listed(["a", "b", "c"]) == "a, b and c"
    assert Messages("es").listed(["a", "b"]) == "a y b"
    assert Messages("es").listed(["reglas", "influencia"]) == "reglas e influencia"
    assert Messages("es").listed(["a", "«Historia»"]) == "a e «Historia»"
    assert Messages("es").listed(["agua", "hielo"]) == "agua y hielo"
    assert Messages("es").listed(["a", "aire"]) == "a y aire"
    assert Messages("en").listed([]) == ""


def test_a_section_can_be_read_as_a_whole() -> None:
    assert Messages("en").section("sure")["clear"] == "clear"
