"""Words and numbers as readers see them: message catalogues and the one place of rounding."""

from __future__ import annotations

from cxresearch.wording.formats import (
    Formats,
    decimals_for,
    format_count,
    format_gap,
    format_interval,
    format_number,
    format_p,
    format_percent,
)
from cxresearch.wording.messages import Messages, available_languages, best_language

__all__ = [
    "Formats",
    "Messages",
    "available_languages",
    "best_language",
    "decimals_for",
    "format_count",
    "format_gap",
    "format_interval",
    "format_number",
    "format_p",
    "format_percent",
]
