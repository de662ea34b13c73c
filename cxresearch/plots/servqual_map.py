"""The map of gaps and importance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxresearch._validate import check_choice
from cxresearch.drivers.map import ImportancePerformanceResult
from cxresearch.plots._draw import pictured
from cxresearch.plots._drivers import people, share_decimals, spoken
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.drivers_map import DriverMap
from cxresearch.servqual import GapMapResult
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.labels import clean

KINDS = ("stated", "derived")


@or_nothing
def plot_gap_map(
    placed: GapMapResult, importance: str | None = None, *, language: str = "en"
) -> Figure | None:
    """Draw dimensions by their gap and their importance, with the uncertainty of both.

    Parameters
    ----------
    placed : GapMapResult or None
    importance : {"stated", "derived"}, optional
        Which importance; without it the first that the result has.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        Filled points where the quadrant is decided, open ones where not, ellipses of the
        confidence level, the cross-hair dashed. None where the result lacks this importance.

    Raises
    ------
    CxError
        The kind of importance is unknown.
    """
    kind = (
        placed.kinds[0] if importance is None else check_choice("importance", importance, KINDS)
    )
    if kind not in placed.kinds:
        return None
    formats = Formats.of(language)
    stand = _as_driver_map(placed, kind)
    ordered = stand.positions.sort_values("importance", ascending=False, kind="stable")
    labels = dict(zip(placed.positions["term"], placed.positions["label"], strict=True))
    drawing = GapMap(stand, tuple(each(ordered)), labels, kind, formats, placed)
    lead = formats.messages.text(
        "figures.gap_groups.alt_map", n=len(ordered), importance=drawing.importance_name()
    )
    return pictured(
        drawing.compose,
        name=f"gap_map_{kind}",
        alt_text=alternative(lead, [drawing.entry(row) for row in drawing.rows], formats),
        caption=drawing.caption(),
    )


def _as_driver_map(placed: GapMapResult, kind: str) -> ImportancePerformanceResult:
    """Return the same places with the gap as the performance."""
    rows: pd.DataFrame = placed.positions[placed.positions["importance"] == kind]
    cross: Any = placed.crosshair.set_index("importance").loc[kind]
    return ImportancePerformanceResult(
        estimates=placed.estimates,
        positions=rows.drop(columns=["importance"]).rename(
            columns={"gap": "performance", "share": "importance"}
        ),
        cut_performance=float(cross["gap"]), cut_importance=float(cross["share"]),
        cuts=placed.cuts, performance="mean", importance_varies=True, paired=True,
        decision=placed.decision, replicates=placed.replicates, seed=placed.seed,
        weights="weight" if placed.weighted else "", clusters=placed.clusters,
        strata=placed.strata, drivers=tuple(rows["term"]), n=placed.n,
        confidence_level=placed.confidence_level,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GapMap(DriverMap):
    """The words of a gap map on the drawing of a driver map."""

    gaps: GapMapResult

    def importance_name(self) -> str:
        """Return what the importance on the map is."""
        text = self.formats.messages.text
        outcome = clean(self.gaps.outcome_label) or clean(self.gaps.outcome)
        if self.measure == "derived":
            return text("figures.gap_groups.importance_derived", outcome=outcome)
        return text("figures.gap_groups.importance_stated")

    def entry(self, row: Any) -> str:
        """Return a dimension's place in words."""
        return self.formats.messages.text(
            "figures.gap_groups.alt_place",
            name=spoken(row.term, self.labels, self.formats),
            gap=self._performance(row.performance),
            share=self._importance(row.importance),
            place=self._place(row),
        )

    def caption(self) -> str:
        """Return who is shown, what the lines are and when a place is decided."""
        text, placed = self.formats.messages.text, self.placed
        return " ".join(
            [
                text(
                    f"figures.gap_groups.cross_{placed.cuts}",
                    gap=self._performance(placed.cut_performance),
                    share=self._importance(placed.cut_importance),
                ),
                text(
                    "figures.drivers.ellipse",
                    level=self.formats.level(placed.confidence_level),
                ),
                text(
                    "figures.drivers.map_decided", chance=self.formats.percent(placed.decision)
                ),
                text(f"figures.gap_groups.about_{self.measure}"),
                *people(placed.n, placed.weights, self.formats),
            ]
        )

    def _performance(self, value: float) -> str:
        return self.formats.gap(value, decimals_for(self.gaps.scale_low, self.gaps.scale_high))

    def _importance(self, value: float) -> str:
        decimals = share_decimals([row.importance for row in self.rows])
        return self.formats.percent(value, decimals)

    def _in_percent(self) -> bool:
        return True

    def _x_title(self) -> str:
        return self.formats.messages.text("figures.gap_groups.axis_gap")

    def _y_title(self) -> str:
        return self.importance_name()

    def _line(self, row: Any) -> str:
        return self.formats.messages.text(
            "figures.gap_groups.map_line",
            gap=self._performance(row.performance),
            share=self._importance(row.importance),
            place=self._place(row),
        )
