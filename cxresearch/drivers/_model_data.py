"""What a driver model is fitted to: complete rows, coded outcome, weights, design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_names
from cxresearch.drivers._model_columns import (
    Columns,
    build_columns,
    check_terms,
    is_factor,
    levels_of,
    numbers,
    parts_of,
)
from cxresearch.errors import CxError, ResponseError

NPS_CLASSES = ("detractor", "passive", "promoter")
MAX_CLASSES = 20


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Design:
    """How respondents were sampled; all arrays have one entry for each row of the frame.

    Attributes
    ----------
    weights : ndarray or None
        Sampling weights, all positive; None when everybody counts once.
    stratum, unit : ndarray of int
        Codes of the stratum and of the primary sampling unit (the respondent, where no
        clusters).
    population : ndarray or None
        Sampling units in the population of the row's stratum.
    declared : bool
        Whether any design column was named.
    clustered : bool
    """

    weights: FloatArray | None
    stratum: IntArray
    unit: IntArray
    population: FloatArray | None
    declared: bool
    clustered: bool


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outcome:
    """The outcome as a model sees it.

    Attributes
    ----------
    values : ndarray, shape (rows of the frame,)
        The number (linear), 0/1 (binary) or 0…K−1 (ordinal); nan where there is no answer.
    model : str
        ``"linear"``, ``"binary"`` or ``"ordinal"``.
    classes : tuple of str
        Names of the classes, from low to high; empty when linear.
    class_values : tuple of float
        What a class is worth when its expected change is stated.
    """

    values: FloatArray
    model: str
    classes: tuple[str, ...] = ()
    class_values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModelData:
    """Complete rows only: outcome y (n,), columns x (n, k), weights w (n,) with sum n.

    ``answered`` counts, of the ``asked``, those who answered each column.
    """

    outcome: Outcome
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    rows: BoolArray
    y: FloatArray
    x: Columns
    w: FloatArray
    design: Design
    answered: pd.Series[int]
    asked: int

    @property
    def n(self) -> int:
        """Respondents in the model."""
        return len(self.y)

    def available(self) -> pd.DataFrame:
        """Return one row a column of the model: who answered it, and who is in the model."""
        answered = self.answered.to_numpy()
        return pd.DataFrame(
            {
                "term": list(self.answered.index), "n_answered": answered,
                "n_missing": self.asked - answered, "n_used": self.n,
            }
        )  # fmt: skip


def read_design(
    frame: pd.DataFrame,
    *,
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    population: str | None = None,
) -> Design:
    """Read the design columns; every respondent must have a value in each.

    Raises
    ------
    ResponseError
        A weight is missing, zero or negative, or a stratum, cluster or population size is
        missing.
    """
    known = [str(name) for name in frame.columns]
    asked = {
        "weights": weights,
        "clusters": clusters,
        "strata": strata,
        "population": population,
    }
    named = {role: name for role, name in asked.items() if name is not None}
    for role, name in named.items():
        check_names(role, [name], known, of="columns")
        if frame[name].isna().any():
            count = int(frame[name].isna().sum())
            raise ResponseError(
                f"{role} {name!r}: {count} respondent(s) without a value; fill them"
            )
    rows = np.arange(len(frame))
    stratum = pd.factorize(frame[strata])[0] if strata else np.zeros(len(frame))
    unit = pd.factorize(frame[clusters])[0] if clusters else rows
    # The same cluster number in two strata means two clusters (R's survey: nest = TRUE).
    pair = pd.factorize(pd.Series(list(zip(stratum, unit, strict=True)), dtype=object))[0]
    return Design(
        weights=None if weights is None else positive_weights(frame, weights),
        stratum=stratum.astype(np.int64),
        unit=np.asarray(pair, dtype=np.int64),
        population=None if population is None else numbers(frame, population),
        declared=bool(named),
        clustered=clusters is not None,
    )


def positive_weights(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return a column of weights, all above zero."""
    values = numbers(frame, name)
    bad = int(np.sum(~(values > 0)))
    if bad:
        raise ResponseError(
            f"weights {name!r}: {bad} respondent(s) with a weight that is zero, negative or "
            "missing; "
            "a weight says how many people a respondent stands for and is above 0"
        )
    return values


