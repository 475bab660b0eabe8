"""A field is a column of the index: how it is declared, and how it is filled from a product."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from mappings.product import Product
from mappings.vectors import ProductVectors

Engine = Literal["opensearch", "elasticsearch"]
ENGINES: tuple[Engine, ...] = ("opensearch", "elasticsearch")
Likeness = Literal["cosine", "dot"]
IGNORE_ABOVE = 512


class Field(Protocol):
    """How one column is declared in an index body and filled from a product."""

    @property
    def name(self) -> str:
        """The column's name in the index."""

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return the column's mapping for the engine."""

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the column's JSON value, or ``None`` when the product has none."""


Source = Callable[[Product], Any]


def filled(fields: Iterable[Field], product: Product, vectors: ProductVectors) -> dict[str, Any]:
    """Return the columns' JSON values by name, those that the product has."""
    values = ((f.name, f.fill(product, vectors)) for f in fields)
    return {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True)
class Text:
    """Words, analysed once for Chinese (``.zh``, pairs) and once for English (``.en``, stems).

    Each subfield keeps only the tokens of its own script, so that no word is counted twice.
    With ``keyword`` the column itself is an exact keyword for filters and facets. With
    ``characters`` single characters are indexed beside the pairs: a short text holds few of a
    query's pairs, but most of its characters.
    """

    name: str
    source: Source
    keyword: bool = False
    characters: bool = False

    @property
    def zh(self) -> str:
        """The subfield of Chinese pairs of characters."""
        return f"{self.name}.zh"

    @property
    def en(self) -> str:
        """The subfield of English stems."""
        return f"{self.name}.en"

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return the column and its two subfields; the same for both engines."""
        own: dict[str, Any] = (
            {"type": "keyword", "ignore_above": IGNORE_ABOVE}
            if self.keyword
            else {"type": "text", "index": False}
        )
        analyzer = "shelf_zh_characters" if self.characters else "shelf_zh"
        return own | {
            "fields": {
                "zh": {"type": "text", "analyzer": analyzer},
                "en": {"type": "text", "analyzer": "shelf_en"},
            }
        }

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the text or list of texts."""
        return self.source(product) or None


@dataclass(frozen=True, slots=True)
class Keyword:
    """An exact value, or several, for filters and facets.

    With ``shown`` it is filled from what the encoders made instead of from the record.
    """

    name: str
    source: Source
    shown: Callable[[ProductVectors], list[str]] | None = None

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return a keyword mapping; longer values are kept but not indexed."""
        return {"type": "keyword", "ignore_above": IGNORE_ABOVE}

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the value or list of values."""
        return (self.source(product) if self.shown is None else self.shown(vectors)) or None


@dataclass(frozen=True, slots=True)
class Number:
    """A number (``double``), a whole number (``long``), a date or a flag: ranges and sorting."""

    name: str
    source: Source
    kind: Literal["double", "long", "boolean", "date"] = "double"

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return the numeric mapping."""
        return {"type": self.kind}

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the number as it is; 0 and false are values, not gaps."""
        return self.source(product)


