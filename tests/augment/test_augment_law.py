"""Whatever a shop asks: its filters, aggregations and totals stay, or it is told why not."""

from typing import Any

import pytest
from augment_grammar import Grammar
from augment_law import Broken, hold
from augment_shop import query_vectors

from mappings.attach import Attachment
from mappings.errors import InputError
from query.augmenting.augmented import Augmented
from query.augmenting.compile import Wishes, compile_body

pytestmark = pytest.mark.node
SEEDS = 100
AT_ONCE = 20


@pytest.mark.filterwarnings("ignore:Loading the fielddata on the _id field")
@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
@pytest.mark.parametrize("recall", ["keep", "extend"])
def test_random_bodies_keep_what_they_ask_for(
    client: Any, attached: Attachment, first: int, recall: Any
) -> None:
    held = 0
    for seed in range(first, first + AT_ONCE):
        body = Grammar(seed).body()
        for sorting in ("all", "best"):
            held += _holds(client, attached, body, recall, sorting, seed)
    assert held > AT_ONCE // 2, "most bodies can be augmented"


def _holds(
    client: Any, attached: Attachment, body: dict[str, Any], recall: Any, sorting: Any, seed: int
) -> bool:
    from opensearchpy.exceptions import TransportError

    vectors = query_vectors("red cotton dress", "blue lamp" if seed % 3 == 0 else "")
    try:
        made = compile_body(body, attached, vectors, Wishes(recall=recall, sorted=sorting))
    except InputError as error:
        return _refused(error)
    try:
        client.search(index=attached.index, body=body)
    except TransportError:  # the grammar wrote what the engine itself refuses
        return False
    try:
        hold(client, attached.index, made, attached.mapping)
    except Broken as error:
        raise AssertionError(f"seed {seed}, {recall}, {made.execution}: {error}\n{body}") from None
    return True


def _refused(error: InputError) -> bool:
    assert error.problem
    assert error.cure
    return False


def test_the_law_sees_a_lost_filter(client: Any, attached: Attachment) -> None:
    body = {"query": {"bool": {"must": [{"match": {"title": "red"}}],
                               "filter": [{"term": {"brand": "brand1"}}]}}}  # fmt: skip
    made = compile_body(body, attached, query_vectors("red dress"), Wishes(recall="extend"))
    made.body["query"]["bool"]["should"][1]["constant_score"]["filter"]["knn"][
        "shelfsight.text_vector"
    ]["filter"] = {"match_all": {}}
    with pytest.raises(Broken, match="satisfy not"):
        hold(client, attached.index, made, attached.mapping)


def test_the_law_sees_products_that_vectors_added_to_the_shops_own(
    client: Any, attached: Attachment
) -> None:
    body = {"query": {"match": {"title": "oak"}}, "aggs": {"b": {"terms": {"field": "brand"}}}}
    made = compile_body(body, attached, query_vectors("red dress"), Wishes())
    loose = made.body | {"query": {"match_all": {}}}
    wrong = Augmented(
        made.index, loose, "keep", "rescore", made.window, made.weights, (), made.original
    )
    with pytest.raises(Broken):
        hold(client, attached.index, wrong, attached.mapping)
