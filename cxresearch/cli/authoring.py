"""Commands that make a template of a notebook."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cxresearch.cli.session import Session, reported

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def template() -> None:
    """Make a template of a notebook."""


@template.command()
@click.argument("file", type=_FILE)
@reported
def check(file: Path) -> None:
    """Say what keeps a notebook from being a template, everything at once.

    Example: cxresearch template check notebooks/my-analysis.ipynb
    """
    from cxresearch.runs.authoring import template_faults

    faults = template_faults(file)
    if not faults:
        click.echo(f"{file.name} can be a template; next: cxresearch template add {file}")
        return
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    click.echo(f"{file.name} is no template yet: {count}")
    for fault in faults:
        click.echo(f"  {fault}")
    sys.exit(1)


@template.command()
@click.argument("file", type=_FILE)
@click.option("--name", help="Name of the method; by default that of the file.")
@click.pass_obj
@reported
def add(session: Session, file: Path, name: str | None) -> None:
    """Put a notebook into the templates of this workspace, outputs left out.

    Example: cxresearch template add notebooks/my-analysis.ipynb --name my_method
    """
    from cxresearch.runs.authoring import add_template, shadowed_template

    added = add_template(file, session.workspace, name=name)
    click.echo(str(added))
    if shadowed_template(added.stem, session.workspace) is not None:
        click.echo(f"it takes the place of the shipped method {added.stem}")
    click.echo(f"in a study: method: {added.stem}")
