"""``shelfsight`` and ``python -m shelfsight``: signals are handled before the imports begin."""

from shelfsight import interruption


def main() -> None:
    """Run the program."""
    interruption.run(_command)


def _command() -> None:
    from shelfsight.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
