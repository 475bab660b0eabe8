"""Forty bodies in the shapes of real shops: each equal to the shop's own answer, or refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attach_workshop import SPACE
from augment_law import hold
from foreign_shops import ForeignBody, foreign_bodies, open_foreign_shop, shapes

from mappings.attach import Attachment
from mappings.errors import InputError
from query.augmenting.compile import Wishes, compile_body
from query.encode.query_vectors import QueryVectors

LISTED = foreign_bodies()


@pytest.fixture(scope="session")
def shops(client: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Every shape's shop and what is attached to it, opened when it is first asked for."""
    opened: dict[str, tuple[str, Attachment]] = {}

    def of(shape: str) -> tuple[str, Attachment]:
        if shape not in opened:
            folder: Path = tmp_path_factory.mktemp(shape)
            opened[shape] = open_foreign_shop(client, shape, folder)
        return opened[shape]

    yield of
    for name, _ in opened.values():
        client.indices.delete(index=f"{name}*")


def vectors(text: str) -> QueryVectors:
    return QueryVectors(SPACE.text.encode_query([text])[0])


@pytest.mark.node
@pytest.mark.filterwarnings("ignore:Loading the fielddata on the _id field")
@pytest.mark.parametrize("recall", ["keep", "extend"])
@pytest.mark.parametrize("foreign", LISTED, ids=lambda b: b.label)
def test_a_foreign_body_is_answered_as_before_or_refused(
    client: Any, shops: Any, foreign: ForeignBody, recall: Any
) -> None:
    shop, attached = shops(foreign.shop)
    if refused := foreign.refused if recall == "keep" else foreign.refused_extended:
        with pytest.raises(InputError, match=refused):
            compile_body(foreign.body, attached, vectors(foreign.text), Wishes(recall=recall))
        return
    own = client.search(index=shop, body=foreign.body)
    assert own["hits"]["hits"], "the shop's own body finds something, so that there is a test"
    made = compile_body(foreign.body, attached, vectors(foreign.text), Wishes(recall=recall))
    assert made.execution != "unchanged"
    hold(client, shop, made, attached.mapping)
    if made.execution == "sorted":
        best = Wishes(recall=recall, sorted="best")
        if "search_after" not in foreign.body:
            made = compile_body(foreign.body, attached, vectors(foreign.text), best)
            hold(client, shop, made, attached.mapping)


def test_there_are_forty_and_each_says_where_its_shape_comes_from() -> None:
    assert len(LISTED) == 40
    assert len({b.label for b in LISTED}) == 40
    assert all(len(b.source) > 15 for b in LISTED)
    assert sum(bool(b.refused) for b in LISTED) == 3, "a refusal is listed, not found out"


def test_the_list_covers_what_bodies_are_made_of() -> None:
    text = str([b.body for b in LISTED])
    for part in (
        "bool", "multi_match", "match_phrase", "dis_max", "function_score", "nested", "'aggs'",
        "'aggregations'", "'global'", "'filters'", "highlight", "'sort'", "collapse",
        "post_filter", "min_score", "'from'", "_source", "'fields'", "docvalue_fields",
        "script_fields", "suggest", "rescore", "search_after", "track_total_hits", "timeout",
        "hybrid", "script_score", "boosting", "lat", "inner_hits", "fuzziness", "top_hits",
        "sampler", "_script", "stored_fields",
    ):  # fmt: skip
        assert part in text, part
    assert len(shapes()) == 8
