from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from cxresearch import _yaml
from cxresearch._yaml import Document, read_yaml
from cxresearch.errors import CodebookError, StudyError

DATA = Path(__file__).parents[2] / "data"


def read(tmp_path: Path, content: str | bytes) -> Document:
    path = tmp_path / "file.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(path, error=CodebookError, subject="codebook file.yaml")


def fatal(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(CodebookError, match=r"codebook file\.yaml: 1 fault") as caught:
        read(tmp_path, content)
    return str(caught.value.faults[0])


def noted(document: Document) -> list[str]:
    return [str(fault).removeprefix("file.yaml, ") for fault in document.faults.values()]


def test_values_keep_their_lines(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  c: [x,\n    y]\n  d: text\n")
    assert document.data == {"a": 1, "b": {"c": ["x", "y"], "d": "text"}}
    places = (("a",), ("b", "c"), ("b", "c", 1), ("b", "d"))
    assert [document.line(place) for place in places] == [1, 3, 4, 5]


def test_a_place_that_is_not_there_gets_the_line_of_what_holds_it(tmp_path: Path) -> None:
    assert read(tmp_path, "a:\n  b: 1\n").line(("a", "b", "c", 3)) == 2


def test_what_was_written_is_kept_where_yaml_read_something_else(tmp_path: Path) -> None:
    document = read(tmp_path, "a: Yes\nb: 2026-01-02\nc: 3.50\nd: plain\n")
    assert document.data["b"] == datetime.date(2026, 1, 2)
    assert document.raw == {("a",): "Yes", ("b",): "2026-01-02", ("c",): "3.50"}


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    first, second = read(tmp_path, "a: 1\n"), read(tmp_path, "a: 1\r\n")
    assert len(first.sha256) == 64
    assert first.sha256 != second.sha256


def test_a_key_written_twice_names_both_lines(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb: 2\na: 3\n")
    assert noted(document) == ["line 3: a is written twice; the first time in line 1"]
    assert document.data == {"a": 1, "b": 2}


def test_a_number_and_the_same_number_as_text_are_one_key(tmp_path: Path) -> None:
    document = read(tmp_path, 'a: {1: x, "1": y, 1.0: z}\n')
    assert noted(document) == ["line 1: 1 is written twice; the first time in line 1"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Yes: 1", 'Yes as a name: YAML reads an unquoted Yes as true; write "Yes"'),
        ("off: 1", 'off as a name: YAML reads an unquoted off as false; write "off"'),
        ("2026-01-02: 1", 'YAML reads an unquoted 2026-01-02 as a date; write "2026-01-02"'),
        ("~: 1", "a name is missing before the colon"),
        ("? [a]\n: 1", "a list or mapping stands where a name is needed"),
        ("<<: {a: 1}", "merging with << is not possible here"),
        (
            "a: 010",
            '010 is a number only to YAML (it reads 8); write "010" for the text, or 10',
        ),
        ("a: 1:30", 'it counts minutes and seconds); write "1:30" for the text'),
        ("a: .inf", ".inf is a number only to YAML"),
        ("a: 1_000", '1_000 is a number only to YAML; write "1_000" for the text'),
        ("a: 99999999999999999999", "is too large a number; put an identifier in quotes"),
        ("a: 1.0e+999", "1.0e+999 is too large a number"),
        ("a: 2026-13-45", "2026-13-45 looks like a date but is none"),
        ("a: !python/name:os.system x", "a text that starts with ! must be in quotes"),
        ("a: !!set {x}", "!!set is not known here"),
        ("a: !!bool maybe", "!!bool is not known here"),
    ],
)
def test_what_reads_otherwise_than_it_looks_is_a_fault(
    tmp_path: Path, written: str, said: str
) -> None:
    (fault,) = noted(read(tmp_path, written))
    assert fault.startswith("line 1: ")
    assert said in fault


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("a:\n\t- b", 2, "a tab stands where YAML wants spaces; indent with spaces only"),
        ("a: b: c", 1, "a second colon in the line"),
        ("a: 1\nb: 'x\nc: 2\n", 2, "a quote that is opened here is never closed"),
        ("a: [1, 2\nb: 3\n", 2, "a closing bracket is missing"),
        ("a: {column: Q{item}}", 1, "a pattern with braces must be in quotes here"),
        ("a: @x", 1, "a text that starts with @ must be in quotes"),
        ("a: %x", 1, "a text that starts with % must be in quotes"),
        ("a: *x", 1, "a text that starts with * or & must be in quotes"),
        ("a: ]", 1, "a text that starts with a bracket or a comma must be in quotes"),
        ('a: "x" y', 1, "text follows a closing quote"),
        ("a:\n  b: 1\n c: 2", 3, "indented unlike the lines it belongs to"),
        ("a:\n  b: 1\nfoo\nc: 2", 3, "no 'name: value' here"),
        ("a: 1\n---\nb: 2", 2, "a second document starts here"),
        ("a: - b", 1, "a list with '-' must start in a line of its own"),
        ('a: "\\d"', 1, "a backslash between double quotes"),
        ("a: |x\n y", 1, "nothing but spaces may follow | or >"),
        ("{a: 1}}", 1, "is a bracket too many?"),
        ("a: \x01", 1, "character '\\x01' is not allowed in YAML"),
        ("a: 1\nb: x\u2028y", 2, "character '\\u2028' is a hidden line break; delete it"),
        ("- 1\n- 2", 1, "must consist of lines 'name: value'"),
        ("a:1", 1, "with a space after the colon"),
        ("# nothing", 1, "holds comments only"),
        ("a: &x [*x]", 1, "an alias (*name) stands inside the value it names"),
        (f"a: {'[' * 5000}", 1, "nested more than 40 levels deep"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_yaml_is_refused_with_its_line(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    fault = fatal(tmp_path, written)
    assert fault.startswith(f"file.yaml, line {line}: ")
    assert said in fault


def test_an_unclosed_bracket_says_where_it_was_opened(tmp_path: Path) -> None:
    assert "the bracket opened in line 1" in fatal(tmp_path, "a: [1, 2\nb: 3\n")


def test_aliases_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "its aliases (*name) unfold to more than 100,000 values" in fatal(
        tmp_path, "\n".join(rows)
    )


def test_aliases_are_followed_to_the_line_of_what_they_name(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &x {1: City}\nb: *x\n")
    assert document.data["b"] == {1: "City"}
    assert document.line(("b", 1)) == 1


def test_a_file_of_too_many_values_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_yaml, "MAX_NODES", 50)
    assert "has more than 50 values" in fatal(tmp_path, f"a: [{', '.join(['1'] * 60)}]")


def test_a_file_of_more_than_five_megabytes_is_not_read(tmp_path: Path) -> None:
    assert "is larger than 5 MB" in fatal(tmp_path, b"#" * 5_000_001)


def test_a_file_that_is_not_utf8_names_line_and_byte(tmp_path: Path) -> None:
    fault = fatal(tmp_path, "a: b\nc: café\n".encode("cp1252"))
    assert fault.startswith("file.yaml, line 2: byte 0xE9 is not UTF-8")
    assert fault.endswith("save the file as UTF-8")


def test_utf16_is_named(tmp_path: Path) -> None:
    assert "is saved as UTF-16; save it as UTF-8" in fatal(tmp_path, "a: 1".encode("utf-16"))


def test_a_byte_order_mark_before_utf8_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    assert fatal(tmp_path, " \n\n") == "file.yaml: is empty"


def test_a_missing_file_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "codebok.yaml").write_text("a: 1")
    with pytest.raises(StudyError, match=r"the folder has codebok\.yaml; did you mean"):
        read_yaml(tmp_path / "codebook.yaml", error=StudyError, subject="study x")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is a folder, not a file"):
        read_yaml(tmp_path, error=StudyError, subject="study x")


@pytest.mark.parametrize(
    "path", sorted(DATA.rglob("*.yaml")), ids=lambda path: path.parent.name
)
def test_libyaml_and_pyyaml_read_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read_yaml(path, error=StudyError, subject="study x")
    monkeypatch.setattr(_yaml, "_FastLoader", _yaml._Loader)
    slow = read_yaml(path, error=StudyError, subject="study x")
    assert (fast.data, fast.lines, fast.raw) == (slow.data, slow.lines, slow.raw)


def test_what_only_pyyaml_refuses_is_refused(tmp_path: Path) -> None:
    assert "a tab stands where YAML wants spaces" in fatal(tmp_path, "a: one\ttwo\n")


def test_a_question_mark_in_a_text_between_brackets_is_text(tmp_path: Path) -> None:
    assert read(tmp_path, "a: {1: How was it?, 2: b}\n").data == {
        "a": {1: "How was it?", 2: "b"}
    }
