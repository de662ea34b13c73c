"""A survey with Kano's pairs gives the classes that the pairs give by themselves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.drivers import driver_table, kano_classes, study_kano
from cxresearch.errors import CxError
from cxresearch.responses.load import load_responses
from cxresearch.responses.model import Responses
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
HOTEL = Path(__file__).resolve().parents[2] / "data" / "hotel-stays"
CODEBOOK = """\
survey: Stays
response_scales:
  kano: {range: [1, 5]}
  rating: {range: [1, 10]}
columns: {osat: {role: outcome, scale: rating}}
batteries:
  features:
    scale: kano
    parts: {functional: "{item}_yes", dysfunctional: "{item}_no"}
    dimensions: {all_items: {wifi: Wireless internet, spa: Spa}}
"""
RATED = """\
  touchpoints: {scale: rating, column: "q{item}", dimensions: {all_items: 1-2}}
"""


def answers() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "data" / "drivers_models_kano.csv")
    rating = [1 + i % 10 for i in range(len(frame))]
    return frame.assign(osat=rating, q1=rating, q2=rating[::-1], w=[1 + i % 3 for i in rating])


def loaded(folder: Path, codebook: str, frame: pd.DataFrame | None = None) -> Responses:
    (folder / "codebook.yaml").write_text(codebook, encoding="utf-8")
    (answers() if frame is None else frame).to_csv(folder / "stays.csv", index=False)
    book = cx.load_codebook(folder / "codebook.yaml")
    return load_responses({"": folder / "stays.csv"}, book)


def test_a_study_gives_the_classes_of_its_pairs(tmp_path: Path) -> None:
    found = study_kano(loaded(tmp_path, CODEBOOK + RATED), confidence_level=0.9, seed=4)
    assert found is not None
    pairs = {"wifi": ("wifi_yes", "wifi_no"), "spa": ("spa_yes", "spa_no")}
    wanted = kano_classes(answers(), pairs=pairs, confidence_level=0.9, seed=4)
    pd.testing.assert_frame_equal(found.estimates, wanted.estimates)
    pd.testing.assert_frame_equal(found.classes, wanted.classes)
    assert found.labels == {"wifi": "Wireless internet", "spa": "Spa"}
    kept = Result.from_dict(found.to_dict())
    assert kept.labels == found.labels  # type: ignore[attr-defined]


def test_case_weights_are_used(tmp_path: Path) -> None:
    weighted = CODEBOOK.replace("columns: {", "columns: {w: {role: weight}, ")
    found = study_kano(loaded(tmp_path, weighted))
    assert found is not None
    wanted = kano_classes(
        answers(), pairs={"wifi": ("wifi_yes", "wifi_no"), "spa": ("spa_yes", "spa_no")},
        weights="w",
    )  # fmt: skip
    pd.testing.assert_frame_equal(found.estimates, wanted.estimates)
    assert found.weights == "w"


def test_answers_asked_the_other_way_round_are_turned(tmp_path: Path) -> None:
    turned = answers().assign(
        **{name: lambda f, name=name: 6 - f[name] for name in ("spa_yes", "spa_no")}
    )
    reverse = CODEBOOK + "    reverse_keyed: [spa]\n"
    plain = study_kano(loaded(tmp_path, CODEBOOK))
    found = study_kano(loaded(tmp_path, reverse, turned))
    assert plain is not None
    assert found is not None
    pd.testing.assert_frame_equal(found.classes, plain.classes)


def test_a_study_without_pairs_has_no_classes() -> None:
    responses = cx.load_study(HOTEL).responses()
    assert study_kano(responses) is None
    with pytest.raises(CxError, match=r"'touchpoints'.*functional and dysfunctional; the batt"):
        study_kano(responses, battery="touchpoints")
    with pytest.raises(CxError, match="did you mean 'touchpoints'"):
        study_kano(responses, battery="touchpoint")


def test_another_scale_than_one_to_five_is_refused(tmp_path: Path) -> None:
    longer = loaded(tmp_path, CODEBOOK.replace("[1, 5]", "[1, 7]"))
    with pytest.raises(
        CxError, match=r"'features': .* 1 \(like it\) .* 'kano' goes from 1 to 7"
    ):
        study_kano(longer)
    between = loaded(tmp_path, CODEBOOK.replace("[1, 5]", "[1, 5], whole: false"))
    with pytest.raises(CxError, match="from 1 to 5, whole: false"):
        study_kano(between)


def test_one_of_several_batteries_of_pairs_is_named(tmp_path: Path) -> None:
    second = (
        "  more: {scale: kano, parts: {functional: '{item}1', dysfunctional: '{item}2'}, "
        "dimensions: {all_items: [q]}}\n"
    )
    frame = answers().assign(q1=[2] * 149 + [3], q2=5)
    responses = loaded(tmp_path, CODEBOOK + second, frame)
    with pytest.raises(CxError, match=r"name the battery: \['features', 'more'\] have"):
        study_kano(responses)
    named = study_kano(responses, battery="more")
    assert named is not None
    assert named.classes["class"].tolist() == ["must_be"]


def test_pairs_are_no_drivers(tmp_path: Path) -> None:
    table = driver_table(loaded(tmp_path, CODEBOOK + RATED), outcome="osat")
    assert table.drivers == ("item_1", "item_2")
    alone = loaded(tmp_path, CODEBOOK)
    for drivers in ((), ["features"], ["features.spa"]):
        with pytest.raises(
            CxError, match="'features' holds Kano's pairs, which are no ratings"
        ):
            driver_table(alone, outcome="osat", drivers=drivers)
