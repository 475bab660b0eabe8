"""Whole ingests: real broker, real workers, real node, hash encoders."""

import shutil

import numpy as np
import pytest
from ingest_workshop import PATIENCE, Workshop, picture, product, some, write_catalogue

from ingest.follower import Patience
from mappings.errors import EXIT_INPUT, EXIT_OK, EXIT_PARTLY, InputError

pytestmark = [pytest.mark.node, pytest.mark.broker]


def test_a_catalogue_with_faults_is_accounted_for_and_sent_once(workshop: Workshop) -> None:
    records = some(40)
    records[3]["pictures"].append("pictures/not-a-picture.jpg")
    records[4]["pictures"].append("pictures/missing.jpg")
    records[5]["pictures"].append("../ledger.sqlite")
    bad = [
        '{"id": "bad", "title": "x", "price": -1}',
        "no json",
    ]
    write_catalogue(workshop.catalogue, [*records, *bad])
    (workshop.catalogue / "pictures/not-a-picture.jpg").write_text("<html>404</html>")
    workshop.start_worker()
    report = workshop.ingest()

    assert (report.read, report.accepted, report.rejected) == (42, 40, 2)
    assert (report.indexed, report.superseded, report.dead_lettered, report.pending) == (
        40,
        0,
        0,
        0,
    )
    assert {r.line for r in report.rejections} == {41, 42}
    refused = {r.path: r.reason for r in report.refusals}
    assert refused == {
        "pictures/not-a-picture.jpg": "format",
        "pictures/missing.jpg": "missing",
        "../ledger.sqlite": "outside",
    }
    assert report.exit_code == EXIT_PARTLY
    workshop.agrees(records)

    document = workshop.documents()[records[3]["id"]]
    assert [p["role"] for p in document["pictures"]] == ["main", "alternative"]
    vectors = np.array([p["vector"] for p in document["pictures"]])
    mean = vectors.mean(axis=0)
    assert np.allclose(document["image_vector"], mean / np.linalg.norm(mean), atol=1e-5)
    agreement = float(np.dot(document["image_vector"], document["attribute_vector"]))
    assert document["coherence"] == pytest.approx(agreement, abs=1e-5)
    texts = 40 + len({f"colour={c}" for c in "rgb"}) + 2
    made = workshop.made()
    assert texts <= made[0] <= texts + 5, "only two processes' first chunks may share values"
    assert made[1] == 80
    assert len(document["picture_colours"]) >= 2, "a colour in English and in Chinese"
    assert workshop.spooled() == texts + 3 * 80, "a vector, a look and the colours of each picture"

    before = workshop.documents()
    second = workshop.ingest()
    assert (second.accepted, second.indexed, second.unchanged) == (40, 40, 40)
    assert second.stages == {}
    assert workshop.documents() == before

    changed = [r | {"title": "a new title"} if r["id"] == "p0007" else r for r in records]
    (workshop.catalogue / "pictures/9-0.png").write_bytes(picture(123_456))
    write_catalogue(workshop.catalogue, changed)
    third = workshop.ingest()
    assert (third.indexed, third.unchanged) == (40, 38)
    assert third.exit_code == EXIT_OK
    assert workshop.made() == (made[0] + 1, 81)
    workshop.agrees(changed)


def test_a_full_feed_deletes_what_it_lacks_but_not_too_much(workshop: Workshop) -> None:
    records = some(30, pictures=0)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()

    write_catalogue(workshop.catalogue, records[:20])
    assert workshop.ingest().deleted == 0
    refused = workshop.ingest(full=True)
    assert refused.exit_code == EXIT_INPUT
    assert "lacks 10 known products, 33% of all" in refused.refusal
    workshop.agrees(records)

    write_catalogue(workshop.catalogue, [*records[:28], "{not json"])
    unreadable = workshop.ingest(full=True)
    assert "could not be read" in unreadable.refusal
    known_but_wrong = [*records[:28], {"id": records[28]["id"], "title": "", "price": "free"}]
    write_catalogue(workshop.catalogue, known_but_wrong)
    kept = workshop.ingest(full=True)
    assert kept.deleted == 1, "a rejected row is no reason to delete its product"
    workshop.agrees(records[:29])

    write_catalogue(workshop.catalogue, records[:5])
    gone = workshop.ingest(full=True, yes=True)
    assert gone.deleted == 24
    workshop.agrees(records[:5])
    tombstones = [d for d in workshop.documents().values() if d.get("deleted")]
    assert len(tombstones) == 25
    assert all(set(d) == {"deleted", "write_order", "content_hash"} for d in tombstones)

    write_catalogue(workshop.catalogue, records)
    back = workshop.ingest(full=True)
    assert (back.indexed, back.unchanged) == (30, 5)
    workshop.agrees(records)
    with pytest.raises(InputError, match="limited"):
        workshop.ingest(full=True, limit=3)


