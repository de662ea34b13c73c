"""Figures: results in, SVG in two layouts out."""

from __future__ import annotations

from cxresearch.plots.drivers import plot_asymmetry, plot_importance, plot_what_if
from cxresearch.plots.drivers_map import plot_map
from cxresearch.plots.drivers_more import plot_imputed_importance, plot_segment_importance
from cxresearch.plots.drivers_ranks import plot_ranks
from cxresearch.plots.drivers_response import plot_response
from cxresearch.plots.factors import plot_distinctness
from cxresearch.plots.palette import css_variables
from cxresearch.plots.peak_end import plot_conditions, plot_memory_models, plot_sensitivity
from cxresearch.plots.peak_end_course import plot_trajectories
from cxresearch.plots.peak_end_surface import plot_peak_end_surface
from cxresearch.plots.peak_end_tests import plot_looks, plot_predictions
from cxresearch.plots.servqual import plot_dimensions, plot_gaps, plot_items, plot_segments
from cxresearch.plots.servqual_groups import plot_caterpillar, plot_changes
from cxresearch.plots.servqual_map import plot_gap_map
from cxresearch.plots.servqual_surface import plot_response_surface
from cxresearch.plots.servqual_zone import plot_zone
from cxresearch.plots.trends import plot_trends

__all__ = [
    "css_variables",
    "plot_asymmetry",
    "plot_caterpillar",
    "plot_changes",
    "plot_conditions",
    "plot_dimensions",
    "plot_distinctness",
    "plot_gap_map",
    "plot_gaps",
    "plot_importance",
    "plot_imputed_importance",
    "plot_items",
    "plot_looks",
    "plot_map",
    "plot_memory_models",
    "plot_peak_end_surface",
    "plot_predictions",
    "plot_ranks",
    "plot_response",
    "plot_response_surface",
    "plot_segment_importance",
    "plot_segments",
    "plot_sensitivity",
    "plot_trajectories",
    "plot_trends",
    "plot_what_if",
    "plot_zone",
]
