"""An earlier run beside a later one: matched rows, intervals on the change, what differs."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cxresearch.catalogue import run_study
from cxresearch.catalogue.compare import change_interval, compare_runs
from cxresearch.catalogue.opened import open_run
from cxresearch.cli.main import main
from cxresearch.errors import CatalogueError
from cxresearch.reports.comparison import change_part
from cxresearch.reports.glossary import Glossary
from cxresearch.reports.source import read_run
from cxresearch.study import load_study
from cxresearch.wording import Messages

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"


@pytest.fixture(scope="module")
def two_waves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A workspace with two runs of a study: all answers, then the first 260 of them."""
    root = tmp_path_factory.mktemp("waves")
    shutil.copytree(SAMPLE, root / "data" / "bank-branches")
    runs = [run_study(load_study(root / "data" / "bank-branches"), workspace=root).filing.run]
    answers = root / "data" / "bank-branches" / "responses.csv"
    lines = answers.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    answers.write_text("".join(lines[:261]), encoding="utf-8")
    study = load_study(root / "data" / "bank-branches")
    runs.append(run_study(study, workspace=root, settings={"min_cell": 12}).filing.run)
    return root, runs


def test_the_interval_of_two_shares_is_newcombes_tenth_method() -> None:
    # 48/80 and 56/70 with Wilson's intervals; Newcombe (1998), table II: 0.0524 to 0.3339.
    low, high = change_interval([0.6, 0.49044, 0.70034], [0.8, 0.69179, 0.87689])
    assert (float(low), float(high)) == pytest.approx((0.0524, 0.3339), abs=2e-4)


def test_symmetric_intervals_give_the_usual_standard_error_of_a_difference() -> None:
    low, high = change_interval(
        [1.0, 1.0 - 1.96 * 0.3, 1.0 + 1.96 * 0.3], [2.0, 2 - 1.96 * 0.4, 2 + 1.96 * 0.4]
    )
    assert (float(low), float(high)) == pytest.approx((1 - 1.96 * 0.5, 1 + 1.96 * 0.5))


def test_the_change_of_independent_means_is_covered_at_the_level() -> None:
    rng = np.random.default_rng(7)
    sizes, spread, z = (60, 90), (1.0, 2.0), 1.96
    means = [rng.normal(0.5 * i, spread[i] / sizes[i] ** 0.5, 4000) for i in (0, 1)]
    ends = [
        np.array([m, m - z * spread[i] / sizes[i] ** 0.5, m + z * spread[i] / sizes[i] ** 0.5])
        for i, m in enumerate(means)
    ]
    low, high = change_interval(ends[0], ends[1])
    assert np.mean((low < 0.5) & (high > 0.5)) == pytest.approx(0.95, abs=0.012)


def test_where_the_same_people_answer_alike_the_interval_is_too_wide_never_too_narrow() -> None:
    rng = np.random.default_rng(11)
    for correlation, least in ((0.0, 0.94), (0.3, 0.97), (0.7, 0.99)):
        both = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], (3000, 50))
        means, half = both.mean(axis=1), 1.96 * both.std(axis=1, ddof=1) / 50**0.5
        ends = [np.array([m, m - h, m + h]) for m, h in zip(means.T, half.T, strict=True)]
        low, high = change_interval(ends[0], ends[1])
        assert np.mean((low <= 0) & (high >= 0)) >= least


def test_nobody_is_paired_and_the_page_says_so_and_where_people_are(
    two_waves: tuple[Path, list[str]],
) -> None:
    """Both runs hold the first 260 people; nothing in a run tells, so nothing is claimed."""
    root, (first, second) = two_waves
    opened = [open_run("bank-branches", run, workspace=root) for run in (first, second)]
    found = compare_runs(*opened)
    part = change_part(found, read_run(opened[1].filing.folder), Glossary(Messages("en")))
    told = " ".join(part.sentences)
    when = rf"[\d-]+( \d\d:\d\d UTC)?|{first}"  # the name for runs of one minute
    assert re.fullmatch(f"What changed since ({when})", part.title)
    assert "Nobody is paired: a run keeps no answers of single people" in told
    assert "the intervals are wider than need be" in told
    assert "To pair people by their id, give both waves as files of one study" in told
    assert "taken for independent" in part.clearest + "".join(html for _, html in part.folds)


