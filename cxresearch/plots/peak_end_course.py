"""The course of episodes: single ones, their mean with a band, peak and end marked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_names
from cxresearch.errors import CxError
from cxresearch.peak_end import EpisodeFeaturesResult
from cxresearch.peak_end.course import Course, mean_course
from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._canvas import Area, Canvas, Line, Point
from cxresearch.plots._draw import pictured
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._plane import Plane
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import BAR, EXPECTED, RECEIVED
from cxresearch.shown import Figure
from cxresearch.wording import Formats
from cxresearch.wording.labels import capital, clean, file_stem, shortened
from cxresearch.wording.peak_end import Labels, level_name, rating_decimals

MOST_PANELS = 6
_MARK = 3.4
"""Half the size of the mark on the peak of a single episode."""


def plot_trajectories(  # noqa: PLR0913 - two tables, their columns and how they are shown
    moments: pd.DataFrame,
    features: EpisodeFeaturesResult,
    *,
    time: str = "time",
    rating: str = "rating",
    episodes: pd.DataFrame | None = None,
    by: str = "",
    shown: int = 30,
    labels: Labels = None,
    language: str = "en",
) -> Figure:
    """Draw how episodes were rated from their first moment to their last.

    Parameters
    ----------
    moments : DataFrame
        One row a moment.
    features : EpisodeFeaturesResult
        Of the same moments; says where peak and end are.
    time, rating : str
        Columns of `moments`.
    episodes : DataFrame, optional
        One row an episode, with the key columns and the column `by`.
    by : str
        Column of `episodes`, e.g. the condition: a panel for each of its values, at most six.
    shown : int
        Single episodes drawn in a panel, evenly chosen over the table; 0 for none.
    labels : mapping of str to str, optional
        Column, ``"condition[level]"`` or level → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Thin lines are single episodes, each with its peak marked; the thick line is the mean
        with its 95% band (participants are the units). Two large signs give the mean of the
        peaks where they occur on average, and of the ends. Episodes that were not rated to
        their end, or once only, are left out and counted in the caption.

    Raises
    ------
    CxError
        A column is unknown, or `by` comes without `episodes`.

    Examples
    --------
    >>> from cxresearch.peak_end import PeakEndDesign, episode_features, simulate_study
    >>> moments, _ = simulate_study(PeakEndDesign(participants=8, moments=6))
    >>> features = episode_features(
    ...     moments, participant="participant", episode="episode", time="time", rating="rating"
    ... )
    >>> plot_trajectories(moments, features).alt_text.split(". ")[0]
    'Ratings of 32 episodes from the first moment to the last'
    """
    formats = Formats.of(language)
    check_count("shown", shown)
    panels = [
        _panel(name, part, features, time=time, rating=rating, shown=shown)
        for name, part in _parts(moments, features, episodes, by, labels)
    ]
    sheet = _Sheet(tuple(panels), formats, both_sides=not math.isnan(features.neutral))
    lead = formats.messages.text(
        "figures.peak_end.alt_course", n=sum(panel.course.n for panel in panels)
    )
    return pictured(
        sheet.compose,
        name=f"trajectories_by_{file_stem(by)}" if by else "trajectories",
        alt_text=alternative(lead, [_entry(panel, formats) for panel in panels], formats),
        caption=_caption(panels, features, formats, shown=shown),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Panel:
    """One set of episodes: its name, its course, and the means of its peaks and ends.

    `peaks` are place and height of the peak of each episode, `marks` of the mean peak; of those
    above and below a neutral point apart, as their mean would lie where hardly any peak is.
    """

    name: str
    course: Course
    drawn: tuple[int, ...]
    peaks: FloatArray
    marks: tuple[tuple[float, float], ...]
    end: float

    def reach(self) -> list[float]:
        """Return every height the panel has to hold: ratings; a band of few people is cut."""
        values = [*self.course.ratings.ravel(), self.end]
        return [float(value) for value in values if math.isfinite(value)]


def _parts(
    moments: pd.DataFrame,
    features: EpisodeFeaturesResult,
    episodes: pd.DataFrame | None,
    by: str,
    labels: Labels,
) -> list[tuple[str, pd.DataFrame]]:
    """Return the name and the moments of each panel."""
    if not by:
        return [("", moments)]
    if episodes is None:
        raise CxError(f"by={by!r} needs episodes, the table with that column")
    keys = [features.participant, features.episode]
    known = [str(column) for column in episodes.columns]
    check_names("by", [*keys, by], known, of="columns of the episodes")
    joined = moments.merge(episodes[[*keys, by]], on=keys, how="inner", suffixes=("", "_of"))
    column = by if by in joined.columns and by not in moments.columns else f"{by}_of"
    levels = _ordered(joined[column])
    return [
        (level_name(by, str(level), labels), joined[joined[column] == level])
        for level in levels[:MOST_PANELS]
    ]


def _ordered(column: pd.Series) -> list[object]:
    """Return the values that occur, categories in their order, others by their text."""
    present = list(column.dropna().unique())
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [level for level in column.cat.categories if level in present]
    return sorted(present, key=str)


def _panel(
    name: str,
    moments: pd.DataFrame,
    features: EpisodeFeaturesResult,
    *,
    time: str,
    rating: str,
    shown: int,
) -> _Panel:
    course = mean_course(moments, features, time=time, rating=rating)
    peaks, end = _peaks_and_end(course, features)
    count = min(shown, course.n)
    chosen = np.unique(np.linspace(0, course.n - 1, count).round().astype(np.int64))
    return _Panel(
        name=name,
        course=course,
        drawn=tuple(int(row) for row in chosen),
        peaks=peaks,
        marks=tuple(_mean_peaks(peaks, features.neutral)),
        end=end,
    )


def _peaks_and_end(course: Course, features: EpisodeFeaturesResult) -> tuple[FloatArray, float]:
    """Return place and height of the peak of each episode of a course, and the mean end."""
    names = [features.participant, features.episode]
    known = features.features[["peak_position", "peak", "end"]].to_numpy(dtype=float)
    rows = {key: row for row, key in enumerate(_pairs(features.features, names))}
    own = known[[rows[key] for key in _pairs(course.keys, names)]]
    ends = own[~np.isnan(own[:, 2]), 2]
    return own[:, :2], float(ends.mean()) if len(ends) else math.nan


def _pairs(table: pd.DataFrame, names: list[str]) -> Iterator[tuple[object, ...]]:
    return zip(*(table[name].tolist() for name in names), strict=True)


def _mean_peaks(peaks: FloatArray, neutral: float) -> Iterator[tuple[float, float]]:
    """Return place and height of the mean peak, on each side of neutral where there is one."""
    known = peaks[~np.isnan(peaks).any(axis=1)]
    above = known[:, 1] >= neutral
    for part in (known,) if math.isnan(neutral) else (known[above], known[~above]):
        if len(part):
            place, height = part.mean(axis=0).tolist()
            yield place, height


# ── words ─────────────────────────────────────────────────────────────────────────────────


def _entry(panel: _Panel, formats: Formats) -> str:
    mean = panel.course.mean["estimate"]
    decimals = rating_decimals([*mean, *(height for _, height in panel.marks)])
    peaks = [
        formats.messages.text(
            "figures.peak_end.alt_peak",
            peak=formats.number(height, decimals),
            position=formats.percent(place),
        )
        for place, height in panel.marks
    ]
    told = formats.messages.text(
        "figures.peak_end.alt_course_entry",
        start=formats.number(mean.iloc[0], decimals),
        middle=formats.number(mean.iloc[len(mean) // 2], decimals),
        end=formats.number(mean.iloc[-1], decimals),
        peaks=formats.messages.listed(peaks) or formats.number(math.nan),
    )
    return f"{shortened(clean(panel.name), 60)}: {told}" if panel.name else capital(told)


def _caption(
    panels: list[_Panel], features: EpisodeFeaturesResult, formats: Formats, *, shown: int
) -> str:
    text = formats.messages.text
    episodes = sum(panel.course.n for panel in panels)
    people = {person for panel in panels for person in panel.course.keys.iloc[:, 0]}
    left_out = sum(panel.course.n_left_out for panel in panels)
    rule = features.peak_rule.replace(" ", "_")
    drawn = sum(len(panel.drawn) for panel in panels)
    sentences = [
        text("figures.peak_end.course_explained", level=formats.level(0.95)),
        text(f"figures.peak_end.peak_{rule}"),
        text("figures.peak_end.episodes_of", n=episodes, people=str(len(people))),
    ]
    if shown and drawn < episodes:
        sentences.append(text("figures.peak_end.course_sample", n=drawn))
    if left_out:
        sentences.append(text("figures.peak_end.course_left_out", n=left_out))
    return " ".join(sentences)


# ── drawing ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    panels: tuple[_Panel, ...]
    formats: Formats
    both_sides: bool

    def compose(self, layout: Layout) -> Canvas:
        """Return the panels in a layout, up to three beside each other."""
        canvas, text = Canvas(layout=layout), self.formats.messages.text
        reach = [value for panel in self.panels for value in panel.reach()]
        if not reach:
            room = canvas.right - canvas.left
            said = text("figures.peak_end.no_course")
            canvas.height = canvas.paragraph(canvas.left, 20, said, room) + 12
            return canvas
        axis = round_axis(min(reach), max(reach), most_ticks=7)
        y = canvas.legend(
            [
                (
                    "against",
                    text(f"figures.peak_end.mean_peak{'s' if self.both_sides else ''}"),
                ),
                ("excludes_zero", text("figures.peak_end.mean_end")),
            ],
            18,
        )
        across = min(len(self.panels), 1 if layout.above else 3)
        first = canvas.left + 34
        width = (canvas.right - 14 - first - 26 * (across - 1)) / across
        for start in range(0, len(self.panels), across):
            row = self.panels[start : start + across]
            y = self._line(canvas, axis, y + 8, row, first, width)
        canvas.height = y + 8
        return canvas

    def _line(
        self,
        canvas: Canvas,
        axis: Axis,
        y: float,
        panels: tuple[_Panel, ...],
        first: float,
        width: float,
    ) -> float:
        layout = canvas.layout
        step = layout.label * 1.28
        heads = [
            wrapped(panel.name, width, layout.label, bold=True, most_lines=3)
            if panel.name
            else []
            for panel in panels
        ]
        lines = max(map(len, heads))
        top = y + lines * step + 14
        bottom = top + (200 if layout.above else 230)
        below = bottom
        for place, (panel, head) in enumerate(zip(panels, heads, strict=True)):
            left = first + place * (width + 26)
            for number, line in enumerate(head, start=1):
                base = y + (number + lines - len(head)) * step
                canvas.texts.append(Text(left, base, line, layout.label, bold=True))
            box = (left, left + width, top, bottom)
            below = max(below, self._panel(canvas, axis, panel, box, numbers=not place))
        return below

    def _panel(
        self,
        canvas: Canvas,
        axis: Axis,
        panel: _Panel,
        box: tuple[float, float, float, float],
        *,
        numbers: bool,
    ) -> float:
        left, right, top, bottom = box
        plane = Plane(
            x_axis=Axis(0.0, 1.0, (0.0, 0.5, 1.0), 1), y_axis=axis,
            left=left, right=right, top=top, bottom=bottom,
        )  # fmt: skip
        bare = Plane(
            x_axis=Axis(0.0, 1.0, (), 1), y_axis=axis,
            left=left, right=right, top=top, bottom=bottom,
        )  # fmt: skip
        bare.grid(canvas, self.formats, y_numbers=numbers)
        _singles(canvas, plane, panel)
        _mean(canvas, plane, panel)
        return self._clock(canvas, plane)

    def _clock(self, canvas: Canvas, plane: Plane) -> float:
        """Write below a panel where it begins and ends."""
        text, size = self.formats.messages.text, canvas.layout.small
        y = plane.bottom + size + 6
        canvas.write(plane.left, y, text("figures.peak_end.clock_start"))
        canvas.write(plane.right, y, text("figures.peak_end.clock_end"), anchor="right")
        return y


def _singles(canvas: Canvas, plane: Plane, panel: _Panel) -> None:
    course = panel.course
    for row in panel.drawn:
        seen = np.isfinite(course.ratings[row])
        points = plane.points(course.positions[row, seen], course.ratings[row, seen])
        canvas.lines.append(Line(points=points, colour=BAR, width=0.8))
        place, peak = panel.peaks[row].tolist()
        if math.isfinite(peak) and math.isfinite(place):
            corners = _diamond(plane.point(place, peak))
            canvas.areas.append(Area(corners=corners, colour=EXPECTED, opacity=0.6))


def _diamond(centre: Point) -> tuple[Point, ...]:
    x, y = centre
    return ((x, y - _MARK), (x + _MARK, y), (x, y + _MARK), (x - _MARK, y))


def _mean(canvas: Canvas, plane: Plane, panel: _Panel) -> None:
    columns = ["position", "estimate", "conf_low", "conf_high"]
    mean = panel.course.mean[columns].to_numpy(dtype=float)
    mean = mean[~np.isnan(mean[:, 1])]
    if not len(mean):
        return
    band = mean[~np.isnan(mean[:, 2])]
    if len(band):
        corners = plane.band(band[:, 0], band[:, 2], band[:, 3])
        canvas.areas.append(Area(corners=corners, colour=RECEIVED, opacity=0.28))
    line = plane.points(mean[:, 0], mean[:, 1])
    canvas.lines.append(Line(points=line, colour=RECEIVED, width=2.8))
    for place, height in panel.marks:
        canvas.dots.append((*plane.point(place, height), "against"))
    if math.isfinite(panel.end):
        canvas.dots.append((*plane.point(1.0, panel.end), "excludes_zero"))
