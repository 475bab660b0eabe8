"""Popular queries: how often each was asked, from a feed file or as searches recorded them."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from mappings.connection import node_errors
from mappings.errors import InputError
from mappings.index import ensure
from query.model.input_limits import plain_text

INDEX = "shelfsight_queries"
FEWEST = 3
MOST = 10_000
MAX_QUERY = 60
MAX_FEED = 64 * 1024 * 1024
MAX_COUNT = 10**9
_PAGE = 1_000
_BODY = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "alias": {"type": "keyword"},
            "query": {"type": "keyword"},
            "count": {"type": "long"},
            "source": {"type": "keyword"},
            "time": {"type": "date", "format": "epoch_second"},
        },
    },
}
# What may name a person: an address, a number that is long enough for a telephone or an order.
_PERSONAL = re.compile(r"@|\d[\d -]{5,}\d|https?:|www\.")
_FORM = 'Give lines of `query<TAB>count`, or JSON lines {"query": "…", "count": 12}.'


class QueryCounts:
    """The counts of one alias's queries, as documents that only ever add up.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        alias: Whose queries.
        index: Where the documents lie.
    """

    def __init__(self, client: Any, alias: str, index: str = INDEX) -> None:  # noqa: ANN401
        self.client, self.alias, self.index = client, alias, index

    def popular(self, seconds: float = 10.0) -> dict[str, int]:
        """Return the queries that were asked three times or more, at most 10,000, with counts.

        Raises:
            NodeUnreachable: The node does not answer.
        """
        body = {
            "size": 0,
            "query": {"term": {"alias": self.alias}},
            "aggs": {
                "queries": {
                    "terms": {"field": "query", "size": MOST, "order": {"times": "desc"}},
                    "aggs": {"times": {"sum": {"field": "count"}}},
                }
            },
        }
        with node_errors("the node"):
            found = self.client.search(
                index=self.index, body=body, ignore=404, params={"request_timeout": seconds}
            )
        buckets = found.get("aggregations", {}).get("queries", {}).get("buckets", ())
        counts = {str(b["key"]): int(b["times"]["value"]) for b in buckets}
        return {query: n for query, n in counts.items() if n >= FEWEST}

    def add(self, counts: Mapping[str, int], source: Literal["feed", "searches"]) -> int:
        """Add counts to those that are there and return how many queries were written.

        Raises:
            NodeUnreachable: The node does not answer.
        """
        ensure(self.client, self.index, _BODY)
        now, written = int(time.time()), 0
        rows = [(q, n) for q, n in counts.items() if is_public(q)]
        for at in range(0, len(rows), _PAGE):
            lines: list[dict[str, Any]] = []
            for query, count in rows[at : at + _PAGE]:
                lines += [
                    {"index": {"_index": self.index}},
                    {
                        "alias": self.alias, "query": query, "count": count, "source": source,
                        "time": now,
                    },
                ]  # fmt: skip
            with node_errors("the node"):
                self.client.bulk(body=lines, params={"refresh": "true"})
            written += len(lines) // 2
        return written

    def replace_feed(self, counts: Mapping[str, int]) -> int:
        """Put a feed's counts in place of an earlier feed's; recorded searches stay.

        Raises:
            NodeUnreachable: The node does not answer.
        """
        ensure(self.client, self.index, _BODY)
        kept = [{"term": {"alias": self.alias}}, {"term": {"source": "feed"}}]
        with node_errors("the node"):
            self.client.delete_by_query(
                index=self.index, body={"query": {"bool": {"filter": kept}}},
                params={"refresh": "true", "conflicts": "proceed"},
            )  # fmt: skip
        return self.add(counts, "feed")


def is_public(query: str) -> bool:
    """Tell whether others may see a query: short, worded, and nobody's address or number."""
    if not 2 <= len(query) <= MAX_QUERY or _PERSONAL.search(query):
        return False
    return any(c.isalpha() for c in query)


def read_feed(path: Path) -> dict[str, int]:
    """Return the counts in a feed file; equal queries add up.

    Raises:
        InputError: The file cannot be read, or a line is no query with a count; the line is named.
    """
    try:
        size = path.stat().st_size
        text = path.read_text("utf-8") if size <= MAX_FEED else ""
    except (OSError, ValueError) as error:
        raise InputError(f"The queries in {str(path)!r} cannot be read: {error}.", _FORM) from None
    if size > MAX_FEED:
        raise InputError(
            f"The queries in {str(path)!r} have {size} bytes; {MAX_FEED} are allowed.",
            "Keep the most frequent ones.",
        )
    counts: dict[str, int] = {}
    for query, count in _lines(text):
        counts[query] = counts.get(query, 0) + count
    return counts


def _lines(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            query, count = _row(line)
        except (ValueError, TypeError, KeyError):
            raise InputError(
                f"Line {number} is {line[:60]!r}, no query and count.", _FORM
            ) from None
        if not 0 < count <= MAX_COUNT:
            raise InputError(
                f"Line {number}: the count is {count}; 1 to {MAX_COUNT} are allowed.", _FORM
            )
        yield query, count


def _row(line: str) -> tuple[str, int]:
    if line.lstrip().startswith("{"):
        row = json.loads(line)
        query, count = row["query"], row["count"]
        if not isinstance(query, str) or isinstance(count, bool) or not isinstance(count, int):
            raise ValueError
    else:
        query, _, written = line.rpartition("\t")
        count = int(written)
    plain = plain_text(query)
    if not plain:
        raise ValueError
    return plain, count
