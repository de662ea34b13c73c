"""Tables of driver importance: shares, ranks, margins over chance, dominance."""

from __future__ import annotations

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.drivers.dominance import DominanceResult
from cxresearch.drivers.importance import DriverImportanceResult
from cxresearch.drivers.margin import RandomDriverMarginResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Cell, Column, display_table
from cxresearch.tables._drivers import (
    Labels,
    chance_column,
    count_column,
    design_notes,
    interval_column,
    name_column,
    number_column,
    p_column,
    percent_column,
)
from cxresearch.wording import Formats
from cxresearch.wording.drivers import direction_of
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, column_label

_LEVELS = ("complete", "conditional", "general")


@or_nothing
def display_importance(
    importance: DriverImportanceResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show each driver's share of what the drivers explain, and beside it other measures.

    Parameters
    ----------
    importance : DriverImportanceResult
    labels : mapping of str to str, optional
        Column → text; without it the names of the columns are shown.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.drivers.importance import driver_importance
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(400, 2)), columns=["room", "staff"])
    >>> stay["overall"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=400)
    >>> asked = {"outcome": "overall", "drivers": ["room", "staff"]}
    >>> shares = driver_importance(stay, **asked, n_boot=50)
    >>> display_importance(shares).shown[["Driver", "Share", "Direction"]].iloc[0].tolist()
    ['room', '82.6%', 'higher with higher']
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = importance.estimates.sort_values("estimate", ascending=False, kind="stable")
    level = importance.confidence_level
    blocks = bool((data["block"] != data["term"]).any() and data["block"].nunique() > 1)
    columns = [name_column("tables.drivers.driver", labels, formats)]
    if blocks:
        columns.append(
            Column(
                text("tables.drivers.block"),
                lambda row: clean(row.block) or UNDEFINED,
                numeric=False,
            )
        )
    columns += [
        Column(text("tables.drivers.share"), lambda row: formats.percent(row.percent / 100, 1)),
        Column(
            text("tables.interval", level=formats.level(level)),
            lambda row: formats.percent_interval(
                row.percent_low / 100, row.percent_high / 100, 1
            ),
        ),
        number_column("tables.drivers.share_r2", "estimate", formats, 3),
        number_column("tables.drivers.share_adjusted", "adjusted", formats, 3),
        number_column("tables.drivers.first", "first", formats, 3),
        number_column("tables.drivers.last", "last", formats, 3),
        number_column("tables.drivers.coefficient", "coefficient", formats, 2),
        Column(
            text("tables.drivers.direction"),
            lambda row: text(f"tables.drivers.direction_{direction_of(row)}"),
            numeric=False,
        ),
        Column(text("tables.drivers.rank"), lambda row: formats.count(row.rank)),
        Column(
            text("tables.drivers.rank_interval", level=formats.level(level)),
            lambda row: formats.interval(row.rank_low, row.rank_high, 0, signed=False),
        ),
        chance_column("tables.drivers.first_chance", "p_top1", formats),
        count_column("tables.drivers.n_answered", "n_answered", formats),
    ]
    return display_table(
        data,
        columns,
        name="driver_importance",
        caption=text("tables.drivers.importance"),
        notes=_importance_notes(importance, labels, formats),
    )


