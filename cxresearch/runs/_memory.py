"""A limit to the memory of a kernel: one that grows past it is killed, and that is said."""

from __future__ import annotations

import contextlib
import re
import threading

from cxresearch.errors import CxError

_SECONDS = 0.1
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)


def read_size(text: str) -> int:
    """Return the bytes that a text such as ``"2GB"`` or ``"500 MB"`` stands for.

    Raises
    ------
    CxError
        It stands for none, or for none at all.

    Examples
    --------
    >>> read_size("1.5GB")
    1610612736
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * 1024 ** " kmgt".index(match[2].lower() or " ")) if match else 0
    if size <= 0:
        raise CxError(f"a size of memory is a number with MB or GB, as in 2GB; got {text!r}")
    return size


class MemoryGuard:
    """Watches the memory of a kernel and of what it starts, ten times a second.

    Parameters
    ----------
    limit : int
        Bytes of resident memory; pages shared with the process it was forked from count.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.reached = 0
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, pid: int) -> None:
        """Begin; the kernel is killed when it grows past the limit."""
        self._thread = threading.Thread(target=self._run, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def told(self) -> str:
        """What happened, or ``""``."""
        if not self.reached:
            return ""
        used, limit = (round(size / 1024**2) for size in (self.reached, self.limit))
        return f"the kernel used {used} MB of memory, allowed are {limit} MB; it was ended"

    def _run(self, pid: int) -> None:
        import psutil

        with contextlib.suppress(psutil.Error):
            kernel = psutil.Process(pid)
            while not self._done.wait(_SECONDS):
                family = [kernel, *kernel.children(recursive=True)]
                used = 0
                for process in family:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        used += process.memory_info().rss
                if used > self.limit:
                    self.reached = used
                    for process in family[::-1]:
                        with contextlib.suppress(psutil.NoSuchProcess):
                            process.kill()
                    return
