"""The pictures of one product: drawn once on clear ground, seen in as many views as asked for."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.catalogue.outlines import draw_cutout
from demo.catalogue.plan import Plan
from demo.catalogue.record import picture_name
from demo.catalogue.shots import view_of
from demo.catalogue.views import Subject, draw_view

_QUALITY = 86


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pictures of one product as they lie on the disk: sizes in bytes, SHA-256 over all."""

    id: str
    sizes: tuple[int, ...]
    sha256: str


def subject_of(plan: Plan) -> Subject:
    """The drawn product that all its views show."""
    cloth, kind = plan.cloth(), plan.kind
    return Subject(draw_cutout(kind.key, cloth, plan.shape), cloth, kind.focus, kind.stands)


def draw_pictures(plan: Plan, pictures: int) -> Iterator[bytes]:
    """The product's pictures in order, as JPEG files of VIEW pixels square."""
    subject = subject_of(plan)
    for number in range(pictures):
        image = draw_view(subject, view_of(number), plan.rng(f"view:{number}"))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=_QUALITY)
        yield file.getvalue()


def write_pictures(folder: Path, plan: Plan, pictures: int) -> Drawn:
    """Draws and writes the product's pictures.

    Args:
        folder: Where products.jsonl lies; its folder ``pictures`` exists.
        plan: The product.
        pictures: How many.

    Raises:
        OSError: A file cannot be written.
    """
    digest, sizes = hashlib.sha256(), []
    for number, content in enumerate(draw_pictures(plan, pictures)):
        (folder / picture_name(plan, number)).write_bytes(content)
        digest.update(content)
        sizes.append(len(content))
    return Drawn(plan.id, tuple(sizes), digest.hexdigest())
