"""From the form of the file to frozen values, with the checks that need more than one key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cxresearch._types import KANO_PARTS, Part
from cxresearch._validate import did_you_mean
from cxresearch._yaml import Document, TextPath
from cxresearch.codebook.file import BatteryFile, ColumnFile, DimensionFile, ResponseScaleFile
from cxresearch.codebook.model import (
    Battery,
    Code,
    CodeValue,
    Column,
    Item,
    MissingCode,
    ResponseScale,
    Scale,
)
from cxresearch.codebook.moments import moment_faults
from cxresearch.codebook.patterns import ItemKey, expand_items, pattern_fault, single_item
from cxresearch.errors import Fault

TextForm = str | dict[str, str]
ItemsForm = int | str | list[int | str] | dict[CodeValue, TextForm]

RESERVED = ("overall", "overall_weighted")
_NO_CATEGORIES = (
    "id", "weight", "duration", "outcome", "participant", "episode", "time", "rating",
    "retrospective",
)  # fmt: skip


def in_words(name: str) -> str:
    """Return the label a name gets when none is written: ``all_items`` → ``All items``."""
    spaced = name.replace("_", " ")
    return spaced[:1].upper() + spaced[1:]


class Builder:
    """Builds the parts of one codebook and collects what is wrong with them.

    Parameters
    ----------
    document : Document
        The file, for line numbers.
    language : str
        Language the texts are wanted in.
    fallback : str
        Language of the codebook, used where a text is not there in `language`.
    repaired : collection of path
        Places that have a fault already and were mended to go on; no second fault follows.
    """

    def __init__(
        self,
        document: Document,
        *,
        language: str,
        fallback: str,
        repaired: Iterable[TextPath] = (),
    ) -> None:
        self.document = document
        self.language, self.fallback = language, fallback
        self.scales: dict[str, ResponseScale] = {}
        self.faults: list[Fault] = []
        self._repaired = frozenset(repaired)
        written = document.data.get("response_scales")
        self._written = [str(name) for name in written] if isinstance(written, dict) else []

    def was_repaired(self, *place: object) -> bool:
        """Tell whether there was a fault at a place, or inside it."""
        parts = tuple(str(part) for part in place)
        return any(path[: len(parts)] == parts for path in self._repaired)

    def fault(self, place: Sequence[object], message: str) -> None:
        """Note a fault at a place of the file, unless it follows from one that is noted."""
        if tuple(str(part) for part in place) not in self._repaired:
            self.faults.append(self.document.fault(place, message))

    def text(self, text: TextForm | None, default: str, place: Sequence[object]) -> str:
        """Return a text in the language asked for."""
        if text is None or isinstance(text, str):
            return text or default
        for language in (self.language, self.language.split("-")[0]):
            if language in text:
                return text[language]
        if self.fallback not in text:
            has = ", ".join(text)
            message = (
                f"{place[1]}: a text has {has} but not {self.fallback}, the codebook's language"
            )
            self.fault(place, message)
        return text.get(self.fallback, default)

    def codes(
        self, form: Mapping[CodeValue, TextForm], place: Sequence[object]
    ) -> tuple[Code, ...]:
        """Return the pairs of code and text."""
        return tuple(
            Code(code, self.text(text, str(code), (*place, code)))
            for code, text in form.items()
        )

    def scale(self, name: str, form: ResponseScaleFile) -> ResponseScale:
        """Build a response scale."""
        place = ("response_scales", name)
        scale = ResponseScale(
            name=name,
            low=form.range[0],
            high=form.range[1],
            whole=form.whole,
            anchors=self.codes(form.anchors, (*place, "anchors")),
            missing=self._missing(form, (*place, "missing")),
        )
        self._check_range(scale, place)
        if scale.low < scale.high:
            self._check_anchors(scale, place)
            self._check_missing(scale, place)
        self._check_texts_differ(scale, place)
        self.scales[name] = scale
        return scale

    def _missing(
        self, form: ResponseScaleFile, place: Sequence[object]
    ) -> tuple[MissingCode, ...]:
        found = []
        for code, entry in form.missing.items():
            here = (*place, code)
            if isinstance(entry, str | dict):
                found.append(MissingCode(code, self.text(entry, str(code), here)))
            else:
                label = self.text(entry.label, str(code), here)
                found.append(MissingCode(code, label, entry.kind))
        return tuple(found)

    def _check_range(self, scale: ResponseScale, place: Sequence[object]) -> None:
        low, high = scale.low, scale.high
        here = (*place, "range")
        if low >= high:
            hint = f"; write [{high:g}, {low:g}]" if low > high else ""
            self.fault(
                here, f"{scale.name}: range [{low:g}, {high:g}] goes from high to low{hint}"
            )
        elif scale.whole and not (low.is_integer() and high.is_integer()):
            message = f"range [{low:g}, {high:g}] is not in whole numbers; add whole: false"
            self.fault(here, f"{scale.name}: {message}")

    def _check_anchors(self, scale: ResponseScale, place: Sequence[object]) -> None:
        for anchor in scale.anchors:
            here = (*place, "anchors", anchor.value)
            if not _inside(anchor.value, scale):
                message = f"anchor {anchor.value!r} is outside {scale.low:g} to {scale.high:g}"
                self.fault(here, f"{scale.name}: {message}")
            elif scale.whole and not float(anchor.value).is_integer():
                self.fault(here, f"{scale.name}: anchor {anchor.value} is not a whole number")

    def _check_missing(self, scale: ResponseScale, place: Sequence[object]) -> None:
        for missing in scale.missing:
            if _inside(missing.value, scale):
                self.fault(
                    (*place, "missing", missing.value),
                    f"{scale.name}: missing code {missing.value} is also an answer from "
                    f"{scale.low:g} to {scale.high:g}; it must be outside the range",
                )

    def _check_texts_differ(self, scale: ResponseScale, place: Sequence[object]) -> None:
        seen: dict[str, CodeValue] = {}
        for section, codes in (("anchors", scale.anchors), ("missing", scale.missing)):
            for code in codes:
                text = code.label.strip().casefold()
                if text in seen:
                    self.fault(
                        (*place, section, code.value),
                        f"{scale.name}: codes {seen[text]} and {code.value} have the same text "
                        f"{code.label!r}; an answer given as text could be either",
                    )
                seen.setdefault(text, code.value)

    def named_scale(
        self, name: str, owner: str, place: Sequence[object]
    ) -> ResponseScale | None:
        """Return the response scale of that name, or note that there is none."""
        if name not in self._written:
            are = (
                f"defined are {', '.join(self._written)}"
                if self._written
                else "none is defined"
            )
            hint = did_you_mean(name, self._written)
            self.fault(
                (*place, "scale"),
                f"{owner}: response scale {name!r} is not defined; {are}{hint}",
            )
        return self.scales.get(name)

    def column(self, name: str, form: ColumnFile) -> Column | None:
        """Build a column that belongs to no battery."""
        place = ("columns", name)
        scale = self.named_scale(form.scale, name, place) if form.scale else None
        if form.role == "outcome" and not form.scale and not self.was_repaired(*place, "scale"):
            has = f"; defined are {', '.join(self._written)}" if self._written else ""
            self.fault(place, f"{name}: an outcome needs a scale{has}")
        if form.values and form.role in _NO_CATEGORIES:
            message = f"values are the categories of a segment, not of role {form.role}"
            self.fault((*place, "values"), f"{name}: {message}")
        if form.reverse_keyed and not form.scale:
            self.fault((*place, "reverse_keyed"), f"{name}: reverse_keyed needs a scale")
        for key, message in moment_faults(form, scale):
            if not self.was_repaired(*place, *key):
                self.fault((*place, *key), f"{name}: {message}")
        if form.scale and scale is None:
            return None
        return Column(
            name=name,
            column=form.column or name,
            role=form.role,
            label=self.text(form.label, in_words(name), (*place, "label")),
            scale=scale,
            values=self.codes(form.values, (*place, "values")),
            reverse_keyed=form.reverse_keyed,
            direction=form.direction,
            higher_is=form.higher_is,
            neutral=form.neutral,
            unit=form.unit,
            line=self.document.line(place),
        )

    def battery(self, name: str, form: BatteryFile) -> Battery | None:
        """Build a battery."""
        place = ("batteries", name)
        before = len(self.faults)
        response_scale = self.named_scale(form.scale, name, place)
        parts = self._parts(name, form)
        scales = self._dimensions(name, form)
        keys = [item.key for scale in scales for item in scale.items]
        for part, pattern in parts.items():
            key = "column" if form.column else "parts"
            self._check_pattern((*place, key, part), f"{name}: {part}", (pattern, "item", keys))
        if form.importance:
            names = [scale.name for scale in scales]
            wanted = (form.importance, "dimension", names)
            self._check_pattern((*place, "importance"), f"{name}: importance", wanted)
        if response_scale is None or len(self.faults) > before:
            return None
        return Battery(
            name=name,
            scale=response_scale,
            parts=parts,
            scales=scales,
            points=form.importance or "",
            label=self.text(form.label, in_words(name), (*place, "label")),
            line=self.document.line(place),
        )

    def _check_pattern(
        self, place: Sequence[object], owner: str, wanted: tuple[str, str, Sequence[ItemKey]]
    ) -> None:
        message = pattern_fault(*wanted)
        if message:
            self.fault(place, f"{owner}: {message}")

    def _parts(self, name: str, form: BatteryFile) -> dict[Part, str]:
        place = ("batteries", name)
        if form.parts and form.column:
            self.fault((*place, "column"), f"{name}: has parts and column; write one of them")
        if form.parts:
            self._check_kano_pair(name, form.parts)
            return dict(form.parts)
        if form.column:
            return {"rating": form.column}
        if self.was_repaired(*place, "parts") or self.was_repaired(*place, "column"):
            return {}
        self.fault(
            place,
            f'{name}: parts is missing; write parts: {{expectation: "E{{item}}", perception: '
            '"P{item}"}, or column: "Q{item}" where each item has one question',
        )
        return {}

    def _check_kano_pair(self, name: str, parts: Mapping[Part, str]) -> None:
        there = [part for part in KANO_PARTS if part in parts]
        if len(there) != 1 or self.was_repaired("batteries", name, "parts"):
            return
        lacking = next(part for part in KANO_PARTS if part not in parts)
        self.fault(
            ("batteries", name, "parts"),
            f"{name}: parts has {there[0]} but not {lacking}; Kano's pair needs both: "
            '{functional: "F{item}", dysfunctional: "D{item}"}',
        )

    def _dimensions(self, battery: str, form: BatteryFile) -> tuple[Scale, ...]:
        place = ("batteries", battery, "dimensions")
        reverse = self._items(
            battery, form.reverse_keyed, ("batteries", battery, "reverse_keyed")
        )
        listed: dict[str, str] = {}
        scales = []
        for name, dimension in form.dimensions.items():
            if name in RESERVED or name.startswith("item_"):
                message = f"the name {name} is taken: results use it; choose another"
                self.fault((*place, name), f"{battery}: {message}")
            full = isinstance(dimension, DimensionFile)
            label = dimension.label if isinstance(dimension, DimensionFile) else None
            items = dimension.items if isinstance(dimension, DimensionFile) else dimension
            here = (*place, name, "items") if full else (*place, name)
            texts = self._item_texts(battery, items, here)
            self._check_listed_once(battery, name, texts, (here, listed))
            scales.append(
                Scale(
                    name=name,
                    label=self.text(label, in_words(name), (*place, name)),
                    items=tuple(
                        Item(key=key, text=text, reverse_keyed=key in reverse)
                        for key, text in texts
                    ),
                )
            )
        self._check_reverse(battery, reverse, listed)
        return tuple(scales)

    def _items(
        self, battery: str, form: int | str | list[int | str], place: Sequence[object]
    ) -> list[ItemKey]:
        try:
            return expand_items(form)
        except ValueError as error:
            self.fault(
                place, f"{battery}: {place[3] if len(place) > 3 else place[-1]}: {error}"
            )
            return []

    def _item_texts(
        self, battery: str, form: ItemsForm, place: Sequence[object]
    ) -> list[tuple[ItemKey, str]]:
        if not isinstance(form, dict):
            return [(key, default_text(key)) for key in self._items(battery, form, place)]
        found: list[tuple[ItemKey, str]] = []
        for written, text in form.items():
            here = (*place, written)
            key = single_item(written) if isinstance(written, str) else written
            if key is None:
                message = f"{written!r} is not one item; give each item its own text"
                self.fault(here, f"{battery}: {message}")
            elif isinstance(key, float):
                self.fault(here, f"{battery}: item {key:g} is not a whole number or a name")
            else:
                found.append((key, self.text(text, default_text(key), here)))
        return found

    def _check_listed_once(
        self,
        battery: str,
        dimension: str,
        texts: Sequence[tuple[ItemKey, str]],
        where: tuple[Sequence[object], dict[str, str]],
    ) -> None:
        place, listed = where
        for key, _ in texts:
            first = listed.setdefault(str(key), dimension)
            if first != dimension:
                message = f"item {key} is listed twice, in {first} and in {dimension}"
                self.fault((*place, key), f"{battery}: {message}")
        keys = [str(key) for key, _ in texts]
        for repeated in sorted({key for key in keys if keys.count(key) > 1}):
            self.fault(place, f"{battery}: item {repeated} is listed twice in {dimension}")

    def _check_reverse(
        self, battery: str, reverse: Sequence[ItemKey], listed: Mapping[str, str]
    ) -> None:
        unknown = [str(key) for key in reverse if str(key) not in listed]
        if unknown and not self.was_repaired("batteries", battery, "dimensions"):
            self.fault(
                ("batteries", battery, "reverse_keyed"),
                f"{battery}: reverse_keyed names {', '.join(unknown)}, which no dimension has; "
                f"the items are {', '.join(listed)}",
            )


def default_text(key: ItemKey) -> str:
    """Return the text of an item that has none: ``Item 5``, or its name in words."""
    return f"Item {key}" if isinstance(key, int) or key.isdigit() else in_words(key)


def _inside(value: CodeValue, scale: ResponseScale) -> bool:
    return not isinstance(value, str) and scale.low <= value <= scale.high
