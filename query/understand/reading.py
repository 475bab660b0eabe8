"""Reading: how the engine has a request's words understood, and what it may ask instead."""

from collections.abc import Iterator
from typing import Protocol

from mappings.index import CatalogueIndex
from query.model.input_limits import plain_text
from query.model.intent import Intent, understand
from query.model.request import SearchRequest
from query.suggest.suggester import require_typed
from query.suggest.suggestion import Suggestions


class Reading(Protocol):
    """Turns a request into an intent, and an intent that found nothing into easier ones."""

    def read(self, request: SearchRequest, index: CatalogueIndex) -> Intent:
        """Return the request understood, with the words of the index's catalogue."""

    def relaxed_queries(self, intent: Intent, index: CatalogueIndex) -> Iterator[Intent]:
        """Yield the intent with one constraint less each time, in the stated order."""

    def record_success(self, request: SearchRequest) -> None:
        """Take note of a request that found something."""

    def forget(self) -> None:
        """Forget what is known of the catalogue; the next request has it read anew."""

    def suggest(self, typed: str, size: int, index: CatalogueIndex) -> Suggestions:
        """Return completions of what was typed so far, at most ``size``."""


class PlainReading:
    """Takes the words as they are."""

    def read(self, request: SearchRequest, index: CatalogueIndex) -> Intent:
        """Return the request with its text in NFKC and its script."""
        return understand(request)

    def relaxed_queries(self, intent: Intent, index: CatalogueIndex) -> Iterator[Intent]:
        """Yield nothing: what was not read cannot be relaxed."""
        return iter(())

    def record_success(self, request: SearchRequest) -> None:
        """Do nothing."""

    def forget(self) -> None:
        """Do nothing: nothing is known."""

    def suggest(self, typed: str, size: int, index: CatalogueIndex) -> Suggestions:
        """Return nothing: there is no vocabulary to complete from."""
        require_typed(plain_text(typed), size)
        return Suggestions(plain_text(typed))


PLAIN = PlainReading()
