"""From correlations, ratios and rival models to one verdict about the scales of a battery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._rival_models import INTENDED, ONE, Rivals
from cxresearch.psychometrics.distinctness import HtmtResult
from cxresearch.psychometrics.efa import Correlation, EfaResult, exploratory_factors
from cxresearch.psychometrics.factor_count import number_of_factors

Verdict = Literal["distinct", "partly", "one_factor", "unclear"]
POOR_CFI, POOR_RMSEA = 0.90, 0.08
CFI_DIFFERENCE = 0.01
DOMINANT_OMEGA, DOMINANT_ECV = 0.80, 0.70
FEW = 100


def pair_rows(ratios: HtmtResult, rivals: Rivals, cutoff: float) -> pd.DataFrame:
    """Return one row a pair of scales, see `DistinctnessResult.estimates`."""
    rows = ratios.estimates
    latent = _latent_rows(rivals, len(rows))
    size = np.abs(latent["estimate"].to_numpy(dtype=float))
    upper = (
        latent[["conf_low", "conf_high"]].abs().max(axis=1, skipna=False).to_numpy(dtype=float)
    )
    ratio = rows["estimate"].to_numpy(dtype=float)
    unknown = ~np.isfinite(size)
    # A correlation of 1 or more has no interval, and so is not below the cutoff.
    distinct = (unknown | (upper < cutoff)) & (rows["conf_high"].to_numpy(dtype=float) < cutoff)
    above = (unknown | (size >= cutoff)) & (ratio >= cutoff)
    main = ("estimate", "std_error", "conf_low", "conf_high")
    return table_of(
        {
            "term": rows["term"].to_numpy(),
            "group": rows["group"].to_numpy(),
            **{name: latent[name].to_numpy(dtype=float) for name in main},
            "n": rows["n"].to_numpy(),
            "htmt": ratio,
            "htmt_low": rows["conf_low"].to_numpy(),
            "htmt_high": rows["conf_high"].to_numpy(),
            "htmt2": rows["htmt2"].to_numpy(),
            "smaller_root_ave": latent["root"].to_numpy(dtype=float),
            "fornell_larcker": latent["larcker"].to_numpy(dtype=bool),
            "verdict": np.select([distinct, above], ["distinct", "not_distinct"], "unclear"),
        }
    )


def _latent_rows(rivals: Rivals, count: int) -> pd.DataFrame:
    """Return correlations of the intended factors, nan where they could not be had."""
    names = ["estimate", "std_error", "conf_low", "conf_high", "root"]
    table = pd.DataFrame(np.nan, index=range(count), columns=names)
    table["larcker"] = True
    if rivals.reliability is not None:
        own = rivals.reliability.pairs
        table[names[:4]] = own[names[:4]]
        table["root"] = own[["root_ave_term", "root_ave_group"]].min(axis=1)
        table["larcker"] = own["distinct"]
    elif rivals.intended is not None:
        row, column = np.triu_indices(len(rivals.intended.factors), 1)
        table["estimate"] = rivals.intended.factor_correlations[row, column]
    return table


def decide(
    pairs: pd.DataFrame, rivals: Rivals, scales: list[str], n: int
) -> tuple[Verdict, tuple[str, ...], tuple[str, ...]]:
    """Return the verdict, the codes of what it rests on and the dimensions to report."""
    states = pairs["verdict"].to_numpy()
    reasons = [
        f"{state}:{a}:{b}"
        for state, a, b in zip(states, pairs["term"], pairs["group"], strict=True)
        if state != "distinct"
    ]
    cfi = dict(
        zip(rivals.table["term"], rivals.table["cfi"].to_numpy(dtype=float), strict=True)
    )
    one_as_well = cfi[ONE] >= cfi[INTENDED] - CFI_DIFFERENCE
    shown = bool((states == "not_distinct").any())
    if one_as_well:
        reasons.append("one_factor_fits_as_well")
    if rivals.bifactor is not None:
        general = rivals.bifactor.estimates.iloc[0]
        dominant = general["estimate"] >= DOMINANT_OMEGA and general["ecv"] >= DOMINANT_ECV
        reasons += ["general_factor_dominates"] if dominant else []
    doubts = _doubts(rivals, n)
    reasons += doubts
    if (states == "not_distinct").all() or (one_as_well and shown):
        return "one_factor", tuple(reasons), ("+".join(scales),)
    if shown:
        return "partly", tuple(reasons), _joined(pairs, scales)
    if doubts or (states == "unclear").any():
        return "unclear", tuple(reasons), ()
    return "distinct", tuple(reasons), tuple(scales)


def _doubts(rivals: Rivals, n: int) -> list[str]:
    doubts = []
    rows = rivals.table[rivals.table["term"] == INTENDED]
    if rivals.intended is None:
        doubts.append("intended_not_fitted")
    elif ((rows["cfi"] < POOR_CFI) & (rows["rmsea"] > POOR_RMSEA)).any():
        doubts.append("intended_misfits")
    if n < FEW:
        doubts.append(f"few_respondents:{n}")
    return doubts


def _joined(pairs: pd.DataFrame, scales: list[str]) -> tuple[str, ...]:
    """Join scales over pairs that are not distinct, in their own order."""
    of = {name: k for k, name in enumerate(scales)}
    for row in pairs[pairs["verdict"] == "not_distinct"].itertuples():
        keep, drop = sorted((of[str(row.term)], of[str(row.group)]))
        of = {name: keep if k == drop else k for name, k in of.items()}
    return tuple(
        "+".join(name for name in scales if of[name] == k) for k in sorted(set(of.values()))
    )


def empirical_factors(
    frame: pd.DataFrame, items: list[str], estimator: str, seed: int
) -> tuple[EfaResult | None, int]:
    """Return the exploratory factors that parallel analysis asks for."""
    try:
        count = max(number_of_factors(frame, items, draws=100, seed=seed).parallel_factors, 1)
        while (len(items) - count) ** 2 < len(items) + count:
            count -= 1
        how: Correlation = "polychoric" if estimator == "wlsmv" else "pearson"
        return exploratory_factors(frame, count, items=items, correlation=how), count
    except (CxError, np.linalg.LinAlgError):
        return None, 0


def empirical_tables(
    found: EfaResult | None, model: dict[str, list[str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the factors' loadings and how much they are like the intended scales."""
    scale_of = {item: name for name, members in model.items() for item in members}
    if found is None:
        columns = ("term", "group", "estimate", "n", "intended")
        return (
            table_of({name: [] for name in columns}),
            table_of({name: [] for name in columns[:3]}),
        )
    rows = found.estimates[["term", "group", "estimate", "n"]].copy()
    rows["intended"] = rows["term"].map(scale_of).astype(object)
    target = np.array(
        [[scale_of[i] == name for name in model] for i in found.items], dtype=float
    )
    size = np.sqrt(np.sum(found.loadings**2, axis=0) * target.sum(axis=0)[:, None])
    alike = np.abs(target.T @ found.loadings) / size
    k, m = alike.shape
    table = table_of(
        {
            "term": np.repeat(np.array(list(model), dtype=object), m),
            "group": np.tile(np.array(found.factors, dtype=object), k),
            "estimate": alike.ravel(),
        }
    )
    return rows, table


