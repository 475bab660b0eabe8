"""Queries of examples, several texts and directions, on a real node and against NumPy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from query_shop import DIM, IDENTITY, WORDS, FakeDecoder, FakeImages, Shop
from unhurried import PATIENT, UNHURRIED

from encoders.crop import Box
from encoders.protocol import unit_rows
from mappings.errors import InputError
from query.encode.directions import STEP, direction, mixed, moved
from query.encode.encoder import NEUTRAL
from query.engine import SearchEngine
from query.model.filters import parse_filter
from query.model.mixture import MAX_LIKE, MAX_STRENGTH, Mixture
from query.model.request import SearchRequest
from query.model.result import SearchResult

DRESS = b"red dress 3"
BAG = b"blue handbag 5"


def query(text: str) -> np.ndarray[Any, Any]:
    return np.asarray(WORDS.encode_query([text])[0])


def unit(vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(unit_rows(vector[None])[0])


def raw_of(result: SearchResult, signal: str) -> dict[str, float]:
    return {h.id: c.raw for h in result.hits for c in h.contributions
            if c.signal == signal and not c.missing}  # fmt: skip


def cosines(shop: Shop, column: str, vector: np.ndarray[Any, Any]) -> dict[str, float]:
    return {
        i: float(getattr(v, column) @ vector)
        for i, v in zip(shop.ids, shop.vectors, strict=True)
        if getattr(v, column) is not None
    }


def agree(result: SearchResult, signal: str, wanted: dict[str, float]) -> None:
    """Every hit's raw value of a signal is the cosine with the vector that was meant."""
    found = raw_of(result, signal)
    assert len(found) > 10
    assert found == pytest.approx({key: wanted[key] for key in found}, abs=1e-5)


def full(shop: Shop, skip: int = 0) -> str:
    """A product that has every vector."""
    ids = [i for i, v in zip(shop.ids, shop.vectors, strict=True)
           if v.text is not None and v.image is not None and v.attribute is not None]  # fmt: skip
    return ids[skip]


@pytest.mark.node
def test_more_like_this_compares_stored_vectors_and_leaves_the_product_out(
    engine: SearchEngine, the_shop: Shop
) -> None:
    key = full(the_shop)
    own = the_shop.vectors[the_shop.ids.index(key)]
    result = engine.search(SearchRequest(mixture=Mixture(like=(key,)), size=100))
    assert key not in {hit.id for hit in result.hits}
    assert set(result.weights) == {
        "text", "image", "attribute", "picture_image", "picture_attribute", "coherence",
    }  # fmt: skip
    assert own.text is not None
    assert own.image is not None
    agree(result, "text", cosines(the_shop, "text", own.text))
    agree(result, "attribute", cosines(the_shop, "attribute", own.text))
    agree(result, "picture_image", cosines(the_shop, "image", own.image))
    agree(result, "picture_attribute", cosines(the_shop, "attribute", own.image))
    assert not result.degraded


@pytest.mark.node
def test_several_products_and_uploads_are_mixed_by_their_weights(
    engine: SearchEngine, the_shop: Shop
) -> None:
    one, two = full(the_shop), full(the_shop, 9)
    mixture = Mixture(like=(one, two), picture_weights=(2.0, 1.0, 0.5))
    result = engine.search(SearchRequest(pictures=(DRESS,), mixture=mixture, size=100))
    assert not {one, two} & {hit.id for hit in result.hits}
    stored = [the_shop.vectors[the_shop.ids.index(key)] for key in (one, two)]
    assert stored[0].image is not None
    assert stored[1].image is not None
    wanted = unit(2 * query("red dress 3") + stored[0].image + 0.5 * stored[1].image)
    agree(result, "picture_image", cosines(the_shop, "image", wanted))
    assert stored[0].text is not None
    assert stored[1].text is not None
    agree(result, "text", cosines(the_shop, "text", unit(stored[0].text + 0.5 * stored[1].text)))


@pytest.mark.node
def test_a_weight_of_0_leaves_a_picture_out(engine: SearchEngine) -> None:
    both = SearchRequest(pictures=(DRESS, BAG), size=50)
    first = engine.search(replace(both, mixture=Mixture(picture_weights=(1.0, 0.0))))
    alone = engine.search(SearchRequest(pictures=(DRESS,), size=50))
    assert [h.id for h in first.hits] == [h.id for h in alone.hits]
    assert [h.id for h in engine.search(both).hits] != [h.id for h in alone.hits]


