"""The catalogue, served."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from click.testing import CliRunner

from cxresearch.cli import main


def test_serve_tells_its_address_and_ends_with_an_interrupt(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "reports").mkdir()
    command = [sys.executable, "-m", "cxresearch", "--workspace", str(tmp_path), "serve"]
    served = subprocess.Popen(
        [*command, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONUNBUFFERED": "1", "PATH": ""},
    )
    assert served.stdout is not None
    address = re.match(r"http://127\.0\.0\.1:\d+/", served.stdout.readline())
    assert address is not None
    with urllib.request.urlopen(address[0], timeout=10) as page:
        assert b"No study has been run yet." in page.read()
    served.send_signal(signal.SIGINT)
    _, said = served.communicate(timeout=10)
    assert (served.returncode, said.strip()) == (0, "ended")


def test_serve_without_reports_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    outcome = CliRunner().invoke(main, ["--workspace", str(tmp_path), "serve"])
    assert outcome.exit_code == 1
    assert "run a study: cxresearch run" in outcome.output
