"""The one door to nbconvert's exporter: our own page, everything escaped."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from cxresearch._imports import without_slow_imports

with without_slow_imports():
    from nbconvert.exporters.templateexporter import TemplateExporter


_PAGE = "index.html.j2"
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

    def _create_environment(self) -> Any:
        environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.autoescape = True  # nbconvert leaves it off: text of a study is not HTML
        return environment


def export_page(page: dict[str, Any]) -> str:
    """Return the HTML of a report from the prepared parts of its page.

    They hold all that is shown of the notebook; to hand it on would be to have it copied and
    checked a dozen times.
    """
    return str(_exporter().template.render(resources={"page": page})) + "\n"


def load_page() -> None:
    """Compile the page, once for this process."""
    _exporter().environment.get_template(_PAGE)


@cache
def _exporter() -> ReportExporter:
    folder = _unpacked.enter_context(as_file(files("cxresearch.reports").joinpath("page")))
    return ReportExporter(  # type: ignore[no-untyped-call]
        extra_template_basedirs=[str(folder)]
    )
