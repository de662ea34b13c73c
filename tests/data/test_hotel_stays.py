"""The sample study is what its script makes, and the driver analysis recovers its truth."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import cxresearch as cx

STUDY = Path(__file__).resolve().parents[2] / "data" / "hotel-stays"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_hotel_stays", STUDY / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> cx.DriverTable:
    return cx.driver_table(cx.load_study(STUDY).responses(), outcome="osat")


@pytest.fixture(scope="module")
def population(script: ModuleType) -> pd.DataFrame:
    """Many complete guests of both waves, those without the spa centred as in the analysis."""
    rng = np.random.default_rng(7)
    waves = [script.draw_guests(rng, 40_000, wave) for wave in script.GUESTS]
    guests = pd.concat(waves, ignore_index=True)
    away = guests["spa"] == 98
    guests["spa"] = np.where(away, 0.0, guests["spa"] - guests.loc[~away, "spa"].mean())
    guests["away"] = away.astype(float)
    return guests


def test_the_files_in_the_repository_are_what_the_script_makes(script: ModuleType) -> None:
    for wave, made in script.make_responses().items():
        text = made.to_csv(index=False, lineterminator="\n")
        assert text == (STUDY / f"{wave}.csv").read_text(encoding="utf-8")


def test_the_shares_recover_those_of_the_population(
    table: cx.DriverTable, population: pd.DataFrame
) -> None:
    whole = table.with_not_used()
    found = cx.driver_importance(whole.frame, **whole.asked, n_boot=400)
    truth = cx.driver_importance(
        population, outcome="osat", drivers=table.drivers, controls=["away"], n_boot=0
    )
    shares = found.tidy().set_index("term")
    true = truth.tidy().set_index("term")["estimate"]
    assert (np.abs(shares["estimate"] - true) / shares["std_error"]).max() < 4
    covered = (shares["conf_low"] < true) & (true < shares["conf_high"])
    assert covered.sum() >= 7


def test_the_internet_is_basic_and_the_app_only_seems_to_matter(table: cx.DriverTable) -> None:
    common = table.rated_by_most()
    contrast = cx.penalty_reward(
        common.frame, **common.asked, low=common.low_ratings, high=common.high_ratings
    )
    classes = contrast.classes.set_index("term")["class"]
    assert classes["wifi"] == "basic"
    model = cx.driver_model(common.frame, **common.asked)
    coefficients = model.tidy().set_index("term")
    assert coefficients.loc["app", "p_adjusted"] > 0.05
    assert coefficients.loc["app", "correlation"] > 0.25
    assert coefficients.loc["staff", "p_adjusted"] < 1e-6


def test_breakfast_is_rated_lower_in_autumn(table: cx.DriverTable, script: ModuleType) -> None:
    means = table.frame.groupby("wave")["breakfast"].mean()
    drop = means["autumn 2026"] - means["spring 2026"]
    assert drop == pytest.approx(script.BREAKFAST_DROP, abs=0.4)
