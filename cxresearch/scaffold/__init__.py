"""New workspaces and studies, with a codebook proposed from the data."""

from __future__ import annotations

from cxresearch.scaffold.new import init_workspace, new_study
from cxresearch.scaffold.propose import propose_codebook

__all__ = ["init_workspace", "new_study", "propose_codebook"]
