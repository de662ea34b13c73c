"""From responses to the one table the driver functions read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray, Part
from cxresearch._validate import check_choice, check_share, did_you_mean
from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
from cxresearch.drivers.imputation import adjust_not_used
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses

OutcomeKind = Literal["auto", "linear", "binary", "ordinal", "nps"]
OUTCOME_KINDS: tuple[OutcomeKind, ...] = ("auto", "linear", "binary", "ordinal", "nps")

_FEW_CLASSES = 4
_RATED_PARTS: tuple[Part, ...] = ("rating", "satisfaction", "perception")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DriverTable:
    """Outcome, drivers and design of a driver study as columns of one frame.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a respondent: outcome, drivers, controls, and the columns of role weight,
        cluster, stratum and segment, ``wave`` included. Ratings are float, nan if missing.
    outcome : str
        Column to explain; `outcome_kind` is how: ``"linear"``, ``"binary"``, ``"ordinal"`` or
        ``"nps"``.
    drivers, controls : tuple of str
    labels : dict
        Text of every column.
    blocks : dict
        Label of a dimension → its drivers; empty when all belong to one.
    weights, clusters, strata : str or None
        Design columns.
    limits : dict
        Ends (low, high) of the response scale of each driver and of the outcome.
    not_used : pandas.DataFrame
        Drivers as columns: true where the touchpoint was not used.
    straight : ndarray of bool, shape (n,)
        Respondents who gave every driver they answered, at least three, the same rating.
    """

    frame: pd.DataFrame
    outcome: str
    outcome_kind: OutcomeKind
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    labels: dict[str, str]
    blocks: dict[str, tuple[str, ...]]
    weights: str | None
    clusters: str | None
    strata: str | None
    limits: dict[str, tuple[float, float]]
    not_used: pd.DataFrame
    straight: BoolArray

    @property
    def n(self) -> int:
        """Number of respondents, complete or not."""
        return len(self.frame)

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments of all driver functions: ``driver_model(table.frame, **table.asked)``."""
        return {
            "outcome": self.outcome,
            "drivers": self.drivers,
            "controls": self.controls,
            "weights": self.weights,
            "clusters": self.clusters,
        }

    @property
    def low_ratings(self) -> dict[str, float]:
        """Rating up to which a driver is rated low: the last below the middle of its scale."""
        return {name: math.ceil(sum(self.limits[name]) / 2) - 1.0 for name in self._scaled}

    @property
    def high_ratings(self) -> dict[str, float]:
        """Rating from which a driver is rated high: the two best answers."""
        return {name: self.limits[name][1] - 1 for name in self._scaled}

    @property
    def _scaled(self) -> list[str]:
        return [name for name in self.drivers if name in self.limits]

    def with_not_used(self) -> DriverTable:
        """Return the table with touchpoints that were not used told apart from refusals.

        Ratings of a touchpoint that some did not use are centred among its users, and an
        indicator of no use joins the controls (`adjust_not_used`): nobody is dropped for having
        had nothing to rate.
        """
        if not self.not_used.to_numpy().any():
            return self
        frame, indicators = adjust_not_used(
            self.frame,
            drivers=self.drivers,
            not_used=self.not_used,
            weights=self._weight_values(),
        )
        return replace(self, frame=frame, controls=(*self.controls, *indicators))

    def rated_by_most(self, *, at_least: float = 0.5) -> DriverTable:
        """Return the table with the drivers that enough respondents used.

        Drivers used by a smaller share stay in the models as controls, adjusted as in
        `with_not_used`: a contrast, a curve or a ceiling needs ratings to stand on.

        Parameters
        ----------
        at_least : float
            Share of respondents, 0 to 1.

        Raises
        ------
        CxError
            No driver was used by so many.
        """
        check_share("at_least", at_least)
        used = 1 - self.not_used.mean()
        kept = tuple(name for name in self.drivers if used[name] >= at_least)
        if not kept:
            raise CxError(f"no driver was used by {at_least:.0%} of the respondents or more")
        rare = [name for name in self.drivers if name not in kept]
        if not rare:
            return self
        frame, indicators = adjust_not_used(
            self.frame,
            drivers=rare,
            not_used=self.not_used[rare],
            weights=self._weight_values(),
        )
        blocks = {
            label: inside
            for label, members in self.blocks.items()
            if (inside := tuple(name for name in members if name in kept))
        }
        return replace(
            self,
            frame=frame,
            drivers=kept,
            controls=(*self.controls, *rare, *indicators),
            blocks=blocks,
            not_used=self.not_used[list(kept)],
        )

    def _weight_values(self) -> FloatArray | None:
        if self.weights is None:
            return None
        return self.frame[self.weights].to_numpy(dtype=float, copy=True)

    def __repr__(self) -> str:
        return (
            f"DriverTable({self.outcome!r}, {len(self.drivers)} drivers, {self.n} respondents)"
        )

    def _repr_html_(self) -> str:
        answered = self.frame[list(self.drivers)].notna().sum()
        rows = "".join(
            f'<tr><th scope="row">{escape(self.labels[name])}</th><td>{answered[name]}</td>'
            f"<td>{int(self.not_used[name].sum())}</td></tr>"
            for name in self.drivers
        )
        return (
            f"<p><strong>{escape(self.labels[self.outcome])}</strong> "
            f"({escape(self.outcome_kind)}), {self.n} respondents</p>"
            "<table><thead><tr><th>driver</th><th>answered</th><th>not used</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rated:
    """A rated column under the name it has in the table."""

    name: str
    column: str
    label: str
    scale: ResponseScale | None
    block: str


def driver_table(
    responses: Responses,
    *,
    outcome: str,
    drivers: str | Sequence[str] = (),
    controls: str | Sequence[str] = (),
    outcome_kind: OutcomeKind = "auto",
) -> DriverTable:
    r"""Put outcome, drivers, controls and design of a survey into one table.

    Parameters
    ----------
    responses : Responses
    outcome : str
        Column of the codebook with a response scale.
    drivers : sequence of str
        Columns of the codebook, items of a battery, a battery (all its items),
        ``battery.dimension``, or ``battery.item``. None: the only battery.
    controls : sequence of str
        Columns that are always in the model; a segment enters as a factor.
    outcome_kind : {"auto", "linear", "binary", "ordinal", "nps"}
        Auto goes by the outcome's response scale: two points are binary, three or four ordinal,
        more linear. NPS is never guessed: a 0–10 scale may be a plain rating.

    Returns
    -------
    DriverTable

    Raises
    ------
    CxError
        A name is unknown, means two things, or stands twice; the outcome has no response scale.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from cxresearch.codebook import load_codebook
    >>> from cxresearch.responses.load import load_responses
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "codebook.yaml").write_text(
    ...     "survey: Stays\nresponse_scales: {rating: {range: [1, 10]}}\n"
    ...     "columns: {osat: {role: outcome, scale: rating}}\n"
    ...     "batteries: {stay: {scale: rating, column: '{item}', "
    ...     "dimensions: {all_items: {staff: Friendly staff, room: Clean room}}}}\n"
    ... )
    >>> _ = (folder / "stays.csv").write_text("osat,staff,room\n8,9,7\n5,6,\n9,9,8\n")
    >>> codebook = load_codebook(folder / "codebook.yaml")
    >>> responses = load_responses({"": folder / "stays.csv"}, codebook)
    >>> table = driver_table(responses, outcome="osat")
    >>> table.drivers, table.limits["staff"], table.n
    (('staff', 'room'), (1.0, 10.0), 3)
    """
    check_choice("outcome_kind", outcome_kind, OUTCOME_KINDS)
    codebook = responses.codebook
    target = _outcome(codebook, outcome)
    rated = _without_outcome(list(_named(codebook, drivers)), outcome)
    always = [controls] if isinstance(controls, str) else list(controls)
    control_columns = [codebook.find_column(name) for name in always]
    _check_names([outcome, *(entry.name for entry in rated), *always])
    columns = {outcome: target.name}
    columns |= {entry.name: entry.column for entry in rated}
    columns |= {column.name: column.name for column in control_columns}
    design = {role: _design_column(codebook, role) for role in ("weight", "cluster", "stratum")}
    groups = [column.name for column in codebook.columns_with_role("segment")]
    extra = [name for name in [*design.values(), *groups] if name and name not in columns]
    extra += ["wave"] if "wave" in responses.frame and "wave" not in columns else []
    frame = pd.DataFrame(
        {name: responses.frame[column] for name, column in columns.items()}
        | {name: responses.frame[name] for name in extra}
    )
    names = tuple(entry.name for entry in rated)
    labels = {outcome: target.label, **{entry.name: entry.label for entry in rated}}
    labels |= {column.name: column.label for column in codebook.columns if column.name in frame}
    scales = {outcome: target.scale, **{entry.name: entry.scale for entry in rated}}
    return DriverTable(
        frame=frame,
        outcome=outcome,
        outcome_kind=_kind(target.scale, outcome_kind),
        drivers=names,
        controls=tuple(always),
        labels=labels,
        blocks=_blocks(rated),
        weights=design["weight"],
        clusters=design["cluster"],
        strata=design["stratum"],
        limits={name: (s.low, s.high) for name, s in scales.items() if s is not None},
        not_used=_not_used(responses, rated),
        straight=_straight(frame[list(names)]),
    )


def _outcome(codebook: Codebook, name: str) -> Any:
    check_choice("outcome", name, [column.name for column in codebook.columns])
    column = codebook.find_column(name)
    if column.scale is None:
        raise CxError(f"outcome {name!r} has no response scale; give it one in the codebook")
    return column


def _named(codebook: Codebook, drivers: str | Sequence[str]) -> Iterator[_Rated]:
    wanted = [drivers] if isinstance(drivers, str) else list(drivers)
    if not wanted:
        yield from _battery_items(codebook, codebook.find_battery())
    batteries = {battery.name: battery for battery in codebook.batteries}
    columns = {column.name: column for column in codebook.columns}
    for name in wanted:
        battery, _, inner = name.partition(".")
        if name in columns:
            column = columns[name]
            yield _Rated(
                name=name, column=name, label=column.label, scale=column.scale, block=""
            )
        elif battery in batteries:
            yield from _part_of(codebook, batteries[battery], inner)
        elif name in (inside := _items_by_name(codebook)):
            yield inside[name]
        else:
            known = [*batteries, *columns, *inside]
            raise CxError(
                f"driver {name!r} is no battery, item or column; the codebook has {known}"
                f"{did_you_mean(name, known)}"
            )


def _items_by_name(codebook: Codebook) -> dict[str, _Rated]:
    """Return the items of all batteries by the names they have as drivers."""
    rated = (battery for battery in codebook.batteries if not battery.kano_only)
    return {e.name: e for battery in rated for e in _battery_items(codebook, battery)}


def _part_of(codebook: Codebook, battery: Battery, inner: str) -> Iterator[_Rated]:
    found = [
        entry
        for entry, scale, item in _with_places(codebook, battery)
        if inner in ("", scale.name, str(item.key))
    ]
    if not found:
        places = [scale.name for scale in battery.scales] + [str(i.key) for i in battery.items]
        raise CxError(
            f"driver '{battery.name}.{inner}': the battery has no such dimension or item; "
            f"it has {places}{did_you_mean(inner, places)}"
        )
    yield from found


def _battery_items(codebook: Codebook, battery: Battery) -> Iterator[_Rated]:
    yield from (entry for entry, _, _ in _with_places(codebook, battery))


def _with_places(codebook: Codebook, battery: Battery) -> Iterator[tuple[_Rated, Scale, Item]]:
    if battery.kano_only:
        raise CxError(
            f"battery {battery.name!r} holds Kano's pairs, which are no ratings; name other "
            "drivers, and see study_kano for the pairs"
        )
    part = next(
        (part for part in _RATED_PARTS if part in battery.parts), next(iter(battery.parts))
    )
    taken = {column.name for column in codebook.columns}
    for other in codebook.batteries:
        if other.name != battery.name:
            taken |= {_plain(item) for item in other.items}
    for scale in battery.scales:
        for item in scale.items:
            plain = _plain(item)
            yield (
                _Rated(
                    name=f"{battery.name}_{plain}" if plain in taken else plain,
                    column=battery.column(part, item),
                    label=item.text,
                    scale=battery.scale,
                    block=scale.label,
                ),
                scale,
                item,
            )


def _plain(item: Item) -> str:
    return item.key if isinstance(item.key, str) else item.term


def _without_outcome(rated: list[_Rated], outcome: str) -> list[_Rated]:
    return [entry for entry in rated if outcome not in (entry.name, entry.column)]


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise CxError(
            f"{twice} stand twice among outcome, drivers and controls; name each once"
        )


def _design_column(codebook: Codebook, role: Any) -> str | None:
    found = codebook.columns_with_role(role)
    return found[0].name if found else None


def _kind(scale: ResponseScale, asked: OutcomeKind) -> OutcomeKind:
    if asked != "auto":
        return asked
    if not scale.whole or scale.points > _FEW_CLASSES:
        return "linear"
    return "binary" if scale.points == 2 else "ordinal"


def _blocks(rated: Sequence[_Rated]) -> dict[str, tuple[str, ...]]:
    blocks: dict[str, tuple[str, ...]] = {}
    for entry in rated:
        blocks[entry.block] = (*blocks.get(entry.block, ()), entry.name)
    return {} if len(blocks) < 2 or "" in blocks else blocks


def _not_used(responses: Responses, rated: Sequence[_Rated]) -> pd.DataFrame:
    kinds: Mapping[str, Any] = {
        entry.name: (
            responses.missing[entry.column] == "not_used"
            if entry.column in responses.missing
            else np.zeros(len(responses.frame), dtype=bool)
        )
        for entry in rated
    }
    return pd.DataFrame(kinds, index=responses.frame.index).astype(bool)


def _straight(ratings: pd.DataFrame) -> BoolArray:
    answered = ratings.notna().sum(axis=1)
    alike = (ratings.nunique(axis=1) == 1) & (answered >= 3)
    return np.asarray(alike, dtype=np.bool_)
