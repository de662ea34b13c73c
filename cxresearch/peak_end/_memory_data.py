"""The episodes a model of memory rests on: complete, varying, the same rows for every rival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._mixed import MixedFit, fit_mixed
from cxresearch._mixed_sums import grouped_data
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_choice, check_names
from cxresearch.errors import CxError, ResponseError

Within = Literal["auto", "independent", "mixed"]
WITHIN: tuple[Within, ...] = ("auto", "independent", "mixed")
_FEWEST = 10
"""Episodes below which rivals with up to five predictors cannot be told apart."""


PEAK_RULES: tuple[str, ...] = ("peak", "peak_corrected", "peak_rarefied", "peak_latent")


def peak_rules(features: pd.DataFrame) -> list[str]:
    """Return the peak rules there are numbers for; the plain peak always."""
    return [
        rule
        for rule in PEAK_RULES
        if rule == "peak" or (rule in features and bool(features[rule].notna().any()))
    ]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MemoryData:
    """Complete episodes.

    Attributes
    ----------
    columns : DataFrame
        Features, numeric.
    memory : ndarray, shape (n,)
        Retrospective ratings.
    person : ndarray of int, shape (n,)
        0 … P − 1.
    mixed : bool
        Models carry a random intercept of the person.
    notes : tuple of str
    """

    columns: pd.DataFrame
    memory: FloatArray
    person: IntArray
    mixed: bool
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Episodes."""
        return len(self.memory)

    @property
    def people(self) -> int:
        """Participants."""
        return int(self.person.max()) + 1

    def design(self, names: Sequence[str]) -> FloatArray:
        """Return an intercept beside the named features, shape (n, p)."""
        return np.column_stack([np.ones(self.n), *(self.columns[c].to_numpy() for c in names)])

    def mixed_fit(self, x: FloatArray, *, reml: bool = False) -> MixedFit:
        """Fit a design of all episodes with a random intercept of the person."""
        return intercept_fit(self.memory, x, self.person, reml=reml)


def intercept_fit(
    y: FloatArray, x: FloatArray, person: IntArray, *, reml: bool = False
) -> MixedFit:
    """Fit y on the columns of x with a random intercept of the person, 0 … P − 1."""
    data = grouped_data(y, x, np.ones((len(y), 1)), person)
    return fit_mixed(data, reml=reml)


def memory_data(
    features: pd.DataFrame,
    columns: Sequence[str],
    *,
    retrospective: str,
    participant: str,
    within: Within,
) -> MemoryData:
    """Select complete episodes and say what was left out.

    Raises
    ------
    CxError
        A column is unknown or not numeric; `within` is not allowed.
    ResponseError
        Fewer than 10 complete episodes, one participant only, or a retrospective rating that
        does not vary.
    """
    check_choice("within", within, WITHIN)
    known = [str(c) for c in features.columns]
    check_names("columns", [*columns, retrospective, participant], known, of="columns")
    numbers = {name: _numbers(features[name]) for name in (*columns, retrospective)}
    named = features[participant].notna().to_numpy()
    silent = np.isnan(numbers[retrospective])
    whole = named & ~np.any([np.isnan(values) for values in numbers.values()], axis=0)
    if whole.sum() < _FEWEST:
        raise ResponseError(
            f"{int(whole.sum())} of {len(features)} episodes have every feature and a "
            f"retrospective rating ({int(silent.sum())} lack the rating); at least {_FEWEST} "
            "are needed"
        )
    memory = numbers[retrospective][whole]
    if memory.min() == memory.max():
        raise ResponseError(
            f"{retrospective!r} is {memory[0]:g} in every episode; there is nothing to explain"
        )
    person = pd.factorize(features[participant][whole])[0].astype(np.int64)
    if person.max() == 0:
        raise ResponseError("all episodes are of one participant; at least 2 are needed")
    repeated = len(np.unique(person)) < len(person)
    if within == "mixed" and not repeated:
        raise CxError(
            "within 'mixed' needs participants with several episodes; use 'independent'"
        )
    return MemoryData(
        columns=pd.DataFrame({name: numbers[name][whole] for name in columns}),
        memory=memory,
        person=person,
        mixed=within == "mixed" or (within == "auto" and repeated),
        notes=tuple(
            _notes(features, whole, silent, pooled=repeated and within == "independent")
        ),
    )


def _numbers(column: pd.Series) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(column):
        raise CxError(f"column {column.name!r} must be numeric")
    return column.to_numpy(dtype=float, na_value=np.nan)


def _notes(
    features: pd.DataFrame, whole: BoolArray, silent: BoolArray, *, pooled: bool
) -> Iterator[str]:
    if silent.any():
        yield f"without_retrospective:{int(silent.sum())}"
    if (~whole & ~silent).any():
        yield f"incomplete:{int((~whole & ~silent).sum())}"
    if pooled:
        yield "episodes_taken_as_independent"
    if "n_moments" in features:
        moments = _numbers(features["n_moments"])[whole]
        low, high = np.fmin.reduce(moments), np.fmax.reduce(moments)
        if low < high:
            yield f"moments_vary:{low:g}-{high:g}"
