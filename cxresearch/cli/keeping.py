"""Commands on filed runs: are they whole, do they come out again, hand one on."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cxresearch.cli.session import Session, reported

_SHOWN = 20


@click.command()
@click.argument("study", required=False)
@click.pass_obj
@reported
def verify(session: Session, study: str | None) -> None:
    """Compare every filed run with the hashes of its record.

    Ends with status 1 if a file is missing, changed or not in the record.
    """
    from cxresearch.catalogue import find_run, verify_filings

    reports = session.workspace / "reports"
    found = verify_filings(reports, study)
    if study is not None and not found:
        find_run(reports, study)  # says which studies there are
    bad = {run: faults for run, faults in found.items() if faults}
    for run, faults in bad.items():
        click.echo(f"{run}")
        for fault in faults:
            click.echo(f"  {fault}")
    whole = len(found) - len(bad)
    click.echo(f"{whole} of {len(found)} runs match their records")
    sys.exit(1 if bad else 0)


@click.command()
@click.argument("study")
@click.option("--run", "run_name", default="latest", show_default=True, help="Which run.")
@click.pass_obj
@reported
def reproduce(session: Session, study: str, run_name: str) -> None:
    """Run a filed run again from its record and compare every recorded result.

    Study, codebook and template are those kept with the run; the data are verified by their
    hashes first. Nothing is filed. Ends with status 1 if a value differs.
    """
    from cxresearch.catalogue import find_run, reproduce_run
    from cxresearch.cli.running import Screen

    filing = find_run(session.workspace / "reports", study, run_name)
    click.echo(f"{filing.study}/{filing.run}")
    screen = Screen(quiet=False)
    try:
        found = reproduce_run(filing, workspace=session.workspace, progress=screen.step)
    finally:
        screen.wipe()
    if not found.same_code:
        click.echo("  the package is not the one that made the run")
    for difference in found.differences[:_SHOWN]:
        click.echo(f"  {difference}")
    if len(found.differences) > _SHOWN:
        click.echo(f"  and {len(found.differences) - _SHOWN} more")
    if found.differences:
        click.echo(f"  {len(found.differences)} of {found.compared} recorded values differ")
        sys.exit(1)
    click.echo(
        f"  reproduced: {found.compared} recorded values, largest relative difference "
        f"{found.largest:.1e}"
    )


@click.command()
@click.argument("study")
@click.option("--run", "run_name", default="latest", show_default=True, help="Which run.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The zip; by default <study>-<run>.zip in this folder.",
)
@click.option("--bare", is_flag=True, help="Leave the data out.")
@click.pass_obj
@reported
def export(
    session: Session, study: str, run_name: str, output: Path | None, *, bare: bool
) -> None:
    """Pack a filed run into one zip that somebody else can reproduce.

    Of the data only the columns that were analysed go along: no personal columns, no free
    texts, none that the codebook does not name.
    """
    from cxresearch.catalogue import export_run, find_run

    filing = find_run(session.workspace / "reports", study, run_name)
    target = output or Path(f"{filing.study}-{filing.run}.zip")
    left_out = export_run(filing, target, workspace=session.workspace, bare=bare)
    for column in left_out:
        click.echo(f"  left out  {column}")
    click.echo(f"{target}  {target.stat().st_size / 1e6:.1f} MB")
