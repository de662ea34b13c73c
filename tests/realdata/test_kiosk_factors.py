"""The published factor models of the kiosk study are reached from a codebook.

Kim, Kim, Jung & Yun (2019): six dimensions, 20 items, 194 respondents; χ² 302.55 (155), CFI
.898, RMSEA .070 of perceptions, χ² 269.782 (155), CFI .944, RMSEA .062 of satisfaction.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from cxresearch.codebook import load_codebook
from cxresearch.psychometrics import confirmatory_factors, distinct_dimensions
from cxresearch.responses.load import load_responses
from cxresearch.responses.model import Responses

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "realdata" / "kiosk_servqual"
pytestmark = [
    pytest.mark.realdata,
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


@pytest.fixture(scope="module")
def responses(tmp_path_factory: pytest.TempPathFactory) -> Responses:
    folder = tmp_path_factory.mktemp("kiosk")
    frame = pd.read_csv(REAL / "kiosk_servqual_clean194.csv")
    used = [column for column in frame if column[0] in "PE" and column[1:].isdigit()]
    used += [column for column in frame if column.startswith("sat")]
    frame[["row_raw", *used]].to_csv(folder / "answers.csv", index=False)
    dimensions = {
        name: {item: f"Question {item}" for item in items} for name, items in DIMENSIONS.items()
    }
    parts = {"expectation": "E{item:02d}", "perception": "P{item:02d}"}
    codebook = {
        "survey": "Kiosk service quality",
        "response_scales": {"agree7": {"range": [1, 7]}},
        "columns": {"respondent": {"role": "id", "column": "row_raw"}},
        "batteries": {
            "kiosk": {"scale": "agree7", "parts": parts, "dimensions": dimensions},
            "satisfaction": {
                "scale": "agree7",
                "parts": {"perception": "sat{item:02d}"},
                "dimensions": dimensions,
            },
        },
    }
    (folder / "codebook.yaml").write_text(yaml.safe_dump(codebook, sort_keys=False), "utf-8")
    return load_responses({"": folder / "answers.csv"}, load_codebook(folder / "codebook.yaml"))


@pytest.mark.parametrize(
    ("battery", "chi2", "cfi", "rmsea"),
    [("kiosk", "302.55", ".898", ".070"), ("satisfaction", "269.78", ".944", ".062")],
)
def test_the_published_fit_is_reached(
    responses: Responses, battery: str, chi2: str, cfi: str, rmsea: str
) -> None:
    own = responses.battery(battery)
    model = {scale.name: own.columns("perception", scale.name) for scale in own.scales}
    found = confirmatory_factors(responses.frame, model)
    assert (found.df, found.n) == (155, 194)
    assert f"{found.chi2:.2f}" == chi2
    assert f"{found.cfi:.3f}".lstrip("0") == cfi
    assert f"{found.rmsea:.3f}".lstrip("0") == rmsea


def test_the_verdict_says_what_stands_apart_and_what_does_not(responses: Responses) -> None:
    found = distinct_dimensions(responses, battery="kiosk", n_boot=200)
    assert found.n == 194
    assert found.verdict == "distinct"
    assert "fornell_larcker:convenience:control" in found.notes
    assert "bifactor_needs_three_items:control" in found.notes
    status = found.models.set_index("term")["status"]
    assert status["intended"] == "ok"
    assert found.estimates["htmt_high"].max() < 0.85
