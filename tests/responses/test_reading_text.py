from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cxresearch.errors import ResponseError
from cxresearch.responses._delimited import find_decimal
from cxresearch.responses._encoding import decode_text
from cxresearch.responses.read import read_table

Write = Callable[..., Path]

ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8", codecs.BOM_UTF8),
    "utf-16": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16 big endian": ("utf-16-be", codecs.BOM_UTF16_BE),
    "utf-16-le": ("utf-16-le", b""),
    "utf-16-be": ("utf-16-be", b""),
    "utf-32": ("utf-32-le", codecs.BOM_UTF32_LE),
}
WESTERN = "id,ville,note\n1,Orléans,très bien\n2,Besançon,à améliorer\n"
KOREAN = "id,지점,만족도\n1,서울역,매우 그렇다\n2,부산,보통이다\n"


def message_of(path: Path) -> str:
    with pytest.raises(ResponseError, match=path.name.replace(".", r"\.")) as caught:
        read_table(path)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].file == path.name
    return caught.value.faults[0].message


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("text", [WESTERN, KOREAN], ids=["western", "korean"])
def test_every_unicode_form_with_every_delimiter_gives_the_same_table(
    write: Write, name: str, delimiter: str, text: str
) -> None:
    encoding, mark = ENCODINGS[name]
    expected, _ = read_table(write(text, "plain.csv"))
    data = mark + text.replace(",", delimiter).encode(encoding)
    frame, source = read_table(write(data))
    pd.testing.assert_frame_equal(frame, expected)
    assert source.encoding == name.removesuffix(" big endian")
    assert source.delimiter == delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("text", "encoding"), [(WESTERN, "cp1252"), (KOREAN, "cp949")])
def test_western_and_korean_code_pages_are_told_apart_and_reported(
    write: Write, text: str, encoding: str, delimiter: str
) -> None:
    expected, _ = read_table(write(text, "plain.csv"))
    frame, source = read_table(write(text.replace(",", delimiter).encode(encoding)))
    pd.testing.assert_frame_equal(frame, expected)
    assert source.encoding == encoding
    assert "save the file as UTF-8" in source.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "é",
        "naïve, “quoted” – and more…",
        "Größe, Maß",
        "São João, ação",
        "El Niño: ¿qué tal?",
        "5 €",
    ],
)
def test_few_western_characters_are_not_taken_for_korean(text: str) -> None:
    assert decode_text(text.encode("cp1252")).encoding == "cp1252"


@pytest.mark.parametrize("text", ["가", "서울", "좋아요!! ㅎㅎ", "kiosk 키오스크 24"])
def test_few_korean_characters_are_not_taken_for_western(text: str) -> None:
    assert decode_text(text.encode("cp949")).text == text


def test_a_language_from_elsewhere_is_told_as_a_guess() -> None:
    text = "Кто,Ответ\nМагазин,очень хорошо\nОчередь была длинная,плохо\n" * 5
    decoded = decode_text(text.encode("cp1251"))
    assert decoded.text == text
    assert "is a guess" in decoded.notes[0]


def test_cells_stay_the_text_that_was_written(write: Write) -> None:
    frame, source = read_table(write("id,a,b\n007, 5 ,NA\n1e3,,TRUE\n"))
    assert frame.to_numpy().tolist() == [["007", " 5 ", "NA"], ["1e3", "", "TRUE"]]
    assert (source.rows, source.columns, source.format) == (2, 3, "csv")
    assert len(source.sha256) == 64


def test_row_numbers_are_those_of_a_spreadsheet_and_blank_rows_count(write: Write) -> None:
    frame, source = read_table(write('id,a\n1,"two\nlines"\n\n,\n2,x\n\n\n'))
    assert frame.index.tolist() == [2, 5]
    assert frame.index.name == "row"
    assert source.notes == ("blank rows 3, 4: not read",)


