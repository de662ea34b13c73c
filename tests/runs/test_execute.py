"""Executing a template: progress, environment, faults, what the notebook must not carry."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cxresearch.errors import RunError
from cxresearch.runs import KernelOptions, Template, execute_template

pytestmark = pytest.mark.notebook

Run = Callable[..., Path]
RECORDING = (
    "from cxresearch.record import open_record\n"
    "from cxresearch.shown import Figure\n"
    "record = open_record()\n"
    "record(Figure(name='a', svg='<svg/>', alt_text='A.', caption='C.'))"
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that executes a template in a workspace and gives the run folder."""

    def execute(template: Template, **options: Any) -> Path:
        folder = tmp_path / "run {of} it"
        folder.mkdir(exist_ok=True)
        parameters = {"study_name": "none", "seed": 7} | options.pop("parameters", {})
        execute_template(template, parameters, folder=folder, workspace=tmp_path, **options)
        return folder

    return execute


def read(folder: Path) -> Any:
    return nbformat.read(folder / "executed.ipynb", as_version=4)


def printed(folder: Path) -> str:
    return "".join(
        output.get("text", "")
        for cell in read(folder).cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )


def test_a_run_reports_progress_keeps_the_notebook_and_says_where_things_were_recorded(
    make_template: Callable[..., Template], run: Run
) -> None:
    seen: list[tuple[int, int, str]] = []
    template = make_template(RECORDING, "print(study_name, seed)")
    folder = run(template, progress=lambda *told: seen.append(told))
    assert seen == [(1, 3, "Mini"), (2, 3, "Step 1"), (3, 3, "Step 2")]
    assert printed(folder) == "none 7\n"
    listing = json.loads((folder / "outputs.json").read_text(encoding="utf-8"))
    assert [(e["name"], e["step"]) for e in listing["outputs"]] == [("a", "Step 1")]


def test_parameters_arrive_as_the_values_they_are(
    make_template: Callable[..., Template], run: Run
) -> None:
    hostile = "\"'\\\n#{x} 한국 𝄞\u202e"
    folder = run(
        make_template("print(ascii([study_name, seed]))"),
        parameters={"study_name": hostile, "seed": -3},
    )
    assert printed(folder).strip() == ascii([hostile, -3])


def test_the_kernel_is_this_python_whatever_kernelspec_a_user_installed(
    make_template: Callable[..., Template],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = tmp_path / "jupyter" / "kernels" / "python3"
    broken.mkdir(parents=True)
    spec = {"argv": ["/bin/false"], "display_name": "broken", "language": "python"}
    (broken / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    folder = run(make_template("import sys, hashlib\nprint(len(sys.executable), sys.version)"))
    assert printed(folder).strip() == f"{len(sys.executable)} {sys.version}"


def test_the_kernel_has_its_own_environment_and_ours_stays_as_it_was(
    make_template: Callable[..., Template], run: Run, tmp_path: Path
) -> None:
    before = dict(os.environ)
    directory = Path.cwd()
    template = make_template(
        "import os, pathlib\n"
        "print(pathlib.Path.cwd() == pathlib.Path(os.environ['CXRESEARCH_WORKSPACE']))\n"
        "print(pathlib.Path(os.environ['CXRESEARCH_RUN_FOLDER']).name)\n"
        "print(os.environ['MPLBACKEND'], os.environ['PYTHONHASHSEED'])\n"
        "print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'])"
    )
    folder = run(template)
    assert printed(folder).splitlines() == [
        "True",
        folder.name,
        "module://matplotlib_inline.backend_inline 0",
        "1 1",
    ]
    assert dict(os.environ) == before
    assert Path.cwd() == directory


def test_a_failing_cell_is_told_with_step_source_and_traceback_and_the_notebook_is_kept(
    make_template: Callable[..., Template], run: Run
) -> None:
    template = make_template("print('before')", "value = 0\n1 / value", "print('after')")
    with pytest.raises(
        RunError, match=r"step 'Step 2' \(cell 3 of 4\) failed: ZeroDivision"
    ) as caught:
        run(template)
    error = caught.value
    assert (error.cell, error.step, error.source) == (3, "Step 2", "value = 0\n1 / value")
    assert "----> 2 1 / value" in error.traceback
    assert "\x1b" not in error.traceback
    kept = Path(error.notebook)
    assert printed(kept.parent) == "before\n"
    tags = [tag for cell in read(kept.parent).cells for tag in cell.metadata.get("tags", [])]
    assert "papermill-error-cell-tag" not in tags


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (
            "import os\nos._exit(1)",
            {},
            "failed: the kernel died; it may have run out of memory",
        ),
        (
            "import time\ntime.sleep(60)",
            {"kernel": KernelOptions(cell_timeout=1)},
            r"took longer than allowed \(1 s a cell",
        ),
        (
            "import time\ntime.sleep(60)",
            {"kernel": KernelOptions(run_timeout=1)},
            r"the run took longer than allowed \(1 s",
        ),
        ("raise SystemExit(3)", {}, "failed: SystemExit: 3"),
        ("x = 'a", {}, r"SyntaxError: unterminated .* \(line 1\)"),
    ],
)
def test_every_way_to_fail_is_one_run_error_and_ends_the_kernel(
    make_template: Callable[..., Template],
    run: Run,
    source: str,
    options: dict[str, float],
    message: str,
) -> None:
    pid = "import os\nprint(os.getpid())"
    with pytest.raises(RunError, match=message) as caught:
        run(make_template(pid, source), **options)
    kernel = int(printed(Path(caught.value.notebook).parent).split()[0])
    assert not is_running(kernel)


