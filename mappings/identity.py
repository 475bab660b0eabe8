"""The identity of the models that made an index's vectors: vectors of two spaces never meet."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from mappings.errors import IdentityMismatch, InputError


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Everything that decides what a vector means.

    Args:
        text: Digest of the text encoder's card.
        image: Digest of the image encoder's card, empty when pictures are not encoded.
        projection: Digest of the projection into the text space, empty when there is none.
        attributes: Digest of the attribute weights.
        dim: Dimensions of the shared space.
        preprocessing: Digest of the picture preprocessing, empty when pictures are not encoded.
    """

    text: str
    image: str
    projection: str
    attributes: str
    dim: int
    preprocessing: str

    @property
    def digest(self) -> str:
        """Ten hexadecimal characters that change with any of the parts."""
        return _digest(self)

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> "ModelIdentity":
        """Return the identity that an index body's ``_meta`` holds.

        Raises:
            InputError: The index was not made by Shelfsight.
        """
        try:
            return cls(**meta["identity"])
        except (KeyError, TypeError):
            raise InputError(
                "The index holds no model identity in its _meta, so its vectors' meaning is"
                " unknown.",
                "Create it with `shelfsight index create`, or attach Shelfsight to it.",
            ) from None

    def require(self, found: "ModelIdentity", where: str) -> None:
        """Refuse to go on when ``found`` is another identity.

        Raises:
            IdentityMismatch: Naming every part that differs.
        """
        ours, theirs = asdict(self), asdict(found)
        differing = [f"{k} {theirs[k]!r} (here {ours[k]!r})" for k in ours if ours[k] != theirs[k]]
        if differing:
            raise IdentityMismatch(
                f"{where} holds vectors of another model: {', '.join(differing)}.",
                "Ingest into a new index (`shelfsight index create`, then `swap`), or start this"
                " program with the models and the space folder that made the index.",
            )


@cache  # asked for with every search
def _digest(identity: ModelIdentity) -> str:
    parts = json.dumps(asdict(identity), sort_keys=True).encode()
    return hashlib.sha256(parts).hexdigest()[:10]


def index_name(alias: str, identity: ModelIdentity, generation: int) -> str:
    """Return the concrete index name: alias, model identity and a four-digit generation."""
    return f"{alias}-{identity.digest}-{generation:04d}"
