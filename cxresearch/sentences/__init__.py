"""Sentences made from results, each with its evidence and how sure it is."""

from __future__ import annotations

from cxresearch.sentences import quality as _quality
from cxresearch.sentences import servqual as _servqual
from cxresearch.sentences._base import findings, sureness
from cxresearch.sentences._render import retell
from cxresearch.sentences.flow import describe_flow

__all__ = ["describe_flow", "findings", "retell", "sureness"]

_REGISTERED = (_quality, _servqual)
"""Importing them teaches `findings` their results."""
