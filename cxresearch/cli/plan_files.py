"""The commands ``plan lock`` and ``plan assign``, and designs taken from a plan."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxresearch.cli.show import show_json, show_path, show_table
from cxresearch.errors import CxError

if TYPE_CHECKING:
    import pandas as pd

    from cxresearch.peak_end.assign import Assignment
    from cxresearch.planned import AnalysisPlan, PlanVersion
    from cxresearch.study.planning import PlannedStudy

_LIST = "assignment.csv"


def lock_command(study: str, workspace: Path, *, amend: str, as_json: bool) -> None:
    """Lock the plan of a study, or an amended version of it."""
    from cxresearch.study import planned_study
    from cxresearch.study.plan import locked_plans

    opened = planned_study(study, workspace=workspace)
    lock = opened.lock_plan(amend=amend)
    version = lock.versions[-1]
    if as_json:
        show_json(
            {
                "study": opened.name,
                "version": len(lock.versions),
                "sha256": version.sha256,
                "locked": version.locked,
                "before_data": version.before_data,
                "data": dict(version.data),
                "reason": version.reason,
                "offset": version.offset,
                "commit": version.commit,
                "committed": version.committed,
            }
        )
        return
    click.echo(f"plan of {opened.name} locked: version {len(lock.versions)}, {version.locked}")
    click.echo(f"  sha256   {version.sha256}")
    click.echo(f"  data     {_data_words(version)}")
    if len(lock.versions) > 1:
        before, now = locked_plans(lock, opened.codebook)[-2:]
        for line in changed_lines(before, now):
            click.echo(f"  changed  {line}")
    click.echo(f"  clock    this computer's, UTC{version.offset or ' '}")
    if version.commit:
        click.echo(f"  commit   {version.commit}, {version.committed}")
    click.echo(
        "the lock shows that the plan is not changed from now on without a trace; the time is "
        "this computer's:\nto prove it to others, put the hash where they can see it"
        + ("" if version.commit else ", for example in a commit that you push")
    )


def _data_words(version: PlanVersion) -> str:
    if version.before_data:
        return "no data file was there"
    return f"there already: {', '.join(version.data)}"


def changed_lines(before: AnalysisPlan, now: AnalysisPlan) -> list[str]:
    """Return what differs between two plans, a line an element."""
    old, new = before.elements(), now.elements()
    return [
        f"{group.replace('_', ' ')}{'' if term == group else f' {term}'}: "
        f"{old.get((group, term), 'not planned')} → {new.get((group, term), 'not planned')}"
        for group, term in dict.fromkeys([*old, *new])
        if old.get((group, term)) != new.get((group, term))
    ]


def assign_command(
    study: str | None, workspace: Path | None, options: Mapping[str, Any], *, as_json: bool
) -> None:
    """Draw an assignment list, write it, and keep its hash with the study's plan."""
    from cxresearch._files import write_text
    from cxresearch.record import table_to_csv

    opened = _opened(study, workspace)
    conditions, n = _conditions_and_n(options, opened)
    ratio = _ratio(options["ratio"], conditions, opened)
    people, strata = _people(options, n)
    table = _drawn(people, ratio, strata, options)
    path = _free_path(options["out"], opened)
    text = table_to_csv(table)
    try:
        write_text(path, text)
    except OSError as error:
        raise CxError(f"{path} cannot be written: {error.strerror}") from error
    sha256 = hashlib.sha256(text.encode("utf-8")).hexdigest()
    if opened is not None:
        _keep(opened, path, sha256, ratio, len(people), options)
    shown = show_path(path, workspace) if workspace is not None else str(path)
    _show_list(table, shown, sha256, options, as_json=as_json)


def _opened(study: str | None, workspace: Path | None) -> PlannedStudy | None:
    from cxresearch.study import planned_study

    return None if study is None else planned_study(study, workspace=workspace)


def _conditions_and_n(
    options: Mapping[str, Any], opened: PlannedStudy | None
) -> tuple[list[str], int | None]:
    """Return conditions and people, of the command or else of the plan, which must agree."""
    plan = None if opened is None else opened.plan
    conditions = [part.strip() for part in options["conditions"].split(",") if part.strip()]
    planned = list(plan.conditions) if plan is not None else []
    if planned and conditions and set(planned) != set(conditions):
        raise CxError(
            f"conditions are {', '.join(conditions)}; the plan has {', '.join(planned)}: leave "
            "--conditions out, or change the plan first"
        )
    conditions = conditions or planned
    if len(set(conditions)) < len(conditions):
        raise CxError("conditions: every name is allowed once")
    if not conditions:
        raise CxError("which conditions? give --conditions A,B or write them into the plan")
    n = options["n"] if options["n"] is not None or plan is None else plan.sample_size
    if n is not None and n < 2:
        raise CxError(f"--n must be at least 2; got {n}")
    return conditions, n


def _ratio(asked: str, conditions: list[str], opened: PlannedStudy | None) -> dict[str, float]:
    """Return the part of each condition, of the command or of the plan; they must agree."""
    plan = None if opened is None else opened.plan
    planned = dict(plan.conditions) if plan is not None else {}
    if not asked.strip():
        return {name: planned.get(name, 1.0) for name in conditions}
    try:
        parts = [float(part) for part in asked.replace(":", ",").split(",")]
    except ValueError as error:
        raise CxError(
            f"--ratio is a number for each condition, as in 2,1; got {asked!r}"
        ) from error
    if len(parts) != len(conditions):
        raise CxError(
            f"--ratio {asked} has {len(parts)} parts; conditions are {', '.join(conditions)}"
        )
    ratio = dict(zip(conditions, parts, strict=True))
    if planned and any(
        not math.isclose(ratio[a] * planned[b], ratio[b] * planned[a])
        for a, b in pairwise(conditions)
    ):
        from cxresearch.planned.model import ratio_words

        raise CxError(
            f"--ratio says {ratio_words(ratio)}; the plan has {ratio_words(planned)}: leave "
            "--ratio out, or change the plan first"
        )
    return ratio


