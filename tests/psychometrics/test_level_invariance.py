"""Many small groups are compared as far as they bear it, and the rest is said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, EstimationError
from cxresearch.psychometrics import InvarianceResult, branches_invariance, level_invariance
from cxresearch.responses.model import Responses
from cxresearch.sentences import findings
from cxresearch.study import load_study
from cxresearch.tables import display_invariance

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
DATA = Path(__file__).resolve().parents[2] / "data"
MODEL = {"F": list("abcd"), "G": list("efgh")}
ITEMS = list("abcdefgh")


@dataclass(frozen=True)
class Pooled:
    """What `branches_invariance` needs of pooled gaps."""

    segment: str


def branches(
    seed: int = 1, *, n: int = 25, groups: int = 12, lift: float = 0.0
) -> pd.DataFrame:
    """Branches that differ in two factors; the first gets `lift` more in one question."""
    rng = np.random.default_rng(seed)
    of_row = np.repeat(np.arange(groups), n)
    spread = np.array([[1, 0.5], [0.5, 1]])
    factors = rng.multivariate_normal([0, 0], spread / 4, groups)[of_row]
    factors = factors + rng.multivariate_normal([0, 0], spread, len(of_row))
    answers = 0.8 * np.repeat(factors, 4, axis=1) + 0.6 * rng.normal(size=(len(of_row), 8))
    answers[of_row == 0, 0] += lift
    names = [f"b{k:02d}" for k in of_row]
    return pd.DataFrame(answers, columns=ITEMS).assign(branch=names)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_every_field_agrees_with_lavaan(estimator: str) -> None:
    name = f"psychometrics_levels_holzinger_{estimator}.json"
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    frame = pd.read_csv(REFERENCE / golden["data"])
    options, values = golden["options"], golden["values"]
    found = level_invariance(frame, options.pop("model"), **options)
    for field in ("ladder", "releases"):
        expected = pd.DataFrame(values.pop(field)).set_index("term")
        ours = getattr(found, field).set_index("term").loc[expected.index]
        for column in expected:
            if column in ("group", "parameter"):
                assert ours[column].tolist() == expected[column].tolist()
                continue
            np.testing.assert_allclose(
                ours[column].astype(float), expected[column].astype(float),
                rtol=golden["tolerance"][field], atol=1e-5, err_msg=column,
            )  # fmt: skip
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


def test_branches_that_differ_in_whole_dimensions_are_alike() -> None:
    found = level_invariance(branches(), MODEL, group="branch")
    assert (found.verdict, found.reasons) == ("comparable", ())
    assert found.notes == ("loadings_not_tested",)
    assert found.means.empty
    (finding,) = findings(found)
    assert "Whether they also hang together alike cannot be told" in finding.text
    notes = " ".join(display_invariance(found).notes)
    assert "loadings and covariances are taken as equal, not tested" in notes


def test_a_question_that_one_branch_answers_otherwise_is_found_and_freed() -> None:
    found = level_invariance(branches(2, n=40, lift=1.2), MODEL, group="branch")
    assert found.verdict == "comparable_partial"
    assert found.freed == ("intercept:a",)
    assert found.searched
    kept = level_invariance(branches(2, n=40, lift=1.2), MODEL, group="branch", search=False)
    assert kept.verdict in ("not_comparable", "unclear")
    assert kept.ladder.set_index("term").loc["scalar", "p_value"] < 0.001
    assert findings(kept)[0].text.startswith("Groups of branch")


def test_a_structure_that_does_not_hold_settles_nothing() -> None:
    wrong = {"F": list("abef"), "G": list("cdgh")}
    found = level_invariance(branches(n=40), wrong, group="branch")
    assert (found.verdict, found.reasons[0]) == ("unclear", "common_fails")
    assert "do not describe the answers well enough" in findings(found)[0].text


def test_the_level_of_the_test_is_near_five_percent() -> None:
    p_values = [
        level_invariance(branches(seed, n=50, groups=4), MODEL, group="branch", search=False)
        .ladder["p_value"]
        .iloc[1]
        for seed in range(20)
    ]
    # Four Monte-Carlo errors of 20 draws.
    assert np.mean(np.array(p_values) < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 20)


def test_units_and_order_change_nothing() -> None:
    frame = branches(3)
    before = level_invariance(frame, MODEL, group="branch").ladder
    moved = frame.assign(a=10 + 3 * frame["a"]).sample(frac=1, random_state=1)
    after = level_invariance(moved, MODEL, group="branch").ladder
    for column in ("statistic", "p_value", "cfi", "srmr"):
        np.testing.assert_allclose(after[column], before[column], rtol=1e-5, atol=1e-8)


def test_small_groups_and_missing_answers_are_left_out_and_named() -> None:
    frame = branches(4)
    frame.loc[frame["branch"] == "b03", "branch"] = [*["b03"] * 4, *[None] * 21]
    frame.loc[0, "a"] = np.nan
    found = level_invariance(frame, MODEL, group="branch")
    assert found.notes == (
        "loadings_not_tested", "rows_dropped:1", "group_unknown:21",
        "group_left_out:b03:too_small",
    )  # fmt: skip
    assert len(found.names) == 11
    alone = level_invariance(frame[frame["branch"] == "b01"], MODEL, group="branch")
    assert (alone.verdict, alone.reasons) == ("unclear", ("one_group",))


def test_result_survives_json() -> None:
    found = level_invariance(branches(), MODEL, group="branch")
    back = InvarianceResult.from_dict(json.loads(json.dumps(found.to_dict())))
    pd.testing.assert_frame_equal(back.tidy(), found.tidy(), check_dtype=False)


class TestStudies:
    """Which of the two a study's branches bear."""

    @pytest.fixture
    def responses(self) -> Responses:
        return load_study(DATA / "branch-network").responses()

    def test_small_branches_share_one_model(self, responses: Responses) -> None:
        found = branches_invariance(responses, Pooled("branch"))
        assert found is not None
        assert (found.group, len(found.names), found.verdict) == ("branch", 12, "comparable")
        assert "loadings_not_tested" in found.notes

    def test_large_groups_have_models_of_their_own(self, responses: Responses) -> None:
        found = branches_invariance(responses, Pooled("kind"))
        assert found is not None
        assert found.ladder["term"].iloc[0] == "configural"
        assert branches_invariance(responses, Pooled("kind"), besides=(None, found)) is None

    def test_nothing_pooled_is_nothing_looked_at(self, responses: Responses) -> None:
        assert branches_invariance(responses, None) is None


class TestRefusals:
    def test_what_is_not_compared_cannot_be_freed(self) -> None:
        with pytest.raises(CxError, match="only levels can differ here"):
            level_invariance(branches(), MODEL, group="branch", partial=["loading:a"])

    def test_an_item_that_does_not_vary_within_groups(self) -> None:
        frame = branches().assign(a=1.0)
        with pytest.raises(EstimationError, match="same answer from everybody"):
            level_invariance(frame, MODEL, group="branch")
