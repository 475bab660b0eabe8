"""The guided tour: five questions that a shop's search bar is asked, each with its explanation."""

import io
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from encoders.picture_size import PictureSize
from ingest.catalogue import Catalogue
from ingest.readers.picture_files import PictureUnavailable
from query.model.request import SearchRequest

SHOWN = 5
TRIED = 20
LOOK = PictureSize(64)
WORDS = (
    ("运动鞋", "Chinese: words, meaning, pictures and attributes each give points."),
    (
        "leather handbag for work",
        "English, with a purpose that few titles name: meaning helps words.",
    ),
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


def stops(
    catalogue: Catalogue, alias: str, *, drawn: bool, seed: int, pictured: bool
) -> Iterator[Stop]:
    """Yield the tour's questions; a catalogue without pictures is not asked with one.

    Args:
        alias: Where they are asked, for the commands.
        catalogue: Where the picture comes from when it is not a drawn one.
        drawn: Whether it is the demo catalogue; its pictures to ask with are drawn anew, in
            other proportions and against other backgrounds than the catalogue's.
        seed: Of the pictures.
        pictured: Whether the index has a picture model at all.
    """
    run = f"./run --alias {alias}"
    for text, says in WORDS:
        request = SearchRequest(text, size=SHOWN)
        yield Stop(f"“{text}”", says, request, f'{run} search "{text}" --explain')
    found = _drawn_picture(catalogue, seed) if drawn else _some_picture(catalogue, seed)
    if found is None or not pictured:
        return
    picture, path = found
    image = f"--image {shlex.quote(str(path))}"
    yield Stop(
        f"a picture ({path.name})", "No words: the picture alone, against pictures and attributes.",
        SearchRequest(pictures=(picture,), size=SHOWN), f"{run} search {image} --explain",
    )  # fmt: skip
    yield Stop(
        "that picture + “蓝色 blue”", "This, but in blue: picture and words in one formula.",
        SearchRequest("蓝色 blue", pictures=(picture,), size=SHOWN),
        f'{run} search "蓝色 blue" {image} --explain',
    )  # fmt: skip


def _drawn_picture(catalogue: Catalogue, seed: int) -> tuple[bytes, Path]:
    """Return a picture that the demo catalogue lacks, and where it is kept to ask with again."""
    from demo.catalogue.queries import tour_picture

    content = io.BytesIO()
    tour_picture("dress", "red", "stripes", seed + 1).save(content, "JPEG", quality=90)
    path = catalogue.root / "tour-red-striped-dress.jpg"
    path.write_bytes(content.getvalue())
    return content.getvalue(), path


def _some_picture(catalogue: Catalogue, seed: int) -> tuple[bytes, Path] | None:
    """Return one of a real catalogue's pictures that can be decoded, and where it lies."""
    from encoders.pictures import PictureDecoder, PictureRefused

    shown = [
        p.product.pictures[0].path for p in catalogue.rows() if p.product and p.product.pictures
    ]
    with PictureDecoder() as decoder:
        for place in np.random.default_rng(seed).permutation(len(shown))[:TRIED]:
            path = shown[int(place)]
            try:
                content = catalogue.picture_bytes(path)
            except PictureUnavailable:
                continue  # ingestion has reported it
            if not isinstance(decoder.decode_many([content], LOOK)[0], PictureRefused):
                return content, catalogue.root / path
    return None
