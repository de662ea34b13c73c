from __future__ import annotations

import datetime
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from cxresearch.codebook.model import Code, Codebook
from cxresearch.errors import ResponseError
from cxresearch.responses import _openpyxl, _unreadable
from cxresearch.responses.load import Inspection, inspect_responses
from cxresearch.responses.read import read_table

Write = Callable[..., Path]
Inspect = Callable[..., Inspection]


def as_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The survey as a statistics program holds it: numbers where text files have digits."""
    numbers = table.copy()
    for name in table.columns.drop(["RespID", "customer", "comment", "email"]):
        numbers[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    texts = ["RespID", "customer", "comment", "email"]
    numbers[texts] = table[texts].astype(object)
    return numbers


def write_xlsx(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_excel(path, index=False)
    return path


def write_sav(frame: pd.DataFrame, path: Path) -> Path:
    pyreadstat.write_sav(frame, str(path), compress=path.suffix == ".zsav")
    return path


def write_dta(frame: pd.DataFrame, path: Path) -> Path:
    pyreadstat.write_dta(frame, str(path))
    return path


def write_old_dta(frame: pd.DataFrame, path: Path) -> Path:
    pyreadstat.write_dta(frame, str(path), version=8)
    return path


def write_parquet(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("writer", "name", "kind"),
    [
        (write_xlsx, "r.xlsx", "xlsx"),
        (write_sav, "r.sav", "sav"),
        (write_sav, "r.zsav", "sav"),
        (write_dta, "r.dta", "dta"),
        (write_old_dta, "old.dta", "dta"),
        (write_parquet, "r.parquet", "parquet"),
    ],
)
def test_every_format_gives_the_same_responses_as_text(
    writer: Callable[[pd.DataFrame, Path], Path],
    name: str,
    kind: str,
    table: pd.DataFrame,
    codebook: Codebook,
    inspect: Inspect,
    tmp_path: Path,
) -> None:
    expected = inspect(table).responses
    assert expected is not None
    found = inspect_responses({"": writer(as_numbers(table), tmp_path / name)}, codebook)
    assert found.faults == ()
    assert found.responses is not None
    pd.testing.assert_frame_equal(found.responses.frame, expected.frame)
    pd.testing.assert_frame_equal(found.responses.missing, expected.missing)
    assert found.responses.sources[0].format == kind


def test_first_respondent_is_row_2_in_excel_and_row_1_in_spss(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    numbers = as_numbers(table)
    assert read_table(write_xlsx(numbers, tmp_path / "r.xlsx"))[0].index[0] == 2
    assert read_table(write_sav(numbers, tmp_path / "r.sav"))[0].index[0] == 1


def book_of(*sheets: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_the_first_sheet_is_read_unless_another_is_named(write: Write) -> None:
    data = book_of(("Data", [["id", "a"], [1, 2]]), ("Notes", [["x", "y"], [3, 4], [5, 6]]))
    frame, source = read_table(write(data, "r.xlsx"))
    assert frame.to_numpy().tolist() == [[1, 2]]
    assert source.notes == ("sheet Data read; not read: Notes",)
    assert len(read_table(write(data, "r.xlsx"), sheet="Notes")[0]) == 2
    with pytest.raises(ResponseError, match="no sheet 'Dta'; the sheets are Data, Notes"):
        read_table(write(data, "r.xlsx"), sheet="Dta")


def test_blank_rows_of_a_sheet_count_and_are_told(write: Write) -> None:
    rows: list[list[object]] = [[], ["id", "a"], [1, 2], [None, " "], [3, 4]]
    frame, source = read_table(write(book_of(("Data", rows)), "r.xlsx"))
    assert frame.index.tolist() == [3, 5]
    assert source.notes == ("blank row 4: not read",)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "the sheet Data is empty"),
        ([["Our survey"], ["id", "a"], [1, 2]], "row 1 holds one name only; is it a title"),
        ([["id", "a"]], "the names of the columns and no answers"),
        ([["id", "a", "a"], [1, 2, 3]], "columns with the same name: 'a'"),
    ],
)
def test_sheets_that_are_no_table_are_refused(
    write: Write, rows: list[list[object]], said: str
) -> None:
    with pytest.raises(ResponseError, match=said):
        read_table(write(book_of(("Data", rows)), "r.xlsx"))


def test_a_workbook_named_csv_is_called_a_workbook(write: Write) -> None:
    data = book_of(("Data", [["id", "a"], [1, 2]]))
    with pytest.raises(
        ResponseError, match=r"ends in \.csv, but it is an Excel workbook; rename"
    ):
        read_table(write(data, "r.csv"))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("r.xlsx", b"id,a\n1,2\n", "delimited text that must be named .csv"),
        ("r.sav", b"id,a\n1,2\n", "delimited text that must be named .csv"),
        ("r.xlsx", b"PK\x03\x04 damaged", "the Excel workbook is damaged"),
        ("r.sav", b"$FL2@(#) damaged", "the SPSS file is damaged"),
        ("r.dta", b"<stata_dta> damaged", "the Stata file cannot be read"),
        ("r.parquet", b"PAR1 damaged", "the Parquet file cannot be read"),
    ],
)
def test_damaged_files_are_refused(write: Write, name: str, data: bytes, said: str) -> None:
    with pytest.raises(ResponseError, match=said):
        read_table(write(data, name))


def archive_of(**entries: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"xl__workbook_dot_bin": b""}, "a binary Excel workbook"),
        ({"content_dot_xml": b""}, "an OpenDocument file"),
        ({"readme": b""}, "a ZIP archive, no Excel workbook"),
        ({"xl__workbook_dot_xml": b"<broken"}, "the Excel workbook cannot be read"),
    ],
)
def test_other_archives_are_called_by_their_kind(
    write: Write, entries: dict[str, bytes], said: str
) -> None:
    with pytest.raises(ResponseError, match=said):
        read_table(write(archive_of(**entries), "r.xlsx"))


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_unpacking(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_openpyxl, "MAX_UNPACKED", 1_000_000)
    data = archive_of(xl__workbook_dot_xml=b" " * 2_000_000)
    assert len(data) < 10_000
    with pytest.raises(ResponseError, match="unpacks to 2 MB; at most 1 MB are read"):
        read_table(write(data, "r.xlsx"))


def test_tables_with_too_many_cells_are_refused(
    table: pd.DataFrame, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_unreadable, "MAX_CELLS", 20)
    monkeypatch.setattr(_openpyxl, "MAX_CELLS", 20)
    numbers = as_numbers(table)
    for path in (
        write_sav(numbers, tmp_path / "r.sav"),
        write_parquet(numbers, tmp_path / "r.parquet"),
        write_xlsx(numbers, tmp_path / "r.xlsx"),
        write(table),
    ):
        with pytest.raises(ResponseError, match="cells"):
            read_table(path)


def test_labels_and_declared_non_answers_of_spss_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "P01": [1.0, 99.0, np.nan]})
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "r.sav"),
        variable_value_labels={"P01": {1: "Disagree", 99: "Do not know"}},
        missing_ranges={"P01": [99, {"lo": 90, "hi": 95}]},
        column_labels={"P01": "Staff are helpful"},
    )
    found, source = read_table(tmp_path / "r.sav")
    assert found["P01"].tolist()[:2] == [1.0, 99.0]
    assert source.labels == {"P01": (Code(1, "Disagree"), Code(99, "Do not know"))}
    assert source.user_missing == {"P01": ((90.0, 95.0), (99.0, 99.0))}
    assert source.questions == {"P01": "Staff are helpful"}


def test_extended_missing_values_of_stata_keep_their_letter(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "P01": [1.0, "a", np.nan]})
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "r.dta"),
        missing_user_values={"P01": ["a"]},
        variable_value_labels={"P01": {1: "Disagree", "a": "Do not know"}},
    )
    found, source = read_table(tmp_path / "r.dta")
    assert found["P01"].tolist()[:2] == [1, ".a"]
    assert Code(".a", "Do not know") in source.labels["P01"]


def test_dates_beyond_the_calendar_of_python_do_not_stop_the_reading(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1.0, 2.0], "day": [1e15, 2e15]})
    pyreadstat.write_sav(frame, str(tmp_path / "r.sav"), variable_format={"day": "DATETIME20"})
    assert len(read_table(tmp_path / "r.sav")[0]) == 2


def test_parquet_categories_indices_and_dates_come_back_as_cells(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"g": pd.Categorical(["City", "Town"]), "d": [datetime.date(2026, 9, 1)] * 2},
        index=pd.Index(["x", "y"], name="RespID"),
    )
    frame.to_parquet(tmp_path / "r.parquet")
    found, _ = read_table(tmp_path / "r.parquet")
    assert found["g"].tolist() == ["City", "Town"]
    assert found["RespID"].tolist() == ["x", "y"]


def test_long_texts_and_labelled_variables_of_spss_pass_the_check_of_the_header(
    tmp_path: Path,
) -> None:
    frame = pd.DataFrame({"id": ["a" * 20, "b"], "note": ["x" * 700, "y"], "g": [1.0, 2.0]})
    labels = {"g": {1: "City", 2: "A very long label indeed"}, "id": {"b": "short"}}
    pyreadstat.write_sav(
        frame, str(tmp_path / "r.sav"), variable_value_labels=labels, missing_ranges={"g": [2]}
    )
    assert read_table(tmp_path / "r.sav")[0]["note"].tolist() == ["x" * 700, "y"]


@pytest.fixture
def labelled_sav(tmp_path: Path) -> Path:
    frame = pd.DataFrame({"id": ["a", "b"], "x": [1.0, 99.0]})
    path = tmp_path / "r.sav"
    pyreadstat.write_sav(frame, str(path), variable_value_labels={"x": {1: "lo"}})
    return path


def put_byte(path: Path, place: int, value: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] = value
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("place", "value"), [(180, 200), (212, 0xFF), (272, 9), (64, 7), (188, 9), (244, 0xFF)]
)
def test_spss_headers_that_contradict_themselves_are_refused(
    labelled_sav: Path, place: int, value: int
) -> None:
    put_byte(labelled_sav, place, value)
    with pytest.raises(ResponseError, match="the SPSS file is damaged: its list of variables"):
        read_table(labelled_sav)


def test_pyreadstat_still_ends_the_process_on_a_damaged_header(labelled_sav: Path) -> None:
    # When this fails, the library has been repaired and _sav_header.py can go.
    put_byte(labelled_sav, 180, 200)
    code = "import sys, pyreadstat; pyreadstat.read_sav(sys.argv[1], user_missing=True)"
    done = subprocess.run([sys.executable, "-c", code, str(labelled_sav)], check=False)
    assert done.returncode not in (0, 1)