@dataclass(frozen=True, slots=True)
class Card:
    """What an answer shows of a product, once more in one doc value.

    A page of hits is read from doc values without opening a document, which is most of what
    showing a hit costs the engine.

    Args:
        name: The column's name.
        shown: The columns that it holds.
    """

    name: str
    shown: tuple[Field, ...]

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return a binary mapping with doc values; the same for both engines."""
        return {"type": "binary", "doc_values": True}

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the shown columns as JSON in base64, those that the product has."""
        return base64.b64encode(orjson.dumps(filled(self.shown, product, vectors))).decode()

    def read(self, value: str) -> dict[str, Any]:
        """Return the columns that ``fill`` wrote, from a doc value as the engine answers it."""
        # The engine leaves out the padding; more of it than is needed does no harm.
        found: dict[str, Any] = orjson.loads(binascii.a2b_base64(value + "=="))
        return found


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that the encoders measured, such as S_ia; float, in [-1, 1]."""

    name: str
    source: Callable[[ProductVectors], float | None]

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return a float mapping."""
        return {"type": "float"}

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the number, or ``None`` when it could not be measured."""
        return self.source(vectors)


@dataclass(frozen=True, slots=True)
class Vector:
    """A unit vector of ``dim`` float32, searchable by approximate nearest neighbours (HNSW)."""

    name: str
    dim: int
    source: Callable[[ProductVectors], NDArray[np.float32] | None]
    m: int = 16
    ef_construction: int = 100

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return ``knn_vector`` on the Lucene engine, or Elasticsearch's ``dense_vector``."""
        return declare_vector(self.dim, engine, m=self.m, ef_construction=self.ef_construction)

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the vector as a list of floats, or ``None`` for a product without it."""
        vector = self.source(vectors)
        return None if vector is None else vector_json(vector)


@dataclass(frozen=True, slots=True)
class Dot:
    """A vector of any length, ``dim`` float32, whose neighbours are found by dot product."""

    name: str
    dim: int
    source: Callable[[ProductVectors], NDArray[np.float32] | None]

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return the mapping of a vector that is compared by dot product."""
        # Queries lie far from these vectors, and the usual graph finds their neighbours less truly:
        # of the 100 nearest of 30,000 0.939 (ef_search 200), this denser one 0.967.
        return declare_vector(self.dim, engine, m=32, ef_construction=200, likeness="dot")

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return the vector as a list of floats, or ``None`` for a product without any vector."""
        vector = self.source(vectors)
        return None if vector is None else vector_json(vector)


@dataclass(frozen=True, slots=True)
class NestedPictures:
    """The pictures, each with its own vector: ``best`` scoring and "which picture matched"."""

    name: str
    dim: int

    @property
    def vector(self) -> str:
        """The path of the pictures' vectors."""
        return f"{self.name}.vector"

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return a nested column; strict, like the whole index."""
        return {
            "type": "nested",
            "dynamic": "strict",
            "properties": {
                "path": {"type": "keyword", "index": False},
                "role": {"type": "keyword"},
                "sha": {"type": "keyword", "index": False, "doc_values": False},
                "vector": declare_vector(self.dim, engine, m=16, ef_construction=100),
            },
        }

    def fill(self, product: Product, vectors: ProductVectors) -> Any:  # noqa: ANN401 - JSON
        """Return one entry per picture that could be read.

        A swatch beside other pictures has no vector: no query finds a product by its cloth.
        """
        only_swatches = all(p.role == "swatch" for p in vectors.pictures)
        return [
            {"path": p.path, "role": p.role}
            | ({"sha": p.sha} if p.sha else {})
            | ({"vector": vector_json(p.vector)} if p.role != "swatch" or only_swatches else {})
            for p in vectors.pictures
        ] or None


def declare_vector(
    dim: int, engine: Engine, *, m: int, ef_construction: int, likeness: Likeness = "cosine"
) -> dict[str, Any]:
    """Return the mapping of one vector column of ``dim`` floats.

    Args:
        dim: Its length.
        engine: Whose words are used.
        m: Neighbours of a node of the graph.
        ef_construction: Candidates looked at when the graph is built.
        likeness: What near means: the cosine, or the dot product of vectors of any length.
    """
    graph: dict[str, int] = {"m": m, "ef_construction": ef_construction}
    if engine == "elasticsearch":
        return {
            "type": "dense_vector",
            "dims": dim,
            "index": True,
            "similarity": {"cosine": "cosine", "dot": "max_inner_product"}[likeness],
            "index_options": {"type": "hnsw", **graph},
        }
    # The space inside the method: the node answers it there, wherever it was declared.
    method = {
        "name": "hnsw",
        "engine": "lucene",
        "space_type": {"cosine": "cosinesimil", "dot": "innerproduct"}[likeness],
        "parameters": graph,
    }
    return {"type": "knn_vector", "dimension": dim, "method": method}


def vector_json(vector: NDArray[np.float32]) -> list[float]:
    """Return a vector as JSON numbers with seven decimals: short, and exact to 1e-7."""
    numbers: list[float] = vector.astype(np.float64).round(7).tolist()
    return numbers
