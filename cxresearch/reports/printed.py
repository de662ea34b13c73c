"""What of a report a manager gets on paper: its parts measured, its figures by importance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cxresearch.reports.blocks import Block
from cxresearch.reports.body import Section
from cxresearch.reports.comparison import ChangePart
from cxresearch.reports.first_screen import SHOWN_QUALITY, FirstScreen
from cxresearch.reports.glossary import Entry
from cxresearch.reports.paper import (
    Part,
    Size,
    columns_after,
    end_parts,
    figure_size,
    first_height,
    fit_figures,
    table_height,
    text_height,
    title_height,
    wide_height,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """How a report is printed at the manager's depth.

    Attributes
    ----------
    figures : dict
        Size of each figure, by the identity of its block.
    left_out : frozenset of int
        Identities of the sections that hold nothing but figures that are left out.
    named : tuple of str
        Headings over the figures that are left out, as HTML.
    place : dict
        Place on paper of each section, by its identity.
    list_place, end_places : int, tuple of int
        Places of the list of what is left out; of treatment, provenance and glossary.
    """

    figures: dict[int, Size]
    left_out: frozenset[int]
    named: tuple[str, ...]
    place: dict[int, int]
    list_place: int
    end_places: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class _Chapter:
    """Sections under one heading."""

    title: str
    sections: list[Section] = field(default_factory=list)

    @property
    def figures(self) -> list[Block]:
        return [b for s in self.sections for b in _shown(s) if b.kind == "figure"]

    def part(self) -> Part:
        texts = [s.html for s in self.sections if s.depth == "manager"]
        rest = [b.html for s in self.sections for b in _shown(s) if b.kind != "figure"]
        checks = [told.html for s in self.sections for told in s.checks]
        return Part(
            text=sum(map(text_height, texts)),
            figures=[figure_size(block.html) for block in self.figures],
            rest=sum(map(table_height, rest)) + sum(map(text_height, checks)),
        )


def plan_print(
    screen: FirstScreen,
    sections: Sequence[Section],
    *,
    heading: tuple[str, str] = ("", ""),
    facts: Sequence[str] = (),
    sample: str = "",
    glossary: Iterable[Entry] = (),
    changes: ChangePart | None = None,
    failure: str = "",
) -> Printed:
    """Return what of a report is printed on two pages, and how large.

    Parameters
    ----------
    screen, sections, glossary, changes
        What is on the page.
    heading : tuple of str
        Title, and the sentence below it.
    facts : sequence of str
        How many answered and whom they speak for.
    sample, failure : str
        How people were asked; what failed.
    """
    chapters = _chapters(sections)
    blocks = [block for chapter in chapters for block in chapter.figures]
    names = [chapter.title for chapter in chapters for _ in chapter.figures]
    quality = [told.html for told in screen.quality[:SHOWN_QUALITY]]
    actions = [told.html for told in screen.actions]
    wide = [[failure, "", ""]] if failure else []
    wide += [[*changes.sentences, changes.clearest]] if changes is not None else []
    first = first_height(
        findings=[told.html for told in screen.findings],
        boxes=[actions, [*facts, *quality, ""]],
        above=title_height(*heading) + sum(map(wide_height, wide)),
    )
    words = [f"{e.term}: {e.meaning}" for e in glossary if e.depth == "manager"]
    parts = [chapter.part() for chapter in chapters]
    figures_of = [figure for part in parts for figure in part.figures]
    linked = [blocks.index(block) for block in _by_importance(screen, chapters)]
    layout = fit_figures(
        parts,
        columns_after(first),
        # One figure that fills a column is not worth two that matter about as much.
        order=sorted(linked, key=lambda number: figures_of[number].tall),
        end=end_parts(treatment=[*facts[1:], sample], words=words),
        names=names,
    )
    figures = {id(block): size for block, size in zip(blocks, layout.sizes, strict=True)}
    out = [name for name, size in zip(names, layout.sizes, strict=True) if size == "left-out"]
    empty = [s for chapter in chapters if _empty(chapter, figures) for s in chapter.sections]
    places = {piece: place for place, piece in enumerate(layout.order)}
    last = len(chapters)
    return Printed(
        place={
            id(s): places[i] for i, chapter in enumerate(chapters) for s in chapter.sections
        },
        list_place=places[last],
        end_places=tuple(places[last + i] for i in (1, 2, 3)),
        figures=figures,
        left_out=frozenset(map(id, empty)),
        named=tuple(dict.fromkeys(name for name in out if name)),
    )


def _chapters(sections: Iterable[Section]) -> list[_Chapter]:
    """Return what managers see, in the order of the page: what is about the data is last."""
    chapters = [_Chapter(title="")]
    for section in sorted(sections, key=lambda part: part.data):
        if section.outer_depth != "manager":
            continue
        if section.name:
            chapters.append(_Chapter(title=section.title))
        chapters[-1].sections.append(section)
    return chapters


def _shown(section: Section) -> Iterator[Block]:
    """Yield what managers see of a section; behind checks it is folded away."""
    if not section.checks:
        yield from (b for b in section.blocks if b.depth == "manager" and b.kind != "code")


def _by_importance(screen: FirstScreen, chapters: Sequence[_Chapter]) -> Iterator[Block]:
    """Yield the first figure beside the evidence of each finding and action, in their order."""
    for told in (*screen.findings, *screen.actions):
        mark = f'id="{told.evidence.place}"'
        for chapter in chapters if told.evidence.place else ():
            holds = any(mark in b.html for s in chapter.sections for b in s.blocks)
            if holds and chapter.figures:
                yield chapter.figures[0]


def _empty(chapter: _Chapter, figures: dict[int, Size]) -> bool:
    sizes = [figures[id(block)] for block in chapter.figures]
    return bool(sizes) and set(sizes) == {"left-out"} and not chapter.part().rest