def test_what_was_interrupted_goes_on_and_embeds_nothing_twice(workshop: Workshop) -> None:
    records = some(60)
    for record in records:
        record["title"] += " PAUSE"
    write_catalogue(workshop.catalogue, records)
    worker = workshop.start_worker()
    workshop.interrupted_after(8)
    worker.kill()
    worker.wait()
    counts = workshop.ledger.counts()
    assert counts.balanced
    assert counts.pending
    before = sum(workshop.made())
    assert before < 60 + 120

    workshop.start_worker()
    report = workshop.ingest()
    assert (report.accepted, report.indexed, report.superseded) == (60, 60, 0)
    workshop.agrees(records)
    # Twice may be made what was in the hands of the two processes; that is all.
    in_flight = 2 * (5 + 32)
    assert sum(workshop.made()) <= 60 + 5 + 120 + in_flight
    assert workshop.spooled() == 60 + 5 + 3 * 120


def test_the_newest_version_wins_in_any_order_of_feeds(workshop: Workshop) -> None:
    workshop.start_worker()

    def feed(version: int, title: str, deleted: bool = False) -> None:
        record = product(1, 0) | {"version": version, "title": title, "deleted": deleted}
        write_catalogue(workshop.catalogue, [record])
        workshop.ingest()

    feed(5, "five")
    feed(3, "three")
    assert workshop.documents()["p0001"]["title"] == "five"
    feed(7, "", deleted=True)
    feed(6, "six")
    assert workshop.documents()["p0001"]["deleted"] is True
    feed(8, "eight")
    document = workshop.documents()["p0001"]
    assert (document["title"], document["source_version"]) == ("eight", 8)
    assert workshop.ledger.counts().superseded == 2


def test_an_index_made_anew_is_filled_though_nothing_changed(workshop: Workshop) -> None:
    from mappings.body import render
    from mappings.calibration import Calibration
    from mappings.index import create
    from mappings.schema import Schema

    records = some(10)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    made = workshop.made()
    workshop.client.indices.delete(index=f"{workshop.alias}-*")
    identity = workshop.space.identity
    body = render(Schema(32), identity, Calibration({}))
    create(workshop.client, workshop.alias, identity, body)
    report = workshop.ingest()
    assert (report.indexed, report.unchanged) == (10, 10)
    assert "10 sent again" in report.notes[0]
    workshop.agrees(records)
    assert workshop.made() == made


def test_a_lost_spool_costs_time_and_nothing_else(workshop: Workshop) -> None:
    records = some(6)
    write_catalogue(workshop.catalogue, records)
    worker = workshop.start_worker()
    workshop.ingest()
    worker.terminate()
    worker.wait(30)
    shutil.rmtree(workshop.options.spool)
    write_catalogue(workshop.catalogue, [r | {"price": 1} for r in records])
    workshop.start_worker()
    report = workshop.ingest()
    assert (report.indexed, report.dead_lettered) == (6, 0)


def test_no_worker_is_an_error_that_says_so_and_loses_nothing(workshop: Workshop) -> None:
    from mappings.errors import StackError

    write_catalogue(workshop.catalogue, some(5))
    notes: list[str] = []
    with pytest.raises(StackError, match="No worker"):
        workshop.ingest(
            patience=Patience(poll=0.05, quiet=0.2, give_up=8),
            on_progress=lambda p: notes.append(p.note),
        )
    assert "No worker answers." in notes
    assert workshop.ledger.counts().pending == 5
    workshop.start_worker()
    assert workshop.ingest(patience=PATIENCE).indexed == 5
