"""Driver studies that cannot be analysed say why, in the words of the study."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import cxresearch as cx
from cxresearch.cli import main
from cxresearch.errors import CxError

HOTEL = Path(__file__).resolve().parents[2] / "data" / "hotel-stays"

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def constant_driver(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(staff="7")


def duplicate_driver(frame: pd.DataFrame) -> pd.DataFrame:
    whole = frame["clean"].replace({"": "5", "99": "5"})
    return frame.assign(clean=whole, comfort=whole)


def more_drivers_than_respondents(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.head(8)


def all_of_a_driver_missing(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(app="99")


def zero_weight(frame: pd.DataFrame) -> pd.DataFrame:
    weight = frame["weight"].to_numpy(copy=True)
    weight[[3, 4]] = "0"
    return frame.assign(weight=weight)


def negative_weight(frame: pd.DataFrame) -> pd.DataFrame:
    weight = frame["weight"].to_numpy(copy=True)
    weight[5] = "-1"
    return frame.assign(weight=weight)


CASES: dict[Spoil, str] = {
    constant_driver: r"staff.*(constant|same|does not vary)",
    duplicate_driver: r"comfort|clean",
    more_drivers_than_respondents: r"respondents",
    all_of_a_driver_missing: r"app",
    zero_weight: r"column weight: .*rows 5, 6",
    negative_weight: r"column weight: .*row 7",
}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "hotel-stays"
    shutil.copytree(HOTEL, folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "waves: {spring 2026: spring.csv, autumn 2026: autumn.csv}", "data: spring.csv"
    )
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("spoil", CASES, ids=lambda spoil: spoil.__name__)
def test_the_fault_is_named(spoil: Spoil, study: Path) -> None:
    frame = pd.read_csv(study / "spring.csv", dtype=str, keep_default_na=False)
    spoil(frame).to_csv(study / "spring.csv", index=False)
    with pytest.raises(CxError, match=CASES[spoil]):
        analyse(study)


def analyse(study: Path) -> None:
    table = cx.driver_table(cx.load_study(study).responses(), outcome="osat")
    whole = table.with_not_used()
    cx.driver_importance(whole.frame, **whole.asked, n_boot=0)


def test_an_outcome_with_an_empty_class_is_refused(study: Path) -> None:
    table = cx.driver_table(
        cx.load_study(study).responses(), outcome="recommend", outcome_kind="nps"
    ).rated_by_most()
    frame = table.frame.assign(recommend=np.where(table.frame["recommend"] >= 9, 9.0, 8.0))
    with pytest.raises(CxError, match="detractor"):
        cx.driver_model(frame, **table.asked, kind="nps")


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ("segment: purpos", "parameters, segment: ['purpos'] not found"),
        (
            "drivers: [touchpoint]",
            "parameters: driver 'touchpoint' is no battery, item or column",
        ),
        ("outcome: osatt", "did you mean 'osat'"),
    ],
)
def test_check_finds_drivers_and_segments_that_are_not_there(
    tmp_path: Path, parameter: str, told: str
) -> None:
    shutil.copytree(HOTEL, tmp_path / "data" / "hotel-stays")
    path = tmp_path / "data" / "hotel-stays" / "study.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    name = parameter.partition(":")[0]
    kept = [line for line in lines if not line.strip().startswith(f"{name}:")]
    kept.insert(kept.index("parameters:") + 1, f"  {parameter}")
    path.write_text("\n".join(kept), encoding="utf-8")
    outcome = CliRunner().invoke(main, ["--workspace", str(tmp_path), "check", "hotel-stays"])
    assert outcome.exit_code == 1
    assert told in outcome.output
