"""Texts: which texts of a request are encoded, and which are matched as words."""

from collections.abc import Sequence
from dataclasses import replace

from query.model.input_limits import plain_text
from query.model.intent import Intent, script_of
from query.opensearch.stored_vectors import Example


def with_change(intent: Intent, examples: Sequence[Example]) -> Intent:
    """Return the intent with the words of its change as its text, where it has no other.

    "This, but in red" asks for what looks like the picture moved towards red, and for what is
    said to be red as well. A stored product without a picture is asked for by its own text, which
    is moved; its words would be lost.

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
    """Return the intent whose text is all of its texts, which are matched as one."""
    texts = encoded_texts(intent)
    if len(texts) < 2:
        return intent
    joined = " ".join(texts)
    return replace(intent, text=joined, script=script_of(joined))


def encoded_texts(intent: Intent) -> tuple[str, ...]:
    """Return the texts that are embedded: the query's, and those beside it."""
    also = (plain_text(one) for one in intent.request.mixture.also)
    return tuple(words for words in (intent.encoded, *also) if words)
