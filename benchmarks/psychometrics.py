"""Factor models, polychoric correlations and HTMT against their peers, same data, same run.

    python benchmarks/psychometrics.py [--quick] [--semopy-python PATH]

22 items, 5 factors. Peers: lavaan and psych (R), semopy; one that is not installed is named and
skipped. semopy may live in an environment of its own, as it asks for other versions of its
libraries: ``python -m venv peer && peer/bin/pip install semopy``, then ``--semopy-python
peer/bin/python`` or the environment variable SEMOPY_PYTHON.

Times are of the calculation in the process (R's taken inside R, start and packages excluded),
the median of repeats; ours is the public call on a data frame, fit indices, standard errors and
modification indices included. The last line is JSON: ML at n = 400 against lavaan,
``{"bench": "psychometrics", "ours": seconds, "peer": seconds, "ratio": …}``.

Notes
-----
Semopy 2.3.11 with an interpreter of its own, ML, several runs on a busy machine: 1.8 to 2.5
times our time at n = 400 (64 to 84 ms against 30 to 40 ms), 1.9 to 3.8 times at n = 5,000 (112
to 142 ms against 34 to 64 ms); the same χ² (234.259), CFI and TLI to six digits; RMSEA is
.02107 there, over n − 1, and .02105 here and in lavaan.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.distinctness import htmt
from cxresearch.psychometrics.polychoric import polychoric_correlations
from cxresearch.psychometrics.verdict import distinct_scales

SIZES = {"TAN": 4, "REL": 5, "RES": 4, "ASS": 4, "EMP": 5}
R_CODE = """
d <- read.csv(file.path("{folder}", "d.csv"))
suppressPackageStartupMessages(library({package}))
model <- "{model}"
seconds <- replicate({repeats}, system.time({call})[[3]])
cat(median(seconds))
"""
SEMOPY_CODE = """
import sys, time, statistics
import pandas as pd, semopy
frame, text = pd.read_csv(sys.argv[1]), sys.argv[2]
def fit():
    started = time.perf_counter()
    fitted = semopy.Model(text)
    fitted.fit(frame)
    fitted.inspect()
    semopy.calc_stats(fitted)
    return time.perf_counter() - started
