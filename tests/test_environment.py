"""environment.yml, pyproject.toml and the lock name the same packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def project_bounds() -> dict[str, SpecifierSet]:
    needed = [Requirement(text) for text in PROJECT["dependencies"]]
    bounds = {canonicalize_name(need.name): need.specifier for need in needed}
    return {"python": SpecifierSet(PROJECT["requires-python"]), **bounds}


def conda_bounds() -> dict[str, SpecifierSet]:
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    entries = [
        entry for entry in content["dependencies"] if isinstance(entry, str) and entry != "pip"
    ]
    pairs = [entry.partition(" ")[::2] for entry in entries]
    return {canonicalize_name(name): SpecifierSet(bounds) for name, bounds in pairs}


def locked_versions() -> dict[str, list[Version]]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, flags=re.M):
        found.setdefault(canonicalize_name(name), []).append(Version(version))
    return found


def test_conda_and_pip_name_the_same_packages_and_bounds() -> None:
    assert conda_bounds() == project_bounds()


def test_the_lock_pins_every_dependency_inside_its_bounds() -> None:
    locked = locked_versions()
    development = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
    bounds = {canonicalize_name(need.name): need.specifier for need in development}
    for name, allowed in {**project_bounds(), **bounds}.items():
        if name != "python":
            assert all(version in allowed for version in locked[name]), name


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    blocks = re.split(r"\n(?=[A-Za-z0-9._-]+==)", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
