"""Commands and their help; each imports what it needs when it is called."""

from __future__ import annotations

import atexit
import gc
import sys
from pathlib import Path
from typing import Any

import click

from cxresearch import __version__
from cxresearch.cli.authoring import template
from cxresearch.cli.keeping import export, reproduce, verify
from cxresearch.cli.lab import lab
from cxresearch.cli.plan_commands import plan
from cxresearch.cli.plan_servqual import plan_servqual_
from cxresearch.cli.serving import serve
from cxresearch.cli.session import Session, reported
from cxresearch.errors import CxError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with data/ and reports/. Default: the nearest one above the current folder.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, prog_name="cxresearch")
@click.pass_context
def main(context: click.Context, workspace: Path | None, *, debug: bool) -> None:
    """Customer-experience studies: from raw answers to filed, defensible reports.

    \b
    cxresearch new bank --method servqual --data export.xlsx   start a study from an export
    cxresearch check bank                                      can it run? what is wrong, where?
    cxresearch run bank                                        run, render, file
    cxresearch open bank                                       read the report
    """
    # At the end Python would look for garbage among all that was imported, for half a second.
    atexit.register(gc.freeze)
    context.obj = Session(workspace, debug=debug)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@reported
def init(folder: Path) -> None:
    """Make a workspace: a folder with data/, templates/ and reports/.

    \b
    Example: cxresearch init my-studies && cd my-studies
    """
    from cxresearch.scaffold import init_workspace

    made = init_workspace(folder)
    click.echo(f"workspace ready: {made}")
    click.echo(f"next: cd {folder} && cxresearch new STUDY --method servqual --data FILE")


@main.command()
@click.argument("study")
@click.option("--method", required=True, help="Template of the study, e.g. servqual.")
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="Survey export to copy in; a codebook is proposed from it. For peak_end twice.",
)
@click.pass_obj
@reported
def new(session: Session, study: str, method: str, data: tuple[Path, ...]) -> None:
    """Start a study: a folder under data/ with study.yaml and a proposed codebook.

    \b
    Examples:
      cxresearch new bank-branches --method servqual --data export.xlsx
      cxresearch new hotel --method servqual
      cxresearch new visits --method peak_end --data moments.csv --data episodes.csv
    """
    from cxresearch.runs import find_template
    from cxresearch.scaffold import new_study

    find_template(method, session.workspace)
    folder = new_study(session.workspace, study, method=method, data=data)
    from cxresearch.cli.show import show_path

    click.echo(f"new study: {show_path(folder, session.workspace)}")
    click.echo(
        "  codebook.yaml   what was asked: every guess says how sure it is; correct them"
    )
    click.echo("  study.yaml      title, population, sample, exclusions: fill them in")
    click.echo(f"next: cxresearch check {study}")


@main.command()
@click.argument("study")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
@reported
def check(session: Session, study: str, *, as_json: bool) -> None:
    """Say whether a study can run, and everything that is wrong with it. Status 1 if it cannot.

    \b
    Example: cxresearch check bank-branches
    """
    from cxresearch.catalogue import check_study
    from cxresearch.cli.show import show_check

    outcome = check_study(study, workspace=session.workspace)
    show_check(outcome, as_json=as_json)
    sys.exit(0 if outcome.can_run else 1)


