"""What the YAML parser says, in the words of somebody who writes a survey file."""

from __future__ import annotations

import re

import yaml

# What PyYAML says (a pattern) → what to tell the researcher; the first that fits counts.
_SYNTAX: dict[str, str] = {
    r"found character '\\t'": "a tab stands where YAML wants spaces; indent with spaces only",
    "found character '(.)' that cannot start": "a text that starts with {0} must be in quotes",
    "mapping values are not allowed": "a second colon in the line, or a line indented too far; "
    "a text that holds ': ' must be in quotes",
    "expected <block end>, but found '?<scalar>": "text follows a closing quote; "
    "put the whole text in quotes, and use the other kind of quote inside",
    "expected <block end>": "the line is indented unlike the lines it belongs to",
    "could not find expected ':'": "no 'name: value' here; "
    "is the colon, or the space after it, missing?",
    "while scanning a quoted scalar": "a quote that is opened here is never closed",
    "expected ',' or '[]}]', but got '\\{'": "a pattern with braces must be in quotes here, "
    'e.g. "E{{item}}"',
    "expected ',' or '[]}]'": "a comma or a closing bracket is missing; "
    "a text that holds a comma, colon or bracket must be in quotes",
    "undefined alias|scanning an (alias|anchor)": "a text that starts with * or & "
    "must be in quotes",
    "undefined tag handle|scanning a tag": "a text that starts with ! must be in quotes",
    "expected a single document": "a second document starts here; delete the line ---",
    "found duplicate anchor": "the same anchor (&name) is written twice",
    "found unknown escape character": "a backslash between double quotes; use single quotes",
    "while scanning a block scalar": "nothing but spaces may follow | or > in its line",
    "while scanning a directive": "a text that starts with % must be in quotes",
    "sequence entries are not allowed": "a list with '-' must start in a line of its own, "
    "or be written [a, b]",
    "expected the node content": "a text that starts with a bracket or a comma "
    "must be in quotes",
    "expected '<document start>'": "this does not belong to what stands above; "
    "is a bracket too many?",
}


def explain_syntax(error: yaml.MarkedYAMLError) -> tuple[str, int]:
    """Return what the parser met, in the researcher's words, and the line."""
    mark = error.problem_mark or error.context_mark
    found = f"{error.context or ''} {error.problem or ''}".strip()
    if "end of stream" in found or "could not find expected ':'" in found:
        mark = error.context_mark or mark
    line = mark.line + 1 if mark else 0
    for pattern, hint in _SYNTAX.items():
        match = re.search(pattern, found)
        if match:
            opened = error.context_mark.line + 1 if error.context_mark else line
            since = (
                f" (the bracket opened in line {opened})"
                if "flow" in found and opened != line
                else ""
            )
            return f"is not valid YAML: {hint.format(*match.groups())}{since}", line
    return f"is not valid YAML: {found}", line
