"""The command that opens JupyterLab on a workspace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from cxresearch.cli.session import Session, reported

_DEFAULTS = {
    "@jupyterlab/docmanager-extension:plugin": {
        "defaultViewers": {"markdown": "Markdown Preview"}
    },
    # Nothing is asked of the network, and nobody is asked whether it may.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}

START_PAGES = ("start-here.md", "notebooks/start-here.md", "README.md")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[JUPYTERLAB OPTIONS]")
@click.pass_obj
@reported
def lab(session: Session, options: tuple[str, ...]) -> None:
    """Open JupyterLab on this workspace, with the templates in its launcher.

    The launcher offers every template (those of the workspace's templates/ too) and two
    kernels: the ordinary one, and a warm one that starts with the libraries imported.

    Example: cxresearch lab --no-browser --port 8890
    """
    workspace = session.workspace
    with tempfile.TemporaryDirectory(prefix="cxresearch-lab-") as made:
        room = Path(made)
        write_config(room, workspace)
        known = [os.environ[name] for name in ("JUPYTER_CONFIG_PATH",) if os.environ.get(name)]
        environment = os.environ | {
            "JUPYTER_CONFIG_PATH": os.pathsep.join([str(room), *known]),
            "CXRESEARCH_WORKSPACE": str(workspace),
        }
        command = [sys.executable, "-m", "jupyter", "lab", str(workspace), *options]
        with subprocess.Popen(command, env=environment, cwd=workspace) as running:
            signal.signal(signal.SIGTERM, lambda *_: running.terminate())
            try:
                status = running.wait()
            except KeyboardInterrupt:
                status = running.wait()  # JupyterLab got it too, and ends in its own way
    sys.exit(status)


def write_config(room: Path, workspace: Path) -> None:
    """Write the settings of JupyterLab for a workspace into a folder of their own."""
    from cxresearch.runs.template import template_folders

    shelf = room / "templates"
    shelf.mkdir()
    own = workspace / "templates"
    for folder in template_folders(workspace):
        name = "This workspace" if folder == own else "cxresearch"
        if not (shelf / name).exists() and any(folder.glob("*.ipynb")):
            (shelf / name).symlink_to(folder.absolute(), target_is_directory=True)
    start = next((page for page in START_PAGES if (workspace / page).is_file()), "")
    settings = {
        "ServerApp": {"jpserver_extensions": {"jupyterlab_templates": True}},
        "LabApp": {"default_url": f"/lab/tree/{start}" if start else "/lab"},
        "JupyterLabTemplates": {
            "template_dirs": [str(shelf)],
            "include_default": False,
            "include_core_paths": False,
            "template_label": "Study",
        },
    }
    (room / "labconfig").mkdir()
    for name, content in (
        ("jupyter_server_config.json", settings),
        ("jupyter_lab_config.json", settings),
        ("labconfig/default_setting_overrides.json", _DEFAULTS),
    ):
        (room / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
