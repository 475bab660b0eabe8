"""A trained tagger: text in, spans out; loaded from its folder, or the one that ships."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.atomic_io import write_atomically
from encoders.extract.decode import LABELS, decode
from encoders.extract.features import COLUMNS, MEASURES, Features, featurise, sizes
from encoders.extract.gazetteer import Gazetteer
from encoders.extract.plain import plain
from encoders.extract.similar_titles import SimilarTitles
from encoders.extract.spans import Span
from encoders.extract.value_confidence import ValueConfidence
from mappings.errors import InputError

if TYPE_CHECKING:
    from encoders.extract.network import TaggerNetwork

_CARD, _WEIGHTS = "tagger.json", "tagger.safetensors"
_VALUES, _TITLES = "gazetteer.json", "titles.json"
BATCH = 64
_TREES = "belief."  # in saved taggers


@dataclass(frozen=True, slots=True)
class TaggerCard:
    """Describes a tagger.

    Args:
        names: Attribute names that it distinguishes; the empty one stands for all others.
        letters: Characters that it knows.
        hidden: As in ``Shape``.
        layers: As in ``Shape``.
        heads: As in ``Shape``.
        inner: As in ``Shape``.
        narrow: As in ``Shape``.
        lean: As in ``decode``.
        learned_from: What it was trained on, in words.
        licence: SPDX name of the weights' licence, or ``unknown``.
        seed: Of the training.
    """

    names: tuple[str, ...]
    letters: str
    hidden: int
    layers: int
    heads: int
    inner: int
    narrow: int
    lean: float = 0.0
    learned_from: str = ""
    licence: str = "unknown"
    seed: int = 0

    @property
    def numbers(self) -> dict[str, int]:
        """Character to its number."""
        return {letter: n + 2 for n, letter in enumerate(self.letters)}


class Tagger:
    """Finds attribute values in texts.

    Args:
        card: What it is.
        network: Its trained network.
        gazetteer: The values that it was trained beside; another catalogue's may take its place.
        confidence: The probability that each of them is meant.
        titles: The catalogue's titles; another catalogue's may take their place.
    """

    def __init__(
        self,
        card: TaggerCard,
        network: TaggerNetwork,
        gazetteer: Gazetteer,
        confidence: ValueConfidence,
        titles: SimilarTitles,
    ) -> None:
        self.card = card
        self.confidence = confidence
        self.gazetteer = gazetteer
        self.titles = titles
        self._network = network.eval()
        self._numbers = card.numbers

    def find_many(
        self, texts: Sequence[str], categories: Sequence[Sequence[str]] | None = None
    ) -> list[tuple[Span, ...]]:
        """Return the spans of each text, in its order.

        A span's name is the tagger's; where that is the empty one, the gazetteer's for the value,
        if it has one.

        Args:
            texts: As written; characters beyond one pass are not tagged.
            categories: Of each text's product, the widest and the narrowest; none when left out.
        """
        owners = categories or [()] * len(texts)
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        found: list[tuple[Span, ...]] = [()] * len(texts)
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for n, logits in zip(part, self._logits(part, texts, owners), strict=True):
                spans = decode(logits, self.card.names, self.card.lean)
                found[n] = tuple(self._named(texts[n], span) for span in spans)
        return found

    def _logits(
        self, part: Sequence[int], texts: Sequence[str], categories: Sequence[Sequence[str]]
    ) -> list[Any]:
        from encoders.extract.network import LONGEST

        rows = [
            featurise(
                texts[n], categories[n], self._numbers, self.gazetteer, self.confidence, self.titles
            ).first(LONGEST)
            for n in part
        ]
        return logits_of(self._network, rows)

    def weights(self) -> dict[str, Any]:
        """Return the network's tensors by name."""
        return dict(self._network.state_dict())

    def _named(self, text: str, span: Span) -> Span:
        if span.name:
            return span
        entry = self.gazetteer.entries.get(plain(text)[span.start : span.end])
        return Span(span.start, span.end, entry.name) if entry else span

    def save(self, folder: Path) -> None:
        """Write weights as safetensors, values, titles and card as JSON; the card last.

        Args:
            folder: Made when it is missing.
        """
        import torch
        from safetensors.torch import save

        folder.mkdir(parents=True, exist_ok=True)
        kept = {k: v.half() for k, v in self._network.state_dict().items() if v.is_floating_point()}
        trees = {f"{_TREES}{k}": torch.from_numpy(v) for k, v in self.confidence.arrays().items()}
        write_atomically(folder / _WEIGHTS, save(kept | trees))
        self.gazetteer.save(folder / _VALUES)
        self.titles.save(folder / _TITLES)
        write_atomically(
            folder / _CARD, json.dumps(asdict(self.card), ensure_ascii=False, indent=1)
        )


def logits_of(network: TaggerNetwork, rows: Sequence[Features]) -> list[Any]:
    """Return float32 (letters, labels) for each text of one batch, its network in evaluation."""
    import torch

    with torch.inference_mode():
        found = network(*padded(rows)).numpy()
    return [found[n, : len(own.ids)] for n, own in enumerate(rows)]


def padded(rows: Sequence[Features]) -> tuple[Any, Any, Any]:
    """Return texts' features as tensors of one length: ids, measures, and the mask of letters."""
    import numpy as np
    import torch

    longest = max((len(own.ids) for own in rows), default=0) or 1
    ids = np.zeros((len(rows), longest, len(COLUMNS)), dtype=np.int64)
    measures = np.zeros((len(rows), longest, MEASURES), dtype=np.float32)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for n, own in enumerate(rows):
        size = len(own.ids)
        ids[n, :size], measures[n, :size] = own.ids, own.measures
        mask[n, : max(1, size)] = 1  # an empty text still needs something to attend to
    return torch.from_numpy(ids), torch.from_numpy(measures), torch.from_numpy(mask)


def load_tagger(folder: Path) -> Tagger:
    """Return the tagger that ``Tagger.save`` wrote.

    Raises:
        InputError: The folder holds no tagger, or its files do not belong together.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from encoders.extract.network import Shape, TaggerNetwork

    try:
        record = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        record["names"] = tuple(record["names"])
        card = TaggerCard(**record)
        shape = Shape(card.hidden, card.layers, card.heads, card.inner, card.narrow)
        network = TaggerNetwork(sizes(len(card.letters)), MEASURES, LABELS + len(card.names), shape)
        held = load_file(str(folder / _WEIGHTS))
        weights = {k: v.float() for k, v in held.items() if not k.startswith(_TREES)}
        confidence = ValueConfidence.from_arrays(
            {k.removeprefix(_TREES): v.numpy() for k, v in held.items() if k.startswith(_TREES)}
        )
        missing = network.load_state_dict(weights, strict=False)
        lacking = [k for k in missing.missing_keys if not k.endswith("position_ids")]
        if lacking or missing.unexpected_keys:
            raise ValueError(f"weights {(*lacking, *missing.unexpected_keys)[0]!r} do not belong")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise InputError(
            f"No tagger can be read from {str(folder)!r}: {error}.",
            "Train one with `shelfsight tagger train`, or name the folder that holds it.",
        ) from None
    gazetteer = Gazetteer.load(folder / _VALUES)
    return Tagger(card, network, gazetteer, confidence, SimilarTitles.load(folder / _TITLES))
