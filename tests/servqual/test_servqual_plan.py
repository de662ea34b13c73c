"""Sample sizes of gap studies: R's numbers, and simulated studies that keep them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cxresearch.cli import main
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses
from cxresearch.servqual import plan_servqual, servqual_gaps

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]


def test_sizes_agree_with_r(golden: Golden) -> None:
    for row in golden("servqual_planning.json")["values"]["required"]:
        plan = plan_servqual(
            sd=row["sd"], half_width=row["half_width"], difference=row["difference"],
            groups=row["groups"], n_sims=100,
        )  # fmt: skip
        required = plan.required.set_index("term")
        assert required.loc["interval", "estimate"] == row["interval"]
        assert required.loc["comparison", "per_group"] == row["per_group"]
        assert required.loc["comparison", "estimate"] == row["per_group"] * row["groups"]


@pytest.mark.parametrize(("cluster_size", "icc"), [(1, 0.0), (15, 0.1)])
def test_simulated_studies_keep_the_promise(cluster_size: int, icc: float) -> None:
    plan = plan_servqual(cluster_size=cluster_size, icc=icc, n_sims=4000, seed=3)
    found = plan.estimates.set_index("term")["estimate"]
    error = 4 * np.sqrt(0.8 * 0.2 / 4000)
    assert found["difference_found"] == pytest.approx(0.8, abs=error + 0.03)
    assert found["interval_covers"] == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 4000))
    assert found["half_width"] == pytest.approx(0.15, rel=0.05)
    assert found["half_width_reached"] == pytest.approx(0.5, abs=0.1)


def test_clusters_and_weights_multiply_the_size() -> None:
    plan = plan_servqual(cluster_size=20, icc=0.05, weight_effect=1.3, n_sims=100)
    assert plan.design_effect == pytest.approx((1 + 19 * 0.05) * 1.3)
    row = plan.required.iloc[0]
    assert row["estimate"] % 20 == 0
    assert row["estimate"] >= row["simple"] * plan.design_effect
    assert row["clusters"] == row["estimate"] / 20


def test_an_earlier_study_gives_its_spread(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    plan = plan_servqual(responses, term="REL", n_sims=100)
    row = servqual_gaps(responses).estimates.set_index("term").loc["REL"]
    assert plan.sd == pytest.approx(row["sd"])
    w = responses.frame["weight"]
    assert plan.weight_effect == pytest.approx(len(w) * (w**2).sum() / w.sum() ** 2)
    assert (plan.source, plan.n_earlier) == ("earlier study", 400)
    with pytest.raises(CxError, match="term 'XXX' is not in the earlier study"):
        plan_servqual(responses, term="XXX")


def test_numbers_out_of_range() -> None:
    for options, message in (
        ({"sd": 0.0}, "sd must be above 0"),
        ({"half_width": -1.0}, "half_width must be above 0"),
        ({"icc": 1.0}, "icc must be at least 0 and below 1"),
        ({"weight_effect": 0.5}, "weight_effect must be at least 1"),
        ({"groups": 1}, "groups must be"),
        ({"half_width": 1e-6}, "more than 10 million"),
    ):
        with pytest.raises(CxError, match=message):
            plan_servqual(**options)  # type: ignore[arg-type]


def test_the_command_says_what_is_needed() -> None:
    outcome = CliRunner().invoke(main, ["plan", "servqual", "--sd", "1.2", "--studies", "100"])
    assert outcome.exit_code == 0, outcome.output
    assert "249 respondents: an interval of the gap of ± 0.15 points" in outcome.output
    printed = CliRunner().invoke(main, ["plan", "servqual", "--studies", "100", "--json"])
    assert '"kind": "servqual_plan"' in printed.output
