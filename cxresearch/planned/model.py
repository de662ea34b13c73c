"""An analysis plan as frozen values, and its elements one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Expected = Literal["greater", "less", "different", "equivalent"]
Spending = Literal["none", "obrien_fleming", "pocock", "always_valid"]

CONDITIONS = ("conditions", "crossover", "mixed_model")
CHOICES = ("choice", "choice_difference")
FEATURES = ("peak", "end", "mean", "start", "trough", "tw_mean", "integral", "trend")
"""Features of the moments that a hypothesis may be about."""

MODELS: Mapping[str, tuple[str, ...]] = {
    "conditions": CONDITIONS,
    "choice": CHOICES,
    "memory_models": ("memory_models",),
    "duration_neglect": ("duration_neglect",),
    "servqual_gaps": ("servqual_gaps",),
    "driver_importance": ("driver_importance",),
    "driver_model": ("driver_model",),
    "importance_performance": ("importance_performance",),
    "segment_importance": ("segment_importance",),
    "what_if": ("what_if",),
    "asymmetry": ("asymmetry",),
    "kano": ("kano",),
}
"""Model that a plan may name → kinds of result that carry it out."""

ElementKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One thing that a study was made to find out.

    Attributes
    ----------
    id : str
        Short name: ``"H1"``.
    statement : str
        The hypothesis in words.
    outcome : str
        Codebook name of what it is about; of moments also a feature: ``"end"``.
    asked : str
        The outcome by the name results have it: ``"retrospective"``, ``"choice"``.
    contrast : tuple of str
        Two conditions, the second taken from the first; empty without.
    model : str
        One of `MODELS`.
    term : str
        Row of the result it is about, such as a dimension or driver; ``""`` for all.
    direction : {"greater", "less", "different", "equivalent"}
    """

    id: str
    statement: str
    outcome: str
    model: str
    asked: str = ""
    contrast: tuple[str, ...] = ()
    term: str = ""
    direction: Expected = "different"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of result that answer it."""
        return MODELS[self.model]

    @property
    def words(self) -> str:
        """The hypothesis and how it is tested, in one line."""
        tested = " - ".join(self.contrast) if self.contrast else self.model
        about = f"{self.outcome}, {self.term}" if self.term else self.outcome
        return f"{self.statement} [{about}: {tested}, {self.direction}]"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AnalysisPlan:
    """What was decided before the data.

    Attributes
    ----------
    hypotheses : tuple of Hypothesis
    primary_outcome : str
        Codebook name.
    parameters : mapping
        Parameters of the template and their planned values.
    exclusions : tuple of str
        Rules of exclusion, in words.
    conditions : mapping of str to float
        Conditions and their planned ratio; empty without conditions.
    sample_size : int or None
        Planned participants (respondents).
    smallest_effect : float or None
        Smallest effect of interest, in points of the primary outcome.
    alpha : float
        Error rate of the confirmatory tests.
    spending : {"none", "obrien_fleming", "pocock", "always_valid"}
        How alpha is spent over interim looks.
    looks : tuple of float
        Participants at each look, or shares of the sample size.
    written_by, written_on : str
    text : str
        The file as it was written.
    sha256 : str
        Hash of its bytes.
    """

    hypotheses: tuple[Hypothesis, ...]
    primary_outcome: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[str, ...] = ()
    conditions: Mapping[str, float] = field(default_factory=dict)
    sample_size: int | None = None
    smallest_effect: float | None = None
    alpha: float = 0.05
    spending: Spending = "none"
    looks: tuple[float, ...] = ()
    written_by: str = ""
    written_on: str = ""
    text: str = ""
    sha256: str = ""

    @property
    def look_fractions(self) -> tuple[float, ...]:
        """Looks as shares of the sample size, the last one 1; none without spending.

        Always-valid intervals need no planned looks: the end is one.
        """
        if not self.looks:
            return (1.0,) if self.spending == "always_valid" else ()
        if self.looks[-1] <= 1:
            return self.looks
        return tuple(look / self.looks[-1] for look in self.looks)

    @property
    def ratio(self) -> tuple[float, ...]:
        """Planned ratio of the conditions, in their order."""
        return tuple(self.conditions.values())

    def elements(self) -> dict[ElementKey, str]:
        """Return every planned element: group and term → its value in words."""
        found: dict[ElementKey, str] = {
            ("hypothesis", one.id): one.words for one in self.hypotheses
        }
        found["primary_outcome", "primary_outcome"] = self.primary_outcome
        if self.conditions:
            found["conditions", "conditions"] = ratio_words(self.conditions)
        if self.sample_size is not None:
            found["sample_size", "sample_size"] = str(self.sample_size)
        for name, value in self.parameters.items():
            found["parameter", name] = value_words(value)
        for rule in self.exclusions:
            found["exclusion", rule] = rule
        if self.smallest_effect is not None:
            found["smallest_effect", "smallest_effect"] = value_words(self.smallest_effect)
        found["alpha", "alpha"] = value_words(self.alpha)
        found["looks", "looks"] = self.looks_words
        return found

    @property
    def looks_words(self) -> str:
        """Spending and looks in one line."""
        at = ", ".join(value_words(look) for look in self.looks)
        return f"{self.spending}: {at}" if at else self.spending


def ratio_words(conditions: Mapping[str, float]) -> str:
    """Return conditions and ratio in one line, whatever the unit of the ratio.

    Examples
    --------
    >>> ratio_words({"plain": 50, "warm": 100})
    'plain : warm = 1 : 2'
    """
    least = min(conditions.values())
    parts = " : ".join(f"{part / least:g}" for part in conditions.values())
    return f"{' : '.join(conditions)} = {parts}"


def value_words(value: Any) -> str:
    """Return a plain value as a line of the file would have it.

    Examples
    --------
    >>> value_words(True), value_words(0.95), value_words(["a", 1]), value_words("")
    ('true', '0.95', 'a, 1', '—')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(value_words(part) for part in value) or "—"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "—" if value in (None, "") else str(value)
