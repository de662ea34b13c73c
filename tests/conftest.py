"""Chromium, for the tests that look at a page as its readers do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Visit = Callable[..., Any]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser that is installed: without one a user's tests are skipped, CI's fail."""
    from cxresearch.errors import CxError
    from cxresearch.reports.pdf import find_chromium

    sync = pytest.importorskip("playwright.sync_api")
    try:
        program = find_chromium()
    except CxError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no Chromium is installed")
    with sync.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    """Return a function that opens a file, or an address of this machine, and gives the page.

    Afterwards no request to elsewhere was made and nothing was complained of.
    """
    said: list[str] = []
    contexts: list[Any] = []

    def go(
        path: Path | str,
        *,
        width: int = 1280,
        height: int = 800,
        hash_: str = "",
        **options: Any,
    ) -> Any:
        address = path if isinstance(path, str) else f"file://{path}{hash_}"
        own = ("file:", "data:") if isinstance(path, Path) else ("http://127.0.0.1:", "data:")
        contexts.append(
            chromium.new_context(viewport={"width": width, "height": height}, **options)
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(own) else said.append(r.url))
        page.goto(address)
        return page

    yield go
    for context in contexts:
        context.close()
    assert said == []
