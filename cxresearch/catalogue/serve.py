"""The catalogue over HTTP for a shared folder: read-only, with safe headers."""

from __future__ import annotations

import functools
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cxresearch.errors import CatalogueError

LOOPBACK = "127.0.0.1"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""Each page carries a stricter policy of its own, with its script by hash; both hold."""


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files of one folder: no listing, nothing hidden, no link out of it."""

    server_version = "cxresearch"
    sys_version = ""
    extensions_map = {  # noqa: RUF012 - the base class declares it so
        "": "application/octet-stream",
        ".html": "text/html; charset=utf-8",
        ".json": "application/json",
        ".ipynb": "application/x-ipynb+json",
        ".csv": "text/csv; charset=utf-8",
        ".svg": "image/svg+xml",
    }

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            # The base class redirects /study to /study/ and then looks for its index.html.
            if not (path / "index.html").is_file():
                return self.send_error(HTTPStatus.NOT_FOUND)
        elif not path.is_file():
            return self.send_error(HTTPStatus.NOT_FOUND)
        root = Path(self.directory).resolve()
        inside = path.resolve()
        if not inside.is_relative_to(root):
            return self.send_error(HTTPStatus.NOT_FOUND)
        if any(part.startswith(".") for part in inside.relative_to(root).parts):
            return self.send_error(HTTPStatus.NOT_FOUND)
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: who read what is nobody's business here."""


def catalogue_server(
    reports: Path, *, host: str = LOOPBACK, port: int = 0
) -> ThreadingHTTPServer:
    """Return a server of the folder ``reports/``; it answers once ``serve_forever`` is called.

    Only GET and HEAD are answered, only files under `reports` are served, symbolic links out of
    it and names that begin with a dot are not, and a folder without an ``index.html`` is not
    listed.

    Parameters
    ----------
    reports : Path
    host : str
        Address to listen on; loopback by default.
    port : int
        0: any free one, see ``server.server_port``.

    Raises
    ------
    CatalogueError
        There is no catalogue yet, or the address cannot be had.
    """
    if not (reports / "index.html").is_file():
        raise CatalogueError(
            f"there is no catalogue in {reports} yet; run a study: cxresearch run"
        )
    handler = functools.partial(_Handler, directory=str(reports))
    try:
        return ThreadingHTTPServer((host, port), handler)
    except (OSError, OverflowError) as error:
        raise CatalogueError(f"cannot listen on {host}, port {port}: {error}") from error
