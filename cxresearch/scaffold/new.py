"""New workspaces and studies, written in one go or not at all."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxresearch.codebook.build import in_words
from cxresearch.codebook.load import load_codebook
from cxresearch.codebook.model import Codebook
from cxresearch.codebook.moments import describes_moments
from cxresearch.errors import CodebookError, StudyError
from cxresearch.responses.read import read_table
from cxresearch.scaffold.as_yaml import key, quoted
from cxresearch.scaffold.propose import propose_codebook
from cxresearch.scaffold.propose_moments import propose_moments_codebook
from cxresearch.scaffold.two_tables import TwoTables, columns_of, in_two

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_METHOD = re.compile(r"[a-z][a-z0-9_-]*")
_MOST_SEGMENTS = 3
_OWN_FILES = ("study.yaml", "codebook.yaml", "readme.md")

PathLike = str | os.PathLike[str]

_CODEBOOK = """\
survey: {title}  # to do: the title of the survey
language: en

response_scales:
  agree7:
    range: [1, 7]
    anchors: {{1: "Strongly disagree", 7: "Strongly agree"}}
    # missing: {{98: "Did not use", 99: "Do not know"}}

columns:
  respondent: {{role: id}}
  # branch: {{role: segment, values: {{1: City, 2: Town}}}}

batteries:
  {battery}:
    scale: agree7
{parts}
    dimensions:  # to do: the texts of the items, {{1: text, 2: text}}
      tangibles: 1-4
      reliability: 5-9
      responsiveness: 10-13
      assurance: 14-17
      empathy: 18-22
"""
_PAIRS = '    parts: {expectation: "E{item:02d}", perception: "P{item:02d}"}  # E01, P01 …'
_SINGLE = '    column: "Q{item}"  # Q1, Q2 …'

_MOMENTS_CODEBOOK = """\
survey: {title}  # to do: the title of the survey
language: en

response_scales:
  mood: {{range: [-5, 5], anchors: {{-5: "Very unpleasant", 0: "Neither", 5: "Very pleasant"}}}}
  ten:  {{range: [1, 10]}}

columns:
  # in both tables
  person:     {{role: participant}}
  visit:      {{role: episode}}
  # moments.csv: one row a moment
  time:       {{role: time, unit: seconds}}  # or minutes, hours, days, order
  mood:       {{role: rating, scale: mood, direction: bipolar, neutral: 0}}  # or pleasant
  # episodes.csv: one row an episode
  remembered: {{role: retrospective, scale: ten}}
  # length:   {{role: duration, unit: seconds}}  # tells who stopped rating before the end
  # ended:    {{role: ended}}  # yes: rated to its end
  # close:    {{role: condition, values: {{0: Usual close, 1: Friendly close}}}}
  # before:   {{role: covariate, scale: ten}}  # measured before the condition was drawn
  # again:    {{role: choice}}  # 1 chosen, 0 not
"""
_TABLES = {"moments": "moments.csv", "episodes": "episodes.csv"}

_README = """\
# {title}

To do: what this study is about, who collected the answers, when and how.

- `study.yaml`: the question, the method and its settings, who is left out
- `codebook.yaml`: what was asked and how it is coded
- `{data}`: the answers as they came{source}; never edited, and
  perhaps with personal data: think before you share it

Next: `cxresearch check {name}`, then `cxresearch run {name}`.
"""

_WORKSPACE_README = """\
# Customer-experience research

- `data/`: one folder a study, with study.yaml, codebook.yaml and the answers
- `templates/`: your own notebooks; they win over those that come with cxresearch
- `reports/`: what runs have filed; never edited

    cxresearch new my-study --method servqual --data export.csv
    cxresearch check my-study
    cxresearch run my-study
"""
_GITIGNORE = "/reports/\n.ipynb_checkpoints/\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What a new study will hold."""

    method: str
    codebook: str
    data: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()

    @property
    def data_name(self) -> str:
        """Name of the data file in the study, without what reads as a path elsewhere."""
        return re.sub(r"[\\:]", "-", self.data.name) if self.data else "responses.csv"

    @property
    def reads_moments(self) -> bool:
        """Whether the method reads moments and episodes, not one table of answers."""
        return self.method == "peak_end"

    @property
    def data_line(self) -> str:
        """The line of study.yaml that names the data."""
        if not self.reads_moments:
            return f"data: {key(self.data_name)}"
        named = ", ".join(f"{table}: {file}" for table, file in _TABLES.items())
        return f"data: {{{named}}}"

    @property
    def data_files(self) -> str:
        """Names of the data files, for the README."""
        return "`, `".join(_TABLES.values()) if self.reads_moments else self.data_name


