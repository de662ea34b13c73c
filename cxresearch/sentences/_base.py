"""What every finding goes through: the dispatch on results, and the rule for how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from cxresearch.codebook.model import Codebook
from cxresearch.errors import CxError
from cxresearch.sentences._known import learn_sentences
from cxresearch.sentences._render import Values, render
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages


@singledispatch
def findings(
    result: Any,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Mapping[str, str] | None = None,
    **special: Any,
) -> tuple[Finding, ...]:
    """Say what a result means, in sentences with direction, size, interval and how sure.

    Parameters
    ----------
    result : Result or Responses
        What the sentences are made from: of a gap, reliability or driver analysis.
    language : str
        Language of the sentences; names of dimensions, items and groups stay as the codebook
        has them.
    limit : int, optional
        At most so many findings of the topic ``"finding"``; None for all.
    codebook : Codebook, optional
        Gives segment columns their labels.
    labels : mapping of str to str, optional
        Column → text, for results of a driver analysis only.
    **special
        What only some results take, see Notes.

    Returns
    -------
    tuple of Finding
        Sorted by rank, the most important first. Topics are ``"finding"`` (what was found),
        ``"action"`` (what to do first) and ``"quality"`` (how good the data are).

    Raises
    ------
    CxError
        There are no sentences for this kind of result, or `limit` is below 1.

    Notes
    -----
    How sure a difference is, by `sureness`:

    - **clear**: the adjusted p-value is below 1 − confidence level *and* the interval leaves
      out zero;
    - **likely**: the interval leaves out zero, but the adjusted p-value does not reach;
    - **not decided**: everything else, also where a number is not defined.

    A driver that is told as foremost is compared with every other driver; the comparison that
    is decided least counts. Quadrants and kinds are clear from a probability of 95 %.

    Results of experiments take more: ``randomized=True`` where chance assigned the conditions
    (only then a condition is said to raise or lower anything, and actions follow),
    ``higher_is="worse"`` where high ratings are bad, ``method`` for another estimate than
    Welch's or, with covariates, Lin's; choices take ``option``, ``first`` and ``second``, the
    names of what was chosen and of the groups; ``plan=study.plan`` holds differences in the
    plan's primary outcome against its smallest effect of interest. A rule of memory is told as
    ahead only where the interval of its gain over the average leaves out zero; duration as
    neglected only by equivalence.

    A difference that is not decided is never told as no difference: its sentence names the
    shortfall and the surplus that are compatible with the data.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.codebook.model import Codebook
    >>> from cxresearch.sentences import findings
    >>> from cxresearch.responses.model import Flow, FlowStep, Responses
    >>> answers = pd.DataFrame({"P01": [6.0, None, 5.0, 7.0]})
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk"),
    ...     frame=answers,
    ...     missing=answers.isna().replace({True: "empty", False: ""}),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=5, steps=(FlowStep(rule="duplicated", detail="", excluded=1),)),
    ...     sources=(),
    ... )
    >>> for finding in findings(responses):
    ...     print(finding.text)
    5 answered, 4 analysed.
    25.0% of the answers are missing; most in question P01 (25.0%).
    """
    unknown = findings.dispatch(type(result))
    learn_sentences(type(result))
    if findings.dispatch(type(result)) is unknown:
        raise CxError(f"there are no findings for a {type(result).__name__}")
    if labels is not None:  # not every result has columns to be named
        special["labels"] = labels
    return findings(result, language=language, limit=limit, codebook=codebook, **special)


@findings.register
def _(result: None, **_: Any) -> tuple[Finding, ...]:
    """Say nothing of a part that a study does not have."""
    return ()


def sureness(
    p_adjusted: float, low: float, high: float, *, confidence_level: float
) -> Sureness:
    """Return how far the data decide the direction of a difference; see `findings`.

    Examples
    --------
    >>> sureness(0.003, -0.95, -0.69, confidence_level=0.95)
    'clear'
    >>> sureness(0.08, -0.41, -0.02, confidence_level=0.95)
    'likely'
    >>> sureness(float("nan"), float("nan"), float("nan"), confidence_level=0.95)
    'not_decided'
    """
    if not (low > 0 or high < 0):
        return "not_decided"
    return "clear" if p_adjusted < 1 - confidence_level else "likely"


def check_limit(limit: int | None) -> int | None:
    """Return the limit when it is None or at least 1."""
    if limit is not None and (isinstance(limit, bool) or limit < 1):
        raise CxError(f"limit must be at least 1, or None for all findings; got {limit!r}")
    return limit


def told(
    message: str, values: Values, messages: Messages, *, sure: Sureness, rank: float, **row: Any
) -> Finding:
    """Return a finding whose sentence is made from the values that it keeps."""
    kept = {name: _plain(value) for name, value in values.items()}
    return Finding(
        message=message,
        values=kept,
        text=render(message, kept, messages),
        sure=sure,
        rank=rank,
        **{name: _number(value) for name, value in row.items()},
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, nan as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
