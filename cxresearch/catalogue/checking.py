"""Can a study run? Everything that is wrong with it, found without running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxresearch._types import Json
from cxresearch.catalogue.cells import cell_faults
from cxresearch.catalogue.naming import naming_faults
from cxresearch.errors import CxError, Fault, FaultyInputError
from cxresearch.planned.lock import PLAN_FILE
from cxresearch.responses.episodes import EpisodeData, EpisodeInspection, inspect_episodes
from cxresearch.responses.load import Inspection, inspect_responses
from cxresearch.responses.model import Responses
from cxresearch.runs.parameters import check_parameters
from cxresearch.runs.template import find_template
from cxresearch.study import Study, load_study, plan_notes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CheckOutcome:
    """What a check found.

    Attributes
    ----------
    study : str
        Name as it was given.
    faults : tuple of Fault
        What keeps the study from running; empty when it can.
    notes : tuple of str
        What the researcher should know and is no fault.
    responses : Responses, EpisodeData or None
        The validated answers, when there are no faults in them.
    """

    study: str
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    title: str = ""
    responses: Responses | EpisodeData | None = None

    @property
    def can_run(self) -> bool:
        """Tell whether a run may begin."""
        return not self.faults

    def to_dict(self) -> Json:
        """Return the outcome as plain JSON values."""
        return {
            "study": self.study,
            "can_run": self.can_run,
            "faults": [
                {"file": fault.file, "where": fault.where, "message": fault.message}
                for fault in self.faults
            ],
            "notes": list(self.notes),
            "read": None if self.responses is None else self.responses.flow.read,
            "analysed": None if self.responses is None else self.responses.n,
        }


def check_study(name: str, *, workspace: Path) -> CheckOutcome:
    """Check study file, codebook, template, parameters and answers; run nothing.

    Parameters
    ----------
    name : str
        Name under ``data/``, or a path.
    workspace : Path

    Raises
    ------
    CxError
        There is no such study.
    """
    try:
        study = load_study(name, workspace=workspace)
    except FaultyInputError as error:
        if not error.faults:
            raise
        return CheckOutcome(study=name, faults=error.faults)
    parameters, faults = _parameters(study)
    faults += _planned_parameters(study)
    responses: Responses | EpisodeData | None
    found: Inspection | EpisodeInspection
    if study.layout == "tables":
        found = inspect_episodes(study.data, study.codebook, study.exclusions)
        responses = found.episodes
    else:
        found = inspect_responses(study.data, study.codebook, study.exclusions)
        responses = found.responses
    faults += found.faults
    if parameters is not None and isinstance(responses, Responses):
        faults += naming_faults(parameters, responses)
    if responses is not None:
        faults += cell_faults(study, responses)
    return CheckOutcome(
        study=study.name,
        faults=tuple(faults),
        notes=(*found.notes, *plan_notes(study)),
        title=study.title,
        responses=responses,
    )


def _planned_parameters(study: Study) -> list[Fault]:
    """Return what is wrong with the parameters that the analysis plan names."""
    if study.plan is None:
        return []
    try:
        check_parameters(find_template(study.method, study.workspace), study.plan.parameters)
    except FaultyInputError as error:
        return [
            Fault(file=PLAN_FILE, where=f"parameters, {fault.where}", message=fault.message)
            for fault in error.faults
        ]
    except CxError:
        return []  # the method itself is told of already
    return []


def _parameters(study: Study) -> tuple[Json | None, list[Fault]]:
    """Return every parameter of the study's template, or None with what is wrong with them."""
    try:
        template = find_template(study.method, study.workspace)
        return check_parameters(template, study.parameters), []
    except FaultyInputError as error:
        if not error.faults:
            return None, [Fault(file="study.yaml", where="method", message=str(error))]
        return None, [
            Fault(file="study.yaml", where=f"parameters, {fault.where}", message=fault.message)
            for fault in error.faults
        ]
    except CxError as error:
        return None, [Fault(file="study.yaml", where="method", message=str(error))]
