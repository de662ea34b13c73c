"""A filed report again: as a page, as a PDF, or with what changed since an earlier run."""

from __future__ import annotations

from pathlib import Path

from cxresearch.catalogue import find_run, write_index
from cxresearch.catalogue.filings import Filing
from cxresearch.errors import CxError
from cxresearch.runs.sums import renew_sum
from cxresearch.shown import Depth


def make_report(
    workspace: Path,
    study: str,
    run_name: str,
    *,
    language: str | None = None,
    compare: str | None = None,
    output: Path | None = None,
) -> Path:
    """Render the report of a run into its folder, or elsewhere, and return the file.

    With a comparison, or a file named, the filed report stays as it is.
    """
    from cxresearch.reports import write_report

    reports = workspace / "reports"
    filing = find_run(reports, study, run_name)
    if compare is None and output is None:
        path = write_report(filing.folder, language=language)
        renew_sum(filing.folder, path.name)
        write_index(reports)
        return path
    target = output or _beside(filing, workspace, compare, ".html")
    html = _page(workspace, filing, language=language, compare=compare, target=target)
    from cxresearch._files import write_text

    try:
        return write_text(target, html)
    except OSError as error:
        raise CxError(f"{target} cannot be written: {error}") from error


def make_pdf(
    workspace: Path,
    study: str,
    run_name: str,
    *,
    depth: Depth,
    paper: str,
    language: str | None = None,
    compare: str | None = None,
    output: Path | None = None,
) -> Path:
    """Print the report of a run as a PDF, beside its folder or elsewhere; return the file."""
    from cxresearch.reports.pdf import find_chromium, write_pdf

    find_chromium()  # before anything is rendered
    filing = find_run(workspace / "reports", study, run_name)
    ending = ".pdf" if depth == "manager" else f".{depth}.pdf"
    target = output or _beside(filing, workspace, compare, ending)
    html = _page(workspace, filing, language=language, compare=compare, target=target)
    return write_pdf(html, target, depth=depth, paper="Letter" if paper == "Letter" else "A4")


def _beside(filing: Filing, workspace: Path, compare: str | None, ending: str) -> Path:
    """Return a name beside the run's folder: what is in the folder never changes."""
    from cxresearch.catalogue.compare import comparison_name

    if compare is None:
        return filing.folder.parent / f"{filing.run}{ending}"
    earlier = find_run(workspace / "reports", filing.study, compare)
    return filing.folder.parent / f"{comparison_name(filing, earlier)}{ending}"


def _page(
    workspace: Path, filing: Filing, *, language: str | None, compare: str | None, target: Path
) -> str:
    import os

    from cxresearch.reports import render_report

    relative = Path(os.path.relpath(filing.folder, target.parent.resolve())).as_posix()
    base = "" if relative == "." else f"{relative}/"
    if compare is None:
        return render_report(filing.folder, language=language, base=base)
    from cxresearch.catalogue.compare import compare_runs
    from cxresearch.catalogue.opened import open_run

    earlier = open_run(filing.study, compare, workspace=workspace)
    later = open_run(filing.study, filing.run, workspace=workspace)
    since = compare_runs(earlier, later)
    return render_report(filing.folder, language=language, since=since, base=base)
