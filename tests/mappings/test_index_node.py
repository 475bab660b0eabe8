import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from index_example import CALIBRATION, IDENTITY, SCHEMA, body, document

from mappings.body import render
from mappings.calibration import Affine, Calibration, Saturation
from mappings.errors import InputError, NodeUnreachable
from mappings.index import (
    alias_targets,
    create,
    diff,
    live_index,
    read_index,
    swap,
    write_calibration,
)

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

pytestmark = pytest.mark.node


def test_create_makes_the_first_generation_and_points_the_free_alias_to_it(
    client: "OpenSearch", alias: str
) -> None:
    name = create(client, alias, IDENTITY, body())
    assert name == f"{alias}-{IDENTITY.digest}-0001"
    live = live_index(client, alias)
    assert live is not None
    assert (live.alias, live.name) == (alias, name)
    assert live.identity == IDENTITY
    assert live.calibration == CALIBRATION


def test_a_second_create_counts_on_and_leaves_the_alias(client: "OpenSearch", alias: str) -> None:
    first = create(client, alias, IDENTITY, body())
    second = create(client, alias, IDENTITY, body())
    assert second == f"{alias}-{IDENTITY.digest}-0002"
    assert alias_targets(client, alias) == (first,)


def test_generations_count_on_after_a_gap_and_past_a_closed_index(
    client: "OpenSearch", alias: str
) -> None:
    first, second, third = (create(client, alias, IDENTITY, body()) for _ in range(3))
    client.indices.delete(index=second)
    client.indices.close(index=third)
    assert create(client, alias, IDENTITY, body()).endswith("-0004")
    assert alias_targets(client, alias) == (first,)


def test_another_identity_counts_for_itself(client: "OpenSearch", alias: str) -> None:
    other = replace(IDENTITY, text="t2")
    create(client, alias, IDENTITY, body())
    name = create(client, alias, other, render(SCHEMA, other, CALIBRATION))
    assert name == f"{alias}-{other.digest}-0001"


def test_an_alias_that_is_the_start_of_another_is_not_mixed_up(
    client: "OpenSearch", alias: str
) -> None:
    create(client, f"{alias}-b", IDENTITY, body())
    assert create(client, alias, IDENTITY, body()).endswith("-0001")
    assert live_index(client, alias).name.startswith(f"{alias}-{IDENTITY.digest}")  # type: ignore[union-attr]


def test_a_fresh_index_does_not_differ_from_its_body(client: "OpenSearch", alias: str) -> None:
    assert diff(client, create(client, alias, IDENTITY, body()), body()) == ()


def test_writing_documents_does_not_make_the_index_differ(client: "OpenSearch", alias: str) -> None:
    name = create(client, alias, IDENTITY, body())
    client.index(index=alias, id="1", body=document(), refresh=True)
    assert diff(client, name, body()) == ()


def _set(path: str, value: object) -> dict[str, Any]:
    wanted = copy.deepcopy(body())
    inner = wanted
    *above, last = path.split(".")
    for key in above:
        inner = inner[key]
    inner[last] = value
    return wanted


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("mappings.properties.price.type", "long"),
        ("mappings.properties.tags.ignore_above", 100),
        ("mappings.properties.text_vector.dimension", 16),
        ("mappings.properties.pictures.properties.vector.method.parameters.m", 32),
        ("mappings.properties.title.fields.en.analyzer", "shelf_zh"),
        ("mappings.dynamic", "true"),
        ("mappings._meta.shelfsight.digest", "other"),
        ("mappings._meta.shelfsight.identity.projection", "other"),
    ],
)
def test_diff_names_exactly_the_changed_place(
    client: "OpenSearch", alias: str, path: str, value: object
) -> None:
    name = create(client, alias, IDENTITY, body())
    (found,) = diff(client, name, _set(path, value))
    assert found.path == path.replace("_meta.shelfsight", "_meta")
    assert str(found.wanted) == str(value)
    assert found.live is not None


