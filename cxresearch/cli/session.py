"""What every command shares: the workspace, and errors shown as messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cxresearch.errors import CxError


class Session:
    """What every command needs: the workspace asked for, and whether to show tracebacks."""

    def __init__(self, workspace: Path | None, *, debug: bool) -> None:
        self._workspace = workspace
        self.debug = debug

    @property
    def workspace(self) -> Path:
        """Folder that holds ``data/`` and ``reports/``."""
        from cxresearch.study import find_workspace

        return find_workspace(self._workspace)


def reported(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show an error of ours as its message and end with status 1; others pass through."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        session: Session = click.get_current_context().obj
        try:
            return command(*args, **kwargs)
        except CxError as error:
            if session.debug:
                raise
            from cxresearch.cli.show import show_error

            show_error(error)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("\ninterrupted; nothing more was done", err=True)
            sys.exit(130)

    return guarded
