"""What a bulk request made of each document: one table decides everything.

item 200, 201                       indexed
item 409                            conflict: the index holds this order or a higher one
item 429, 502, 503, 504             transient: tried again, alone
item 4xx otherwise                  dead: the document itself is wrong
item 404 index_not_found            stops the writer: the alias is missing
item cluster_block                  stops the writer: the node refuses writes (disk full)
item 5xx otherwise                  failed: tried again, but not for ever
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mappings.errors import DiskFull, StackError

Kind = Literal["indexed", "superseded", "conflict", "dead", "failed", "pending"]
TRANSIENT = (429, 502, 503, 504)
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document.

    Args:
        id: The document.
        order: The order that was written.
        kind: ``pending`` when the cause was transient and patience ran out; ``superseded`` when
            another write of the same call came after it.
        cause: One word that programs can count, such as ``mapper_parsing_exception``.
        reason: The node's sentence, at most 200 characters.
    """

    id: str
    order: int
    kind: Kind
    cause: str = ""
    reason: str = ""


def classify(item: Mapping[str, Any], alias: str) -> tuple[Kind, str, str, StackError | None]:
    """Return kind, cause and reason of one item of a bulk reply, and what stops the writer.

    Args:
        item: The value under ``index`` of the item.
        alias: The name that was written to.
    """
    status = int(item["status"])
    if status in (200, 201):
        return "indexed", "", "", None
    error = item.get("error") or {}
    cause, reason = str(error.get("type", f"http_{status}")), reason_of(error)
    if status == 409:
        return "conflict", cause, reason, None
    if cause == "cluster_block_exception":
        return "pending", cause, reason, blocked(alias, reason)
    if cause == "index_not_found_exception":
        return "pending", cause, reason, alias_missing(alias)
    if status in TRANSIENT:
        return "pending", cause, reason, None
    return ("failed" if status >= 500 else "dead"), cause, reason, None


def reason_of(error: Mapping[str, Any]) -> str:
    """Return the sentence of an error and of what caused it, at most 200 characters."""
    inner = error.get("caused_by") or {}
    sentences = [str(error.get("reason", "")), str(inner.get("reason", ""))]
    return shortened(": ".join(dict.fromkeys(s for s in sentences if s)))


def shortened(reason: str) -> str:
    """Return at most 200 characters of a sentence, without its middle where it is longer."""
    if len(reason) <= MAX_REASON:
        return reason
    end = MAX_REASON // 2
    return f"{reason[: MAX_REASON - end - 1]}…{reason[-end:]}"


def blocked(alias: str, reason: str) -> StackError:
    """Return the error for an index that refuses writes."""
    return DiskFull(
        f"OpenSearch refuses writes to {alias!r}: {reason}",
        "Free room on the node's disk or lift the block; writing goes on by itself.",
    )


def alias_missing(alias: str) -> StackError:
    """Return the error for an alias that does not exist."""
    return StackError(
        f"There is no alias {alias!r} to write to.",
        "Create it with `shelfsight index create CATALOGUE`; what is pending is kept.",
    )