fit()
print(statistics.median(fit() for _ in range(3)))
"""


def model() -> dict[str, list[str]]:
    names = iter(range(1, 23))
    return {factor: [f"P{next(names):02d}" for _ in range(k)] for factor, k in SIZES.items()}


def sample(n: int) -> pd.DataFrame:
    """Answers from 1 to 7 to 22 items of five factors that correlate .55."""
    rng = np.random.default_rng(n)
    phi = np.full((5, 5), 0.55) + 0.45 * np.eye(5)
    factors = rng.multivariate_normal(np.zeros(5), phi, n)
    loadings = rng.uniform(0.6, 0.85, 22)
    of_item = np.repeat(np.arange(5), list(SIZES.values()))
    noise = rng.normal(size=(n, 22)) * np.sqrt(1 - loadings**2)
    answers = np.clip(np.round(5 + 1.2 * (factors[:, of_item] * loadings + noise)), 1, 7)
    return pd.DataFrame(answers, columns=[x for items in model().values() for x in items])


def seconds_of(call: Callable[[], object], repeats: int = 7) -> float:
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def has_r(package: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    code = f"cat(requireNamespace('{package}', quietly = TRUE))"
    found = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    return found.stdout.strip() == "TRUE"


def r_seconds(package: str, call: str, frame: pd.DataFrame, repeats: int) -> float | None:
    if not has_r(package):
        print(f"{package} (R) is not installed: skipped")
        return None
    text = "; ".join(f"{f} =~ {' + '.join(items)}" for f, items in model().items())
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "d.csv", index=False)
        code = R_CODE.format(
            folder=folder, package=package, model=text, repeats=repeats, call=call
        )
        run = subprocess.run(
            ["Rscript", "-e", code], capture_output=True, text=True, check=False, timeout=600
        )
    return float(run.stdout.split()[-1]) if run.returncode == 0 and run.stdout else None


def semopy_seconds(frame: pd.DataFrame, python: str) -> float | None:
    """Return the time of semopy in a process of its own, started and imported before."""
    known = subprocess.run([python, "-c", "import semopy"], capture_output=True, check=False)
    if known.returncode:
        print(f"semopy is not installed for {python}: skipped (--semopy-python)")
        return None
    text = "\n".join(f"{f} =~ {' + '.join(items)}" for f, items in model().items())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "d.csv"
        frame.to_csv(file, index=False)
        run = subprocess.run(
            [python, "-W", "ignore", "-c", SEMOPY_CODE, str(file), text],
            capture_output=True, text=True, check=False, timeout=1200,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
    if run.returncode:
        print(f"semopy failed: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
        return None
    return float(run.stdout.split()[-1])


def line(what: str, ours: float, peers: dict[str, float | None]) -> None:
    print(f"{what}: ours {1000 * ours:.1f} ms")
    for name, seconds in peers.items():
        if seconds is not None:
            print(f"  {name}: {1000 * seconds:.1f} ms, {seconds / ours:.1f} times ours")


def factor_model(
    n: int, estimator: str, repeats: int, python: str = ""
) -> tuple[float, float | None]:
    frame = sample(n)
    ours = seconds_of(lambda: confirmatory_factors(frame, model(), estimator=estimator))
    ordered = ", ordered = names(d)" if estimator == "wlsmv" else ""
    how = f"std.lv = TRUE, estimator = '{estimator.upper()}'{ordered}"
    call = f"fitMeasures(cfa(model, d, {how}))"
    peers = {"lavaan": r_seconds("lavaan", call, frame, repeats)}
    lavaan = peers["lavaan"]
    if python:
        peers["semopy"] = semopy_seconds(frame, python)
    line(f"{estimator.upper()}, 22 items, 5 factors, n = {n}", ours, peers)
    return ours, lavaan


def others() -> None:
    frame = sample(5000)
    ours = seconds_of(lambda: polychoric_correlations(frame), 3)
    psych = r_seconds("psych", "polychoric(d)", frame, 1)
    lavaan = r_seconds("lavaan", "lavCor(d, ordered = names(d))", frame, 1)
    line("polychoric, 22 items, n = 5000", ours, {"psych": psych, "lavaan": lavaan})
    small = sample(400)
    for interval in ("percentile", "bca"):
        ours = seconds_of(
            lambda how=interval: htmt(small, model(), n_boot=2000, interval=how), 3
        )
        line(f"HTMT and HTMT2, B = 2000, {interval}, n = 400", ours, {})
    ours = seconds_of(lambda: distinct_scales(small, model(), n_boot=500), 3)
    line("verdict on 5 dimensions (4 models, B = 500), n = 400", ours, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ML at n = 400 only")
    parser.add_argument(
        "--semopy-python",
        default=os.environ.get("SEMOPY_PYTHON", sys.executable),
        help="interpreter that can import semopy (default: SEMOPY_PYTHON, or this one)",
    )
    asked = parser.parse_args()
    quick, python = asked.quick, asked.semopy_python
    ours, peer = factor_model(400, "ml", repeats=9, python=python)
    if not quick:
        factor_model(5000, "ml", repeats=5, python=python)
        factor_model(400, "mlr", repeats=5)
        factor_model(5000, "mlr", repeats=3)
        factor_model(400, "wlsmv", repeats=3)
        factor_model(5000, "wlsmv", repeats=1)
        others()
    ratio = None if peer is None else round(peer / ours, 1)
    numbers = {"ours": round(ours, 5), "peer": peer and round(peer, 4), "ratio": ratio}
    print(json.dumps({"bench": "psychometrics", **numbers}))


if __name__ == "__main__":
    with threadpool_limits(1):  # R's BLAS has one thread too
        main()