def read_outcome(
    frame: pd.DataFrame, outcome: str, *, kind: str, top_box: float | None = None
) -> Outcome:
    """Code the outcome for a model of this kind (``auto`` looks at the answers).

    Raises
    ------
    ResponseError
        Nobody answered, everybody answered the same, a class is empty, or the answers do not
        suit the kind of model.
    """
    column = frame[outcome]
    answered = column.dropna()
    if answered.empty:
        raise ResponseError(f"outcome {outcome!r}: no respondent answered it")
    if kind == "auto":
        kind = _kind_of(column, top_box)
    if answered.nunique() < 2:
        raise ResponseError(
            f"outcome {outcome!r}: everybody answered {answered.iloc[0]}; there is nothing "
            "to explain"
        )
    if kind == "linear":
        return Outcome(values=numbers(frame, outcome), model="linear")
    if kind == "nps":
        return _nps(numbers(frame, outcome), outcome)
    if kind == "binary":
        return _binary(frame, outcome, top_box)
    return _ordinal(column, outcome)


def _kind_of(column: pd.Series[Any], top_box: float | None) -> str:
    if top_box is not None or pd.api.types.is_bool_dtype(column) or column.nunique() == 2:
        return "binary"
    return "ordinal" if is_factor(column) else "linear"


def _nps(values: FloatArray, outcome: str) -> Outcome:
    answers = values[~np.isnan(values)]
    outside = answers[~np.isin(answers, np.arange(11.0))]
    if outside.size:
        raise ResponseError(
            f"outcome {outcome!r}: {outside.size} answer(s) are not whole numbers from 0 to "
            "10, e.g. "
            f"{outside[0]:g}; kind 'nps' needs the question 'How likely … recommend', 0–10"
        )
    coded = np.where(np.isnan(values), np.nan, (values >= 7).astype(float) + (values >= 9))
    _refuse_empty_classes(coded, NPS_CLASSES, outcome)
    return Outcome(
        values=coded, model="ordinal", classes=NPS_CLASSES, class_values=(-100.0, 0.0, 100.0)
    )


def _binary(frame: pd.DataFrame, outcome: str, top_box: float | None) -> Outcome:
    column = frame[outcome]
    if top_box is not None:
        values = numbers(frame, outcome)
        coded = np.where(np.isnan(values), np.nan, values >= top_box)
        classes = (f"below {top_box:g}", f"{top_box:g} and above")
        _refuse_empty_classes(coded, classes, outcome)
        return Outcome(values=coded, model="binary", classes=classes, class_values=(0.0, 1.0))
    if column.nunique() > 2:
        raise ResponseError(
            f"outcome {outcome!r}: {column.nunique()} different answers; kind 'binary' needs "
            "two, "
            "or say with top_box from which answer on it counts as the event"
        )
    two = _class_codes(column, outcome)
    return replace(two, model="binary", class_values=(0.0, 1.0))


def _ordinal(column: pd.Series[Any], outcome: str) -> Outcome:
    if column.nunique() > MAX_CLASSES:
        raise ResponseError(
            f"outcome {outcome!r}: {column.nunique()} different answers are too many for an "
            "ordinal "
            f"model (at most {MAX_CLASSES}); use kind 'linear'"
        )
    coded = _class_codes(column, outcome)
    return replace(coded, model="binary") if len(coded.classes) == 2 else coded


def _class_codes(column: pd.Series[Any], outcome: str) -> Outcome:
    """Codes 0…K−1 from low to high; text has no order of its own and is refused."""
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        codes = column.cat.codes.to_numpy(dtype=float, copy=True)
        classes = tuple(str(value) for value in column.cat.categories)
        coded = np.where(codes < 0, np.nan, codes)
        _refuse_empty_classes(coded, classes, outcome)
        steps = tuple(float(step) for step in range(len(classes)))
        return Outcome(values=coded, model="ordinal", classes=classes, class_values=steps)
    if is_factor(column):
        raise ResponseError(
            f"outcome {outcome!r}: text has no order; bring numbers or an ordered categorical "
            "(pandas.Categorical(..., ordered=True))"
        )
    values = column.to_numpy(dtype=float, na_value=np.nan)
    found = np.unique(values[~np.isnan(values)])
    coded = np.where(np.isnan(values), np.nan, np.searchsorted(found, values))
    return Outcome(
        values=coded,
        model="ordinal",
        classes=tuple(f"{value:g}" for value in found),
        class_values=tuple(float(value) for value in found),
    )


