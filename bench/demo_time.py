"""How long the demo takes, from the program's start: ``python -m bench.demo_time``.

Runs ``./run demo --fresh`` as a person would, in a home of its own that is empty at the start, and
reads what the demo noted. Packages, the server's archive and exported models are on the disk
already when it has run once before.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "bench" / "out" / "demo_time.json"
FIRST, WHOLE = 60.0, 360.0


def main() -> None:
    """Run the demo in an empty home, print when what happened, and write demo_time.json."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--products", type=int, default=1_000)
    options.add_argument("--record", type=Path, help="keep what was printed as SVG")
    given = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="shelfsight-demo-", dir="/var/tmp"))
    home.chmod(0o755)
    environment = os.environ | {"SHELFSIGHT_HOME": str(home)}
    run = str(ROOT / "run")
    command = [run, "demo", "--products", str(given.products)]
    if given.record:
        command += ["--record", str(given.record)]
    load = os.getloadavg()[0]
    try:
        subprocess.run(command, env=environment, check=True)
        noted = json.loads((home / "demo.json").read_text(encoding="utf-8"))
    finally:
        subprocess.run([run, "down"], env=environment, check=False)
        shutil.rmtree(home, ignore_errors=True)
    report = noted.pop("report")
    record = {
        "seconds": noted,
        "products": report["indexed"],
        "stages": report["stages"],
        "machine": [platform.processor() or platform.machine(), os.cpu_count()],
        "load_before": load,
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for what, seconds in noted.items():
        print(f"{what:16} {seconds:7.1f} s")
    print(f"first hits within {FIRST:.0f} s: {noted['first hits'] <= FIRST}")
    print(f"whole catalogue within {WHOLE:.0f} s: {noted['ingested'] <= WHOLE}")
    sys.exit(0 if noted["first hits"] <= FIRST and noted["ingested"] <= WHOLE else 1)


if __name__ == "__main__":
    main()
