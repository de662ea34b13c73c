"""The sentences of every result: importing this module teaches `findings` all of them."""

from __future__ import annotations

from cxresearch.sentences import analysis_plan as _analysis_plan
from cxresearch.sentences import distinctness as _distinctness
from cxresearch.sentences import drivers as _drivers
from cxresearch.sentences import drivers_kano as _drivers_kano
from cxresearch.sentences import drivers_more as _drivers_more
from cxresearch.sentences import drivers_quality as _drivers_quality
from cxresearch.sentences import drivers_shapes as _drivers_shapes
from cxresearch.sentences import invariance as _invariance
from cxresearch.sentences import peak_end as _peak_end
from cxresearch.sentences import peak_end_conditions as _peak_end_conditions
from cxresearch.sentences import peak_end_quality as _peak_end_quality
from cxresearch.sentences import peak_end_tests as _peak_end_tests
from cxresearch.sentences import quality as _quality
from cxresearch.sentences import servqual as _servqual
from cxresearch.sentences import servqual_groups as _servqual_groups
from cxresearch.sentences import servqual_quality as _servqual_quality
from cxresearch.sentences._base import findings

__all__ = ["findings"]

_REGISTERED = (
    _analysis_plan,
    _distinctness,
    _drivers,
    _drivers_kano,
    _drivers_more,
    _drivers_quality,
    _drivers_shapes,
    _invariance,
    _peak_end,
    _peak_end_conditions,
    _peak_end_quality,
    _peak_end_tests,
    _quality,
    _servqual,
    _servqual_groups,
    _servqual_quality,
)
"""Importing them teaches `findings` their results."""
