"""SERVQUAL studies at the edges run to a report, and it says what their answers do not bear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from cxresearch.catalogue import find_run
from cxresearch.cli import main

pytestmark = pytest.mark.notebook

FIVE = {"tangibles": 4, "reliability": 5, "responsiveness": 4, "assurance": 4, "empathy": 5}
PARTS = {"expectation": ("E", 6.0), "perception": ("P", 4.8)}


def answers(n: int, dimensions: Mapping[str, int], *, halo: bool, seed: int) -> pd.DataFrame:
    """Seven-point answers; with `halo` one impression lies under all dimensions."""
    rng = np.random.default_rng(seed)
    table: dict[str, Any] = {"respondent": np.arange(1, n + 1)}
    for letter, mean in PARTS.values():
        general = rng.normal(size=n)
        number = 0
        for count in dimensions.values():
            own = general if halo else 0.6 * general + 0.8 * rng.normal(size=n)
            for _ in range(count):
                number += 1
                noise = rng.normal(size=n)
                rating = np.rint(mean + 1.2 * (0.75 * own + 0.66 * noise))
                table[f"{letter}{number:02d}"] = np.clip(rating, 1, 7).astype(int)
    return pd.DataFrame(table)


def write_study(
    root: Path,
    frame: pd.DataFrame,
    dimensions: Mapping[str, int],
    *,
    segment: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> None:
    folder = root / "data" / "edge"
    folder.mkdir(parents=True)
    numbers = iter(range(1, 100))
    battery = {
        "scale": "agree7",
        "parts": {part: f"{letter}{{item:02d}}" for part, (letter, _) in PARTS.items()},
        "dimensions": {
            name: {
                next(numbers): f"Question {place} of {name}" for place in range(1, count + 1)
            }
            for name, count in dimensions.items()
        },
    }
    columns = {"respondent": {"role": "id"}} | (
        {segment: {"role": "segment"}} if segment else {}
    )
    codebook = {
        "survey": "Edge",
        "response_scales": {"agree7": {"range": [1, 7]}},
        "columns": columns,
        "batteries": {"servqual": battery},
    }
    segments = {"segments": [segment]} if segment else {}
    study = {
        "title": "Edge",
        "method": "servqual",
        "codebook": "codebook.yaml",
        "data": "answers.csv",
        "parameters": segments | dict(parameters or {}),
    }
    frame.to_csv(folder / "answers.csv", index=False)
    for name, content in {"codebook": codebook, "study": study}.items():
        text = yaml.safe_dump(content, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def run(root: Path) -> Path:
    outcome = CliRunner().invoke(main, ["--workspace", str(root), "run", "edge"])
    assert outcome.exit_code == 0, outcome.output
    return find_run(root / "reports", "edge").report


def told(report: Path, topic: str = "finding") -> list[dict[str, Any]]:
    """The findings of a run, the most important first."""
    outputs = json.loads((report.parent / "outputs.json").read_text(encoding="utf-8"))
    (entry,) = (one for one in outputs["outputs"] if one["kind"] == "findings")
    rows = json.loads((report.parent / entry["file"]).read_text(encoding="utf-8"))
    return sorted((r for r in rows if r["topic"] == topic), key=lambda r: -r["rank"])


def test_one_factor_is_said_first_and_before_the_bars(tmp_path: Path) -> None:
    frame = answers(400, FIVE, halo=True, seed=1)
    write_study(tmp_path, frame, FIVE)
    report = run(tmp_path)
    first, second, *_ = told(report)
    assert first["text"].startswith("Customers do not tell the 5 dimensions apart")
    assert second["text"].startswith("Over all dimensions customers expect more")
    page = report.read_text(encoding="utf-8")
    verdict = page.index("Customers do not tell the 5 dimensions apart")
    assert verdict < page.index("Over all dimensions customers expect more")
    assert verdict < page.index("Expected and received, by dimension")
    assert "Intended dimensions beside the general factor and the empirical factors" in page
    assert "What the answers themselves suggest: 1 factor" in page


@pytest.mark.parametrize(
    ("dimensions", "n"),
    [({"service": 6}, 60), (FIVE, 12), ({"staff": 2, "premises": 2}, 60)],
    ids=["one dimension", "twelve respondents", "two items"],
)
def test_few_dimensions_or_respondents_run_to_a_report(
    tmp_path: Path, dimensions: dict[str, int], n: int
) -> None:
    write_study(tmp_path, answers(n, dimensions, halo=False, seed=2), dimensions)
    report = run(tmp_path)
    assert told(report)
    quality = " ".join(row["text"] for row in told(report, "quality"))
    assert ("is not decided" in quality) == (len(dimensions) > 1)


def test_missing_and_constant_answers_run_to_a_report(tmp_path: Path) -> None:
    frame = answers(30, FIVE, halo=False, seed=3).astype("Float64")
    items = frame.columns[1:]
    hole = np.random.default_rng(4).random((30, len(items))) < 0.12
    frame[items] = frame[items].mask(hole)
    frame["E03"] = 7
    write_study(tmp_path, frame.astype("Int64"), FIVE)
    assert told(run(tmp_path))


def test_many_small_groups_are_hidden_and_not_ranked(tmp_path: Path) -> None:
    two = {"staff": 4, "premises": 4}
    frame = answers(200, two, halo=False, seed=5)
    frame["branch"] = np.repeat([f"B{k:02d}" for k in range(40)], 5)
    write_study(tmp_path, frame, two, segment="branch")
    texts = [row["text"] for row in told(run(tmp_path))]
    assert any("By branch nothing can be compared" in text for text in texts)
    assert not any("lowest gap of the" in text for text in texts)


def test_groups_that_use_the_scale_differently_are_compared_with_a_caution(
    tmp_path: Path,
) -> None:
    frame = answers(400, FIVE, halo=False, seed=6)
    frame["kind"] = np.repeat(["private", "business"], 200)
    for number, shift in ((2, 2), (3, -1), (6, 2), (11, -1), (15, 2), (19, -1)):
        column = f"P{number:02d}"
        frame.loc[200:, column] = (frame.loc[200:, column] - shift).clip(1, 7)
    write_study(tmp_path, frame, FIVE, segment="kind")
    texts = [row["text"] for row in told(run(tmp_path))]
    compared = [text for text in texts if "wider in" in text]
    assert compared
    assert all("Read it with caution: " in text for text in compared)