def test_the_kept_notebook_carries_no_path_and_no_environment_of_this_machine(
    make_template: Callable[..., Template], run: Run, tmp_path: Path
) -> None:
    template = make_template(
        "import os, sys, warnings, pandas, cxresearch\n"
        "print(os.getcwd(), pandas.__file__, cxresearch.__file__)\n"
        "print(os.environ['CXRESEARCH_RUN_FOLDER'])\n"
        "warnings.warn('careful')",
        "import pandas as pd\npd.DataFrame({'a': [1]})['b']",
    )
    with pytest.raises(RunError) as caught:
        run(template)
    text = Path(caught.value.notebook).read_text(encoding="utf-8")
    for secret in (str(tmp_path), str(Path.home()), sys.prefix, "ipykernel_", "input_path"):
        assert secret not in text
        assert secret not in caught.value.traceback
    assert "site-packages/pandas/__init__.py" in text
    assert "File site-packages/pandas" in caught.value.traceback


def test_two_runs_leave_the_same_notebook_apart_from_times(
    make_template: Callable[..., Template], run: Run
) -> None:
    template = make_template(RECORDING, "print({'b', 'a', 'c'})\nlen(str(seed))")
    texts = []
    for _ in range(2):
        folder = run(template)
        notebook = read(folder)
        for part in (notebook.metadata, *(cell.metadata for cell in notebook.cells)):
            for key in ("start_time", "end_time", "duration"):
                del part["papermill"][key]
        texts.append(nbformat.writes(notebook))
        (folder / "outputs.json").unlink()
    assert texts[0] == texts[1]


def test_an_interrupt_ends_the_kernel_and_passes_through(tmp_path: Path) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from pathlib import Path
            import nbformat
            from cxresearch.runs import execute_template, read_template
            here = Path(sys.argv[1])
            v4 = nbformat.v4
            book = v4.new_notebook()
            tag = {"tags": ["parameters"]}
            book.cells = [
                v4.new_code_cell("study_name: str = 'x'", metadata=tag),
                v4.new_code_cell(
                    "import os, pathlib, time\\n"
                    "pathlib.Path('kernel').write_text(str(os.getpid()))\\n"
                    "time.sleep(60)"
                ),
            ]
            nbformat.write(book, here / "t.ipynb")
            try:
                execute_template(
                    read_template(here / "t.ipynb"),
                    {"study_name": "x"},
                    folder=here,
                    workspace=here,
                )
            except KeyboardInterrupt:
                sys.exit(77)
            """
        ),
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], preexec_fn=default_interrupt
    )
    try:
        pid = wait_for(tmp_path / "kernel")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 77
    finally:
        process.kill()
    assert wait_until(lambda: not is_running(pid))


def default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for(file: Path) -> int:
    assert wait_until(lambda: file.exists() and file.read_text() != "", seconds=30)
    return int(file.read_text())


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
