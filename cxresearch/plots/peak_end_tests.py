"""What rules predict against what was observed, and looks at a study."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_names
from cxresearch.peak_end import AlwaysValidResult, MemoryModelsResult, SequentialResult
from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._canvas import Canvas, Line
from cxresearch.plots._draw import drawn, pictured
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._plane import Plane
from cxresearch.plots._rows import Chart, Interval, Row, Sign
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import SOFT
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats
from cxresearch.wording.peak_end import Labels, known_term, memory_name, rating_decimals

RULES: tuple[str, ...] = ("peak_end", "peak_plus_end", "mean", "tw_mean", "end", "full")


def plot_predictions(
    found: MemoryModelsResult,
    *,
    rules: tuple[str, ...] = RULES,
    shown: int = 600,
    labels: Labels = None,
    language: str = "en",
) -> Figure:
    """Draw what rules predict for people they never saw against what these people remember.

    Parameters
    ----------
    found : MemoryModelsResult
    rules : tuple of str
        Panels, in this order; rules that were not estimated are left out.
    shown : int
        Most episodes drawn in a panel, evenly chosen.
    labels : mapping of str to str, optional
        Column → text; the remembered rating is called by its label.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        One panel a rule, all on one scale, with the line on which prediction and observation
        are equal, and the correlation and typical error of predictions.

    Raises
    ------
    CxError
        A rule is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.peak_end import compare_memory_models
    >>> rng = np.random.default_rng(1)
    >>> names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    >>> episodes = pd.DataFrame(rng.normal(size=(60, 8)), columns=names)
    >>> episodes["duration"], episodes["person"] = rng.normal(size=60), range(60)
    >>> episodes["memory"] = episodes["peak"] + episodes["end"] + rng.normal(size=60)
    >>> found = compare_memory_models(episodes, retrospective="memory", participant="person")
    >>> plot_predictions(found, rules=("peak_end", "mean")).alt_text.split(". ")[0]
    'Observed against predicted, 2 rules'
    """
    formats = Formats.of(language)
    text = formats.messages.text
    check_names("rules", list(rules), found.models["term"].tolist(), of="rules")
    check_count("shown", shown, at_least=1)
    table = found.predictions
    panels = tuple(
        _panel(rule, table[rule].to_numpy(), table["observed"].to_numpy(), formats)
        for rule in rules
        if table[rule].notna().any()
    )
    memory = memory_name(found.retrospective, labels, formats.messages)
    caption = [
        text("figures.peak_end.predictions_explained", memory=memory),
        text("figures.peak_end.predictions_same_scale"),
        text("figures.peak_end.episodes_of", n=found.n, people=str(found.n_participants)),
    ]
    if found.n > shown:
        caption.append(text("figures.peak_end.predictions_sample", n=shown))
    return pictured(
        _Sheet(panels=panels, formats=formats, shown=shown).compose,
        name="memory_predictions",
        alt_text=alternative(
            text("figures.peak_end.alt_predictions", n=len(panels)),
            [panel.told for panel in panels],
            formats,
        ),
        caption=" ".join(caption),
    )


@or_nothing
def plot_looks(
    result: SequentialResult | AlwaysValidResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw the difference at each look with an interval that holds at all looks; none of None.

    Parameters
    ----------
    result : SequentialResult, AlwaysValidResult or None
        None for a study without planned looks.
    labels : mapping of str to str, optional
        Not needed.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        One row a look, the first on top.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    looks, level = result.looks, formats.level(result.confidence_level)
    decimals = rating_decimals(looks["estimate"])
    rows: list[Row] = []
    entries: list[str] = []
    for row in each(looks):
        number = formats.gap(row.estimate, decimals)
        interval = formats.interval(row.conf_low, row.conf_high, decimals)
        people = formats.count(row.n)
        sign: Sign = "excludes_zero" if row.crossed else "includes_zero"
        low, high = (
            row.estimate if math.isinf(end) else end for end in (row.conf_low, row.conf_high)
        )
        rows.append(
            Row(
                label=text("figures.peak_end.look_label", n=int(row.n))
                if math.isfinite(row.n)
                else f"{text('tables.peak_end.look')} {len(rows) + 1}",
                marks=Interval(row.estimate, low, high, sign),
                number=number,
                aside=interval,
            )
        )
        entries.append(
            text(
                "figures.peak_end.alt_look", people=people, difference=number, interval=interval
            )
        )
    chart = Chart(
        rows=tuple(rows),
        formats=formats,
        axis_title=text("figures.peak_end.axis_difference"),
        axis_ends=(text("figures.peak_end.axis_lower"), text("figures.peak_end.axis_higher")),
        number_heading=text("figures.peak_end.looks_heading"),
        aside_heading=text("figures.interval_heading", level=level),
        zero=True,
    )
    caption = [
        text("figures.peak_end.looks_explained", level=level),
        text("figures.peak_end.look_crossed"),
    ]
    return drawn(
        chart,
        name="sequential_looks",
        alt_text=alternative(text("figures.peak_end.alt_looks", n=len(rows)), entries, formats),
        caption=" ".join(caption),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Panel:
    name: str
    facts: str
    told: str
    predicted: FloatArray
    observed: FloatArray


def _panel(rule: str, predicted: FloatArray, observed: FloatArray, formats: Formats) -> _Panel:
    name = known_term("memory_rule", rule, formats.messages)
    r = float(np.corrcoef(predicted, observed)[0, 1]) if np.ptp(predicted) > 0 else math.nan
    rmse = float(np.sqrt(np.mean((observed - predicted) ** 2)))
    facts = {
        "r": formats.coefficient(r),
        "error": formats.number(rmse, rating_decimals(observed)),
    }
    return _Panel(
        name=name,
        facts=formats.messages.text("figures.peak_end.prediction_facts", **facts),
        told=formats.messages.text("figures.peak_end.alt_prediction", name=name, **facts),
        predicted=predicted,
        observed=observed,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Sheet:
    panels: tuple[_Panel, ...]
    formats: Formats
    shown: int

    def compose(self, layout: Layout) -> Canvas:
        """Return the panels in a layout: three beside each other, two on a phone."""
        canvas, text = Canvas(layout=layout), self.formats.messages.text
        if not self.panels:
            said = text("figures.peak_end.no_predictions")
            canvas.height = canvas.paragraph(canvas.left, 20, said, canvas.right) + 12
            return canvas
        across = min(len(self.panels), 2 if layout.above else 3)
        reach = [
            float(end(values))
            for panel in self.panels
            for values in (panel.predicted, panel.observed)
            for end in (np.min, np.max)
        ]
        axis = round_axis(min(reach), max(reach), most_ticks=4 if layout.above else 6)
        first, between = canvas.left + 34, 22
        width = (canvas.right - 8 - first - between * (across - 1)) / across
        y = layout.small + 4
        canvas.write(canvas.left, y, text("figures.peak_end.predictions_axis_y"))
        for start in range(0, len(self.panels), across):
            row = self.panels[start : start + across]
            y = self._line(canvas, axis, y + 10, row, first, width, between)
        y += layout.small * 1.6
        for number, line in enumerate(
            wrapped(text("figures.peak_end.predictions_axis_x"), width * across, layout.small)
        ):
            y += layout.small * 1.4 if number else 0.0
            canvas.write(canvas.right - 8, y, line, anchor="right")
        canvas.height = y + 10
        return canvas

    def _line(
        self,
        canvas: Canvas,
        axis: Axis,
        y: float,
        panels: tuple[_Panel, ...],
        first: float,
        width: float,
        between: float,
    ) -> float:
        layout = canvas.layout
        step = layout.label * 1.25
        heads = [
            wrapped(panel.name, width, layout.label, bold=True, most_lines=4)
            for panel in panels
        ]
        facts = [wrapped(panel.facts, width, layout.small, most_lines=2) for panel in panels]
        lines = max(map(len, heads))
        below = max(map(len, facts))
        top = y + lines * step + below * layout.small * 1.35 + 10
        for place, panel in enumerate(panels):
            left = first + place * (width + between)
            for number, line in enumerate(heads[place], start=1):
                base = y + (number + lines - len(heads[place])) * step
                canvas.texts.append(Text(left, base, line, layout.label, bold=True))
            for number, line in enumerate(facts[place], start=1):
                canvas.write(left, y + lines * step + number * layout.small * 1.35, line)
            box = (left, left + width, top, top + width)
            self._dots(canvas, axis, panel, box, numbers=not place)
        return top + width + layout.small + 6

    def _dots(
        self,
        canvas: Canvas,
        axis: Axis,
        panel: _Panel,
        box: tuple[float, float, float, float],
        *,
        numbers: bool,
    ) -> None:
        left, right, top, bottom = box
        plane = Plane(x_axis=axis, y_axis=axis, left=left, right=right, top=top, bottom=bottom)
        plane.grid(canvas, self.formats, y_numbers=numbers)
        low, high = axis.low, axis.high
        diagonal = (plane.point(low, low), plane.point(high, high))
        canvas.lines.append(Line(points=diagonal, colour=SOFT, width=1.4, dashed=True))
        count = min(self.shown, len(panel.observed))
        rows = np.unique(np.linspace(0, len(panel.observed) - 1, count).round().astype(int))
        canvas.points += plane.points(panel.predicted[rows], panel.observed[rows])
