"""How often each driver comes first, second, third in resamples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cxresearch.drivers.importance import DriverImportanceResult
from cxresearch.plots._canvas import Canvas
from cxresearch.plots._draw import pictured
from cxresearch.plots._drivers import Labels, driver_label, outcome_name, people, spoken
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import INK, LINE, RECEIVED
from cxresearch.shown import Figure
from cxresearch.wording import Formats

MOST_DRIVERS, MOST_RANKS, MOST_RANKS_NARROW = 15, 10, 5
_PALEST, _SPAN = 0.07, 0.48
"""Opacity of a rank that hardly occurs, and what certainty adds; ink stays readable on it."""


def plot_ranks(
    importance: DriverImportanceResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw how often each driver takes each rank when respondents are resampled.

    Parameters
    ----------
    importance : DriverImportanceResult
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        One row a driver, one field a rank with the share of resamples in percent; the stronger
        the field, the more often. The first 15 drivers and 10 ranks (5 on a phone) at most.
        Without resamples the figure says so.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    ranks = importance.ranks.pivot(index="term", columns="rank", values="estimate")
    order = importance.estimates.sort_values("rank", kind="stable")["term"].tolist()
    shown = order[:MOST_DRIVERS]
    known = importance.n_boot > 0
    table = _Table(
        names=tuple(driver_label(term, labels, formats) for term in shown),
        shares=ranks.loc[shown].to_numpy(dtype=float) if known else np.empty((0, 0)),
        formats=formats,
        none=text("figures.drivers.no_ranks"),
    )
    rows = {row.term: row for row in each(importance.estimates)}
    entries = [
        text(
            "figures.drivers.alt_rank",
            name=spoken(term, labels, formats),
            first=formats.chance(rows[term].p_top1),
            three=formats.chance(rows[term].p_top3),
        )
        for term in shown
    ]
    caption = [
        text("figures.drivers.ranks_explained", n=importance.n_boot),
        *(
            [text("figures.drivers.ranks_cut", n=len(order) - len(shown))]
            if order[len(shown) :]
            else []
        ),
        *people(importance.n, importance.weights, formats),
    ]
    lead = text(
        "figures.drivers.alt_ranks",
        n=len(order),
        outcome=outcome_name(importance.outcome, labels, formats),
    )
    return pictured(
        table.compose,
        name="driver_ranks",
        alt_text=alternative(lead, entries, formats) if known else table.none,
        caption=" ".join(caption) if known else table.none,
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Names of the drivers, shares (drivers, ranks) and the words when there are none."""

    names: tuple[str, ...]
    shares: np.ndarray
    formats: Formats
    none: str

    def compose(self, layout: Layout) -> Canvas:
        """Return the fields in a layout."""
        canvas = Canvas(layout=layout)
        if not self.shares.size:
            room = canvas.right - canvas.left
            canvas.height = canvas.paragraph(canvas.left, 20, self.none, room) + 12
            return canvas
        most = MOST_RANKS_NARROW if layout.above else MOST_RANKS
        ranks = min(most, self.shares.shape[1])
        rest = self.shares.shape[1] > ranks
        left = canvas.left if layout.above else canvas.left + layout.label_room * 0.75
        columns = ranks + rest
        width = min((canvas.right - left) / columns, 130.0)
        y = self._head(canvas, left, width, ranks, rest=rest)
        for name, shares in zip(self.names, self.shares, strict=True):
            fields = [*shares[:ranks], *([float(shares[ranks:].sum())] if rest else [])]
            y = self._row(canvas, y, left, width, name, fields)
        canvas.height = y + 8
        return canvas

    def _head(
        self, canvas: Canvas, left: float, width: float, ranks: int, *, rest: bool
    ) -> float:
        text = self.formats.messages.text
        canvas.write(left, 18, text("figures.drivers.rank_heading"))
        names = [str(rank) for rank in range(1, ranks + 1)]
        names += [text("figures.drivers.rank_later", n=ranks + 1)] if rest else []
        for place, name in enumerate(names):
            canvas.write(left + (place + 0.5) * width, 40, name, anchor="center", strong=True)
        return 48.0

    def _row(
        self,
        canvas: Canvas,
        y: float,
        left: float,
        width: float,
        name: str,
        fields: list[float],
    ) -> float:
        layout = canvas.layout
        step = layout.label * 1.28
        if layout.above:
            lines = wrapped(name, canvas.right - canvas.left, layout.label, most_lines=4)
            for line in lines:
                y += step
                canvas.texts.append(Text(canvas.left, y, line, layout.label))
            top, tall = y + 5, 26.0
        else:
            lines = wrapped(name, left - canvas.left - 14, layout.label, most_lines=4)
            top, tall = y, max(34.0, len(lines) * step + 10)
            base = top + tall / 2 - (len(lines) - 1) * step / 2 + layout.label * 0.36
            for number, line in enumerate(lines):
                canvas.texts.append(
                    Text(left - 14, base + number * step, line, layout.label, INK, "right")
                )
        for place, share in enumerate(fields):
            self._field(canvas, left + place * width, width, top, tall, share)
        return top + tall + (6 if layout.above else 0)

    def _field(
        self, canvas: Canvas, left: float, width: float, top: float, tall: float, share: float
    ) -> None:
        share = 0.0 if math.isnan(share) else share
        strong = share > 0
        canvas.rectangle(
            left + 1, left + width - 1, top + 1, top + tall - 1,
            colour=RECEIVED if strong else LINE,
            opacity=_PALEST + _SPAN * share if strong else 0.45,
        )  # fmt: skip
        shown = self._number(share)
        if shown:
            middle, size = left + width / 2, canvas.layout.small
            base = top + tall / 2 + size * 0.36
            canvas.texts.append(Text(middle, base, shown, size, INK, "center"))

    def _number(self, share: float) -> str:
        """Return the percent without its sign; the heading says what it is."""
        if share <= 0:
            return ""
        return "<1" if share < 0.01 else self.formats.number(100 * share, 0)
