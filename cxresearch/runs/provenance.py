"""What a run rests on, in hashes and versions: enough to defend it and to repeat it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cxresearch
from cxresearch._files import sha256_file, sha256_json
from cxresearch._types import Json
from cxresearch.planned.lock import PLAN_FILE
from cxresearch.responses.episodes import EpisodeData
from cxresearch.responses.model import Responses
from cxresearch.runs.parent import ONE_THREAD
from cxresearch.runs.template import STUDY_PARAMETER, Template

if TYPE_CHECKING:
    from cxresearch.study import Study


def describe_inputs(
    study: Study,
    template: Template,
    parameters: Mapping[str, Any],
    *,
    settings: Mapping[str, Any],
) -> Json:
    """Return what a run rests on: study, template, parameters, data, codebook, with hashes.

    Only names of files are kept, no folders of this machine.

    Parameters
    ----------
    parameters : mapping
        The value of every parameter, as `check_parameters` returns them.
    settings : mapping
        Those among them that were given for this run only, beside study.yaml.
    """
    return {
        "study": study.name,
        "title": study.title,
        "description": study.description,
        "method": study.method,
        "method_title": template.title,
        "population": study.population,
        "sample": study.sample,
        "contact": study.contact,
        "language": study.language,
        "study_sha256": study.sha256,
        "template": {"file": f"{template.name}.ipynb", "sha256": template.sha256},
        "parameters": dict(parameters),
        "settings": dict(settings),
        "parameter_help": {p.name: p.help for p in template.parameters},
        "parameter_defaults": {p.name: p.default for p in template.parameters},
        "seed": parameters.get("seed"),
        "codebook": {
            "file": Path(study.codebook.path).name,
            "sha256": study.codebook.sha256,
        },
        "data": [
            {**_place(name, study.layout), "file": path.name, "sha256": sha256_file(path)}
            for name, path in study.data.items()
        ],
        "package": {"version": cxresearch.__version__, "code_sha256": code_sha256()},
        "plan": _describe_plan(study),
    }


def _describe_plan(study: Study) -> Json | None:
    """Return hash and lock of the analysis plan; None without one."""
    if study.plan is None:
        return None
    return {
        "file": PLAN_FILE,
        "sha256": study.plan.sha256,
        "versions": [
            {"sha256": version.sha256, "locked": version.locked, "reason": version.reason}
            for version in study.plan_lock.versions
        ],
        "assignments": [
            {"file": drawn.file, "sha256": drawn.sha256, "seed": drawn.seed}
            for drawn in study.plan_lock.assignments
        ],
    }


def run_key(inputs: Json) -> str:
    """Return the hash of everything a run's results depend on.

    Two runs with the same key give the same results: study.yaml, codebook, data, template,
    parameters, version and source of the package.
    """
    package = inputs["package"]
    return sha256_json(
        {
            "study": inputs["study_sha256"],
            "codebook": inputs["codebook"]["sha256"],
            "data": [
                [source["wave"] or source.get("table", ""), source["sha256"]]
                for source in inputs["data"]
            ],
            "template": inputs["template"]["sha256"],
            "parameters": _without_study(inputs["parameters"]),
            "version": package["version"],
            "code": package["code_sha256"],
            # Only where there is a plan: keys of other studies stay what they were.
            **({"plan": inputs["plan"]} if inputs.get("plan") else {}),
        }
    )


def describe_responses(responses: Responses | EpisodeData) -> Json:
    """Return how the answers were read and what became of them.

    Of moments and episodes, what is counted are episodes; rows of both tables stand under
    ``sources``, moments and participants beside them.
    """
    flow = responses.flow
    return _counts(responses) | {
        "read": flow.read,
        "analysed": flow.analysed,
        "steps": [asdict(step) for step in flow.steps],
        "sources": [
            {
                **_place(source.wave, _layout(responses)),
                "file": Path(source.file).name,
                "sha256": source.sha256,
                "rows": source.rows,
                "columns": source.columns,
                "format": source.format,
                "encoding": source.encoding,
                "delimiter": source.delimiter,
                "decimal": source.decimal,
            }
            for source in responses.sources
        ],
    }


def _layout(responses: Responses | EpisodeData) -> str:
    return "tables" if isinstance(responses, EpisodeData) else "waves"


def _place(name: str, layout: str) -> Json:
    """Return what a file is called: a table is no wave."""
    return {"wave": "", "table": name} if layout == "tables" else {"wave": name}


def _counts(responses: Responses | EpisodeData) -> Json:
    if not isinstance(responses, EpisodeData):
        return {}
    return {
        "unit": responses.flow.unit,
        "moments_read": responses.moments_read,
        "participants_read": responses.participants_read,
        "moments": responses.n_moments,
        "participants": responses.n_participants,
    }


def describe_environment() -> Json:
    """Return Python, operating system, linear algebra, threads and versions of the packages."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "blas": _blas(),
        "processors": os.cpu_count(),
        "threads": dict(ONE_THREAD),
        "packages": dict(_versions()),
    }


def describe_repository(folder: Path) -> Json | None:
    """Return commit and whether files differ from it, or None outside a git repository."""
    told = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    match = re.search(r"^# branch\.oid ([0-9a-f]+)$", told, re.MULTILINE)
    if match is None:
        return None
    changed = any(not line.startswith("#") for line in told.splitlines())
    return {"commit": match[1], "dirty": changed}


@cache
def code_sha256() -> str:
    """Return one hash over the source of this package."""
    root = Path(cxresearch.__file__).parent
    files = sorted(path for kind in ("*.py", "*.toml") for path in root.rglob(kind))
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _without_study(parameters: Mapping[str, Any]) -> Json:
    return {name: value for name, value in parameters.items() if name != STUDY_PARAMETER}


@cache
def _versions() -> dict[str, str]:
    needed = importlib.metadata.requires("cxresearch") or []
    names = [re.split(r"[^A-Za-z0-9._-]", text)[0] for text in needed if "extra ==" not in text]
    found = {}
    for name in sorted(names):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


@cache
def _blas() -> str:
    import numpy as np

    try:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    except (KeyError, TypeError):
        return ""
    return f"{blas.get('name', '')} {blas.get('version', '')}".strip()


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