def test_diff_names_a_new_and_a_missing_column(client: "OpenSearch", alias: str) -> None:
    name = create(client, alias, IDENTITY, body())
    wanted = body()
    wanted["mappings"]["properties"]["colour"] = {"type": "keyword"}
    del wanted["mappings"]["properties"]["stock"]
    found = {d.path: (d.live, d.wanted) for d in diff(client, name, wanted)}
    assert found == {
        "mappings.properties.colour": (None, {"type": "keyword"}),
        "mappings.properties.stock": ({"type": "double"}, None),
    }


def test_diff_names_another_analysis_and_a_lacking_knn(client: "OpenSearch", alias: str) -> None:
    wanted = body()
    wanted["settings"]["analysis"] = copy.deepcopy(wanted["settings"]["analysis"])
    wanted["settings"]["analysis"]["analyzer"]["shelf_zh"]["filter"].remove("lowercase")
    name = create(client, alias, IDENTITY, body())
    assert [d.path for d in diff(client, name, wanted)] == ["analysis.analyzer.shelf_zh.filter"]
    del wanted["settings"]["index"]["knn"]
    assert "settings.knn" in [d.path for d in diff(client, name, wanted)]


def test_diff_of_someone_elses_index_says_what_it_lacks(client: "OpenSearch", alias: str) -> None:
    client.indices.create(index=f"{alias}-theirs")
    found = {d.path for d in diff(client, f"{alias}-theirs", body())}
    assert {"settings.knn", "mappings.dynamic", "mappings.properties"} <= found


def test_the_calibration_is_measured_so_it_is_no_difference(
    client: "OpenSearch", alias: str
) -> None:
    name = create(client, alias, IDENTITY, body())
    other = render(SCHEMA, IDENTITY, Calibration({"lexical": Saturation(1.0)}))
    assert diff(client, name, other) == ()


def test_swap_moves_the_alias_in_one_step_and_back(client: "OpenSearch", alias: str) -> None:
    first = create(client, alias, IDENTITY, body())
    second = create(client, alias, IDENTITY, body())
    client.index(index=second, id="1", body=document(), refresh=True)
    assert client.count(index=alias)["count"] == 0
    assert swap(client, alias, second) == (first,)
    assert alias_targets(client, alias) == (second,)
    assert client.count(index=alias)["count"] == 1
    assert swap(client, alias, first) == (second,)
    assert alias_targets(client, alias) == (first,)


def test_swap_sends_removal_and_addition_together(client: "OpenSearch", alias: str) -> None:
    first = create(client, alias, IDENTITY, body())
    second = create(client, alias, IDENTITY, body())
    version = client.cluster.state(metric="metadata")["metadata"]["indices"]
    swap(client, alias, second)
    after = client.cluster.state(metric="metadata")["metadata"]["indices"]
    # One update of the cluster's state touches both indices' alias versions exactly once.
    for name in (first, second):
        assert after[name]["aliases_version"] == version[name]["aliases_version"] + 1
    state = client.indices.get_alias(index=second)[second]["aliases"][alias]
    assert state["is_write_index"] is True


def test_swapping_to_where_it_points_is_harmless(client: "OpenSearch", alias: str) -> None:
    name = create(client, alias, IDENTITY, body())
    assert swap(client, alias, name) == (name,)
    assert alias_targets(client, alias) == (name,)


def test_writes_through_the_alias_find_its_index(client: "OpenSearch", alias: str) -> None:
    name = create(client, alias, IDENTITY, body())
    done = client.index(index=alias, id="1", body=document(), params={"require_alias": "true"})
    assert done["_index"] == name


def test_an_unknown_index_cannot_be_swapped_in_compared_or_calibrated(
    client: "OpenSearch", alias: str
) -> None:
    first = create(client, alias, IDENTITY, body())
    for attempt in (
        lambda: swap(client, alias, f"{alias}-none"),
        lambda: diff(client, f"{alias}-none", body()),
        lambda: write_calibration(client, f"{alias}-none", CALIBRATION),
        lambda: read_index(client, alias, f"{alias}-none"),
    ):
        with pytest.raises(InputError, match=rf"no index '{alias}-none'.*shelfsight index list"):
            attempt()
    assert alias_targets(client, alias) == (first,)