def scale_rows(
    model: dict[str, list[str]],
    labels: Mapping[str, str],
    rivals: Rivals,
    congruence: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row a scale, see `DistinctnessResult.scales`."""
    k = len(model)
    undefined = np.full(k, np.nan)
    omega: FloatArray = undefined
    ave: FloatArray = undefined
    specific: FloatArray = undefined
    if rivals.reliability is not None:
        rows = rivals.reliability.estimates
        omega, ave = (rows[name].to_numpy(dtype=float) for name in ("estimate", "ave"))
    if rivals.bifactor is not None:
        specific = rivals.bifactor.estimates["estimate"].to_numpy(dtype=float)[1:]
    best, size = np.full(k, "", dtype=object), undefined.copy()
    if len(congruence):
        alike = congruence["estimate"].to_numpy(dtype=float).reshape(k, -1)
        factors = congruence["group"].to_numpy()[: alike.shape[1]]
        best, size = factors[alike.argmax(axis=1)], alike.max(axis=1)
    return table_of(
        {
            "term": np.array(list(model), dtype=object),
            "label": np.array([labels[name] for name in model], dtype=object),
            "items": np.array([len(members) for members in model.values()], dtype=float),
            "omega": omega,
            "ave": ave,
            "omega_specific": specific,
            "congruent": best,
            "congruence": size,
        }
    )
