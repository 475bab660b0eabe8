"""A catalogue's vocabulary read from its live index: what its columns hold and its titles say."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mappings.connection import node_errors
from mappings.schema import BRAND, CATEGORIES, CURRENCY, DELETED, TAGS, TITLE
from query.understand.chinese import Chinese, has_cjk
from query.understand.vocabulary import Vocabulary

SIZES = {BRAND.name: 10_000, CATEGORIES.name: 10_000, TAGS.name: 20_000, CURRENCY.name: 20}
MAX_TITLES = 200_000
MAX_WORDS = 200_000
MAX_SHOWN = 50_000
PAGE = 2_000
SHORT = 32
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LIVE: dict[str, Any] = {"bool": {"must_not": [{"term": {DELETED.name: True}}]}}


def read_columns(client: Any, index: str, seconds: float = 10.0) -> Vocabulary:  # noqa: ANN401
    """Return the brands, categories, tags and currencies of an index, with their counts.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        seconds: Until the request is given up.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    body = {
        "size": 0,
        "query": _LIVE,
        "aggs": {n: {"terms": {"field": n, "size": size}} for n, size in SIZES.items()},
    }
    with node_errors("the node"):
        reply = client.search(index=index, body=body, params={"request_timeout": seconds})
    counts = {
        name: {str(b["key"]): int(b["doc_count"]) for b in found["buckets"]}
        for name, found in reply["aggregations"].items()
    }
    return Vocabulary(
        index,
        counts[BRAND.name],
        counts[CATEGORIES.name],
        counts[TAGS.name],
        currencies=counts[CURRENCY.name],
    )


def with_titles(
    client: Any,  # noqa: ANN401
    columns: Vocabulary,
    chinese: Chinese,
    seconds: float = 10.0,
) -> Vocabulary:
    """Return the vocabulary with the words of up to 200,000 titles.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        columns: What ``read_columns`` gave.
        chinese: Segments the titles.
        seconds: Until one page of titles is given up.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    words: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    traditional = 0
    for title in _titles(client, columns.index, seconds):
        lower = title.lower()
        if has_cjk(lower):
            simple = chinese.simplified(lower)
            traditional += simple != lower
            lower = simple
        words.update(set(words_of(lower, chinese)))
        if len(title) <= SHORT and (len(shown) < MAX_SHOWN or title in shown):
            shown[title] += 1
    return Vocabulary(
        columns.index, columns.brands, columns.categories, columns.tags,
        dict(words.most_common(MAX_WORDS)), columns.currencies, dict(shown), traditional > 0,
    )  # fmt: skip


def words_of(text: str, chinese: Chinese) -> Iterator[str]:
    """Yield the words of a text in lower case and simplified; Chinese ones of two characters up."""
    yield from (m[0] for m in _WORD.finditer(text) if not has_cjk(m[0]))
    if has_cjk(text):
        yield from (w for w, _ in chinese.tag(text) if len(w) >= 2 and has_cjk(w))


def _titles(client: Any, index: str, seconds: float) -> Iterator[str]:  # noqa: ANN401
    body = {"size": PAGE, "_source": [TITLE.name], "sort": ["_doc"], "query": _LIVE}
    seen, scroll = 0, None
    with node_errors("the node"):
        reply = client.search(
            index=index, body=body, params={"scroll": "2m", "request_timeout": seconds}
        )
        try:
            while (rows := reply["hits"]["hits"]) and seen < MAX_TITLES:
                scroll = reply["_scroll_id"]
                seen += len(rows)
                yield from (str(row["_source"].get(TITLE.name) or "") for row in rows)
                reply = client.scroll(
                    body={"scroll_id": scroll, "scroll": "2m"},
                    params={"request_timeout": seconds},
                )
        finally:
            if scroll:
                client.clear_scroll(body={"scroll_id": [scroll]}, ignore=404)
