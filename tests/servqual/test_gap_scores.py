"""Scores of respondents, importance points and small cells, without a survey around them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cxresearch.servqual._points import importance_points
from cxresearch.servqual._scores import items_needed, score_gaps
from cxresearch.servqual._segments import COMPLEMENTARY, SHOWN, TOO_SMALL, suppressed_cells

NAN = np.nan
ONE = [np.arange(4)]


def gaps_of(
    expectation: list[float], perception: list[float], min_answered: float
) -> np.ndarray:
    return score_gaps(
        np.array([expectation]),
        np.array([perception]),
        dimensions=ONE,
        min_answered=min_answered,
    ).gap[0]


def test_a_dimension_uses_only_items_with_both_answers() -> None:
    gap = gaps_of([7, 7, NAN, 6], [5, NAN, 1, 6], 0.5)
    assert gap[4] == (5 + 6) / 2 - (7 + 6) / 2


def test_a_dimension_with_too_few_answers_is_nan_and_not_zero() -> None:
    gap = gaps_of([7, 7, NAN, 6], [5, NAN, 1, 6], 0.75)
    assert np.isnan(gap[4])
    assert np.isnan(gap[5])


def test_overall_needs_every_dimension() -> None:
    scores = score_gaps(
        np.array([[7.0, NAN]]),
        np.array([[6.0, 5.0]]),
        dimensions=[np.array([0]), np.array([1])],
    )
    np.testing.assert_array_equal(scores.gap, [[-1, NAN, -1, NAN, NAN]])


def test_shares_weight_the_dimensions_of_the_same_respondent() -> None:
    scores = score_gaps(
        np.array([[7.0, 7.0]]),
        np.array([[6.0, 3.0]]),
        dimensions=[np.array([0]), np.array([1])],
        shares=np.array([[0.75, 0.25]]),
    )
    assert scores.gap[0, -2:].tolist() == [-2.5, -0.75 - 1]


@pytest.mark.parametrize(
    ("share", "items", "needed"),
    [
        (0.5, 4, 2),
        (0.5, 5, 3),
        (0.7, 10, 7),
        (0.6, 5, 3),
        (0.0, 4, 1),
        (1.0, 4, 4),
        (0.1, 3, 1),
    ],
)
def test_the_number_of_items_needed_is_rounded_up(
    share: float, items: int, needed: int
) -> None:
    assert items_needed(share, items) == needed


ratings = hnp.arrays(float, (12, 4), elements=st.sampled_from([1.0, 3.0, 5.0, 7.0, NAN]))


@settings(max_examples=60, deadline=None)
@given(expectation=ratings, perception=ratings, low=st.floats(0, 1), high=st.floats(0, 1))
def test_asking_for_more_answers_never_adds_scores(
    expectation: np.ndarray, perception: np.ndarray, low: float, high: float
) -> None:
    few, many = (
        np.isfinite(
            score_gaps(expectation, perception, dimensions=ONE, min_answered=share).gap
        ).sum()
        for share in sorted((low, high))
    )
    assert many <= few


class TestPoints:
    def test_sums_from_98_to_102_are_rescaled_and_counted(self) -> None:
        found = importance_points(np.array([[49.0, 49.0], [51.0, 51.0], [60.0, 40.0]]))
        np.testing.assert_allclose(found.points, [[50, 50], [50, 50], [60, 40]], rtol=1e-14)
        assert found.notes == ("points_rescaled:2",)

    def test_other_sums_and_negative_points_are_rejected_and_counted(self) -> None:
        found = importance_points(
            np.array([[49.0, 48.0], [52.0, 51.0], [110.0, -10.0], [0.0, 0.0]])
        )
        assert np.isnan(found.points).all()
        assert found.notes == ("points_rejected:4",)

    def test_points_not_given_for_every_dimension_are_missing_and_not_zero(self) -> None:
        found = importance_points(np.array([[100.0, NAN], [NAN, NAN]]))
        assert np.isnan(found.points).all()
        assert found.notes == ("points_missing:2",)

    def test_points_that_sum_to_100_are_left_as_they_are(self) -> None:
        points = np.array([[33.3, 33.3, 33.4]])
        assert (importance_points(points).points == points).all()


class TestSuppression:
    def test_large_cells_are_shown(self) -> None:
        sizes = np.array([10, 30])
        assert (suppressed_cells(sizes, sizes[:, None], min_cell=10) == SHOWN).all()

    def test_one_small_group_takes_the_next_smallest_with_it(self) -> None:
        sizes = np.array([50, 4, 30])
        found = suppressed_cells(sizes, np.tile(sizes[:, None], 3), min_cell=10)
        assert found.T.tolist() == [[SHOWN, TOO_SMALL, COMPLEMENTARY]] * 3

    def test_two_small_groups_protect_each_other(self) -> None:
        sizes = np.array([50, 4, 30, 6])
        found = suppressed_cells(sizes, sizes[:, None], min_cell=10)
        assert found.ravel().tolist() == [SHOWN, TOO_SMALL, SHOWN, TOO_SMALL]

    def test_of_two_groups_neither_is_shown_when_one_is_small(self) -> None:
        sizes = np.array([3, 90])
        found = suppressed_cells(sizes, sizes[:, None], min_cell=10)
        assert found.ravel().tolist() == [TOO_SMALL, COMPLEMENTARY]

    def test_a_cell_with_few_complete_answers_is_hidden_on_its_term_only(self) -> None:
        respondents = np.array([40, 30, 20])
        answered = np.array([[40, 40], [30, 5], [20, 20]])
        found = suppressed_cells(respondents, answered, min_cell=10)
        assert found.tolist() == [
            [SHOWN, SHOWN],
            [SHOWN, TOO_SMALL],
            [SHOWN, COMPLEMENTARY],
        ]

    def test_a_hidden_dimension_cannot_be_had_from_the_overall_score(self) -> None:
        respondents = np.array([40, 30, 20])
        answered = np.array([[40, 40, 40], [30, 5, 5], [20, 20, 20]])
        found = suppressed_cells(respondents, answered, min_cell=10, overall=np.array([2]))
        assert found[:, 2].tolist() == [SHOWN, TOO_SMALL, COMPLEMENTARY]

    def test_a_single_group_that_is_small_is_hidden(self) -> None:
        assert suppressed_cells(np.array([3]), np.array([[3]]), min_cell=10).item() == TOO_SMALL

    def test_nothing_is_hidden_without_a_smallest_cell(self) -> None:
        sizes = np.array([1, 90])
        assert (suppressed_cells(sizes, sizes[:, None], min_cell=0) == SHOWN).all()

    @settings(max_examples=200, deadline=None)
    @given(
        sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6),
        loss=st.lists(st.integers(0, 12), min_size=18, max_size=18),
        min_cell=st.integers(0, 20),
    )
    def test_no_hidden_cell_is_the_only_one_of_its_term(
        self, sizes: list[int], loss: list[int], min_cell: int
    ) -> None:
        respondents = np.array(sizes)
        lost = np.array(loss).reshape(6, 3)[: len(sizes)]
        answered = np.maximum(respondents[:, None] - lost, 0)
        answered[:, 2] = answered[:, :2].min(axis=1)
        state = suppressed_cells(
            respondents, answered, min_cell=min_cell, overall=np.array([2])
        )
        hidden = state != SHOWN
        assert (hidden | (answered >= min_cell)).all()
        assert ((hidden.sum(axis=0) != 1) | hidden.all(axis=0)).all()
        assert (hidden[:, 2] | ~hidden[:, :2].any(axis=1)).all()
