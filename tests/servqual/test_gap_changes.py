"""Change over waves: R's tests, and panels told apart from cross-sections."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.codebook.model import Column
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses, Source
from cxresearch.results import Result
from cxresearch.servqual import GapChangesResult, gap_changes

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]
NUMBERS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")


def waved(responses: Responses, wave: Any, ids: Any = None, cluster: Any = None) -> Responses:
    """The responses with waves, and ids and clusters where given."""
    columns = list(responses.codebook.columns)
    frame = responses.frame.assign(wave=list(wave))
    for role, values in (("id", ids), ("cluster", cluster)):
        if values is not None:
            columns.append(Column(name=f"the_{role}", column="x", role=role, label=role))  # type: ignore[arg-type]
            frame[f"the_{role}"] = [None if v is None else str(v) for v in values]
    names = list(dict.fromkeys(wave))
    sources = tuple(
        Source(file=f"{name}.csv", sha256="", rows=0, columns=0, format="csv", wave=name)
        for name in names
    )
    codebook = replace(responses.codebook, columns=tuple(columns))
    return replace(responses, codebook=codebook, frame=frame, sources=sources)


def changes(responses: Responses, **options: Any) -> GapChangesResult:
    found = gap_changes(responses, **options)
    assert found is not None
    return found


def ids_of(kind: str) -> list[int]:
    ids = list(range(400))
    if kind == "paired":
        ids[200:] = range(200)
    if kind == "overlapping":
        ids[320:] = range(80)
    return ids


@pytest.mark.parametrize("number", range(6))
def test_changes_agree_with_r(number: int, read_answers: Read, golden: Golden) -> None:
    values = golden("servqual_changes.json")["values"]
    case = values["estimates"][number]
    responses = read_answers("data/servqual_faults.csv")
    frame = responses.frame.assign(weight=values["weight"])
    responses = waved(
        replace(responses, frame=frame),
        values["wave"],
        ids_of(case["kind"]),
        values["cluster"] if case["clusters"] else None,
    )
    found = changes(responses, weighted=case["weighted"], p_adjust="none")
    assert found.pairs["comparison"].tolist() == [case["kind"]]
    assert found.weighted == case["weighted"]
    rows = found.estimates.set_index("term")
    for expected in case["rows"]:
        for name in NUMBERS:
            assert rows.loc[expected["term"], name] == pytest.approx(expected[name], rel=1e-8)
    np.testing.assert_allclose(rows["gap_last"] - rows["gap_first"], rows["estimate"])
    np.testing.assert_allclose(
        rows["change_perception"] - rows["change_expectation"], rows["estimate"], atol=1e-12
    )


def test_a_panel_with_persons_as_clusters_is_the_paired_test(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    wave = ["a"] * 200 + ["b"] * 200
    panel = waved(responses, wave, ids_of("paired"))
    paired = changes(panel, weighted=False).estimates
    cross = changes(panel, weighted=False, comparison="overlapping").estimates
    np.testing.assert_allclose(paired["std_error"], cross["std_error"], rtol=1e-9)


def test_those_who_left_the_panel_are_left_out(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    wave = ["a"] * 250 + ["b"] * 150
    found = changes(waved(responses, wave, [*range(250), *range(150)]), weighted=False)
    told = found.pairs.iloc[0]
    assert (told["comparison"], told["people"], told["n_first"]) == ("paired", 150, 250)
    assert (found.estimates["n"] <= 150).all()


def test_ids_that_are_mere_row_numbers_raise_a_doubt(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    wave = ["a"] * 200 + ["b"] * 200
    found = changes(waved(responses, wave, ids_of("paired")))
    assert found.notes == ("waves_unrelated:a → b",)
    assert changes(waved(responses, wave, ids_of("independent"))).notes == ()


def test_three_waves_are_compared_step_by_step_and_as_a_whole(read_answers: Read) -> None:
    wave = ["w1"] * 130 + ["w2"] * 130 + ["w3"] * 140
    found = changes(waved(read_answers("data/servqual.csv"), wave))
    assert found.pairs["group"].tolist() == ["w1 → w2", "w2 → w3", "w1 → w3"]
    rows = found.estimates.query("term == 'overall'")["estimate"].tolist()
    assert rows[0] + rows[1] == pytest.approx(rows[2])
    glance = found.glance().iloc[0]
    assert (glance["group"], glance["comparison"]) == ("w1 → w3", "independent")
    dimensions = found.estimates.query("level == 'dimension'")
    assert (dimensions["p_adjusted"] >= dimensions["p_value"]).all()
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Result.from_dict(payload).to_dict() == found.to_dict()


def test_a_small_wave_takes_every_change_that_uses_it_along(read_answers: Read) -> None:
    wave = ["w1"] * 5 + ["w2"] * 185 + ["w3"] * 210
    found = changes(waved(read_answers("data/servqual.csv"), wave))
    # w1 is too small and w2 is hidden with it: from both and the total w1 could be had.
    assert found.estimates["suppressed"].all()
    numbers = found.estimates.select_dtypes("number")
    assert numbers.isna().all().all()


def test_few_people_in_both_waves_are_not_shown(read_answers: Read) -> None:
    wave = ["a"] * 200 + ["b"] * 200
    ids = [*range(200), *range(195, 395)]
    responses = waved(read_answers("data/servqual.csv"), wave, ids)
    assert changes(responses).pairs["comparison"].tolist() == ["overlapping"]
    paired = changes(responses, comparison="paired")
    assert paired.estimates["suppressed"].all()


def test_what_cannot_be_compared(read_answers: Read, make_responses: Make) -> None:
    responses = read_answers("data/servqual.csv")
    assert gap_changes(responses) is None
    assert gap_changes(waved(responses, ["only"] * 400)) is None
    wave = ["a"] * 200 + ["b"] * 200
    with pytest.raises(CxError, match="no id stands in both waves 'a' and 'b'"):
        gap_changes(waved(responses, wave), comparison="paired")
    with pytest.raises(ResponseError, match=r"wave 'a': 1 id\(s\) stand for more than one"):
        gap_changes(waved(responses, wave, [0, 0, *range(2, 400)]))
    with pytest.raises(CxError, match="comparison must be one of"):
        gap_changes(waved(responses, wave), comparison="panel")


def test_intervals_of_changes_cover(make_responses: Make) -> None:
    rng = np.random.default_rng(6)
    hits = []
    for _ in range(200):
        person = rng.normal(size=60)
        stayed = person[20:] + 0.3 + rng.normal(size=40)
        new = rng.normal(size=20) * 1.41 + 0.3
        p = np.concatenate([person + rng.normal(size=60), stayed, new])
        ids = [*range(60), *range(20, 60), *range(60, 80)]
        responses = waved(
            make_responses({"E01": np.zeros(120), "P01": p}), ["a"] * 60 + ["b"] * 60, ids
        )
        row = changes(responses).estimates.iloc[0]
        hits.append(row["conf_low"] <= 0.3 <= row["conf_high"])
    assert np.mean(hits) == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 200))


def test_equal_gaps_have_no_test(make_responses: Make) -> None:
    answers = pd.DataFrame({"E01": [5.0] * 24, "P01": [4.0] * 24})
    found = changes(waved(make_responses(dict(answers)), ["a"] * 12 + ["b"] * 12))
    row = found.estimates.iloc[0]
    assert (row["estimate"], row["note"]) == (0.0, "constant")
    assert np.isnan([row["std_error"], row["p_value"], row["conf_low"]]).all()
