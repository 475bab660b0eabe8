"""A foreign body's sections, rewritten so that they mean beside our columns what they meant."""

from collections.abc import Mapping
from typing import Any

from mappings.attached_columns import RESERVED
from mappings.errors import InputError
from query.augmenting.clauses import Clause, copy_of, listed

MATCHED = f"{RESERVED}_matched"
"""The aggregation that counts the shop's own match set where vectors add products to it."""
TOTAL = f"{RESERVED}_total"
OURS = (MATCHED, TOTAL)


def without_ours(source: object) -> object:
    """Return a ``_source`` section that leaves our columns out of the answer, and nothing else."""
    if source is False:
        return False
    if source is None or source is True:
        return {"excludes": [RESERVED]}
    if isinstance(source, Mapping):
        # Both spellings are the engine's own.
        kept = {k: v for k, v in source.items() if k not in ("exclude", "excludes")}
        left_out = [*listed(source.get("excludes")), *listed(source.get("exclude"))]
        return kept | {"excludes": [*left_out, RESERVED]}
    return {"includes": listed(source), "excludes": [RESERVED]}


def plain_hits(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return clauses or aggregations whose inner hits leave our columns out of the answer."""
    if isinstance(value, list):
        return [plain_hits(v) for v in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if key in ("inner_hits", "top_hits") and isinstance(inner, dict):
            found[key] = inner | {"_source": without_ours(inner.get("_source"))}
        elif key == "inner_hits" and isinstance(inner, list):
            found[key] = [i | {"_source": without_ours(i.get("_source"))} for i in inner]
        else:
            found[key] = plain_hits(inner)
    return found


def highlighted(highlight: Mapping[str, Any], query: Clause) -> dict[str, Any]:
    """Return a highlight section that marks the words of the shop's query, and of no other."""
    return {"highlight_query": copy_of(query), **highlight}


def sort_keys(body: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the names that a body sorts by, each with what is said of it.

    Raises:
        InputError: The sort cannot be read.
    """
    keys: list[tuple[str, Any]] = []
    for entry in listed(body.get("sort")):
        if isinstance(entry, str):
            keys.append((entry, None))
        elif isinstance(entry, Mapping) and entry:
            keys += [(str(name), options) for name, options in entry.items()]
        else:
            raise InputError(
                f"The body's sort holds {str(entry)[:60]!r}.", "Give names, or objects of them."
            )
    return keys


def sorts_by_relevance(keys: list[tuple[str, Any]]) -> bool:
    """Tell whether the hits come best first, as without any sort."""
    if not keys:
        return True
    (name, options), *more = keys
    order = options.get("order", "desc") if isinstance(options, Mapping) else options or "desc"
    return name == "_score" and order == "desc" and not more


def uses_score(keys: list[tuple[str, Any]]) -> bool:
    """Tell whether a sort looks at the score at all."""
    return any(name == "_score" or "_score" in str(options) for name, options in keys)


def scored_aggregation(aggs: object, kinds: frozenset[str]) -> str | None:
    """Return the name of an aggregation whose answer depends on scores, ``None`` without any.

    Args:
        aggs: The aggregations, with those inside them.
        kinds: ``hits`` for those that show the best by score, which the engine scores anew where
            it scores hits anew; ``first`` for those that read the first score of every match.
    """
    for name, agg in (aggs if isinstance(aggs, Mapping) else {}).items():
        if not isinstance(agg, Mapping):
            continue
        own = {k: v for k, v in agg.items() if k not in ("aggs", "aggregations", "top_hits")}
        reads = "_score" in str([v for v in own.values() if "script" in str(v)])
        sampled = bool({"sampler", "diversified_sampler"} & agg.keys())
        if "first" in kinds and (reads or sampled):
            return str(name)
        if "hits" in kinds and "top_hits" in agg and _by_score(agg["top_hits"]):
            return str(name)
        for inner in ("aggs", "aggregations"):
            if found := scored_aggregation(agg.get(inner), kinds):
                return found
    return None


def _by_score(top_hits: object) -> bool:
    options = top_hits if isinstance(top_hits, Mapping) else {}
    return uses_score(keys := sort_keys(options)) or not keys or bool(options.get("track_scores"))


def counted_apart(
    aggs: Mapping[str, Any], query: Clause, post_filter: Clause | None
) -> dict[str, Any]:
    """Return aggregations over the shop's own match set, for a request that matches more.

    They move below one filter aggregation; ``global`` ones count everything anyway and stay.

    Args:
        aggs: The shop's.
        query: The shop's query.
        post_filter: The shop's; its total counts after it.
    """
    everywhere = {n: a for n, a in aggs.items() if isinstance(a, Mapping) and "global" in a}
    moved = {n: a for n, a in aggs.items() if n not in everywhere}
    matched: dict[str, Any] = {"filter": copy_of(query)}
    hits = [copy_of(query), *([copy_of(post_filter)] if post_filter else [])]
    return {
        **everywhere,
        MATCHED: matched | ({"aggs": moved} if moved else {}),
        TOTAL: {"filter": {"bool": {"filter": hits}}},
    }


def own_aggregations(reply: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return the shop's aggregations in their own places, and its total where it was counted."""
    found = dict(reply.get("aggregations", {}))
    total = found.pop(TOTAL, None)
    matched = dict(found.pop(MATCHED, {}))
    inner = {k: v for k, v in matched.items() if k not in ("doc_count", "meta")}
    return found | inner, None if total is None else int(total["doc_count"])