def new_study(
    workspace: PathLike,
    name: str,
    *,
    method: str,
    data: PathLike | Sequence[PathLike] | None = None,
) -> Path:
    """Make the folder of a new study, with a codebook proposed from its data.

    Parameters
    ----------
    workspace : path-like
        Folder that holds ``data/``.
    name : str
        Name of the study: small letters, digits, ``-`` and ``_``.
    method : str
        Name of the template that will be run.
    data : path-like or sequence of path-like, optional
        File of answers; it is copied. For peak_end two files, moments and episodes, in either
        order, or one whose columns of the episode repeat at each of its moments: it is split
        into both, and kept beside them as it came. Without data, the codebook of the classic
        22 items is written, to be adapted, and `load_study` asks for the data file.

    Returns
    -------
    pathlib.Path
        The new folder.

    Raises
    ------
    StudyError
        The name is odd or taken, there is no such workspace, or a file cannot be written.
    ResponseError
        The data cannot be read.
    """
    folder = _free_folder(Path(workspace).absolute(), name)
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise StudyError(f"method {method!r} is not the name of a template, such as servqual")
    given = [data] if isinstance(data, str | os.PathLike) else list(data or ())
    if given and method == "peak_end":
        paths = [Path(path).absolute() for path in given]
        _write_at_once(folder, name, _moments_draft(name, paths))
        return folder
    if len(given) > 1:
        raise StudyError(f"{method} reads one table; got {len(given)} files")
    if not given:
        draft = _Draft(method=method, codebook=_classic_codebook(name, method))
    else:
        path = Path(given[0]).absolute()
        if path.name.casefold() in _OWN_FILES:
            raise StudyError(f"{path.name} is not a file of answers")
        frame, source = read_table(path)
        codebook = propose_codebook(frame, source, method=method)
        draft = _Draft(method=method, codebook=codebook, data=path)
    _write_at_once(folder, name, draft)
    return folder


def _moments_draft(name: str, paths: Sequence[Path]) -> _Draft:
    """Return a study of moments with its two tables, and a codebook proposed from them."""
    if len(paths) > 2:
        raise StudyError(f"peak_end reads two tables, or one to split; got {len(paths)} files")
    tables, swapped = in_two([read_table(path)[0] for path in paths])
    if not tables.keys:
        raise StudyError(_no_keys(paths, tables))
    sources = tuple(reversed(paths)) if swapped else tuple(paths)
    codebook = propose_moments_codebook(
        tables, title=_title(name), files=[path.name for path in sources]
    )
    made = {"moments.csv": tables.moments, "episodes.csv": tables.episodes}
    files = {file: table.to_csv(index=False) for file, table in made.items()}
    return _Draft(method="peak_end", codebook=codebook, files=files, sources=sources)


def _no_keys(paths: Sequence[Path], tables: TwoTables) -> str:
    if len(paths) == 1:
        return (
            f"{paths[0].name}: no two columns named like a participant and an episode repeat "
            "over rows, so it cannot be split into moments and episodes; name them so, or give "
            "two files: --data moments.csv --data episodes.csv"
        )
    mine, other = (", ".join(columns_of(t)[:12]) for t in (tables.moments, tables.episodes))
    return (
        f"{paths[0].name} and {paths[1].name} share no column that names participant or "
        f"episode: one has {mine}; the other {other}. Name them alike in both"
    )


