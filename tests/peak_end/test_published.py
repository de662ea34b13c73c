"""What was published on peaks and ends, from the numbers that were printed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.peak_end import (
    choice_share,
    compare_choices,
    peak_end_sensitivity,
    sequential_test,
    t_test_power,
    t_test_sample_size,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def published(name: str) -> dict[str, Any]:
    file = REFERENCE / "published" / f"peak_end_{name}.json"
    return dict(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["kahneman_1993", "redelmeier_2003", "alaybek_2022"])
def test_every_published_number_has_a_status_and_a_tolerance(name: str) -> None:
    known = published(name)
    assert known["study"]
    assert known["why"]
    assert set(known["status"]) <= {*known["values"], "split"}
    assert all(value > 0 for value in known["tolerance"].values())


def test_cold_water_a_majority_that_needs_a_one_sided_test() -> None:
    known = published("kahneman_1993")
    values, close = known["values"], known["tolerance"]
    found = choice_share(values["chosen"], values["n"])
    rows = found.estimates.set_index("term")
    assert rows.loc["exact", "p_value"] == pytest.approx(values["p_exact"], abs=close["p"])
    assert found.p_greater == pytest.approx(values["p_greater"], abs=close["p"])
    assert rows.loc["mid_p", "p_value"] == pytest.approx(values["p_mid"], abs=close["p"])
    for term, name in (("exact", "clopper_pearson"), ("score", "wilson")):
        np.testing.assert_allclose(
            rows.loc[term, ["conf_low", "conf_high"]].astype(float),
            values[name],
            atol=close["interval"],
        )
    assert found.bayes_factor == pytest.approx(
        values["bayes_factor"], abs=close["bayes_factor"]
    )
    assert rows.loc["exact", "p_value"] > 0.05 > found.p_greater


def test_cold_water_those_whose_pain_fell_chose_the_long_trial() -> None:
    known = published("kahneman_1993")
    values, close = known["values"], known["tolerance"]
    fell, other = tuple(values["fell"]), tuple(values["did_not_fall"])
    assert (fell[0] + other[0], fell[1] + other[1]) == (values["chosen"], values["n"])
    found = compare_choices(other, fell)
    assert 100 * found.second_share == pytest.approx(
        values["fell_chose_percent"], abs=close["percent"]
    )
    assert found.p_exact == pytest.approx(values["split_fisher_p"], abs=close["split_p"])
    chi2 = found.estimates["p_value"].item()
    assert chi2 == pytest.approx(values["split_chi2_p"], abs=close["split_p"])


def test_colonoscopy_the_effect_that_plans_should_start_from() -> None:
    known = published("redelmeier_2003")
    values, close = known["values"], known["tolerance"]
    gap = values["means"][0] - values["means"][1]
    error = gap / stats.norm.isf(values["p"] / 2)
    spread = error * math.sqrt(values["n"] / 4)
    effect = gap / spread
    assert error == pytest.approx(values["std_error"], abs=close["std_error"])
    assert spread == pytest.approx(values["sd"], abs=close["sd"])
    assert effect == pytest.approx(values["effect_size"], abs=close["effect_size"])
    per_arm = t_test_sample_size(effect)
    assert per_arm == pytest.approx(values["per_arm"], abs=close["per_arm"])
    assert t_test_power(effect, values["n"] / 2) == pytest.approx(0.78, abs=0.01)


def test_colonoscopy_more_came_back_as_one_look_tells() -> None:
    values = published("redelmeier_2003")["values"]
    log_odds = math.log(values["odds_ratio"])
    error = log_odds / stats.norm.isf(values["odds_ratio_p"] / 2)
    looks = pd.DataFrame({"estimate": [log_odds], "std_error": [error], "fraction": [1.0]})
    found = sequential_test(looks)
    assert found.verdict == "stopped"
    assert found.final["p_value"].item() == pytest.approx(values["odds_ratio_p"])
    assert found.final["conf_low"].item() > 0


def test_the_meta_analysis_is_an_interval_of_fishers_z() -> None:
    known = published("alaybek_2022")
    values, close = known["values"], known["tolerance"]
    low, high = np.arctanh(values["interval"])
    error = (high - low) / (2 * stats.norm.ppf(0.975))
    assert math.atanh(values["r"]) == pytest.approx(values["fisher_z"], abs=close["fisher_z"])
    assert error == pytest.approx(values["std_error"], abs=close["std_error"])
    # As many people as that error stands for, and their correlation: our interval is theirs.
    people = round(3 + error**-2)
    rng = np.random.default_rng(1)
    both, rest = np.linalg.qr(rng.normal(size=(people, 2)))[0].T
    both, rest = both - both.mean(), rest - rest.mean()
    rest -= both * (rest @ both) / (both @ both)
    both, rest = both / both.std(), rest / rest.std()
    memory = values["r"] * both + math.sqrt(1 - values["r"] ** 2) * rest
    names = ["peak", "end_1", "mean", "tw_mean"]
    frame = pd.DataFrame(dict.fromkeys(names, both)).assign(person=range(people), memory=memory)
    wobble = 1e-3 * rng.normal(size=people)
    frame["peak"], frame["end_1"] = frame["peak"] + wobble, frame["end_1"] - wobble
    row = peak_end_sensitivity(frame, retrospective="memory", participant="person").estimates
    assert row["estimate"].item() == pytest.approx(values["r"], abs=1e-9)
    np.testing.assert_allclose(
        row[["conf_low", "conf_high"]].iloc[0], values["interval"], atol=close["interval"]
    )
