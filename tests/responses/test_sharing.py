"""Answers handed on: the same answers, without what nobody else may see."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cxresearch.codebook import load_codebook
from cxresearch.errors import ResponseError
from cxresearch.responses.read import read_table
from cxresearch.responses.sharing import shared_columns, write_shared

CODEBOOK = """\
survey: Desk
response_scales:
  agree7: {range: [1, 7]}
columns:
  respondent: {role: id, column: RespID}
  email: {role: personal}
  comment: {role: text}
  osat: {role: outcome, scale: agree7}
"""
SECRETS = ("a@example.org", "rude; very", "10.0.0.1")


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "RespID": ["007", "008", "009"],
            "email": ["a@example.org", "b@example.org", "c@example.org"],
            "osat": [7.0, 5.0, float("nan")],
            "comment": ["rude; very", "fine", ""],
            "ip": ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
        }
    )


def write(path: Path) -> Path:
    import pyreadstat

    data = frame()
    match path.suffix:
        case ".csv":
            data.to_csv(path, index=False)
        case ".tsv":
            text = "sep=;\n" + data.to_csv(index=False, sep=";")
            path.write_bytes(text.encode("utf-16"))
        case ".xlsx":
            with pd.ExcelWriter(path) as book:
                data.to_excel(book, sheet_name="Answers", index=False)
                data.to_excel(book, sheet_name="More", index=False)
        case ".sav":
            pyreadstat.write_sav(
                data,
                path,
                column_labels={"osat": "Overall", "ip": "10.0.0.1 and others"},
                variable_value_labels={"osat": {1.0: "Bad", 7.0: "Good"}},
                missing_ranges={"osat": [{"lo": 98, "hi": 99}]},
            )
        case ".dta":
            pyreadstat.write_dta(data, path)
        case ".parquet":
            data.to_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".sav", ".dta", ".parquet"])
def test_only_what_the_codebook_has_analysed_is_handed_on(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    path = write(tmp_path / f"answers{suffix}")
    columns = shared_columns(path, load_codebook(tmp_path / "codebook.yaml"))
    assert columns == ("RespID", "osat")
    target = tmp_path / f"shared{suffix}"
    assert write_shared(path, target, columns) == ("email", "comment", "ip")
    before, source = read_table(path)
    after, shared = read_table(target)
    pd.testing.assert_frame_equal(after, before[["RespID", "osat"]], check_dtype=False)
    assert shared.format == source.format
    if suffix == ".sav":
        assert shared.labels == {"osat": source.labels["osat"]}
        assert shared.user_missing == {"osat": source.user_missing["osat"]}
    for secret in SECRETS:
        for encoding in ("utf-8", "utf-16-le"):
            assert secret.encode(encoding) not in target.read_bytes()


def test_qualtrics_rows_under_the_names_stay_unread(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(
        'RespID,osat,ip\nId,How?,IP\n"{""ImportId"":""a""}","{""ImportId"":""b""}",c\n1,7,x\n',
        encoding="utf-8",
    )
    write_shared(path, tmp_path / "s.csv", ["RespID", "osat"])
    after, _ = read_table(tmp_path / "s.csv")
    assert after.to_dict("records") == [{"RespID": "1", "osat": "7"}]


def test_a_file_that_would_not_read_back_is_not_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("RespID,osat,ip\n1,7,x\n,,y\n2,6,z\n", encoding="utf-8")
    with pytest.raises(ResponseError, match="does not read back as the same answers"):
        write_shared(path, tmp_path / "s.csv", ["RespID", "osat"])
    assert not (tmp_path / "s.csv").exists()
