"""A process that has the libraries imported and forks kernels. Run as a script, never imported.

It imports and reads texts, computes nothing and starts no thread (a fork would copy their
locks). Of project code it imports this package alone, and a kernel forgets that again when a
file of it was changed since: nobody runs what they have edited away. Requests come over a unix
socket that only this user can open; each connection is one kernel and lives as long as its
manager: when it is closed, the kernel is killed. When whoever started this process is gone, its
standard input ends, and everything ends with it.

Request: the length as four bytes, then JSON ``{argv, env, cwd}``, with the kernel's standard
output and error as file descriptors. Then lines of JSON: ``{"pid": …}`` and ``{"exit": …}`` to
the manager, ``{"signal": …}`` from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Iterator
from typing import Any

# In the order in which a kernel needs them: a kernel that is asked for early is forked early,
# and imports the rest itself.
_PRELOADED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.inprocess",
    "ipykernel.debugger", "tornado.platform.asyncio", "sqlite3",
    "IPython.core.completer", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.extensions.storemagic",
    "matplotlib_inline.config", "numpy", "numpy.random", "pandas",
    "pyarrow", "pyarrow.compute", "yaml", "pydantic", "charset_normalizer", "IPython.display",
    "importlib.metadata", "scipy.special", "scipy.linalg", "scipy.stats", "scipy.optimize",
    "matplotlib", "matplotlib.figure", "matplotlib.pyplot", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg", "seaborn", "scipy.cluster.hierarchy",
    "cffi.cparser", "encodings.cp437", "encodings.utf_8_sig", "pandas.io.formats.csvs",
    "pandas.io.formats.html", "matplotlib.style.core",
)  # fmt: skip
# What some methods need: not waited for.
_LATER = (
    "statsmodels.formula.api", "statsmodels.api", "patsy", "formulaic", "sklearn.ensemble",
    "sklearn.linear_model", "sklearn.model_selection", "joblib",
)  # fmt: skip
_INLINE = "module://matplotlib_inline.backend_inline"
_PR_SET_PDEATHSIG = 1
_OWN_PID = os.getpid()
_PACKAGE = "cxresearch"
_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What every kernel would do first, in plain Python: read texts, make a page to draw on.
_READY = ("plots._draw", "sentences._known", "wording.messages")
_ENOUGH = "enough"
_NOT_IN_KERNELS = ("catalogue", "course", "forms", "reports", "runs", "scaffold")


class _Kernels:
    """The kernels that live: by process and by the connection of their manager."""

    def __init__(self) -> None:
        self.by_pid: dict[int, socket.socket] = {}
        self.unread: dict[socket.socket, bytes] = {}

    def pid_of(self, connection: socket.socket) -> int:
        return next((pid for pid, own in self.by_pid.items() if own is connection), 0)

    def drop(self, connection: socket.socket) -> None:
        """Kill the kernel of a manager that has gone."""
        pid = self.pid_of(connection)
        self.unread.pop(connection, None)
        self.by_pid.pop(pid, None)
        connection.close()
        if pid:
            _signal_group(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Tell managers which kernels have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            connection = self.by_pid.pop(pid, None)
            # What the kernel itself had started goes with it.
            _signal_group(pid, signal.SIGKILL)
            if connection is not None:
                _tell(connection, {"exit": os.waitstatus_to_exitcode(status)})

    def end(self) -> None:
        for pid in list(self.by_pid):
            _signal_group(pid, signal.SIGKILL)


def main(address: str, *, many: bool) -> None:
    """Serve until standard input ends; at once, or when what every kernel needs is imported."""
    wake_read, wake_write = os.pipe()
    for end in (wake_read, wake_write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    known = _stamps()
    listener = _listen(address)
    kernels = _Kernels()
    try:
        _serve(listener, kernels, wake_read, _imports(), known, many=many)
    finally:
        kernels.end()
        for remove, path in ((os.unlink, address), (os.rmdir, os.path.dirname(address))):
            with contextlib.suppress(OSError):
                remove(path)


def _listen(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(address)
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


def _serve(
    listener: socket.socket,
    kernels: _Kernels,
    wake: int,
    imports: Iterator[object],
    known: dict[str, tuple[int, int]],
    *,
    many: bool,
) -> None:
    serves, idle, forked = not many, False, 0
    while True:
        waiting = [sys.stdin.fileno(), wake, *kernels.unread]
        if serves:
            waiting.append(listener)
        # While a single kernel runs, imports for the next would take the processor from it.
        rests = idle or (not many and forked == 1 and bool(kernels.by_pid))
        ready, _, _ = select.select(waiting, [], [], None if rests else 0)
        if not ready:
            step = next(imports, ...)
            idle = step is ...
            serves = serves or idle or step is _ENOUGH
            continue
        for source in ready:
            if source == wake:
                os.read(wake, 4096)
                kernels.reap()
            elif source == sys.stdin.fileno():
                if not os.read(sys.stdin.fileno(), 4096):
                    return
            elif source is listener:
                _start(listener, kernels, wake, known)
                forked += 1
            elif isinstance(source, socket.socket) and source in kernels.unread:
                _obey(source, kernels)


def _imports() -> Iterator[object]:
    """Import one library at each step; tell when there is enough for any kernel to begin."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # 2 s, for nothing here
    yield from _import_each(_PRELOADED)
    if sys.modules.get("rfc3987_syntax", ...) is None:
        del sys.modules["rfc3987_syntax"]
    for name in _own_names():
        # Asked for by name, not by module: the rooms of the package import when that is done.
        with contextlib.suppress(Exception):
            getattr(sys.modules[_PACKAGE], name)
        yield None
    for module in _READY:
        with contextlib.suppress(Exception):
            importlib.import_module(f"{_PACKAGE}.{module}").make_ready()
        yield None
    yield _ENOUGH
    yield from _import_each(_LATER)
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page


