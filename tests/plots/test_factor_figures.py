"""The figure of distinct dimensions shows every pair and says the same in words."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from cxresearch.plots import plot_distinctness
from cxresearch.psychometrics import DistinctnessResult, distinct_scales

MODEL = {name: [f"{name}{i}" for i in range(3)] for name in ("staff", "room", "food")}


@pytest.fixture(scope="module")
def verdict() -> DistinctnessResult:
    rng = np.random.default_rng(1)
    phi = np.full((3, 3), 0.4) + 0.6 * np.eye(3)
    phi[0, 1] = phi[1, 0] = 0.97
    factors = rng.multivariate_normal(np.zeros(3), phi, 600)
    x = 0.75 * np.repeat(factors, 3, axis=1) + 0.66 * rng.normal(size=(600, 9))
    columns = [item for items in MODEL.values() for item in items]
    return distinct_scales(pd.DataFrame(x, columns=columns), MODEL, n_boot=50)


def test_every_pair_is_in_the_picture_and_in_its_words(verdict: DistinctnessResult) -> None:
    figure = plot_distinctness(verdict)
    for row in verdict.estimates.itertuples():
        assert f"{row.term} with {row.group}: " in figure.alt_text
    assert "staff with room: .9" in figure.alt_text
    assert figure.alt_text.count("not distinct") == 1
    for svg in (figure.svg, figure.svg_narrow):
        ElementTree.fromstring(svg)
        assert "staff" in svg


def test_htmt_stands_in_where_a_correlation_is_unknown(verdict: DistinctnessResult) -> None:
    rows = verdict.estimates.copy()
    rows.loc[0, ["estimate", "conf_low", "conf_high"]] = np.nan
    figure = plot_distinctness(replace(verdict, estimates=rows))
    assert "HTMT of 600 respondents" in figure.alt_text
    assert "ratios" in figure.caption


def test_it_speaks_spanish_and_bears_hostile_labels(verdict: DistinctnessResult) -> None:
    scales = verdict.scales.copy()
    scales["label"] = ["<script>&", "x" * 300, ""]
    figure = plot_distinctness(replace(verdict, scales=scales), language="es")
    assert "no distintas" in figure.alt_text
    assert "<script>" not in figure.svg
    ElementTree.fromstring(figure.svg)
