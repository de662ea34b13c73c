"""Whether a study's groups or waves can be compared at all."""

from __future__ import annotations

from collections.abc import Sequence

from cxresearch.psychometrics.invariance import InvarianceResult, measurement_invariance
from cxresearch.responses.model import Responses


def study_invariance(
    responses: Responses,
    *,
    segments: Sequence[str] = (),
    battery: str | None = None,
    confidence_level: float = 0.95,
) -> InvarianceResult | None:
    """Ask whether what was received is measured alike in a study's waves, or else its groups.

    Parameters
    ----------
    responses : Responses
    segments : sequence of str
        Segment columns the study compares; the first is looked at where there are no waves.
    battery : str, optional
        Not needed when the codebook has one.
    confidence_level : float

    Returns
    -------
    InvarianceResult or None
        See `measurement_invariance`; None where nothing is compared.

    Raises
    ------
    CxError
        A segment is unknown.
    """
    several_waves = "wave" in responses.frame and responses.frame["wave"].nunique() > 1
    group = "wave" if several_waves else next(iter(segments), None)
    if group is None:
        return None
    return measurement_invariance(
        responses, group=group, battery=battery, confidence_level=confidence_level
    )
