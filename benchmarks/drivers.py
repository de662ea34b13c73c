"""Driver importance against its peers, same data, same run: exact shares, bootstrap, memory.

    python benchmarks/drivers.py [--quick]

Peers: pingouin (``linear_regression(relimp=True)``), and relaimpo and domir where R has them. A
peer that is not installed is named and skipped. Times are of the calculation in the process,
imports excluded; ours is the public call ``driver_importance`` on a data frame, all its metrics
included. The last line is JSON, for p = 15 and the fastest installed peer:
``{"bench": "drivers", "ours": seconds, "peer": seconds, "ratio": …}``.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.shares import shapley_shares

N = 5000
R_CODE = """
d <- read.csv(file.path(folder, "d.csv"))
suppressPackageStartupMessages(library({package}))
t <- system.time({call})
cat(unname(t[3]))
"""
R_CALLS = {
    "relaimpo": "calc.relimp(d, type = 'lmg')",
    "domir": "{S <- cov(d); domir(reformulate(names(d)[-1], 'y'), function(f) {v <- "
    "all.vars(f)[-1]; S['y', v] %*% solve(S[v, v], S[v, 'y']) / S['y', 'y']}, "
    ".cdl = FALSE, .cpt = FALSE)}",
}
R_BOOT = "{b <- boot.relimp(d, b = 1000, type = 'lmg'); booteval.relimp(b, bty = 'perc')}"


def sample(p: int) -> pd.DataFrame:
    rng = np.random.default_rng(p)
    halo = rng.normal(size=(N, 1))
    x = halo + rng.normal(size=(N, p))
    y = x @ rng.uniform(0, 1, p) + p / 2 * rng.normal(size=N)
    return pd.DataFrame(np.column_stack([y, x]), columns=["y", *(f"x{i}" for i in range(p))])


def seconds_of(call: Callable[[], object], repeats: int = 1) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def ours(frame: pd.DataFrame, **options: object) -> float:
    drivers = list(frame.columns[1:])
    options = {"n_boot": 0, **options}
    return seconds_of(
        lambda: driver_importance(frame, outcome="y", drivers=drivers, **options), 3
    )


def pingouin(frame: pd.DataFrame) -> float:
    import pingouin as pg

    return seconds_of(lambda: pg.linear_regression(frame.iloc[:, 1:], frame["y"], relimp=True))


def installed_r_packages() -> list[str]:
    if shutil.which("Rscript") is None:
        return []
    code = (
        "cat(Filter(function(p) requireNamespace(p, quietly = TRUE), c('relaimpo', 'domir')))"
    )
    found = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    return found.stdout.split()


def r_seconds(package: str, call: str, frame: pd.DataFrame, limit: float) -> float | None:
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "d.csv", index=False)
        code = f'folder <- "{folder}"\n' + R_CODE.replace("{package}", package).replace(
            "{call}", call
        )
        try:
            run = subprocess.run(
                ["Rscript", "-e", code],
                capture_output=True,
                text=True,
                check=False,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            print(f"  {package}: stopped after {limit:.0f} s")
            return None
    return float(run.stdout.split()[-1]) if run.returncode == 0 and run.stdout else None


def peers(frame: pd.DataFrame, packages: list[str], limit: float) -> dict[str, float]:
    found = {"pingouin": pingouin(frame)}
    for package in packages:
        seconds = r_seconds(package, R_CALLS[package], frame, limit)
        if seconds is not None:
            found[package] = seconds
    return found


def report(p: int, mine: float, others: dict[str, float]) -> None:
    print(f"exact shares, p = {p}, n = {N}: ours {mine:.4f} s, {megabytes():.0f} MB at most")
    for name, seconds in others.items():
        print(f"  {name}: {seconds:.3f} s, {seconds / mine:.0f} times ours")


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="p = 15 only, within 50 seconds")
    quick = parser.parse_args().quick
    packages = installed_r_packages()
    for package in R_CALLS:
        if package not in packages:
            print(f"{package} (R) is not installed: skipped")
    frame = sample(15)
    mine = ours(frame)
    if not quick:
        measure_ours()
    others = peers(frame, packages, limit=25 if quick else 600)
    report(15, mine, others)
    bare = seconds_of(lambda: shapley_shares(np.cov(frame.to_numpy()[:, ::-1].T)), 5)
    print(f"  the shares alone, from the numbers: {bare:.4f} s")
    if not quick:
        for p in (10, 20):
            wide = sample(p)
            report(p, ours(wide), peers(wide, packages, limit=600))
        bootstrap_of_relaimpo(packages)
    fastest = min(others.values())
    numbers = {
        "ours": round(mine, 5),
        "peer": round(fastest, 4),
        "ratio": round(fastest / mine, 1),
    }
    print(json.dumps({"bench": "drivers", **numbers}))


def measure_ours() -> None:
    """Our own limits, before a peer fills the memory."""
    for p in (20, 22, 30):
        name = "orders drawn" if p > 22 else "exact"
        print(f"ours, p = {p} ({name}): {ours(sample(p)):.3f} s, {megabytes():.0f} MB at most")
    for p, interval in ((10, "percentile"), (10, "bca"), (15, "bca"), (20, "percentile")):
        seconds = ours(sample(p), n_boot=1000, interval=interval)
        print(f"ours, bootstrap B = 1000, p = {p}, {interval}: {seconds:.3f} s")


def bootstrap_of_relaimpo(packages: list[str]) -> None:
    if "relaimpo" in packages:
        seconds = r_seconds("relaimpo", R_BOOT, sample(10), 600)
        print(f"  relaimpo, bootstrap B = 1000, p = 10: {seconds} s")


if __name__ == "__main__":
    main()
