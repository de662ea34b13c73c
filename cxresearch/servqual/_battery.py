"""Can gaps be made from a battery? Asked before a run too, without the statistics."""

from __future__ import annotations

from cxresearch.codebook.model import Battery
from cxresearch.errors import CxError

_RESERVED = ("overall", "overall_weighted")


def check_battery(battery: Battery) -> Battery:
    """Return the battery when gaps can be made from it."""
    lacking = [part for part in ("expectation", "perception") if part not in battery.parts]
    if lacking:
        raise CxError(
            f"battery {battery.name!r}: a gap needs the parts expectation and perception; the "
            f"battery has {list(battery.parts)}. Name the columns of {' and '.join(lacking)} "
            "under parts in the codebook, or choose another battery"
        )
    taken = [scale.name for scale in battery.scales if scale.name in _RESERVED]
    if taken:
        raise CxError(
            f"battery {battery.name!r}: a dimension cannot be called {taken[0]!r}, which is "
            "the name of a score over all dimensions; rename it in the codebook"
        )
    return battery
