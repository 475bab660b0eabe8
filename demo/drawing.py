"""The demo catalogue while it is being drawn: its rows come as their pictures lie on the disk."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.catalogue.write import iter_products
from ingest.catalogue import Catalogue
from ingest.readers.columns import ColumnMap
from ingest.readers.rows import Row
from mappings.product import parse_product
from shelfsight.progress import Advance


@dataclass(frozen=True, slots=True)
class Size:
    """How large the demo catalogue is."""

    products: int = 1_000
    pictures: int = 10
    tags: int = 100


@dataclass(frozen=True, slots=True)
class DrawnCatalogue(Catalogue):
    """A catalogue whose pictures are drawn while its rows are read.

    Reading it again, or after an interruption, draws only what is missing.

    Args:
        size: Products, pictures and tags.
        seed: The same one draws the same pictures.
        advance: Told how many pictures are drawn.
        processes: How many draw at once.
    """

    size: Size = Size()
    seed: int = 7
    advance: Advance = lambda done, total: None
    processes: int = 1

    def rows(self) -> Iterator[Row]:
        """Yield each product as soon as its pictures are drawn."""
        records = iter_products(
            self.root, products=self.size.products, pictures=self.size.pictures,
            tags=self.size.tags, seed=self.seed, processes=self.processes, progress=self.advance,
        )  # fmt: skip
        for line, record in enumerate(records, start=1):
            yield Row(line, parse_product(json.loads(json.dumps(record))))


def demo_catalogue(folder: Path, size: Size, seed: int) -> DrawnCatalogue:
    """Return the demo catalogue in a folder, drawn as it is read."""
    return DrawnCatalogue(folder / "products.jsonl", folder, "jsonl", ColumnMap(), size, seed)