def _import_each(names: tuple[str, ...]) -> Iterator[None]:
    for name in names:
        with warnings.catch_warnings(), contextlib.suppress(Exception):  # who needs it will say
            warnings.simplefilter("ignore")
            importlib.import_module(name)
        yield


def _own_names() -> list[str]:
    """Return the names of this package that notebooks use."""
    try:
        listed = importlib.import_module(_PACKAGE)._MODULE_OF.items()
    except Exception:  # a kernel that imports it will say why
        return []
    return [name for name, module in listed if module.split(".")[0] not in _NOT_IN_KERNELS]


def _stamps() -> dict[str, tuple[int, int]]:
    """Return time and size of every source file of this package."""
    found = {}
    for folder, _, names in os.walk(_FOLDER):
        for name in names:
            if name.endswith((".py", ".pyi", ".toml")):
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):
                    about = os.stat(path)
                    found[path] = (about.st_mtime_ns, about.st_size)
    return found


def _forget_what_changed(known: dict[str, tuple[int, int]]) -> None:
    """Drop this package, whole, where the kernel would import something else than we did."""
    here = os.path.join(os.getcwd(), _PACKAGE)
    shadowed = os.path.isdir(here) and not os.path.samefile(here, _FOLDER)
    if shadowed or _stamps() != known:
        for name in [n for n in sys.modules if n.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]


def _start(
    listener: socket.socket, kernels: _Kernels, wake: int, known: dict[str, tuple[int, int]]
) -> None:
    connection, _ = listener.accept()
    try:
        uid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, 17, 12))[1]
        if uid != os.getuid():
            connection.close()
            return
        connection.settimeout(10)
        request, descriptors = _read_request(connection)
        connection.settimeout(None)
    except (OSError, ValueError, struct.error):
        connection.close()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads that C libraries keep
        pid = os.fork()
    if pid == 0:
        _child(request, descriptors, [listener, connection, *kernels.unread], wake, known)
    for descriptor in descriptors:
        os.close(descriptor)
    kernels.by_pid[pid] = connection
    kernels.unread[connection] = b""
    _tell(connection, {"pid": pid})


def _read_request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, descriptors, _, _ = socket.recv_fds(connection, 4, 2)
    body = bytearray()
    for missing in (4 - len(head), 0):
        if missing:
            head += connection.recv(missing, socket.MSG_WAITALL)
    (size,) = struct.unpack("!I", head)
    while len(body) < size:
        part = connection.recv(size - len(body))
        if not part:
            raise ValueError("the request is not whole")
        body += part
    return json.loads(body), descriptors


def _obey(connection: socket.socket, kernels: _Kernels) -> None:
    try:
        part = connection.recv(4096)
    except OSError:
        part = b""
    if not part:
        kernels.drop(connection)
        return
    *lines, kernels.unread[connection] = (kernels.unread[connection] + part).split(b"\n")
    for line in lines:
        pid = kernels.pid_of(connection)
        if pid:
            _signal_group(pid, int(json.loads(line)["signal"]))


def _tell(connection: socket.socket, message: dict[str, int]) -> None:
    try:
        connection.sendall(json.dumps(message).encode() + b"\n")
    except OSError:  # its manager has gone; the closed connection will be noticed
        return


def _signal_group(pid: int, number: int) -> None:
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except ProcessLookupError:  # no group yet, or nobody left
            continue
        return


def _child(
    request: dict[str, Any],
    descriptors: list[int],
    inherited: list[socket.socket],
    wake: int,
    known: dict[str, tuple[int, int]],
) -> None:
    """Be the kernel that was asked for; never returns."""
    status = 1
    try:
        parent = _OWN_PID
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before we asked to be told
            return
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for connection in inherited:
            connection.close()
        os.close(wake)
        _streams(descriptors)
        _settle(request, parent)
        _forget_what_changed(known)
        gc.freeze()
        status = _kernel()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # as a process of its own would end
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(status)


def _streams(descriptors: list[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for target, descriptor in zip((1, 2), descriptors, strict=True):
        os.dup2(descriptor, target)
        os.close(descriptor)


def _settle(request: dict[str, Any], parent: int) -> None:
    """Take on what a process of its own would have had from the start."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.environ["JPY_PARENT_PID"] = str(parent)
    os.chdir(request["cwd"])
    sys.argv[:] = request["argv"]
    random.seed()
    if "numpy.random" in sys.modules:
        # The legacy generator is copied as it was: every kernel would draw the same numbers.
        sys.modules["numpy.random"].seed()
    os.environ.setdefault("MPLBACKEND", _INLINE)
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    if "pandas" in sys.modules:
        # Imported without a shell, it takes the process for a terminal and cuts wide frames.
        sys.modules["pandas"].set_option("display.max_columns", 20)
    # On its import this one ties pictures to the shell; here there was none yet.
    sys.modules.pop("matplotlib_inline.backend_inline", None)


def _kernel() -> int:
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
    return 0


def _leave(status: int) -> None:
    # The interpreter's own end takes 0.1 s and ends nothing that a gone process does not end.
    import atexit

    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file
    try:
        main(sys.argv[1], many="--many" in sys.argv[2:])
    finally:
        os._exit(0)  # to take down what was imported takes longer than to run a cell
