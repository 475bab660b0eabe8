"""The parallel index: the shop's own mapping and analysis, and our columns beside its fields."""

from collections.abc import Mapping
from typing import Any

from mappings.attach import Attachment, parallel_alias
from mappings.attach_shop import ShopIndex
from mappings.attached_columns import RESERVED
from mappings.connection import address_of, node_errors
from mappings.errors import InputError

# What decides how the shop's documents and queries are understood; all else is the node's or ours.
_COPIED = (
    "analysis", "similarity", "mapping", "number_of_shards", "number_of_routing_shards",
    "routing_partition_size", "max_result_window", "max_inner_result_window",
    "max_rescore_window", "max_docvalue_fields_search", "max_script_fields", "max_ngram_diff",
    "max_shingle_diff", "max_terms_count", "max_regex_length", "query", "sort",
)  # fmt: skip


def parallel_name(shop: ShopIndex, digest: str, generation: int) -> str:
    """Return the parallel index's concrete name."""
    return f"{parallel_alias(shop.asked)}-{digest}-{generation:04d}"


def parallel_body(shop: ShopIndex, attachment: Attachment) -> dict[str, Any]:
    """Return the body with which the parallel index is created.

    The shop's ingest pipelines are left out: its documents have been through them.

    Args:
        shop: The shop's index.
        attachment: What is written into ``_meta``.
    """
    settings = {name: shop.settings[name] for name in _COPIED if name in shop.settings}
    settings |= {"knn": True, "number_of_replicas": shop.settings.get("number_of_replicas", 0)}
    return {"settings": {"index": settings}, "mappings": parallel_mapping(shop, attachment)}


def parallel_mapping(shop: ShopIndex, attachment: Attachment) -> dict[str, Any]:
    """Return the shop's mapping with our columns and our ``_meta``; the shop's own stays."""
    properties = dict(shop.mapping.get("properties", {}))
    ours = {RESERVED: attachment.to_meta()}
    return {
        **shop.mapping,
        "_meta": shop.mapping.get("_meta", {}) | ours,
        "properties": properties | attachment.reserved.declare(),
    }


def follow_mapping(client: Any, shop: ShopIndex, index: str) -> None:  # noqa: ANN401
    """Give the parallel index the fields that the shop's has got since.

    Raises:
        InputError: A field has another type there by now: the parallel index must be made anew.
        NodeUnreachable: The node does not answer.
    """
    from opensearchpy.exceptions import RequestError

    fields = {k: v for k, v in shop.mapping.get("properties", {}).items() if k != RESERVED}
    body: Mapping[str, Any] = {"properties": fields} | (
        {"dynamic": shop.mapping["dynamic"]} if "dynamic" in shop.mapping else {}
    )
    with node_errors(address_of(client)):
        try:
            client.indices.put_mapping(index=index, body=body)
        except RequestError as error:
            raise InputError(
                f"The shop's mapping no longer fits the parallel index {index!r}: {error.info}.",
                "Make it anew: `shelfsight attach detach --index NAME --yes`, then attach again.",
            ) from None


def find_parallel(client: Any, asked: str) -> list[Attachment]:  # noqa: ANN401
    """Return the parallel indices of a shop's, oldest first; unfinished ones too.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    pattern = f"{parallel_alias(asked)}-*"
    with node_errors(address_of(client)):
        found = client.indices.get_mapping(index=pattern, ignore=404)
    if "error" in found:
        return []
    return [
        Attachment.from_meta(name, found[name]["mappings"])
        for name in sorted(found, key=lambda n: n[-4:])
        if RESERVED in found[name]["mappings"].get("_meta", {})
    ]


def create_parallel(client: Any, shop: ShopIndex, attachment: Attachment) -> None:  # noqa: ANN401
    """Create an empty parallel index; its alias comes when it is filled.

    Raises:
        InputError: The node refuses the shop's mapping or settings.
        NodeUnreachable: The node does not answer.
    """
    from opensearchpy.exceptions import RequestError

    with node_errors(address_of(client)):
        try:
            client.indices.create(index=attachment.index, body=parallel_body(shop, attachment))
        except RequestError as error:
            raise InputError(
                f"The node refuses a copy of the mapping of {shop.name!r}: {error.info}.",
                "Correct what it names in the shop's mapping, or ingest the shop's feed.",
            ) from None


def show_parallel(client: Any, attachment: Attachment, old: list[Attachment]) -> None:  # noqa: ANN401
    """Point the alias to a filled parallel index in one step, and delete those before it.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    before = [a.index for a in old if a.index != attachment.index]
    actions = [{"remove_index": {"index": name}} for name in before]
    with node_errors(address_of(client)):
        client.indices.refresh(index=attachment.index)
        client.indices.update_aliases(
            body={
                "actions": [
                    *actions,
                    {"add": {"index": attachment.index, "alias": attachment.target}},
                ]
            }
        )
