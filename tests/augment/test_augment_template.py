"""The stored template asks for what Python asks for, and its names say their version."""

from collections.abc import Iterator
from typing import Any

import pytest
from augment_grammar import Grammar
from augment_shop import query_vectors

from mappings.attach import Attachment
from mappings.errors import InputError
from mappings.fields import vector_json
from query.augmenting.compile import Wishes, compile_body
from query.augmenting.scoring import SCRIPT_ID
from query.augmenting.template import install, template_id, uninstall
from query.model.profiles import Profile

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def stored(client: Any, attached: Attachment) -> Iterator[str]:
    script, name = install(client, attached)
    assert client.get_script(id=script)["found"]
    yield name
    # The script may be another session's, too, on a node that is shared.
    assert uninstall(client, attached, last=False) == (name,)
    assert not client.get_script(id=name, ignore=404)["found"]


@pytest.mark.parametrize("picture", ["", "blue lamp"])
@pytest.mark.parametrize("seen", ["", "oak chair"])
def test_the_template_equals_pythons_request(
    client: Any, attached: Attachment, stored: str, picture: str, seen: str
) -> None:
    vectors, compared = query_vectors("red cotton dress", picture, seen), 0
    for seed in range(40):
        body = Grammar(seed).body()
        try:
            made = compile_body(body, attached, vectors, Wishes())
        except InputError:
            continue
        if made.template is None or {"explain", "highlight"} & body.keys():
            continue
        direct = client.search(index=made.index, body=made.body)
        asked_by_name = client.search_template(index=made.index, body=made.template)
        for answer in (direct, asked_by_name):
            answer.pop("took")
        assert asked_by_name.pop("status") == 200
        assert asked_by_name == direct, f"seed {seed}: {body}"
        compared += 1
    assert compared > 5


def test_a_shop_needs_its_query_and_a_vector_and_nothing_else(
    client: Any, attached: Attachment, stored: str
) -> None:
    vectors = query_vectors("red cotton dress")
    assert vectors.text is not None
    query = {"bool": {"must": [{"match": {"title": "cotton"}}],
                      "filter": [{"term": {"active": True}}]}}  # fmt: skip
    params = {
        "query": query,
        "text": {"vector": vector_json(vectors.text)},
        "sections": [{"name": "size", "value": 7}],
    }
    answer = client.search_template(index=attached.index, body={"id": stored, "params": params})
    made = compile_body({"query": query, "size": 7}, attached, vectors, Wishes())
    direct = client.search(index=made.index, body=made.body)
    rows = [[(h["_id"], h["_score"]) for h in a["hits"]["hits"]] for a in (answer, direct)]
    assert rows[0] == rows[1]
    assert answer["hits"]["total"] == direct["hits"]["total"]


def test_weights_and_scale_can_be_given(client: Any, attached: Attachment, stored: str) -> None:
    body = {"query": {"match": {"title": "oak chair"}}, "size": 20}
    wishes = Wishes(weights={"text": 2.0, "image": 0.1}, scale=1.5)
    made = compile_body(body, attached, query_vectors("oak"), wishes)
    assert made.template is not None
    answer = client.search_template(index=attached.index, body=made.template)
    direct = client.search(index=attached.index, body=made.body)
    assert answer["hits"] == direct["hits"]


def test_the_names_say_version_and_text(attached: Attachment) -> None:
    assert SCRIPT_ID.startswith("shelfsight-formula-1-")
    assert template_id(attached) == f"shelfsight-{attached.index}-v1"


def test_what_the_template_cannot_say_is_not_offered(attached: Attachment) -> None:
    body = {"query": {"match": {"title": "oak"}}}
    vectors = query_vectors("oak")
    raw = Profile("raw", {"text": 1.0}, calibrated=False)
    assert compile_body(body, attached, vectors, Wishes(recall="extend")).template is None
    assert compile_body(body, attached, vectors, Wishes(profile=raw)).template is None
    assert compile_body(body | {"sort": ["price"]}, attached, vectors, Wishes()).template is None
