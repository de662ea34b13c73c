"""Kernels that are forked: they give what fresh ones give, and none outlives its manager."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

import cxresearch
from cxresearch.errors import RunError
from cxresearch.runs import KernelOptions, Template, execute_template
from cxresearch.runs.parent import FIXED, end_parents, start_parent
from cxresearch.runs.warm import PROVISIONER, SOCKET, WarmProcess

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only"),
]

PARENT = Path(cxresearch.__file__).parent / "runs" / "_warm_parent.py"
WARM = KernelOptions(warm=True)
PLOTS = """\
import warnings
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
figure, axes = plt.subplots()
_ = axes.plot([1, 2, 3], [1, 4, 9])"""
TABLE = 'pd.DataFrame({"a": [1.5, 2.25], "b": ["x", "y"]})'
WIDE = 'print(pd.DataFrame([[f"value {i}" for i in range(24)]]))'
PICTURE = 'sns.scatterplot(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), x="a", y="b")'
SETS = 'print({"q", "w", "e", "r", "t", "y"})\nimport sys; print("on stderr", file=sys.stderr)'


@pytest.fixture(autouse=True)
def no_parents() -> Iterator[None]:
    yield
    end_parents()


Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def execute(template: Template, **options: Any) -> Any:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        parameters = {"study_name": "none", "seed": 7}
        execute_template(template, parameters, folder=folder, workspace=tmp_path, **options)
        return nbformat.read(folder / "executed.ipynb", as_version=4)

    return execute


def outputs(notebook: Any) -> list[Any]:
    return [cell.get("outputs") for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("warm", [False, True], ids=["early", "late"])
def test_a_forked_kernel_shows_what_a_fresh_one_shows_images_included(
    make_template: Callable[..., Template], run: Run, *, warm: bool
) -> None:
    backend = "plt.gcf().axes, plt.get_backend()"
    template = make_template(PLOTS, TABLE, WIDE, PICTURE, SETS, backend)
    start_parent({**os.environ, **FIXED})
    if warm:
        _wait_until_warm()
    fresh, forked = outputs(run(template)), outputs(run(template, kernel=WARM))
    assert forked == fresh
    images = [o for cell in forked for o in cell if "image/png" in o.get("data", {})]
    assert len(images) == 2


@pytest.mark.parametrize("warm", [False, True], ids=["early", "late"])
def test_pictures_are_shown_whenever_a_kernel_is_forked(
    make_template: Callable[..., Template], run: Run, *, warm: bool
) -> None:
    start_parent({**os.environ, **FIXED})
    if warm:
        _wait_until_warm()
    shown = outputs(run(make_template(PLOTS, PICTURE), kernel=WARM))
    images = [o for cell in shown for o in cell if "image/png" in o.get("data", {})]
    assert len(images) == 2


def test_a_forked_kernel_is_forked(make_template: Callable[..., Template], run: Run) -> None:
    template = make_template("import os, sys\nprint(os.getppid(), 'scipy' in sys.modules)")
    parent = start_parent({**os.environ, **FIXED})
    _wait_until_warm()
    assert Path(parent).exists()
    printed = outputs(run(template, kernel=WARM))[-1][0]["text"].split()
    assert printed[1] == "True"
    assert _parents()
    fresh = outputs(run(template))[-1][0]["text"].split()
    assert fresh == [str(os.getpid()), "False"]


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _parents() -> list[psutil.Process]:
    found = []
    for process in _children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            if "_warm_parent.py" in " ".join(process.cmdline()):
                found.append(process)
    return found


def _files(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return [part.path for part in process.memory_maps()]
    return []


def _wait_until_warm(seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        files = [path for process in _parents() for path in _files(process)]
        if any("_svd" in path or "linear_model" in path for path in files):
            return
        time.sleep(0.1)
    raise TimeoutError("the parent has not imported its libraries")


def test_random_numbers_differ_between_kernels(
    make_template: Callable[..., Template], run: Run
) -> None:
    draw = (
        "import random, uuid, numpy as np\n"
        "print(random.random(), np.random.rand(), np.random.default_rng().random(), "
        "uuid.uuid4())"
    )
    start_parent({**os.environ, **FIXED})
    _wait_until_warm()
    template = make_template(draw)
    first, second = (outputs(run(template, kernel=WARM))[-1][0]["text"].split() for _ in "ab")
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_the_socket_is_for_this_user_only_and_goes_with_the_parent() -> None:
    address = Path(start_parent({**os.environ, **FIXED}))
    until = time.monotonic() + 10
    while not address.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert stat.S_IMODE(address.stat().st_mode) == 0o600
    assert stat.S_IMODE(address.parent.stat().st_mode) == 0o700
    end_parents()
    assert not address.parent.exists()


def test_a_package_that_was_edited_since_is_forgotten() -> None:
    code = (
        "import runpy, sys, cxresearch.errors\n"
        f"own = runpy.run_path({str(PARENT)!r}, run_name='parent')\n"
        "own['_forget_what_changed'](own['_stamps']())\n"
        "kept = 'cxresearch.errors' in sys.modules\n"
        "own['_forget_what_changed'](own['_stamps']() | {'an edited file': (1, 1)})\n"
        "print(kept, 'cxresearch' in sys.modules, 'cxresearch.errors' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True False False\n"


def test_a_package_in_the_working_directory_wins_as_with_a_fresh_kernel(
    make_template: Callable[..., Template], run: Run, tmp_path: Path
) -> None:
    package = tmp_path / "cxresearch"
    package.mkdir()
    (package / "__init__.py").write_text("MARK = 'the one in the working directory'\n")
    printed = outputs(
        run(make_template("import cxresearch; print(cxresearch.MARK)"), kernel=WARM)
    )
    assert printed[-1][0]["text"] == "the one in the working directory\n"


def test_where_no_kernel_can_be_forked_an_ordinary_one_is_started(
    make_template: Callable[..., Template], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET, "/nowhere/warm.sock")
    monkeypatch.setattr("cxresearch.runs.warm.start_parent", lambda _: "/nowhere/warm.sock")
    assert (
        outputs(run(make_template("print(study_name)"), kernel=WARM))[-1][0]["text"] == "none\n"
    )
    assert not [p for p in _children() if "_warm_parent" in " ".join(p.cmdline())]


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        ("import os; os._exit(3)", {}, "the kernel died"),
        ("import os; os.kill(os.getpid(), 9)", {}, "the kernel died"),
        ("import time; time.sleep(60)", {"cell_timeout": 1}, "longer than allowed"),
        ("1 / 0", {}, "ZeroDivisionError"),
        ("raise SystemExit(1)", {}, "SystemExit"),
    ],
)
def test_faults_are_told_as_with_a_fresh_kernel(
    make_template: Callable[..., Template],
    run: Run,
    source: str,
    options: dict[str, Any],
    told: str,
) -> None:
    template = make_template(source)
    messages = []
    for warm in (False, True):
        with pytest.raises(RunError, match=told) as caught:
            run(template, kernel=KernelOptions(warm=warm, **options))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("warm", [False, True])
def test_a_kernel_that_eats_memory_is_ended_and_that_is_said(
    make_template: Callable[..., Template], run: Run, *, warm: bool
) -> None:
    eat = (
        "import time\nheap = []\n"
        "for _ in range(200):\n    heap.append(bytearray(20_000_000))\n    time.sleep(0.02)"
    )
    limit = KernelOptions(warm=warm, max_memory=900 * 1024**2)
    with pytest.raises(RunError, match=r"kernel used \d+ MB of memory, allowed are 900 MB"):
        run(make_template(eat), kernel=limit)


MANAGER = """
import sys, time
from pathlib import Path
from cxresearch.runs import KernelOptions, execute_template, read_template
from cxresearch.runs.template import read_template
workspace = Path(sys.argv[2])
(workspace / "run").mkdir()
execute_template(
    read_template(Path(sys.argv[1])), {"study_name": "x", "seed": 1},
    folder=workspace / "run", workspace=workspace, kernel=KernelOptions(warm=True),
)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_kernel_outlives_its_manager(
    make_template: Callable[..., Template], tmp_path: Path, number: signal.Signals
) -> None:
    busy = (
        "import os, pathlib, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "pathlib.Path('pids').write_text(f'{os.getpid()} {os.getppid()} {child.pid}')\n"
        "time.sleep(300)"
    )
    template = make_template(busy)
    command = [sys.executable, "-c", MANAGER, str(template.path), str(tmp_path)]
    manager = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    pids = _read_pids(tmp_path / "pids")
    assert all(psutil.pid_exists(pid) for pid in pids)
    manager.send_signal(number)
    manager.wait(timeout=20)
    _, alive = psutil.wait_procs([_process(pid) for pid in pids if _process(pid)], timeout=10)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _read_pids(path: Path, seconds: float = 60) -> list[int]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pids = path.read_text().split() if path.exists() else []
        if len(pids) == 3:
            return [int(pid) for pid in pids]
        time.sleep(0.05)
    raise TimeoutError("the kernel did not get to its cell")


