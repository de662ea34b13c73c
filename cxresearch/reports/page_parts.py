"""Style sheet, script and security policy of a page that loads nothing."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {scripts}; "
    "base-uri 'none'; form-action 'none'"
)


@cache
def page_file(name: str, package: str = "cxresearch.reports") -> str:
    """Return the text of a file that ships beside the code, e.g. ``"report.css"``."""
    return files(package).joinpath("page", name).read_text(encoding="utf-8").strip()


def security_policy(script: str) -> str:
    """Return the Content-Security-Policy that lets this one script run and nothing be loaded.

    Examples
    --------
    >>> security_policy("1")[:19]
    "default-src 'none';"
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return _POLICY.format(scripts=f"'sha256-{digest}'")