def _people(
    options: Mapping[str, Any], n: int | None
) -> tuple[list[str], dict[str, str] | None]:
    """Return participants in order, and their strata when a file names them."""
    stratified = options["method"] == "stratified"
    if options["strata"] is None:
        if stratified:
            raise CxError("method stratified needs --strata FILE:COLUMN")
        if n is None:
            raise CxError("how many participants? give --n, or sample_size in the plan")
        width = max(3, len(str(n)))
        return [f"P{k:0{width}d}" for k in range(1, n + 1)], None
    strata = _strata(options["strata"])
    if options["n"] is not None and options["n"] != len(strata):
        raise CxError(f"--n is {options['n']}, and the file of strata has {len(strata)} people")
    return list(strata), strata


def _strata(place: str) -> dict[str, str]:
    from cxresearch._validate import did_you_mean
    from cxresearch.responses.read import read_table

    file, _, column = place.rpartition(":")
    if not file or not column:
        raise CxError(f"--strata is FILE:COLUMN, as in people.csv:branch; got {place!r}")
    frame, _ = read_table(Path(file).absolute())
    columns = [str(name) for name in frame.columns]
    if column not in columns[1:]:
        raise CxError(
            f"{Path(file).name} has no column {column!r} beside the participants in "
            f"{columns[0]!r}; it has {', '.join(columns[1:])}{did_you_mean(column, columns)}"
        )
    people = [str(cell).strip() for cell in frame.iloc[:, 0]]
    named = [str(cell).strip() for cell in frame[column]]
    empty = [k + 2 for k, cell in enumerate(zip(people, named, strict=True)) if "" in cell]
    if empty or frame[[columns[0], column]].isna().to_numpy().any():
        raise CxError(f"{Path(file).name}: a participant or stratum is empty")
    twice = sorted({person for person in people if people.count(person) > 1})
    if twice:
        raise CxError(f"{Path(file).name}: participants stand twice: {', '.join(twice[:5])}")
    return dict(zip(people, named, strict=True))


def _drawn(
    people: list[str],
    ratio: dict[str, float],
    strata: dict[str, str] | None,
    options: Mapping[str, Any],
) -> pd.DataFrame:
    from cxresearch.peak_end import assign_conditions

    asked = options["method"]
    method: Assignment = "blocked" if asked == "stratified" else asked
    table = assign_conditions(
        people, list(ratio), method=method, ratio=ratio, strata=strata, seed=options["seed"]
    )
    return table if strata is not None else table.drop(columns="stratum")


def _free_path(out: Path | None, opened: PlannedStudy | None) -> Path:
    here = Path() if opened is None else opened.folder
    path = (here / _LIST if out is None else out).absolute()
    if path.exists() or path.is_symlink():
        raise CxError(
            f"{path.name} is there already and is never written over: an assignment list is "
            "drawn once. Give another file with --out"
        )
    return path


def _keep(
    opened: PlannedStudy,
    path: Path,
    sha256: str,
    ratio: dict[str, float],
    n: int,
    options: Mapping[str, Any],
) -> None:
    from cxresearch.planned import Assigned
    from cxresearch.planned.lock import stamp, write_lock

    drawn = Assigned(
        file=path.name,
        sha256=sha256,
        made=stamp(),
        method=options["method"],
        seed=options["seed"],
        conditions=tuple(ratio),
        ratio=tuple(ratio.values()),
        n=n,
        strata=Path(options["strata"]).name if options["strata"] else "",
    )
    write_lock(opened.folder, opened.lock.with_assignment(drawn))


def _show_list(
    table: pd.DataFrame, shown: str, sha256: str, options: Mapping[str, Any], *, as_json: bool
) -> None:
    by = [name for name in ("stratum", "period", "condition") if name in table]
    if table["period"].nunique() == 1:
        by.remove("period")
    counts = table.groupby(by, sort=True).size().reset_index(name="n")
    if as_json:
        show_json(
            {
                "file": shown,
                "sha256": sha256,
                "seed": options["seed"],
                "method": options["method"],
                "participants": int(table["participant"].nunique()),
                "counts": counts.to_dict("records"),
            }
        )
        return
    click.echo(
        f"{shown}: {table['participant'].nunique()} participants, {options['method']}, "
        f"seed {options['seed']}"
    )
    show_table([*by, "n"], counts.itertuples(index=False))
    click.echo(f"sha256 {sha256}")


def design_of_plan(study: str, workspace: Path) -> dict[str, Any]:
    """Return the parts of a simulated design that the analysis plan of a study states.

    Raises
    ------
    CxError
        The study has no plan, or the plan no sample size or smallest effect.
    """
    from cxresearch.study import planned_study

    opened = planned_study(study, workspace=workspace)
    plan = opened.plan
    if plan is None:
        raise CxError(f"study {opened.name} has no analysis-plan.yaml; write one first")
    missing = [
        name for name in ("sample_size", "smallest_effect") if getattr(plan, name) is None
    ]
    if missing:
        raise CxError(f"the plan of {opened.name} states no {' and no '.join(missing)}")
    stated: dict[str, Any] = {
        "participants": plan.sample_size,
        "direct_effect": plan.smallest_effect,
        "confidence_level": 1 - plan.alpha,
    }
    for column in opened.codebook.columns_with_role("retrospective"):
        if column.scale is not None:
            stated |= {"scale_low": column.scale.low, "scale_high": column.scale.high}
    return stated
