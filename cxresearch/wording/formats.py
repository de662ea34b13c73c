"""The one place where numbers become text: rounding, signs, decimal marks.

The marks themselves (decimal sign, interval word, percent form) stand in the message catalogue
of each language under ``format``; nothing here knows a language.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxresearch.wording.messages import Messages

MINUS = "\N{MINUS SIGN}"
UNDEFINED = "\N{EN DASH}"
_SMALLEST_P = 0.001
_SMALLEST_CHANCE = 0.01
_MOST_DECIMALS = 4
_WIDE_SCALE = 20.0


@dataclass(frozen=True, slots=True)
class Formats:
    """Numbers as text in one language.

    Parameters
    ----------
    messages : Messages
        Catalogue the marks are taken from.

    Examples
    --------
    >>> formats = Formats.of("en")
    >>> formats.gap(-0.8154)
    '−0.82'
    >>> formats.interval(-0.954, -0.688)
    '−0.95 to −0.69'
    >>> Formats.of("es").interval(-0.954, -0.688)
    '−0,95 a −0,69'
    """

    messages: Messages

    @classmethod
    def of(cls, language: str) -> Formats:
        """Return the formats of a language."""
        return cls(Messages(language))

    def number(self, value: float, decimals: int = 2, *, signed: bool = False) -> str:
        """Return a number with a true minus and the language's decimal sign; nan is a dash."""
        if _is_lost(value):
            return UNDEFINED
        sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
        if math.isinf(value):
            return f"{sign}∞"
        digits = f"{abs(value):.{decimals}f}"
        if not float(digits):
            sign = ""  # a rounded zero has no side
        return sign + self._marks(digits)

    def gap(self, value: float, decimals: int = 2) -> str:
        """Return a difference with its sign, also where it is positive: ``+0.21``."""
        return self.number(value, decimals, signed=True)

    def interval(
        self, low: float, high: float, decimals: int = 2, *, signed: bool = True
    ) -> str:
        """Return ``low to high``; a dash when neither end is known.

        An interval that leaves out zero never shows a rounded zero as one of its ends: more
        decimals are given (at most four), so that a reader can see on which side it lies.
        """
        if _is_lost(low) and _is_lost(high):
            return UNDEFINED
        shown = self._visible(low, high, decimals)
        return self.messages.text(
            "format.interval",
            low=self.number(low, shown, signed=signed),
            high=self.number(high, shown, signed=signed),
        )

    def p(self, value: float) -> str:
        """Return a probability to three decimals: ``.032``, ``< .001``, ``> .999``."""
        if _is_lost(value):
            return UNDEFINED
        if value < _SMALLEST_P:
            return f"< {self.coefficient(_SMALLEST_P, 3)}"
        if value > 1 - _SMALLEST_P / 2:
            return f"> {self.coefficient(1 - _SMALLEST_P, 3)}"
        return self.coefficient(value, 3)

    def coefficient(self, value: float, decimals: int = 2) -> str:
        """Return a number that cannot pass 1 (alpha, r, p): ``.81``; ``0,81`` in Spanish."""
        text = self.number(value, decimals)
        bare = self.messages.text("format.bare_coefficient") == "yes"
        zero = "0" + self.messages.text("format.decimal_sign")
        idle = bare and text.lstrip(MINUS).startswith(zero)
        return text.replace(zero, zero[1:], 1) if idle else text

    def coefficient_interval(self, low: float, high: float) -> str:
        """Return the interval of a number that cannot pass 1: ``.75 to .85``."""
        if math.isnan(low) and math.isnan(high):
            return UNDEFINED
        return self.messages.text(
            "format.interval", low=self.coefficient(low), high=self.coefficient(high)
        )

    def brackets(
        self, low: float, high: float, decimals: int = 2, *, bounded: bool = False
    ) -> str:
        """Return an interval as APA style sets it: ``[−0.93, −0.74]``.

        The ends of a number that cannot pass 1 (`bounded`) have no idle zero: ``[.11, .16]``.
        As in `interval`, one that leaves out zero shows no end rounded to zero.
        """
        if _is_lost(low) and _is_lost(high):
            return UNDEFINED
        told = self.coefficient if bounded else self.number
        shown = self._visible(low, high, decimals)
        return self.messages.text(
            "format.brackets", low=told(low, shown), high=told(high, shown)
        )

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share (0 to 1) as a percentage: ``2.1%``."""
        if _is_lost(share):
            return UNDEFINED
        return self.messages.text("format.percent", number=self.number(100 * share, decimals))

    def percent_interval(self, low: float, high: float, decimals: int = 0) -> str:
        """Return the interval of a share (0 to 1) in percent: ``14% to 22%``."""
        if _is_lost(low) and _is_lost(high):
            return UNDEFINED
        return self.messages.text(
            "format.interval",
            low=self.percent(low, decimals),
            high=self.percent(high, decimals),
        )

    def chance(self, probability: float, *, in_words: bool = False) -> str:
        """Return a resampled probability in percent: ``78%``, ``< 1%``, ``> 99%``.

        Resampling never shows that something is certain or impossible. In words it is ``more
        than 99%``.
        """
        if _is_lost(probability):
            return UNDEFINED
        least = _SMALLEST_CHANCE
        inside = min(max(probability, least), 1 - least)
        text = self.percent(inside)
        rare = probability < least
        if in_words:
            form = "exactly" if inside == probability else "under" if rare else "over"
            return self.messages.text(f"format.{form}", number=text)
        if inside == probability:
            return text
        return f"{'<' if rare else '>'}\N{NO-BREAK SPACE}{text}"

    def level(self, confidence_level: float) -> str:
        """Return a confidence level as a percentage, no idle decimals: ``95%``, ``99.5%``."""
        percent = round(100 * confidence_level, 4)
        decimals = len(f"{percent:.4f}".rstrip("0").partition(".")[2])
        return self.percent(confidence_level, decimals)

    def count(self, value: float) -> str:
        """Return a whole number with the language's grouping of thousands."""
        return self.number(value, 0)

    def points(self, value: float) -> str:
        """Return importance points without idle decimals: ``31``, ``31.5``."""
        text = self.number(value, 1)
        return text.removesuffix(self.messages.text("format.decimal_sign") + "0")

    @staticmethod
    def _visible(low: float, high: float, decimals: int) -> int:
        if _is_lost(low) or _is_lost(high):
            return decimals
        if not math.isfinite(low * high) or low * high <= 0:
            return decimals
        nearest = min(abs(low), abs(high))
        while decimals < _MOST_DECIMALS and not round(nearest, decimals):
            decimals += 1
        return decimals

    def _marks(self, digits: str) -> str:
        whole, _, fraction = digits.partition(".")
        whole = self.messages.grouped(int(whole))
        decimal = self.messages.text("format.decimal_sign")
        return f"{whole}{decimal}{fraction}" if fraction else whole


