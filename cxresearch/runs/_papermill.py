"""The one door to papermill: its faults are repaired here. Imported only when a notebook runs.

Repaired: the kernel is this very Python, whatever kernelspec a user has installed; it gets its
environment without touching ours; braces in a path are not taken for a pattern; the notebook is
written in one step each time, so that a killed run leaves a whole one, and twice a second at
most; no log.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from cxresearch._files import write_text
from cxresearch._imports import without_slow_imports
from cxresearch.runs._memory import MemoryGuard
from cxresearch.runs.parent import can_fork
from cxresearch.runs.warm import PROVISIONER

with without_slow_imports():
    import papermill
    import zmq
    from jupyter_client.asynchronous.client import AsyncKernelClient
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning.factory import KernelProvisionerFactory
    from jupyter_core.utils import ensure_async
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

FAULTS = (PapermillExecutionError, CellTimeoutError, DeadKernelError, RuntimeError, OSError)
"""What a run can end with, other than success and an interrupt by the user."""

_FORKED = {"kernel_provisioner": {"provisioner_name": PROVISIONER}}
_START_TIMEOUT = 60
_SAVE_EVERY = 0.5
_LOOK_AGAIN_MS = 5
_ENGINE = "cxresearch"
_INLINE = "module://matplotlib_inline.backend_inline"


class _Saving:
    """Saves a notebook that changed, twice a second at most.

    papermill does before and after every cell, of text too, and the kernel waits meanwhile.
    """

    def __init__(self, save: Callable[[], None]) -> None:
        self._save, self._saved, self._behind = save, 0.0, False
        self._later: asyncio.TimerHandle | None = None

    @property
    def _left(self) -> float:
        return self._saved + _SAVE_EVERY - time.monotonic()

    def __call__(self, **_: Any) -> None:
        """Save, or note that there is something to save."""
        self._behind = True
        if self._left <= 0:
            self.now()

    def on_cell_start(self) -> None:
        """See to it that what was noted is saved in time, although the cell may take long."""
        if self._behind and self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(max(self._left, 0.0), self._try)

    def cancel(self) -> None:
        """Save nothing later."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _try(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: told by whoever saves next
            self.now()

    def now(self) -> None:
        """Save whatever the time."""
        self.cancel()
        self._save()
        self._saved, self._behind = time.monotonic(), False


class _Engine(NBClientEngine):  # type: ignore[misc]
    """The engine of papermill, which saves less often and with less ado."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        target = options.pop("save_to")
        saving = _Saving(lambda: _save_as_it_stands(nb_man.nb, target))
        nb_man.save = saving
        told = options.pop("on_cell_start")

        def on_cell_start(**cell: Any) -> None:
            saving.on_cell_start()
            told(**cell)

        done = False
        try:
            super().execute_managed_notebook(
                nb_man, kernel_name, on_cell_start=on_cell_start, **options
            )
            done = not nb_man.nb.metadata.papermill["exception"]
        finally:
            del nb_man.save
            if done:  # it is returned, to be written as it shall be kept
                saving.cancel()
            else:
                saving.now()


def _save_as_it_stands(notebook: Any, target: Path) -> None:
    # Neither indented nor validated, which takes ten times as long.
    write_text(target, json.dumps(notebook, ensure_ascii=False))


papermill_engines.register(_ENGINE, _Engine)


class _ThisPython(KernelSpecManager):
    """Finds one kernel whatever is asked for: the Python that runs now."""

    warm: ClassVar[bool] = False

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
        return KernelSpec(
            argv=[*command, "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER}}
            if self.warm
            else {},
        )


class _ThisPythonWarm(_ThisPython):
    warm = True


class _PromptClient(AsyncKernelClient):
    """Does not wait for what a kernel does not send.

    When a kernel is ready, what it had sent until then is thrown away, and a fifth of a second
    without more is waited for. What comes later does no harm: outputs name their cell.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its outputs arrive."""
        channel = self.iopub_channel
        get, arrived = channel.get_msg, False

        async def get_prompt(timeout: float | None = None) -> Any:
            nonlocal arrived
            message = await ensure_async(get(timeout=0 if arrived else timeout))
            arrived = True
            return message

        channel.get_msg = get_prompt
        try:
            await super().wait_for_ready(timeout)
        finally:
            del channel.get_msg


class _RunKernel(AsyncKernelManager):
    """A kernel with its own environment; `environment` is set on a subclass for each run."""

    environment: ClassVar[Mapping[str, str]] = {}
    warm: ClassVar[bool] = False
    guard: ClassVar[MemoryGuard | None] = None

    def __init__(self, **options: Any) -> None:
        found = _ThisPythonWarm() if self.warm and _is_installed() else _ThisPython()
        super().__init__(kernel_spec_manager=found, client_factory=_PromptClient, **options)
        # A socket that finds no kernel yet tries again after a tenth of a second by default.
        self.context.setsockopt(zmq.RECONNECT_IVL, _LOOK_AGAIN_MS)

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options["env"] = dict(self.environment)
        return await super()._async_pre_start_kernel(**options)

    async def _async_interrupt_kernel(self) -> None:
        # Interrupted before it is killed, a kernel may still complain of that to the user.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    async def _async_wait(self, pollinterval: float = _LOOK_AGAIN_MS / 1000) -> None:
        await super()._async_wait(pollinterval)

    async def _async_post_start_kernel(self, **options: Any) -> None:
        await super()._async_post_start_kernel(**options)
        pid = getattr(self.provisioner, "pid", None)
        if self.guard is not None and pid is not None:
            self.guard.watch(pid)


def _is_installed() -> bool:
    # A checkout that was not installed since it had an entry point has no warm kernels.
    return can_fork() and KernelProvisionerFactory.instance().is_provisioner_available(
        KernelSpec(metadata=_FORKED)
    )


def execute(  # noqa: PLR0913 - one call of papermill, spelled out
    source: Path,
    target: Path,
    parameters: Mapping[str, Any],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    on_cell_start: Callable[..., None],
    timeout_of: Callable[[Any], int],
    warm: bool = False,
    guard: MemoryGuard | None = None,
) -> Any:
    """Run a notebook in a kernel of its own and return it.

    While it runs, and when a cell fails, it is saved at `target`.

    With `warm`, the kernel is forked where that is possible; `guard` watches its memory.

    Raises
    ------
    One of `FAULTS`
        A cell failed or took too long, or the kernel died or did not start.
    """
    with _quiet(), tempfile.TemporaryDirectory(prefix="cx-") as private:
        # A kernel would read start-up files of the user's IPython folder and write into it.
        own = {**os.environ, **environment, "IPYTHONDIR": private, "MPLBACKEND": _INLINE}
        kernel = type(
            "RunKernel", (_RunKernel,), {"environment": own, "warm": warm, "guard": guard}
        )
        return papermill.execute_notebook(
            _literal(source),
            None,
            parameters=dict(parameters),
            engine_name=_ENGINE,
            save_to=target,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=_START_TIMEOUT,
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
