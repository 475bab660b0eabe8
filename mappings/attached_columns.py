"""The columns that Shelfsight adds to an index it does not own, all under one reserved name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.fields import Vector, declare_vector, vector_json
from mappings.vectors import ProductVectors

RESERVED = "shelfsight"
"""The object that holds our columns; a shop's own field of this name is never touched."""

TEXT = f"{RESERVED}.text_vector"
IMAGE = f"{RESERVED}.image_vector"
ATTRIBUTE = f"{RESERVED}.attribute_vector"
COHERENCE = f"{RESERVED}.coherence"
CONTENT = f"{RESERVED}.content"
VECTORS = (TEXT, IMAGE, ATTRIBUTE)


@dataclass(frozen=True, slots=True)
class AttachedColumns:
    """The reserved columns of an index whose vectors have ``dim`` dimensions.

    None of them can be matched by words: a shop's query over all fields (``multi_match`` or
    ``query_string`` without fields) must find what it found before. That is why coherence, one
    number, is a vector of one dimension, and why the content hash is not indexed.
    """

    dim: int

    @property
    def text(self) -> Vector:
        """The product's text, S_qt."""
        return Vector(TEXT, self.dim, lambda v: v.text)

    @property
    def image(self) -> Vector:
        """The product's pictures, pooled, S_qi."""
        return Vector(IMAGE, self.dim, lambda v: v.image)

    @property
    def attribute(self) -> Vector:
        """The product's attribute values, S_qa."""
        return Vector(ATTRIBUTE, self.dim, lambda v: v.attribute)

    def declare(self) -> dict[str, Any]:
        """Return the ``properties`` to add to the index's mapping."""
        columns: dict[str, Any] = {
            field.name.partition(".")[2]: field.declare("opensearch")
            for field in (self.text, self.image, self.attribute)
        }
        columns["coherence"] = declare_vector(
            1, "opensearch", m=2, ef_construction=2, likeness="dot"
        )
        columns["content"] = {"type": "keyword", "index": False, "doc_values": False}
        return {RESERVED: {"type": "object", "dynamic": "strict", "properties": columns}}

    def fill(self, vectors: ProductVectors, content: str) -> dict[str, Any]:
        """Return the reserved object of one product; a column it lacks is ``None``.

        ``None`` is written and not left out: a partial update would otherwise keep the vector of
        a picture that the product has lost.

        Args:
            vectors: What the encoders made of it, each vector float32 (dim,).
            content: Hash of everything that the vectors were made from.
        """
        found: dict[str, Any] = {
            name.partition(".")[2]: None if row is None else vector_json(row)
            for name, row in (
                (TEXT, vectors.text), (IMAGE, vectors.image), (ATTRIBUTE, vectors.attribute)
            )
        }  # fmt: skip
        coherence = vectors.coherence
        found["coherence"] = None if coherence is None else [round(float(coherence), 7)]
        found["content"] = content
        return found


def is_ours(declared: Mapping[str, Any]) -> bool:
    """Tell whether a field of the reserved name was declared by us.

    Args:
        declared: Its mapping, as the node shows it.
    """
    names = {name.partition(".")[2] for name in (*VECTORS, COHERENCE, CONTENT)}
    return set(declared.get("properties", {})) == names
