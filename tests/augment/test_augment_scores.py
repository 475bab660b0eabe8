"""The score of an augmented hit is the formula, and its order is brute force's."""

from typing import Any

import numpy as np
import pytest
from augment_shop import CALIBRATION, COUNT, query_vectors, vectors_of

from mappings.attach import Attachment
from query.augmenting.compile import Wishes, compile_body
from query.augmenting.scoring import NAMES
from query.encode.query_vectors import QueryVectors
from query.model.profiles import DEFAULT, Profile, weigh
from query.plan.reference import score

pytestmark = pytest.mark.node
BODY: dict[str, Any] = {
    "query": {
        "bool": {
            "must": [{"multi_match": {"query": "red dress", "fields": ["title^2", "description"]}}],
            "filter": [{"range": {"price": {"lt": 150}}}],
        }
    },
    "size": 50,
}
COLUMNS = {
    "text": ("text", "text"),
    "image": ("image", "text"),
    "attribute": ("attribute", "text"),
    "picture_image": ("image", "picture"),
    "picture_attribute": ("attribute", "picture"),
}


def expected(
    client: Any, at: Attachment, body: dict[str, Any], vectors: QueryVectors, profile: Profile
) -> dict[str, float]:
    """The formula of every product that the shop's query matches, by NumPy."""
    found = client.search(index=at.index, body={"query": body["query"], "size": COUNT})
    rows = {h["_id"]: h["_score"] for h in found["hits"]["hits"]}
    products = [vectors_of(int(i[1:])) for i in rows]
    raw = {"lexical": np.array(list(rows.values()))}
    for name, (column, side) in COLUMNS.items():
        query = vectors.of(side)
        if name == "image" and vectors.visual is not None:
            query = vectors.visual
        if query is not None:
            held = [getattr(p, column) for p in products]
            raw[name] = np.array([np.nan if v is None else float(v @ query) for v in held])
    raw["coherence"] = np.array([np.nan if p.coherence is None else p.coherence for p in products])
    weights = weigh(profile, {}, tuple(n for n in NAMES if n in raw))
    return dict(zip(rows, score(raw, weights, CALIBRATION.scales), strict=True))


@pytest.mark.parametrize("picture", ["", "blue lamp"])
@pytest.mark.parametrize("seen", ["", "oak chair"])
@pytest.mark.parametrize("sort", [None, [{"_score": "desc"}, {"price": "asc"}]])
def test_every_score_is_the_formulas_and_the_order_brute_forces(
    client: Any, attached: Attachment, picture: str, seen: str, sort: Any
) -> None:
    body = BODY | ({"sort": sort} if sort else {})
    vectors = query_vectors("red dress", picture, seen)
    made = compile_body(body, attached, vectors, Wishes())
    hits = client.search(index=made.index, body=made.body)["hits"]["hits"]
    wanted = expected(client, attached, BODY, vectors, DEFAULT)
    assert len(hits) == 50
    for hit in hits:
        assert hit["_score"] == pytest.approx(wanted[hit["_id"]], abs=1e-5)
    best = sorted(wanted.values(), reverse=True)[:50]
    assert [h["_score"] for h in hits] == pytest.approx(best, abs=1e-5)


def test_raw_profiles_weigh_cosines_and_the_shops_own_score(
    client: Any, attached: Attachment
) -> None:
    profile = Profile("raw", {"lexical": 1.0, "text": 2.0, "image": 1.0}, calibrated=False)
    vectors = query_vectors("oak chair")
    made = compile_body(BODY, attached, vectors, Wishes(profile=profile))
    hits = client.search(index=made.index, body=made.body)["hits"]["hits"]
    found = client.search(index=attached.index, body=BODY | {"size": COUNT})["hits"]["hits"]
    own = {h["_id"]: h["_score"] for h in found}
    for hit in hits:
        product = vectors_of(int(hit["_id"][1:]))
        q = vectors.text
        assert q is not None
        total = own[hit["_id"]] + sum(
            w * float(v @ q) for w, v in ((2.0, product.text), (1.0, product.image))
            if v is not None
        )  # fmt: skip
        assert hit["_score"] - 1.01 == pytest.approx(total / 4.0, abs=1e-5)


def test_the_scale_of_the_shops_scores_can_be_given(client: Any, attached: Attachment) -> None:
    loud = {"query": {"function_score": {"query": BODY["query"], "weight": 1000.0}}, "size": 50}
    plain = compile_body(BODY, attached, query_vectors("red dress"), Wishes(scale=3.0))
    scaled = compile_body(loud, attached, query_vectors("red dress"), Wishes(scale=3000.0))
    first, second = (
        {h["_id"]: h["_score"] for h in client.search(index=m.index, body=m.body)["hits"]["hits"]}
        for m in (plain, scaled)
    )
    assert first == pytest.approx(second, abs=1e-5)


def test_scores_in_the_millions_do_not_push_neighbours_out(
    client: Any, attached: Attachment
) -> None:
    loud = {"query": {"function_score": {"query": {"match_all": {}}, "boost_mode": "replace",
                                         "functions": [{"script_score": {"script": {
                                             "source": "doc['price'].value * 1e9"}}}]}},
            "size": 10}  # fmt: skip
    vectors = query_vectors("red cotton dress")
    only = Wishes(profile=Profile("text", {"text": 1.0}))
    made = compile_body(loud, attached, vectors, only)
    hits = client.search(index=made.index, body=made.body)["hits"]["hits"]
    assert vectors.text is not None
    near = sorted(
        (float(v @ vectors.text) for n in range(COUNT) if (v := vectors_of(n).text) is not None),
        reverse=True,
    )
    scale = CALIBRATION["text"]
    best = [float(scale(np.array(x))) for x in near[:10]]
    assert [h["_score"] for h in hits] == pytest.approx(best, abs=1e-5)


def test_pages_of_one_window_have_neither_gaps_nor_doubles(
    client: Any, attached: Attachment
) -> None:
    body = {"query": {"match_all": {}}, "size": 40}
    seen: list[str] = []
    for start in range(0, COUNT, 40):
        made = compile_body(body | {"from": start}, attached, query_vectors("oak lamp"), Wishes())
        seen += [h["_id"] for h in client.search(index=made.index, body=made.body)["hits"]["hits"]]
    assert len(seen) == len(set(seen)) == COUNT


def test_extending_adds_products_that_words_do_not_find(client: Any, attached: Attachment) -> None:
    body = {"query": {"bool": {"must": [{"match": {"title": "nosuchword"}}],
                               "filter": [{"term": {"active": True}}]}},
            "aggs": {"b": {"terms": {"field": "brand"}}}}  # fmt: skip
    kept = compile_body(body, attached, query_vectors("red dress"), Wishes())
    assert client.search(index=kept.index, body=kept.body)["hits"]["hits"] == []
    more = compile_body(body, attached, query_vectors("red dress"), Wishes(recall="extend"))
    answer = client.search(index=more.index, body=more.body)
    read = more.read(answer)
    assert read["shelfsight"]["matched"]["value"] == 0
    assert read["hits"]["total"]["value"] > 0
    assert read["aggregations"] == {"b": {"doc_count_error_upper_bound": 0,
                                          "sum_other_doc_count": 0, "buckets": []}}  # fmt: skip
    assert all(h["_source"]["active"] for h in answer["hits"]["hits"])


def test_a_body_is_not_changed(attached: Attachment) -> None:
    import copy

    body = copy.deepcopy(BODY | {"highlight": {"fields": {"title": {}}}, "min_score": 0.1})
    before = copy.deepcopy(body)
    compile_body(body, attached, query_vectors("red"), Wishes())
    assert body == before
