"""Responses become the one table of a driver study; not-used touchpoints stay apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.drivers import DriverTable, driver_importance, driver_model, driver_table
from cxresearch.drivers.study import block_importance, driver_map, usual_scenarios
from cxresearch.errors import CxError

HOTEL = Path(__file__).resolve().parents[2] / "data" / "hotel-stays"


@pytest.fixture(scope="module")
def responses() -> cx.Responses:
    return cx.load_study(HOTEL).responses()


@pytest.fixture(scope="module")
def table(responses: cx.Responses) -> DriverTable:
    return driver_table(responses, outcome="osat")


def test_a_battery_becomes_columns_with_labels_blocks_and_limits(table: DriverTable) -> None:
    assert table.drivers[:2] == ("clean", "comfort")
    assert table.labels["clean"] == "Cleanliness of the room"
    assert table.blocks["Relational elements"] == ("checkin", "staff", "problems", "app")
    assert table.limits["staff"] == (1, 10)
    assert (table.weights, table.clusters, table.outcome_kind) == ("weight", None, "linear")
    assert {"wave", "purpose"} <= set(table.frame)


def test_not_used_is_told_apart_from_refused(
    table: DriverTable, responses: cx.Responses
) -> None:
    refused = responses.missing["spa"].isin(["refused", "empty"])
    assert table.not_used["spa"].sum() > 500
    assert not (table.not_used["spa"] & refused).any()
    assert not table.not_used.drop(columns="spa").to_numpy().any()


def test_ratings_are_low_below_the_middle_and_high_in_the_top_two(table: DriverTable) -> None:
    assert table.low_ratings["staff"] == 5
    assert table.high_ratings["staff"] == 9


def test_keeping_those_without_use_gives_the_slope_of_the_users(table: DriverTable) -> None:
    whole = table.with_not_used()
    among_all = driver_model(whole.frame, **{**whole.asked, "drivers": ("spa",)})
    users = table.frame[~table.not_used["spa"]]
    among_users = driver_model(users, outcome="osat", drivers=("spa",), weights="weight")
    slope = among_all.tidy().set_index("term").loc["spa", "estimate"]
    assert slope == pytest.approx(
        among_users.tidy().set_index("term").loc["spa", "estimate"], rel=1e-9
    )
    assert among_all.n > among_users.n + 500


def test_drivers_few_used_stay_as_controls(table: DriverTable) -> None:
    common = table.rated_by_most(at_least=0.5)
    assert "spa" not in common.drivers
    assert common.controls == ("spa", "spa[not used]")
    assert common.rated_by_most() is common
    with pytest.raises(CxError, match="no driver was used by 100%"):
        driver_table_of_spa(table).rated_by_most(at_least=1.0)


def driver_table_of_spa(table: DriverTable) -> DriverTable:
    from dataclasses import replace

    return replace(table, drivers=("spa",), not_used=table.not_used[["spa"]])


def test_the_map_has_the_shares_and_the_weighted_means(table: DriverTable) -> None:
    placed = driver_map(table, n_boot=60, seed=3)
    whole = table.with_not_used()
    shares = driver_importance(whole.frame, **whole.asked, n_boot=0).tidy().set_index("term")
    positions = placed.positions.set_index("term")
    np.testing.assert_allclose(
        positions["importance"], shares.loc[positions.index, "estimate"], rtol=1e-10
    )
    rated = table.frame["staff"].notna() & table.frame["osat"].notna()
    mean = np.average(table.frame["staff"][rated], weights=table.frame["weight"][rated])
    assert positions.loc["staff", "performance"] == pytest.approx(mean, abs=0.02)
    assert placed.paired


def test_dimensions_items_and_columns_can_be_named(responses: cx.Responses) -> None:
    some = driver_table(
        responses, outcome="osat", drivers=["touchpoints.relational", "touchpoints.wifi"]
    )
    assert some.drivers == ("checkin", "staff", "problems", "app", "wifi")
    nps = driver_table(responses, outcome="recommend", drivers=["osat"], outcome_kind="nps")
    assert (nps.outcome_kind, nps.drivers) == ("nps", ("osat",))
    items = driver_table(responses, outcome="osat", drivers=["staff", "wifi"])
    assert items.drivers == ("staff", "wifi")
    assert items.labels["staff"] == "Friendliness of staff"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outcome": "osatt"}, "outcome must be one of"),
        ({"outcome": "purpose"}, "has no response scale"),
        ({"outcome": "osat", "drivers": ["touchpoint"]}, "did you mean 'touchpoints'"),
        ({"outcome": "osat", "drivers": ["touchpoints.staf"]}, "did you mean 'staff'"),
        ({"outcome": "osat", "drivers": ["touchpoints", "touchpoints.spa"]}, "stand twice"),
        ({"outcome": "osat", "outcome_kind": "nsp"}, "outcome_kind must be one of"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    responses: cx.Responses, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(CxError, match=message):
        driver_table(responses, **arguments)  # type: ignore[arg-type]


def test_respondents_who_rate_everything_alike_are_marked(table: DriverTable) -> None:
    ratings = table.frame[list(table.drivers)]
    expected = (ratings.nunique(axis=1) == 1) & (ratings.notna().sum(axis=1) >= 3)
    assert isinstance(ratings, pd.DataFrame)
    np.testing.assert_array_equal(table.straight, expected)


def test_blocks_enter_together_and_share_what_the_drivers_explain(table: DriverTable) -> None:
    found = block_importance(table, n_boot=40)
    assert found is not None
    shares = found.tidy().set_index("term")["estimate"]
    assert set(shares.index) == {"Physical elements", "Relational elements"}
    assert shares.sum() == pytest.approx(found.r2 - found.r2_controls, rel=1e-9)
    assert cx.display_importance(found) is not None


def test_drivers_of_one_dimension_have_no_blocks(responses: cx.Responses) -> None:
    one = driver_table(responses, outcome="osat", drivers="touchpoints.relational")
    assert block_importance(one) is None
    assert cx.display_importance(None) is None


def test_the_usual_questions_shift_everybody_or_lift_the_low_raters(table: DriverTable) -> None:
    common = table.rated_by_most()
    model = driver_model(common.frame, **common.asked)
    asked = usual_scenarios(common)
    found = cx.expected_change(model, common.frame, limits=common.limits, scenarios=asked)
    rows = found.tidy().set_index(["term", "group"])
    assert len(rows) == 2 * len(common.drivers)
    assert rows.loc[("wifi", "lift"), "below"] == 5
    assert rows.loc[("wifi", "lift"), "estimate"] > 0
