"""Figures: results in, SVG in two layouts out."""

from __future__ import annotations

from cxresearch.plots.palette import css_variables
from cxresearch.plots.servqual import plot_dimensions, plot_gaps, plot_items, plot_segments

__all__ = ["css_variables", "plot_dimensions", "plot_gaps", "plot_items", "plot_segments"]
