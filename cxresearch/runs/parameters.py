"""Parameters of a run: what the template asks for against what the researcher gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cxresearch._types import Json
from cxresearch._validate import did_you_mean
from cxresearch.errors import Fault, TemplateError
from cxresearch.runs.template import STUDY_PARAMETER, Template
from cxresearch.runs.values import Parameter, parse_value, plain_value, value_fault


def check_parameters(template: Template, given: Mapping[str, Any]) -> Json:
    """Return the value of every parameter of a template: the given ones, defaults for the rest.

    papermill accepts any type, only logs an unknown name and writes names into the notebook as
    code; so names, types and ranges are checked here, before.

    Parameters
    ----------
    template : Template
    given : mapping
        Plain values by name. The parameter ``study_name`` is filled in by the run itself.

    Raises
    ------
    TemplateError
        With every unknown name and every value of a wrong type or outside its rule.
    """
    known = {parameter.name: parameter for parameter in template.parameters}
    free = [name for name in known if name != STUDY_PARAMETER]
    faults = [
        fault for name, value in given.items() if (fault := _fault(known, free, name, value))
    ]
    if faults:
        raise TemplateError(f"parameters for template {template.name}", faults)
    return {
        name: plain_value(parameter.type, given.get(name, parameter.default))
        for name, parameter in known.items()
    }


def parse_setting(template: Template, setting: str) -> tuple[str, Any]:
    """Read ``"name=value"`` as the command line gives it.

    Lists are written with commas, ``"segments=branch,age"``; nothing after the sign is an empty
    list.

    Raises
    ------
    TemplateError
        There is no equals sign, the name is unknown, or the value is not of the parameter's
        type.
    """
    name, sign, text = setting.partition("=")
    name = name.strip()
    known = {parameter.name: parameter for parameter in template.parameters}
    free = [option for option in known if option != STUDY_PARAMETER]
    if not sign:
        raise TemplateError(f"a setting is name=value; got {setting!r}")
    value = parse_value(known[name].type, text) if name in free else text
    fault = _fault(known, free, name, value)
    if fault:
        raise TemplateError(f"parameters for template {template.name}", [fault])
    return name, plain_value(known[name].type, value)


def _fault(
    known: Mapping[str, Parameter], free: list[str], name: Any, value: Any
) -> Fault | None:
    shown = name if isinstance(name, str) and name.isidentifier() else repr(name)
    if name == STUDY_PARAMETER:
        return Fault(where=shown, message="is filled in by the run; name another study instead")
    if name not in free:
        allowed = f"the template has {free}{did_you_mean(name, free)}"
        return Fault(where=shown, message=f"is not a parameter; {allowed}")
    problem = value_fault(known[name], value)
    return Fault(where=shown, message=problem) if problem else None
