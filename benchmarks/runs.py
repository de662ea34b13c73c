"""How fast runs are, against plain papermill and nbconvert: ours and theirs in turn, medians.

(a) one sample study from a cold start to a filed report: ``cxresearch run`` against the command
    lines ``papermill`` and ``jupyter nbconvert`` with the same template, parameters and data;
(b) many study runs on two processors: ``cxresearch run`` over as many studies, two at a time,
    reports rendered and filed, against plain papermill in two processes that stay alive, which
    renders and files nothing; also against these with nbconvert for the same work done, and
    against command lines of papermill, two at a time;
(c) what a warm run costs over the same code as a script in a forked, preloaded process;
(d) memory of a kernel that no other process shares.

    python benchmarks/runs.py            all of it, five repetitions (about twenty minutes)
    python benchmarks/runs.py --quick    (b) with 12 runs, once; its ratio alone

The last line is JSON; ``ratio`` is the peer's time over ours in (b): above 1 we are faster.

Notes
-----
Times hold for a quiet machine only; the ratios are steadier, as both sides run in turn.

The study is call-endings, of the samples the one whose template computes least: what the cells
compute is the same on both sides. The full run tells (a) of the other samples too, once each.

Measured on two processors that nobody else used, seconds (medians):

    (a) call-endings, 5 times  ours 2.07 (min 2.04), peer 5.62 (min 5.42), ratio 2.72
        clinic-visits, once    ours 2.14, peer 6.52, ratio 3.04
        hotel-stays, once      ours 3.96, peer 8.66, ratio 2.19
        bank-branches, once    ours 3.94, peer 8.05, ratio 2.04
    (b) 60 runs, 3 times       ours 22.99 (min 20.99), peer 114.20 (min 110.29), ratio 4.97
        12 runs, once          ours 5.80, peer 25.15, ratio 4.34
        24 runs, once          ours 10.98, peer with nbconvert 49.29, ratio 4.49
        24 runs, once          ours 9.89, command lines of papermill 56.56, ratio 5.72
    (c) warm run, 5 times      0.73 (min 0.69); the forked script 0.25 (min 0.25)
    (d) private memory         warm 41.0 MB, fresh 158.5 MB

When the machine had other guests beside it, (b) with two of ours at a time was 3.48 and 3.95.
Of the 0.6 s of processor time that a warm run takes alone, 0.25 s are the cells, which the peer
pays too, 0.2 s the kernel's start and the messages between it and papermill, 0.15 s reading,
report and filing, which the peer of (b) leaves out.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
STUDY = "call-endings"
METHODS = {
    "call-endings": ("peak_end", {"randomized": True, "control": "Usual close"}),
    "clinic-visits": ("peak_end", {"sesoi": 0.1}),
    "hotel-stays": (
        "drivers",
        {"outcome": "osat", "drivers": ["touchpoints"], "segment": "purpose"},
    ),
    "bank-branches": ("servqual", {"segments": ["branch"], "min_cell": 10}),
}
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    with tempfile.TemporaryDirectory(prefix="cx-bench-") as folder:
        workspace = Path(folder)
        if options.quick:
            told = {"many": many(workspace, runs=12)}
        else:
            told = {
                "one": one(workspace, options.repeat),
                "others": {
                    study: one(workspace, 1, study) for study in METHODS if study != STUDY
                },
                "many": many(workspace, runs=60, repeat=options.repeat),
                "many_with_html": many(workspace, runs=24, peer=peer_pool_with_html),
                "many_by_command": many(workspace, runs=24, peer=peer_command_lines),
                "overhead": overhead(workspace, options.repeat),
                "memory": memory(workspace),
            }
    print(json.dumps({"ratio": told["many"]["ratio"], **told}))


def one(workspace: Path, repeat: int, study: str = STUDY) -> dict[str, Any]:
    """(a): whole processes, one after the other, in turn."""
    names = copies(workspace, 1, study)
    ours, theirs = in_turn(
        lambda: command(BIN / "cxresearch", "--workspace", workspace, "run", "--force", *names),
        lambda: peer_commands(workspace, names[0], study),
        repeat,
    )
    return report(f"(a) {study}, cold start to report", ours, theirs)


def many(
    workspace: Path,
    *,
    runs: int,
    repeat: int = 1,
    peer: Callable[[Path, list[str]], None] | None = None,
) -> dict[str, Any]:
    """(b): runs an hour on two processors; of ours as many at a time as by default."""
    peer = peer or peer_pool
    names = copies(workspace, runs)
    ours, theirs = in_turn(
        lambda: command(BIN / "cxresearch", "--workspace", workspace, "run", "--force", *names),
        lambda: peer(workspace, names),
        repeat,
    )
    told = report(f"(b) {runs} runs on two processors against {peer.__name__}", ours, theirs)
    return {"runs": runs, "seconds_a_run": told["ours_median"] / runs, **told}


def overhead(workspace: Path, repeat: int) -> dict[str, Any]:
    """(c): a warm run, of the third on, against the same code as a forked script."""
    code = (
        "import json, sys, time\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import runs\n"
        f"print(json.dumps(runs.warm_and_script(Path({str(workspace)!r}), {repeat})))"
    )
    copies(workspace, 1)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return report("(c) warm run against forked script", told["warm"], told["script"])


def warm_and_script(workspace: Path, repeat: int) -> dict[str, list[float]]:
    """Time both in a process that has everything imported."""
    from cxresearch.catalogue import run_study
    from cxresearch.runs import KernelOptions
    from cxresearch.study import load_study

    study = load_study("study0", workspace=workspace)
    source = script(workspace, "study0")

    def warm() -> None:
        run_study(study, workspace=workspace, force=True, kernel=KernelOptions(warm=True))

    def forked() -> None:
        process = multiprocessing.get_context("fork").Process(target=_execute, args=(source,))
        process.start()
        process.join()
        if process.exitcode:
            raise RuntimeError("the script failed")

    _execute(source)  # imports what the script needs, as the warm parent does
    warm()
    time.sleep(3)  # the parent of the kernels goes on importing meanwhile
    ours, theirs = in_turn(warm, forked, repeat)
    return {"warm": ours, "script": theirs}


def _execute(source: str) -> None:
    exec(compile(source, "script", "exec"), {})


def script(workspace: Path, study: str) -> str:
    """Return the code cells of the template as one script."""
    method, settings = METHODS[STUDY]
    cells = json.loads((ROOT / "templates" / f"{method}.ipynb").read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    own = {"study_name": str(workspace / "data" / study), **settings}
    lines = [f"{name} = {value!r}" for name, value in own.items()]
    return "\n".join([code[0], *lines, *code[1:]])


def memory(workspace: Path) -> dict[str, float]:
    """(d): private memory of a kernel after the imports of a template, in MB."""
    import psutil
    from jupyter_client.manager import KernelManager

    from cxresearch.runs.parent import start_parent

    start_parent(os.environ, many=True)  # or the first kernel imports for itself
    found = {}
    for kind, name in (("fresh", "python3"), ("warm", "cxresearch-warm")):
        sizes = []
        for _ in range(3):
            manager = KernelManager(kernel_name=name)
            manager.start_kernel(cwd=str(workspace))
            client = manager.client()
            client.start_channels()
            client.wait_for_ready(timeout=60)
            pids: list[str] = []
            client.execute_interactive(
                "import os, cxresearch as cx, seaborn, scipy.stats, pandas, pyarrow\n"
                "cx.plot_gaps, cx.servqual_gaps, cx.display_gaps, cx.findings\n"
                "print(os.getpid())",
                timeout=60,
                output_hook=lambda m, pids=pids: pids.append(m["content"].get("text", "")),
            )
            sizes.append(psutil.Process(int("".join(pids))).memory_full_info().uss / 1e6)
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        found[kind] = round(statistics.median(sizes), 1)
    print(f"(d) private memory of a kernel: fresh {found['fresh']} MB, warm {found['warm']} MB")
    return found


def copies(workspace: Path, number: int, study: str = STUDY) -> list[str]:
    """Make as many studies with the same data; return their names."""
    own = "study" if study == STUDY else study
    names = [f"{own}{i}" for i in range(number)]
    for name in names:
        target = workspace / "data" / name
        if not target.exists():
            shutil.copytree(ROOT / "data" / study, target)
    return names


def peer_commands(workspace: Path, name: str, study: str) -> None:
    """Run a template and convert it as anybody would without us."""
    target = workspace / "peer.ipynb"
    method, settings = METHODS[study]
    parameters = ["-y", json.dumps({"study_name": str(workspace / "data" / name), **settings})]
    command(BIN / "papermill", ROOT / "templates" / f"{method}.ipynb", target, *parameters)
    command(BIN / "jupyter", "nbconvert", "--to", "html", target)


def peer_pool(workspace: Path, studies: list[str]) -> None:
    """Run a template many times in two processes, papermill imported once in each."""
    _pooled(workspace, studies, html=False)


def peer_pool_with_html(workspace: Path, studies: list[str]) -> None:
    """Do the same and convert each notebook in the process that ran it."""
    _pooled(workspace, studies, html=True)


def peer_command_lines(workspace: Path, studies: list[str]) -> None:
    """Run the command line of papermill for each, two at a time."""
    method, settings = METHODS[STUDY]

    def one_run(study: str) -> None:
        parameters = {"study_name": str(workspace / "data" / study), **settings}
        target = workspace / f"peer-{study}.ipynb"
        template = ROOT / "templates" / f"{method}.ipynb"
        command(BIN / "papermill", template, target, "-y", json.dumps(parameters))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one_run, studies))


def _pooled(workspace: Path, studies: list[str], *, html: bool) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(partial(_peer_run, workspace=str(workspace), html=html), studies))


def _peer_run(study: str, *, workspace: str, html: bool) -> None:
    import papermill

    method, settings = METHODS[STUDY]
    target = Path(workspace) / f"peer-{study}.ipynb"
    notebook = papermill.execute_notebook(
        str(ROOT / "templates" / f"{method}.ipynb"),
        str(target),
        parameters={"study_name": f"{workspace}/data/{study}", **settings},
        progress_bar=False,
    )
    if html:
        from nbconvert import HTMLExporter

        page, _ = HTMLExporter().from_notebook_node(notebook)
        target.with_suffix(".html").write_text(page, encoding="utf-8")


def command(*words: object) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], repeat: int
) -> tuple[list[float], list[float]]:
    """Time both in turn, so that a load on the machine meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeat):
        for own, work in zip(times, (ours, theirs), strict=True):
            began = time.perf_counter()
            work()
            own.append(time.perf_counter() - began)
    return times


def report(title: str, ours: list[float], theirs: list[float]) -> dict[str, Any]:
    median_ours, median_theirs = statistics.median(ours), statistics.median(theirs)
    ratio = median_theirs / median_ours
    print(
        f"{title}: ours {median_ours:.2f} s (min {min(ours):.2f}), "
        f"peer {median_theirs:.2f} s (min {min(theirs):.2f}), ratio {ratio:.2f}, "
        f"of minima {min(theirs) / min(ours):.2f}",
        flush=True,
    )
    return {
        "ours_median": round(median_ours, 3),
        "ours_min": round(min(ours), 3),
        "peer_median": round(median_theirs, 3),
        "peer_min": round(min(theirs), 3),
        "ratio": round(ratio, 2),
    }


if __name__ == "__main__":
    main()