def _is_lost(value: float | None) -> bool:
    return value is None or math.isnan(value)


def decimals_for(low: float, high: float) -> int:
    """Return how many decimals a mean on this response scale is shown with.

    Two on rating scales; one where the scale spans more than 20 units (0 to 100), where the
    second decimal is noise.
    """
    return 1 if high - low > _WIDE_SCALE else 2


def format_number(
    value: float, decimals: int = 2, *, signed: bool = False, language: str = "en"
) -> str:
    """Return a number as text; see `Formats.number`.

    Examples
    --------
    >>> format_number(-1234.5, 1)
    '−1,234.5'
    >>> format_number(float("nan"))
    '–'
    """
    return Formats.of(language).number(value, decimals, signed=signed)


def format_gap(value: float, decimals: int = 2, *, language: str = "en") -> str:
    """Return a difference with its sign; see `Formats.gap`.

    Examples
    --------
    >>> format_gap(0.214), format_gap(-0.004)
    ('+0.21', '0.00')
    """
    return Formats.of(language).gap(value, decimals)


def format_interval(
    low: float, high: float, decimals: int = 2, *, signed: bool = True, language: str = "en"
) -> str:
    """Return an interval as text; see `Formats.interval`.

    Examples
    --------
    >>> format_interval(0.7, 0.85, signed=False)
    '0.70 to 0.85'
    """
    return Formats.of(language).interval(low, high, decimals, signed=signed)


def format_p(value: float, *, language: str = "en") -> str:
    """Return a probability as text; see `Formats.p`.

    Examples
    --------
    >>> format_p(0.0004), format_p(0.0324)
    ('< .001', '.032')
    """
    return Formats.of(language).p(value)


def format_percent(share: float, decimals: int = 0, *, language: str = "en") -> str:
    """Return a share (0 to 1) as a percentage; see `Formats.percent`.

    Examples
    --------
    >>> format_percent(0.021, 1)
    '2.1%'
    """
    return Formats.of(language).percent(share, decimals)


def format_count(value: float, *, language: str = "en") -> str:
    """Return a whole number as text; see `Formats.count`.

    Examples
    --------
    >>> format_count(12345)
    '12,345'
    """
    return Formats.of(language).count(value)