@main.command()
@click.argument("studies", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Run every study under data/.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--force", is_flag=True, help="Run even when nothing changed since the last run.")
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Runs at a time. Default: processors + 1."
)
@click.option("--scheduler", metavar="ADDRESS", help="Run on the Dask cluster at this address.")
@click.option("--fresh-kernel", is_flag=True, help="Start each kernel anew, not by a fork.")
@click.option("--cell-timeout", type=float, metavar="SECONDS", help="Longest time of a cell.")
@click.option("--run-timeout", type=float, metavar="SECONDS", help="Longest time of a run.")
@click.option("--max-memory", metavar="SIZE", help="Memory a kernel may use, e.g. 2GB.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
@reported
def run(
    session: Session,
    studies: tuple[str, ...],
    *,
    every: bool,
    settings: tuple[str, ...],
    force: bool,
    as_json: bool,
    jobs: int | None,
    scheduler: str | None,
    **limits: Any,
) -> None:
    """Run studies, render their reports and file them. Status 1 if a study or a cell failed.

    \b
    Examples:
      cxresearch run bank-branches
      cxresearch run bank-branches --set confidence_level=0.9 --set segments=branch,customer
      cxresearch run --all --jobs 4
      cxresearch run bank-branches --max-memory 2GB --run-timeout 600
      cxresearch run --all --scheduler tcp://10.0.0.5:8786

    A study with for_each in its study.yaml is run once for each cell, and the cells are
    compared in one report.
    """
    from cxresearch.cli.many import Where
    from cxresearch.cli.running import kernel_options, run_studies
    from cxresearch.study.workspace import list_studies

    kernel = kernel_options(**limits, many=every or len(studies) > 1)
    if every == bool(studies):
        raise click.UsageError("name the studies to run, or give --all")
    for setting in settings:
        if not setting.partition("=")[0].strip() or "=" not in setting:
            raise click.UsageError(f"a setting is name=value; got {setting!r}")
    names = list_studies(session.workspace) if every else list(dict.fromkeys(studies))
    if not names:
        raise CxError(f"no study under {session.workspace / 'data'}; start one: cxresearch new")
    failed = run_studies(
        names,
        workspace=session.workspace,
        settings=settings,
        force=force,
        as_json=as_json,
        debug=session.debug,
        kernel=kernel,
        where=Where(jobs=jobs, scheduler=scheduler),
    )
    sys.exit(1 if failed else 0)


@main.command("list")
@click.argument("study", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
@reported
def list_(session: Session, study: str | None, *, as_json: bool) -> None:
    """List the studies and their latest run, or all runs of one study.

    \b
    Examples:
      cxresearch list
      cxresearch list bank-branches --json
    """
    from cxresearch.cli.show import show_filings, show_studies
    from cxresearch.runs.filing import staged

    if staged(session.workspace / "reports"):  # runs at work, or dead
        from cxresearch.catalogue.dead import file_dead_runs

        file_dead_runs(session.workspace)
    if study is None:
        show_studies(session.workspace, as_json=as_json)
    else:
        show_filings(study, session.workspace, as_json=as_json)


@main.command("open")
@click.argument("study", required=False)
@click.argument("run_name", metavar="[RUN]", required=False, default="latest")
@click.option("--print", "print_only", is_flag=True, help="Print the path, open nothing.")
@click.option(
    "--notebook",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the run's notebook here to work on, its parameters in place.",
)
@click.pass_obj
@reported
def open_(
    session: Session,
    study: str | None,
    run_name: str,
    *,
    print_only: bool,
    notebook: Path | None,
) -> None:
    """Open a report in the browser: the latest of a study, a named run, or the catalogue.

    \b
    Examples:
      cxresearch open                  the catalogue
      cxresearch open bank-branches    its latest report
      cxresearch open bank-branches --notebook mine.ipynb
    """
    if notebook is not None:
        if study is None:
            raise click.UsageError("--notebook needs a study")
        from cxresearch.catalogue import open_run

        opened = open_run(study, run_name, workspace=session.workspace)
        click.echo(str(opened.save_notebook(notebook)))
        return
    from cxresearch.catalogue import find_run
    from cxresearch.errors import CatalogueError

    reports = session.workspace / "reports"
    path = (
        reports / "index.html"
        if study is None
        else find_run(reports, study, run_name).folder / "report.html"
    )
    if not path.is_file():
        raise CatalogueError(f"there is no {path}; run a study first: cxresearch run STUDY")
    click.echo(str(path))
    if not print_only:
        click.launch(str(path))


@main.command()
@click.argument("study")
@click.argument("run_name", metavar="[RUN]", required=False, default="latest")
@click.option("--language", help="Render in another language, e.g. es.")
@click.option("--pdf", is_flag=True, help="Print a PDF, with the Chromium that is installed.")
@click.option(
    "--depth",
    type=click.Choice(["manager", "analyst", "student"]),
    default="manager",
    show_default=True,
    help="How deep the PDF goes; the manager's takes two pages.",
)
@click.option("--paper", type=click.Choice(["A4", "Letter"]), default="A4", show_default=True)
@click.option("--compare", metavar="RUN", help="Add what changed since this earlier run.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default for a PDF or a comparison: beside the folder of the run.",
)
@click.pass_obj
@reported
def report(session: Session, study: str, run_name: str, *, pdf: bool, **options: Any) -> None:
    """Render the report of a filed run again, without running anything.

    \b
    Examples:
      cxresearch report bank-branches
      cxresearch report bank-branches --pdf
      cxresearch report bank-branches latest --compare 20261121T174210Z-3f9ac
    """
    from cxresearch.cli.reporting import make_pdf, make_report

    if not pdf:
        options = {name: options[name] for name in ("language", "compare", "output")}
    make = make_pdf if pdf else make_report
    click.echo(str(make(session.workspace, study, run_name, **options)))


@main.command()
@click.argument("kind", type=click.Choice(["codebook", "study", "plan"]))
@reported
def schema(kind: str) -> None:
    """Print the JSON Schema of codebook.yaml, study.yaml or analysis-plan.yaml, for editors.

    \b
    Example: cxresearch schema codebook > codebook.schema.json
    In the first line of codebook.yaml:
      # yaml-language-server: $schema=codebook.schema.json
    """
    import json

    from cxresearch.codebook import codebook_schema
    from cxresearch.study import plan_schema, study_schema

    makers = {"codebook": codebook_schema, "study": study_schema, "plan": plan_schema}
    click.echo(json.dumps(makers[kind](), indent=2, ensure_ascii=False))


@main.command()
@click.argument("method", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
@reported
def methods(session: Session, method: str | None, *, as_json: bool) -> None:
    """List the methods there are, or the parameters of one.

    \b
    Examples:
      cxresearch methods
      cxresearch methods servqual
    """
    from cxresearch.cli.show import show_method, show_methods

    if method is None:
        show_methods(session.workspace, as_json=as_json)
    else:
        show_method(method, session.workspace, as_json=as_json)


plan.add_command(plan_servqual_)
main.add_command(plan)
main.add_command(serve)
main.add_command(verify)
main.add_command(reproduce)
main.add_command(export)
main.add_command(lab)
main.add_command(template)
