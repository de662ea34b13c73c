"""The lock beside a plan: every version with its hash, its time, and the data there were."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxresearch._files import read_json, write_json
from cxresearch.errors import CxError, StudyError

PLAN_FILE = "analysis-plan.yaml"
LOCK_FILE = "analysis-plan.lock.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One version of a plan, as it was locked.

    Attributes
    ----------
    sha256 : str
        Hash of the plan's bytes.
    locked : str
        When, UTC.
    data : mapping of str to str
        Data files that were there then, with their hashes; empty before the data.
    reason : str
        Why the plan was amended; ``""`` for the first version.
    text : str
        The plan as it was written.
    offset : str
        How far the clock of the computer was set from UTC: ``"+02:00"``; ``""`` where it was
        not kept.
    commit, committed : str
        The git commit that held the plan when it was locked, and its time, UTC; ``""`` where
        the plan was not committed.
    """

    sha256: str
    locked: str
    text: str
    data: Mapping[str, str]
    reason: str = ""
    offset: str = ""
    commit: str = ""
    committed: str = ""

    @property
    def before_data(self) -> bool:
        """Whether no data file was there."""
        return not self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """An assignment list that was drawn.

    Attributes
    ----------
    file, sha256 : str
        Name and hash of the list.
    made : str
        When, UTC.
    method : str
    seed : int
    conditions : tuple of str
    n : int
        Participants.
    strata : str
        File that named the strata, with its column; ``""`` without.
    ratio : tuple of float
        Part of each condition; empty in lists drawn with equal parts before ratios were kept.
    """

    file: str
    sha256: str
    made: str
    method: str
    seed: int
    conditions: tuple[str, ...]
    n: int
    strata: str = ""
    ratio: tuple[float, ...] = ()

    @property
    def parts(self) -> dict[str, float]:
        """Condition → its part of the people."""
        return dict(
            zip(self.conditions, self.ratio or [1.0] * len(self.conditions), strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLock:
    """All versions of a plan, first to last, and the lists that were drawn."""

    versions: tuple[PlanVersion, ...] = ()
    assignments: tuple[Assigned, ...] = ()

    @property
    def first(self) -> PlanVersion | None:
        """The version that was locked first."""
        return self.versions[0] if self.versions else None

    @property
    def last(self) -> PlanVersion | None:
        """The version in force."""
        return self.versions[-1] if self.versions else None

    def with_version(self, version: PlanVersion) -> PlanLock:
        """Return the lock with one more version."""
        return replace(self, versions=(*self.versions, version))

    def with_assignment(self, assigned: Assigned) -> PlanLock:
        """Return the lock with one more assignment list."""
        return replace(self, assignments=(*self.assignments, assigned))


def read_lock(folder: Path) -> PlanLock:
    """Return the lock of a study's plan; an empty one where there is none.

    Raises
    ------
    StudyError
        The file cannot be read, or does not fit the hashes it holds: it was edited.
    """
    path = folder / LOCK_FILE
    if not path.exists():
        return PlanLock()
    try:
        written = read_json(path)
        versions = tuple(PlanVersion(**entry) for entry in written["versions"])
        lists = [
            Assigned(
                **{
                    **entry,
                    "conditions": tuple(entry["conditions"]),
                    "ratio": tuple(entry.get("ratio", ())),
                }
            )
            for entry in written["assignments"]
        ]
    except (CxError, KeyError, TypeError) as error:
        raise StudyError(f"{LOCK_FILE} cannot be read: {error}") from error
    for number, version in enumerate(versions, start=1):
        if hash_of(version.text) != version.sha256:
            raise StudyError(
                f"{LOCK_FILE}: the text of version {number} does not have the hash that was "
                "locked; the file was edited: restore it from a copy"
            )
    return PlanLock(versions=versions, assignments=tuple(lists))


def write_lock(folder: Path, lock: PlanLock) -> Path:
    """Write the lock beside the plan, in one step."""
    payload: dict[str, Any] = {
        "schema": SCHEMA,
        "versions": [
            {**asdict(version), "data": dict(version.data)} for version in lock.versions
        ],
        "assignments": [asdict(one) for one in lock.assignments],
    }
    return write_json(folder / LOCK_FILE, payload)


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def offset_of(now: datetime | None = None) -> str:
    """Return how far a time, by default the computer's, is set from UTC: ``"+02:00"``."""
    return (now or datetime.now(UTC).astimezone()).isoformat(timespec="seconds")[19:]


def stamp(now: datetime | None = None) -> str:
    """Return a time in UTC as the lock keeps it."""
    return (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