@pytest.mark.node
def test_words_beside_an_example_are_the_text_side(engine: SearchEngine, the_shop: Shop) -> None:
    key = full(the_shop)
    result = engine.search(SearchRequest("蓝色 blue", mixture=Mixture(like=(key,)), size=100))
    agree(result, "text", cosines(the_shop, "text", query("蓝色 blue")))
    assert "lexical" in result.weights


@pytest.mark.node
def test_this_but_in_blue_moves_the_picture_along_the_direction(
    engine: SearchEngine, the_shop: Shop
) -> None:
    mixture = Mixture(but="blue", strength=1.5)
    result = engine.search(SearchRequest(pictures=(DRESS,), mixture=mixture, size=100))
    along = direction(query("blue"), None, query(NEUTRAL))
    wanted = moved(query("red dress 3"), along, 1.5)
    agree(result, "picture_image", cosines(the_shop, "image", wanted))
    agree(result, "text", cosines(the_shop, "text", query("blue")))
    assert "lexical" in result.weights
    from_red = replace(mixture, without="red")
    result = engine.search(SearchRequest(pictures=(DRESS,), mixture=from_red, size=100))
    wanted = moved(
        query("red dress 3"), direction(query("blue"), query("red"), query(NEUTRAL)), 1.5
    )
    agree(result, "picture_image", cosines(the_shop, "image", wanted))


@pytest.mark.node
def test_this_but_in_blue_finds_more_blue_ones_of_the_kind_than_the_picture_does(
    engine: SearchEngine, the_shop: Shop
) -> None:
    products = {p.id: p for p in the_shop.products}

    def blue_dresses(request: SearchRequest) -> int:
        hits = engine.search(replace(request, size=20)).hits
        return sum("blue dress" in products[h.id].title for h in hits)

    alone = SearchRequest(pictures=("red 连衣裙 3".encode(),))
    changed = replace(alone, mixture=Mixture(but="blue", without="red"))
    assert blue_dresses(changed) > blue_dresses(alone)


@pytest.mark.node
def test_without_moves_words_away(engine: SearchEngine, the_shop: Shop) -> None:
    request = SearchRequest("dress", mixture=Mixture(without="red"), size=100)
    away = direction(None, query("red"), query(NEUTRAL))
    agree(
        engine.search(request), "text", cosines(the_shop, "text", moved(query("dress"), away, 1.0))
    )


@pytest.mark.node
def test_several_texts_are_one_mean_and_all_their_words_are_matched(
    engine: SearchEngine, the_shop: Shop
) -> None:
    request = SearchRequest("red dress", mixture=Mixture(also=("手提包",)), size=100)
    result = engine.search(request)
    agree(result, "text", cosines(the_shop, "text", unit(query("red dress") + query("手提包"))))
    products = {p.id: p for p in the_shop.products}
    lexical = raw_of(result, "lexical")
    assert any(v > 0 for k, v in lexical.items() if "手提包" in products[k].title)


@pytest.mark.node
def test_an_example_without_a_picture_is_asked_by_its_text(
    engine: SearchEngine, the_shop: Shop
) -> None:
    key = next(i for i, v in zip(the_shop.ids, the_shop.vectors, strict=True)
               if v.image is None and v.text is not None)  # fmt: skip
    own = the_shop.vectors[the_shop.ids.index(key)].text
    assert own is not None
    result = engine.search(SearchRequest(mixture=Mixture(like=(key,), but="blue"), size=100))
    assert not {"picture_image", "picture_attribute"} & set(result.weights)
    moved_text = moved(own, direction(query("blue"), None, query(NEUTRAL)), 1.0)
    agree(result, "text", cosines(the_shop, "text", moved_text))


@pytest.mark.node
@pytest.mark.parametrize("key", ["nobody", "ghost"])
def test_an_example_that_is_not_there_is_named(key: str, engine: SearchEngine) -> None:
    with pytest.raises(InputError, match=f"no product '{key}'"):
        engine.search(SearchRequest(mixture=Mixture(like=(key,))))


@pytest.mark.node
def test_an_example_without_any_vector_is_named(engine: SearchEngine, the_shop: Shop) -> None:
    bare = next(
        key
        for key, v in zip(the_shop.ids, the_shop.vectors, strict=True)
        if v.text is None and v.image is None and v.attribute is None
    )
    with pytest.raises(InputError, match=f"'{bare}' has no vector"):
        engine.search(SearchRequest(mixture=Mixture(like=(bare,))))


