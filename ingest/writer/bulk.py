"""The bulk writer: every document gets its own outcome, and only what failed is sent again."""

import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.writer.outcomes import TRANSIENT, Kind, Outcome, blocked, classify, reason_of
from ingest.writer.stored import Stored, stored_documents
from mappings.connection import node_errors
from mappings.errors import StackError


@dataclass(frozen=True, slots=True)
class Write:
    """One whole document and its order, the external version that it is written under."""

    id: str
    order: int
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """How much a request may hold, and how long a write is tried.

    Args:
        items: Documents in a request.
        content_bytes: Bytes in a request, before compression; one document may be longer.
        patience: Seconds that a call goes on trying; what is left is ``pending``.
        timeout: Seconds that one request may take.
        first_wait: Longest first wait in seconds; doubles with every failure in a row.
        longest_wait: Longest wait in seconds.
    """

    items: int = 500
    content_bytes: int = 5 << 20
    patience: float = 45.0
    timeout: float = 30.0
    first_wait: float = 0.5
    longest_wait: float = 15.0


@dataclass(frozen=True, slots=True)
class Written:
    """What a call made of its documents.

    Args:
        outcomes: One for each write, in order.
        stopped: What keeps the writer from going on; the outcomes it left are ``pending``.
        requests: How many requests were sent.
        sent: How many documents they held together.
    """

    outcomes: tuple[Outcome, ...]
    stopped: StackError | None
    requests: int
    sent: int


class BulkWriter:
    """Writes whole documents through an alias, each under its order as the external version.

    Sending the same documents again is harmless: the node answers 409 for an order that it has,
    and keeps the highest whatever comes first.

    Args:
        client: An ``opensearchpy.OpenSearch``; retries of its own are off.
        alias: The alias; an index of that name is never made by a write.
        limits: Sizes and times.
        sleep: Waits for seconds; tests pass their own.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401
        alias: str,
        limits: WriteLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._alias = alias
        self._limits = limits or WriteLimits()
        self._sleep = sleep
        # Halved when the node is overloaded and restored slowly, over the writer's whole life.
        self._items = self._limits.items

    def write(self, writes: Sequence[Write]) -> Written:
        """Write the documents and return what became of each; raises nothing of the node's.

        Of several writes with the same id only the newest is sent, the others are superseded.
        """
        call = _Call(writes, time.monotonic() + self._limits.patience)
        while call.stopped is None and (
            batch := call.next_batch(self._items, self._limits.content_bytes)
        ):
            verdict = self._send(batch, call)
            if verdict == "calm":
                call.failures = 0
                self._items = min(self._limits.items, self._items + max(1, len(batch) // 10))
            elif verdict == "overload":
                self._items = max(1, self._items // 2)
            if verdict in ("overload", "away") and not self._wait(call):
                break
        return call.written(writes)

    def stored(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Return what the index holds under these ids; those that it lacks are left out.

        Raises:
            NodeUnreachable: The node does not answer.
        """
        return stored_documents(self._client, self._alias, ids)

    def _wait(self, call: "_Call") -> bool:
        """Wait before the next try, at random up to a doubling bound; tells whether time is left.

        Source: Brooker, Exponential Backoff And Jitter (AWS, 2015), full jitter.
        """
        bound = min(self._limits.longest_wait, self._limits.first_wait * 2**call.failures)
        call.failures += 1
        pause = random.uniform(0, bound)
        if time.monotonic() + pause >= call.deadline:
            return False
        self._sleep(pause)
        return True

    def _send(self, batch: "list[_Item]", call: "_Call") -> str:
        """Send one request and hand each item its outcome; say how the node took it."""
        from opensearchpy import exceptions

        call.requests += 1
        call.sent += len(batch)
        left = max(1.0, min(self._limits.timeout, call.deadline - time.monotonic()))
        try:
            reply = self._client.bulk(
                body=b"".join(item.content for item in batch),
                index=self._alias,
                params={"require_alias": "true", "request_timeout": left},
            )
        except exceptions.ConnectionError as error:  # a timeout too: same id, same version
            call.again(batch, "unreachable", str(error.error))
            return "away"
        except exceptions.TransportError as error:
            return self._refused(error, batch, call)
        except (ValueError, exceptions.SerializationError) as error:
            call.again(batch, "protocol", str(error))
            return "away"
        return _read_reply(reply, batch, call, self._alias)

    def _refused(self, error: Any, batch: "list[_Item]", call: "_Call") -> str:  # noqa: ANN401
        """Handle an answer to the request as a whole."""
        info = error.info if isinstance(error.info, dict) else {}
        inner = info.get("error")
        reason = reason_of(inner) if isinstance(inner, dict) else str(inner or error.error)[:200]
        status = error.status_code
        if status in TRANSIENT:
            call.again(batch, f"http_{status}", reason)
            return "overload"
        if status in (400, 413):
            if len(batch) == 1:
                cause = "too_large" if status == 413 else str(error.error)
                call.settle(batch[0], "dead", cause, reason)
            else:
                call.split(batch)
            return "calm"
        call.again(batch, f"http_{status}", reason)
        is_block = "cluster_block_exception" in str(error.error)
        call.stopped = blocked(self._alias, reason) if is_block else _stop(error, self._alias)
        return "stop"


