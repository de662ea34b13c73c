"""Real satisfaction surveys run from a codebook and reach the shares computed in R.

Yellow Pages advertisers (Rossi, Gilula & Allenby 2001, 1811 respondents): R² and LMG shares of
relaimpo 2.2-7, printed to four decimals. ECSI mobile phone (Tenenhaus et al. 2005, 250
customers): no published driver numbers; the study must run and its shares must add up.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cxresearch.cli import main
from cxresearch.drivers import DriverImportanceResult
from cxresearch.results import Result

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "realdata"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.notebook,
    pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real data is not here"),
]

LMG = {
    "item_2": 0.0871,
    "item_3": 0.0704,
    "item_4": 0.1614,
    "item_5": 0.0787,
    "item_6": 0.1522,
    "item_7": 0.0628,
    "item_8": 0.0503,
    "item_9": 0.0257,
    "item_10": 0.0281,
}


def run_drivers(
    root: Path, data: Path, codebook: dict[str, Any], parameters: dict[str, Any]
) -> DriverImportanceResult:
    folder = root / "data" / "survey"
    folder.mkdir(parents=True)
    shutil.copy(data, folder / "answers.csv")
    study = {
        "title": "What goes with satisfaction?",
        "method": "drivers",
        "codebook": "codebook.yaml",
        "data": "answers.csv",
        "parameters": parameters,
    }
    for name, content in {"codebook": codebook, "study": study}.items():
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    arguments = ["--workspace", str(root), "run", "survey", "--json"]
    outcome = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    run = Path(json.loads(outcome.stdout)["report"]).parent
    payload = json.loads((run / "results" / "driver_importance.json").read_text("utf-8"))
    found = Result.from_dict(payload)
    assert isinstance(found, DriverImportanceResult)
    return found


def test_yellow_pages_reach_r2_and_lmg_of_relaimpo(tmp_path: Path) -> None:
    codebook = {
        "survey": "Yellow Pages advertisers",
        "response_scales": {"rating10": {"range": [1, 10]}},
        "columns": {
            "osat": {
                "role": "outcome", "column": "q1", "scale": "rating10", "label": "Satisfaction",
            }
        },
        "batteries": {
            "service": {
                "scale": "rating10",
                "column": "q{item}",
                "dimensions": {"price": "2-4", "effectiveness": "5-10"},
            }
        },
    }  # fmt: skip
    data = REAL / "bayesm_customerSat" / "customerSat_1811x10.csv"
    found = run_drivers(tmp_path, data, codebook, {"outcome": "osat"})
    assert found.n == 1811
    assert found.r2 == pytest.approx(0.7167, abs=5.1e-5)
    shares = found.tidy().set_index("term")["estimate"]
    for name, share in LMG.items():
        assert shares[name] == pytest.approx(share, abs=5.1e-5)


def test_the_ecsi_survey_runs_and_its_shares_add_up(tmp_path: Path) -> None:
    codebook = {
        "survey": "ECSI mobile phone",
        "response_scales": {"rating10": {"range": [1, 10]}},
        "columns": {
            "osat": {
                "role": "outcome",
                "column": "CUSA1",
                "scale": "rating10",
                "label": "Satisfaction",
            }
        },
        "batteries": {
            "quality": {
                "scale": "rating10",
                "column": "PERQ{item}",
                "dimensions": {"perceived_quality": "1-7"},
            },
            "image": {
                "scale": "rating10", "column": "IMAG{item}", "dimensions": {"image": "1-5"},
            },
        },
    }  # fmt: skip
    data = REAL / "ecsi_mobi" / "mobi_250x24.csv"
    wanted = {"outcome": "osat", "drivers": ["quality", "image"], "n_boot": 300}
    found = run_drivers(tmp_path, data, codebook, wanted)
    assert found.n == 250
    assert len(found.drivers) == 12
    assert found.tidy()["estimate"].sum() == pytest.approx(found.r2, rel=1e-10)
