"""Texts: which texts of a request are encoded, and which are matched as words."""

from collections.abc import Sequence
from dataclasses import replace

from query.model.input_limits import plain_text
from query.model.intent import Intent, script_of
from query.opensearch.stored_vectors import Example


def with_change(intent: Intent, examples: Sequence[Example]) -> Intent:
    """Return the intent with the words of ``but`` as its text, if it has no other text.

    "This, but in red" moves the picture vector towards red and also matches the word "red". For a
    stored product without a picture, the text vector is moved instead and no word is matched.

    Args:
        intent: The request understood.
        examples: The stored products that it asks for more of.
    """
    change = plain_text(intent.request.mixture.but)
    shown = intent.request.pictures or any(e.image is not None for e in examples)
    if intent.text or not change or not shown:
        return intent
    return replace(intent, text=change, script=script_of(change))


def with_all_texts(intent: Intent) -> Intent:
    """Return the intent with all of its texts joined, which are matched as one."""
    texts = encoded_texts(intent)
    if len(texts) < 2:
        return intent
    joined = " ".join(texts)
    return replace(intent, text=joined, script=script_of(joined))


def encoded_texts(intent: Intent) -> tuple[str, ...]:
    """Return the texts to encode: the query's and the further ones."""
    also = (plain_text(one) for one in intent.request.mixture.also)
    return tuple(words for words in (intent.encoded, *also) if words)
