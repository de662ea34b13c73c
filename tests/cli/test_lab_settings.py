"""What JupyterLab is told when it is opened on a workspace."""

from __future__ import annotations

import json
from pathlib import Path

from cxresearch.cli.lab import write_config
from cxresearch.scaffold import init_workspace


def test_templates_shipped_and_own_are_in_the_launcher(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "w")
    room = tmp_path / "room"
    room.mkdir()
    (workspace / "templates" / "mine.ipynb").write_text("{}", encoding="utf-8")
    write_config(room, workspace)
    settings = json.loads((room / "jupyter_server_config.json").read_text(encoding="utf-8"))
    (shelf,) = settings["JupyterLabTemplates"]["template_dirs"]
    found = {path.relative_to(shelf).as_posix() for path in Path(shelf).glob("*/*.ipynb")}
    assert found == {
        "This workspace/mine.ipynb",
        "cxresearch/drivers.ipynb",
        "cxresearch/peak_end.ipynb",
        "cxresearch/servqual.ipynb",
    }
    assert settings["LabApp"]["default_url"] == "/lab/tree/README.md"


def test_jupyterlab_asks_nothing_of_the_network(tmp_path: Path) -> None:
    workspace, room = tmp_path / "w", tmp_path / "room"
    workspace.mkdir()
    room.mkdir()
    write_config(room, workspace)
    told = (room / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8")
    defaults = json.loads(told)["@jupyterlab/apputils-extension:notification"]
    assert defaults == {"fetchNews": "false", "checkForUpdates": False}
    settings = json.loads((room / "jupyter_lab_config.json").read_text(encoding="utf-8"))
    assert settings["LabApp"]["default_url"] == "/lab"