@pytest.mark.node
def test_32_filters_and_an_example_are_not_one_too_many(
    engine: SearchEngine, the_shop: Shop
) -> None:
    filters = tuple(parse_filter(f"price>{n}") for n in range(32))
    request = SearchRequest(mixture=Mixture(like=(full(the_shop),)), filters=filters)
    assert engine.search(request).hits


@pytest.mark.node
def test_without_a_text_encoder_a_direction_is_left_out_and_named(
    client: Any, shelf: str, engine: SearchEngine
) -> None:
    deaf = SearchEngine(
        client, shelf, IDENTITY, image=FakeImages(), decoder=FakeDecoder(),
        patience=PATIENT, budget=UNHURRIED,
    )  # fmt: skip
    request = SearchRequest(pictures=(DRESS,), size=100)
    result = deaf.search(replace(request, mixture=Mixture(but="blue")))
    assert "text" in result.degraded
    assert "lexical" in result.weights  # the words are still looked up
    still = raw_of(engine.search(request), "picture_image")
    both = raw_of(result, "picture_image").keys() & still.keys()
    assert len(both) > 10
    assert {k: raw_of(result, "picture_image")[k] for k in both} == pytest.approx(
        {k: still[k] for k in both}, abs=1e-5
    )


def test_the_arithmetic_of_directions() -> None:
    a, b, neutral = (np.eye(4, dtype=np.float32)[i] for i in range(3))
    assert mixed([a]) is a
    assert mixed([a, b], [3.0, 4.0]) == pytest.approx(np.array([0.6, 0.8, 0, 0]))
    assert direction(None, None, neutral) is None
    assert direction(a, a, neutral) is None
    along = direction(a, b, neutral)
    assert along == pytest.approx(np.array([1, -1, 0, 0]) / np.sqrt(2))
    assert direction(a, None, neutral) == pytest.approx(np.array([1, 0, -1, 0]) / np.sqrt(2))
    assert direction(None, b, neutral) == pytest.approx(np.array([0, -1, 1, 0]) / np.sqrt(2))
    assert moved(a, along, 0.0) is a
    assert moved(a, None, 2.0) is a
    assert moved(b, along, 1.0) == pytest.approx(unit(b + np.float32(STEP) * along))
    there = moved(b, along, 4.0)
    assert np.linalg.norm(there) == pytest.approx(1.0)
    assert float(there @ a) > float(there @ b)
    assert len(there) == 4 < DIM


@pytest.mark.parametrize(
    "given",
    [
        {"like": tuple(f"p{n}" for n in range(MAX_LIKE + 1))},
        {"like": ("",)},
        {"like": ("a", "a")},
        {"like": ("x" * 513,)},
        {"also": ("a",) * 4},
        {"but": "x" * 201},
        {"without": "x" * 201},
        {"strength": -0.1},
        {"strength": MAX_STRENGTH + 0.1},
        {"strength": float("nan")},
        {"picture_weights": (-1.0,)},
        {"picture_weights": (0.0, 0.0)},
        {"picture_weights": (float("inf"),)},
    ],
)
def test_a_mixture_beyond_a_limit_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        Mixture(**given)
    assert refused.value.cure


def test_a_mixture_at_its_limits_is_taken() -> None:
    Mixture(
        like=(*(f"p{n}" for n in range(MAX_LIKE - 1)), "x" * 512), also=("a",) * 3, but="x" * 200,
        without="x" * 200, strength=MAX_STRENGTH, picture_weights=(0.0, 1.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pictures", "mixture", "why"),
    [
        ("dress", (), Mixture(but="blue"), "nothing that is to be"),
        ("", (DRESS,), Mixture(also=("b",)), "without a first"),
        ("a" * 150, (), Mixture(also=("b" * 50,)), "The texts' length is 201"),
        ("", (DRESS,), Mixture(picture_weights=(1.0, 2.0)), "2 picture weights for 1"),
        ("", (DRESS,), Mixture(boxes=(None, None)), "2 boxes for 1"),
        ("", (), Mixture(), "The query is empty"),
        ("", (), Mixture(without="red"), "The query is empty"),
    ],
)
def test_a_mixture_that_does_not_fit_its_request_is_refused(
    text: str, pictures: tuple[bytes, ...], mixture: Mixture, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        SearchRequest(text, pictures=pictures, mixture=mixture)


def test_a_mixture_that_fits_is_taken() -> None:
    SearchRequest("a" * 150, mixture=Mixture(also=("b" * 49,)))
    SearchRequest(pictures=(DRESS,), mixture=Mixture(boxes=(Box(0.1, 0.1, 0.9, 0.9),)))