def test_old_mac_line_ends_are_line_ends(write: Write) -> None:
    frame, _ = read_table(write(b"id,a\r1,x\r2,y\r"))
    assert frame["a"].tolist() == ["x", "y"]


def test_a_separator_line_of_excel_is_followed_and_counted_as_a_row(write: Write) -> None:
    frame, source = read_table(write("sep=;\nid;a,b;c\n1;2,5;3\n"))
    assert source.delimiter == ";"
    assert frame.index.tolist() == [3]


def test_quoted_delimiters_do_not_decide_the_delimiter(write: Write) -> None:
    frame, source = read_table(write('id;"how, then";c\n1;"a, b, c";2\n2;"d, e, f";3\n'))
    assert source.delimiter == ";"
    assert list(frame.columns) == ["id", "how, then", "c"]


def test_a_tsv_file_is_split_at_tabs_even_when_commas_agree_better(write: Write) -> None:
    text = "a,x\tb,x\n1,2\t3,4\n"
    assert read_table(write(text, "r.tsv"))[1].delimiter == "\t"
    assert read_table(write(text, "r.csv"))[1].delimiter == ","


@pytest.mark.parametrize(
    ("cells", "delimiter", "decimal"),
    [
        (["3,5", "4"], ";", ","),
        (["3.5", "4"], ";", "."),
        (["3", "4"], ";", ""),
        (["1,234", "2,500"], ",", ""),
        (["1,234", "2,5"], ",", ","),
        (["1,234"], ";", ","),
        (["3,5", "4.5", "4.6"], ";", "."),
    ],
)
def test_the_decimal_mark_is_counted(cells: list[str], delimiter: str, decimal: str) -> None:
    assert find_decimal([cells], delimiter) == decimal


def test_empty_fields_at_the_end_of_rows_are_no_fault(write: Write) -> None:
    frame, _ = read_table(write("id;a;\n1;2;\n3;4;;;\n"))
    assert list(frame.columns) == ["id", "a"]
    assert frame["a"].tolist() == ["2", "4"]


def test_a_column_with_content_and_no_name_gets_its_place_as_name(write: Write) -> None:
    frame, _ = read_table(write(",a,b\n1,5,6\n2,5,6\n"))
    assert list(frame.columns) == ["column 1", "a", "b"]


def test_the_two_extra_rows_of_qualtrics_are_passed_over_and_told(write: Write) -> None:
    text = 'Q1,Q2\nHow?,Why?\n"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n5,6\n'
    frame, source = read_table(write(text))
    assert frame.index.tolist() == [4]
    assert "Qualtrics" in source.notes[0]


def test_a_wrongly_escaped_quotation_mark_in_one_line_is_read(write: Write) -> None:
    frame, _ = read_table(write('id,a,b\n1,"he said "hi" to me",5\n2,x,6\n'))
    assert frame["b"].tolist() == ["5", "6"]


def test_a_quotation_mark_that_would_swallow_rows_is_a_fault_with_its_row(write: Write) -> None:
    path = write('id,a,b\n1,x,5\n2,"never closed,6\n3,x,7\n4,x,8\n')
    assert message_of(path).startswith("row 3: quotation marks do not come in pairs")
    path = write('id,a,b\n1,x,5\n2,"open,6\n3,x,7\n4,"open,8\n')
    assert "row 3: quotation marks" in message_of(path)


def test_ragged_rows_are_named(write: Write) -> None:
    rows = [f"{k},x,y" for k in range(2, 70)]
    rows[55], rows[60] = "57,x,a, b,y", "62,x"
    message = message_of(write("id,a,b\n" + "\n".join(rows) + "\n"))
    assert message.startswith(
        "row 57 has 5 fields, the header has 3; the same kind of fault in rows 62"
    )
    assert "must be in quotation marks" in message


def test_a_header_with_another_delimiter_than_the_rows_is_recognised(write: Write) -> None:
    message = message_of(write("id;a;b\n1,2,3\n4,5,6\n"))
    assert "wrong delimiter: the header is separated by semicolon, the rows by comma" in message


