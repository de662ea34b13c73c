"""The table of what the courses of episodes are made of."""

from __future__ import annotations

import math

from cxresearch.peak_end import LatentCoursesResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats
from cxresearch.wording.peak_end import Labels, known_term, rating_decimals


@or_nothing
def display_latent(
    result: LatentCoursesResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show what the courses of episodes are made of: levels, slopes, slow drift and noise.

    Parameters
    ----------
    result : LatentCoursesResult or None
    labels : mapping of str to str, optional
        Not needed.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    columns = [
        Column(
            text("tables.peak_end.component"),
            lambda row: known_term("course_part", row.term, formats.messages),
            numeric=False,
        ),
        Column(text("tables.peak_end.variance"), lambda row: formats.number(row.estimate, 3)),
        Column(text("tables.peak_end.sd"), lambda row: formats.number(math.sqrt(row.estimate))),
        Column(text("tables.share"), lambda row: formats.percent(row.share, 1)),
    ]
    means = result.episodes[["peak_latent", "end_latent", "mean_latent"]].mean()
    decimals = rating_decimals(means)
    people = "_people" if "person_level" in set(result.components["term"]) else ""
    half = (result.episodes["peak_high"] - result.episodes["peak_low"]).median() / 2
    notes = [
        text(f"tables.peak_end.notes.latent{people}"),
        *(
            [text("tables.peak_end.notes.latent_zero")]
            if (result.components["estimate"] == 0).any()
            else []
        ),
        text(
            "tables.peak_end.notes.latent_means",
            peak=formats.number(means["peak_latent"], decimals),
            end=formats.number(means["end_latent"], decimals),
            mean=formats.number(means["mean_latent"], decimals),
        ),
        text(
            "tables.peak_end.notes.latent_limits",
            half=formats.number(half),
            level=formats.percent(result.confidence_level),
        ),
        text("tables.peak_end.notes.latent_n", n=result.n, moments=str(result.n_moments)),
    ]
    return display_table(
        result.tidy(),
        columns,
        name="latent_courses",
        caption=text("tables.peak_end.latent"),
        notes=notes,
    )
