"""``python -m tests``: every check of the project, the fast ones first; ends with pytest's summary.

Arguments are passed on to pytest, and then only pytest runs.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PLACES = ["shelfsight", "serve", "mappings", "encoders", "ingest", "attach", "query", "learn"]
PLACES += ["tests", "bench", "demo", "tools"]
SLOW = "node or broker or faults or models or data"

CHECKS = (
    ("format", [str(BIN / "ruff"), "format", "--check", *PLACES]),
    ("lint", [str(BIN / "ruff"), "check", *PLACES]),
    ("types", [str(BIN / "mypy")]),
    ("layers", [str(BIN / "lint-imports"), "--no-cache"]),
    ("unit", [sys.executable, "-m", "pytest", "-q", "-m", f"not ({SLOW})"]),
    ("real services", [sys.executable, "-m", "pytest", "-v", "-m", SLOW]),
)


def main(arguments: list[str]) -> int:
    if arguments:
        return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=ROOT)
    for name, command in CHECKS:
        shown = " ".join(Path(word).name if "/" in word else word for word in command)
        print(f"\n=== {name}: {shown}", flush=True)
        code = subprocess.call(command, cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"})
        if code != 0:
            print(f"=== {name} failed (exit code {code})", file=sys.stderr)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
