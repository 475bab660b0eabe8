"""The real command line in a process of its own, and a small shop to ask it about."""

import io
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Counts
from shelfsight.local.stack import status

ROOT = Path(__file__).resolve().parents[2]
HASHED = {"SHELFSIGHT_TEXT_MODEL": "hash:64", "SHELFSIGHT_IMAGE_MODEL": "hash:64"}
PROGRAM = (sys.executable, "-m", "shelfsight")

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Said:
    """What a run of the program left: its exit code, its words, its errors."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """``shelfsight`` with a home of its own; every run must end without a traceback."""

    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    def environment(self, **settings: str) -> dict[str, str]:
        outside = {k: v for k, v in os.environ.items() if not k.startswith("SHELFSIGHT_")}
        own = {"SHELFSIGHT_HOME": str(self.home), "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
        return {**outside, **own, **HASHED, **self.extra, **settings}

    def __call__(self, *words: str, within: float = 240.0, **settings: str) -> Said:
        done = subprocess.run(
            [*PROGRAM, *words], env=self.environment(**settings), cwd=self.home, timeout=within,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def counts(self) -> Counts:
        """What the ledger holds: every product accounted for."""
        alias = self.extra.get("SHELFSIGHT_ALIAS", "products")
        with closing(Ledger(self.home / "ledgers" / f"{alias}.sqlite")) as ledger:
            found = ledger.counts()
        assert found.accepted == found.indexed + found.superseded + found.dead + found.pending
        return found

    def wait_for_api(self, seconds: float = 60.0) -> None:
        """The search program looks for its index now and then; wait until it has found it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(urllib.error.HTTPError):
                self.asks("red")
                return
            time.sleep(0.2)
        raise AssertionError("the search program has not found its index")

    def asks(self, text: str) -> Any:
        """What the stack's own search program answers."""
        api = next(p.url for p in status(self.home).processes if p.name == "api")
        question = urllib.request.Request(
            f"{api}/search",
            json.dumps({"text": text}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(question, timeout=30) as answer:
            return json.load(answer)


def png(colour: tuple[int, int, int]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (24, 24), colour).save(stream, "PNG")
    return stream.getvalue()


RECORDS: tuple[dict[str, Any], ...] = (
    {"id": "red", "title": "红色连衣裙 red dress", "brand": "Acme", "price": 100.0,
     "currency": "CNY", "attributes": {"颜色": "红色"}, "pictures": ["red.png"]},
    {"id": "blue", "title": "蓝色运动鞋 blue sneakers", "brand": "Bolt", "price": 300.0,
     "currency": "CNY", "attributes": {"颜色": "蓝色"}, "pictures": ["blue.png"]},
    {"id": "green", "title": "绿色雨伞 green umbrella", "brand": "Acme", "price": 50.0,
     "currency": "CNY", "attributes": {"颜色": "绿色"}, "pictures": ["green.png"]},
)  # fmt: skip
COLOURS = {"red.png": (200, 20, 20), "blue.png": (20, 20, 200), "green.png": (20, 160, 20)}


def write_shop(folder: Path, *more: Mapping[str, Any], name: str = "products.jsonl") -> Path:
    """Write the small shop, and more records, into a folder; return the feed's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, colour in COLOURS.items():
        (folder / path).write_bytes(png(colour))
    return write_feed(folder / name, *RECORDS, *more)


def write_feed(path: Path, *records: Mapping[str, Any]) -> Path:
    """Write records as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return path
