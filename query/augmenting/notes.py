"""What a reader of an augmented answer should know, in sentences."""

from collections.abc import Mapping
from typing import Any

NO_VECTOR = "There is no vector to compare: the body is the shop's own."
NO_HITS = "The body asks for no hits, so there is nothing to rank: it is the shop's own."
SORTED = (
    "The hits are sorted by the shop's fields, so vectors change nothing in their order; with"
    " recall extend they add products, with sorted best only the best candidates are sorted."
)
SORTED_EXTENDED = "The shop's own matches and the added products are sorted together."
SCRIPT = (
    "The formula is computed for every match, which sort, collapse and completions need; it costs"
    " the more, the more products match."
)
WIDE = (
    "The aggregation {!r} depends on the shop's scores, which therefore stay the first scores: the"
    " formula orders the best 10,000 of them on each shard."
)
WINDOW = (
    "This request finds the best candidates; send what `second` makes of its answer, which sorts"
    " them. Its total counts candidates, its aggregations the shop's match set."
)
PIT = "The point in time must be opened on {!r}, where the vectors are."
_RESCORE = "The shop's rescoring counts in the lexical score of every candidate."
_PIPELINE = (
    "The search pipeline is the engine's to apply, to this request as to the shop's; its filters"
    " reach neighbours only after they were found."
)
_STOPS = "The engine stops after terminate_after matches, and only those are ranked."
_ALL_FIELDS = "A pattern in `fields` may show our columns beside the shop's."


def of_body(body: Mapping[str, Any]) -> list[str]:
    """Return the notes that a body's own sections call for."""
    patterns = [f.get("field") if isinstance(f, Mapping) else f for f in body.get("fields", ())]
    found = {
        _RESCORE: "rescore" in body,
        _PIPELINE: "search_pipeline" in body,
        _STOPS: "terminate_after" in body,
        _ALL_FIELDS: any("*" in str(p) for p in patterns),
    }
    return [note for note, is_so in found.items() if is_so]
