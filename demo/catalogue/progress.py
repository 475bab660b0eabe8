"""What of a catalogue has been drawn so far: the log that lets an interrupted drawing go on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.catalogue.pictures import Drawn
from encoders.atomic_io import write_atomically
from mappings.errors import InputError

# Counted up when the same seed gives other pictures than before.
DRAWING = 1
LOG, MANIFEST, PRODUCTS = "drawn.jsonl", "manifest.json", "products.jsonl"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a catalogue is made from: equal recipes give equal files."""

    products: int
    pictures: int
    tags: int
    seed: int

    def drawing(self) -> dict[str, object]:
        """What the pictures of one product depend on, as the first line of the log."""
        import PIL

        return {
            "drawing": DRAWING,
            "pillow": PIL.__version__,
            "seed": self.seed,
            "pictures": self.pictures,
        }


def resume_drawing(folder: Path, recipe: Recipe) -> dict[str, Drawn]:
    """What is already drawn by this recipe; what another recipe has drawn is cleared away.

    Args:
        folder: The catalogue's folder; it exists.
        recipe: What shall lie there.

    Returns:
        Product id to its pictures, for the products whose files all lie there in full.

    Raises:
        InputError: The folder holds a catalogue that is not ours.
    """
    log = folder / LOG
    if (folder / PRODUCTS).exists() and not log.exists():
        raise InputError(
            f"{folder} holds a products.jsonl that the demo has not written.",
            "Name an empty folder for the demo catalogue.",
        )
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    first = _parsed(lines[0]) if lines else None
    found: dict[str, Drawn] = {}
    if first == recipe.drawing():
        rows = (_parsed(line) for line in lines[1:])
        known = [Drawn(r["id"], tuple(r["sizes"]), r["sha256"]) for r in rows if r]
        found = {d.id: d for d in known if _in_full(folder, d)}
    elif lines:
        _clear(folder)
    (folder / "pictures").mkdir(exist_ok=True)
    content = [json.dumps(recipe.drawing()), *(json.dumps(asdict(d)) for d in found.values())]
    write_atomically(log, "".join(f"{line}\n" for line in content))
    return found


def _parsed(line: str) -> dict[str, Any] | None:
    """A line of the log; none where the drawing was cut off within it."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _in_full(folder: Path, drawn: Drawn) -> bool:
    paths = (folder / "pictures" / f"{drawn.id}-{n}.jpg" for n in range(len(drawn.sizes)))
    try:
        return all(p.stat().st_size == s for p, s in zip(paths, drawn.sizes, strict=True))
    except FileNotFoundError:
        return False


def _clear(folder: Path) -> None:
    """Removes what the demo wrote, and nothing else."""
    for name in (PRODUCTS, MANIFEST, LOG):
        (folder / name).unlink(missing_ok=True)
    for picture in (folder / "pictures").glob("demo-[0-9]*-*.jpg"):
        picture.unlink()
