"""Differences of latent means between groups that use a scale alike."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import FloatArray
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._invariance_ladder import Rung, Sample
from cxresearch.psychometrics._mean_slopes import MEAN
from cxresearch.psychometrics._mean_structure import (
    covariance_from,
    meat_of,
    total_information,
)

LATENT_MEANS = (
    "term", "group", "reference", "estimate", "std_error", "statistic", "p_value",
    "p_adjusted", "conf_low", "conf_high", "n",
)  # fmt: skip


def parameter_covariance(rung: Rung, sample: Sample, missing: str) -> FloatArray:
    """Return the covariance of a rung's parameters: expected, observed or sandwich.

    Raises
    ------
    EstimationError
        The information is not positive definite.
    """
    fit, observed = rung.fit, sample.robust or missing == "fiml"
    information = total_information(
        fit.layout, fit.values, sample.data, fit.pulls,
        kind="observed" if observed else "expected",
    )  # fmt: skip
    bread = covariance_from(information)
    return bread @ meat_of(fit, sample.data) @ bread if sample.robust else bread


def latent_means(rung: Rung, sample: Sample, missing: str, level: float) -> pd.DataFrame:
    """Return the differences of the factors' means, see `InvarianceResult.means`.

    Raises
    ------
    EstimationError
        The information is not positive definite.
    """
    layout, covariance = rung.fit.layout, parameter_covariance(rung, sample, missing)
    free = layout.model.free
    z = float(stats.norm.ppf((1 + level) / 2))
    rows: list[dict[str, Any]] = []
    for j in np.flatnonzero(free.matrix == MEAN):
        for first, second in combinations(range(len(sample.names)), 2):
            contrast = layout.selector(second)[j] - layout.selector(first)[j]
            estimate = float(contrast @ rung.fit.values)
            error = float(np.sqrt(contrast @ covariance @ contrast))
            rows.append(
                {
                    "term": layout.model.factors[free.row[j]],
                    "group": sample.names[second],
                    "reference": sample.names[first],
                    "estimate": estimate,
                    "std_error": error,
                    "statistic": estimate / error,
                    "p_value": float(2 * stats.norm.sf(abs(estimate / error))),
                    "conf_low": estimate - z * error,
                    "conf_high": estimate + z * error,
                    "n": float(sample.data[first].n + sample.data[second].n),
                }
            )
    table = pd.DataFrame(rows)
    table["p_adjusted"] = adjust_p_values(table["p_value"], method="holm")
    return table_of({name: table[name] for name in LATENT_MEANS})
