"""What a report needs whatever the run finds, made ready while the kernel works."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence


def work_ahead(sources: Sequence[str]) -> Iterator[None]:
    """Import, load and look up what the report of a notebook will need, a little at each step.

    Everything is kept for this process and those it forks; rendering is the same without it.

    Parameters
    ----------
    sources : sequence of str
        Code cells of the template.
    """
    for module in ("_exporter", "code", "render"):
        importlib.import_module(f"cxresearch.reports.{module}")
        yield
    from cxresearch.reports._exporter import load_page
    from cxresearch.reports.code import look_up

    load_page()
    yield
    importlib.import_module("cxresearch.sentences.flow")
    yield
    for source in sources:
        look_up(source)
        yield
