"""Load an analysis plan, every fault at once; lock it; load what was locked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cxresearch._files import sha256_file
from cxresearch._types import Json
from cxresearch._validate import did_you_mean
from cxresearch._yaml import Document, parse_yaml
from cxresearch.codebook.faults import check_form
from cxresearch.codebook.load import in_file_order
from cxresearch.codebook.model import Codebook
from cxresearch.codebook.moments import describes_moments
from cxresearch.codebook.schema import schema_of
from cxresearch.errors import Fault, StudyError
from cxresearch.planned.lock import (
    LOCK_FILE,
    PLAN_FILE,
    PlanLock,
    PlanVersion,
    offset_of,
    read_lock,
    stamp,
    write_lock,
)
from cxresearch.planned.model import FEATURES, AnalysisPlan, Hypothesis
from cxresearch.responses.exclusions import Exclusion, check_exclusions
from cxresearch.study._commit import commit_of
from cxresearch.study.file import exclusion_of
from cxresearch.study.plan_file import PLAN_SHAPES, HypothesisFile, PlanFile

_MINUS = (" − ", " - ", " – ")


def plan_schema() -> Json:
    """Return the JSON Schema (draft 2020-12) of analysis-plan.yaml.

    Examples
    --------
    >>> plan_schema()["required"]
    ['hypotheses', 'primary_outcome']
    """
    return schema_of(PlanFile)


def load_plan(folder: Path, codebook: Codebook) -> AnalysisPlan | None:
    """Load the analysis plan of a study; None where the study has none.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the study.
    codebook : Codebook
        Names the outcomes, conditions and columns a plan may speak of.

    Raises
    ------
    StudyError
        The plan is not well formed, with every fault found.
    """
    path = folder / PLAN_FILE
    if not path.exists():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(f"{PLAN_FILE} cannot be read: {error.strerror}") from error
    return parse_plan(data, codebook, subject=f"plan of {folder.name}")


def parse_plan(
    data: bytes, codebook: Codebook | None, *, subject: str = "analysis plan"
) -> AnalysisPlan:
    """Read an analysis plan; without a codebook, names are taken as they are.

    Raises
    ------
    StudyError
        It is not well formed, with every fault found.
    """
    document = parse_yaml(data, error=StudyError, subject=subject, name=PLAN_FILE)
    file, faults, repaired = check_form(PlanFile, document, PLAN_SHAPES)
    faults.extend(document.faults.values())
    if file is None:
        raise StudyError(subject, in_file_order(faults))
    checker = _Checker(document, codebook)
    if not any(path[:1] == ("hypotheses",) for path in repaired):
        checker.check_hypotheses(file)
    if not any(path[:1] in (("looks",), ("spending",)) for path in repaired):
        checker.check_looks(file)
    if not any(path[:1] == ("conditions",) for path in repaired):
        checker.check_conditions(file)
    rules = checker.exclusions(file)
    if faults or checker.faults:
        raise StudyError(subject, in_file_order([*faults, *checker.faults]))
    return AnalysisPlan(
        hypotheses=tuple(_hypothesis(one, codebook) for one in file.hypotheses),
        primary_outcome=file.primary_outcome,
        parameters=dict(file.parameters),
        exclusions=tuple(rule_words(rule) for rule in rules),
        conditions={str(name): float(part) for name, part in file.conditions.items()},
        sample_size=file.sample_size,
        smallest_effect=file.smallest_effect,
        alpha=file.alpha,
        spending=file.spending,
        looks=tuple(file.looks),
        written_by=file.written_by,
        written_on=file.written_on,
        text=data.decode("utf-8"),
        sha256=document.sha256,
    )


def rule_words(rule: Exclusion) -> str:
    """Return a rule of exclusion in one line."""
    return f"{rule.rule}: {rule.detail}" if rule.detail else rule.rule


def locked_plans(
    lock: PlanLock, codebook: Codebook | None, *, read: AnalysisPlan | None = None
) -> list[AnalysisPlan]:
    """Return the plan of every locked version; names are no longer checked.

    A version that has been `read` with the same codebook is not read again.
    """
    return [
        read
        if read is not None and version.sha256 == read.sha256
        else _locked_plan(version, number, codebook)
        for number, version in enumerate(lock.versions, start=1)
    ]


def _locked_plan(version: PlanVersion, number: int, codebook: Codebook | None) -> AnalysisPlan:
    data = version.text.encode("utf-8")
    if codebook is not None:
        with suppress(StudyError):  # names of the codebook may have changed since
            return parse_plan(data, codebook)
    return parse_plan(data, None, subject=f"version {number} in {LOCK_FILE}")


def lock_plan(
    folder: Path,
    codebook: Codebook,
    *,
    data: Iterable[Path] = (),
    amend: str = "",
    now: datetime | None = None,
) -> PlanLock:
    """Lock the plan of a study: keep its text, hash and time, and the data there were.

    Where the plan stands committed in a git repository, the commit is kept too. What a lock
    shows is that the plan was not changed since without a trace; when it was made rests on the
    computer's clock, until the hash or the commit is where others saw it.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the study.
    codebook : Codebook
    data : iterable of pathlib.Path
        Data files of the study; those that exist are hashed.
    amend : str
        Why a locked plan is changed: a version is added, the old ones are kept.
    now : datetime, optional
        Time of the lock; by default the clock's.

    Returns
    -------
    PlanLock

    Raises
    ------
    StudyError
        There is no plan, it is faulty, it is locked already (without `amend`), or an
        amendment changes nothing.
    """
    plan = load_plan(folder, codebook)
    if plan is None:
        raise StudyError(
            f"study {folder.name} has no {PLAN_FILE}; write one (its form: cxresearch schema "
            "plan) and lock it"
        )
    lock, reason = read_lock(folder), amend.strip()
    if lock.last is not None and lock.last.sha256 == plan.sha256:
        raise StudyError(
            f"the plan of {folder.name} is locked already, since {lock.last.locked}; nothing "
            "has changed in it"
        )
    if lock.last is not None and not reason:
        raise StudyError(
            f"the plan of {folder.name} was locked on {lock.last.locked} and has changed; "
            'say why: cxresearch plan lock STUDY --amend "reason"'
        )
    if lock.last is None and reason:
        raise StudyError(
            f"the plan of {folder.name} was never locked: there is nothing to amend; lock it "
            "without --amend"
        )
    there = {path.name: sha256_file(path) for path in data if path.is_file()}
    commit = commit_of(folder / PLAN_FILE)
    version = PlanVersion(
        sha256=plan.sha256,
        locked=stamp(now),
        offset=offset_of(now),
        commit=commit.id,
        committed=commit.made,
        text=plan.text,
        data=there,
        reason=reason,
    )
    lock = lock.with_version(version)
    try:
        write_lock(folder, lock)
    except OSError as error:
        raise StudyError(f"{LOCK_FILE} cannot be written: {error.strerror}") from error
    return lock


def _hypothesis(file: HypothesisFile, codebook: Codebook | None) -> Hypothesis:
    contrast = _split(file.contrast)
    asked = _asked(file.outcome, codebook)
    usual = "choice" if asked == "choice" else "conditions"
    return Hypothesis(
        id=file.id,
        statement=file.statement,
        outcome=file.outcome,
        asked=asked,
        contrast=contrast,
        model=file.model or usual,
        term=file.term,
        direction=file.direction,
    )


def _split(contrast: str | None) -> tuple[str, ...]:
    for minus in _MINUS:
        if contrast and minus in contrast:
            return tuple(part.strip() for part in contrast.split(minus))
    return (contrast.strip(),) if contrast else ()


def _asked(outcome: str, codebook: Codebook | None) -> str:
    """Return the name that results give an outcome: that of its role in a study of moments."""
    for role in ("retrospective", "choice") if codebook is not None else ():
        if codebook and any(c.name == outcome for c in codebook.columns_with_role(role)):
            return role
    return outcome


class _Checker:
    """Collects what a form cannot see: names that are not there, looks out of order."""

    def __init__(self, document: Document, codebook: Codebook | None) -> None:
        self.document, self.codebook = document, codebook
        self.faults: list[Fault] = []

    def _fault(self, place: Iterable[object], message: str) -> None:
        self.faults.append(self.document.fault(tuple(place), message))

    def check_hypotheses(self, file: PlanFile) -> None:
        """Check names, outcomes and contrasts of the hypotheses, and the primary outcome."""
        seen: set[str] = set()
        for number, one in enumerate(file.hypotheses):
            place, named = ("hypotheses", number), f"hypothesis {one.id}"
            if one.id in seen:
                self._fault((*place, "id"), f"{named}: the id is given twice")
            seen.add(one.id)
            if one.contrast is None and one.model is None:
                self._fault(place, f"{named}: write a contrast or a model, how it is tested")
            self._check_outcome((*place, "outcome"), f"{named}: outcome", one.outcome)
            self._check_contrast((*place, "contrast"), named, one)
        outcomes = [one.outcome for one in file.hypotheses]
        if file.primary_outcome not in outcomes:
            self._fault(
                ("primary_outcome",),
                f"primary_outcome {file.primary_outcome} is the outcome of no hypothesis; "
                f"theirs are {', '.join(dict.fromkeys(outcomes))}"
                f"{did_you_mean(file.primary_outcome, outcomes)}",
            )

    def _check_outcome(self, place: Iterable[object], what: str, outcome: str) -> None:
        if self.codebook is None:
            return
        known = list(_outcomes(self.codebook))
        if outcome not in known:
            self._fault(
                place,
                f"{what} {outcome} is not there; the codebook has {', '.join(known[:20])}"
                f"{did_you_mean(outcome, known)}",
            )

    def _check_contrast(self, place: Iterable[object], named: str, one: HypothesisFile) -> None:
        parts = _split(one.contrast)
        if one.contrast is None:
            return
        if len(parts) != 2 or parts[0] == parts[1]:
            message = "write two conditions: Friendly close - Usual close"
            self._fault(place, f"{named}: contrast is {one.contrast!r}; {message}")
            return
        for part in parts:
            self._check_condition(place, f"{named}: contrast", part)

    def _check_condition(self, place: Iterable[object], what: str, name: str) -> None:
        known = _conditions(self.codebook)
        if known and name not in known:
            self._fault(
                place,
                f"{what}: there is no condition {name!r}; the codebook has "
                f"{', '.join(known)}{did_you_mean(name, known)}",
            )

    def check_conditions(self, file: PlanFile) -> None:
        """Check that the planned conditions are those of the codebook, with a ratio each."""
        for name, part in file.conditions.items():
            if part <= 0:
                message = f"conditions: the part of {name} is {part:g}; it must be above 0"
                self._fault(("conditions", str(name)), message)
            self._check_condition(("conditions", str(name)), "conditions", str(name))
        if len(file.conditions) == 1:
            self._fault(("conditions",), "conditions: at least two are needed to compare")

    def check_looks(self, file: PlanFile) -> None:
        """Check that the looks fit the spending, rise, and end with the whole sample."""
        looks, place = file.looks, ("looks",)
        if file.spending == "none" and looks:
            self._fault(
                place, "looks are planned, but spending is none; say how alpha is spent"
            )
        if file.spending in ("obrien_fleming", "pocock") and not looks:
            self._fault(
                place, f"spending {file.spending} needs looks, e.g. [0.5, 1] or [100, 200]"
            )
        if file.spending == "always_valid" and file.smallest_effect is None:
            self._fault(("spending",), "spending always_valid needs a smallest_effect")
        shown = ", ".join(f"{look:g}" for look in looks)
        if any(later <= earlier for earlier, later in pairwise(looks)):
            self._fault(place, f"looks are {shown}; each must be later than the one before")
        elif looks and looks[0] <= 0:
            self._fault(place, f"looks are {shown}; they must be above 0")
        elif looks and looks[-1] <= 1:
            if looks[-1] != 1:
                self._fault(place, f"looks are {shown}; as shares the last one must be 1")
        elif looks and any(look != int(look) for look in looks):
            message = "write whole numbers of participants, or shares up to 1"
            self._fault(place, f"looks are {shown}; {message}")
        elif looks and file.sample_size is not None and looks[-1] != file.sample_size:
            message = f"the last one must be the sample size, {file.sample_size}"
            self._fault(place, f"looks are {shown}; {message}")

    def exclusions(self, file: PlanFile) -> list[Exclusion]:
        """Return the planned rules; those that the codebook does not bear out are faults."""
        rules: list[Exclusion] = []
        for number, form in enumerate(file.exclude):
            rule = exclusion_of(form)
            if rule is None:
                message = "names no rule; write one rule after each '-'"
                self._fault(("exclude", number), f"exclude, rule {number + 1}: {message}")
                continue
            rules.append(rule)
            for fault in check_exclusions([rule], self.codebook) if self.codebook else ():
                message = f"exclude, rule {number + 1}: {fault.message}"
                self._fault(("exclude", number), message)
        return rules


def _outcomes(codebook: Codebook) -> Iterator[str]:
    """Yield what a hypothesis may be about."""
    for role in ("outcome", "retrospective", "choice"):
        yield from (column.name for column in codebook.columns_with_role(role))
    yield from (battery.name for battery in codebook.batteries)
    if describes_moments(codebook):
        yield from FEATURES


def _conditions(codebook: Codebook | None) -> list[str]:
    columns = codebook.columns_with_role("condition") if codebook is not None else ()
    return [code.label for column in columns for code in column.values]
