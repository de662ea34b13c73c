"""Names of the closed sets of options, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]
else:
    _ARRAYS = {"FloatArray": "float64", "IntArray": "int64", "BoolArray": "bool_"}

    def __getattr__(name: str) -> Any:
        # Made when first asked for: whoever wants another name from here needs no numpy.
        if name not in _ARRAYS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import numpy as np

        return np.ndarray[Any, np.dtype[getattr(np, _ARRAYS[name])]]


Json = dict[str, Any]

PAdjust = Literal["holm", "bh", "none"]
P_ADJUST: tuple[PAdjust, ...] = ("holm", "bh", "none")

Role = Literal[
    "id", "segment", "weight", "outcome", "driver", "duration", "stratum", "cluster",
    "participant", "episode", "time", "rating", "retrospective", "condition", "choice",
    "covariate", "ended", "personal", "text", "ignore",
]  # fmt: skip
ROLES: tuple[Role, ...] = (
    "id", "segment", "weight", "outcome", "driver", "duration", "stratum", "cluster",
    "participant", "episode", "time", "rating", "retrospective", "condition", "choice",
    "covariate", "ended", "personal", "text", "ignore",
)  # fmt: skip

Direction = Literal["pleasant", "unpleasant", "bipolar"]
HigherIs = Literal["better", "worse"]
TimeUnit = Literal["seconds", "minutes", "hours", "days", "order"]
TIME_UNITS: tuple[TimeUnit, ...] = ("seconds", "minutes", "hours", "days", "order")

Part = Literal[
    "expectation", "perception", "minimum", "desired", "importance", "satisfaction", "rating",
    "functional", "dysfunctional",
]  # fmt: skip
PARTS: tuple[Part, ...] = (
    "expectation", "perception", "minimum", "desired", "importance", "satisfaction", "rating",
    "functional", "dysfunctional",
)  # fmt: skip
KANO_PARTS: tuple[Part, Part] = ("functional", "dysfunctional")
"""Kano's pair: what if it is there, what if it is not there."""

MissingKind = Literal["refused", "not_used", "unknown"]
MISSING_KINDS: tuple[MissingKind, ...] = ("refused", "not_used", "unknown")
