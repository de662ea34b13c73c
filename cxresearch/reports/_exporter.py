"""The one door to nbconvert's exporter: our own template on ``basic``, everything escaped."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from markupsafe import soft_str

from cxresearch._imports import without_slow_imports

with without_slow_imports():
    from nbconvert.exporters.templateexporter import TemplateExporter


_PARTS = ("index.html.j2", "basic/index.html.j2", "classic/base.html.j2", "base/null.j2")
_unpacked = ExitStack()
atexit.register(_unpacked.close)


class ReportExporter(TemplateExporter):
    """Fills the page of a report.

    Not ``HTMLExporter``: that sends the finished page through an HTML parser, which writes the
    attributes of inline SVG in small letters.
    """

    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def _template_name_default(self) -> str:
        return "cxreport"

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        # ``basic`` names filters that only HTMLExporter has; the page overrides what uses them.
        for name in ("highlight_code", "filter_data_type", "markdown2html"):
            yield name, soft_str

    def _create_environment(self) -> Any:
        environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.autoescape = True  # nbconvert leaves it off: text of a study is not HTML
        return environment


def export_page(page: dict[str, Any]) -> str:
    """Return the HTML of a report from the prepared parts of its page.

    They hold all that is shown of the notebook; to hand it on would be to have it copied and
    checked a dozen times.
    """
    return str(_exporter().template.render(resources={"page": page})).lstrip("\r\n")


def load_page() -> None:
    """Compile the page and what it rests on, once for this process."""
    environment = _exporter().environment
    for name in _PARTS:
        environment.get_template(name)


@cache
def _exporter() -> ReportExporter:
    folder = _unpacked.enter_context(as_file(files("cxresearch.reports").joinpath("page")))
    return ReportExporter(  # type: ignore[no-untyped-call]
        extra_template_basedirs=[str(folder)]
    )
