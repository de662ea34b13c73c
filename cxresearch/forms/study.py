"""A form from the typed parameters of a template: fill in, run, file, read."""

from __future__ import annotations

import threading
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from jupyter_core.utils import ensure_event_loop

from cxresearch.catalogue.pipeline import RunOutcome, run_study
from cxresearch.errors import CxError
from cxresearch.forms._fields import Field
from cxresearch.runs.template import STUDY_PARAMETER, find_template
from cxresearch.study import Study, load_study
from cxresearch.study.workspace import PathLike


class StudyForm:
    """The parameters of a study as a form; shows itself in a cell.

    Attributes
    ----------
    study : Study
    outcome : RunOutcome or None
        Of the last run that was filed.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.outcome: RunOutcome | None = None
        template = find_template(study.method, study.workspace)
        own = dict(study.parameters)
        segments = tuple(c.name for c in study.codebook.columns_with_role("segment"))
        self._fields = {
            parameter.name: Field(
                parameter,
                own.get(parameter.name, parameter.default),
                segments if parameter.name in ("segments", "segment") else (),
            )
            for parameter in template.parameters
            if parameter.name != STUDY_PARAMETER
        }
        self._button = widgets.Button(
            description="Run and file", button_style="primary", icon="play"
        )
        self._progress = widgets.IntProgress(layout={"width": "40em", "visibility": "hidden"})
        self._said = widgets.HTML()
        self._button.on_click(lambda _: self.start())
        self._running: threading.Thread | None = None
        self.widget = widgets.VBox(
            [
                widgets.HTML(
                    f"<h3>{escape(study.title)}</h3><p>{escape(template.title)}, "
                    f"<code>{escape(study.name)}</code></p>"
                ),
                *(field.box for field in self._fields.values()),
                widgets.HBox([self._button, self._progress]),
                self._said,
            ]
        )

    def __repr__(self) -> str:
        return f"StudyForm({self.study.name!r}, {len(self._fields)} parameters)"

    def values(self) -> dict[str, Any]:
        """Return every parameter as it stands in the form."""
        return {name: field.value() for name, field in self._fields.items()}

    def set_values(self, **values: Any) -> None:
        """Fill in parameters by name.

        Raises
        ------
        CxError
            The template has no parameter of that name.
        """
        for name, value in values.items():
            if name not in self._fields:
                raise CxError(f"no parameter {name!r}; there are {list(self._fields)}")
            field = self._fields[name]
            text = isinstance(field.input, widgets.Text)
            shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            field.input.value = str(shown) if text and shown is not None else shown or ""

    def faults(self) -> dict[str, str]:
        """Return what is wrong, by parameter; empty when the study can run."""
        found = {name: field.check() for name, field in self._fields.items()}
        return {name: problem for name, problem in found.items() if problem}

    def start(self) -> None:
        """Run the study with the values of the form, beside the notebook, and file it."""
        faults = self.faults()
        if faults:
            self._say(f"Correct first: {', '.join(faults)}.", bad=True)
            return
        self._button.disabled = True
        self._progress.layout.visibility = "visible"
        self._said.value = ""
        self._running = threading.Thread(target=self._run, daemon=True)
        self._running.start()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the run has ended."""
        if self._running is not None:
            self._running.join(timeout)

    def _run(self) -> None:
        try:
            self.outcome = run_study(self.study, settings=self._changed(), progress=self._step)
            self._tell(self.outcome)
        except CxError as error:
            self._say(str(error), bad=True)
        finally:
            ensure_event_loop().close()  # the notebook client made one for this thread
            self._button.disabled = False
            self._progress.layout.visibility = "hidden"

    def _changed(self) -> dict[str, Any]:
        """Return what differs from study.yaml and the template: the settings of this run."""
        template = find_template(self.study.method, self.study.workspace)
        usual = {p.name: p.default for p in template.parameters} | dict(self.study.parameters)
        return {name: value for name, value in self.values().items() if value != usual[name]}

    def _step(self, cell: int, of: int, name: str) -> None:
        self._progress.max, self._progress.value = of, cell
        self._said.value = f"<small>{escape(name)}</small>"

    def _tell(self, outcome: RunOutcome) -> None:
        report = outcome.filing.report
        told = "".join(f"<li>{escape(str(f['text']))}</li>" for f in outcome.findings[:3])
        filed = "unchanged: filed before" if outcome.unchanged else "filed"
        self._said.value = (
            f"<ul>{told}</ul><p>{filed}: "
            f'<a href="{escape(_link(report))}" target="_blank">report</a> '
            f"<code>{escape(str(report))}</code></p>"
        )

    def _say(self, text: str, *, bad: bool) -> None:
        colour = ' style="color:#b3261e"' if bad else ""
        self._said.value = f"<pre{colour}>{escape(text)}</pre>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)


def study_form(name_or_path: PathLike, *, workspace: PathLike | None = None) -> StudyForm:
    """Show a study's parameters as a form: fill in, *Run and file*, a link to the report.

    The fields come from the template's parameters cell, as the help of the command line and the
    report's table of parameters do. What is wrong is said while it is typed.

    Parameters
    ----------
    name_or_path, workspace
        As in `load_study`.

    Raises
    ------
    StudyError, TemplateError
        The study or its template is not well formed.

    Examples
    --------
    >>> import cxresearch as cx
    >>> form = cx.study_form("bank-branches")  # doctest: +SKIP
    """
    return StudyForm(load_study(name_or_path, workspace=workspace))


def _link(report: Path) -> str:
    """Return an address JupyterLab opens: relative to the folder of the notebook's server."""
    try:
        return f"/files/{report.relative_to(Path.cwd()).as_posix()}"
    except ValueError:
        return report.as_uri()
