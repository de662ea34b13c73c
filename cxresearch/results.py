"""The base of every result: frozen, tidy, JSON-safe, silent."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from html import escape
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from cxresearch._types import Json
from cxresearch.errors import CxError

SCHEMA = 1
_SHOWN = 12
_LONGEST = 50
WHOLE = "the analysis as a whole"
"""Line above ``glance()`` where a result shows itself."""

TIDY_COLUMNS: tuple[str, ...] = (
    "term", "group", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
    "conf_low", "conf_high", "n",
)  # fmt: skip
"""The columns every ``tidy()`` draws from, in this order; a result's own follow them."""

_KINDS: dict[str, type[Result]] = {}
_ROOMS = ("drivers", "peak_end", "planned", "psychometrics", "servqual", "survey")
_PLAIN = frozenset({str, bool, int, type(None)})
"""Types that JSON has as they are; of numbers with a fraction, only those that are finite."""


def in_tidy_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the shared columns first, in the shared order, and the result's own after them."""
    shared = [name for name in TIDY_COLUMNS if name in frame.columns]
    own = [name for name in frame.columns if name not in TIDY_COLUMNS]
    ordered = frame if list(frame.columns) == shared + own else frame[shared + own]
    return ordered.reset_index(drop=True)


class Result:
    """What an analysis found: estimates at full precision, their ``n`` and the options.

    Subclasses are ``@dataclass(frozen=True, slots=True, eq=False, kw_only=True)`` and override
    `tidy` and `glance`. A class name ``ServqualGapsResult`` gives the kind ``servqual_gaps``.
    """

    __slots__ = ()

    kind: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    """Unit of the estimates, in words; ``""`` where they have none or several."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        name = cls.__name__.removesuffix("Result")
        cls.kind = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
        _KINDS[cls.kind] = cls

    def tidy(self) -> pd.DataFrame:
        """One row for each estimated quantity, in the shared columns."""
        raise NotImplementedError

    def glance(self) -> pd.DataFrame:
        """One row for the analysis as a whole."""
        raise NotImplementedError

    def to_dict(self) -> Json:
        """Return the result as plain JSON values.

        Numbers that are not finite become null and are listed under ``notes``.
        """
        notes: list[str] = []
        fields = {
            field.name: _encode(getattr(self, field.name), field.name, notes)
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        }
        return {"schema": SCHEMA, "kind": self.kind, "fields": fields, "notes": notes}

    @classmethod
    def from_dict(cls, payload: Json) -> Self:
        """Rebuild a result from `to_dict`; null numbers come back as nan.

        Raises
        ------
        CxError
            The payload has another schema or a kind nobody knows.
        """
        if payload.get("schema") != SCHEMA:
            raise CxError(f"result schema must be {SCHEMA}; got {payload.get('schema')!r}")
        kind = payload.get("kind")
        if str(kind) not in _KINDS:
            _learn_kinds()
        target = _KINDS.get(str(kind))
        if target is None or not issubclass(target, cls):
            raise CxError(f"result kind {kind!r} is not known; known are {sorted(_KINDS)}")
        floats = {f.name for f in dataclasses.fields(target) if f.type in ("float", float)}  # type: ignore[arg-type]
        fields = {name: _decode(value) for name, value in payload["fields"].items()}
        for name in floats:
            fields[name] = math.nan if fields[name] is None else fields[name]
        return target(**fields)

    def _repr_html_(self) -> str:
        glance, tidy = self.glance(), self.tidy()
        left = max(0, len(tidy) - _SHOWN)
        more = f"<p>{left} more {'row' if left == 1 else 'rows'}: .tidy()</p>" if left else ""
        n = glance["n"].iloc[0] if "n" in glance else None
        count = f", n = {n:g}" if isinstance(n, (int, float, np.number)) and n == n else ""
        unit = f", in {self.unit}" if self.unit else ""
        return (
            f"<p><strong>{escape(self.kind.replace('_', ' '))}</strong>{count}"
            f"{escape(unit)}</p>{_first_rows(tidy)}{more}"
            f"<details><summary>{WHOLE}</summary>"
            f"{glance.T.to_html(header=False, border=0, na_rep='')}</details>"
        )


def _first_rows(tidy: pd.DataFrame) -> str:
    """Return the shared columns as HTML, in the layout that pandas gives a frame in a cell."""
    columns = {
        name: tidy[name].tolist() for name in (*TIDY_COLUMNS, "label") if name in tidy.columns
    }
    known = {
        name: cells[:_SHOWN] for name, cells in columns.items() if not all(map(pd.isna, cells))
    }
    head = "".join(f"      <th>{name}</th>\n" for name in known)
    told = [[f"      <td>{_told(cell)}</td>\n" for cell in cells] for cells in known.values()]
    body = "".join(f"    <tr>\n{''.join(row)}    </tr>\n" for row in zip(*told, strict=True))
    return (
        '<table class="dataframe">\n  <thead>\n    <tr style="text-align: right;">\n'
        f"{head}    </tr>\n  </thead>\n  <tbody>\n{body}  </tbody>\n</table>"
    )


def _told(value: Any) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return escape(short, quote=False)


def _learn_kinds() -> None:
    """Import the rooms that have results: a kind is known once its class is imported.

    Some rooms import a name when it is first used.
    """
    for name in _ROOMS:
        room = import_module(f"cxresearch.{name}")
        for public in getattr(room, "__all__", ()):
            getattr(room, public)


def _encode(value: Any, path: str, notes: list[str]) -> Any:
    if isinstance(value, Result):
        return {"__result__": value.to_dict()}
    if isinstance(value, pd.DataFrame):
        return {"__frame__": _encode_frame(value, path, notes)}
    if isinstance(value, np.ndarray):
        return {"__array__": _encode_array(value, path, notes)}
    if isinstance(value, dict):
        return {str(k): _encode(v, f"{path}.{k}", notes) for k, v in value.items()}
    if isinstance(value, tuple):
        return {"__tuple__": _encode_list(value, path, notes)}
    if isinstance(value, list):
        return _encode_list(value, path, notes)
    return _encode_scalar(value, path, notes)


def _encode_array(value: np.ndarray, path: str, notes: list[str]) -> Any:
    values = value.tolist()
    whole = value.dtype.kind in "biu" or (value.dtype.kind == "f" and np.isfinite(value).all())
    return values if whole else _encode(values, path, notes)


def _encode_list(values: Sequence[Any], path: str, notes: list[str]) -> list[Any]:
    if _PLAIN.issuperset(map(type, values)):
        return list(values)
    return [_encode(value, f"{path}[{place}]", notes) for place, value in enumerate(values)]


def _encode_scalar(value: Any, path: str, notes: list[str]) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        if math.isfinite(value):
            return float(value)
        notes.append(f"{path} is {float(value)}")
        return None
    raise CxError(f"{path}: a {type(value).__name__} cannot be kept in a result")


def _encode_frame(frame: pd.DataFrame, path: str, notes: list[str]) -> list[Json]:
    encoded = []
    columns = frame.to_numpy(dtype=object).T.tolist()
    for name, dtype, values in zip(frame.columns, frame.dtypes, columns, strict=True):
        kind, types = _type_of(dtype), set(map(type, values))
        if not (types <= _PLAIN or (types == {float} and all(map(math.isfinite, values)))):
            values = [
                _encode_cell(value, row if kind == "float" else None, f"{path}.{name}", notes)
                for row, value in enumerate(values)
            ]
        encoded.append({"name": str(name), "type": kind, "values": values})
    return encoded


def _encode_cell(value: Any, row: int | None, path: str, notes: list[str]) -> Any:
    """Return a cell of a frame; a number that is lost is noted where a row is named."""
    if not isinstance(value, float) or math.isfinite(value):
        return _encode_scalar(value, path, notes)
    if row is not None:
        notes.append(f"{path}[{row}] is {value}")
    return None


def _type_of(dtype: Any) -> str:
    if pd.api.types.is_float_dtype(dtype):
        return "float"
    if pd.api.types.is_bool_dtype(dtype):
        return "bool"
    return "int" if pd.api.types.is_integer_dtype(dtype) else "text"


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "__result__" in value:
        return Result.from_dict(value["__result__"])
    if "__frame__" in value:
        return pd.DataFrame(
            {column["name"]: _decode_column(column) for column in value["__frame__"]}
        )
    if "__array__" in value:
        return np.asarray(_decode(value["__array__"]), dtype=float)
    if "__tuple__" in value:
        return tuple(_decode(item) for item in value["__tuple__"])
    return {key: _decode(item) for key, item in value.items()}


def _decode_column(column: Json) -> pd.Series[Any]:
    types: Json = {"float": "float64", "int": "int64", "bool": "bool", "text": object}
    return pd.Series(column["values"]).astype(types[column["type"]])
