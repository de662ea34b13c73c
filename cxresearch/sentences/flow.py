"""What happened to the answers between reading and analysis, in words."""

from __future__ import annotations

from cxresearch.responses.model import Flow, FlowStep
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean


def describe_flow(flow: Flow, *, language: str = "en") -> str:
    """Return the flow in one line, from read to analysed.

    Parameters
    ----------
    flow : Flow
    language : str

    Examples
    --------
    >>> from cxresearch.responses.model import Flow, FlowStep
    >>> steps = (FlowStep(rule="duplicated", detail="", excluded=9),
    ...          FlowStep(rule="missing_share", detail="", excluded=1))
    >>> describe_flow(Flow(read=412, steps=steps))
    '412 answers read → 9 duplicates, 1 too incomplete → 402 analysed'
    """
    messages = Messages(language)
    key = "flow.read_episodes" if flow.unit == "episodes" else "flow.read"
    read = messages.text(key, n=flow.read)
    analysed = messages.text("flow.analysed", n=flow.analysed)
    if not flow.excluded:
        return messages.text("flow.arrow_all", read=read, analysed=analysed)
    parts = [
        describe_step(step, messages, unit=flow.unit) for step in flow.steps if step.excluded
    ]
    excluded = messages.text("format.comma").join(parts)
    return messages.text("flow.arrow", read=read, excluded=excluded, analysed=analysed)


def describe_step(step: FlowStep, messages: Messages, *, unit: str = "answers") -> str:
    """Return one step with its count: ``9 duplicates``."""
    key = f"flow.{step.rule}"
    if messages.has(f"{key}_{unit}.one"):
        key = f"{key}_{unit}"  # an episode is too short where an answer is too fast
    if messages.has(f"{key}.one"):
        return messages.text(key, n=step.excluded)
    return messages.text("flow.other", n=step.excluded, rule=clean(step.rule))
