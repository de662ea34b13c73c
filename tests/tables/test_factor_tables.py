"""Tables of factor models say what the results hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxresearch.psychometrics import (
    DistinctnessResult,
    confirmatory_factors,
    distinct_scales,
    exploratory_factors,
    factor_reliability,
    htmt,
    item_analysis,
)
from cxresearch.tables import (
    display_cfa,
    display_efa,
    display_factor_reliability,
    display_fit,
    display_htmt,
    display_item_analysis,
)

MODEL = {name: [f"{name}{i}" for i in range(3)] for name in ("staff", "room", "food")}
LABELS = {"staff0": "Polite <b>staff</b>", "staff": "The staff"}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    phi = np.full((3, 3), 0.4) + 0.6 * np.eye(3)
    factors = rng.multivariate_normal(np.zeros(3), phi, 400)
    x = 0.75 * np.repeat(factors, 3, axis=1) + 0.66 * rng.normal(size=(400, 9))
    return pd.DataFrame(x, columns=[item for items in MODEL.values() for item in items])


@pytest.fixture(scope="module")
def verdict(frame: pd.DataFrame) -> DistinctnessResult:
    return distinct_scales(frame, MODEL, n_boot=50)


def test_rival_models_stand_side_by_side(verdict: DistinctnessResult) -> None:
    table = display_fit(verdict)
    assert table.shown["Model"].tolist() == [
        "The intended dimensions", "One common factor", "Dimensions under one general factor",
        "General factor beside the dimensions",
    ]  # fmt: skip
    assert table.shown["Remark"].tolist()[2] == "fits as the intended dimensions do"
    assert table.shown["χ²"].tolist()[2] == "–"
    assert "MLR" in " ".join(table.notes)
    assert "gl" in display_fit(verdict, language="es").shown.columns


def test_own_models_can_be_compared(frame: pd.DataFrame) -> None:
    three = confirmatory_factors(frame, MODEL)
    one = confirmatory_factors(frame, {"g": list(frame.columns)})
    table = display_fit({"Three": three, "One": one})
    assert table.shown["df"].tolist() == ["24", "27"]
    steps = frame.apply(lambda column: pd.cut(column, [-9, -0.5, 0.7, 9], labels=False))
    ordinal = confirmatory_factors(steps, MODEL, estimator="wlsmv")
    assert "BIC" not in display_fit({"Ordered": ordinal}).shown.columns


def test_loadings_carry_intervals_and_labels(frame: pd.DataFrame) -> None:
    cfa = confirmatory_factors(frame, MODEL)
    table = display_cfa(cfa, labels=LABELS)
    assert len(table.shown) == 9
    assert table.shown["Item"][0] == "Polite <b>staff</b>"
    assert "&lt;b&gt;" in table._repr_html_()
    turned = confirmatory_factors(frame.assign(room1=-frame["room1"]), MODEL)
    assert any("room1 runs against" in note for note in display_cfa(turned).notes)


def test_pairs_with_and_without_a_verdict(
    frame: pd.DataFrame, verdict: DistinctnessResult
) -> None:
    table = display_htmt(verdict)
    assert table.shown["Read as"].tolist() == ["distinct"] * 3
    assert table.shown["Fornell–Larcker"].tolist() == ["met"] * 3
    plain = display_htmt(htmt(frame, MODEL, n_boot=50), labels=LABELS)
    assert plain.shown["Dimension"][0] == "The staff"
    assert "HTMT2" in plain.shown.columns


def test_reliability_efa_and_items(frame: pd.DataFrame) -> None:
    reliability = display_factor_reliability(
        factor_reliability(confirmatory_factors(frame, MODEL)), language="es"
    )
    assert reliability.shown["Fiabilidad compuesta"].str.startswith("0,").all()
    efa = display_efa(exploratory_factors(frame, 3))
    assert [item[:-1] for item in efa.shown["Item"]] in (
        [a for name in order for a in [name] * 3]
        for order in (
            ("staff", "room", "food"), ("staff", "food", "room"), ("room", "staff", "food"),
            ("room", "food", "staff"), ("food", "staff", "room"), ("food", "room", "staff"),
        )
    )  # fmt: skip
    items = display_item_analysis(item_analysis(frame.assign(food0=-frame["food0"]), MODEL))
    assert any("food0 runs against" in note for note in items.notes)


def test_a_verdict_offers_the_general_and_the_empirical_factors(
    verdict: DistinctnessResult,
) -> None:
    table = display_factor_reliability(verdict)
    assert table.shown["Dimension"].tolist() == ["staff", "room", "food"]
    assert (table.shown["Its own beside the general factor"] != "–").all()
    assert any(note.startswith("General factor: it carries") for note in table.notes)
    shown = display_efa(verdict, labels=LABELS).shown
    assert shown.columns.tolist() == ["Item", "Intended as", "F1", "F2", "F3"]
    assert sorted(shown["Intended as"]) == sorted(["The staff", "room", "food"] * 3)


def test_nothing_is_shown_of_a_verdict_that_could_not_be_had(
    verdict: DistinctnessResult,
) -> None:
    empty = replace(
        verdict,
        estimates=verdict.estimates[:0],
        models=verdict.models[:0],
        empirical=verdict.empirical[:0],
        scales=verdict.scales.assign(
            omega=np.nan, ave=np.nan, omega_specific=np.nan, congruence=np.nan
        ),
    )
    shown = (display_fit, display_htmt, display_factor_reliability, display_efa)
    assert [show(one) for show in shown for one in (empty, None)] == [None] * 8
