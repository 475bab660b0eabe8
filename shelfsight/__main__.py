"""The program's entry point: ``shelfsight`` and ``python -m shelfsight``."""

import os
import sys


def main() -> None:
    """Run the command line, with the working folder off the import path.

    It may be a feed's folder, whose ``json.py`` is not ours to run: neither here, where
    ``python -m`` puts it first, nor in the processes that are started from here.
    """
    if __name__ == "__main__" and not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    os.environ["PYTHONSAFEPATH"] = "1"
    from shelfsight.cli import main as run

    run()


if __name__ == "__main__":
    main()
