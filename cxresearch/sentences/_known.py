"""Which modules have the sentences on the results of a room."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

SENTENCES_ON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "drivers": (
            "drivers",
            "drivers_kano",
            "drivers_more",
            "drivers_quality",
            "drivers_shapes",
        ),
        "peak_end": (
            "peak_end",
            "peak_end_conditions",
            "peak_end_quality",
            "peak_end_tests",
        ),
        "planned": ("analysis_plan",),
        "psychometrics": ("distinctness", "invariance", "quality"),
        "responses": ("quality",),
        "servqual": ("servqual", "servqual_groups", "servqual_quality"),
    }
)


def learn_sentences(kind: type) -> None:
    """Import the sentences on results of the room that a class comes from."""
    package, _, rest = kind.__module__.partition(".")
    if package == "cxresearch":
        for module in SENTENCES_ON.get(rest.partition(".")[0], ()):
            import_module(f"cxresearch.sentences.{module}")


def make_ready() -> None:
    """Import all sentences: for a process that others are forked from."""
    for module in dict.fromkeys(name for names in SENTENCES_ON.values() for name in names):
        import_module(f"cxresearch.sentences.{module}")
