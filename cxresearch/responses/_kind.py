"""What a file is, by its first bytes, and whether its name says the same."""

from __future__ import annotations

from pathlib import Path

from cxresearch.responses._unreadable import UnreadableError

_SIGNATURES = (
    (b"PK\x03\x04", "xlsx"),
    (b"PAR1", "parquet"),
    (b"$FL2", "sav"),
    (b"$FL3", "sav"),
    (b"<stata_dta>", "dta"),
)
_REFUSED = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook (.xls) or one with a password; open it in Excel and save it as "
        ".xlsx without a password",
    ),
    (b"%PDF", "a PDF document; export the answers as CSV or .xlsx"),
    (b"{\\rtf", "a text document (RTF); export the answers as CSV or .xlsx"),
    (b"\x1f\x8b", "compressed (gzip); unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture; export the answers as CSV or .xlsx"),
    (b"SQLite format 3", "a database (SQLite); export the table as CSV"),
    (b"RDX", "an R data file; save the table with write.csv"),
)
_SUFFIXES = {
    "csv": (".csv", ".tsv", ".txt", ".tab", ".dat", ""),
    "xlsx": (".xlsx", ".xlsm"),
    "sav": (".sav", ".zsav"),
    "dta": (".dta",),
    "parquet": (".parquet", ".pq"),
}
_NAMES = {
    "csv": "delimited text",
    "xlsx": "an Excel workbook",
    "sav": "an SPSS file",
    "dta": "a Stata file",
    "parquet": "a Parquet file",
}
_WEB_PAGE = (b"<!doctype html", b"<html")


def kind_of(data: bytes, path: Path) -> str:
    """Return the kind of a file: csv (any delimited text), xlsx, sav, dta or parquet.

    Raises
    ------
    UnreadableError
        It is of a kind that is not read.
    """
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    for signature, refused in _REFUSED:
        if data.startswith(signature):
            raise UnreadableError(f"it is {refused}")
    if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE):
        raise UnreadableError("it is a web page; was the download a page to log in?")
    # Stata before version 13 has no signature: a version number, the byte order, then 1 and 0.
    if path.suffix.lower() == ".dta" and 0x66 <= data[0] <= 0x73 and data[2:4] == b"\x01\x00":
        return "dta"
    return "csv"


def check_name(kind: str, path: Path) -> None:
    """Refuse a file whose name promises another kind than its bytes are.

    Raises
    ------
    UnreadableError
        An Excel workbook named .csv, or text named .xlsx.
    """
    suffix = path.suffix.lower()
    promised = next((name for name, ends in _SUFFIXES.items() if suffix in ends), kind)
    if promised == kind:
        return
    found = "no such file" if kind == "csv" else _NAMES[kind]
    if kind == "csv":
        raise UnreadableError(
            f"its name ends in {suffix}, but it is {found}: damaged, or {_NAMES['csv']} that "
            "must be named .csv"
        )
    raise UnreadableError(
        f"its name ends in {suffix or 'nothing'}, but it is {found}; rename it to "
        f"{_SUFFIXES[kind][0]}"
    )