def display_rank_probabilities(
    importance: DriverImportanceResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how often each driver takes each rank in resamples.

    Parameters
    ----------
    importance : DriverImportanceResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    order = importance.estimates.sort_values("rank", kind="stable")["term"].tolist()
    wide = importance.ranks.pivot(index="term", columns="rank", values="estimate").loc[order]
    ranks = [int(rank) for rank in wide.columns]
    # A column of a row tuple cannot be called 1.
    data = wide.set_axis([f"rank_{rank}" for rank in ranks], axis=1).reset_index()
    columns = [name_column("tables.drivers.driver", labels, formats)]
    columns += [Column(str(rank), _chance_of(f"rank_{rank}", formats)) for rank in ranks]
    return display_table(
        data,
        columns,
        name="driver_ranks",
        caption=text("tables.drivers.ranks"),
        notes=[
            text("tables.drivers.notes.ranks", n=importance.n_boot)
            if importance.n_boot
            else text("figures.drivers.no_ranks"),
            *design_notes(importance, formats),
        ],
    )


def display_margin(
    margin: RandomDriverMarginResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show shares against those that a random driver gets.

    Parameters
    ----------
    margin : RandomDriverMarginResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = margin.estimates.sort_values("share", ascending=False, kind="stable")
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        number_column("tables.drivers.share_r2", "share", formats, 3),
        number_column("tables.drivers.share_twin", "share_of_twin", formats, 3),
        Column(text("tables.drivers.margin_size"), lambda row: formats.gap(row.estimate, 3)),
    ]
    if margin.twin == "independent":
        columns.append(
            interval_column(formats, margin.confidence_level, decimals=3, signed=True)
        )
    else:
        columns.append(p_column("tables.p_plain", "p_value", formats))
    columns += [
        Column(
            text("tables.drivers.exceeds"),
            lambda row: text(
                "tables.drivers.yes" if row.exceeds else "tables.drivers.not_shown"
            ),
            numeric=False,
        ),
        count_column("tables.n", "n", formats),
    ]
    return display_table(
        data,
        columns,
        name="driver_margins",
        caption=text("tables.drivers.margin"),
        notes=[
            text(f"tables.drivers.notes.twin_{margin.twin}", n=margin.n_draws),
            text("tables.drivers.notes.never_negative"),
            *design_notes(margin, formats),
        ],
    )


def display_dominance(
    dominance: DominanceResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show, pair by pair, which driver adds more and how generally it does.

    Parameters
    ----------
    dominance : DominanceResult
    labels : mapping of str to str, optional
    language : str

    Returns
    -------
    DisplayTable
        One row a pair, the driver that adds more overall first; the strongest finding comes
        first.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    pairs = dominance.estimates
    data = pairs[pairs["general"] | _first_of_tied(pairs)].copy()
    data["reproduced"] = [
        getattr(row, f"reproduced_{row.strongest}", float("nan")) for row in rows_of(data)
    ]
    strength = {level: place for place, level in enumerate((*_LEVELS, "none"))}
    data = data.iloc[data["strongest"].map(strength).argsort(kind="stable")]
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        name_column("tables.drivers.against", labels, formats, source="other"),
        Column(
            text("tables.drivers.dominates"),
            lambda row: text(f"tables.drivers.dominance_{row.strongest}"),
            numeric=False,
        ),
        percent_column("tables.drivers.models_won", "estimate", formats),
        chance_column("tables.drivers.reproduced", "reproduced", formats),
        count_column("tables.n", "n", formats),
    ]
    notes = [text("tables.drivers.notes.dominance")]
    if dominance.n_boot:
        notes.append(text("tables.drivers.notes.reproduced", n=dominance.n_boot))
    return display_table(
        data,
        columns,
        name="driver_dominance",
        caption=text("tables.drivers.dominance"),
        notes=[*notes, *design_notes(dominance, formats)],
    )


def _chance_of(source: str, formats: Formats) -> Cell:
    return lambda row: formats.chance(getattr(row, source))


def _first_of_tied(pairs: pd.DataFrame) -> pd.Series:
    """Return which rows are the first of a pair in which neither driver adds more overall."""
    leads = {(r.term, r.other) for r in rows_of(pairs) if r.general}
    seen: set[frozenset[str]] = set()
    chosen = []
    for row in rows_of(pairs):
        pair = frozenset((str(row.term), str(row.other)))
        tied = (row.term, row.other) not in leads and (row.other, row.term) not in leads
        chosen.append(tied and pair not in seen)
        seen.add(pair)
    return pd.Series(chosen, index=pairs.index)


def _importance_notes(
    importance: DriverImportanceResult, labels: Labels, formats: Formats
) -> list[str]:
    text = formats.messages.text
    criterion = text(f"terms.criterion.{importance.criterion}")
    interval = (
        formats.interval(importance.r2_low, importance.r2_high, 3, signed=False)
        if importance.n_boot
        else UNDEFINED
    )
    notes = [
        text(f"tables.drivers.notes.method_{importance.method}"),
        text(
            "tables.drivers.notes.whole",
            criterion=criterion,
            whole=formats.number(importance.r2, 3),
            level=formats.level(importance.confidence_level),
            interval=interval,
        ),
    ]
    if importance.controls:
        names = [column_label(c, labels, formats.messages) for c in importance.controls]
        notes.append(
            text(
                "tables.drivers.notes.controls",
                names=formats.messages.listed(names),
                share=formats.number(importance.r2_controls, 3),
            )
        )
    notes += [
        text("tables.drivers.notes.measures", criterion=criterion),
        text("tables.drivers.notes.share_no_test"),
    ]
    if importance.n_boot:
        drawn = "normal" if importance.replicates == "normal" else importance.interval
        notes.append(text(f"tables.drivers.notes.{drawn}", n=importance.n_boot))
    if not importance.exact:
        notes.append(text("tables.drivers.notes.orders", n=importance.n_orders))
    if importance.n < importance.n_asked:
        left_out = importance.n_asked - importance.n
        notes.append(text("tables.drivers.notes.rows_dropped", n=left_out))
    return [*notes, *design_notes(importance, formats)]