def _refuse_empty_classes(coded: FloatArray, classes: Sequence[str], outcome: str) -> None:
    counts = [int(np.sum(coded == code)) for code in range(len(classes))]
    empty = [name for name, count in zip(classes, counts, strict=True) if count == 0]
    if empty:
        found = ", ".join(
            f"{name}: {count}" for name, count in zip(classes, counts, strict=True)
        )
        raise ResponseError(
            f"outcome {outcome!r}: no respondent in {empty} ({found}); "
            "merge the class with its neighbour or choose another kind of model"
        )


def prepare(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    kind: str = "linear",
    top_box: float | None = None,
    design: Design | None = None,
) -> ModelData:
    """Check names, code the outcome, take the complete rows, refuse what cannot be fitted.

    Raises
    ------
    CxError
        A name is unknown or used twice.
    ResponseError
        Nobody answered a driver, too few complete rows, a constant driver or outcome, a class
        of the outcome that is empty among complete rows, or a driver that is a copy of others.
    """
    named, always = check_terms(frame, outcome, drivers, controls)
    design = read_design(frame) if design is None else design
    coded = read_outcome(frame, outcome, kind=kind, top_box=top_box)
    terms = (*named, *always)
    known = [str(name) for name in frame.columns]
    single = list(dict.fromkeys(part for term in terms for part in parts_of(term, known)))
    answered = frame[single].notna().sum()
    _refuse_unanswered(answered)
    levels = levels_of(frame, single)
    full = build_columns(frame, terms, levels)
    rows = ~np.isnan(full.values).any(axis=1) & ~np.isnan(coded.values)
    x = Columns(values=full.values[rows], names=full.names, terms=full.terms)
    y = coded.values[rows]
    _refuse_too_few(x, y, len(frame))
    _refuse_constant(x, y, outcome)
    if coded.classes:
        _refuse_empty_classes(y, coded.classes, outcome)
    _refuse_copies(x)
    w = np.ones(len(y)) if design.weights is None else design.weights[rows]
    return ModelData(
        outcome=coded, drivers=named, controls=always, levels=levels, rows=rows, y=y, x=x,
        w=w * (len(y) / w.sum()), design=design, answered=answered, asked=len(frame),
    )  # fmt: skip


def _refuse_unanswered(answered: pd.Series[int]) -> None:
    empty = [str(name) for name in answered.index[answered == 0]]
    if empty:
        raise ResponseError(f"driver(s) {empty}: no respondent answered; leave them out")


def _refuse_too_few(x: Columns, y: FloatArray, asked: int) -> None:
    needed = x.values.shape[1] + 2
    if len(y) < needed:
        raise ResponseError(
            f"{len(y)} of {asked} respondents answered the outcome and all {len(set(x.terms))} "
            f"drivers and controls ({x.values.shape[1]} columns); at least {needed} are "
            "needed. "
            "Take fewer drivers, or treat the missing answers (see n_answered by driver)"
        )


def _refuse_constant(x: Columns, y: FloatArray, outcome: str) -> None:
    for position, name in enumerate(x.names):
        column = x.values[:, position]
        if np.ptp(column) == 0:
            raise ResponseError(
                f"driver {name!r}: all {len(y)} respondents have {column[0]:g}; "
                "a constant explains nothing, leave it out"
            )
    if np.ptp(y) == 0:
        raise ResponseError(
            f"outcome {outcome!r}: the {len(y)} complete respondents all gave the same answer"
        )


def _refuse_copies(x: Columns) -> None:
    """Walk the columns from the left; one that adds nothing is named with the one it copies."""
    centred = x.values - x.values.mean(axis=0)
    centred = centred / np.sqrt((centred**2).sum(axis=0))
    basis = np.empty((len(centred), 0))
    for position, name in enumerate(x.names):
        column = centred[:, position]
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        size = float(np.sqrt(rest @ rest))
        if size < 1e-8:
            twin = np.abs(centred[:, :position].T @ column)
            of = (
                f"an exact copy of {x.names[int(twin.argmax())]!r}"
                if twin.max(initial=0.0) > 1 - 1e-12
                else f"an exact combination of {list(x.names[:position])}"
            )
            raise ResponseError(f"driver {name!r} is {of} (up to scale); keep one of them")
        basis = np.column_stack([basis, rest / size])


def refuse_weights_as_counts(design: Design, std_errors: str) -> None:
    """Classical standard errors take sampling weights for counts; they are refused."""
    if design.weights is not None and std_errors == "classical":
        raise CxError(
            "std_errors 'classical' would read sampling weights as counts of people and give "
            "standard errors that are far too small; use 'design' (or 'cluster', 'hc3')"
        )
