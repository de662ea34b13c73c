"""What difference scores can bear: equal to R, and plain about what cannot be computed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch._dependent_correlations import williams_test
from cxresearch._moments import column_moments
from cxresearch.codebook.model import Column
from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result
from cxresearch.servqual import (
    GapQualityResult,
    difference_score_quality,
    response_surface,
    servperf,
    study_gap_quality,
    study_surface,
    study_zone,
    zone_of_tolerance,
)
from cxresearch.servqual._gap_reliability import PartMoments, gap_reliability
from cxresearch.servqual._surface_fit import (
    delta_errors,
    fit,
    places_of,
    resampled_coefficients,
    stationary_kind,
    surface_design,
    terms_of,
)
from cxresearch.servqual._surface_tables import SurfaceData, comparisons_table
from cxresearch.servqual._zone_tables import _classes, _measured

Golden = Callable[[str], Any]
Make = Callable[..., Responses]

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
FULL = {
    "TAN": range(1, 5), "REL": range(5, 10), "RES": range(10, 14), "ASS": range(14, 18),
    "EMP": range(18, 23),
}  # fmt: skip
SHORT = {"TAN": range(1, 5), "REL": range(5, 10), "RES": range(10, 11)}
OSAT = Column(name="OSAT", column="OSAT", role="outcome", label="Satisfaction")
PAIR = {"expectation": "E{item:02d}", "perception": "P{item:02d}"}
PARTS = PAIR | {"minimum": "M{item:02d}", "desired": "D{item:02d}"}


def with_outcome(responses: Responses) -> Responses:
    columns = (*responses.codebook.columns, OSAT)
    return dataclasses.replace(
        responses, codebook=dataclasses.replace(responses.codebook, columns=columns)
    )


@pytest.fixture
def read(make_responses: Make) -> Callable[[str], Responses]:
    """A function from the name of a reference file to its responses with the outcome."""

    def answers(file: str) -> Responses:
        frame = pd.read_csv(REFERENCE / file)
        numbers = [name for name in frame if name[0] in "PEMDWO" or name == "weight"]
        frame = frame.astype(dict.fromkeys(numbers, float))
        short = "M01" in frame
        made = make_responses(
            dict(frame.items()),
            SHORT if short else FULL,
            points="" if short else "W_{dimension}",
            **(PARTS if short else PAIR),
        )
        return with_outcome(made)

    return answers


Read = Callable[[str], Responses]


def assert_frames_agree(
    found: pd.DataFrame,
    rows: list[dict[str, Any]],
    rtol: float,
    resampled: dict[str, float] | None = None,
) -> None:
    """Closed forms at rtol, the columns of resamples at so many standard errors."""
    expected = pd.DataFrame(rows)
    assert set(found.columns) == set(expected.columns)
    assert len(found) == len(expected)
    for name in found.columns:
        number = pd.api.types.is_numeric_dtype(found[name]) and found[name].dtype != bool
        if not number:
            assert found[name].tolist() == expected[name].tolist(), name
            continue
        wanted = expected[name].astype(float)
        if resampled and name in resampled:
            off = (found[name] - wanted).abs()
            assert found[name].isna().tolist() == wanted.isna().tolist(), name
            assert (off.dropna() < resampled[name]).all(), (name, off.tolist())
        else:
            np.testing.assert_allclose(found[name], wanted, rtol=rtol, atol=1e-12, err_msg=name)


def assert_fields_agree(found: Result, values: dict[str, Any]) -> None:
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


# ── reliability of gaps ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["gap_quality.json", "gap_quality_one_item.json", "gap_quality_weighted.json"]
)
def test_quality_agrees_with_r(name: str, read: Read, golden: Golden) -> None:
    expected = golden(name)
    found = difference_score_quality(read(expected["data"]), **expected["options"])
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    share = expected["tolerance"]["resampled"]
    widest = share * found.estimates["std_error"].max()
    ends = dict.fromkeys(("std_error", "conf_low", "conf_high"), widest)
    assert_frames_agree(found.estimates, values.pop("estimates"), rtol, ends)
    validity, rows = found.validity, values.pop("validity")
    ends = dict.fromkeys(("std_error", "conf_low", "conf_high"), share * 0.03)
    if found.weighted:
        # The test under weights rests on the bootstrap error: held against it, not against R.
        by_error = validity["estimate"] / validity["std_error"]
        np.testing.assert_allclose(validity["statistic"], by_error)
        assert validity["p_value"].between(0, 1).all()
        own = ["statistic", "p_value", "p_adjusted"]
        validity = validity.drop(columns=own)
        rows = [{k: v for k, v in row.items() if k not in own} for row in rows]
    assert_frames_agree(validity, rows, rtol, ends)
    assert_fields_agree(found, values)


def test_the_published_golden_of_williams_and_lord(read: Read) -> None:
    found = difference_score_quality(
        read("data/servqual.csv"), outcome="OSAT", overall="items", weighted=False, n_boot=100
    )
    last = found.validity.iloc[-1]
    assert last["r_perception"] == pytest.approx(0.441803305857518, rel=1e-12)
    assert last["r_gap"] == pytest.approx(0.369463190435753, rel=1e-12)
    assert last["statistic"] == pytest.approx(2.83459601324812, rel=1e-10)
    assert last["p_value"] == pytest.approx(0.00482281526621354, rel=1e-10)
    tangibles = found.estimates.iloc[0]
    assert tangibles["estimate"] == pytest.approx(0.6571, abs=5e-5)
    assert tangibles["alpha_gap"] == pytest.approx(0.6469, abs=5e-5)
    assert found.notes == ("expectation_restricted:REL",)


@settings(max_examples=40, deadline=None)
@given(alpha=st.floats(0.3, 0.95), r=st.floats(-0.5, 0.9), sd=st.floats(0.2, 5.0))
def test_with_equal_parts_both_formulas_agree(alpha: float, r: float, sd: float) -> None:
    part = PartMoments(total=np.array(sd**2), alpha=np.array(alpha))
    gap = PartMoments(total=np.array(2 * sd**2 * (1 - r)), alpha=np.array(0.5))
    found = gap_reliability(part, part, gap)
    assert float(found.lord) == pytest.approx(float(found.lord_equal), rel=1e-6, abs=1e-9)
    assert float(found.lord) == pytest.approx((alpha - r) / (1 - r), rel=1e-6, abs=1e-9)


def test_a_top_box_expectation_raises_the_warning(make_responses: Make) -> None:
    rng = np.random.default_rng(4)
    answers = {f"P0{i}": rng.integers(1, 8, 80).astype(float) for i in (1, 2)}
    answers |= {f"E0{i}": np.where(rng.random(80) < 0.2, 6.0, 7.0) for i in (1, 2)}
    found = difference_score_quality(make_responses(answers), n_boot=100)
    assert found.estimates["warning"].tolist() == ["ceiling_restricted"]
    assert found.notes == ("expectation_ceiling:staff", "expectation_restricted:staff")


def test_equal_answers_and_single_items_have_no_reliability(make_responses: Make) -> None:
    rng = np.random.default_rng(4)
    rated = {f"P0{i}": rng.integers(1, 8, 30).astype(float) for i in (1, 2)}
    same = rated | {f"E{name[1:]}": values for name, values in rated.items()}
    with_osat = with_outcome(make_responses(same | {"OSAT": np.arange(30.0)}))
    found = difference_score_quality(with_osat, outcome="OSAT", n_boot=100)
    assert found.estimates["note"].tolist() == ["constant"]
    assert np.isnan(found.estimates["estimate"]).all()
    assert found.validity["note"].tolist() == ["constant"]
    one = {"P01": rated["P01"], "E01": rated["P02"]}
    single = difference_score_quality(make_responses(one), n_boot=100)
    assert single.estimates["note"].tolist() == ["one_item"]
    assert len(single.validity) == 0


def test_a_constant_outcome_and_few_answers_are_said(make_responses: Make) -> None:
    rng = np.random.default_rng(4)
    answers = {f"{p}0{i}": rng.integers(1, 8, 30).astype(float) for i in (1, 2) for p in "PE"}
    flat = with_outcome(make_responses(answers | {"OSAT": np.full(30, 4.0)}))
    assert difference_score_quality(flat, outcome="OSAT", n_boot=100).validity[
        "note"
    ].tolist() == ["constant"]
    short = {name: values[:3] for name, values in answers.items()}
    few = difference_score_quality(make_responses(short), n_boot=100)
    assert few.estimates["note"].tolist() == ["too_few"]


def test_arguments_of_quality_are_checked(read: Read) -> None:
    responses = read("data/servqual.csv")
    with pytest.raises(CxError, match="overall must be one of 'dimensions', 'items'"):
        difference_score_quality(responses, overall="item")  # type: ignore[arg-type]
    with pytest.raises(CxError, match="n_boot must be a whole number of at least 100"):
        difference_score_quality(responses, n_boot=10)
    with pytest.raises(CxError, match="outcome must be one of"):
        difference_score_quality(responses, outcome="osat", n_boot=100)
    with pytest.raises(CxError, match="has the role segment and is not a rating"):
        difference_score_quality(responses, outcome="segment", n_boot=100)


def test_the_same_seed_gives_the_same_interval(read: Read) -> None:
    responses = read("data/servqual.csv")
    one, two = (difference_score_quality(responses, n_boot=100, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    other = difference_score_quality(responses, n_boot=100, seed=4)
    assert not np.allclose(one.estimates["conf_low"], other.estimates["conf_low"])


def test_a_result_of_quality_balances_its_books(read: Read) -> None:
    found = difference_score_quality(read("data/servqual.csv"), outcome="OSAT", n_boot=100)
    broken = found.estimates.assign(r_gap_perception=0.1)
    with pytest.raises(EstimationError, match="does not follow from sds"):
        dataclasses.replace(found, estimates=broken)
    again = Result.from_dict(json.loads(json.dumps(found.to_dict())))
    assert isinstance(again, GapQualityResult)
    assert again.glance()["lowest_reliability"].iloc[0] == found.estimates["estimate"].min()


def test_a_study_takes_its_first_outcome_where_it_has_one(read: Read) -> None:
    responses = read("data/servqual.csv")
    assert study_gap_quality(responses).outcome == "OSAT"
    columns = [c for c in responses.codebook.columns if c.role != "outcome"]
    without = dataclasses.replace(responses.codebook, columns=tuple(columns))
    found = study_gap_quality(dataclasses.replace(responses, codebook=without))
    assert (found.outcome, len(found.validity)) == ("", 0)


def test_williams_without_four_respondents_is_undefined() -> None:
    assert np.isnan(williams_test(0.4, 0.3, 0.5, n=3).p_value)
    assert np.isnan(williams_test(0.4, 0.4, 1.0, n=30).p_value)


# ── response surface ──────────────────────────────────────────────────────────────────────

SURFACES = [
    "response_surface.json",
    "response_surface_hc3.json",
    "response_surface_weighted.json",
]


@pytest.mark.parametrize("name", SURFACES)
def test_the_surface_agrees_with_r(name: str, read: Read, golden: Golden) -> None:
    expected = golden(name)
    found = response_surface(read(expected["data"]), **expected["options"])
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    rows = values.pop("estimates")
    own = ["boot_low", "boot_high"]
    closed = [{k: v for k, v in row.items() if k not in own} for row in rows]
    assert_frames_agree(found.estimates.drop(columns=own), closed, rtol)
    shape = found.estimates["group"] != "place"
    for end in own:
        theirs = np.array([row[end] for row in rows])
        off = np.abs(found.estimates[end] - theirs) / found.estimates["std_error"]
        assert (off[shape] < expected["tolerance"]["resampled"]).all(), end
        assert np.isfinite(found.estimates[end]).all()
    for table in ("comparisons", "models", "density"):
        assert_frames_agree(getattr(found, table), values.pop(table), rtol)
    assert_fields_agree(found, values)


def test_the_verdict_follows_from_the_tests(read: Read) -> None:
    found = response_surface(read("data/servqual_zone.csv"), n_boot=200, weighted=False)
    p = found.comparisons.set_index("term")["p_adjusted"]
    assert found.verdict == "refuted"
    assert p[["difference_linear", "difference_surface"]].min() < 0.05
    states = found.conditions.set_index("term")["state"]
    a4 = found.estimates.set_index("term").loc["a4"]
    assert states["a4"] == ("met" if a4["conf_high"] < 0 else "not_shown")
    assert (found.congruence == "supported") == (states == "met").all()


def test_a_gap_that_is_the_truth_is_not_refuted_and_noise_is_no_relation(
    make_responses: Make,
) -> None:
    rng = np.random.default_rng(8)
    received, hoped = rng.integers(1, 8, (2, 400)).astype(float)
    noise = rng.normal(size=400)
    answers = {"P01": received, "E01": hoped}
    true = make_responses(answers | {"OSAT": 4 + 0.5 * (received - hoped) + noise})
    assert response_surface(with_outcome(true), n_boot=100).verdict == "not_refuted"
    nothing = with_outcome(make_responses(answers | {"OSAT": noise}))
    assert response_surface(nothing, n_boot=100).verdict == "no_relation"


def test_congruence_is_supported_where_meeting_expectations_is_best(
    make_responses: Make,
) -> None:
    rng = np.random.default_rng(8)
    received, hoped = rng.integers(1, 8, (2, 1500)).astype(float)
    noise = rng.normal(size=1500) * 0.5
    best = 6 - 0.3 * (received - hoped) ** 2 + noise
    answers = {"P01": received, "E01": hoped, "OSAT": best}
    found = response_surface(with_outcome(make_responses(answers)), n_boot=300)
    assert found.congruence == "supported"
    worst = with_outcome(make_responses(answers | {"OSAT": -best}))
    assert response_surface(worst, n_boot=300).congruence == "contradicted"


def test_places_do_not_move_with_the_unit_of_the_outcome() -> None:
    beta = np.array([4.0, 0.5, -0.2, -0.1, 0.15, -0.2])
    np.testing.assert_allclose(places_of(3 * beta)[:2], places_of(beta)[:2])
    np.testing.assert_allclose(places_of(3 * beta)[2:], places_of(beta)[2:])
    first, second = places_of(beta)[3], places_of(beta)[5]
    assert first * second == pytest.approx(-1.0)
    assert np.isnan(terms_of(np.array([1.0, 1, 1, 0, 0, 0]))[11:]).all()


@pytest.mark.parametrize(
    ("beta", "kind"),
    [
        ([0, 0, 0, -1, 0.5, -1], "maximum"),
        ([0, 0, 0, 1, 0.5, 1], "minimum"),
        ([0, 0, 0, 1, 0.5, -1], "saddle"),
        ([0, 1, -1, 0, 0, 0], "none"),
        ([0, 0, 0, -1, 2, -1], "none"),
    ],
)
def test_level_places_have_names(beta: list[float], kind: str) -> None:
    assert stationary_kind(np.array(beta, dtype=float)) == kind


def test_imaginary_steps_give_the_gradient() -> None:
    beta = np.array([4.0, 0.5, -0.2, -0.1, 0.15, -0.2])
    covariance = np.diag(np.arange(1.0, 7.0)) / 100
    step = 1e-6
    moved = [(places_of(beta + e) - places_of(beta - e)) / (2 * step) for e in step * np.eye(6)]
    gradient = np.array(moved).T
    expected = np.sqrt(np.einsum("tp,pq,tq->t", gradient, covariance, gradient))
    np.testing.assert_allclose(delta_errors(places_of, beta, covariance), expected, rtol=1e-6)


def test_a_resample_without_spread_has_no_coefficients() -> None:
    x = np.column_stack([np.ones(4), [1.0, 2.0, 3.0, 4.0]])
    counts = np.array([[1.0, 1, 1, 1], [4.0, 0, 0, 0]])
    found = resampled_coefficients(x, np.array([2.0, 3.0, 4.0, 5.0]), np.ones(4), counts)
    np.testing.assert_allclose(found[0], [1.0, 1.0])
    assert np.isnan(found[1]).all()


@pytest.mark.realdata
def test_the_published_surface_of_motivation_and_contentment() -> None:
    path = REFERENCE.parents[1].parent / "shared" / "goldens" / "rsa_motcon" / "motcon.csv"
    if not path.exists():
        pytest.skip("the data of RSA::motcon stay outside the repository")
    frame = pd.read_csv(path).dropna()
    data = SurfaceData(
        perception=frame["ePow"].to_numpy(),
        expectation=frame["iPow"].to_numpy(),
        outcome=frame["postVA"].to_numpy(),
        weights=None,
    )
    surface = data.fitted("surface", std_errors="classical")
    linear = data.fitted("linear", std_errors="classical")
    found = terms_of(surface.beta)
    np.testing.assert_allclose(
        found[6:15],
        [0.555328941895814, -0.0478294304752904, 0.0395797634500733, -0.293637636813722,
         0.159053015642476, -11.5334895997871, -3.51633081748679, 0.420564034701397,
         0.341344639722991],
        rtol=1e-9,
    )  # fmt: skip
    errors = delta_errors(terms_of, surface.beta, surface.covariance)
    assert errors[6] == pytest.approx(0.16961067146302, rel=1e-9)
    tests = comparisons_table(surface, linear).set_index("term")
    assert tests.loc["difference_linear", "statistic"] == pytest.approx(8.7311, abs=5e-5)
    assert tests.loc["difference_linear", "p_value"] == pytest.approx(0.0041, abs=5e-5)
    assert tests.loc["difference_surface", "statistic"] == pytest.approx(3.3193, abs=5e-5)
    assert tests.loc["difference_surface", "p_value"] == pytest.approx(0.0146, abs=1e-4)


def test_surfaces_that_cannot_be_had_say_why(make_responses: Make, read: Read) -> None:
    rng = np.random.default_rng(8)
    received, hoped = rng.integers(1, 8, (2, 60)).astype(float)
    rated = {"P01": received, "E01": hoped, "OSAT": rng.normal(size=60)}

    def made(**other: Any) -> Responses:
        return with_outcome(make_responses(rated | other))

    with pytest.raises(ResponseError, match="'OSAT' is the same for all 60 respondents"):
        response_surface(made(OSAT=np.full(60, 3.0)))
    with pytest.raises(ResponseError, match="the gap is the same for all 60 respondents"):
        response_surface(made(E01=received))
    with pytest.raises(EstimationError, match="take too few values for a curved surface"):
        response_surface(made(E01=np.where(hoped > 4, 7.0, 6.0)))
    short = {name: values[:8] for name, values in rated.items()}
    with pytest.raises(ResponseError, match=r"8 respondents have all answers; .* at least 12"):
        response_surface(with_outcome(make_responses(short)))
    with pytest.raises(CxError, match="name the outcome: the codebook has no column"):
        response_surface(make_responses(rated))
    with pytest.raises(CxError, match="dimension must be one of"):
        response_surface(made(), dimension="staf")
    with pytest.raises(CxError, match="with case weights use std_errors='hc3'"):
        response_surface(read("data/servqual_zone.csv"), std_errors="classical")
    assert study_surface(make_responses(rated)) is None
    assert study_surface(made(E01=received)) is None
    assert study_surface(made()) is not None


# ── zone of tolerance ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["zone.json", "zone_weighted.json"])
def test_zones_agree_with_r(name: str, read: Read, golden: Golden) -> None:
    expected = golden(name)
    found = zone_of_tolerance(read(expected["data"]), **expected["options"])
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    for table in ("estimates", "zones"):
        assert_frames_agree(getattr(found, table), values.pop(table), rtol)
    assert_fields_agree(found, values)


def zone_answers(low: list[float], high: list[float], got: list[float]) -> dict[str, Any]:
    return {"M01": low, "D01": high, "P01": got}


def made_zone(make: Make, answers: dict[str, Any]) -> Responses:
    parts = {part: PARTS[part] for part in ("minimum", "desired", "perception")}
    return make(answers, {"staff": [1]}, **parts)


@pytest.mark.parametrize(
    ("got", "zone"),
    [
        ([2.0, 3.0, 2.0, 3.0, 2.0, 1.0], "below"),
        ([5.0, 5.0, 5.0, 6.0, 5.0, 4.0], "within"),
        ([7.0, 7.0, 7.0, 7.0, 7.0, 6.0], "above"),
        ([4.0, 5.0, 3.0, 4.0, 5.0, 4.0], "not_decided"),
    ],
)
def test_the_class_goes_by_intervals(make_responses: Make, got: list[float], zone: str) -> None:
    low, high = [4.0, 4.0, 4.0, 3.0, 4.0, 4.0], [6.0, 6.0, 6.0, 7.0, 6.0, 6.0]
    if zone == "above":
        high = [6.0, 6.0, 6.0, 6.0, 5.0, 5.0]
    found = zone_of_tolerance(made_zone(make_responses, zone_answers(low, high, got)))
    assert found.zones["zone"].tolist() == [zone] * 3


def test_answers_that_contradict_themselves_are_left_out_and_counted(
    make_responses: Make,
) -> None:
    low, high, got = [4.0, 6.0, 4.0, 5.0], [6.0, 5.0, 7.0, 5.0], [5.0, 1.0, 6.0, 6.0]
    found = zone_of_tolerance(made_zone(make_responses, zone_answers(low, high, got)))
    row = found.zones.iloc[0]
    assert (found.misordered, found.misordered_respondents) == (1, 1)
    assert (row["n"], row["misordered"], row["no_width"]) == (3.0, 1.0, 1.0)
    adequacy = found.estimates.query("measure == 'adequacy'")["estimate"].iloc[0]
    assert adequacy == pytest.approx(4 / 3)


def test_a_zone_without_width_has_no_position(make_responses: Make) -> None:
    same = [5.0, 4.0, 5.0, 4.0]
    answers = zone_answers(same, same, [5.0, 5.0, 6.0, 3.0])
    found = zone_of_tolerance(made_zone(make_responses, answers))
    position = found.estimates.query("measure == 'position'")
    assert position["estimate"].isna().all()
    assert found.zones["no_width"].tolist() == [4.0] * 3


def test_positions_are_zero_at_the_minimum_and_one_at_the_desired_level(
    make_responses: Make,
) -> None:
    low, high = np.array([2.0, 3.0, 4.0]), np.array([6.0, 5.0, 7.0])
    for got, position in ((low, 0.0), (high, 1.0)):
        answers = zone_answers(list(low), list(high), list(got))
        found = zone_of_tolerance(made_zone(make_responses, answers))
        shown = found.estimates.query("measure == 'position'")["estimate"]
        np.testing.assert_allclose(shown, position)


def test_a_study_without_zones_has_none(read: Read, make_responses: Make) -> None:
    responses = read("data/servqual.csv")
    assert study_zone(responses) is None
    assert study_zone(responses, battery="servqual") is None
    with pytest.raises(CxError, match="no battery has the parts minimum, desired and"):
        zone_of_tolerance(responses)
    with pytest.raises(CxError, match=r"\['minimum', 'desired'\] are missing"):
        zone_of_tolerance(responses, battery="servqual")
    found = study_zone(read("data/servqual_zone.csv"), battery="servqual")
    assert found is not None
    broken = found.zones.assign(desired=found.zones["desired"] + 1)
    with pytest.raises(EstimationError, match="width is not desired − minimum"):
        dataclasses.replace(found, zones=broken)


# ── SERVPERF ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["servperf.json", "servperf_weighted.json"])
def test_servperf_agrees_with_r(name: str, read: Read, golden: Golden) -> None:
    expected = golden(name)
    found = servperf(read(expected["data"]), **expected["options"])
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    for table in ("estimates", "overall"):
        assert_frames_agree(getattr(found, table), values.pop(table), rtol)
    assert_fields_agree(found, values)


def test_the_ways_of_summing_up_differ_as_published(read: Read) -> None:
    found = servperf(read("data/servqual.csv"), weighted=False)
    gap = found.overall[found.overall["group"] == "gap"].set_index("term")["estimate"]
    assert gap["over_dimensions"] == pytest.approx(-0.93465, abs=5e-6)
    assert gap["over_items"] == pytest.approx(-0.96670, abs=5e-6)
    assert gap["own_points"] == pytest.approx(-1.07514, abs=5e-6)
    assert gap["mean_points"] == pytest.approx(-1.07977, abs=5e-6)
    assert gap["covariance"] == pytest.approx(0.00463, abs=5e-6)


def test_equal_points_add_nothing(read: Read) -> None:
    responses = read("data/servqual.csv")
    even = responses.frame.assign(**{f"W_{name}": 20.0 for name in FULL})
    found = servperf(dataclasses.replace(responses, frame=even)).overall
    wide = found.pivot(index="group", columns="term", values="estimate")
    np.testing.assert_allclose(wide["own_points"], wide["over_dimensions"])
    np.testing.assert_allclose(wide["covariance"], 0.0, atol=1e-12)


def test_servperf_needs_perceptions_only(make_responses: Make) -> None:
    answers = {"P01": [4.0, 5.0, 6.0], "P02": [3.0, 5.0, np.nan]}
    made = make_responses(answers, {"staff": [1, 2]}, perception="P{item:02d}")
    found = servperf(made)
    assert found.estimates.set_index("term").loc["staff", "n"] == 3.0
    assert found.overall["group"].unique().tolist() == ["perception"]
    lacking = make_responses({"E01": [4.0, 5.0]}, {"staff": [1]}, expectation="E{item:02d}")
    with pytest.raises(CxError, match="SERVPERF needs the part perception"):
        servperf(lacking)
    with pytest.raises(EstimationError, match="over_items of perception is not"):
        dataclasses.replace(found, overall=found.overall.assign(estimate=[1.0, 2.0, 3.0]))


# ── coverage, in small ────────────────────────────────────────────────────────────────────


def test_intervals_of_the_shape_cover_in_small_samples_with_unequal_spread() -> None:
    rng = np.random.default_rng(11)
    beta = np.array([4.5, 0.5, -0.1, -0.15, 0.2, -0.2])
    truth, hits = terms_of(beta)[6:11], []
    for _ in range(200):
        received, expected = rng.normal(size=(2, 120))
        spread = np.clip(1 - 0.25 * received, 0.4, 2.0)
        x = surface_design(received, expected)
        found = fit(x, x @ beta + spread * rng.normal(size=120), None, std_errors="hc3")
        error = delta_errors(terms_of, found.beta, found.covariance)[6:11]
        half = 1.98 * error
        hits.append(np.abs(terms_of(found.beta)[6:11] - truth) < half)
    # 1000 intervals of a level of 95%: four standard errors of a share, dependence allowed for.
    assert 0.91 < np.mean(hits) < 0.99


def test_places_on_the_border_are_rarely_told_as_inside_or_below() -> None:
    rng = np.random.default_rng(11)
    low = rng.normal(4.0, 0.8, size=(80, 1000))
    got, high = low + rng.normal(0.0, 1.0, size=low.shape), low + 2.0
    measured = [
        _measured(column_moments(x), 0.95, measure="adequacy") for x in (got - low, got - high)
    ]
    classes = np.array(_classes(*measured))
    assert 0.005 < np.mean(classes == "within") < 0.05
    assert 0.005 < np.mean(classes == "below") < 0.05
    assert np.mean(classes == "not_decided") > 0.9
