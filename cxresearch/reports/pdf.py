"""A report as PDF, printed by the Chromium that is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cxresearch._validate import check_choice
from cxresearch.errors import CxError
from cxresearch.reports.source import DEPTHS
from cxresearch.shown import Depth

CHROMIUM = "CXRESEARCH_CHROMIUM"
"""Environment variable that names the browser to print with."""

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
Paper = Literal["A4", "Letter"]
PAPERS: tuple[Paper, ...] = ("A4", "Letter")

_RATIOS: Mapping[Paper, str] = {
    "A4": "(max-aspect-ratio:73/100)",
    "Letter": "(min-aspect-ratio:73/100)",
}
"""How the style sheet tells the papers apart."""

_TIMEOUT = 120
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-extensions",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--run-all-compositor-stages-before-draw",
)


def find_chromium(environment: Mapping[str, str] | None = None) -> str:
    """Return the browser that prints: the one that is named, else the first one installed.

    Parameters
    ----------
    environment : mapping, optional
        Where ``CXRESEARCH_CHROMIUM`` and ``PATH`` are looked up; by default `os.environ`.

    Raises
    ------
    CxError
        There is none, or the one that is named is not there.
    """
    known = os.environ if environment is None else environment
    named, path = known.get(CHROMIUM, ""), known.get("PATH", "")
    if named:
        found = shutil.which(named, path=path)
        if found is None:
            raise CxError(f"{CHROMIUM} is {named!r}, which is no program that can be run")
        return found
    installed = (shutil.which(name, path=path) for name in NAMES)
    browser = next((place for place in installed if place), None)
    if browser is None:
        raise CxError(
            "a PDF is printed by Chromium or Chrome, and none was found; looked for "
            f"{list(NAMES)}. Install one, or name it: {CHROMIUM}=/path/to/browser"
        )
    return browser


def write_pdf(
    html: str,
    target: Path,
    *,
    depth: Depth = "manager",
    paper: Paper = "A4",
    timeout: float = _TIMEOUT,
) -> Path:
    """Print a report into a PDF file, which is there in one step and whole.

    Parameters
    ----------
    html : str
        A page of `render_report`. It is printed from a copy: no run folder is touched.
    target : Path
        The PDF; its folder is made where it is missing.
    depth : {"manager", "analyst", "student"}
        The manager's depth takes two pages.
    paper : {"A4", "Letter"}
    timeout : float
        Seconds that the browser may take.

    Raises
    ------
    CxError
        A choice is unknown, there is no browser, it did not make the file, or the target
        cannot be written. What was at `target` before stays.
    """
    check_choice("depth", depth, DEPTHS)
    check_choice("paper", paper, PAPERS)
    browser = find_chromium()
    with tempfile.TemporaryDirectory(prefix="cxresearch-pdf-") as name:
        folder = Path(name)
        page, printed = folder / "report.html", folder / "report.pdf"
        page.write_text(at_depth(html, depth, paper), encoding="utf-8")
        _print(browser, page, printed, folder, timeout)
        try:
            return _put(printed, target)
        except OSError as error:
            raise CxError(f"{target} cannot be written: {error}") from error


def at_depth(html: str, depth: Depth, paper: Paper) -> str:
    """Return the page with a depth chosen and a paper set, without a script having to run."""
    chosen = html.replace(' value="manager" checked>', ' value="manager">', 1)
    chosen = chosen.replace(f' value="{depth}">', f' value="{depth}" checked>', 1)
    # A browser without a print dialog asks the style sheet for its own paper, not for this one.
    for own, ratio in _RATIOS.items():
        chosen = chosen.replace(f"print and {ratio}", "print" if own == paper else "not all")
    return chosen.replace("</style>", f"@page{{size:{paper}}}</style>", 1)


def _print(browser: str, page: Path, printed: Path, folder: Path, timeout: float) -> None:
    # A browser that runs as root, as in a container, starts only without its sandbox.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [
        browser,
        *_OPTIONS,
        *(["--no-sandbox"] if root else []),
        f"--user-data-dir={folder / 'profile'}",
        f"--print-to-pdf={printed}",
        page.as_uri(),
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise CxError(f"{browser} did not print the report within {timeout:g} s") from error
    except OSError as error:
        raise CxError(f"{browser} cannot be run: {error}") from error
    if not printed.is_file() or printed.stat().st_size == 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        last = said[-1] if said else f"status {done.returncode}"
        raise CxError(f"{browser} printed nothing: {last}")


def _put(printed: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name}.", suffix=".part"
    )
    os.close(handle)
    try:
        shutil.copyfile(printed, part)
        Path(part).chmod(0o644)
        os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise
    return target
