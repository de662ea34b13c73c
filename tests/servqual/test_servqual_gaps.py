"""Gap analysis reaches R's answers and says what it could not do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxresearch.codebook.model import Column
from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.responses.model import Responses, Source
from cxresearch.results import Result
from cxresearch.servqual import ServqualGapsResult, servqual_gaps

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]

GOLDENS = [
    "servqual_gaps.json",
    "servqual_gaps_weighted.json",
    "servqual_gaps_faults.json",
    "servqual_gaps_faults_weighted.json",
]


def assert_frames_agree(found: pd.DataFrame, rows: list[dict[str, Any]], rtol: float) -> None:
    expected = pd.DataFrame(rows)
    assert set(found.columns) == set(expected.columns)
    for name in found.columns:
        if found[name].dtype == object or found[name].dtype == bool:
            assert found[name].tolist() == expected[name].tolist(), name
        else:
            np.testing.assert_allclose(
                found[name], expected[name].astype(float), rtol=rtol, atol=1e-13, err_msg=name
            )


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_r(name: str, read_answers: Read, golden: Golden) -> None:
    expected = golden(name)
    found = servqual_gaps(read_answers(expected["data"]), **expected["options"])
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    for table in ("estimates", "differences", "importance"):
        assert_frames_agree(getattr(found, table), values.pop(table), rtol)
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


@pytest.mark.parametrize("name", GOLDENS)
def test_p_values_agree_with_r_far_out_in_the_tail(
    name: str, read_answers: Read, golden: Golden
) -> None:
    expected = golden(name)
    found = servqual_gaps(read_answers(expected["data"]), **expected["options"])
    p = np.array([row["p_value"] for row in expected["values"]["estimates"]], dtype=float)
    assert np.nanmin(p) < 1e-60
    np.testing.assert_allclose(found.estimates["p_value"], p, rtol=1e-8)


def test_overall_is_the_mean_over_dimensions_and_not_over_items(read_answers: Read) -> None:
    rows = servqual_gaps(read_answers("data/servqual.csv"), weighted=False).estimates
    by_term = rows.set_index("term")["estimate"]
    assert by_term["overall"] == pytest.approx(-0.93465, abs=5e-6)
    assert by_term[by_term.index.str.startswith("item_")].mean() == pytest.approx(
        -0.96670, abs=5e-6
    )


def test_importance_is_multiplied_within_each_respondent(read_answers: Read) -> None:
    found = servqual_gaps(read_answers("data/servqual.csv"), weighted=False)
    gaps = found.estimates.set_index("term")["estimate"]
    of_means = (found.importance.set_index("term")["estimate"] / 100 * gaps).sum()
    assert gaps["overall_weighted"] == pytest.approx(-1.07514, abs=5e-6)
    assert of_means == pytest.approx(-1.07977, abs=5e-6)


def test_item_5_has_the_exact_interval_of_d_z(read_answers: Read) -> None:
    rows = servqual_gaps(read_answers("data/servqual.csv"), weighted=False).estimates
    item = rows.set_index("term").loc["item_5"]
    assert item["statistic"] == pytest.approx(-18.5309, abs=5e-5)
    assert (item["d_z_low"], item["d_z_high"]) == pytest.approx((-1.0433, -0.8089), abs=5e-5)


def test_weights_matter_only_by_their_ratios(read_answers: Read) -> None:
    once = read_answers("data/servqual_faults.csv")
    tenfold = read_answers("data/servqual_faults.csv")
    tenfold.frame["weight"] *= 10
    found = [servqual_gaps(r, segments=["segment"]) for r in (once, tenfold)]
    for table in ("estimates", "differences", "importance"):
        before, after = (getattr(result, table) for result in found)
        pd.testing.assert_frame_equal(before, after, rtol=1e-12)


def test_equal_weights_without_missing_answers_change_nothing(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    responses.frame["weight"] = 3.0
    plain = servqual_gaps(responses, weighted=False).estimates
    weighted = servqual_gaps(responses, weighted=True).estimates
    same = ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "sd", "d_z", "n"]
    pd.testing.assert_frame_equal(plain[same], weighted[same], rtol=1e-10)


def test_weights_are_used_when_there_are_any_and_not_forbidden(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    assert servqual_gaps(responses).weighted
    assert servqual_gaps(responses, weighted=True).weighted
    assert servqual_gaps(responses, weighted="yes").weighted
    assert not servqual_gaps(responses, weighted="no").weighted
    assert not servqual_gaps(responses, weighted=False).weighted


def test_a_gap_is_perception_minus_expectation_of_the_same_respondents(
    make_responses: Make,
) -> None:
    nan = np.nan
    responses = make_responses(
        {"E01": [7.0, 7.0, nan, 5.0, 6.0], "P01": [5.0, nan, 1.0, 5.0, 5.0]}
    )
    row = servqual_gaps(responses).estimates.iloc[0]
    assert (row["n"], row["expectation"], row["perception"]) == (3, 6, 5)
    assert row["estimate"] == -1


def test_a_constant_gap_has_no_test_no_interval_and_no_effect(make_responses: Make) -> None:
    responses = make_responses({"E01": [7.0, 6.0, 5.0, 6.0], "P01": [6.0, 5.0, 4.0, 5.0]})
    row = servqual_gaps(responses).estimates.iloc[0]
    undefined = ["statistic", "p_value", "p_adjusted", "d_z", "d_z_low", "d_z_high"]
    assert (row["note"], row["estimate"], row["sd"]) == ("constant", -1, 0)
    assert row[[*undefined, "conf_low", "conf_high"]].isna().all()
    assert row["d_av"] == pytest.approx(-1 / np.sqrt(2 / 3))


def test_a_constant_gap_is_seen_through_rounding(make_responses: Make) -> None:
    thirds = {f"E{i:02d}": [7.0, 6.0, 5.0, 6.0] for i in (1, 2, 3)}
    thirds |= {"P01": [6.0, 5.0, 4.0, 5.0], "P02": [6.0, 5.0, 4.0, 5.0]}
    thirds |= {"P03": [7.0, 6.0, 5.0, 6.0]}
    rows = servqual_gaps(make_responses(thirds)).estimates.set_index("term")
    assert rows.loc[["staff", "overall"], "note"].tolist() == ["constant", "constant"]


def test_an_item_one_person_answered_has_nan_and_a_note(make_responses: Make) -> None:
    nan = np.nan
    columns = {
        "E01": [7.0, 6.0, 6.0],
        "P01": [6.0, 5.0, 6.0],
        "E02": [7.0, 6.0, 6.0],
        "P02": [5.0, nan, nan],
    }
    row = servqual_gaps(make_responses(columns)).estimates.set_index("term").loc["item_2"]
    assert (row["note"], row["n"]) == ("too_few", 1)
    assert np.isnan(row["estimate"])


def test_an_item_nobody_answered_is_not_counted_in_its_family(make_responses: Make) -> None:
    columns = {
        "E01": [7.0, 6.0, 6.0, 5.0],
        "P01": [6.0, 5.0, 6.0, 5.0],
        "E02": [7.0, 6.0, 6.0, 5.0],
        "P02": [np.nan] * 4,
    }
    rows = servqual_gaps(make_responses(columns)).estimates.set_index("term")
    assert rows.loc["item_2", "n"] == 0
    assert rows.loc["item_1", "p_adjusted"] == rows.loc["item_1", "p_value"]


def test_an_analysis_of_servperf_points_and_segments_gives_empty_tables(
    make_responses: Make,
) -> None:
    found = servqual_gaps(make_responses({"E01": [7.0, 6.0, 6.0], "P01": [6.0, 5.0, 6.0]}))
    assert found.importance.empty
    assert found.differences.empty
    assert list(found.importance.columns)[:3] == ["term", "label", "estimate"]
    assert {"df_denominator", "groups", "lowest"} <= set(found.differences.columns)
    assert "overall_weighted" not in set(found.estimates["term"])


def test_waves_are_compared_in_the_order_of_the_study(read_answers: Read) -> None:
    answers = read_answers("data/servqual.csv")
    answers.frame["wave"] = np.where(answers.frame["id"] > 150, "autumn", "spring")
    waves = tuple(
        Source(file="f", sha256="", rows=1, columns=1, format="csv", wave=w)
        for w in ("spring", "autumn")
    )
    responses = Responses(
        codebook=answers.codebook,
        frame=answers.frame,
        missing=answers.missing,
        quality=answers.quality,
        flow=answers.flow,
        sources=waves,
    )
    found = servqual_gaps(responses, segments=["wave"], weighted=False)
    groups = found.estimates.query("segment == 'wave'")["group"]
    assert list(dict.fromkeys(groups)) == ["spring", "autumn"]
    assert set(found.differences["groups"]) == {"spring − autumn"}


def test_the_family_of_an_overall_score_within_a_segment_is_its_groups(
    read_answers: Read,
) -> None:
    found = servqual_gaps(read_answers("data/servqual.csv"), segments=["segment"])
    rows = found.estimates.query("segment == 'segment' and term == 'overall'")
    everybody = found.estimates.query("segment == '' and term == 'overall'").iloc[0]
    assert everybody["p_adjusted"] == everybody["p_value"]
    assert rows["p_adjusted"].min() == pytest.approx(3 * rows["p_value"].min())


class TestRefusals:
    def test_a_battery_without_expectations(self, make_responses: Make) -> None:
        responses = make_responses({"P01": [5.0, 6.0]}, perception="P{item:02d}")
        with pytest.raises(CxError, match=r"the battery has \['perception'\].*of expectation"):
            servqual_gaps(responses)

    def test_an_unknown_segment_with_a_hint(self, read_answers: Read) -> None:
        with pytest.raises(CxError, match=r"\['segmnt'\] not found.*did you mean 'segment'"):
            servqual_gaps(read_answers("data/servqual.csv"), segments=["segmnt"])

    def test_one_respondent(self, make_responses: Make) -> None:
        with pytest.raises(ResponseError, match="1 respondents; at least 2 are needed"):
            servqual_gaps(make_responses({"E01": [7.0], "P01": [6.0]}))

    def test_one_respondent_with_a_weight(self, make_responses: Make) -> None:
        columns = {"E01": [7.0, 6.0], "P01": [6.0, 6.0], "weight": [1.0, 0.0]}
        with pytest.raises(ResponseError, match="1 respondents with a weight, of 2"):
            servqual_gaps(make_responses(columns))

    def test_a_negative_weight(self, make_responses: Make) -> None:
        columns = {"E01": [7.0, 6.0], "P01": [6.0, 6.0], "weight": [1.0, -2.0]}
        with pytest.raises(ResponseError, match="1 of 2 are negative"):
            servqual_gaps(make_responses(columns))

    def test_weights_that_are_not_there(self, make_responses: Make) -> None:
        responses = make_responses({"E01": [7.0, 6.0], "P01": [6.0, 6.0]})
        with pytest.raises(CxError, match="names no column of role weight"):
            servqual_gaps(responses, weighted=True)

    def test_a_dimension_called_overall(self, make_responses: Make) -> None:
        responses = make_responses({"E01": [7.0, 6.0], "P01": [6.0, 6.0]}, {"overall": [1]})
        with pytest.raises(CxError, match="a dimension cannot be called 'overall'"):
            servqual_gaps(responses)

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ({"confidence_level": 95}, "confidence_level must be a number between 0 and 1"),
            ({"min_answered": 1.2}, "min_answered must be a number from 0 to 1"),
            ({"min_cell": -1}, "min_cell must be a whole number of at least 0"),
            ({"p_adjust": "bonferroni"}, "p_adjust must be one of 'holm', 'bh', 'none'"),
            ({"weighted": "maybe"}, "weighted must be one of 'auto', 'yes', 'no', True, False"),
            ({"battery": "servperf"}, "battery must be one of 'servqual'"),
        ],
    )
    def test_an_option_outside_its_range(
        self, option: dict[str, Any], message: str, make_responses: Make
    ) -> None:
        responses = make_responses({"E01": [7.0, 6.0], "P01": [6.0, 6.0]})
        with pytest.raises(CxError, match=message):
            servqual_gaps(responses, **option)

    def test_a_result_whose_books_do_not_balance(self, make_responses: Make) -> None:
        found = servqual_gaps(make_responses({"E01": [7.0, 6.0, 6.0], "P01": [6.0, 5.0, 6.0]}))
        payload = found.to_dict()
        estimates = payload["fields"]["estimates"]["__frame__"]
        next(c for c in estimates if c["name"] == "estimate")["values"][0] = 0.5
        with pytest.raises(EstimationError, match="gap is not perception − expectation"):
            Result.from_dict(payload)


class TestNotes:
    def test_zero_and_missing_weights_are_counted(self, read_answers: Read) -> None:
        found = servqual_gaps(read_answers("data/servqual_faults.csv"))
        assert {"weight_missing:6", "weight_zero:4"} <= set(found.notes)
        assert found.n == 390

    def test_points_and_unknown_groups_are_counted(self, read_answers: Read) -> None:
        responses = read_answers("data/servqual_faults.csv")
        found = servqual_gaps(responses, weighted=False, segments=["segment"])
        assert found.notes == (
            "points_rescaled:9",
            "points_rejected:7",
            "points_missing:12",
            "segment_unknown:segment:8",
        )


def test_a_result_survives_json(read_answers: Read) -> None:
    found = servqual_gaps(
        read_answers("data/servqual_faults.csv"), segments=["segment", "region"]
    )
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    back = Result.from_dict(payload)
    assert isinstance(back, ServqualGapsResult)
    for table in ("estimates", "differences", "importance"):
        pd.testing.assert_frame_equal(getattr(back, table), getattr(found, table))
    assert (back.segments, back.notes, back.n) == (found.segments, found.notes, found.n)


def test_glance_is_one_row_with_the_overall_gap(read_answers: Read) -> None:
    glance = servqual_gaps(read_answers("data/servqual.csv"), weighted=False).glance()
    assert len(glance) == 1
    assert glance["estimate"].item() == pytest.approx(-0.93465)
    assert glance["estimate_by_importance"].item() == pytest.approx(-1.07514)
    assert (glance["items"].item(), glance["dimensions"].item()) == (22, 5)


def test_a_segment_may_be_named_by_a_text_alone_and_only_once(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    assert servqual_gaps(responses, segments="segment").segments == ("segment",)
    assert servqual_gaps(responses, segments=["segment", "segment"]).segments == ("segment",)


def test_a_segment_nobody_belongs_to_has_no_rows(make_responses: Make) -> None:
    columns = {"E01": [7.0, 6.0], "P01": [6.0, 6.0], "branch": [None, None]}
    found = servqual_gaps(make_responses(columns), segments=["branch"])
    assert found.notes == ("segment_unknown:branch:2",)
    assert found.differences.empty


answers = st.integers(1, 7).map(float)
complete = st.lists(st.tuples(answers, answers, answers, answers), min_size=4, max_size=25)
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMERIC = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "d_z", "n"]


def columns_of(rows: list[tuple[float, ...]]) -> dict[str, list[float]]:
    return dict(
        zip(("E01", "P01", "E02", "P02"), map(list, zip(*rows, strict=True)), strict=True)
    )


@quick
@given(rows=complete, shift=st.integers(-3, 3))
def test_adding_a_constant_to_both_parts_leaves_the_gaps(
    rows: list[tuple[float, ...]], shift: int, make_responses: Make
) -> None:
    shifted = [tuple(value + shift for value in row) for row in rows]
    before, after = (
        servqual_gaps(make_responses(columns_of(r))).estimates for r in (rows, shifted)
    )
    pd.testing.assert_frame_equal(before[NUMERIC], after[NUMERIC], rtol=1e-9, atol=1e-9)


@quick
@given(rows=complete, seed=st.integers(0, 1000), weighted=st.booleans())
def test_the_order_of_respondents_changes_nothing(
    rows: list[tuple[float, ...]], seed: int, weighted: bool, make_responses: Make
) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(columns_of(rows)).assign(
        branch=rng.choice(["Town", "City"], len(rows))
    )
    if weighted:
        frame["weight"] = rng.uniform(0.5, 2, len(rows))
    shuffled = frame.iloc[rng.permutation(len(rows))]
    before, after = (
        servqual_gaps(make_responses(dict(f)), segments=["branch"], min_cell=2)
        for f in (frame, shuffled)
    )
    pd.testing.assert_frame_equal(before.estimates, after.estimates, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(before.differences, after.differences, rtol=1e-7, atol=1e-9)


@quick
@given(rows=complete)
def test_the_order_of_items_permutes_the_items_and_leaves_the_dimension(
    rows: list[tuple[float, ...]], make_responses: Make
) -> None:
    one, other = (
        servqual_gaps(make_responses(columns_of(rows), {"staff": keys})).estimates.set_index(
            "term"
        )
        for keys in ([1, 2], [2, 1])
    )
    pd.testing.assert_frame_equal(one[NUMERIC], other.loc[one.index, NUMERIC], rtol=1e-12)


@quick
@given(data=st.data())
def test_n_is_the_number_of_rows_used(data: st.DataObject, make_responses: Make) -> None:
    maybe = st.one_of(answers, st.just(float("nan")))
    rows = data.draw(st.lists(st.tuples(maybe, maybe, maybe, maybe), min_size=2, max_size=20))
    columns = columns_of(rows)
    frame = pd.DataFrame(columns)
    found = servqual_gaps(make_responses(columns), min_answered=1).estimates.set_index("term")
    assert found.loc["item_1", "n"] == len(frame[["E01", "P01"]].dropna())
    assert found.loc["staff", "n"] == len(frame.dropna())


def test_a_column_of_another_role_is_no_segment(read_answers: Read) -> None:
    answers = read_answers("data/servqual.csv")
    outcome = Column(name="OSAT", column="OSAT", role="outcome", label="Satisfaction")
    codebook = type(answers.codebook)(
        survey="s",
        columns=(*answers.codebook.columns, outcome),
        batteries=answers.codebook.batteries,
    )
    responses = Responses(
        codebook=codebook,
        frame=answers.frame,
        missing=answers.missing,
        quality=answers.quality,
        flow=answers.flow,
        sources=(),
    )
    with pytest.raises(CxError, match=r"the segment columns are \['segment'\]"):
        servqual_gaps(responses, segments=["OSAT"])
