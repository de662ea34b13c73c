"""Means and differences of conditions, whatever analysis they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._validate import check_choice
from cxresearch.errors import CxError
from cxresearch.peak_end import ConditionsResult, CrossoverResult, MixedModelResult
from cxresearch.wording import Messages
from cxresearch.wording.peak_end import (
    Labels,
    level_name,
    memory_name,
    pair_name,
    rating_decimals,
)

_OTHERS = ("crossover", "mixed")
_COLUMNS = ["label", "estimate", "conf_low", "conf_high"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """What `plot_conditions` draws.

    Attributes
    ----------
    means, differences : DataFrame
        label, estimate, conf_low, conf_high; no means from a mixed model.
    memory : str
        The remembered rating, as it stands in a sentence.
    method : str
        "welch" …, "crossover" or "mixed".
    """

    means: pd.DataFrame
    differences: pd.DataFrame
    memory: str
    method: str
    decimals: int
    n: int
    confidence_level: float

    @property
    def name(self) -> str:
        """Name of the figure, different for analyses that may stand in one report."""
        return f"conditions_{self.method}" if self.method in _OTHERS else "conditions"


def compared(
    result: ConditionsResult | CrossoverResult | MixedModelResult,
    *,
    method: str,
    labels: Labels,
    messages: Messages,
) -> Comparison:
    """Return the means and differences of a result under the names readers know."""
    if isinstance(result, ConditionsResult):
        method = method or ("lin" if result.covariates else "welch")
        means, differences = _between(result, method, labels)
    elif isinstance(result, CrossoverResult):
        method = "crossover"
        means, differences = _crossed(result, labels)
    else:
        method = "mixed"
        means, differences = pd.DataFrame(columns=_COLUMNS), _mixed(result, labels)
    return Comparison(
        means=means,
        differences=differences,
        memory=memory_name(result.outcome, labels, messages),
        method=method,
        decimals=rating_decimals([*means["estimate"], *differences["estimate"]]),
        n=result.n,
        confidence_level=result.confidence_level,
    )


def _between(
    result: ConditionsResult, method: str, labels: Labels
) -> tuple[pd.DataFrame, pd.DataFrame]:
    check_choice("method", method, tuple(dict.fromkeys(result.estimates["term"])))
    arms = result.conditions
    error = arms["sd"] / np.sqrt(arms["n"])
    half = stats.t.ppf((1 + result.confidence_level) / 2, arms["n"] - 1) * error
    levels = [str(level) for level in arms["condition"]]
    means = pd.DataFrame(
        {
            "label": [level_name(result.condition, level, labels) for level in levels],
            "estimate": arms["mean"].to_numpy(),
            "conf_low": (arms["mean"] - half).to_numpy(),
            "conf_high": (arms["mean"] + half).to_numpy(),
        }
    )
    rows = result.estimates[result.estimates["term"] == method]
    names = [pair_name(str(g), result.condition, levels, labels) for g in rows["group"]]
    return means, rows.assign(label=names)[_COLUMNS]


def _crossed(result: CrossoverResult, labels: Labels) -> tuple[pd.DataFrame, pd.DataFrame]:
    levels = [result.first, result.second]
    # Each order counts alike, so that a change between the periods cancels here too.
    means = result.means.groupby("condition", sort=False)["mean"].mean()
    table = pd.DataFrame(
        {
            "label": [level_name("condition", level, labels) for level in levels],
            "estimate": [float(means[level]) for level in levels],
            "conf_low": np.nan,
            "conf_high": np.nan,
        }
    )
    effect = result.estimates[result.estimates["term"] == "condition"]
    name = pair_name(f"{result.second} − {result.first}", "condition", levels, labels)
    return table, effect.assign(label=name)[_COLUMNS]


def _mixed(result: MixedModelResult, labels: Labels) -> pd.DataFrame:
    if not len(result.contrasts):
        raise CxError(
            "the mixed model compared no column; fit it with compare='condition' to draw the "
            "differences"
        )
    names = [
        pair_name(str(group), result.compared, _levels(result), labels)
        for group in result.contrasts["group"]
    ]
    return result.contrasts.assign(label=names)[_COLUMNS]


def _levels(result: MixedModelResult) -> list[str]:
    """Return the levels that occur in the names of the differences, as far as they are told."""
    return sorted({part for g in result.contrasts["group"] for part in str(g).split(" − ")})
