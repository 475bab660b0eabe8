"""The attach program with a home of its own, and a shop whose products have pictures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from attach_workshop import sources
from augment_shop import document
from PIL import Image

PICTURED = {
    "title": {"type": "text"}, "price": {"type": "float"}, "tags": {"type": "keyword"},
    "image": {"type": "keyword"},
}  # fmt: skip


class Commands:
    """The program with a home of its own and encoders that need no model."""

    def __init__(self, home: Path, node_url: str) -> None:
        own = {k: v for k, v in os.environ.items() if not k.startswith("SHELFSIGHT_")}
        self.environment = own | {
            "SHELFSIGHT_HOME": str(home),
            "SHELFSIGHT_NODE_URL": node_url,
            "SHELFSIGHT_TEXT_MODEL": "hash:16",
            "SHELFSIGHT_IMAGE_MODEL": "hash:16",
        }
        self.home = home
        self.err = ""

    def __call__(self, *words: str, code: int = 0, **settings: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "shelfsight", "attach", *words, "--json"],
            env=self.environment | settings, cwd=self.home, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        self.err = done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr


def pictured(n: int, **more: Any) -> dict[str, Any]:
    """A product with a picture of its own."""
    found = document(n)
    return {k: found[k] for k in ("title", "price", "tags")} | {"image": f"{n}.png"} | more


def draw(folder: Path, n: int, shade: int = 0) -> None:
    """Draw a product's picture: four fields whose colours are its number's."""
    folder.mkdir(exist_ok=True)
    picture = Image.new("RGB", (32, 32))
    for quarter in range(4):
        colour = tuple((n * 47 + quarter * 61 + part * 29 + shade) % 256 for part in range(3))
        picture.paste(colour, (quarter % 2 * 16, quarter // 2 * 16, 32, 32))
    picture.save(folder / f"{n}.png")


def picture_vectors(client: Any, index: str) -> dict[str, list[float]]:
    """Each product's picture vector, those that have one."""
    held = {i: (s.get("shelfsight") or {}) for i, s in sources(client, index).items()}
    return {i: s["image_vector"] for i, s in held.items() if s.get("image_vector")}


def differing(one: dict[str, list[float]], other: dict[str, list[float]]) -> set[str]:
    """The products whose picture vectors differ, or that have one only here or there.

    A vector that is made again, in another batch, may differ in its last digit.
    """
    both = one.keys() & other.keys()
    return (one.keys() ^ other.keys()) | {
        i for i in both if not np.allclose(one[i], other[i], atol=1e-4)
    }