def test_a_kernel_dies_with_the_parent_it_was_forked_from(tmp_path: Path) -> None:
    address = start_parent({**os.environ, **FIXED})
    file = tmp_path / "kernel.json"
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", str(file)]
    with (tmp_path / "log").open("w") as log:
        process = WarmProcess(
            address,
            command,
            environment=dict(os.environ),
            cwd=str(tmp_path),
            streams=(log.fileno(), log.fileno()),
        )
    parent = next(p for p in _children() if "_warm_parent.py" in " ".join(p.cmdline()))
    assert process.poll() is None
    parent.kill()
    assert process.wait(timeout=10) == -signal.SIGKILL
    until = time.monotonic() + 10
    while (left := _process(process.pid)) and left.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_any_jupyter_client_can_choose_it_by_its_kernelspec() -> None:
    spec = KernelSpecManager().get_kernel_spec(PROVISIONER)
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == PROVISIONER
    manager = KernelManager(kernel_name=PROVISIONER)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        said: list[str] = []
        client.execute_interactive(
            "import os; print(open(f'/proc/{os.getppid()}/cmdline').read())",
            timeout=30,
            output_hook=lambda message: said.append(message["content"].get("text", "")),
        )
        assert "_warm_parent.py" in "".join(said)
        manager.interrupt_kernel()
        manager.restart_kernel()
        client.wait_for_ready(timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not manager.is_alive()
