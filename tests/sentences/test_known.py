"""Sentences are imported with the first result of a room: none may be left out."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import cxresearch.sentences
from cxresearch.sentences import findings
from cxresearch.sentences._known import SENTENCES_ON

FOLDER = Path(cxresearch.sentences.__file__).parent


def test_every_result_is_told_by_a_module_that_its_room_names() -> None:
    for path in FOLDER.glob("[a-z]*.py"):
        import_module(f"cxresearch.sentences.{path.stem}")
    told = {kind: how for kind, how in findings.registry.items() if "." in kind.__module__}
    assert len(told) > 40
    for kind, how in told.items():
        room = kind.__module__.split(".")[1]
        assert how.__module__.rpartition(".")[2] in SENTENCES_ON[room], kind


@pytest.mark.parametrize("room", ["drivers", "servqual"])
def test_a_method_imports_no_sentences_of_another(room: str) -> None:
    code = (
        "import sys\n"
        "from cxresearch.sentences._known import learn_sentences\n"
        f"learn_sentences(type('R', (), {{'__module__': 'cxresearch.{room}.result'}}))\n"
        "print(*[m for m in sys.modules if m.startswith('cxresearch.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    rooms = {module.split(".")[1] for module in done.stdout.split()}
    assert room in rooms
    assert "peak_end" not in rooms
