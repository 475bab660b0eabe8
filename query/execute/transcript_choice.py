"""Speech as a query: a transcript's words looked up in the catalogue, which then chooses."""

from collections.abc import Mapping, Sequence
from typing import Any

from encoders.speech.rescore import rescore, words_of
from encoders.speech.transcript import Transcript
from query.model.intent import script_of
from query.model.signals import WORDS, Lexical
from query.opensearch.client import LegFailed, send
from query.plan.candidates import filter_clause
from query.plan.lexical import lexical_query

MAX_WORDS = 200
"""Words that are looked up at once; the first readings' come first."""


def choose_transcript(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    transcript: Transcript,
    seconds: float = 1.0,
) -> Transcript:
    """Return the transcript with its readings ordered by what the catalogue's products say.

    Where the catalogue cannot be asked in time the transcriber's own order stands.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        transcript: What was heard.
        seconds: Until the answer is given up.

    Raises:
        IndexGone: There is no such index.
        NodeUnreachable: The node does not answer.
    """
    try:
        known = known_words(client, index, words_of(transcript), seconds)
    except LegFailed:
        return transcript
    return rescore(transcript, known)


def known_words(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    words: Sequence[str],
    seconds: float = 1.0,
) -> Mapping[str, int]:
    """Return for each word how many products hold it, in any of the searched columns.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        words: In lower case; the first 200 are looked up.
        seconds: Until the answer is given up.

    Raises:
        LegFailed: The engine refused the request, or did not answer in time.
        IndexGone: There is no such index.
        NodeUnreachable: The node does not answer.
    """
    clauses = {
        word: lexical_query(Lexical(WORDS), word, script_of(word)) for word in words[:MAX_WORDS]
    }
    filters = {word: clause for word, clause in clauses.items() if clause is not None}
    if not filters:
        return {}
    body = {
        "size": 0,
        "query": filter_clause(()),
        "aggs": {"words": {"filters": {"filters": filters}}},
    }
    counts = send(client, index, body, seconds)["aggregations"]["words"]["buckets"]
    return {word: int(bucket["doc_count"]) for word, bucket in counts.items()}
