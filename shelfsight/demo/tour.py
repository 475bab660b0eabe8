"""The guided tour: five questions that a shop's search bar is asked, each with its explanation."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ingest.catalogue import Catalogue
from query.request import SearchRequest

SHOWN = 5
WORDS = (
    ("运动鞋", "Chinese: finds sneakers, also those with an English title only."),
    ("leather handbag for work", "English: finds handbags, also those with a Chinese title only."),
    ("红色连衣裙", "A colour: attributes and pictures speak as well as titles."),
)


@dataclass(frozen=True, slots=True)
class Stop:
    """One question of the tour.

    Args:
        heading: What is asked, for people.
        says: Why it is worth a look.
        request: The question.
        command: How a person asks it from the command line.
    """

    heading: str
    says: str
    request: SearchRequest
    command: str = field(default="")


def stops(catalogue: Catalogue, alias: str, *, drawn: bool, seed: int) -> Iterator[Stop]:
    """Yield the tour's questions.

    Args:
        alias: Where they are asked, for the commands.
        catalogue: Where the picture comes from when it is not a drawn one.
        drawn: Whether it is the demo catalogue; its pictures to ask with are drawn anew, in
            other proportions and against other backgrounds than the catalogue's.
        seed: Of the pictures.
    """
    run = f"./run --alias {alias}"
    for text, says in WORDS:
        request = SearchRequest(text, size=SHOWN)
        yield Stop(f"“{text}”", says, request, f'{run} search "{text}" --explain')
    picture, name = _picture(catalogue, drawn, seed)
    command = f"{run} search --image {name}"
    yield Stop(
        f"a picture ({name})", "No words: the picture alone, against pictures and attributes.",
        SearchRequest(pictures=(picture,), size=SHOWN), command,
    )  # fmt: skip
    yield Stop(
        f"a picture ({name}) + “蓝色 blue”", "This, but in blue: picture and words in one formula.",
        SearchRequest("蓝色 blue", pictures=(picture,), size=SHOWN),
        f'{run} search "蓝色 blue" --image {name}',
    )  # fmt: skip


def _picture(catalogue: Catalogue, drawn: bool, seed: int) -> tuple[bytes, str]:
    """Return a picture to ask with, and what it is called."""
    if drawn:
        from shelfsight.demo.catalogue.queries import tour_picture

        content = io.BytesIO()
        tour_picture("dress", "red", "stripes", seed + 1).save(content, "JPEG", quality=90)
        name = "tour-red-striped-dress.jpg"
        (catalogue.root / name).write_bytes(content.getvalue())
        return content.getvalue(), str(catalogue.root / name)
    products = [row.product for row in catalogue.rows() if row.product and row.product.pictures]
    product = products[int(np.random.default_rng(seed).integers(len(products)))]
    path = product.pictures[0].path
    return catalogue.picture_bytes(path), str(catalogue.root / path)
