"""The catalogue over HTTP."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cxresearch.catalogue import catalogue_server, write_index
from cxresearch.errors import CatalogueError

Ask = Callable[..., http.client.HTTPResponse]
RUN = "20261121T174210Z-3f9ac"


@pytest.fixture
def ask(file: Callable[..., Path], reports: Path, tmp_path: Path) -> Iterator[Ask]:
    """Serve a catalogue of one study, with a secret beside it, and ask for paths."""
    file("a", RUN)
    (reports / ".staging").mkdir()
    (reports / ".staging" / "half.txt").write_text("half")
    (tmp_path / "secret.txt").write_text("secret")
    (reports / "link.txt").symlink_to(tmp_path / "secret.txt")
    (reports / "folder").symlink_to(tmp_path)
    write_index(reports)
    server = catalogue_server(reports)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def get(path: str, method: str = "GET") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.putrequest(method, path)
        connection.endheaders()
        answer = connection.getresponse()
        answer.text = answer.read().decode("utf-8", "replace")  # type: ignore[attr-defined]
        connection.close()
        return answer

    yield get
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/a/", "text/html; charset=utf-8"),
        (f"/a/{RUN}/report.html", "text/html; charset=utf-8"),
        (f"/a/{RUN}/run.json", "application/json"),
    ],
)
def test_what_lies_under_reports_is_served_with_safe_headers(
    ask: Ask, path: str, kind: str
) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Python" not in answer.headers["Server"]


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/a/../../secret.txt",
        "/link.txt",
        "/folder/secret.txt",
        "/folder/",
        "/.staging/half.txt",
        f"/a/{RUN}/",
        "/nowhere",
        "/a/%00",
    ],
)
def test_nothing_else_is_served(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert answer.status == 404
    assert "secret" not in answer.text  # type: ignore[attr-defined]
    assert "half" not in answer.text  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(ask: Ask, method: str) -> None:
    assert ask("/index.html", method).status == 501


def test_without_a_catalogue_there_is_nothing_to_serve(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"there is no catalogue in .* yet"):
        catalogue_server(tmp_path)


def test_an_address_that_cannot_be_had_is_named(
    file: Callable[..., Path], reports: Path
) -> None:
    file("a", RUN)
    write_index(reports)
    with pytest.raises(CatalogueError, match=r"cannot listen on 127\.0\.0\.1, port 99999"):
        catalogue_server(reports, port=99999)
