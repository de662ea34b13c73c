"""What is filed: found from the folders alone, whatever state they are in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.catalogue import find_run, index_filings
from cxresearch.errors import CatalogueError

File = Callable[..., Path]
EARLY, LATE, LAST = (f"2026112{day}T174210Z-3f9ac" for day in (1, 2, 3))
FAILED = {"status": "failed", "error": {"message": "ZeroDivisionError"}, "respondents": None}


def test_filings_are_read_oldest_first_within_a_study(file: File, reports: Path) -> None:
    for study, run in (("b", LATE), ("a", LATE), ("b", EARLY)):
        file(study, run)
    found = index_filings(reports)
    assert [(filing.study, filing.run) for filing in found] == [
        ("a", LATE),
        ("b", EARLY),
        ("b", LATE),
    ]
    assert found[0].headline == f"Finding of {LATE}."
    assert (found[0].analysed, found[0].status, found[0].key) == (391, "completed", "k")
    assert [filing.study for filing in index_filings(reports, "b")] == ["b", "b"]


def test_without_a_reports_folder_there_is_nothing(tmp_path: Path) -> None:
    assert index_filings(tmp_path / "reports") == []


@pytest.mark.parametrize(
    "content",
    [None, "", "{", "[]", "null", '{"status": "completed"}', '{"title": 1}', "\udcff"],
)
def test_a_damaged_record_is_shown_as_damaged_and_the_others_go_on(
    file: File, reports: Path, content: str | None
) -> None:
    file("a", EARLY)
    broken = file("a", LATE) / "run.json"
    if content is None:
        broken.unlink()
    else:
        broken.write_bytes(content.encode("utf-8", "surrogateescape"))
    first, second = index_filings(reports)
    assert (first.status, second.status) == ("completed", "damaged")
    assert second.message
    assert find_run(reports, "a").run == EARLY


def test_what_is_no_run_is_passed_over(file: File, reports: Path, tmp_path: Path) -> None:
    file("a", EARLY)
    for name in (".staging/x", "a/notes", "a/20261121"):
        (reports / name).mkdir(parents=True)
    (reports / "index.html").write_text("")
    (reports / "linked").symlink_to(reports / "a", target_is_directory=True)
    assert [filing.run for filing in index_filings(reports)] == [EARLY]


def test_the_latest_run_is_the_newest_completed_one(file: File, reports: Path) -> None:
    file("a", EARLY)
    file("a", LATE)
    file("a", LAST, **FAILED)
    assert find_run(reports, "a").run == LATE
    failed = find_run(reports, "a", LAST)
    assert (failed.status, failed.message, failed.analysed) == (
        "failed",
        "ZeroDivisionError",
        None,
    )


def test_a_run_is_found_by_an_unambiguous_start_of_its_name(file: File, reports: Path) -> None:
    file("a", EARLY)
    file("a", LATE)
    assert find_run(reports, "a", "20261121").run == EARLY
    with pytest.raises(CatalogueError, match="several runs named '2026'"):
        find_run(reports, "a", "2026")


@pytest.mark.parametrize(
    ("study", "which", "message"),
    [
        ("bank", "20250101", "has no run named '20250101'; the runs are"),
        ("bank", "", "has no run named ''"),
        ("bnak", "latest", r"study 'bnak' has no runs; .*\['bank'\]; did you mean 'bank'"),
        ("../bank", "latest", "has no runs"),
    ],
)
def test_a_run_that_is_not_there_is_refused_with_those_that_are(
    file: File, reports: Path, study: str, which: str, message: str
) -> None:
    file("bank", EARLY)
    with pytest.raises(CatalogueError, match=message):
        find_run(reports, study, which)


def test_a_study_that_only_failed_has_no_latest_run(file: File, reports: Path) -> None:
    file("a", EARLY, **FAILED)
    with pytest.raises(CatalogueError, match=f"no completed run, only 1 .*name one: {EARLY}"):
        find_run(reports, "a")


def test_a_failed_run_tells_why_it_failed_not_what_it_had_found(
    file: File, reports: Path
) -> None:
    file("bank", "20260101T000000Z-aaaaa")
    error = {"message": "ValueError: too late"}
    file("bank", "20260102T000000Z-bbbbb", status="failed", error=error)
    good, bad = index_filings(reports)
    assert good.told == good.headline == "Finding of 20260101T000000Z-aaaaa."
    assert (bad.headline != "", bad.told) == (True, "ValueError: too late")
