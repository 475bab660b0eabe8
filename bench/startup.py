"""How long `shelfsight --help` takes, beside Python itself: ``python -m bench.startup``."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15


def seconds(command: list[str]) -> float:
    """Return the wall seconds of one run of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the medians of interleaved runs and write bench/out/startup.json."""
    program = str(Path(sys.executable).with_name("shelfsight"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "shelfsight --help": [program, "--help"],
    }
    for command in commands.values():
        seconds(command)
    runs: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            runs[name].append(seconds(command))
    found = {name: {"median_s": statistics.median(r), "max_s": max(r)} for name, r in runs.items()}
    out = Path(__file__).with_name("out")
    out.mkdir(exist_ok=True)
    (out / "startup.json").write_text(json.dumps(found, indent=2))
    for name, figures in found.items():
        print(f"{name:20} median {figures['median_s']:.3f} s, slowest {figures['max_s']:.3f} s")


if __name__ == "__main__":
    main()
