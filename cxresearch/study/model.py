"""A study as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Literal

from cxresearch.codebook.model import Codebook
from cxresearch.errors import StudyError
from cxresearch.planned import AnalysisPlan, PlanLock
from cxresearch.responses.episodes import EpisodeData, load_episodes
from cxresearch.responses.exclusions import Exclusion
from cxresearch.responses.load import load_responses
from cxresearch.responses.model import Responses

Layout = Literal["file", "waves", "tables"]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Study:
    """One question to one survey.

    Attributes
    ----------
    name : str
        Name of its folder.
    folder, workspace : pathlib.Path
        Where it lives; the workspace also holds ``reports/``.
    title, description, population, sample, contact : str
        As written, for the report.
    method : str
        Name of the template that is run.
    codebook : Codebook
    data : mapping of str to Path
        Data files: under ``""`` when there is one, else by wave or by table.
    layout : {"file", "waves", "tables"}
        Which of the three `data` is.
    exclusions : tuple of Exclusion
        Who is left out, in this order.
    parameters : mapping
        Settings of the method: plain values only.
    language : str
        Language of the report.
    sha256 : str
        Hash of study.yaml.
    for_each : mapping
        Segment columns (or ``"wave"``) and the labels the study is run for one by one; an empty
        tuple stands for all that occur. Empty for a study that is run once.
    cell : mapping
        Column and label of the cell this is, one of those that `for_each` makes; empty for the
        whole study.
    plan : AnalysisPlan or None
        The analysis plan beside it, when there is one.
    plan_lock : PlanLock
        Versions of the plan that were locked, and assignment lists that were drawn.
    """

    name: str
    folder: Path
    workspace: Path
    title: str
    method: str
    codebook: Codebook
    data: Mapping[str, Path]
    description: str = ""
    layout: Layout = "file"
    population: str = ""
    sample: str = ""
    exclusions: tuple[Exclusion, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    contact: str = ""
    language: str = "en"
    sha256: str = ""
    for_each: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cell: Mapping[str, str] = field(default_factory=dict)
    plan: AnalysisPlan | None = None
    plan_lock: PlanLock = field(default_factory=PlanLock)

    def responses(self) -> Responses:
        """Read and check the answers, and apply the exclusions.

        Raises
        ------
        ResponseError
            The data do not fit the codebook; with every fault found.
        StudyError
            The study reads several tables, which its method brings together.
        """
        if self.layout == "tables":
            raise StudyError(
                f"study {self.name}: its data are the tables {', '.join(self.data)}; "
                f"the method {self.method} reads them"
            )
        return load_responses(dict(self.data), self.codebook, self.exclusions)

    def episodes(self) -> EpisodeData:
        """Read and check the tables of moments and episodes, and apply the exclusions.

        Raises
        ------
        ResponseError
            The data do not fit the codebook, or the tables each other; with every fault found.
        StudyError
            The study reads one table only.
        """
        if self.layout != "tables":
            raise StudyError(
                f"study {self.name}: its data are one table of answers; moments and episodes "
                "are two: data: {moments: moments.csv, episodes: episodes.csv}"
            )
        return load_episodes(dict(self.data), self.codebook, self.exclusions)

    def __repr__(self) -> str:
        files = [path.name for path in self.data.values()]
        return f"Study({self.name!r}, method={self.method!r}, data={files!r})"

    def _repr_html_(self) -> str:
        rows = {
            "method": self.method,
            "survey": self.codebook.survey,
            "data": ", ".join(path.name for path in self.data.values()),
            "population": self.population,
            "sample": self.sample,
            "excluded": "; ".join(f"{rule.rule}: {rule.detail}" for rule in self.exclusions),
            "parameters": ", ".join(
                f"{key} = {value!r}" for key, value in self.parameters.items()
            ),
            "contact": self.contact,
        }
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
            for name, text in rows.items()
            if text
        )
        return (
            f"<p><strong>{escape(self.title)}</strong> ({escape(self.name)})</p>"
            f"<table><tbody>{body}</tbody></table>"
        )
