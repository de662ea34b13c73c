"""The command ``cxresearch``: arguments in, one clear screen out."""

from cxresearch.cli.main import main

__all__ = ["main"]
