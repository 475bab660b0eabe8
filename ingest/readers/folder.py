"""A folder of pictures: a subfolder or a file is a product, its title comes from the names."""

import re
from collections.abc import Iterator
from pathlib import Path

from ingest.readers.rows import Row, rejected
from mappings.errors import InputError
from mappings.product import MAX_PICTURES, parse_product

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")


def read_folder(path: Path) -> Iterator[Row]:
    """Yield a product for each subfolder of pictures and for each picture beside them.

    A subfolder with more pictures than a product may have is a shelf: each of its pictures is a
    product of that category.

    Raises:
        InputError: There is no picture in the folder or one below it.
    """
    line = 0
    for entry in sorted(path.iterdir()):
        if entry.name.startswith("."):
            continue
        for row in _products(path, entry, line):
            line = row.line
            yield row
    if not line:
        raise InputError(
            f"{path} holds no pictures ({', '.join(PICTURES)}) and no products.jsonl.",
            "Give a .jsonl, .csv or .tsv file, a folder with products.jsonl, or one of pictures.",
        )


def _products(root: Path, entry: Path, line: int) -> Iterator[Row]:
    if _is_picture(entry):
        yield _row(root, line + 1, entry.stem, words(entry.stem), [entry])
    elif entry.is_dir():
        pictures = sorted(p for p in entry.iterdir() if _is_picture(p))
        if len(pictures) > MAX_PICTURES:
            shelf = words(entry.name)
            for n, picture in enumerate(pictures, line + 1):
                title = shelf if _is_code(picture.stem) else f"{shelf} {words(picture.stem)}"
                yield _row(root, n, f"{entry.name}/{picture.stem}", title, [picture], shelf)
        elif pictures:
            yield _row(root, line + 1, entry.name, words(entry.name), pictures)


def words(name: str) -> str:
    """Return a file's name as words: ``red_dress-01`` is ``red dress 01``."""
    return re.sub(r"[\s_\-.]+", " ", name).strip() or name


def _is_code(stem: str) -> bool:
    """Tell a number or a hash from a name."""
    return re.fullmatch(r"[0-9a-fA-F\-_]+", stem) is not None


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and path.is_file()


def _row(
    root: Path, line: int, product_id: str, title: str, pictures: list[Path], category: str = ""
) -> Row:
    record = {
        "id": product_id,
        "title": title,
        "categories": [category] if category else [],
        "pictures": [
            {"path": p.relative_to(root).as_posix(), "role": "alternative" if n else "main"}
            for n, p in enumerate(pictures)
        ],
    }
    try:
        return Row(line, parse_product(record), None)
    except InputError as error:
        return rejected(line, error.problem, product_id)
