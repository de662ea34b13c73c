"""Feed bytes to a loader: whatever they are, it loads or says what is wrong.

Run: python tests/fuzz/fuzz_loaders.py {codebook|study|responses} [libFuzzer options]
"""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["cxresearch"]):
    from cxresearch.codebook import load_codebook
    from cxresearch.errors import CxError
    from cxresearch.responses.load import inspect_responses
    from cxresearch.responses.read import read_table
    from cxresearch.study import load_study

ROOM = Path(tempfile.mkdtemp(prefix="cxresearch-fuzz-"))
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches" / "codebook.yaml"
SUFFIXES = (".csv", ".tsv", ".xlsx", ".sav", ".dta", ".parquet")


def codebook(data: bytes) -> None:
    path = ROOM / "codebook.yaml"
    path.write_bytes(data)
    load_codebook(path)


def study(data: bytes) -> None:
    folder = ROOM / "data" / "fuzzed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_bytes(data)
    load_study(folder, workspace=ROOM)


def responses(data: bytes) -> None:
    path = ROOM / f"answers{SUFFIXES[data[0] % len(SUFFIXES)] if data else '.csv'}"
    path.write_bytes(data[1:])
    read_table(path)
    inspect_responses({"": path}, load_codebook(SAMPLE))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "codebook": codebook,
    "study": study,
    "responses": responses,
}


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    logging.disable()
    warnings.simplefilter("error")

    def one(data: bytes) -> None:
        try:
            target(data)
        except CxError as error:
            if not str(error).strip():
                raise RuntimeError("an error without a word") from error

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
