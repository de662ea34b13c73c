"""Files of a run: whole or not there, and readable by people."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cxresearch._files import add_to_json, read_added, read_json, write_json, write_text
from cxresearch.errors import CxError


def test_the_outer_levels_of_json_stand_on_lines_and_the_inner_ones_on_one(
    tmp_path: Path,
) -> None:
    frame = {
        "__frame__": [{"name": "gap", "values": [-0.5, None]}, {"name": "n", "values": []}]
    }
    value = {"fields": {"estimates": frame, "array": [1, 2]}, "notes": []}
    path = write_json(tmp_path / "result.json", value)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "{",
        '  "fields": {',
        '    "estimates": {',
        '      "__frame__": [',
        '        {"name": "gap", "values": [-0.5, null]},',
        '        {"name": "n", "values": []}',
        "      ]",
        "    },",
        '    "array": [1, 2]',
        "  },",
        '  "notes": []',
        "}",
    ]
    assert read_json(path) == value


@pytest.mark.parametrize(
    "value", [{}, [], None, "ä\n", 0.1 + 0.2, [[1.0], []], {"a": {"b": {"c": {"d": {"e": 1}}}}}]
)
def test_json_is_read_back_as_it_was_written(tmp_path: Path, value: object) -> None:
    assert read_json(write_json(tmp_path / "value.json", value)) == value


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "value.json", {"deep": {"down": [float("nan")]}})
    assert list(tmp_path.iterdir()) == []


def test_what_is_added_reads_as_if_written_at_once(tmp_path: Path) -> None:
    entries = [{"name": "é", "rows": [["1", "2"]]}, {"name": "b"}, {"name": "c"}]
    whole = write_json(tmp_path / "whole.json", {"schema": 1, "outputs": entries}, depth=2)
    grown = write_json(tmp_path / "grown.json", {"schema": 1, "outputs": entries[:1]}, depth=2)
    for entry in entries[1:]:
        add_to_json(grown, entry)
    assert grown.read_bytes() == whole.read_bytes()


def test_an_entry_that_was_never_finished_is_left_out(tmp_path: Path) -> None:
    entries = [{"name": "é"}, {"name": "b", "rows": [["1"]]}, {"name": "ü, [", "n": [1, 2]}]
    path = write_json(tmp_path / "a.json", {"schema": 1, "outputs": entries[:2]}, depth=2)
    before = path.read_bytes()
    add_to_json(path, entries[2])
    after = path.read_bytes()
    for written in range(len(before), len(after)):
        path.write_bytes(after[:written])
        assert read_added(path)["outputs"] in (entries[:2], entries), written
    for written in range(len(before) - 8, len(before)):
        path.write_bytes(after[:written] + before[written:])
        assert read_added(path)["outputs"] == entries[:2], written
    path.write_bytes(b"{}{")
    with pytest.raises(CxError, match="cannot be read"):
        read_added(path)


def test_nothing_is_added_to_a_file_that_ends_without_a_list(tmp_path: Path) -> None:
    path = write_json(tmp_path / "outputs.json", {"outputs": [{"a": 1}], "schema": 1}, depth=2)
    before = path.read_bytes()
    with pytest.raises(CxError, match=r"outputs\.json of .* does not end with a list"):
        add_to_json(path, {"b": 2})
    assert path.read_bytes() == before


def test_a_full_disk_leaves_the_list_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_json(tmp_path / "outputs.json", {"schema": 1, "outputs": [{"a": 1}]}, depth=2)
    before = path.read_bytes()
    limited = _Limited(path)
    with monkeypatch.context() as changed:
        changed.setattr(Path, "open", lambda *_, **__: limited)
        with pytest.raises(OSError, match="No space left"):
            add_to_json(path, {"b": "x" * 100})
    assert path.read_bytes() == before


class _Limited:
    """A file on a disk that has room for ten bytes more."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "r+b", buffering=0)  # noqa: SIM115
        self._room = path.stat().st_size + 10

    def __enter__(self) -> _Limited:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        left = self._room - self._file.tell()
        if not left:
            raise OSError(28, "No space left on device")
        return self._file.write(data[:left])


def test_a_written_file_has_the_rights_that_new_files_have(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.touch()
    written = write_text(tmp_path / "new" / "written.txt", "text")
    assert written.stat().st_mode == plain.stat().st_mode
    assert os.listdir(written.parent) == ["written.txt"]


def test_lines_are_kept_as_they_are(tmp_path: Path) -> None:
    assert write_text(tmp_path / "a.txt", "a\r\nb\n").read_bytes() == b"a\r\nb\n"
    assert json.loads(write_json(tmp_path / "b.json", "\u2028").read_text("utf-8")) == "\u2028"
