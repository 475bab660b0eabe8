"""The promise machine has teeth: each of these wrong variants of the ingest is caught by it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from promises_machine import Promises
from promises_shop import Bound

from ingest import comparison, deletions, pipeline, reconcile
from ingest import feed as feeds
from ingest.ledger import acceptance, changes, ordering
from ingest.writer.bulk import BulkWriter
from ingest.writer.stored import Stored
from mappings.errors import StackError

pytestmark = [pytest.mark.node, pytest.mark.faults]
SEQUENCES = 200
Patch = Callable[[pytest.MonkeyPatch], None]


def no_stale_check(patch: pytest.MonkeyPatch) -> None:
    """Versions order nothing: what comes last wins."""

    def compare(known: Any, version: Any, deleted: bool, content: str) -> str:
        return "same" if content == known.content else "newer"

    patch.setattr(acceptance, "compare", compare)


def only_the_engines_counter(patch: pytest.MonkeyPatch) -> None:
    """A conflict is a replay whatever the index holds, and an edit by another hand is none."""
    patch.setattr(Stored, "edited", property(lambda stored: False))


def conflicts_are_indexed(patch: pytest.MonkeyPatch) -> None:
    """A 409 counts as written, without a look at what the index holds."""

    def compare(context: Any, entries: Any, outcomes: Any) -> Any:
        return {o.id: "indexed" for o in outcomes if o.kind == "conflict"}, ()

    patch.setattr(pipeline, "_compare_conflicts", compare)


def share_of_the_new_total(patch: pytest.MonkeyPatch) -> None:
    """The deletions' guard forgets what was known before the feed."""
    known = deletions.delete_absent

    def delete(catalogue: Any, ledger: Any, *rest: Any, **options: Any) -> Any:
        return known(catalogue, ledger, *rest, **{**options, "known": 1_000})

    patch.setattr(feeds, "delete_absent", delete)


def pictures_are_no_content(patch: pytest.MonkeyPatch) -> None:
    """A picture's bytes are left out of the content."""
    whole = changes.content_hash

    def by_path(product: Any, pictures: Any, identity: Any) -> str:
        return whole(product, tuple(replace(p, sha="") for p in pictures), identity)

    for module in (feeds, comparison, reconcile):
        patch.setattr(module, "content_hash", by_path)


def hard_deletes(patch: pytest.MonkeyPatch) -> None:
    """A deleted product leaves no tombstone."""
    whole = BulkWriter.write

    def write(self: Any, writes: Any) -> Any:
        written = whole(self, writes)
        for one in writes:
            if one.document.get("deleted"):
                self._client.delete(index=self._alias, id=one.id, ignore=404)
        return written

    patch.setattr(BulkWriter, "write", write)


def no_adoption(patch: pytest.MonkeyPatch) -> None:
    """What only the index knows is left there."""
    patch.setattr(reconcile, "adopt", lambda ledger, documents: 0)


def amendments_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A change without a version leaves no mark."""
    after = ordering.after
    patch.setattr(acceptance, "after", lambda *given, **more: (after(*given, **more)[0], False))


MUTANTS = (
    no_stale_check, only_the_engines_counter, conflicts_are_indexed, share_of_the_new_total,
    pictures_are_no_content, hard_deletes, no_adoption, amendments_forgotten,
)  # fmt: skip


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory, node_url: str) -> Iterator[Bound]:
    made = Bound(Path(tmp_path_factory.mktemp("mutants")), node_url)
    yield made
    made.close()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_variant_is_caught(
    bound: Bound, mutant: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    Promises.bound = bound
    mutant(monkeypatch)
    with pytest.raises((AssertionError, StackError)):
        run_state_machine_as_test(
            Promises,
            settings=settings(
                max_examples=SEQUENCES, stateful_step_count=15, deadline=None, database=None,
                derandomize=True, phases=[Phase.generate], report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
