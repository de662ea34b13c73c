"""Behind penalty–reward contrasts: dummies of low and high ratings, bootstrap, classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray
from cxresearch.drivers._model_columns import numbers
from cxresearch.drivers._model_data import Design, ModelData, prepare
from cxresearch.drivers._model_fits import with_intercept
from cxresearch.drivers._resampled import draw_counts
from cxresearch.errors import CxError

CLASSES = ("basic", "performance", "excitement")
NOT_CLASSIFIABLE = "not_classifiable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Where a driver's two dummies stand among the parameters; −1 where nobody is there."""

    driver: str
    low: int
    high: int
    n_low: int
    n_high: int

    @property
    def note(self) -> str:
        """Why the driver has no index, or ``""``."""
        return "no_low_ratings" if self.low < 0 else "no_high_ratings" if self.high < 0 else ""


def cut_points(
    name: str, value: float | Mapping[str, float], drivers: Sequence[str]
) -> dict[str, float]:
    """Return the cut point of every driver."""
    if not isinstance(value, Mapping):
        return {driver: float(value) for driver in drivers}
    lacking = [driver for driver in drivers if driver not in value]
    if lacking:
        raise CxError(f"{name}: no cut point for {lacking}; give one for each driver")
    return {driver: float(value[driver]) for driver in drivers}


def contrast_data(
    frame: pd.DataFrame,
    ratings: ModelData,
    lows: Mapping[str, float],
    highs: Mapping[str, float],
    *,
    outcome: str,
    design: Design,
) -> tuple[ModelData, tuple[Sides, ...]]:
    """Return the model data with two dummies for each rating, over the same respondents."""
    dummies, counts = {}, {}
    for driver in ratings.drivers:
        if lows[driver] >= highs[driver]:
            raise CxError(
                f"driver {driver!r}: low {lows[driver]:g} must be below high {highs[driver]:g}"
            )
        values = np.where(ratings.rows, numbers(frame, driver), np.nan)
        for side, member in (
            ("low", values <= lows[driver]),
            ("high", values >= highs[driver]),
        ):
            counts[driver, side] = int(member.sum())
            if counts[driver, side]:
                dummies[f"{driver}[{side}]"] = np.where(np.isnan(values), np.nan, member)
    coded = pd.DataFrame(dummies, index=frame.index)
    if coded.empty:
        raise CxError("no driver has a low or a high rating; move the cut points low and high")
    wide = pd.concat([frame[[outcome, *_plain(frame, ratings.controls)]], coded], axis=1)
    data = prepare(
        wide, outcome=outcome, drivers=list(dummies), controls=ratings.controls, design=design
    )
    place = {name: position + 1 for position, name in enumerate(data.x.names)}
    sides = tuple(
        Sides(
            driver=driver,
            low=place.get(f"{driver}[low]", -1),
            high=place.get(f"{driver}[high]", -1),
            n_low=counts[driver, "low"],
            n_high=counts[driver, "high"],
        )
        for driver in ratings.drivers
    )
    return data, sides


def _plain(frame: pd.DataFrame, controls: Sequence[str]) -> list[str]:
    return [name for name in controls if name in frame.columns]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Draws:
    """Bootstrap of penalties and rewards, shape (replicates, drivers) each."""

    penalty: FloatArray
    reward: FloatArray

    @property
    def index(self) -> FloatArray:
        """Asymmetry index of each replicate."""
        return asymmetry_index(self.penalty, self.reward)


def replicate_sides(
    data: ModelData, sides: Sequence[Sides], *, replicates: int, seed: int
) -> Draws:
    """Refit by weighted least squares to resampled respondents, through cross-products."""
    full = with_intercept(data.x.values)
    k = full.shape[1]
    upper = np.triu_indices(k)
    products = np.column_stack([full[:, upper[0]] * full[:, upper[1]], full * data.y[:, None]])
    products *= data.w[:, None]
    rng = np.random.default_rng(seed)
    found = []
    for counts in draw_counts(data.design, data.rows, replicates=replicates, rng=rng):
        sums = counts @ products
        gram = np.zeros((len(sums), k, k))
        gram[:, upper[0], upper[1]] = sums[:, : len(upper[0])]
        gram[:, upper[1], upper[0]] = sums[:, : len(upper[0])]
        found.append(_solve_each(gram, sums[:, len(upper[0]) :]))
    params = np.vstack(found)
    nothing = np.full(len(params), np.nan)
    return Draws(
        penalty=np.column_stack([params[:, s.low] if s.low >= 0 else nothing for s in sides]),
        reward=np.column_stack([params[:, s.high] if s.high >= 0 else nothing for s in sides]),
    )


def _solve_each(gram: FloatArray, right: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.solve(gram, right[:, :, None])[:, :, 0], dtype=float)
    except np.linalg.LinAlgError:
        # A replicate drew nobody on one side: the smallest solution gives that side no effect.
        return np.asarray((np.linalg.pinv(gram, hermitian=True) @ right[:, :, None])[:, :, 0])


def asymmetry_index(penalty: FloatArray, reward: FloatArray) -> FloatArray:
    """Return (|r| − |p|) / (|p| + |r|), −1 to 1."""
    size = np.abs(penalty) + np.abs(reward)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((np.abs(reward) - np.abs(penalty)) / size)


def class_probabilities(draws: Draws, cut: float) -> FloatArray:
    """Return the share of replicates in each of `CLASSES`, shape (drivers, 3).

    Only a penalty below zero and a reward above zero count; a replicate without either is in no
    class.
    """
    penalty, reward = np.maximum(-draws.penalty, 0), np.maximum(draws.reward, 0)
    index = asymmetry_index(penalty, reward)
    members: list[BoolArray] = [index < -cut, np.abs(index) <= cut, index > cut]
    return np.column_stack([member.mean(axis=0) for member in members])


def name_class(probabilities: FloatArray, range_p: float, decision: float, level: float) -> str:
    """Return the class the data decide for, else ``not_classifiable``."""
    best = int(np.argmax(probabilities))
    if not range_p < level or probabilities[best] < decision:
        return NOT_CLASSIFIABLE
    return CLASSES[best]
