"""The grammar of foreign bodies: what each part may hold, by name, at any depth.

A body that comes over HTTP is sent by somebody else to the same cluster. So every object in it must
stand where this grammar knows one: scripts, pipelines, terms lookups, shapes and examples of other
indices, points in time, and what a plug-in may bring are nowhere in it. A body given in Python is
the shop's own code: there only what hides a query is refused, and what is not known is kept.

A name that a field or an aggregation goes by may be any; the names of kinds and options may not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.errors import InputError

_OPAQUE = {
    "wrapper": "hides its query in base64, so that nothing can be checked; write it out",
    "template": "is filled in by a pipeline later, so that nothing can be checked; write it out",
}


MAX_ENTRIES = 1_024
"""Entries of a list of objects: the engine takes no more clauses."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One reading of a body.

    Args:
        closed: Whether what the grammar does not know is refused.
    """

    closed: bool

    def refuse(self, where: str, given: object) -> None:
        """Refuse a part of the body, where it is closed.

        Raises:
            InputError: Saying where, and what is not taken.
        """
        if self.closed:
            raise InputError(
                f"The body's {where[:200]} holds {str(given)[:60]!r}, which is not taken over"
                " HTTP.",
                "Leave it out, or augment the body in Python, where the shop's own code says what"
                " runs.",
            )


Rule = Callable[[Walk, Any, str], None]
"""Checks a value that stands at a path."""


def plain(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Take a text, a number, a flag, or a list of these; lists in lists are points and boxes."""
    if isinstance(value, Mapping):
        walk.refuse(where, next(iter(value), "{}"))
    elif isinstance(value, list):
        for one in value:
            plain(walk, one, where)


