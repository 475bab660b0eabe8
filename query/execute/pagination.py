"""Pagination: the page of a window, and the position behind it."""

from query.model.cursor import Position, digest
from query.model.request import MAX_DEPTH, SearchRequest
from query.model.window import Candidate, Window, card_key


def paginate(
    cards: Window, request: SearchRequest, position: Position
) -> tuple[tuple[Candidate, ...], Position | None]:
    """Return the page and the position behind it; ``None`` on the last page.

    With a cursor the page is the first cards in today's order that were not shown yet. So none is
    shown twice and none that can be reached is left out, whatever was written in between.

    Args:
        cards: The cards in their final order.
        request: Page size, and offset where there is no cursor.
        position: Where the previous page ended.
    """

    def card_digest(card: Candidate) -> bytes:
        return digest(card_key(card, request.collapse))

    unseen = cards.candidates[:MAX_DEPTH]
    if position.shown_cards:
        unseen = tuple(card for card in unseen if card_digest(card) not in position.shown_cards)
    end = request.offset + request.size
    shown_cards = position.shown_cards | {card_digest(card) for card in unseen[:end]}
    has_more = len(unseen) > end and len(shown_cards) < MAX_DEPTH and request.size
    return unseen[request.offset : end], Position(shown_cards, position.reach) if has_more else None
