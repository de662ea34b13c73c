"""The cells of a study side by side: their key estimates in one frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._files import read_json
from cxresearch._multiplicity import adjust_p_values
from cxresearch._partial_pooling import partial_pool, pooled_intervals
from cxresearch._types import Json
from cxresearch.catalogue import trends
from cxresearch.catalogue.cells import cell_in_words
from cxresearch.catalogue.filings import Filing, find_run
from cxresearch.errors import CxError
from cxresearch.results import Result
from cxresearch.runs.filing import CELLS
from cxresearch.sentences._render import render
from cxresearch.shown import Finding, Sureness
from cxresearch.study.workspace import PathLike, find_workspace
from cxresearch.wording import Messages

COLUMNS = (
    "label", "unit", "result", "term", "group", "cell", "n", "estimate", "conf_low",
    "conf_high", "std_error", "estimate_pooled", "conf_low_pooled", "conf_high_pooled",
)  # fmt: skip
_MOST_ESTIMATES = 6
_FEWEST_POOLED = 3


def compare_cells(
    study: str, runs: Mapping[str, str], *, workspace: PathLike | None = None
) -> pd.DataFrame:
    """Return the key estimates of the cells of a study, and the same drawn towards their mean.

    Key are the estimates with an interval that the cells tell as findings, those that most
    cells tell first, at most six. What a cell does not tell is taken from its results.

    Parameters
    ----------
    study : str
        Name of the study.
    runs : mapping
        Filed run by folder of the cell: ``{"branch=North": "20261122T034828Z-b53c8"}``.
    workspace : path-like, optional

    Returns
    -------
    DataFrame
        One row an estimate and cell: label, unit, result, term, group, cell, n, estimate,
        conf_low, conf_high, std_error (from the interval), and estimate, conf_low and conf_high
        ending in ``_pooled``, which are nan for fewer than three cells.

    Raises
    ------
    CatalogueError
        A run is not there.

    Notes
    -----
    Partial pooling takes the estimates as normal with known standard errors, and the variance
    between cells by restricted maximum likelihood; R: ``metafor::blup(metafor::rma(yi, sei =
    sei))``. A small cell is drawn further towards the mean than a large one. The intervals
    allow for not knowing how much cells vary (flat prior on their standard deviation): taken
    for known, 95% intervals of 3 to 10 cells cover as little as 85% of the true values; these
    cover 94 to 99% (``benchmarks/coverage_cells.py``).
    """
    reports = find_workspace(workspace) / "reports" / study / CELLS
    filings = [find_run(reports, cell, run) for cell, run in runs.items()]
    told = [trends._told(filing) for filing in filings]
    counts: dict[tuple[str, str, str], int] = {}
    for own in told:
        for key in own:
            counts[key] = counts.get(key, 0) + 1
    keys = sorted(counts, key=lambda key: -counts[key])[:_MOST_ESTIMATES]
    rows = []
    for key in keys:
        model = next(own[key] for own in told if key in own)
        for filing, own in zip(filings, told, strict=True):
            numbers = own.get(key) or _from_results(filing.folder, key)
            if numbers is not None:
                rows.append(_row(filing, model, numbers))
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:11]))
    return _with_pooled(frame, min((_level(filing) for filing in filings), default=0.95))


def cell_findings(cells: pd.DataFrame, *, language: str = "en") -> tuple[Finding, ...]:
    """Say of each key estimate whether the cells differ in it beyond chance.

    Cochran's Q over the cells, adjusted after Holm over the estimates.

    Parameters
    ----------
    cells : DataFrame
        As `compare_cells` returns it.
    language : str
    """
    messages = Messages(language)
    groups = [
        own for _, own in cells.groupby(["result", "term", "group"], sort=False) if len(own) > 1
    ]
    if not groups:
        return ()
    p_values = np.array([_q_test(own) for own in groups])
    adjusted = adjust_p_values(p_values)
    told = zip(groups, p_values, adjusted, strict=True)
    return tuple(_finding(own, p, q, messages) for own, p, q in told)


def _finding(own: pd.DataFrame, p_value: float, adjusted: float, messages: Messages) -> Finding:
    sure: Sureness = (
        "clear" if adjusted < 0.05 else "likely" if p_value < 0.05 else "not_decided"
    )
    # Ranked by what is left after pooling, so that no small cell stands at an end by chance.
    pooled = own["estimate_pooled"].fillna(own["estimate"])
    ends = int(pooled.to_numpy().argmin()), int(pooled.to_numpy().argmax())
    low, high = (own.iloc[end] for end in ends)
    values = {
        "name": str(low["label"]),
        "lowest_cell": str(low["cell"]),
        "highest_cell": str(high["cell"]),
    }
    key = "cells.undecided" if sure == "not_decided" else "cells.differ"
    return Finding(
        message=key,
        values=values,
        text=render(key, values, messages),
        sure=sure,
        rank={"clear": 80.0, "likely": 50.0, "not_decided": 20.0}[sure] + float(np.ptp(pooled)),
        result=str(low["result"]),
        term=str(low["term"]),
    )


def _q_test(own: pd.DataFrame) -> float:
    weights = 1 / own["std_error"].to_numpy() ** 2
    estimates = own["estimate"].to_numpy()
    mean = weights @ estimates / weights.sum()
    q = float(weights @ (estimates - mean) ** 2)
    return float(stats.chi2.sf(q, len(own) - 1))


def _row(filing: Filing, model: Json, numbers: Mapping[str, Any]) -> list[Any]:
    level = _level(filing)
    low, high = float(numbers["conf_low"]), float(numbers["conf_high"])
    cell = read_json(filing.folder / "run.json")["cell"]
    language = str(read_json(filing.folder / "run.json").get("language") or "en")
    return [
        trends._label(model, Messages(language)),
        str(model.get("unit", "")),
        str(model["result"]),
        str(model.get("term", "")),
        str(model.get("group", "")),
        cell_in_words(cell),
        math.nan if filing.analysed is None else float(filing.analysed),
        float(numbers["estimate"]),
        low,
        high,
        (high - low) / (2 * float(stats.norm.ppf((1 + level) / 2))),
    ]


def _level(filing: Filing) -> float:
    return float(filing.parameters.get("confidence_level", 0.95))


def _from_results(folder: Path, key: tuple[str, str, str]) -> Mapping[str, Any] | None:
    kind, term, group = key
    for entry in read_json(folder / "outputs.json")["outputs"]:
        if entry["kind"] != "result" or entry.get("result") != kind:
            continue
        with suppress(CxError, KeyError, TypeError):
            tidy = Result.from_dict(read_json(folder / entry["file"])).tidy()
            mine = tidy[tidy["term"].astype(str) == term]
            if group and "group" in mine:
                mine = mine[mine["group"].astype(str) == group]
            mine = mine.dropna(subset=["estimate", "conf_low", "conf_high"])
            if len(mine):
                return dict(mine.iloc[0])
    return None


def _with_pooled(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    pooled = pd.DataFrame(math.nan, index=frame.index, columns=list(COLUMNS[11:]))
    for _, own in frame.groupby(["result", "term", "group"], sort=False):
        usable = own[own["std_error"] > 0]
        if len(usable) < _FEWEST_POOLED:
            continue
        own_values = usable["estimate"].to_numpy(), usable["std_error"].to_numpy() ** 2
        middle = partial_pool(*own_values, method="reml").pooled
        low, high = pooled_intervals(*own_values, confidence_level=level)
        pooled.loc[usable.index] = np.column_stack([middle, low, high])
    return pd.concat([frame, pooled], axis=1)
