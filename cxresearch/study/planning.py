"""From a study's folder to its plan: locking, assignment lists, and what became of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxresearch._yaml import read_yaml
from cxresearch.codebook.faults import check_form
from cxresearch.codebook.model import Codebook
from cxresearch.errors import StudyError
from cxresearch.planned import (
    AnalysisPlan,
    Done,
    PlanComparisonResult,
    PlanLock,
    compare_plan,
    read_lock,
)
from cxresearch.planned.lock import PLAN_FILE
from cxresearch.responses.episodes import EpisodeData
from cxresearch.responses.model import Responses
from cxresearch.results import Result
from cxresearch.study.file import SHAPES, StudyFile
from cxresearch.study.load import _Loader
from cxresearch.study.model import Study
from cxresearch.study.plan import load_plan, lock_plan, locked_plans, rule_words
from cxresearch.study.workspace import PathLike, study_path, workspace_of

_RATIO = "planned_ratio"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlannedStudy:
    """A study before its data: what a plan can be made and locked with.

    Attributes
    ----------
    name : str
    folder : pathlib.Path
    codebook : Codebook
    data : tuple of Path
        Data files that are there already.
    """

    name: str
    folder: Path
    codebook: Codebook
    data: tuple[Path, ...]

    @property
    def plan(self) -> AnalysisPlan | None:
        """The analysis plan; None without one."""
        return load_plan(self.folder, self.codebook)

    @property
    def lock(self) -> PlanLock:
        """What was locked."""
        return read_lock(self.folder)

    def lock_plan(self, *, amend: str = "") -> PlanLock:
        """Lock the plan, or a new version of it; see `cxresearch.study.plan.lock_plan`."""
        return lock_plan(self.folder, self.codebook, data=self.data, amend=amend)


def planned_study(name_or_path: PathLike, *, workspace: PathLike | None = None) -> PlannedStudy:
    """Open a study whose data need not be there yet.

    Raises
    ------
    StudyError
        There is no such study, or study.yaml or the codebook is not well formed.
    """
    path = study_path(name_or_path, workspace)
    folder, subject = path.parent, f"study {path.parent.name}"
    document = read_yaml(path, error=StudyError, subject=subject)
    file, faults, repaired = check_form(StudyFile, document, SHAPES)
    faults.extend(document.faults.values())
    if file is None or faults:
        raise StudyError(subject, faults)
    loader = _Loader(folder, workspace_of(folder, workspace), document, repaired)
    codebook, codebook_faults = loader.codebook(file)
    if codebook is None:
        raise StudyError(subject, [*loader.faults, *codebook_faults])
    data = loader.data_files(file)  # its faults are files that are not there yet
    return PlannedStudy(
        name=folder.name, folder=folder, codebook=codebook, data=tuple(data.values())
    )


def compare_with_plan(
    study: Study,
    results: Iterable[Result | None] = (),
    *,
    parameters: Mapping[str, Any] | None = None,
    sample: Responses | EpisodeData | None = None,
) -> PlanComparisonResult | None:
    """Say what of a study's analysis plan was done, changed, left out, and added.

    Parameters
    ----------
    study : Study
    results : iterable of Result
        The analyses that are reported; None is passed over.
    parameters : mapping, optional
        Values the parameters had: of a template, ``globals()``. Only names that the plan
        has, and ``confidence_level`` and ``planned_ratio``, are looked at. By default those of
        study.yaml.
    sample : Responses or EpisodeData, optional
        The data, for the sample size and the conditions that occur.

    Returns
    -------
    PlanComparisonResult or None
        None for a study without a plan.

    Notes
    -----
    What counts as planned, changed and exploratory: see `compare_plan`.

    Examples
    --------
    >>> import cxresearch as cx
    >>> study = cx.load_study("call-endings")
    >>> told = cx.compare_with_plan(study)
    >>> told.before_data, told.n_versions
    (True, 2)
    """
    if study.plan is None:
        return None
    given = dict(study.parameters if parameters is None else parameters)
    wanted = {*study.plan.parameters, "confidence_level"}
    done = Done(
        results=[result for result in results if result is not None],
        parameters={name: value for name, value in given.items() if name in wanted},
        exclusions=[rule_words(rule) for rule in study.exclusions],
        conditions=_conditions(study, sample, given.get(_RATIO) or ()),
        participants=_participants(sample),
    )
    lock = study.plan_lock
    plans = locked_plans(lock, study.codebook, read=study.plan)
    versions = list(zip(lock.versions, plans, strict=True))
    return compare_plan(study.plan, done, versions=versions)


def assignment_ratio(study: Study) -> dict[str, float]:
    """Return the ratio in which people were meant to meet the conditions.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of str to float
        Condition → part: of the analysis plan, else of the last assignment list drawn with
        ``cxresearch plan assign`` for the conditions of the codebook; empty where nothing says,
        which means equal parts.

    Examples
    --------
    >>> import cxresearch as cx
    >>> cx.assignment_ratio(cx.load_study("call-endings"))
    {'Usual close': 1.0, 'Friendly close': 1.0}
    """
    if study.plan is not None and study.plan.conditions:
        return dict(study.plan.conditions)
    columns = study.codebook.columns_with_role("condition")
    labels = {code.label for column in columns for code in column.values}
    drawn = [one.parts for one in study.plan_lock.assignments if set(one.conditions) == labels]
    return drawn[-1] if drawn else {}


def _conditions(
    study: Study, sample: Responses | EpisodeData | None, stated: Sequence[float]
) -> dict[str, float]:
    """Return the conditions that occur and the ratio they were tested against."""
    if not isinstance(sample, EpisodeData) or "condition" not in sample.episodes:
        return {}
    column = sample.episodes["condition"]
    present = set(column.dropna())
    names = [str(name) for name in column.cat.categories if name in present]
    known = assignment_ratio(study)
    if len(stated) == len(names):
        known = dict(zip(names, stated, strict=True))
    found = {name: known.get(name, 1.0) for name in names}
    order = [*(study.plan.conditions if study.plan else ()), *names]
    # In the order of the plan, so that the same ratio reads the same.
    return {name: found[name] for name in order if name in found}


def _participants(sample: Responses | EpisodeData | None) -> int | None:
    if isinstance(sample, EpisodeData):
        return sample.participants_read
    return None if sample is None else sample.flow.read


def interim_plan(study: Study, sample: EpisodeData) -> dict[str, Any]:
    """Return the looks a plan spends alpha at, as `sequential_effect` takes them.

    Parameters
    ----------
    study : Study
    sample : EpisodeData
        Tells whether the planned participants have come: then all there are is the last look.

    Returns
    -------
    dict
        looks, planned_people, stopping, tau, finished and sesoi (the plan's smallest effect
        where its primary outcome is the remembered rating); only empty ``looks`` where the
        study has no plan, or one without interim looks.
    """
    plan = study.plan
    if plan is None or plan.spending == "none":
        return {"looks": []}
    return {
        "looks": list(plan.look_fractions),
        "planned_people": plan.sample_size or 0,
        "stopping": plan.spending,
        "tau": plan.smallest_effect or 0.0,
        "finished": sample.participants_read >= (plan.sample_size or 0),
        "sesoi": _smallest(study),
    }


def _smallest(study: Study) -> float:
    """Return the smallest effect of a plan that is about the remembered rating; 0 for none."""
    plan = study.plan
    names = [column.name for column in study.codebook.columns_with_role("retrospective")]
    if plan is None or plan.smallest_effect is None or plan.primary_outcome not in names:
        return 0.0
    return plan.smallest_effect


def plan_notes(study: Study) -> tuple[str, ...]:
    """Return what a check should say of a study's plan: never locked, or changed since."""
    if study.plan is None:
        return ()
    last = study.plan_lock.last
    if last is None:
        return (f"{PLAN_FILE} is not locked: cxresearch plan lock {study.name}",)
    if last.sha256 != study.plan.sha256:
        amend = f'cxresearch plan lock {study.name} --amend "reason"'
        return (f"{PLAN_FILE} has changed since {last.locked}: {amend}",)
    return ()
