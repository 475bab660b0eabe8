"""A shop's index as it is found: what may be done with it, and what may not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.attached_columns import RESERVED, is_ours
from mappings.connection import address_of, node_errors
from mappings.errors import InputError


@dataclass(frozen=True, slots=True)
class ShopIndex:
    """One concrete index of a shop's.

    Args:
        asked: The name that was asked for: the index's own or an alias.
        name: The concrete index.
        uuid: Its unique id.
        mapping: As the node shows it.
        settings: Its ``index`` settings, flat below ``index``.
        shards: Primary shards.
        filtered: Whether the alias asked for shows a part of the index only.
        aliases: Every alias of the index.
    """

    asked: str
    name: str
    uuid: str
    mapping: Mapping[str, Any]
    settings: Mapping[str, Any]
    shards: int
    filtered: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why something cannot be done with an index, and what would help."""

    problem: str
    cure: str


def read_shop(client: Any, name: str) -> ShopIndex:  # noqa: ANN401 - opensearchpy.OpenSearch
    """Return the shop's index as it is; nothing is written.

    Raises:
        InputError: There is no such index, or the name stands for several.
        NodeUnreachable: The node does not answer.
    """
    with node_errors(address_of(client)):
        found = client.indices.get(index=name, ignore=404)
    if "error" in found or not found:
        raise InputError(f"There is no index {name!r}.", "Give the name of the shop's index.")
    if len(found) > 1:
        raise InputError(
            f"{name!r} stands for several indices: {', '.join(sorted(found))}.",
            "Attach to each of them by its own name.",
        )
    ((index, entry),) = found.items()
    settings = entry["settings"]["index"]
    own = entry["aliases"].get(name, {})
    return ShopIndex(
        name, index, settings["uuid"], entry["mappings"], settings,
        int(settings["number_of_shards"]), bool(own.get("filter")), tuple(entry["aliases"]),
    )  # fmt: skip


def parallel_hindrances(shop: ShopIndex) -> tuple[Hindrance, ...]:
    """Return why the shop's documents cannot be carried over whole; empty when they can."""
    return tuple([*_source_hindrances(shop), *_own_field(shop), *_filtered(shop)])


def in_place_hindrances(shop: ShopIndex) -> tuple[Hindrance, ...]:
    """Return why vectors cannot be added to the shop's own index; empty when they can."""
    found = [*_source_hindrances(shop), *_own_field(shop)]
    if str(shop.settings.get("knn", "false")).lower() != "true":
        found.append(
            Hindrance(
                f"{shop.name!r} was created without index.knn: it would take a vector field and"
                " refuse every search over it, and the setting cannot be changed afterwards.",
                "Use the parallel index (the default), or create the shop's index anew with"
                " index.knn: true.",
            )
        )
    if pipeline := shop.settings.get("final_pipeline"):
        found.append(
            Hindrance(
                f"{shop.name!r} passes every write through the pipeline {pipeline!r}, ours too.",
                "Use the parallel index.",
            )
        )
    blocks = shop.settings.get("blocks", {})
    if any(str(blocks.get(b, "")).lower() == "true" for b in ("read_only", "write", "metadata")):
        found.append(Hindrance(f"{shop.name!r} is closed to writes.", "Use the parallel index."))
    return tuple(found)


def external_version(row: Mapping[str, Any]) -> Hindrance | None:
    """Tell whether a document's version is the shop's own and not counted by the node.

    Every write gets a sequence number of its shard, so a counted version is at most the number
    of the last one plus 1. A partial update of ours would raise the shop's own version by 1, and
    the shop's next write could then be refused as stale.

    Args:
        row: A hit with ``_version`` and ``_seq_no``.
    """
    if int(row["_version"]) <= int(row["_seq_no"]) + 1:
        return None
    return Hindrance(
        f"Document {row['_id']!r} has version {row['_version']}, which the shop gave it: a partial"
        " update would raise it, and the shop's own next write could be refused as stale.",
        "Use the parallel index (the default).",
    )


def _source_hindrances(shop: ShopIndex) -> list[Hindrance]:
    source = shop.mapping.get("_source", {})
    if source.get("enabled", True) in (False, "false"):
        return [
            Hindrance(
                f"{shop.name!r} keeps no _source, so its documents cannot be read back.",
                "Ingest the shop's feed: `shelfsight ingest PATH`.",
            )
        ]
    if left_out := [*source.get("excludes", ()), *source.get("includes", ())]:
        return [
            Hindrance(
                f"{shop.name!r} keeps only a part of each document in _source"
                f" ({', '.join(left_out)}): what is left out would be lost.",
                "Ingest the shop's feed: `shelfsight ingest PATH`.",
            )
        ]
    return []


def _own_field(shop: ShopIndex) -> list[Hindrance]:
    declared = shop.mapping.get("properties", {}).get(RESERVED)
    if declared is None or is_ours(declared):
        return []
    return [
        Hindrance(
            f"{shop.name!r} has a field {RESERVED!r} of its own.",
            "Rename it: our columns lie under this name.",
        )
    ]


def _filtered(shop: ShopIndex) -> list[Hindrance]:
    if not shop.filtered:
        return []
    return [
        Hindrance(
            f"The alias {shop.asked!r} shows only a part of {shop.name!r}, by a filter.",
            f"Attach to the index itself: --index {shop.name}.",
        )
    ]
