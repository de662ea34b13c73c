"""The loaders, fed bytes made from good files: they load or say what is wrong."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("atheris", reason="atheris is made for Linux on x86-64")

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "fuzz" / "fuzz_loaders.py"
SECONDS = 8


def seeds(target: str) -> Iterator[bytes]:
    if target != "responses":
        for path in sorted(ROOT.glob(f"data/*/{target}.yaml")):
            yield path.read_bytes()
        return
    text = (ROOT / "data" / "bank-branches" / "responses.csv").read_text(encoding="utf-8")
    lines = "".join(text.splitlines(keepends=True)[:6])
    yield b"\0" + lines.encode()
    yield b"\1" + lines.replace(",", "\t").encode("utf-16")
    frame = pd.read_csv(io.StringIO(lines), dtype=str)
    for place, write in ((2, frame.to_excel), (5, frame.to_parquet)):
        stream = io.BytesIO()
        write(stream, index=False)
        yield bytes([place]) + stream.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["codebook", "study", "responses"])
def test_no_bytes_make_a_loader_fail_without_a_word(target: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds(target)):
        (corpus / f"{number}").write_bytes(data)
    options = ["-max_len=40000", "-seed=20261122", "-print_final_stats=1"]
    done = subprocess.run(
        [sys.executable, SCRIPT, target, corpus, f"-max_total_time={SECONDS}", *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    (tried,) = re.findall(r"number_of_executed_units: (\d+)", done.stderr)
    assert int(tried) > 300
