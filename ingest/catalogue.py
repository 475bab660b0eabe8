"""A catalogue: where its products are read from, and the folder its pictures may not leave."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.readers.columns import ColumnMap
from ingest.readers.picture_files import picture_bytes
from ingest.readers.rows import Row
from mappings.errors import InputError

Kind = Literal["jsonl", "csv", "folder"]
SUFFIXES: dict[str, Kind] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
INSIDE = ("products.jsonl", "products.csv", "products.tsv")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A feed of products and the pictures they name.

    Args:
        path: The file or the folder that is read.
        root: The folder that the pictures' paths start from and may not leave.
        kind: How the feed is written.
        columns: Which of its columns stands for which of ours.
    """

    path: Path
    root: Path
    kind: Kind
    columns: ColumnMap

    def rows(self) -> Iterator[Row]:
        """Yield every row, read as it is asked for; an id may come several times.

        Raises:
            InputError: The feed as a whole cannot be used.
        """
        return self._read()

    def picture_bytes(self, path: str) -> bytes:
        """Return a picture's bytes.

        Raises:
            PictureUnavailable: It is missing, too large, no file, or outside the catalogue.
        """
        return picture_bytes(self.root, path)

    def _read(self) -> Iterator[Row]:
        if self.kind == "jsonl":
            from ingest.readers.jsonl import read_jsonl

            return read_jsonl(self.path, self.columns)
        if self.kind == "csv":
            from ingest.readers.csv import read_csv

            return read_csv(self.path, self.columns)
        from ingest.readers.folder import read_folder

        return read_folder(self.path)


def open_catalogue(path: Path, columns: ColumnMap | None = None) -> Catalogue:
    """Return the catalogue at a path; nothing but its existence is looked at yet.

    Args:
        path: A ``.jsonl``, ``.csv`` or ``.tsv`` file, a folder that holds one (or one called
            ``products``), or a folder of pictures alone.
        columns: The feed's names for our columns; the built-in aliases when left out.

    Raises:
        InputError: There is no such file, it cannot be read, or its kind is not known.
    """
    columns = columns or ColumnMap()
    if not path.exists():
        raise InputError(
            f"There is no catalogue at {path}.",
            "Give a .jsonl, .csv or .tsv file, a folder with products.jsonl, or one of pictures.",
        )
    if path.is_dir():
        inside = _feed_inside(path)
        if inside is None:
            return Catalogue(path, path.resolve(), "folder", columns)
        path = inside
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"{path} is not a kind of catalogue that can be read.",
            f"Give a folder, or a file that ends in {', '.join(SUFFIXES)}.",
        )
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its rights.") from None
    return Catalogue(path, path.parent.resolve(), kind, columns)


def _feed_inside(folder: Path) -> Path | None:
    """Return the feed that a folder holds; ``None``: it holds pictures alone.

    Raises:
        InputError: It holds several, none of them called ``products``.
    """
    for name in INSIDE:
        if (folder / name).is_file():
            return folder / name
    found = sorted(
        p for p in folder.iterdir()
        if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()
    )  # fmt: skip
    if len(found) > 1:
        raise InputError(
            f"{folder} holds several feeds: {', '.join(p.name for p in found[:5])}.",
            f"Name the one to read: {found[0]}.",
        )
    return found[0] if found else None