def test_answers_that_stand_in_both_runs_are_named(
    two_waves: tuple[Path, list[str]],
) -> None:
    root, (first, second) = two_waves
    earlier, later = (open_run("bank-branches", r, workspace=root) for r in (first, second))
    spring = {**earlier.record["data"][0], "wave": "spring"}
    more = {**later.record, "data": [spring, *later.record["data"]]}
    found = compare_runs(earlier, dataclasses.replace(later, record=more))
    assert (found.answers, found.shared) == ("some", ("spring",))
    part = change_part(found, read_run(later.filing.folder), Glossary(Messages("en")))
    told = " ".join(part.sentences)
    assert "Part of the answers stands in both runs (spring)" in told
    assert "Nobody is paired" not in told
    same = compare_runs(earlier, dataclasses.replace(later, record=dict(earlier.record)))
    assert (same.answers, same.shared) == ("same", ("responses.csv",))


def test_what_changed_between_two_waves(two_waves: tuple[Path, list[str]]) -> None:
    root, (first, second) = two_waves
    opened = [open_run("bank-branches", run, workspace=root) for run in (first, second)]
    found = compare_runs(*opened)
    gaps = found.changes.query("result == 'servqual_gaps'").set_index(["term", "group"])
    tidy = [run.results["servqual_gaps"].tidy().set_index(["term", "group"]) for run in opened]
    row = ("reliability", "all")
    expected = tidy[1].loc[row, "estimate"] - tidy[0].loc[row, "estimate"]
    assert gaps.loc[row, "estimate"] == pytest.approx(expected, rel=1e-12)
    assert gaps.loc[row, "conf_low"] < expected < gaps.loc[row, "conf_high"]
    assert gaps.loc[row, ["n_earlier", "n"]].tolist() == [
        tidy[0].loc[row, "n"],
        tidy[1].loc[row, "n"],
    ]
    assert found.answers == "others"
    assert ("min_cell", 10, 12) in found.parameters
    assert len(found.data) == 1


def test_where_no_change_is_decided_that_is_not_told_as_no_change(
    two_waves: tuple[Path, list[str]],
) -> None:
    root, runs = two_waves
    earlier, later = (open_run("bank-branches", run, workspace=root) for run in runs)
    found = compare_runs(earlier, later)
    wide = found.changes.assign(conf_low=-9.0, conf_high=9.0)
    part = change_part(
        dataclasses.replace(found, changes=wide),
        read_run(later.filing.folder),
        Glossary(Messages("en")),
    )
    assert "every interval of a change includes zero" in part.sentences[0]
    assert "does not show that nothing changed" in part.sentences[0]
    assert part.clearest == ""


def test_a_run_is_not_compared_to_itself(two_waves: tuple[Path, list[str]]) -> None:
    root, (first, _) = two_waves
    run = open_run("bank-branches", first, workspace=root)
    with pytest.raises(CatalogueError, match="cannot be compared to itself"):
        compare_runs(run, run)


def test_the_command_writes_a_page_of_its_own_and_leaves_the_filed_report(
    two_waves: tuple[Path, list[str]],
) -> None:
    root, (first, second) = two_waves
    shelf = root / "reports" / "bank-branches"
    before = (shelf / second / "report.html").read_bytes()
    command = ["--workspace", str(root), "report", "bank-branches", "--compare", first]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    page = shelf / f"{second}-since-{first}.html"
    assert done.output.strip() == str(page)
    html = page.read_text(encoding="utf-8")
    assert "What changed since" in html
    assert "min_cell" in html
    assert f'href="{second}/results/servqual_gaps.json"' in html
    assert (shelf / second / "report.html").read_bytes() == before


def test_an_unknown_run_is_refused(two_waves: tuple[Path, list[str]]) -> None:
    root, _ = two_waves
    command = ["--workspace", str(root), "report", "bank-branches", "--compare", "1999"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "no run named '1999'" in done.output


def test_each_estimate_is_matched_once(
    two_waves: tuple[Path, list[str]],
) -> None:
    root, (first, second) = two_waves
    found = compare_runs(
        *(open_run("bank-branches", r, workspace=root) for r in (first, second))
    )
    assert isinstance(found.changes, pd.DataFrame)
    assert not found.changes.duplicated(["result", "term", "group"]).any()
