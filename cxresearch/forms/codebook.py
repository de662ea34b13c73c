"""A codebook proposed from a raw export, with its faults beside it while it is written."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from cxresearch._files import write_text
from cxresearch.codebook import Codebook, load_codebook
from cxresearch.codebook.moments import describes_moments
from cxresearch.errors import CodebookError, CxError, Fault, ResponseError
from cxresearch.responses.episodes import load_episodes
from cxresearch.responses.load import inspect_responses
from cxresearch.responses.read import read_table
from cxresearch.scaffold.propose import propose_codebook
from cxresearch.study.workspace import PathLike


class CodebookEditor:
    """A codebook as text, and what is wrong with it against its data; shows itself in a cell.

    Attributes
    ----------
    data : Path
    path : Path
        Where it is saved.
    """

    def __init__(self, data: Path, path: Path, text: str) -> None:
        self.data, self.path = data, path
        self._text = widgets.Textarea(
            value=text, layout={"width": "100%", "height": "30em"}, continuous_update=False
        )
        self._text.add_class("jp-RenderedText")
        self._said = widgets.HTML()
        self._button = widgets.Button(description="Save", icon="save")
        self._button.on_click(lambda _: self.save())
        self._text.observe(lambda _: self._show(), names="value")
        self.widget = widgets.VBox(
            [
                widgets.HTML(
                    f"<p><strong>{escape(path.name)}</strong> for {escape(data.name)}. "
                    "Comments say how sure each guess is.</p>"
                ),
                self._text,
                self._button,
                self._said,
            ]
        )
        self._show()

    def __repr__(self) -> str:
        return f"CodebookEditor({str(self.path)!r}, {len(self.faults())} faults)"

    @property
    def text(self) -> str:
        """The codebook as it stands in the editor."""
        return str(self._text.value)

    @text.setter
    def text(self, value: str) -> None:
        self._text.value = value

    def faults(self) -> tuple[Fault, ...]:
        """Return everything that is wrong, of the codebook itself or of the data against it."""
        with tempfile.TemporaryDirectory() as made:
            draft = Path(made) / self.path.name
            draft.write_text(self.text, encoding="utf-8")
            try:
                codebook = load_codebook(draft)
            except CodebookError as error:
                return error.faults or (Fault(message=str(error)),)
            if describes_moments(codebook):
                return _faults_of_moments(self.data.parent, codebook)
            return inspect_responses({"": self.data}, codebook).faults

    def save(self) -> Path:
        """Write the codebook to `path`, faults or not: work in progress is kept."""
        write_text(self.path, self.text)
        self._show(saved=True)
        return self.path

    def _show(self, *, saved: bool = False) -> None:
        try:
            faults = self.faults()
        except CxError as error:
            faults = (Fault(message=str(error)),)
        head = f"<p>Saved: <code>{escape(str(self.path))}</code></p>" if saved else ""
        if not faults:
            self._said.value = f"{head}<p>No faults: every answer fits the codebook.</p>"
            return
        lines = "".join(f"<li>{escape(str(fault))}</li>" for fault in faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        self._said.value = f"{head}<p>{count}</p><ul>{lines}</ul>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)


def _faults_of_moments(folder: Path, codebook: Codebook) -> tuple[Fault, ...]:
    """Return what is wrong with the two tables of a study of moments."""
    files = {table: folder / f"{table}.csv" for table in ("moments", "episodes")}
    try:
        load_episodes(files, codebook)
    except ResponseError as error:
        return error.faults or (Fault(message=str(error)),)
    return ()


def edit_codebook(
    data: PathLike, *, path: PathLike | None = None, method: str = "servqual"
) -> CodebookEditor:
    """Propose a codebook from a raw export, and edit it with its faults beside it.

    Parameters
    ----------
    data : path-like
        CSV, Excel, SPSS, Stata or Parquet; of a study of moments its ``moments.csv``.
    path : path-like, optional
        The codebook: opened when it is there, else proposed; by default ``codebook.yaml``
        beside the data.
    method : str
        Template of the study, such as ``"servqual"`` (looks for pairs of expectation and
        perception) or ``"drivers"``.

    Returns
    -------
    CodebookEditor

    Raises
    ------
    CxError
        A study of moments has two tables: ``cxresearch new`` proposes their codebook.
    ResponseError
        The data cannot be read.

    Examples
    --------
    >>> import cxresearch as cx
    >>> editor = cx.edit_codebook("data/bank/export.xlsx")  # doctest: +SKIP
    """
    source = Path(data)
    target = source.with_name("codebook.yaml") if path is None else Path(path)
    if target.is_file():
        text = target.read_text(encoding="utf-8")
    elif method.replace("-", "_") == "peak_end":
        raise CxError(
            "a study of moments has two tables. In a terminal, "
            f"'cxresearch new NAME --method peak_end --data {source.name}' makes them and "
            "proposes their codebook; then edit_codebook opens it beside data/NAME/moments.csv"
        )
    else:
        frame, about = read_table(source)
        text = propose_codebook(frame, about, method=method)
    return CodebookEditor(source, target, text)
