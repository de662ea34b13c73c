"""What readers see of measurement invariance: the ladder, latent means and one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
from cxresearch.psychometrics import InvarianceResult, measurement_invariance
from cxresearch.responses.model import Flow, Responses
from cxresearch.sentences import findings, retell
from cxresearch.tables import display_invariance, display_latent_means

DATA = Path(__file__).resolve().parents[1] / "reference" / "data"
HOLZINGER = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}


def by_school(**options: object) -> InvarianceResult:
    frame = pd.read_csv(DATA / "psychometrics_holzinger_school.csv")
    return measurement_invariance(frame, HOLZINGER, group="school", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def partial() -> InvarianceResult:
    return by_school()


@pytest.fixture(scope="module")
def failed() -> InvarianceResult:
    return by_school(search=False)


def nothing() -> InvarianceResult:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(200, 4)), columns=list("abcd"))
    frame["school"] = np.repeat(["A", "B"], 100)
    frame.loc[frame["school"] == "B", "c"] = 4.0
    return measurement_invariance(frame, {"f": list("abcd")}, group="school")


def test_the_ladder_names_each_step_and_whether_it_holds(partial: InvarianceResult) -> None:
    table = display_invariance(partial)
    assert table.shown["What is equal"].tolist() == [
        "the same dimensions",
        "loadings too",
        "intercepts too",
        "intercepts but the freed",
        "residual variances too",
    ]
    assert table.shown["Holds"].tolist() == ["yes", "yes", "no", "yes", "yes"]
    assert table.shown.loc[2, ["Δχ²", "Δdf", "p", "ΔCFI"]].tolist() == [
        "40.84",
        "6",
        "< .001",
        "−.039",
    ]
    assert any("Cheung & Rensvold 2002; Chen 2007" in note for note in table.notes)
    assert any("intercept of x3 and intercept of x7" in note for note in table.notes)


def test_latent_means_are_shown_where_they_can_be_compared_only(
    partial: InvarianceResult, failed: InvarianceResult
) -> None:
    table = display_latent_means(partial)
    assert table is not None
    assert table.shown["Difference (SD)"].tolist() == ["−0.06", "−0.62", "+0.10"]
    assert "in group Grant-White" in table.notes[0]
    assert display_latent_means(failed) is None
    notes = display_invariance(failed).notes
    assert any("means are not compared" in note for note in notes)


def test_a_ladder_that_could_not_be_climbed_says_why() -> None:
    table = display_invariance(nothing())
    assert len(table.shown) == 0
    assert "Left out: B (the same answer from everybody to c)." in table.notes


def test_groups_that_use_the_scale_differently_are_named(failed: InvarianceResult) -> None:
    (told,) = findings(failed)
    assert told.text == (
        "Customers in Grant-White and Pasteur use the scale differently (most in x3, x7): "
        "compare their scores and gaps with care, a difference may lie in how they answer."
    )
    assert (told.topic, told.sure, told.result) == ("quality", "clear", "invariance")


def test_items_found_in_the_same_answers_only_seem_to_differ(partial: InvarianceResult) -> None:
    (told,) = findings(partial)
    assert told.text.startswith("By school, 2 questions seem to work differently (x3, x7)")
    (named,) = findings(by_school(partial=("x3", "x7")))
    assert named.text.startswith("By school, 2 questions work differently (x3, x7)")


def test_no_difference_found_is_not_told_as_no_difference() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        rng.normal(size=(400, 1)) + rng.normal(size=(400, 4)), columns=list("abcd")
    )
    frame["wave"] = np.repeat([1, 2], 200)
    found = measurement_invariance(frame, {"f": list("abcd")}, group="wave")
    (told,) = findings(found)
    assert told.text.startswith("By wave, nothing was found that forbids comparing scores")
    assert found.names == ("1", "2")


def test_what_could_not_be_checked_is_said() -> None:
    (told,) = findings(nothing())
    assert told.sure == "not_decided"
    assert "could not be checked" in told.text


@pytest.mark.parametrize("made", ["partial", "failed"])
def test_spanish_tells_the_same_and_retells_from_json(
    made: str, request: pytest.FixtureRequest
) -> None:
    result = request.getfixturevalue(made)
    (told,) = findings(result)
    kept = json.loads(json.dumps(told.to_dict()))
    assert retell(kept, "en") == told.text
    assert retell(kept, "es") == findings(result, language="es")[0].text
    assert "puntuaciones" in retell(kept, "es")
    assert display_invariance(result, language="es").shown["Se cumple"].iloc[2] == "no"


def test_a_battery_gives_the_model_and_its_dimensions_their_names() -> None:
    rng = np.random.default_rng(3)
    items = tuple(Item(key=k, text=f"Item {k}") for k in range(1, 5))
    battery = Battery(
        name="desk",
        scale=ResponseScale(name="agree7", low=1, high=7),
        parts={"expectation": "E{item}", "perception": "P{item}"},
        scales=(Scale(name="staff", label="Our staff", items=items),),
    )
    answers = rng.normal(size=(300, 1)) + rng.normal(size=(300, 4)) + 4
    frame = pd.DataFrame(answers, columns=["P1", "P2", "P3", "P4"])
    frame["wave"] = np.repeat(["spring", "autumn"], 150)
    codebook = Codebook(survey="Desk", batteries=(battery,))
    responses = Responses(
        codebook=codebook,
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=300),
        sources=(),
    )
    found = measurement_invariance(responses, group="wave", reference="spring")
    assert found.items == ("P1", "P2", "P3", "P4")
    table = display_latent_means(found, codebook=codebook)
    assert table is not None
    assert table.shown.loc[0, ["Dimension", "Group", "Compared with"]].tolist() == [
        "Our staff",
        "autumn",
        "spring",
    ]


def five_steps(top: float, shift: float) -> InvarianceResult:
    """Two groups that answer four questions on five steps; one question is shifted in B."""
    rng = np.random.default_rng(8)
    halo = rng.normal(size=(800, 1))
    under = 0.8 * halo + 0.6 * rng.normal(size=(800, 4))
    under[400:, 0] += shift
    frame = pd.DataFrame(np.digitize(under, np.linspace(-2.4, top, 4)), columns=list("abcd"))
    frame["school"] = np.repeat(["A", "B"], 400)
    return measurement_invariance(frame, {"f": list("abcd")}, group="school", search=False)


def test_answers_piled_up_on_few_steps_make_the_sentence_hedge() -> None:
    piled, even = five_steps(0.0, 0.6), five_steps(2.4, 0.6)
    assert piled.verdict == even.verdict == "not_comparable"
    assert "coarse_skewed:5" in piled.notes
    assert "coarse_skewed:5" not in even.notes
    (hedged,), (said,) = findings(piled), findings(even)
    assert hedged.text.startswith("By school, groups may use the scale differently")
    assert (hedged.sure, said.sure) == ("likely", "clear")
    assert any("piled up at one end" in note for note in display_invariance(piled).notes)
    assert not any("piled up" in note for note in display_invariance(even).notes)
    assert retell(json.loads(json.dumps(hedged.to_dict())), "es") != hedged.text