def test_an_index_that_is_not_ours_cannot_be_swapped_in(client: "OpenSearch", alias: str) -> None:
    client.indices.create(index=f"{alias}-theirs", body={"mappings": {"_meta": {"a": 1}}})
    with pytest.raises(InputError, match="no model identity"):
        swap(client, alias, f"{alias}-theirs")
    assert alias_targets(client, alias) == ()


def test_no_alias_is_no_live_index(client: "OpenSearch", alias: str) -> None:
    assert live_index(client, alias) is None


def test_a_plain_index_is_no_alias(client: "OpenSearch", alias: str) -> None:
    client.indices.create(index=alias)
    for attempt in (
        lambda: live_index(client, alias),
        lambda: create(client, alias, IDENTITY, body()),
    ):
        with pytest.raises(InputError, match=r"is an index, not an alias.*SHELFSIGHT_ALIAS"):
            attempt()


def test_an_alias_over_several_indices_is_refused_by_name(client: "OpenSearch", alias: str) -> None:
    first = create(client, alias, IDENTITY, body())
    second = create(client, alias, IDENTITY, body())
    client.indices.put_alias(index=second, name=alias)
    with pytest.raises(InputError, match=f"{first}, {second}.*shelfsight index swap"):
        live_index(client, alias)
    assert swap(client, alias, second) == (first, second)
    assert live_index(client, alias).name == second  # type: ignore[union-attr]


@pytest.mark.parametrize("odd", ["*", "a,b", "a b", "a/b", "?"])
def test_a_pattern_is_no_alias(client: "OpenSearch", odd: str) -> None:
    with pytest.raises(InputError, match="SHELFSIGHT_ALIAS"):
        alias_targets(client, odd)


def test_a_body_that_the_node_refuses_is_bad_input(client: "OpenSearch", alias: str) -> None:
    wanted = body()
    wanted["mappings"]["properties"]["price"] = {"type": "money"}
    with pytest.raises(InputError, match=r"refuses the index body.*money"):
        create(client, alias, IDENTITY, wanted)
    assert live_index(client, alias) is None


def test_a_node_that_is_away_is_named(alias: str) -> None:
    from mappings.connection import Connection

    away = Connection("http://127.0.0.1:9").open()
    for attempt in (lambda: live_index(away, alias), lambda: diff(away, alias, body())):
        with pytest.raises(NodeUnreachable, match=r"127\.0\.0\.1:9 does not answer"):
            attempt()
    away.close()


def test_the_calibration_is_written_and_all_else_in_meta_stays(
    client: "OpenSearch", alias: str
) -> None:
    name = create(client, alias, IDENTITY, body())
    before = client.indices.get_mapping(index=name)[name]["mappings"]
    client.indices.put_mapping(
        index=name, body={"_meta": before["_meta"] | {"owner": {"team": "shop"}}}
    )
    other = Calibration({"lexical": Saturation(4.0), "image": Affine(0.1, 0.3)})
    write_calibration(client, name, other)
    after = client.indices.get_mapping(index=name)[name]["mappings"]
    live = live_index(client, alias)
    assert live is not None
    assert (live.calibration, live.identity) == (other, IDENTITY)
    assert after["_meta"]["owner"] == {"team": "shop"}
    assert after["properties"] == before["properties"]
    assert after["dynamic"] == "strict"


def test_a_calibration_that_nobody_can_read_is_bad_input(client: "OpenSearch", alias: str) -> None:
    wanted = body()
    wanted["mappings"]["_meta"]["shelfsight"]["calibration"] = {"text": {"kind": "cubic"}}
    create(client, alias, IDENTITY, wanted)
    with pytest.raises(InputError, match=r"'text'.*Known kinds"):
        live_index(client, alias)
