"""Do the parameters of a study name what its codebook has? Asked before anything is run.

The statistics are imported by the checks that need them: ``cxresearch check`` must be quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cxresearch._validate import check_names
from cxresearch.errors import CxError, Fault
from cxresearch.responses.model import Responses


def naming_faults(parameters: Mapping[str, Any], responses: Responses) -> Iterator[Fault]:
    """Find parameters that name a battery, a segment or a column that is not there.

    Parameters
    ----------
    parameters : mapping
        All parameters of the template, defaults filled in. Which are looked at goes by their
        names, so that templates of one's own that use the same names are checked alike.
    responses : Responses
    """
    for names, check in (
        (("battery", "segments"), _check_battery),
        (("segments",), _check_segments),
        (("segment",), _check_segment),
        (("branches",), _check_branches),
        (("outcome", "drivers", "controls"), _check_drivers),
        (("outcome", "battery"), _check_outcome),
    ):
        if not set(names) <= parameters.keys():
            continue
        fault = _fault(names, check, parameters, responses)
        if fault is not None:
            yield fault


def _fault(
    names: tuple[str, ...],
    check: Callable[[Mapping[str, Any], Responses], None],
    parameters: Mapping[str, Any],
    responses: Responses,
) -> Fault | None:
    try:
        check(parameters, responses)
    except CxError as error:
        place = names[0] if len(names) < 3 else ""
        where = f"parameters, {place}" if place else "parameters"
        message = str(error).removeprefix(f"{place}: ") if place else str(error)
        return Fault(file="study.yaml", where=where, message=message)
    return None


def _check_battery(parameters: Mapping[str, Any], responses: Responses) -> None:
    from cxresearch.servqual._battery import check_battery

    check_battery(responses.battery(parameters["battery"]))


def _check_segments(parameters: Mapping[str, Any], responses: Responses) -> None:
    from cxresearch.servqual._segments import segment_names

    check_names(
        "segments", parameters["segments"], segment_names(responses), of="segment columns"
    )


def _check_segment(parameters: Mapping[str, Any], responses: Responses) -> None:
    from cxresearch.servqual._segments import segment_names

    if parameters["segment"] is not None:
        known = segment_names(responses)
        check_names("segment", parameters["segment"], known, of="segment columns")


def _check_branches(parameters: Mapping[str, Any], responses: Responses) -> None:
    from cxresearch.servqual._segments import segment_names

    if parameters["branches"] is not None:
        known = segment_names(responses)
        check_names("branches", parameters["branches"], known, of="segment columns")


def _check_outcome(parameters: Mapping[str, Any], responses: Responses) -> None:
    if parameters["outcome"] is not None:
        known = [column.name for column in responses.codebook.columns if column.scale]
        check_names("outcome", parameters["outcome"], known, of="columns with a scale")


def _check_drivers(parameters: Mapping[str, Any], responses: Responses) -> None:
    from cxresearch.drivers import driver_table

    driver_table(
        responses,
        outcome=parameters["outcome"],
        drivers=parameters["drivers"],
        controls=parameters["controls"],
    )