def init_workspace(path: PathLike) -> Path:
    """Make a workspace: ``data/``, ``templates/``, ``reports/``, README.md and .gitignore.

    What is there already stays as it is.

    Raises
    ------
    StudyError
        `path` is a file, or the folder cannot be written.
    """
    folder = Path(path).absolute()
    try:
        for name in ("data", "templates", "reports"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in (("README.md", _WORKSPACE_README), (".gitignore", _GITIGNORE)):
            if not (folder / name).exists():
                (folder / name).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise StudyError(f"workspace {folder}: {_reason(error)}") from error
    return folder


def _classic_codebook(name: str, method: str) -> str:
    if method == "peak_end":
        return _MOMENTS_CODEBOOK.format(title=quoted(_title(name)))
    pairs = method == "servqual"
    return _CODEBOOK.format(
        title=quoted(_title(name)),
        battery="servqual" if pairs else "quality",
        parts=_PAIRS if pairs else _SINGLE,
    )


def _free_folder(workspace: Path, name: str) -> Path:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        near = re.sub(r"[^a-z0-9_-]+", "-", str(name).casefold()).strip("-_")[:64]
        hint = f"; for example {near}" if _NAME.fullmatch(near) else ""
        raise StudyError(
            f"name of the study is {name!r}; it may hold small letters, digits, - and _, at "
            f"most 64 in all, and begins with a letter or digit{hint}"
        )
    if not (workspace / "data").is_dir():
        raise StudyError(
            f"{workspace} is no workspace: it has no folder data/. Make one with: "
            "cxresearch init DIR"
        )
    folder = workspace / "data" / name
    if folder.exists() or folder.is_symlink():
        raise StudyError(f"study {name} exists already: {folder}; choose another name")
    return folder


def _write_at_once(folder: Path, name: str, draft: _Draft) -> None:
    """Write all files into a staging folder beside the new one, then rename it."""
    staging = folder.parent / f".new-{name}-{uuid.uuid4().hex[:8]}"
    try:
        staging.mkdir()
        if draft.data is not None:
            shutil.copyfile(draft.data, staging / draft.data_name)
        for file, text in draft.files.items():
            (staging / file).write_text(text, encoding="utf-8", newline="")
        for source in draft.sources:
            (staging / "source").mkdir(exist_ok=True)
            shutil.copyfile(source, staging / "source" / re.sub(r"[\\:]", "-", source.name))
        (staging / "codebook.yaml").write_text(draft.codebook, encoding="utf-8")
        (staging / "study.yaml").write_text(
            _study_text(name, draft, _loaded(staging / "codebook.yaml")), encoding="utf-8"
        )
        readme = _README.format(
            title=_title(name),
            name=name,
            data=draft.data_files,
            source=(" (the files they were read from: `source/`)" if draft.sources else ""),
        )
        (staging / "README.md").write_text(readme, encoding="utf-8")
        staging.rename(folder)
    except (OSError, ValueError) as error:
        raise StudyError(f"study {name} was not made: {_reason(error)}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _loaded(path: Path) -> Codebook | None:
    """Return the codebook that was proposed; None leaves its faults to `cxresearch check`."""
    try:
        return load_codebook(path)
    except CodebookError:
        return None


def _study_text(name: str, draft: _Draft, codebook: Codebook | None) -> str:
    lines = [
        f"title: {key(_title(name))}  # to do: the question this study answers",
        f"method: {draft.method}",
        "codebook: codebook.yaml",
        draft.data_line,
        'population: ""  # to do: whom does the study speak about?',
        'sample: ""  # to do: how were respondents drawn, and how many of them answered?',
        *_exclude_lines(codebook),
        *_parameter_lines(draft.method, codebook),
        'contact: ""  # to do: whom to ask',
        "language: en",
    ]
    return "\n".join(lines) + "\n"


def _exclude_lines(codebook: Codebook | None) -> list[str]:
    """Suggest rules as comments: nobody is left out unless the researcher says so."""
    if codebook is None:
        return []
    rules = [f"duplicated: {key(column.name)}" for column in codebook.columns_with_role("id")]
    if describes_moments(codebook):
        rules = [f"duplicated: {key(c.name)}" for c in codebook.columns_with_role("episode")]
        rules += ["few_moments: {below: 3}", "dropped_out: {tolerance: 0.05}"]
    for battery in codebook.batteries[:1]:
        part = ", part: perception" if "perception" in battery.parts else ""
        long_string = max(3, round(0.7 * len(battery.items)))
        named = f"battery: {key(battery.name)}"
        rules.append(f"longest_string: {{{named}{part}, at_least: {long_string}}}")
        rules.append(f"missing_share: {{{named}, above: 0.33}}")
    if not rules:
        return []
    head = "# exclude:  # nobody is left out; take away the # before what you want"
    return [head, *(f"#   - {rule}" for rule in rules)]


def _parameter_lines(method: str, codebook: Codebook | None) -> list[str]:
    segments = codebook.columns_with_role("segment") if codebook else ()
    names = ", ".join(key(column.name) for column in segments[:_MOST_SEGMENTS])
    if method == "servqual" and names:
        return ["parameters:", f"  segments: [{names}]  # compared with one another"]
    return ["parameters: {}  # settings of the method"]


def _title(name: str) -> str:
    return in_words(name.replace("-", "_"))


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
