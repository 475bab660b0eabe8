"""The law that every augmented body is held to, on a real node, beside the shop's own body."""

from collections.abc import Mapping
from typing import Any

from mappings.attach_fields import field_types
from query.augmenting.augmented import Augmented
from query.augmenting.clauses import FieldTypes
from query.augmenting.lexical import own_query
from query.augmenting.relax import relax

ALL = 10_000
# What a hit shows that the formula must not change.
SHOWN = ("_source", "fields", "highlight", "_version", "_seq_no", "_primary_term",
         "matched_queries", "ignored_field_values")  # fmt: skip


_PLACES = ("_explanation", "_index", "_shard", "_node")


class Broken(AssertionError):
    """An augmented body that does not keep what it promises."""


def hold(client: Any, index: str, made: Augmented, mapping: Mapping[str, Any]) -> None:
    """Run the shop's body and the augmented one, and compare what must be equal.

    Raises:
        Broken: Naming what differs.
    """
    body = made.original
    own = client.search(index=_index(body, index), body=body)
    answer = client.search(index=made.index, body=made.body)
    if made.execution == "window":
        answer = client.search(index=made.index, body=made.second(answer))
    if answer["_shards"]["failed"] or answer["timed_out"]:
        raise Broken(str(answer["_shards"]))
    read = made.read(answer)
    # The scores of spellings are statistics, which count deleted documents until a merge.
    ranked = () if _is_same(answer, index) else ("score",)
    for part in ("aggregations", "suggest"):
        theirs, ours = own.get(part) or {}, read.get(part) or {}
        _same(part, sorted(theirs), sorted(ours))
        for name, found in theirs.items():
            both = [
                _without_ours(x, ranked if part == "suggest" else ()) for x in (found, ours[name])
            ]
            _same(f"{part} {name}", *both)
    if made.execution != "window":
        _totals(own["hits"].get("total"), read["shelfsight"]["matched"], made.recall)
    _hits(client, index, made, own, answer, mapping)


def _totals(own: Any, matched: Any, recall: str) -> None:
    """An aggregation counts on where the shop's own counting stops or is off."""
    if recall == "extend" and own is None:
        return
    if recall == "extend" and own["relation"] == "gte":
        if matched["value"] < own["value"]:
            raise Broken(f"total: {own} and {matched}")
        return
    _same("total", own, matched)


def _hits(
    client: Any, index: str, made: Augmented, own: Any, answer: Any, mapping: Mapping[str, Any]
) -> None:
    body, hits = made.original, answer["hits"]["hits"]
    recall = "keep" if made.execution == "unchanged" else made.recall
    if hits and _id(hits[0]) is None:
        return  # the body asks for hits without ids
    ids = [_id(h) for h in hits]
    if len(set(ids)) != len(ids):
        raise Broken(f"ids twice: {ids}")
    allowed = _matches(client, index, body, recall, mapping)
    if leaked := set(ids) - allowed:
        raise Broken(f"{sorted(leaked)[:3]} satisfy not what the shop asks")
    if made.execution in ("sorted", "unchanged") and made.recall == "keep":
        _same("order", [_id(h) for h in own["hits"]["hits"]], ids)
    if made.execution != "window" and made.recall == "keep":
        _same("length of the page", len(own["hits"]["hits"]), len(ids))
        if "collapse" not in body and len(ids) == _total(own):
            _same("set of hits", {_id(h) for h in own["hits"]["hits"]}, set(ids))
    _shown(client, index, body, own, hits)


def _matches(
    client: Any, index: str, body: Mapping[str, Any], recall: str, mapping: Mapping[str, Any]
) -> set[str]:
    query: Any = own_query(body)
    if recall == "extend":
        query = relax(query, FieldTypes(field_types(mapping))) or {"match_all": {}}
    both = [query, *([body["post_filter"]] if "post_filter" in body else [])]
    found = client.search(
        index=index, body={"size": ALL, "_source": False, "query": {"bool": {"filter": both}}}
    )
    return {h["_id"] for h in found["hits"]["hits"]}


def _shown(client: Any, index: str, body: Mapping[str, Any], own: Any, hits: Any) -> None:
    """Compare what the same product shows in both answers."""
    # The same body, asked for the augmented page's products and for no others.
    ids = {"ids": {"values": [_id(h) for h in hits]}}
    moved = {k: v for k, v in body.items() if k not in ("from", "collapse", "search_after", "pit",
                                                        "slice", "terminate_after")}  # fmt: skip
    after = [ids, *([body["post_filter"]] if "post_filter" in body else [])]
    same = moved | {"size": len(hits) or 1, "post_filter": {"bool": {"filter": after}}}
    theirs = {_id(h): h for h in client.search(index=index, body=same)["hits"]["hits"]}
    # An index of our own counts its writes itself.
    counted = ("_version", "_seq_no", "_primary_term")
    skipped = counted if hits and hits[0]["_index"] != index else ()
    for hit in hits:
        their = theirs.get(_id(hit))
        if their is None:  # an added product, which the shop's body does not find
            continue
        for part in SHOWN:
            if part in skipped or (part == "fields" and "collapse" in body):
                continue  # a collapsed hit shows its group among its fields
            _same(f"{part} of {_id(hit)}", _without_ours(their.get(part)), hit.get(part))
        if "inner_hits" in str(body.get("query")):
            _same("inner hits", _inner(their), _inner(hit))


def _id(hit: Any) -> str | None:
    """A hit without stored fields may show its id among the doc values, as Magento asks for it."""
    shown = hit.get("fields", {}).get("_id", [None])
    return hit.get("_id") or shown[0]


def _inner(hit: Any) -> Any:
    return {
        name: (found["hits"]["total"], [(h.get("_nested"), h.get("_source")) for h in
                                        found["hits"]["hits"]])
        for name, found in hit.get("inner_hits", {}).items()
        if name != "others"  # a collapsed group's, which the comparison does not collapse
    }  # fmt: skip


def _index(body: Mapping[str, Any], index: str) -> str | None:
    return None if "pit" in body else index


def _total(answer: Any) -> int:
    return int(answer["hits"].get("total", {"value": -1})["value"])


def _without_ours(value: Any, more: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not k.startswith("shelfsight")}
        # An explanation is of the request that was sent, an index may be ours beside the shop's.
        return {k: _without_ours(v, more) for k, v in kept.items() if k not in (*_PLACES, *more)}
    return [_without_ours(v, more) for v in value] if isinstance(value, list) else value


def _is_same(answer: Any, index: str) -> bool:
    return all(h["_index"] == index for h in answer["hits"]["hits"])


def _same(what: str, theirs: Any, ours: Any) -> None:
    if theirs != ours:
        raise Broken(f"{what}:\n the shop's {str(theirs)[:600]}\n ours       {str(ours)[:600]}")
