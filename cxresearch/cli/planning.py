"""The commands ``plan …``: how many respondents a study needs, before the data."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cxresearch._validate import did_you_mean
from cxresearch.cli.show import show_json, show_table
from cxresearch.errors import CxError

if TYPE_CHECKING:
    from cxresearch.peak_end import PeakEndPowerResult
    from cxresearch.results import Result

_QUESTIONS = {
    "interval_excludes_zero": "the interval of the difference leaves out zero",
    "ranked_first": "the first driver is ranked first",
    "condition": "the effect of the condition on memory is found",
    "peak": "the weight of the peak in memory is found",
    "end": "the weight of the end in memory is found",
}


def plan_drivers_command(options: Mapping[str, Any], *, as_json: bool) -> None:
    """Say how many respondents tell the first driver from the second."""
    from cxresearch.drivers import plan_drivers

    plan = plan_drivers(**options)
    if as_json:
        show_json(plan.to_dict())
        return
    click.echo(
        f"{plan.n_drivers} drivers, mean correlation {plan.correlation:.2f}, R² {plan.r2:.2f}; "
        f"the first share is {plan.ratio:.2f} times the second"
    )
    _show_chances(plan, "respondents", "n")
    for row in plan.required.to_dict("records"):
        found = row["estimate"] == row["estimate"]
        needed = f"{row['estimate']:.0f} respondents" if found else "more than were tried"
        click.echo(f"for {plan.power:.0%}: {needed}, so that {_question(str(row['term']))}")


def plan_peak_end_command(
    settings: Sequence[str],
    options: Mapping[str, Any],
    *,
    planned: Mapping[str, Any] | None = None,
    as_json: bool,
) -> None:
    """Say how often a planned peak-end study finds what is assumed.

    `planned` holds parts of the design that an analysis plan states; `settings` win over them.
    """
    from cxresearch.peak_end import PeakEndDesign, plan_peak_end

    stated = dict(planned or {})
    level = {name: stated.pop(name) for name in ("confidence_level",) if name in stated}
    options = {**options, **level}
    design = PeakEndDesign(**{**stated, **_design(settings, PeakEndDesign)})
    live = sys.stderr.isatty() and not as_json

    def progress(done: int, of: int) -> None:
        if live:
            click.echo(f"\r\033[2K  {done} of {of} studies simulated", nl=False, err=True)

    plan = plan_peak_end(design, progress=progress, **options)
    if live:
        click.echo("\r\033[2K", nl=False, err=True)
    if as_json:
        show_json(plan.to_dict())
        return
    click.echo(
        f"{design.episodes} episodes of {design.moments} moments a person, conditions "
        f"{design.allocation} subjects"
    )
    if planned is not None:
        told = ", ".join(f"{name} {value:g}" for name, value in {**stated, **level}.items())
        click.echo(f"from the analysis plan: {told}")
    _show_chances(plan, "people", "participants")
    _show_sizes(plan)


def _show_sizes(plan: PeakEndPowerResult) -> None:
    """Print the number of people that suffices, simulated and in closed form."""
    enough = plan.sufficient == plan.sufficient
    found = f"{plan.sufficient:.0f} people" if enough else "more people than were tried"
    click.echo(f"for {plan.target_power:.0%}: {found}, so that {_question('condition')}")
    for row in plan.closed_form_check().to_dict("records"):
        click.echo(
            f"closed form (t test, {row['participants']} people): {row['closed_form']:.0%}; "
            f"simulated: {row['simulated']:.0%}"
        )
    needed = plan.participants_in_closed_form()
    if needed is not None:
        click.echo(f"closed form: {needed} people for {plan.target_power:.0%}")


def _show_chances(plan: Result, unit: str, column: str) -> None:
    rows = [
        (
            int(row[column]),
            _question(str(row["term"])),
            f"{row['estimate']:.0%}",
            _interval(row),
        )
        for row in plan.tidy().to_dict("records")
    ]
    show_table((unit, "how often", "share", "95% interval"), rows)


def _interval(row: Mapping[Any, Any]) -> str:
    return f"{row['conf_low']:.0%} to {row['conf_high']:.0%}"


def _question(term: str) -> str:
    return _QUESTIONS.get(term, term.replace("_", " "))


def _design(settings: Sequence[str], design: Any) -> dict[str, Any]:
    """Read ``name=value`` for the fields of a design, by the type of their default."""
    fields = {field.name: field.default for field in dataclasses.fields(design)}
    chosen: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        if not sign or name not in fields:
            raise CxError(
                f"a setting is name=value, with a name of {list(fields)}; got {setting!r}"
                f"{did_you_mean(name, fields)}"
            )
        chosen[name] = _value(name, text, fields[name])
    return chosen


def _value(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise CxError(f"{name} must be true or false; got {text!r}")
        return text.lower() == "true"
    if isinstance(default, str):
        return text
    try:
        return type(default)(text)
    except ValueError as error:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise CxError(f"{name} must be {kind}; got {text!r}") from error


def read_sizes(text: str) -> list[int]:
    """Read ``"100,200,400"``.

    Raises
    ------
    CxError
        A part is not a whole number.
    """
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise CxError(
            f"numbers are separated by commas, as in 100,200,400; got {text!r}"
        ) from error
