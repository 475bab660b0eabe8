"""``python -m shelfsight``."""

from shelfsight.cli import main

main()
