from __future__ import annotations

from cxresearch.codebook.model import Codebook, Column
from cxresearch.wording import Messages
from cxresearch.wording.labels import (
    capital,
    clean,
    file_stem,
    in_sentence,
    name_of,
    segment_label,
    shortened,
)

EN = Messages("en")


def test_control_characters_and_direction_overrides_go() -> None:
    assert clean("a\x00\u202eb\nc\ud800") == "ab c"


def test_names_are_small_in_a_sentence_unless_they_look_proper() -> None:
    assert in_sentence("Reliability", EN) == "reliability"
    assert in_sentence("Keeping promises", EN) == "keeping promises"
    assert in_sentence("Apple Pay", EN) == "Apple Pay"
    assert in_sentence("ATM access", EN) == "ATM access"
    assert in_sentence("유형성", EN) == "유형성"
    assert in_sentence("", EN) == ""


def test_right_to_left_names_are_isolated() -> None:
    assert in_sentence("مرحبا", EN) == "\u2068مرحبا\u2069"


def test_overall_scores_have_our_own_names() -> None:
    assert name_of("overall", "overall", EN) == "All dimensions"
    assert name_of("overall", "overall", Messages("es")) == "Todas las dimensiones"
    assert name_of("tangibles", "  ", EN) == "tangibles"


def test_a_segment_is_called_as_the_codebook_says() -> None:
    branch = Column(name="branch", column="BR", role="segment", label="Kind of branch")
    codebook = Codebook(survey="s", columns=(branch,))
    assert segment_label("branch", EN, codebook) == "Kind of branch"
    assert segment_label("branch", EN) == "branch"
    assert segment_label("wave", EN, codebook) == "Wave"


def test_long_names_are_cut_at_a_word() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("Employees keep their promises", 16) == "Employees keep…"
    assert len(shortened("x" * 50, 10)) == 10


def test_file_stems_are_safe_and_differ() -> None:
    hostile = ["../a", "..\\a", "<b>", "a/b", "Ort", "ort ", "한국", "x" * 300]
    stems = [file_stem(text) for text in hostile]
    assert len(set(stems)) == len(hostile)
    assert all(set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for stem in stems)
    assert file_stem("branch_2") == "branch_2"


def test_a_sentence_begins_with_a_capital() -> None:
    assert capital("élan") == "Élan"
    assert capital("") == ""
