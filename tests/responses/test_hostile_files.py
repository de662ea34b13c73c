"""Files made to hurt are refused with a reason, quickly and without filling the memory."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from pathlib import Path

import pytest

from cxresearch.errors import ResponseError
from cxresearch.responses.read import read_table

SHEET = "xl/worksheets/sheet1.xml"


def bomb(path: Path) -> Path:
    """Write a small workbook whose sheet unpacks to two gigabytes."""
    import openpyxl

    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    block = b" " * 2**20
    with zipfile.ZipFile(plain) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            if name != SHEET:
                bad.writestr(name, good.read(name))
        entry = zipfile.ZipInfo(SHEET)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with bad.open(entry, "w", force_zip64=True) as sheet:
            for _ in range(1200):
                sheet.write(block)
    return path


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.xlsx")
    assert path.stat().st_size < 5e6
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises(ResponseError, match=r"bomb\.xlsx: .*(unpack|large)"):
        read_table(path)
    assert time.perf_counter() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_hundred_thousand_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"q{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n")
    with pytest.raises(ResponseError, match=r"wide\.csv: .*100,000 columns; at most 20,000"):
        read_table(path)


def test_one_line_of_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text('a,b\n"' + "x" * 100_000_000 + '",1\n')
    with pytest.raises(ResponseError, match=r"long\.csv: .*fields"):
        read_table(path)
