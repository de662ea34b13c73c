"""A real study with Korean item texts reaches the numbers computed in R on the same people.

Data: K-Servqual survey (Kim, Kim, Jung & Yun 2019, MIT licence), the 194 respondents of the
authors' analysis sample. Reference: means, gaps and paired t (193 df) computed in R 4.2.2,
printed to four and two decimals; tolerance half a unit of the last digit.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cxresearch.cli import main
from cxresearch.results import Result

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "realdata" / "kiosk_servqual"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.notebook,
    pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real data is not here"),
]

DIMENSIONS = {
    "tangible": (4, 5, 6, 22),
    "security": (19, 20, 21),
    "economy": (10, 11, 18),
    "convenience": (13, 14, 15, 16, 17),
    "usefulness": (1, 2, 3),
    "control": (7, 8),
}
# dimension: expectation, perception, gap, t
REFERENCE = {
    "tangible": (3.8814, 3.8840, 0.0026, 0.03),
    "security": (6.7148, 4.9055, -1.8093, -18.56),
    "economy": (6.3986, 5.1203, -1.2784, -13.63),
    "convenience": (6.4722, 4.9165, -1.5557, -18.42),
    "usefulness": (6.4880, 5.8196, -0.6684, -10.68),
    "control": (6.5180, 5.0567, -1.4613, -14.40),
}
# dimension: alpha of expectation, perception, gap
ALPHAS = {
    "tangible": (0.855, 0.789, 0.726),
    "security": (0.857, 0.832, 0.848),
    "economy": (0.582, 0.777, 0.797),
    "convenience": (0.798, 0.725, 0.747),
    "usefulness": (0.674, 0.644, 0.666),
    "control": (0.726, 0.759, 0.754),
}


def korean_texts() -> dict[int, str]:
    with (REAL / "items.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        int(row["item"]): row["korean_perception"].partition(". ")[2].strip() for row in rows
    }


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a study over all 211 answers, the authors' exclusions declared."""
    root = tmp_path_factory.mktemp("kiosk")
    folder = root / "data" / "kiosk"
    folder.mkdir(parents=True)
    shutil.copy(REAL / "kiosk_servqual_all211.csv", folder / "answers.csv")
    texts = korean_texts()
    codebook = {
        "survey": "키오스크 서비스 품질",
        "response_scales": {"agree7": {"range": [1, 7]}},
        "columns": {
            "respondent": {"role": "id", "column": "row_raw"},
            "kept": {"role": "segment", "column": "kept_by_authors"},
            "sex": {"role": "segment", "label": "성별"},
        },
        "batteries": {
            "kiosk": {
                "scale": "agree7",
                "parts": {"expectation": "E{item:02d}", "perception": "P{item:02d}"},
                "dimensions": {
                    name: {item: texts[item] for item in items}
                    for name, items in DIMENSIONS.items()
                },
            }
        },
    }
    study = {
        "title": "키오스크는 기대에 미치는가?",
        "method": "servqual",
        "codebook": "codebook.yaml",
        "data": "answers.csv",
        "population": "Kiosk users, Korea 2019",
        "sample": "Convenience sample, 211 answers",
        "exclude": [
            {
                "answered": {
                    "column": "kept",
                    "is": ["False"],
                    "reason": "set aside by the authors",
                }
            }
        ],
        "parameters": {"segments": ["sex"]},
    }
    for name, content in {"codebook": codebook, "study": study}.items():
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run_folder(workspace: Path) -> Path:
    arguments = ["--workspace", str(workspace), "run", "kiosk", "--json"]
    outcome = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return Path(json.loads(outcome.stdout)["report"]).parent


def load_result(run_folder: Path, name: str) -> Result:
    path = run_folder / "results" / f"{name}.json"
    return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))


def test_six_dimensions_reach_the_reference_means_gaps_and_t(run_folder: Path) -> None:
    tidy = load_result(run_folder, "servqual_gaps").tidy()
    rows = tidy[(tidy["level"] == "dimension") & (tidy["group"] == "all")].set_index("term")
    assert set(rows.index) == set(REFERENCE)
    for name, (expectation, perception, gap, t) in REFERENCE.items():
        row = rows.loc[name]
        assert row["expectation"] == pytest.approx(expectation, abs=5.1e-5)
        assert row["perception"] == pytest.approx(perception, abs=5.1e-5)
        assert row["estimate"] == pytest.approx(gap, abs=5.1e-5)
        assert row["statistic"] == pytest.approx(t, abs=5.1e-3)
        assert (row["n"], row["df"]) == (194, 193)


def test_alphas_reach_the_reference(run_folder: Path) -> None:
    tidy = load_result(run_folder, "scale_reliability").tidy().set_index(["term", "group"])
    for name, expected in ALPHAS.items():
        for part, alpha in zip(("expectation", "perception", "gap"), expected, strict=True):
            assert tidy.loc[(name, part), "estimate"] == pytest.approx(alpha, abs=5.1e-4)


def test_the_report_shows_korean_texts_in_title_tables_and_figures(run_folder: Path) -> None:
    html = (run_folder / "report.html").read_text(encoding="utf-8")
    figure = (run_folder / "figures" / "expected_received_by_item.svg").read_text(
        encoding="utf-8"
    )
    assert "키오스크는 기대에 미치는가?" in html
    assert "키오스크의 외관은 매력적이다" in html
    assert "외관은" in figure
