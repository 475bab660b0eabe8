import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_contract_bodies import BLEND, CALIBRATION
from test_query_bodies import DIM, SEEN, TEXT

from encoders.query_expander import ExpandedQuery
from encoders.registry import load_text_encoder
from mappings.calibration import Calibration, Centred, pack
from mappings.schema import Schema
from query.encode.encoder import QueryEncoder
from query.encode.query_vectors import MAX_DERIVED, QueryVectors
from query.model.intent import understand
from query.model.mixture import Mixture
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.plan.compiler import compile_plan

HASH = load_text_encoder("hash:32")


def centred(seed: int) -> Calibration:
    centre = np.random.default_rng(seed).normal(size=DIM) / 10
    own = Centred(0.0, 0.5, True, pack(centre))
    return Calibration({**CALIBRATION.scales, "text": own, "image": own})


class Failing:
    """A sight, or a text encoder, that fails the first time."""

    card = HASH.card

    def __init__(self) -> None:
        self.asked = 0

    def start_lookup(self, text: str) -> Any:
        return None

    def expand(self, text: str, words: Any, meant: Any) -> ExpandedQuery:
        self._fail()
        return ExpandedQuery(-words)

    def encode_query(self, texts: Sequence[str]) -> Any:
        self._fail()
        return HASH.encode_query(texts)

    def _fail(self) -> None:
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("out of memory")


def encoder(text: Any = HASH, sight: Any = None) -> QueryEncoder:
    return QueryEncoder(text, None, None, 32, sight=sight)


def test_words_seen_before_give_the_very_same_vectors() -> None:
    ours = encoder()
    first, again, other = (
        ours.encode(understand(SearchRequest(text)))[0] for text in ("红裙", " 红裙 ", "蓝裙")
    )
    assert first is again
    assert other is not first


@pytest.mark.parametrize("more", [{"also": ("blue",)}, {"without": "blue"}, {"also": ("red",)}])
def test_words_with_more_beside_them_are_not_taken_for_the_words_alone(
    more: dict[str, Any],
) -> None:
    ours = encoder()
    alone = ours.encode(understand(SearchRequest("red")))[0]
    mixed = ours.encode(understand(SearchRequest("red", mixture=Mixture(**more))))[0]
    assert mixed is not alone
    assert ours.encode(understand(SearchRequest("red")))[0] is alone


def test_what_failed_is_tried_again() -> None:
    intent = understand(SearchRequest("red dress"))
    ours = encoder(text=Failing())
    assert ours.encode(intent) == (QueryVectors(), ("text",))
    assert ours.encode(intent)[1] == ()
    looking = encoder(sight=Failing())
    assert looking.encode(intent)[0].visual is None
    assert looking.encode(intent)[0].visual is not None


def test_a_plan_is_the_same_whatever_was_planned_with_its_vectors_before() -> None:
    kept = QueryVectors(TEXT, None, SEEN)
    profiles = [replace(DEFAULT, weights={**DEFAULT.weights, "image": w}) for w in (0.2, 0.25, 0.3)]
    words = ("红裙", "red dress")
    scales = [CALIBRATION, *(centred(n) for n in (1, 2))]
    cases = itertools.product(profiles, words * 2, (BLEND, None), scales)
    for profile, text, blend, calibration in cases:
        intent = understand(SearchRequest(text))
        had, new = (
            compile_plan(intent, vectors, profile, Schema(DIM, blend), calibration)
            for vectors in (kept, QueryVectors(TEXT, None, SEEN))
        )
        assert had.body == new.body
        assert [t.scale for t in had.terms] == [t.scale for t in new.terms]


def test_what_was_made_of_vectors_does_not_pile_up() -> None:
    vectors = QueryVectors(np.ones(4, np.float32))
    for n in range(10 * MAX_DERIVED):
        assert vectors.get_or_compute(n, lambda n=n: [n]) == [n]  # type: ignore[misc]
    assert len(vectors._derived) <= MAX_DERIVED
