"""What of a report a manager gets on paper: its parts measured, its figures by importance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from cxresearch.reports.blocks import Block
from cxresearch.reports.body import Section
from cxresearch.reports.comparison import ChangePart
from cxresearch.reports.first_screen import SHOWN_QUALITY, FirstScreen
from cxresearch.reports.glossary import Entry
from cxresearch.reports.paper import (
    PAGES,
    Layout,
    Part,
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
from cxresearch.reports.pdf import PAPERS, Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPaper:
    """What the style sheet has to know of a part of the page, for each paper.

    Attributes
    ----------
    style : str
        Places or widths as custom properties, such as ``"--A4:3;--Letter:2"``.
    css_class : str
        ``"not-A4"`` or ``"not-Letter"`` or both, where it is left out; else ``""``.
    """

    style: str = ""
    css_class: str = ""

    @property
    def nowhere(self) -> bool:
        """Whether it is left out on every paper."""
        return len(self.css_class.split()) == len(PAPERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The line that lists figures that are not printed on some papers.

    Attributes
    ----------
    names : tuple of str
        Headings over them, as HTML.
    on : OnPaper
    """

    names: tuple[str, ...]
    on: OnPaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """How a report is printed at the manager's depth.

    Attributes
    ----------
    figures, sections : dict
        How wide each figure is, and at which place each section, by their identity.
    left_out : tuple of LeftOut
        One line, or one for each paper where they differ.
    end : tuple of OnPaper
        Of treatment, provenance and glossary.
    """

    figures: dict[int, OnPaper]
    sections: dict[int, OnPaper]
    left_out: tuple[LeftOut, ...]
    end: tuple[OnPaper, ...]


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
    # One figure that fills a column is not worth two that matter about as much.
    order = sorted(linked, key=lambda number: figures_of[number].tall)
    layouts = {
        paper: fit_figures(
            parts,
            columns_after(first, PAGES[paper]),
            order=order,
            end=end_parts(treatment=[*facts[1:], sample], words=words),
            names=names,
        )
        for paper in PAPERS
    }
    return _printed(chapters, blocks, names, layouts)


def _printed(
    chapters: Sequence[_Chapter],
    blocks: Sequence[Block],
    names: Sequence[str],
    layouts: Mapping[Paper, Layout],
) -> Printed:
    widths = {paper: layout.widths for paper, layout in layouts.items()}
    places = {paper: _places(layout) for paper, layout in layouts.items()}
    figures = {
        id(block): OnPaper(
            style=_style({paper: f"{own[number]}px" for paper, own in widths.items()}),
            css_class=_absent(paper for paper, own in widths.items() if not own[number]),
        )
        for number, block in enumerate(blocks)
    }
    sections: dict[int, OnPaper] = {}
    for number, chapter in enumerate(chapters):
        css_class = _without_figures(chapter, figures)
        style = _style({paper: own[number] for paper, own in places.items()})
        placed = OnPaper(style=style, css_class=css_class)
        sections |= {id(section): placed for section in chapter.sections}
    last = len(chapters)
    ends = [_style({paper: own[last + i] for paper, own in places.items()}) for i in range(4)]
    return Printed(
        figures=figures,
        sections=sections,
        left_out=tuple(_left_out(names, widths, ends[0])),
        end=tuple(OnPaper(style=style) for style in ends[1:]),
    )


def _places(layout: Layout) -> dict[int, int]:
    return {piece: place for place, piece in enumerate(layout.order)}


def _style(values: Mapping[Paper, object]) -> str:
    return ";".join(f"--{paper}:{value}" for paper, value in values.items())


def _absent(papers: Iterable[str]) -> str:
    return " ".join(f"not-{paper}" for paper in papers)


def _without_figures(chapter: _Chapter, figures: Mapping[int, OnPaper]) -> str:
    """Return the papers on which a chapter of nothing but figures has none."""
    absent = [set(figures[id(block)].css_class.split()) for block in chapter.figures]
    return (
        "" if chapter.part().rest or not absent else " ".join(sorted(set.intersection(*absent)))
    )


def _left_out(
    names: Sequence[str], widths: Mapping[Paper, Sequence[int]], style: str
) -> Iterator[LeftOut]:
    lines: dict[tuple[str, ...], list[Paper]] = {}
    for paper, own in widths.items():
        out = (name for name, width in zip(names, own, strict=True) if name and not width)
        lines.setdefault(tuple(dict.fromkeys(out)), []).append(paper)
    for line, papers in lines.items():
        if line:
            css_class = _absent(paper for paper in widths if paper not in papers)
            yield LeftOut(names=line, on=OnPaper(style=style, css_class=css_class))


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
    """Yield the first figure beside the evidence of each finding and action, by turns."""
    by_turns = zip_longest(screen.findings, screen.actions)
    for told in (told for pair in by_turns for told in pair if told is not None):
        mark = f'id="{told.evidence.place}"'
        for chapter in chapters if told.evidence.place else ():
            holds = any(mark in b.html for s in chapter.sections for b in s.blocks)
            if holds and chapter.figures:
                yield chapter.figures[0]
