"""Adjusted p-values agree with R's p.adjust; a test that was not made does not count."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from cxresearch._multiplicity import adjust_p_values
from cxresearch.errors import CxError

EXPECTED = Path(__file__).parent / "reference" / "expected" / "effects.json"
GOLDEN = json.loads(EXPECTED.read_text(encoding="utf-8"))["values"]


@pytest.mark.parametrize("family", ["p_adjust", "p_adjust_ties"])
@pytest.mark.parametrize("method", ["holm", "bh"])
def test_adjustment_agrees_with_r(family: str, method: str) -> None:
    p = np.array(GOLDEN[family]["p"], dtype=float)
    expected = np.array(GOLDEN[family][method], dtype=float)
    np.testing.assert_allclose(adjust_p_values(p, method=method), expected, rtol=1e-12)  # type: ignore[arg-type]


@settings(max_examples=15, deadline=None)  # statsmodels takes 30 ms a call
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjustment_agrees_with_statsmodels(p: list[float]) -> None:
    for method, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        expected = multipletests(p, method=theirs)[1]
        np.testing.assert_allclose(adjust_p_values(p, method=method), expected, rtol=1e-12)  # type: ignore[arg-type]


def test_none_leaves_the_p_values() -> None:
    assert adjust_p_values([0.2, 0.01], method="none").tolist() == [0.2, 0.01]


def test_nan_stays_nan_and_is_not_counted() -> None:
    found = adjust_p_values([0.01, np.nan, 0.04])
    np.testing.assert_allclose(found, [0.02, np.nan, 0.04])
    assert np.isnan(adjust_p_values([np.nan, np.nan])).all()


def test_an_unknown_method_or_a_value_that_is_no_p_is_refused() -> None:
    with pytest.raises(CxError, match="p_adjust must be one of 'holm', 'bh', 'none'"):
        adjust_p_values([0.1], method="hommel")  # type: ignore[arg-type]
    with pytest.raises(CxError, match="p-values must lie between 0 and 1"):
        adjust_p_values([0.1, 1.5])
