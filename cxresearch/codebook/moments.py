"""What a codebook must say of studies that rate moments: the peak, the clock, both tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxresearch._types import Role
from cxresearch.codebook.file import ColumnFile
from cxresearch.codebook.model import Codebook, ResponseScale

KEY_ROLES: tuple[Role, ...] = ("participant", "episode")
"""Roles of the columns that stand in both tables and tie them together."""
MOMENT_ROLES: tuple[Role, ...] = ("time", "rating")
EPISODE_ROLES: tuple[Role, ...] = ("retrospective", "condition", "choice", "covariate")
NEEDED_ROLES: tuple[Role, ...] = (*KEY_ROLES, *MOMENT_ROLES, "retrospective")
SINGLE_MOMENT_ROLES: tuple[Role, ...] = (*NEEDED_ROLES, "condition", "choice", "ended")
OWN_NAMES: tuple[Role, ...] = (*SINGLE_MOMENT_ROLES, "duration")
"""Roles whose columns are called like the role once the tables are read."""
FEATURE_NAMES: tuple[str, ...] = (
    "peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend", "variability",
    "n_moments", "peak_position", "peak_time", "peak_index", "peak_corrected", "peak_rarefied",
    "peak_end", "maximum", "minimum", "last_rating", "end_share", "end_1", "end_2", "end_3",
    "n_missing", "note",
)  # fmt: skip
"""Names that what is computed from the moments has; no column may have them."""

_NEEDS_SCALE = ("rating", "retrospective")
_RATING_KEYS = ("direction", "higher_is", "neutral")
_TELLS_A_STUDY_OF_MOMENTS: tuple[Role, ...] = ("episode", "time", "rating", "retrospective")

Place = tuple[str, ...]


def describes_moments(codebook: Codebook) -> bool:
    """Tell whether a codebook is for two tables, moments and episodes."""
    return any(codebook.columns_with_role(role) for role in _TELLS_A_STUDY_OF_MOMENTS)


def moment_faults(form: ColumnFile, scale: ResponseScale | None) -> Iterator[tuple[Place, str]]:
    """Find what is wrong with the options of one column: where in the entry, and what."""
    for key in _RATING_KEYS:
        if getattr(form, key) is not None and form.role != "rating":
            yield (key,), f"{key} is for the rating of moments, not for role {form.role}"
    if form.unit is not None and form.role not in ("time", "duration"):
        yield ("unit",), f"unit is for role time or duration, not for role {form.role}"
    if form.unit == "order" and form.role == "duration":
        yield ("unit",), "a duration is no order; write seconds, minutes, hours or days"
    if form.role in _NEEDS_SCALE and not form.scale:
        yield ("scale",), f"role {form.role} needs a scale"
    if form.role == "rating":
        yield from _peak_faults(form, scale)
    if form.role == "choice" and {str(code) for code in form.values} not in (set(), {"0", "1"}):
        message = (
            "a choice has the values 1, chosen, and 0, not chosen; write the code first and "
            "what the file has behind it, such as {1: ja, 0: nein}"
        )
        yield ("values",), message
    if form.role == "condition" and len(form.values) == 1:
        yield ("values",), "a condition needs two values or more; nothing can be compared"


def _peak_faults(form: ColumnFile, scale: ResponseScale | None) -> Iterator[tuple[Place, str]]:
    if form.reverse_keyed:
        message = "reverse_keyed is for questions; write higher_is: worse instead"
        yield ("reverse_keyed",), message
    if form.direction is None:
        message = (
            "direction is missing: pleasant, unpleasant or bipolar; it decides which moment is "
            "the peak"
        )
        yield ("direction",), message
    if form.direction == "unpleasant" and form.higher_is is None:
        message = (
            "direction unpleasant needs higher_is: worse where a high rating is bad (pain: the "
            "peak is the highest), better where it is good (comfort: the peak is the lowest)"
        )
        yield ("higher_is",), message
    if form.direction == "bipolar" and form.neutral is None:
        yield ("neutral",), "direction bipolar needs neutral, the rating that is neither"
    if form.neutral is None or form.direction is None:
        return
    if form.direction != "bipolar":
        yield ("neutral",), f"neutral is for direction bipolar, not for {form.direction}"
    elif scale is not None and not scale.low < form.neutral < scale.high:
        message = (
            f"neutral {form.neutral:g} is not between {scale.low:g} and {scale.high:g}, the "
            f"ends of {scale.name}"
        )
        yield ("neutral",), message


def table_faults(
    forms: Mapping[str, ColumnFile], codebook: Codebook
) -> Iterator[tuple[Place, str]]:
    """Find roles that a study of moments lacks, and names that its results need."""
    roles = {form.role for form in forms.values()}
    if not roles & set(_TELLS_A_STUDY_OF_MOMENTS):
        return
    missing = [role for role in NEEDED_ROLES if role not in roles]
    if missing:
        word = "role" if len(missing) == 1 else "roles"
        message = (
            f"columns: no column has the {word} {', '.join(missing)}; a study of moments needs "
            f"{', '.join(NEEDED_ROLES)}"
        )
        yield ("columns",), message
    for battery in codebook.batteries:
        message = f"{battery.name}: a study of moments has columns, no batteries"
        yield ("batteries", battery.name), message
    own: Mapping[str, str] = {role: role for role in OWN_NAMES}
    for name, form in forms.items():
        if name in own and form.role != own[name]:
            message = f"{name}: the name is kept for role {own[name]}; choose another"
            yield ("columns", name), message
        elif name in FEATURE_NAMES and form.role not in OWN_NAMES:
            message = f"{name}: the name is that of a feature of episodes; choose another"
            yield ("columns", name), message
