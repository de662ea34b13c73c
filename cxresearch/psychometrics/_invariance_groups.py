"""Which groups can be compared: their answers, and why some are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray, IntArray, Part
from cxresearch._validate import check_choice, check_names
from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._patterns import (
    Moments,
    Patterns,
    patterns_of,
    saturated_moments,
)
from cxresearch.responses.model import Responses

FEW_STEPS, SKEWED = 7, 0.8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Groups:
    """Groups that can be compared, and an account of all.

    Attributes
    ----------
    names : tuple of str
        The reference first.
    data : tuple of Patterns
    moments : tuple of Moments
    table : pandas.DataFrame
        See `InvarianceResult.groups`.
    unknown : int
        Respondents whose group is not known.
    """

    names: tuple[str, ...]
    data: tuple[Patterns, ...]
    moments: tuple[Moments, ...]
    table: pd.DataFrame
    unknown: int


def asked_model(
    data: Responses | pd.DataFrame,
    model: Mapping[str, Sequence[str]] | None,
    *,
    battery: str | None,
    part: Part | None,
) -> tuple[pd.DataFrame, Mapping[str, Sequence[str]]]:
    """Return the frame and the factors, from a battery where no model is given.

    Raises
    ------
    CxError
        A frame comes without a model, a model with a battery, or the battery lacks the part.
    """
    if model is not None and (battery is not None or part is not None):
        raise CxError("name a model, or a battery and its part, not both")
    if isinstance(data, pd.DataFrame):
        if model is None:
            raise CxError(
                "model must name the factors and their items when the answers are a plain "
                "DataFrame, e.g. {'staff': ['P1', 'P2', 'P3']}"
            )
        return data, model
    if model is not None:
        return data.frame, model
    chosen = data.battery(battery)
    first: Part = "perception" if "perception" in chosen.parts else next(iter(chosen.parts))
    wanted: Part = first if part is None else part
    check_choice("part", wanted, tuple(chosen.parts))
    return data.frame, {s.name: chosen.columns(wanted, s.name) for s in chosen.scales}


def group_labels(data: Responses | pd.DataFrame, group: str) -> pd.Series:
    """Return the group of each respondent as text, missing where unknown.

    Raises
    ------
    CxError
        The group is not a column.
    """
    if isinstance(data, Responses):
        labels = data.segment(group)
    else:
        check_names("group", [group], [str(name) for name in data.columns], of="columns")
        labels = data[group]
    # A waves column of numbers reads 1, 2 …, not 1.0.
    if pd.api.types.is_float_dtype(labels) and (labels.dropna() % 1 == 0).all():
        labels = labels.astype("Int64")
    return labels.astype(object).where(labels.notna(), None).map(str, na_action="ignore")


def groups_of(
    frame: pd.DataFrame,
    labels: pd.Series,
    items: tuple[str, ...],
    *,
    reference: str | None,
    min_group: int,
    fiml: bool,
    clusters: str | None = None,
) -> Groups:
    """Split respondents, leaving out groups whose moments cannot be estimated.

    Raises
    ------
    CxError
        The reference is not a group, or an item is not a column.
    ResponseError
        An item does not hold numbers.
    """
    answers = numbers_of(frame, items)
    codes = None if clusters is None else _codes(frame, clusters)
    if codes is not None:
        labels = labels.where(codes >= 0, None)
    known = labels.dropna()
    names = sorted(known.unique())
    if reference is not None:
        check_choice("reference", reference, tuple(names))
        names = [reference, *(name for name in names if name != reference)]
    rows, kept = [], []
    for name in names:
        here = (labels == name).to_numpy()
        asked = answers[here]
        answered = np.isfinite(asked)
        used = answered.any(axis=1) if fiml else answered.all(axis=1)
        own = asked[used]
        together = None if codes is None else codes[here][used]
        found, note = _moments_or_note(own, items, min_group, together)
        rows.append((name, len(own), len(asked), found is not None, note))
        if found is not None:
            kept.append((name, *found))
    columns = ("term", "n", "n_asked", "used", "note")
    return Groups(
        names=tuple(name for name, _, _ in kept),
        data=tuple(data for _, data, _ in kept),
        moments=tuple(moments for _, _, moments in kept),
        table=table_of({c: [row[i] for row in rows] for i, c in enumerate(columns)}),
        unknown=int(labels.isna().sum()),
    )


def _codes(frame: pd.DataFrame, clusters: str) -> IntArray:
    """Return the cluster of each respondent, −1 where unknown."""
    check_names("clusters", [clusters], [str(name) for name in frame.columns], of="columns")
    return np.asarray(pd.factorize(frame[clusters])[0], dtype=np.int64)


def numbers_of(frame: pd.DataFrame, items: tuple[str, ...]) -> FloatArray:
    """Return the items, nan where missing, shape (n, p).

    Raises
    ------
    CxError
        An item is not a column.
    ResponseError
        An item does not hold numbers.
    """
    check_names("items", items, [str(name) for name in frame.columns], of="columns")
    text = [item for item in items if not pd.api.types.is_numeric_dtype(frame[item])]
    if text:
        raise ResponseError(f"column(s) {text} do not hold numbers; score the answers first")
    return np.asarray(frame[list(items)].to_numpy(dtype=float, na_value=np.nan))


def _moments_or_note(
    answers: FloatArray,
    items: tuple[str, ...],
    min_group: int,
    clusters: IntArray | None = None,
) -> tuple[tuple[Patterns, Moments] | None, str]:
    """Return data and moments, or the code of why there are none."""
    if len(answers) < max(min_group, len(items) + 1):
        return None, "too_small"
    spread = [np.ptp(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0
              for column in answers.T]  # fmt: skip
    constant = [item for item, range_ in zip(items, spread, strict=True) if range_ == 0]
    if constant:
        return None, f"constant:{','.join(constant)}"
    if clusters is not None and len(np.unique(clusters)) < 2:
        return None, "one_cluster"
    data = patterns_of(answers, clusters)
    try:
        return (data, saturated_moments(data, items)), ""
    except EstimationError:
        return None, "not_positive_definite"


def coarse_note(answers: FloatArray) -> tuple[str, ...]:
    """Return ``("coarse_skewed:5",)`` when items have few steps and most answers at one end.

    Parameters
    ----------
    answers : ndarray, shape (n, p)
        Of all groups; nan for missing.
    """
    steps = [len(np.unique(column[np.isfinite(column)])) for column in answers.T]
    if not steps or max(steps) > FEW_STEPS:
        return ()
    centred = answers - np.nanmean(answers, axis=0)
    spread = np.nanmean(centred**2, axis=0)
    if spread.min() <= 0:
        return ()
    skewness = np.nanmean(centred**3, axis=0) / spread**1.5
    return (f"coarse_skewed:{max(steps)}",) if np.median(np.abs(skewness)) > SKEWED else ()
