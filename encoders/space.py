"""The vector space of an index: its encoders, projection and attribute weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from encoders.atomic_io import write_atomically
from encoders.attributes import AttributeWeights
from encoders.head import Head, load_head, save_head
from encoders.projection import ProjectedImageEncoder
from encoders.protocol import ImageEncoder, TextEncoder
from encoders.registry import load_image_encoder, load_text_encoder
from mappings.errors import InputError
from mappings.identity import ModelIdentity

_CARD = "space.json"
_PROJECTION = "projection.safetensors"
_ATTRIBUTES = "attributes.json"


@dataclass(frozen=True, slots=True)
class Space:
    """Encoders into one shared space, and the weights of the attribute vector.

    Args:
        text: The text encoder; its space is the shared one.
        image: An image encoder of that space, ``None`` where pictures are not encoded.
        attribute_weights: The catalogue's counts.

    Raises:
        InputError: Text and image do not end in one space.
    """

    text: TextEncoder
    image: ImageEncoder | None
    attribute_weights: AttributeWeights

    def __post_init__(self) -> None:
        if self.image is None:
            return
        text, image = self.text.card, self.image.card
        if (text.space, text.dim) != (image.space, image.dim):
            raise InputError(
                f"Text vectors of {text.name!r} ({text.space}, {text.dim} dimensions) and picture"
                f" vectors of {image.name!r} ({image.space}, {image.dim}) cannot be compared.",
                "Fit a projection into the text space, or take encoders of one space.",
            )

    @property
    def identity(self) -> ModelIdentity:
        """Identifies everything that decides the meaning of the index's vectors."""
        image, projection = _parts(self.image)
        return ModelIdentity(
            text=self.text.card.digest,
            image=image.card.digest if image else "",
            projection=projection.digest if projection else "",
            attributes=self.attribute_weights.digest,
            dim=self.text.card.dim,
            preprocessing=image.card.preprocessing if image else "",
        )

    @property
    def projection(self) -> Head | None:
        """The head that maps picture features into the text space, ``None`` without one."""
        return _parts(self.image)[1]

    def save(self, folder: Path) -> None:
        """Write the space: the names of the encoders, the projection and the weights.

        Args:
            folder: Made when it is missing; ``space.json`` is written last.
        """
        folder.mkdir(parents=True, exist_ok=True)
        image, projection = _parts(self.image)
        if projection is not None:
            save_head(projection, folder / _PROJECTION)
        self.attribute_weights.save(folder / _ATTRIBUTES)
        record = {
            "text": loads_as(self.text),
            "image": loads_as(image) if image else None,
            "projected": projection is not None,
            "identity": asdict(self.identity),
        }
        write_atomically(folder / _CARD, json.dumps(record, ensure_ascii=False, indent=1))


def load_space(
    folder: Path, *, threads: int | None = None, runtime: str = "auto", cache: Path | None = None
) -> Space:
    """Return the space that ``Space.save`` wrote, its models loaded.

    Args:
        folder: Where it was saved.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: How the image encoder runs (``encoders.runtime.probe.RUNTIMES``).
        cache: Folder for exported models and measured choices.

    Raises:
        InputError: The folder holds no space.
        UnknownModel: A model cannot be loaded here.
        IdentityMismatch: A model that bears the name is another one than was saved.
    """
    try:
        record = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        text_name, image_name = str(record["text"]), record["image"]
        saved = ModelIdentity.from_meta(record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"No space can be read from {str(folder)!r}: {error}.",
            "Fit one with an ingest of the catalogue, or name the folder that holds it.",
        ) from None
    image: ImageEncoder | None = None
    if image_name:
        image = load_image_encoder(image_name, threads=threads, runtime=runtime, cache=cache)
        if record.get("projected"):
            image = ProjectedImageEncoder(image, load_head(folder / _PROJECTION))
    text = load_text_encoder(text_name, threads=threads)
    space = Space(text, image, AttributeWeights.load(folder / _ATTRIBUTES))
    space.identity.require(saved, f"The space in {str(folder)!r}")
    return space


def loads_as(encoder: TextEncoder | ImageEncoder) -> str:
    """Return the name under which the registry loads an encoder again.

    A model from a folder is loaded by its path, which is no part of its identity.
    """
    return str(getattr(encoder, "loads_as", encoder.card.name))


def _parts(image: ImageEncoder | None) -> tuple[ImageEncoder | None, Head | None]:
    if isinstance(image, ProjectedImageEncoder):
        return image.encoder, image.projection
    return image, None
