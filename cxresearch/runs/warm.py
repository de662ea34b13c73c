"""Warm kernels: forked from a process that has the libraries imported already.

A kernel provisioner, the extension point jupyter_client has for this: a kernelspec chooses it
by ``{"metadata": {"kernel_provisioner": {"provisioner_name": "cxresearch-warm"}}}``. On Linux
only; elsewhere, and whenever no kernel can be forked, an ordinary kernel is started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cxresearch.runs.parent import SOCKET, can_fork, start_parent

PROVISIONER = "cxresearch-warm"
"""Name of the provisioner, and of the kernelspec that is installed with the package."""


class WarmProcess:
    """A forked kernel, in the form in which jupyter_client keeps a process.

    Parameters
    ----------
    address : str
        Socket of the parent.
    command : sequence of str
        How an ordinary kernel would be started.
    environment : mapping
    cwd : str
    streams : pair of int
        Descriptors of its standard output and error.

    Raises
    ------
    OSError
        No kernel could be forked.
    """

    stdin = stdout = stderr = None

    def __init__(
        self,
        address: str,
        command: list[str],
        *,
        environment: Mapping[str, str],
        cwd: str,
        streams: tuple[int, int],
    ) -> None:
        self._status: int | None = None
        self._unread = b""
        self._socket = _connect(address)
        try:
            argv = command[command.index("ipykernel_launcher") :]
            body = json.dumps({"argv": argv, "env": dict(environment), "cwd": cwd}).encode()
            socket.send_fds(self._socket, [struct.pack("!I", len(body))], list(streams))
            self._socket.sendall(body)
            self.pid = self._first()["pid"]
        except BaseException:
            self._socket.close()
            raise
        self._socket.settimeout(0)

    def _first(self) -> dict[str, int]:
        while b"\n" not in self._unread:
            part = self._socket.recv(4096)
            if not part:
                raise ConnectionError("no kernel was forked")
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return cast(dict[str, int], json.loads(line))

    def poll(self) -> int | None:
        """Return how the kernel ended, or None while it runs."""
        if self._status is not None:
            return self._status
        with contextlib.suppress(BlockingIOError):
            part = self._read()
            self._unread += part
            if b"\n" in self._unread:
                self._end(int(json.loads(self._unread.partition(b"\n")[0])["exit"]))
            elif not part:
                self._end(-signal.SIGKILL)  # the parent has gone, and the kernel with it
        return self._status

    def _read(self) -> bytes:
        try:
            return self._socket.recv(4096)
        except ConnectionError:
            return b""

    def _end(self, status: int) -> None:
        self._status = status
        self._socket.close()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the kernel.

        Raises
        ------
        subprocess.TimeoutExpired
            It did not end in time.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
            time.sleep(0.01)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and whatever it started."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                self._socket.sendall(json.dumps({"signal": int(number)}).encode() + b"\n")

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


def _connect(address: str, seconds: float = 10.0) -> socket.socket:
    until = time.monotonic() + seconds
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(120)  # it may import everything first
        try:
            connection.connect(address)
        except OSError:  # it has only just been started
            connection.close()
            if time.monotonic() > until or not os.path.isdir(os.path.dirname(address)):
                raise
            time.sleep(0.005)
        else:
            return connection


class WarmProvisioner(LocalProvisioner):
    """Starts kernels by a fork; jupyter_client finds it by its entry point."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or start an ordinary one where that cannot be."""
        process = fork_kernel(cmd, kwargs)
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = process  # type: ignore[assignment]
        # Signals go through the parent, which knows whether the process is still this kernel.
        self.pid, self.pgid = process.pid, None
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info


def fork_kernel(command: list[str], options: Mapping[str, Any]) -> WarmProcess | None:
    """Return a forked kernel, or None where an ordinary one must be started."""
    if not can_fork() or "ipykernel_launcher" not in command or command[0] != sys.executable:
        return None
    streams = tuple(
        _descriptor(options.get(name), own) for name, own in (("stdout", 1), ("stderr", 2))
    )
    if min(streams) < 0:  # a pipe that the manager wants to read from
        return None
    environment = dict(options.get("env") or os.environ)
    environment.pop(SOCKET, None)
    cwd = str(options.get("cwd") or os.getcwd())
    shared = os.environ.get(SOCKET)
    for address in (shared, None) if shared else (None,):
        with contextlib.suppress(OSError, ValueError):
            return WarmProcess(
                address or start_parent(environment),
                command,
                environment=environment,
                cwd=cwd,
                streams=cast(tuple[int, int], streams),
            )
    return None


def _descriptor(stream: Any, own: int) -> int:
    if stream is None:
        return own
    if isinstance(stream, int):
        return stream
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return -1
