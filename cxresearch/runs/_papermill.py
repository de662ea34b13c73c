"""The one door to papermill: its faults are repaired here. Imported only when a notebook runs.

Repaired: the kernel is this very Python, whatever kernelspec a user has installed; it gets its
environment without touching ours; braces in a path are not taken for a pattern; no log.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from cxresearch._imports import without_slow_imports

with without_slow_imports():
    import papermill
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

FAULTS = (PapermillExecutionError, CellTimeoutError, DeadKernelError, RuntimeError, OSError)
"""What a run can end with, other than success and an interrupt by the user."""

_INLINE = "module://matplotlib_inline.backend_inline"


class _ThisPython(KernelSpecManager):
    """Finds one kernel whatever is asked for: the Python that runs now."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
        return KernelSpec(
            argv=[*command, "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
        )


class _RunKernel(AsyncKernelManager):
    """A kernel with its own environment; `environment` is set on a subclass for each run."""

    environment: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(kernel_spec_manager=_ThisPython(), **options)

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["env"] = dict(self.environment)
        return await super()._async_pre_start_kernel(**options)


def execute(
    source: Path,
    target: Path,
    parameters: Mapping[str, Any],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    on_cell_start: Callable[..., None],
    timeout_of: Callable[[Any], int],
    kernel_timeout: int = 60,
) -> None:
    """Run a notebook in a kernel of its own and save it at `target`, also when a cell fails.

    Raises
    ------
    One of `FAULTS`
        A cell failed or took too long, or the kernel died or did not start.
    """
    with _quiet(), tempfile.TemporaryDirectory(prefix="cx-") as private:
        # A kernel would read start-up files of the user's IPython folder and write into it.
        own = {**os.environ, **environment, "IPYTHONDIR": private, "MPLBACKEND": _INLINE}
        kernel = type("RunKernel", (_RunKernel,), {"environment": own})
        papermill.execute_notebook(
            _literal(source),
            _literal(target),
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=kernel_timeout,
            kernel_manager_class=kernel,
            config=_connection(private),
            resources={"metadata": {"path": str(cwd)}},
            on_cell_start=on_cell_start,
            timeout_func=timeout_of,
            record_timing=False,
            shutdown_kernel="immediate",
        )


def _connection(private: str) -> Config:
    # Sockets in a private folder: no TCP port that two runs could race for. The path of a Unix
    # socket is limited to about 100 characters, so TCP stays where the folder's name is long.
    use_ipc = os.name == "posix" and len(private) < 80
    settings = {"connection_file": os.path.join(private, "kernel.json")}
    return Config({"KernelManager": settings | ({"transport": "ipc"} if use_ipc else {})})


def _literal(path: Path) -> str:
    # papermill fills parameters into paths: {name} in a folder's name would be a template.
    return str(path).replace("{", "{{").replace("}", "}}")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    log = logging.getLogger("papermill")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", category=DeprecationWarning, module=r"papermill|zmq"
            )
            yield
    finally:
        log.setLevel(level)
