"""The small files a run rests on, kept with it: whoever has the data can repeat it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cxresearch._files import sha256_file
from cxresearch._types import Json
from cxresearch.planned.lock import LOCK_FILE, PLAN_FILE
from cxresearch.runs.template import Template

if TYPE_CHECKING:
    from cxresearch.study import Study

INPUTS = "inputs"
STUDY_FILE = "study.yaml"


def keep_inputs(study: Study, template: Template, folder: Path) -> None:
    """Copy study.yaml, codebook, plan and template into a run; never the answers."""
    target = folder / INPUTS
    target.mkdir(exist_ok=True)
    sources = [study.folder / STUDY_FILE, study.folder / study.codebook.path, template.path]
    if study.plan is not None:
        sources += [study.folder / PLAN_FILE, study.folder / LOCK_FILE]
    for source in sources:
        if source.is_file():
            shutil.copyfile(source, target / source.name)


def changed_inputs(folder: Path, record: Json) -> list[str]:
    """Return which kept files are not those the record names by their hashes."""
    wanted = {
        STUDY_FILE: record["study_sha256"],
        record["codebook"]["file"]: record["codebook"]["sha256"],
        record["template"]["file"]: record["template"]["sha256"],
    }
    if record.get("plan"):
        wanted[record["plan"]["file"]] = record["plan"]["sha256"]
    faults = []
    for name, digest in wanted.items():
        path = folder / INPUTS / name
        if not path.is_file():
            faults.append(f"{INPUTS}/{name} is missing")
        elif sha256_file(path) != digest:
            faults.append(f"{INPUTS}/{name} is not the file of the run")
    return faults
