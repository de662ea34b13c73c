"""The command ``plan servqual``: how many respondents a gap study needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cxresearch.cli.session import Session, reported
from cxresearch.cli.show import show_json, show_table

_QUESTIONS = {
    "half_width": "half width of the interval, on average",
    "half_width_reached": "the interval is no wider than wanted",
    "interval_covers": "the interval holds the true gap",
    "difference_found": "the difference between two groups is found",
}


@click.command("servqual")
@click.option("--from", "earlier", metavar="STUDY", help="Take sd and weights from a study.")
@click.option("--term", default="overall", show_default=True, help="Score of that study.")
@click.option("--sd", default=1.2, show_default=True, help="Standard deviation of the gap.")
@click.option("--half-width", default=0.15, show_default=True, help="Of the interval wanted.")
@click.option("--difference", default=0.4, show_default=True, help="Between two groups.")
@click.option("--groups", default=2, show_default=True, help="Groups compared pairwise.")
@click.option("--power", default=0.8, show_default=True, help="How often it should be found.")
@click.option("--cluster-size", default=1, show_default=True, help="Respondents a cluster.")
@click.option("--icc", default=0.0, show_default=True, help="Correlation within clusters.")
@click.option("--weight-effect", default=1.0, show_default=True, help="Kish's effect.")
@click.option("--studies", "n_sims", default=1000, show_default=True, help="Simulated.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.pass_obj
@reported
def plan_servqual_(
    session: Session, earlier: str | None, *, as_json: bool, **options: Any
) -> None:
    """Say how many respondents give a gap its interval and tell groups apart.

    \b
    Examples:
      cxresearch plan servqual --sd 1.3 --half-width 0.1
      cxresearch plan servqual --from bank-branches --groups 12 --cluster-size 20 --icc 0.05
    """
    from cxresearch.servqual import plan_servqual

    answers = None
    if earlier is not None:
        from cxresearch.study import load_study

        answers = load_study(earlier, workspace=session.workspace).responses()
    found = plan_servqual(answers, **options)
    if as_json:
        show_json(found.to_dict())
        return
    click.echo(
        f"sd {found.sd:.2f} ({found.source}), design effect {found.design_effect:.2f}, "
        f"{found.confidence_level:.0%} level"
    )
    for row in found.required.to_dict("records"):
        click.echo(_needed(row, found))
    rows = [
        (_QUESTIONS[str(row["term"])], _value(row), str(int(row["n"])))
        for row in found.tidy().to_dict("records")
    ]
    show_table((f"in {found.n_sims} simulated studies", "found", "respondents"), rows)


def _needed(row: Mapping[Any, Any], found: Any) -> str:
    clusters = f" in {row['clusters']} clusters" if row["clusters"] else ""
    if row["term"] == "interval":
        asked = f"an interval of the gap of ± {found.half_width:g} points"
        return f"{row['estimate']} respondents{clusters}: {asked}"
    pair = "two groups" if found.groups == 2 else f"two of {found.groups} groups"
    asked = f"{pair} that differ by {found.difference:g} points, found in"
    return (
        f"{row['estimate']} respondents{clusters}, {row['per_group']} a group: {asked} "
        f"{found.power:.0%} of studies"
    )


def _value(row: Mapping[Any, Any]) -> str:
    if row["term"] == "half_width":
        return f"{row['estimate']:.3f}"
    return f"{row['estimate']:.1%}"
