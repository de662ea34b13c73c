"""A researcher's road in a real JupyterLab: launcher, template, run, form, filed report."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(SAMPLE, folder / "data" / SAMPLE.name)
    (folder / "start-here.md").write_text("# Start here\n\nFirst this.\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(workspace: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = workspace / "home"
    home.mkdir()
    command = [sys.executable, "-m", "cxresearch", "--workspace", str(workspace), "lab"]
    options = ["--no-browser", f"--port={port}", "--ServerApp.token=t", "--allow-root"]
    with (workspace / "lab.log").open("w") as log:
        served = subprocess.Popen(
            [*command, *options],
            stdout=log,
            stderr=log,
            env=os.environ | {"HOME": str(home), "JUPYTER_DATA_DIR": str(home / "data")},
        )
    where = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{where}/api?token=t", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield where
    served.send_signal(signal.SIGTERM)
    served.wait(30)


@pytest.fixture(scope="module")
def page(address: str, chromium: Any) -> Iterator[Any]:
    opened = chromium.new_page(viewport={"width": 1400, "height": 900})
    opened.set_default_timeout(45_000)
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(f"{address}/?token=t")
    yield opened
    opened.close()
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:", "ws:"))]
    assert elsewhere == []


def run_cell(page: Any, code: str) -> None:
    page.locator(".jp-Notebook .jp-Cell").last.locator(".cm-content").click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")


def test_the_start_page_says_what_to_do_first(page: Any) -> None:
    page.get_by_role("heading", name="Start here").wait_for()


def take_picture(page: Any, name: str) -> None:
    """Keep a picture of the page in the folder LAB_PICTURES, if there is one."""
    if "LAB_PICTURES" in os.environ:
        page.screenshot(path=f"{os.environ['LAB_PICTURES']}/{name}.png")


def open_launcher(page: Any) -> Any:
    """Ask for the launcher until it comes: JupyterLab hears no keys before it is ready."""
    from playwright.sync_api import TimeoutError

    page.get_by_role("heading", name="Start here").wait_for()
    card = page.locator(".jp-LauncherCard", has_text="Study").first
    for _ in range(8):
        page.keyboard.press("Control+Shift+L")
        with contextlib.suppress(TimeoutError):
            card.wait_for(timeout=8_000)
            break
    return card


def test_a_template_from_the_launcher_runs_to_its_findings(page: Any) -> None:
    dialog = page.locator(".jp-Dialog")
    open_launcher(page).click()
    folder, template = page.locator(".jp-Dialog select").all()
    folder.select_option("cxresearch")
    template.select_option("/cxresearch/servqual.ipynb")
    page.locator(".jp-Dialog").get_by_role("button", name="Go").click()
    page.locator(".jp-Notebook").wait_for()
    # Which kernel: asked in its own time, or not at all.
    kernels = dialog.locator(".jp-mod-accept")
    page.add_locator_handler(kernels, lambda: kernels.click())
    page.get_by_role("heading", name="SERVQUAL gap analysis").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    told = page.locator(".jp-OutputArea-output li", has_text="expect more than they get")
    page.locator(".jp-Notebook .jp-Cell").last.scroll_into_view_if_needed()
    try:
        told.first.wait_for(timeout=300_000)
    finally:
        take_picture(page, "template")


def test_the_form_files_a_report_that_opens(page: Any, address: str, workspace: Path) -> None:
    page.locator(".jp-Notebook .jp-Cell").last.click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text('form = cx.study_form("bank-branches"); form')
    page.keyboard.press("Control+Enter")
    level = page.get_by_label("confidence_level")
    level.wait_for()
    level.fill("0.9")
    level.press("Tab")
    page.get_by_role("button", name="Run and file").click()
    link = page.get_by_role("link", name="report", exact=True)
    try:
        link.wait_for(timeout=300_000)
    finally:
        take_picture(page, "form")
    (filed,) = (workspace / "reports" / "bank-branches").glob("2*")
    assert '"confidence_level": 0.9' in (filed / "run.json").read_text(encoding="utf-8")
    page.goto(f"{address}{link.get_attribute('href')}?token=t")
    page.get_by_role("heading", name="Where do our branches fall short").first.wait_for()
