from __future__ import annotations

import dataclasses
import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.peak_end import compare_conditions
from cxresearch.shown import DisplayTable
from cxresearch.tables import display_apa
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED

NAN = math.nan
HOSTILE = "<script>{x}</script>\x00\n\u202e."


def load(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    return load("driver_results")


@pytest.fixture(scope="module")
def episodes() -> ModuleType:
    return load("peak_end_results")


def sentences(table: DisplayTable) -> list[str]:
    assert table.shown.shape == (len(table.data), 1)
    assert table.numeric == ()
    return table.shown.iloc[:, 0].tolist()


def reliability(made: ModuleType, **changes: object) -> dict[str, object]:
    told = {
        "statistic": -17.314, "p_value": 1e-9, "p_adjusted": 5e-9, "perception": 5.4643,
        "expectation": 6.3011, "estimate": -0.8368, "conf_low": -0.9319, "conf_high": -0.7418,
        "d_z": -0.8757,
    }  # fmt: skip
    return made.row("reliability", -0.84) | told | changes


def one_coefficient(drivers: ModuleType, **changes: object) -> object:
    """The model of the hotel with known numbers for staff, and r2 and n of the model."""
    told = {
        "estimate": 0.3496, "std_error": 0.0234, "statistic": 13.041, "df": 933.0,
        "p_value": 1e-12, "p_adjusted": 1e-12, "conf_low": 0.297, "conf_high": 0.4021,
    }  # fmt: skip
    fitted = drivers.model(drivers=["staff"], p_adjust="none")
    fitted = drivers.changed(fitted, "estimates", "staff", **(told | changes))
    return dataclasses.replace(fitted, r2=0.7012, n=1944)


# ── gaps ──────────────────────────────────────────────────────────────────────────────────


def test_a_gap_is_one_sentence_in_apa_style(made: ModuleType) -> None:
    table = display_apa(made.result([reliability(made)]))
    assert sentences(table) == [
        "Reliability: M(perception) = 5.46, M(expectation) = 6.30, t(390) = −17.31, p < .001 "
        "(Holm-adjusted p < .001), d_z = −0.88, 95% CI of the gap [−0.93, −0.74]."
    ]
    assert table.name == "apa_servqual_gaps"
    assert table.caption == "Statistics in APA style, to copy"
    assert table.data.loc[0, "statistic"] == -17.314


def test_a_gap_reads_the_same_in_spanish(made: ModuleType) -> None:
    table = display_apa(made.result([reliability(made)]), language="es")
    assert sentences(table) == [
        "Reliability: M(percepción) = 5,46; M(expectativa) = 6,30; t(390) = −17,31; p < 0,001 "
        "(p ajustada por Holm < 0,001); d_z = −0,88; "
        "IC del 95\u00a0% de la brecha [−0,93; −0,74]."
    ]


def test_dimensions_and_overall_scores_are_told_and_items_and_groups_are_not(
    made: ModuleType,
) -> None:
    told = sentences(display_apa(made.bank()))
    assert [sentence.partition(":")[0] for sentence in told] == [
        "Tangibles", "Reliability", "Responsiveness", "Assurance", "Empathy",
        "All dimensions", "All dimensions, by importance",
    ]  # fmt: skip
    assert all("Holm" in sentence for sentence in told[:5])
    assert not any("adjusted" in sentence for sentence in told[5:])


@pytest.mark.parametrize(
    ("method", "told"),
    [("bh", "p = .032 (Benjamini–Hochberg-adjusted p = .064), d_z"), ("none", "p = .032, d_z")],
)
def test_the_adjustment_is_named_where_there_is_one(
    made: ModuleType, method: str, told: str
) -> None:
    row = reliability(made, p_value=0.032, p_adjusted=0.064)
    assert told in sentences(display_apa(made.result([row], p_adjust=method)))[0]


def test_a_test_without_degrees_of_freedom_is_a_z(made: ModuleType) -> None:
    table = display_apa(made.result([reliability(made, df=NAN)]))
    assert ", z = −17.31, p < .001" in sentences(table)[0]


def test_fractional_degrees_of_freedom_have_one_decimal(made: ModuleType) -> None:
    table = display_apa(made.result([reliability(made, df=301.24)]))
    assert "t(301.2) = " in sentences(table)[0]


def test_hidden_rows_and_rows_that_were_not_estimated_are_left_out(made: ModuleType) -> None:
    rows = [
        reliability(made),
        made.row("a", -0.4, NAN),
        made.row("b", NAN, NAN),
        reliability(made, suppressed=True),
        reliability(made, statistic=-math.inf),
    ]
    table = display_apa(made.result(rows))
    assert len(sentences(table)) == 1
    assert "4 rows without a test or an estimate are left out." in table.notes
    assert UNDEFINED not in sentences(table)[0]


def test_labels_that_are_given_go_before_those_of_the_battery(made: ModuleType) -> None:
    gaps = made.result([reliability(made)])
    assert sentences(display_apa(gaps, labels={"reliability": "Keeps its word"}))[0].startswith(
        "Keeps its word: M(perception)"
    )


def test_weighted_gaps_say_so_and_a_wide_scale_has_one_decimal(made: ModuleType) -> None:
    table = display_apa(
        made.result([reliability(made)], weighted=True, scale_low=0.0, scale_high=100.0)
    )
    assert "M(perception) = 5.5, " in sentences(table)[0]
    assert any("case weights" in note for note in table.notes)


# ── driver models and shares ──────────────────────────────────────────────────────────────


def test_a_driver_and_the_model_have_a_sentence_each(drivers: ModuleType) -> None:
    table = display_apa(one_coefficient(drivers), labels={"staff": "Friendliness of staff"})
    assert sentences(table) == [
        "Friendliness of staff: b = 0.35, SE = 0.02, t(933) = 13.04, p < .001, "
        "95% CI [0.30, 0.40].",
        "Model: R² = .70, n = 1,944, HC3 standard errors.",
    ]
    assert table.name == "apa_driver_model"
    assert table.data["group"].tolist() == ["driver", "model"]
    assert table.data["estimate"].tolist() == [0.3496, 0.7012]


def test_a_driver_and_the_model_read_the_same_in_spanish(drivers: ModuleType) -> None:
    assert sentences(display_apa(one_coefficient(drivers), language="es")) == [
        "staff: b = 0,35; EE = 0,02; t(933) = 13,04; p < 0,001; IC del 95\u00a0% [0,30; 0,40].",
        "Modelo: R² = 0,70; n = 1944; errores estándar HC3.",
    ]


def test_a_small_standard_error_is_not_rounded_to_zero(drivers: ModuleType) -> None:
    fitted = one_coefficient(
        drivers, estimate=0.0034, std_error=0.0011, conf_low=0.0012, conf_high=0.0056
    )
    told = sentences(display_apa(fitted))[0]
    assert "b = 0.003, SE = 0.001, " in told
    assert told.endswith("95% CI [0.001, 0.006].")


def test_adjusted_p_stands_beside_p_in_a_model(drivers: ModuleType) -> None:
    fitted = one_coefficient(drivers, p_value=0.02, p_adjusted=0.04)
    told = sentences(display_apa(dataclasses.replace(fitted, p_adjust="holm")))[0]
    assert "p = .020 (Holm-adjusted p = .040), 95% CI" in told


def test_a_logit_has_z_and_names_its_fit(drivers: ModuleType) -> None:
    table = display_apa(drivers.model(kind="binary", top_box=8))
    *told, model = sentences(table)
    assert len(told) == len(drivers.DRIVERS)
    assert all(", z = " in sentence for sentence in told)
    assert model.startswith("Model: McFadden's R² = .")


@pytest.mark.parametrize("kind", ["classical", "hc1", "cluster", "design"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_of_standard_error_has_its_words(
    drivers: ModuleType, kind: str, language: str
) -> None:
    fitted = dataclasses.replace(one_coefficient(drivers), std_errors=kind)
    told = sentences(display_apa(fitted, language=language))[-1]
    assert ("HC1" in told) == (kind == "hc1")


def test_a_model_without_numbers_gives_an_empty_table(drivers: ModuleType) -> None:
    fitted = dataclasses.replace(one_coefficient(drivers, std_error=NAN), r2=NAN)
    table = display_apa(fitted)
    assert sentences(table) == []
    assert "1 row without a test or an estimate is left out." in table.notes


def test_a_share_has_its_bootstrap_interval_and_its_whole(drivers: ModuleType) -> None:
    shares = drivers.importance(40, drivers=["staff"])
    part = {"estimate": 0.134, "conf_low": 0.1071, "conf_high": 0.1599}
    frame = shares.estimates.assign(**part)
    shares = dataclasses.replace(
        shares, estimates=frame, r2=0.7012, r2_controls=0.5672, n_boot=1000
    )
    table = display_apa(shares)
    assert sentences(table) == [
        "staff: share = .134 of R² = .70, 95% bootstrap CI [.107, .160], B = 1,000."
    ]
    assert table.name == "apa_driver_importance"
    assert "Intervals from 1,000 resamples (percentile)." in table.notes
    assert sentences(display_apa(shares, language="es")) == [
        "staff: parte = 0,134 de R² = 0,70; IC del 95\u00a0% por remuestreo [0,107; 0,160]; "
        "B = 1000."
    ]


def test_shares_without_replicates_have_no_interval(drivers: ModuleType) -> None:
    told = sentences(display_apa(drivers.importance(0)))
    assert len(told) == len(drivers.DRIVERS)
    assert all(" of R² = ." in sentence and "CI" not in sentence for sentence in told)


# ── experiments on episodes ───────────────────────────────────────────────────────────────


def test_differences_between_conditions_have_their_effect_size() -> None:
    people = pd.DataFrame(
        {"arm": ["plain"] * 4 + ["warm"] * 4, "memory": [4, 5, 6, 5, 6, 7, 7, 8]}
    )
    found = compare_conditions(people, outcome="memory", condition="arm", p_adjust="none")
    welch, pooled = sentences(display_apa(found))
    # t = 2 / sqrt(2 · (2/3) / 4); both spreads alike, so Welch's df are 6
    assert welch.startswith(
        "warm − plain, as observed (Welch): M difference = 2.00, SE = 0.58, t(6) = 3.46, "
        "p = .013, 95% CI [0.59, 3.41], Hedges' g = 2.13, 95% CI of g ["
    )
    assert pooled.endswith("SE = 0.58, t(6) = 3.46, p = .013, 95% CI [0.59, 3.41].")


def test_a_mixed_model_tells_fixed_effects_and_differences(episodes: ModuleType) -> None:
    told = sentences(display_apa(episodes.mixed()))
    assert told[0].startswith("Intercept: b = ")
    assert any(sentence.startswith("warm − plain: M difference = ") for sentence in told)


# ── what holds for all ────────────────────────────────────────────────────────────────────


def test_nothing_is_shown_of_nothing() -> None:
    assert display_apa(None) is None


def test_a_result_without_sentences_is_refused() -> None:
    with pytest.raises(CxError, match="no statistics in APA style for a DataFrame"):
        display_apa(pd.DataFrame())


def test_hostile_labels_are_escaped_in_html_and_one_line_in_the_cell(
    made: ModuleType, drivers: ModuleType
) -> None:
    for table in (
        display_apa(made.result([reliability(made, label=HOSTILE)])),
        display_apa(made.result([reliability(made)]), labels={"reliability": HOSTILE}),
        display_apa(one_coefficient(drivers), labels={"staff": HOSTILE}),
        display_apa(drivers.importance(0), labels=dict.fromkeys(drivers.DRIVERS, HOSTILE)),
    ):
        assert sentences(table)[0].startswith("<script>{x}</script>: ")
        assert "<script" not in table.to_html()


def test_a_right_to_left_name_is_isolated_from_the_numbers(drivers: ModuleType) -> None:
    told = sentences(display_apa(one_coefficient(drivers), labels={"staff": "צוות"}))[0]
    assert told.startswith("\u2068צוות\u2069: b = 0.35")


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_table_has_the_note_on_italics_and_no_dash_for_a_number(
    made: ModuleType, drivers: ModuleType, episodes: ModuleType, language: str
) -> None:
    arms = episodes.arms({"plain": 0.0, "warm": 0.8, "cold": 0.1}, covariate=True)
    for result in (
        made.bank(), drivers.model(), drivers.importance(40), arms, episodes.mixed(),
    ):  # fmt: skip
        table = display_apa(result, language=language)
        assert "APA" in table.notes[0]
        assert not any(f"= {UNDEFINED}" in sentence for sentence in sentences(table))


def test_brackets_that_leave_out_zero_show_no_end_rounded_to_zero() -> None:
    formats = Formats.of("en")
    assert formats.brackets(0.0004, 0.02) == "[0.0004, 0.0200]"
    assert formats.brackets(-0.2, 0.004) == "[−0.20, 0.00]"
    assert formats.brackets(0.107, 0.16, 3, bounded=True) == "[.107, .160]"
    assert formats.brackets(NAN, NAN) == UNDEFINED
