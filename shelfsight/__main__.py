"""``shelfsight`` and ``python -m shelfsight``: signals are handled before the imports begin."""

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # ``python -m`` puts the working folder first, which may be a feed's with a ``json.py``.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from shelfsight import interruption


def main() -> None:
    """Run the program, with the working folder off the import path of what it starts, too."""
    os.environ["PYTHONSAFEPATH"] = "1"
    interruption.run(_command)


def _command() -> None:
    from shelfsight.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