@dataclass(slots=True)
class _Item:
    """A document as it is sent, and why it was not taken so far."""

    place: int
    write: Write
    content: bytes
    cause: str = ""
    reason: str = ""


class _Call:
    """The state of one ``write``: what is to be sent, and what became of the rest."""

    def __init__(self, writes: Sequence[Write], deadline: float) -> None:
        self.deadline = deadline
        self.failures = self.requests = self.sent = 0
        self.stopped: StackError | None = None
        self._outcomes: dict[int, Outcome] = {}
        self._halves: deque[list[_Item]] = deque()
        newest = {w.id: n for n, w in sorted(enumerate(writes), key=lambda e: e[1].order)}
        self._todo: deque[_Item] = deque()
        for place, write in enumerate(writes):
            if newest[write.id] == place:
                self._todo.append(_Item(place, write, _encode(write)))
            else:
                self._outcomes[place] = Outcome(
                    write.id, write.order, "superseded", "overtaken", "a newer one came with it"
                )

    def next_batch(self, items: int, content_bytes: int) -> list[_Item]:
        """Take the next documents that fit a request, at least one when there is any."""
        if self._halves:
            return self._halves.popleft()
        batch: list[_Item] = []
        size = 0
        while self._todo and len(batch) < items:
            size += len(self._todo[0].content)
            if batch and size > content_bytes:
                break
            batch.append(self._todo.popleft())
        return batch

    def split(self, batch: list[_Item]) -> None:
        """Send a batch again as two halves, before anything else."""
        middle = len(batch) // 2
        self._halves.extendleft([batch[middle:], batch[:middle]])

    def again(self, items: Iterable[_Item], cause: str, reason: str) -> None:
        """Put documents back: they are sent again, or stay pending when patience runs out."""
        for item in items:
            item.cause, item.reason = cause, reason[:200]
            self._todo.append(item)

    def settle(self, item: _Item, kind: Kind, cause: str, reason: str) -> None:
        """Record what became of a document."""
        write = item.write
        self._outcomes[item.place] = Outcome(write.id, write.order, kind, cause, reason)

    def written(self, writes: Sequence[Write]) -> Written:
        """Return the outcomes; what was not settled is pending."""
        left = [*self._todo, *(item for half in self._halves for item in half)]
        for item in left:
            self.settle(item, "pending", item.cause, item.reason)
        outcomes = tuple(
            self._outcomes.get(n, Outcome(w.id, w.order, "pending")) for n, w in enumerate(writes)
        )
        return Written(outcomes, self.stopped, self.requests, self.sent)


def _encode(write: Write) -> bytes:
    action = {"index": {"_id": write.id, "version": write.order, "version_type": "external"}}
    lines = (json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in
             (action, write.document))  # fmt: skip
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _read_reply(reply: Any, batch: list[_Item], call: _Call, alias: str) -> str:  # noqa: ANN401
    """Hand out the items' outcomes; a reply that does not fit the request decides nothing."""
    items = reply.get("items") if isinstance(reply, dict) else None
    answers = [next(iter(i.values())) for i in items] if isinstance(items, list) else []
    if [a.get("_id") for a in answers] != [item.write.id for item in batch]:
        call.again(batch, "protocol", "the reply does not fit the request")
        return "away"
    verdict = "calm"
    for item, answer in zip(batch, answers, strict=True):
        kind, cause, reason, stopped = classify(answer, alias)
        call.stopped = call.stopped or stopped
        if kind == "pending":
            call.again([item], cause, reason)
            verdict = "overload"
        else:
            call.settle(item, kind, cause, reason)
    return verdict


def _stop(error: Exception, alias: str) -> StackError:
    """Return our error for an answer that more tries cannot change."""
    try:
        with node_errors(alias):
            raise error
    except StackError as ours:
        return ours
    except Exception:
        return StackError(f"OpenSearch refuses to write to {alias!r}: {error}", "Correct it.")
