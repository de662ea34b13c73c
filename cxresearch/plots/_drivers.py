"""Names, captions and alternative texts that the figures of a driver analysis share."""

from __future__ import annotations

from collections.abc import Mapping

from cxresearch.wording import Formats
from cxresearch.wording.labels import column_label, in_sentence, shortened

Labels = Mapping[str, str] | None
LONGEST_NAME = 60
_LONGEST_LABEL = 200


def driver_label(term: str, labels: Labels, formats: Formats) -> str:
    """Return what a driver is called beside its marks."""
    return column_label(term, labels, formats.messages, longest=_LONGEST_LABEL)


def spoken(term: str, labels: Labels, formats: Formats) -> str:
    """Return what a driver is called in an alternative text."""
    return shortened(driver_label(term, labels, formats), LONGEST_NAME)


def outcome_name(outcome: str, labels: Labels, formats: Formats) -> str:
    """Return the outcome as it stands inside a sentence."""
    return in_sentence(spoken(outcome, labels, formats), formats.messages)


def people(n: int, weights: str, formats: Formats) -> list[str]:
    """Return the sentences on how many respondents are shown, and whether they are weighted."""
    text = formats.messages.text
    sentences = [text("figures.drivers.people", n=n)]
    return [*sentences, text("figures.weighted")] if weights else sentences


def share_decimals(shares: list[float]) -> int:
    """Return with how many decimals shares of a whole (0 to 1) are told apart."""
    known = [share for share in shares if share == share]
    return 0 if known and (min(known) >= 0.01 or len(known) <= 3) else 1
