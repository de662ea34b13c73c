"""Colours of the figures, and the CSS variables that let a page turn them dark."""

from __future__ import annotations

INK = "#1b2430"
SOFT = "#566273"
LINE = "#d9dee5"
BAR = "#b7c1cd"
CARD = "#ffffff"
RECEIVED = "#0b6fa4"
EXPECTED = "#c8562b"

VARIABLES: dict[str, str] = {
    INK: "--ink",
    SOFT: "--soft",
    LINE: "--line",
    BAR: "--bar",
    CARD: "--card",
    RECEIVED: "--per",
    EXPECTED: "--exp",
}
"""The CSS variable that stands for each colour in the SVG, the colour being the fallback."""

DARK: dict[str, str] = {
    "--ink": "#e8ecf1",
    "--soft": "#a9b4c2",
    "--line": "#36404d",
    "--bar": "#5a6778",
    "--card": "#171e26",
    "--per": "#5db4e5",
    "--exp": "#f0915f",
}
"""Values of the variables for a dark page; all of them, so that no figure stays half light."""


def css_variables(*, dark: bool = False) -> str:
    """Return the declarations that a page's style sheet puts into ``:root``.

    Parameters
    ----------
    dark : bool
        The values for a dark page instead of the light ones.

    Examples
    --------
    >>> css_variables(dark=True).split(";")[0]
    '--ink:#e8ecf1'
    """
    light = {name: colour for colour, name in VARIABLES.items()}
    return ";".join(f"{name}:{colour}" for name, colour in (DARK if dark else light).items())
