"""What was asked and how it is coded."""

from __future__ import annotations

from cxresearch.codebook.load import load_codebook
from cxresearch.codebook.model import (
    Battery,
    Code,
    Codebook,
    CodeValue,
    Column,
    Item,
    MissingCode,
    ResponseScale,
    Scale,
)
from cxresearch.codebook.schema import codebook_schema

__all__ = [
    "Battery",
    "Code",
    "CodeValue",
    "Codebook",
    "Column",
    "Item",
    "MissingCode",
    "ResponseScale",
    "Scale",
    "codebook_schema",
    "load_codebook",
]
