"""Advertisers' satisfaction (Rossi, Gilula & Allenby 2001), where the data are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.importance import driver_importance

FOLDER = (
    Path(__file__).resolve().parents[2].parent / "shared" / "realdata" / "bayesm_customerSat"
)


@pytest.mark.realdata
@pytest.mark.skipif(not FOLDER.is_dir(), reason="real data are not part of the repository")
def test_advertisers_have_the_shares_relaimpo_gives() -> None:
    frame = pd.read_csv(FOLDER / "customerSat_1811x10.csv")
    drivers = [f"q{i}" for i in range(2, 11)]
    result = driver_importance(frame, outcome="q1", drivers=drivers, n_boot=200)
    assert result.n == 1811
    assert result.r2 == pytest.approx(0.7167, abs=5e-5)
    shares = [0.0871, 0.0704, 0.1614, 0.0787, 0.1522, 0.0628, 0.0503, 0.0257, 0.0281]
    np.testing.assert_allclose(result.estimates["estimate"], shares, atol=5e-5)
    johnson = [0.0914, 0.0742, 0.1489, 0.0788, 0.1523, 0.0648, 0.0511, 0.0254, 0.0298]
    np.testing.assert_allclose(result.estimates["relative_weight"], johnson, atol=5e-5)
