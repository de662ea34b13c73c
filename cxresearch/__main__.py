"""``python -m cxresearch``: the same as the command ``cxresearch``."""

from cxresearch.cli import main

if __name__ == "__main__":
    main()