def test_row_names_without_a_heading_are_recognised(write: Write) -> None:
    assert "row.names = FALSE" in message_of(write("a b;c\n1;5;6\n2;5;6\n".replace(" ", "_")))


def test_one_column_names_the_probable_delimiter(write: Write) -> None:
    assert "the delimiter is probably '^'" in message_of(write("id^a^b\n1^2^3\n4^5^6\n"))
    assert message_of(write("id\n1\n2\n")).startswith("only one column found; separate")


def test_a_title_above_the_header_is_recognised(write: Write) -> None:
    assert "is row 1 a title?" in message_of(write("Our survey\nid,a\n1,2\n3,4\n"))


def test_repeated_names_are_named_and_answers_in_place_of_names_are_not_quoted(
    write: Write,
) -> None:
    assert "columns with the same name: 'a', 'b'" in message_of(write("a,b,a,b\n1,2,3,4\n"))
    assert "first row looks like answers" in message_of(write("5,5,6\n1,2,3\n"))


@pytest.mark.parametrize("data", [b"", b"\n\n ", codecs.BOM_UTF8, b"\xff\xfe", b",,\n,,\n"])
def test_an_empty_file_is_said_to_be_empty(write: Write, data: bytes) -> None:
    assert "empty" in message_of(write(data))


def test_a_header_alone_is_no_answers(write: Write) -> None:
    assert message_of(write("id,a,b\n")) == "it holds the names of the columns and no answers"


def test_a_missing_file_names_what_lies_beside_it(write: Write) -> None:
    path = write("id,a\n1,2\n", "responses_final.csv")
    assert "the folder has responses_final.csv" in message_of(path.with_name("responses.csv"))
    assert "it is a folder" in message_of(path.parent)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"id,a\n1,\x00\n", "NUL bytes .the first in line 2"),
        (b"%PDF-1.4 text", "a PDF document"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old Excel workbook"),
        (b"PAR1rest", "a Parquet file; rename it to .parquet"),
        (b"$FL2@(#) SPSS", "an SPSS file; rename it to .sav"),
        (b"id,a\n" + bytes(range(1, 9)) * 9, "control characters"),
        (b"id,a\n1,\x81\x98\xff\xff\n", "its encoding is not UTF-8"),
        (
            "id,답\n1,좋다\n".encode() * 9 + b"2,\xea\xb0\n",
            "damaged characters, the first in line 19",
        ),
        (codecs.BOM_UTF8 + b"id,\xff\n", "begins as UTF-8 but is damaged"),
    ],
)
def test_what_is_no_text_table_is_called_by_its_kind(
    write: Write, data: bytes, said: str
) -> None:
    with pytest.raises(ResponseError, match=said):
        read_table(write(data))


def test_lost_characters_are_told(write: Write) -> None:
    _, source = read_table(write("id,a\n1,Orl\ufffdans\n"))
    assert "1 characters were lost" in source.notes[0]


def test_a_sheet_of_a_text_file_is_refused(write: Write) -> None:
    with pytest.raises(ResponseError, match="it has no sheets, so sheet 'Data' cannot be read"):
        read_table(write("id,a\n1,2\n"), sheet="Data")


def test_more_columns_than_are_read_are_refused(write: Write) -> None:
    names = ",".join(f"c{k}" for k in range(20_001))
    with pytest.raises(ResponseError, match="20,001 columns; at most 20,000 are read"):
        read_table(write(f"{names}\n{','.join('1' * 20_001)}\n"))


def test_personal_values_are_not_quoted_by_faults_of_the_table(write: Write) -> None:
    text = "id,email,a\n1,ann@example.org,5,6\n2,bob@example.org,5\n"
    assert "@" not in message_of(write(text))
    assert "@" not in message_of(write("ann@example.org\nbob@example.org\n"))
