"""The outcome that scores are held against, and the scores complete beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch._validate import check_choice
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outcome:
    """A rating every respondent gave besides the battery.

    Attributes
    ----------
    name, label : str
        Column and its text in the codebook.
    values : ndarray, shape (n,)
        nan where there is no answer.
    """

    name: str
    label: str
    values: FloatArray


def find_outcome(responses: Responses, name: str | None) -> Outcome:
    """Return the outcome of that name, or the only one of the codebook.

    Raises
    ------
    CxError
        The column is unknown, not in the answers or not a number; or none is named and the
        codebook has none, or several.
    """
    columns = responses.codebook.columns_with_role("outcome")
    known = [column.name for column in columns]
    if name is None:
        if len(known) != 1:
            raise CxError(
                f"name the outcome: the codebook has {known or 'no column of role outcome'}"
            )
        name = known[0]
    if name not in known:
        check_choice("outcome", name, [column.name for column in responses.codebook.columns])
    column = responses.codebook.find_column(name)
    if name not in responses.frame or column.role in ("segment", "id", "stratum", "cluster"):
        raise CxError(
            f"outcome {name!r} has the role {column.role} and is not a rating; give the rating "
            f"the role outcome (those of that role: {known})"
        )
    values = responses.frame[name].to_numpy(dtype=float)
    return Outcome(name=name, label=column.label, values=np.asarray(values))


def first_outcome(responses: Responses) -> str | None:
    """Return the first column of role outcome that is in the answers; None without one."""
    columns = responses.codebook.columns_with_role("outcome")
    return next((c.name for c in columns if c.name in responses.frame), None)
