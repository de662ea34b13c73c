"""The commands ``plan …``: everything that is decided before the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cxresearch.cli.session import Session, reported


@click.group()
def plan() -> None:
    """Decide before the data: sample size, assignment lists, the analysis plan and its lock.

    \b
    cxresearch plan peak-end --set direct_effect=0.5 --people 100,200   how many people?
    cxresearch plan assign visits --conditions A,B --n 200 --seed 7     who meets what?
    cxresearch plan lock visits                                         keep the plan as it is
    """


@plan.command("drivers")
@click.option("--drivers", "n_drivers", default=8, show_default=True, help="Number of drivers.")
@click.option("--correlation", default=0.4, show_default=True, help="Mean correlation of them.")
@click.option("--r2", default=0.5, show_default=True, help="R² of all drivers together.")
@click.option("--ratio", default=1.5, show_default=True, help="First share over the second.")
@click.option("--sizes", default="", help="Numbers of respondents to try, e.g. 200,400,800.")
@click.option("--power", default=0.8, show_default=True, help="How often it should succeed.")
@click.option(
    "--samples", "n_sims", default=1000, show_default=True, help="Samples of each size."
)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@reported
def plan_drivers_(sizes: str, *, as_json: bool, **options: Any) -> None:
    """Say how many respondents tell the most important driver from the second.

    \b
    Example: cxresearch plan drivers --drivers 10 --correlation 0.5 --ratio 1.3
    """
    from cxresearch.cli.planning import plan_drivers_command, read_sizes

    plan_drivers_command({**options, "sizes": read_sizes(sizes)}, as_json=as_json)


@plan.command("peak-end")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Part of the design."
)
@click.option("--people", default="", help="Numbers of participants to try, e.g. 50,100,200.")
@click.option(
    "--from-plan",
    metavar="STUDY",
    help="Take people, smallest effect, alpha and scale from the analysis plan of a study.",
)
@click.option(
    "--studies", "n_studies", default=1000, show_default=True, help="Studies simulated."
)
@click.option("--power", "target_power", default=0.8, show_default=True, help="Power wanted.")
@click.option("--seed", default=20260101, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.pass_obj
@reported
def plan_peak_end_(
    session: Session,
    settings: tuple[str, ...],
    people: str,
    from_plan: str | None,
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Say how often a planned peak-end study finds the effect that is assumed.

    \b
    Examples:
      cxresearch plan peak-end --set end_effect=1 --set episodes=2 --people 100,200
      cxresearch plan peak-end --from-plan visits --set allocation=between --set episodes=1
    """
    from cxresearch.cli.planning import plan_peak_end_command, read_sizes

    wanted = {**options, "participants": read_sizes(people)}
    planned = None
    if from_plan is not None:
        from cxresearch.cli.plan_files import design_of_plan

        planned = design_of_plan(from_plan, session.workspace)
    plan_peak_end_command(settings, wanted, planned=planned, as_json=as_json)


@plan.command("lock")
@click.argument("study")
@click.option("--amend", default="", metavar="REASON", help="Why a locked plan is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the lock as JSON.")
@click.pass_obj
@reported
def lock(session: Session, study: str, amend: str, *, as_json: bool) -> None:
    """Lock analysis-plan.yaml: keep its text, hash and time, and which data were there.

    Later changes are refused unless --amend says why; every version is kept and the report
    shows what was changed, and whether before or after the data.

    \b
    Examples:
      cxresearch plan lock visits
      cxresearch plan lock visits --amend "The export holds double rows"
    """
    from cxresearch.cli.plan_files import lock_command

    lock_command(study, session.workspace, amend=amend, as_json=as_json)


@plan.command("assign")
@click.argument("study", required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--conditions", default="", help="Conditions, e.g. A,B; default: the plan's.")
@click.option(
    "--ratio", default="", help="Their parts, e.g. 2,1; default: the plan's, else equal parts."
)
@click.option("--n", "n", type=int, help="Participants; default: the plan's sample size.")
@click.option(
    "--method",
    type=click.Choice(["simple", "blocked", "stratified", "counterbalanced"]),
    default="blocked",
    show_default=True,
)
@click.option("--seed", type=int, required=True, help="Whole number; kept with the list.")
@click.option(
    "--strata", metavar="FILE:COLUMN", help="Participants (first column) and their stratum."
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
@reported
def assign(session: Session, study: str | None, *, as_json: bool, **options: Any) -> None:
    """Draw who meets which condition, and write the list. It is never written over.

    For a study the list goes to data/STUDY/assignment.csv, and its hash and seed into the lock
    beside the plan. The report tests the people who came against the ratio of the list.

    \b
    Examples:
      cxresearch plan assign visits --conditions "Usual close,Friendly close" --n 200 --seed 7
      cxresearch plan assign --out list.csv --conditions A,B --ratio 2,1 --n 60 --seed 3
      cxresearch plan assign visits --method stratified --strata people.csv:branch --seed 7
    """
    from cxresearch.cli.plan_files import assign_command

    if study is None and options["out"] is None:
        raise click.UsageError("name the study, or give --out FILE")
    workspace = session.workspace if study is not None else None
    assign_command(study, workspace, options, as_json=as_json)
