"""Cells: a study that is run once for each branch, wave or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cxresearch._validate import did_you_mean
from cxresearch.codebook.model import Codebook
from cxresearch.errors import StudyError
from cxresearch.responses.exclusions import OtherCell
from cxresearch.study.model import Study


def in_cell(study: Study, cell: Mapping[str, str]) -> Study:
    """Return the study with the answers of one cell only; the flow tells who was left out.

    Raises
    ------
    StudyError
        The study has no such column, or the codebook no such label.
    """
    waves = list(study.data) if study.layout == "waves" else []
    chosen = {}
    for name, value in cell.items():
        labels, message = cell_labels(name, [value], study.codebook, waves)
        if message:
            raise StudyError(f"study {study.name}, cell {name}={value}: {message}")
        chosen[name] = labels[0]
    rules = tuple(OtherCell(column=name, value=value) for name, value in chosen.items())
    return replace(study, cell=chosen, exclusions=(*rules, *study.exclusions))


def cell_labels(
    name: str, values: Sequence[Any], codebook: Codebook, waves: Sequence[str]
) -> tuple[tuple[str, ...], str]:
    """Return the labels that codes or labels of a column mean, and what is wrong with them.

    Parameters
    ----------
    name : str
        Segment column of the codebook, or ``"wave"``.
    values : sequence
        As written; none for all.
    waves : sequence of str
        Waves of the study.
    """
    column = next((c for c in codebook.columns_with_role("segment") if c.name == name), None)
    if column is None and not (name == "wave" and waves):
        known = [c.name for c in codebook.columns_with_role("segment")]
        known += ["wave"] if waves else []
        has = f"there are {', '.join(known)}" if known else "there is none"
        if any(c.name == name for c in codebook.columns_with_role("condition")):
            return (), f"is the condition, which is compared within a run; of segments {has}"
        return (), f"is no segment column; {has}{did_you_mean(name, known)}"
    declared = {wave: wave for wave in waves}
    if column is not None:
        declared = {code.label: code.label for code in column.values}
        declared |= {str(code.value): code.label for code in column.values}
    labels = tuple(declared.get(str(value), "" if declared else str(value)) for value in values)
    if "" in labels:
        wrong = str(values[labels.index("")])
        known = list(dict.fromkeys(declared.values()))
        hint = did_you_mean(wrong, known)
        return labels, f"has no value {wrong!r}; it has {', '.join(known)}{hint}"
    if len(set(labels)) < len(labels):
        return labels, "names a value twice"
    return labels, ""