def data(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Take anything: the engine reads it as data."""


def nothing(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Take nothing, whatever it is."""
    above, _, name = where.rpartition(".")
    walk.refuse(above or "sections", name)


def each(rule: Rule) -> Rule:
    """Return the rule of one value or a list of them."""

    def check(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(value, list):
            return rule(walk, value, where)
        if len(value) > MAX_ENTRIES:
            walk.refuse(where, f"{len(value)} entries, of at most {MAX_ENTRIES}")
        for n, one in enumerate(value):
            rule(walk, one, f"{where}[{n}]")

    return check


def options(other: Rule = plain, /, **known: Rule) -> Rule:
    """Return the rule of an object of options.

    A plain value stands for it where the engine takes a short form. An option that names a script
    is refused, as the engine takes a script's text without an object round it.

    Args:
        other: The rule of every option that is not known.
        known: Options by name.
    """

    def check(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(value, Mapping):
            return plain(walk, value, where)
        for name, inner in value.items():
            scripted = name == "script" or name.endswith("_script")
            rule = known.get(name, nothing if scripted else other)
            rule(walk, inner, f"{where}.{name}" if where else name)

    return check


def named(rule: Rule) -> Rule:
    """Return the rule of an object whose names are anybody's, such as fields or aggregations."""

    def check(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(value, Mapping):
            return plain(walk, value, where)
        for name, inner in value.items():
            rule(walk, inner, f"{where}.{name}")

    return check


def kinds(table: Mapping[str, Rule]) -> Rule:
    """Return the rule of an object each of whose names says what kind its value is."""

    def check(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(value, Mapping):
            return walk.refuse(where, value)
        for name, inner in value.items():
            if name in table:
                table[name](walk, inner, f"{where}.{name}")
            else:
                walk.refuse(where, name)

    return check


def query(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Check a query; one that hides another is refused everywhere.

    Raises:
        InputError: It is, or holds, what is not taken.
    """
    for kind, why in _OPAQUE.items():
        if isinstance(value, Mapping) and kind in value:
            raise InputError(
                f"The body's {where[:200]} holds {kind!r}, which {why}.", "Then augment it."
            )
    kinds(QUERIES)(walk, value, where)


def _script_score(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    nothing(walk, value, where)
    options(data, query=query)(walk, value, where)


def _example(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    """Check what more is wanted of: a text, or a document of the body's own index."""
    if isinstance(value, Mapping):
        kinds({"_id": plain, "doc": data})(walk, value, where)


def _interval(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    kinds(_INTERVALS)(walk, value, where)


def _filters(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    rule = each(query) if isinstance(value, list) else named(query)
    rule(walk, value, where)


def _aggregations(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    named(kinds(AGGREGATIONS))(walk, value, where)


def _inner_hits(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    each(options(**_SHOWN))(walk, value, where)


def _nested_sort(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    options(filter=query, nested=_nested_sort)(walk, value, where)


def _sort_key(walk: Walk, value: Any, where: str) -> None:  # noqa: ANN401 - JSON
    if not isinstance(value, Mapping):
        return plain(walk, value, where)
    for name, inner in value.items():
        other = data if name == "_geo_distance" else plain  # points
        rule = options(other, nested=_nested_sort, nested_filter=query)
        (nothing if name == "_script" else rule)(walk, inner, f"{where}.{name}")


_FLAT = options()
_FIELD = named(_FLAT)
_ORDER = each(named(plain))
_DECAY = named(options(origin=data))
_FUNCTION = {
    "random_score": _FLAT, "field_value_factor": _FLAT, "gauss": _DECAY, "exp": _DECAY,
    "linear": _DECAY,
}  # fmt: skip
_BETWEEN = ("after", "before", "contained_by", "containing", "not_contained_by", "not_containing",
            "not_overlapping", "overlapping")  # fmt: skip
_BESIDE = kinds(dict.fromkeys(_BETWEEN, _interval))
_SEVERAL = options(intervals=each(_interval), filter=_BESIDE)
_INTERVALS: dict[str, Rule] = {
    "match": options(filter=_BESIDE), "all_of": _SEVERAL, "any_of": _SEVERAL, "boost": plain,
    "_name": plain, **dict.fromkeys(("prefix", "wildcard", "regexp", "fuzzy"), _FLAT),
}  # fmt: skip
QUERIES: dict[str, Rule] = {
    **dict.fromkeys(
        ("match", "match_phrase", "match_phrase_prefix", "match_bool_prefix", "term",
         "terms_set", "range", "prefix", "wildcard", "regexp", "fuzzy", "span_term"), _FIELD
    ),
    **dict.fromkeys(
        ("match_all", "match_none", "multi_match", "combined_fields", "query_string",
         "simple_query_string", "exists", "ids", "parent_id"), _FLAT
    ),
    "terms": named(plain),
    **dict.fromkeys(("geo_bounding_box", "geo_distance", "geo_polygon"), named(data)),
    **dict.fromkeys(("geo_shape", "xy_shape"), named(options(shape=data))),
    **dict.fromkeys(("nested", "has_child", "has_parent"),
                    options(query=query, inner_hits=_inner_hits)),
    **dict.fromkeys(("span_near", "span_or"), options(clauses=each(query))),
    **dict.fromkeys(("span_first", "span_multi"), options(match=query)),
    **dict.fromkeys(("span_containing", "span_within"), options(little=query, big=query)),
    **dict.fromkeys(("dis_max", "hybrid"), options(queries=each(query))),
    "bool": options(must=each(query), filter=each(query), should=each(query), must_not=each(query)),
    "boosting": options(positive=query, negative=query),
    "common": named(options(minimum_should_match=_FLAT)),
    "constant_score": options(filter=query),
    "distance_feature": options(origin=data),
    "field_masking_span": options(query=query),
    "function_score": options(
        query=query, functions=each(options(filter=query, **_FUNCTION)), **_FUNCTION
    ),
    "intervals": named(_interval),
    "knn": named(options(filter=query, method_parameters=_FLAT, rescore=_FLAT)),
    "more_like_this": options(like=each(_example), unlike=each(_example)),
    "neural": named(options(filter=query, method_parameters=_FLAT, rescore=_FLAT)),
    "neural_sparse": named(options(query_tokens=named(plain), method_parameters=_FLAT)),
    "rank_feature": options(saturation=_FLAT, log=_FLAT, sigmoid=_FLAT, linear=_FLAT),
    "script_score": _script_score,
    "span_not": options(include=query, exclude=query),
}  # fmt: skip
_STEPS = options(extended_bounds=_FLAT, hard_bounds=_FLAT, order=_ORDER)
_RANGES = options(ranges=each(_FLAT), origin=data)
_LISTED = options(order=_ORDER, include=data, exclude=data)
_SIGNIFICANT = options(
    background_filter=query, include=data, exclude=data, jlh=_FLAT, gnd=_FLAT, chi_square=_FLAT,
    mutual_information=_FLAT, percentage=_FLAT,
)  # fmt: skip
_SOURCES = ("terms", "histogram", "date_histogram", "geotile_grid")
AGGREGATIONS: dict[str, Rule] = {
    **dict.fromkeys(
        ("avg", "min", "max", "sum", "stats", "extended_stats", "value_count", "cardinality",
         "median_absolute_deviation", "boxplot", "geo_bounds", "geo_centroid", "nested",
         "reverse_nested", "children", "parent", "global", "missing", "sampler",
         "diversified_sampler", "auto_date_histogram", "variable_width_histogram", "avg_bucket",
         "sum_bucket", "min_bucket", "max_bucket", "stats_bucket", "extended_stats_bucket",
         "percentiles_bucket", "derivative", "cumulative_sum", "serial_diff"), _FLAT
    ),
    **dict.fromkeys(("aggs", "aggregations"), _aggregations),
    **dict.fromkeys(("terms", "rare_terms"), _LISTED),
    **dict.fromkeys(("significant_terms", "significant_text"), _SIGNIFICANT),
    **dict.fromkeys(("histogram", "date_histogram"), _STEPS),
    **dict.fromkeys(("range", "date_range", "ip_range", "geo_distance"), _RANGES),
    **dict.fromkeys(("geohash_grid", "geotile_grid", "geohex_grid"), options(bounds=data)),
    **dict.fromkeys(("percentiles", "percentile_ranks"), options(tdigest=_FLAT, hdr=_FLAT)),
    "adjacency_matrix": options(filters=named(query)),
    "bucket_sort": options(sort=each(_sort_key)),
    "composite": options(
        sources=each(named(kinds(dict.fromkeys(_SOURCES, _STEPS)))), after=named(plain)
    ),
    "filter": query,
    "filters": options(filters=_filters),
    "matrix_stats": options(missing=named(plain)),
    "meta": data,
    "moving_avg": options(settings=_FLAT),
    "multi_terms": options(terms=each(_FLAT), order=_ORDER),
    "top_hits": _inner_hits,
    "weighted_avg": options(value=_FLAT, weight=_FLAT),
}  # fmt: skip
_MARKED = {"highlight_query": query, "options": data}
_COLLAPSE = options(inner_hits=_inner_hits)
_SHOWN: dict[str, Rule] = {
    "_source": _FLAT, "fields": each(_FLAT), "docvalue_fields": each(_FLAT),
    "sort": each(_sort_key), "collapse": _COLLAPSE,
    "highlight": options(fields=each(named(options(**_MARKED))), **_MARKED),
}  # fmt: skip
_SUGGESTED = options(
    term=_FLAT,
    phrase=options(
        direct_generator=each(_FLAT), smoothing=named(_FLAT), highlight=_FLAT
    ),
    completion=options(fuzzy=_FLAT, regex=_FLAT, contexts=data),
)  # fmt: skip
BODY = options(
    query=query,
    post_filter=query,
    aggs=_aggregations,
    aggregations=_aggregations,
    rescore=each(options(query=options(rescore_query=query))),
    suggest=named(_SUGGESTED),
    slice=_FLAT,
    **_SHOWN,
    **dict.fromkeys(("script_fields", "derived", "search_pipeline", "ext", "pit"), nothing),
)


def require_known(body: Mapping[str, Any], *, closed: bool) -> None:
    """Check a whole body.

    Args:
        body: Sections by name; it is no deeper than it may be.
        closed: Whether it came over HTTP, so that only what the grammar knows is taken.

    Raises:
        InputError: It holds something else, or a query that hides another; says where.
    """
    BODY(Walk(closed), body, "")
