from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.plots._axis import round_axis
from cxresearch.plots._measure import clusters, text_width, wrapped


def test_korean_counts_a_full_em_a_syllable() -> None:
    assert text_width("키오스크", 10) == pytest.approx(40)


def test_combining_marks_take_no_room() -> None:
    assert text_width("e\u0301", 10) == text_width("e", 10)


def test_bold_text_is_wider() -> None:
    assert text_width("Gap", 10, bold=True) > text_width("Gap", 10)


def test_korean_breaks_at_spaces_and_japanese_between_characters() -> None:
    korean = wrapped("키오스크는 주변사람의 도움 없이도", 90, 13)
    assert "".join(korean).replace(" ", "") == "키오스크는주변사람의도움없이도"
    assert all(not line.startswith(" ") for line in korean)
    assert {word for line in korean for word in line.split()} == {
        "키오스크는",
        "주변사람의",
        "도움",
        "없이도",
    }
    japanese = wrapped("個人情報を安全に保護している。「確認」", 66, 13)
    assert len(japanese) > 2
    assert not any(line.startswith(("。", "」")) for line in japanese)
    assert not any(line.endswith("「") for line in japanese)


def test_a_word_wider_than_the_line_is_broken() -> None:
    lines = wrapped("Donaudampfschifffahrtsgesellschaft", 80, 13)
    assert "".join(lines) == "Donaudampfschifffahrtsgesellschaft"
    assert all(text_width(line, 13) <= 80 for line in lines)


def test_joined_emoji_and_marks_stay_whole() -> None:
    assert clusters("👍🏽e\u0301👩\u200d👧") == ["👍🏽", "e\u0301", "👩\u200d👧"]


def test_too_many_lines_end_in_an_ellipsis() -> None:
    lines = wrapped("word " * 60, 100, 13, most_lines=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")


def test_right_to_left_lines_are_isolated() -> None:
    assert wrapped("مرحبا (5)", 200, 13) == ["\u2067مرحبا (5)\u2069"]
    assert wrapped("Filiale مرحبا", 200, 13) == ["Filiale مرحبا"]


@given(st.text(max_size=80), st.floats(60, 300))
def test_no_line_is_wider_than_its_room(text: str, width: float) -> None:
    for line in wrapped(text, width, 13):
        assert text_width(line, 13) <= width or len(clusters(line)) <= 1


@given(st.text(alphabet="abc déf 키오", max_size=60))
def test_wrapping_loses_no_word(text: str) -> None:
    lines = wrapped(text, 100, 13, most_lines=99)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


@given(
    st.floats(-50, 50), st.floats(0, 60), st.integers(4, 8)
)  # fmt: skip
def test_an_axis_holds_its_values_with_few_round_ticks(
    low: float, span: float, most: int
) -> None:
    axis = round_axis(low, low + span, most_ticks=most)
    assert axis.low <= low + 1e-6
    assert axis.high >= low + span - 1e-6
    assert 2 <= len(axis.ticks) <= most
    assert all(axis.low - 1e-6 <= tick <= axis.high + 1e-6 for tick in axis.ticks)


def test_an_axis_stays_on_the_response_scale() -> None:
    axis = round_axis(1.1, 6.9, most_ticks=7, within=(1.0, 7.0))
    assert (axis.low, axis.high) == (1.0, 7.0)
    assert axis.ticks == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
