"""Rules that are not nested, told apart in three ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.peak_end import compare_memory_models, compare_rivals, gains
from cxresearch.peak_end.memory import MODELS

Golden = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    """The reference episodes under the names that models read."""
    return table.rename(columns={"max": "peak", "min": "trough", "slope": "trend"})


def test_tests_against_the_average_equal_the_reference(
    golden: Golden, reference_data: Data
) -> None:
    expected = golden("rivals")
    rtol = expected["tolerance"]["rtol"]
    table = renamed(reference_data("episodes"))
    models = compare_memory_models(table, retrospective="retro", participant="id")
    found = compare_rivals(table, models, participant="id")
    rows = found.tests.set_index(["term", "test"])
    alike = found.alike.set_index("term")["estimate"]
    for name, values in expected["values"]["tests"].items():
        assert alike[name] == pytest.approx(values["alike"], rel=rtol)
        for test in ("vuong", "correlation"):
            for column, value in values.get(test, {}).items():
                assert rows.loc[(name, test), column] == pytest.approx(value, rel=rtol)
        if "williams_t" in values:
            statistic = rows.loc[(name, "correlation"), "statistic"]
            assert abs(statistic) == pytest.approx(
                abs(values["williams_t"]), abs=0.3, rel=expected["tolerance"]["williams"]
            )
    assert rows.loc[("mean_plus_trend", "vuong"), "note"] == "nested"
    assert rows.loc[("full", "correlation"), "note"] == "several_predictors"
    assert rows.loc[("mean", "prediction"), "note"] == "same"
    assert (found.n, found.n_participants, found.repeated) == (240, 240, False)
    assert (found.against, found.p_adjust, found.confidence_level) == ("mean", "holm", 0.95)
    tested = found.tests.dropna(subset=["p_value"])
    assert (tested["p_adjusted"] >= tested["p_value"]).all()


def test_people_with_several_episodes_are_the_units(
    golden: Golden, reference_data: Data
) -> None:
    expected = golden("rivals")["values"]["clustered"]
    table = renamed(reference_data("episodes")).assign(who=np.repeat(np.arange(80), 3))
    models = compare_memory_models(table, retrospective="retro", participant="who")
    found = compare_rivals(table, models, participant="who")
    rows = found.tests.set_index(["term", "test"])["std_error"]
    assert rows[("peak", "vuong")] == pytest.approx(expected["vuong_error"])
    assert rows[("peak", "correlation")] == pytest.approx(expected["correlation_error"])
    assert found.repeated
    assert set(found.tests["df"].dropna()) == {79.0}


def test_prediction_against_the_average_is_the_gain_over_it(reference_data: Data) -> None:
    table = renamed(reference_data("episodes"))
    models = compare_memory_models(table, retrospective="retro", participant="id")
    found = compare_rivals(table, models, participant="id").tests
    own = found[found["test"] == "prediction"].set_index("term").drop(index="mean")
    known = gains.gains_over_average(models).set_index("term").drop(index="mean")
    for column in ("estimate", "std_error", "p_value", "p_adjusted", "conf_low"):
        np.testing.assert_allclose(own[column], known[column])


def test_turning_the_question_round_turns_every_sign(reference_data: Data) -> None:
    table = renamed(reference_data("episodes"))
    models = compare_memory_models(table, retrospective="retro", participant="id")
    one = compare_rivals(table, models, participant="id", against="end").tests
    other = compare_rivals(table, models, participant="id", against="peak").tests
    first = one[one["term"] == "peak"].set_index("test")
    second = other[other["term"] == "end"].set_index("test")
    np.testing.assert_allclose(first["estimate"], -second["estimate"], atol=1e-12)
    np.testing.assert_allclose(first["p_value"], second["p_value"])


def test_predictions_come_from_people_of_other_folds(reference_data: Data) -> None:
    table = renamed(reference_data("episodes"))
    models = compare_memory_models(table, retrospective="retro", participant="id", n_folds=4)
    told = models.augment()
    assert list(told.columns) == ["person", "fold", "observed", *MODELS]
    error = np.sqrt(((told["observed"] - told["end"]) ** 2).mean())
    assert error == pytest.approx(models.models.set_index("term").loc["end", "cv_rmse"])
    out = (told["fold"] == 2).to_numpy()
    slope, start = np.polyfit(table["end"][~out], table["retro"][~out], 1)
    np.testing.assert_allclose(told["end"][out], start + slope * table["end"][out])


def test_another_table_or_an_unknown_rule_is_refused(reference_data: Data) -> None:
    table = renamed(reference_data("episodes"))
    models = compare_memory_models(table, retrospective="retro", participant="id")
    with pytest.raises(CxError, match="200 complete episodes and found 240"):
        compare_rivals(table.head(200), models, participant="id")
    with pytest.raises(CxError, match=r"against: \['peaks'\] not found"):
        compare_rivals(table, models, participant="id", against="peaks")
