"""What an ingest adds to a product out of its own texts, before the product is accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from encoders.extract.extractor import Extractor
from encoders.extract.gazetteer import Gazetteer
from encoders.extract.spans import Span

GAZETTEER = "gazetteer.json"


def keep_gazetteer(gazetteer: Gazetteer, space: Path) -> None:
    """Keep a catalogue's values in the folder of its space, where ``open_extractor`` looks."""
    gazetteer.save(space / GAZETTEER)


def open_extractor(space: Path, tagger: Path | None = None) -> Extractor:
    """Return what reads attributes out of texts, as cheap as it can be had.

    Args:
        space: Folder of the fitted space; without a gazetteer in it only measures and the
            shipped words are found.
        tagger: Folder of a trained tagger, which reads the titles; ``None`` leaves them to the
            gazetteer.

    Raises:
        InputError: A file is there that cannot be read.
    """
    path = space / GAZETTEER
    gazetteer = Gazetteer.load(path) if path.is_file() else Gazetteer({})
    return Extractor(gazetteer, _spans(tagger) if tagger else None)


def _spans(folder: Path) -> Callable[[str, Sequence[str]], Sequence[Span]]:
    from encoders.extract.tagger import load_tagger

    tagger = load_tagger(folder)

    def find(text: str, categories: Sequence[str]) -> Sequence[Span]:
        return tagger.find_many([text], [categories])[0]

    return find
