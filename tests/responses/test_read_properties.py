from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import ResponseError
from cxresearch.responses.read import read_table

NAMES = ["r.csv", "r.tsv", "r.txt", "r.xlsx", "r.sav", "r.dta", "r.parquet", "r"]


def read_bytes(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            frame, source = read_table(path)
        except ResponseError:
            return
        assert frame.shape == (source.rows, source.columns)


@given(data=st.binary(max_size=400), name=st.sampled_from(NAMES))
def test_any_bytes_give_a_table_or_a_response_error(data: bytes, name: str) -> None:
    read_bytes(data, name)


@given(text=st.text(alphabet=',;\t|"\n\r ab1.é가', max_size=200))
def test_any_text_gives_a_table_or_a_response_error(text: str) -> None:
    read_bytes(text.encode(), "r.csv")
    read_bytes(text.encode("utf-16"), "r.csv")


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["id", "a"])
    book.active.append([1, 2])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


WORKBOOK = workbook()


@settings(max_examples=60)
@given(place=st.integers(0, len(WORKBOOK) - 1), data=st.binary(min_size=1, max_size=30))
def test_a_damaged_workbook_gives_a_table_or_a_response_error(place: int, data: bytes) -> None:
    read_bytes(WORKBOOK[:place] + data + WORKBOOK[place + len(data) :], "r.xlsx")


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
            min_size=3,
            max_size=3,
        ).filter(lambda row: any(cell.strip() for cell in row)),
        min_size=1,
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t|"),
)
def test_texts_written_by_a_csv_writer_come_back_as_they_were(
    rows: list[list[str]], delimiter: str
) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(
        [["id", "first", "second"], *rows]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        path.write_bytes(stream.getvalue().encode())
        frame, _ = read_table(path)
    assert frame.to_numpy().tolist() == rows


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_vanished_is_a_response_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ResponseError, match="the file is missing"):
        read_table(tmp_path / name)
