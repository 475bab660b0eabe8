"""What a feed may take away by itself, and what needs the operator's word."""

import shutil
from pathlib import Path

import pytest
from ingest_workshop import Workshop, picture, product, some, write_catalogue

from ingest.catalogue import open_catalogue
from mappings.errors import EXIT_INPUT, EXIT_OK, EXIT_PARTLY

pytestmark = [pytest.mark.node, pytest.mark.broker]


def pictures_of(workshop: Workshop) -> dict[str, list[str]]:
    """The pictures with vectors of each living product."""
    return {
        product_id: [p["path"] for p in document.get("pictures", []) if "vector" in p]
        for product_id, document in workshop.documents().items()
        if not document.get("deleted")
    }


def test_the_share_of_deletions_is_taken_of_what_was_known_before(workshop: Workshop) -> None:
    known = some(30, pictures=0)
    write_catalogue(workshop.catalogue, known)
    workshop.start_worker()
    workshop.ingest()
    write_catalogue(workshop.catalogue, [product(n, 0) for n in range(1000, 1400)])
    refused = workshop.ingest(full=True)
    assert (refused.exit_code, refused.deleted) == (EXIT_INPUT, 0)
    assert "lacks 30 known products, 100% of all" in refused.refusal
    assert sum(not d.get("deleted") for d in workshop.documents().values()) == 430


@pytest.mark.parametrize("column", ["deleted", "是否删除"])
def test_a_feed_of_ids_and_deletions_needs_no_titles(workshop: Workshop, column: str) -> None:
    write_catalogue(workshop.catalogue, some(6, pictures=0))
    workshop.start_worker()
    workshop.ingest()
    (workshop.catalogue / "products.jsonl").unlink()
    rows = [f"id,{column}", "p0001, TRUE ", "p0002,1", "p0003,yes", "p0004,是", "p0005,false"]
    (workshop.catalogue / "products.csv").write_text("\n".join(rows), encoding="utf-8")
    report = workshop.ingest()
    assert (report.accepted, report.rejected, report.deleted) == (4, 1, 4)
    assert "title" in report.rejections[0].reason
    assert sorted(pictures_of(workshop)) == ["p0000", "p0005"]


def test_of_rows_with_one_id_the_highest_version_wins_else_the_last(workshop: Workshop) -> None:
    def row(title: str, version: int | None, n: int = 0, **more: object) -> dict[str, object]:
        return product(n, 0) | {"title": title, "version": version} | more

    rows = [
        row("one", 1), row("three", 3), row("two", 2),
        row("live", 4, n=1), row("", 5, n=1, deleted=True), row("live", 4, n=1),
        row("first", None, n=2), row("last", None, n=2),
    ]  # fmt: skip
    write_catalogue(workshop.catalogue, rows)
    workshop.start_worker()
    report = workshop.ingest()
    assert (report.read, report.accepted, report.rejected) == (8, 8, 0)
    assert (report.indexed, report.superseded) == (3, 5)
    documents = workshop.documents()
    titles = {i: d.get("title", "") for i, d in documents.items()}
    assert titles == {"p0000": "three", "p0001": "", "p0002": "last"}
    assert report.exit_code == EXIT_PARTLY, "the last two have no order of their own"
    assert "('p0002' on lines 7 and 8)" in report.problems[0]
    assert "('p0000' on lines 1 and 2, 'p0000' on lines 1 and 3," in report.notes[0]


def test_pictures_whose_folder_is_away_keep_their_vectors(workshop: Workshop) -> None:
    records = [r | {"version": 1} for r in some(20, pictures=1)]
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    assert workshop.ingest().exit_code == EXIT_OK
    before = pictures_of(workshop)

    away, folder = workshop.folder / "away", workshop.catalogue / "pictures"
    shutil.move(folder, away)
    feed = workshop.catalogue / "products.jsonl"
    write_feed(feed, [r | {"version": 2, "title": r["title"] + " again"} for r in records])
    refused = workshop.ingest()
    assert refused.exit_code == EXIT_INPUT
    assert "lacks 20 of 20 known pictures (100%)" in refused.refusal
    assert pictures_of(workshop) == before
    assert all("again" in d["title"] for d in workshop.documents().values())

    lost = workshop.ingest(yes=True)
    assert not any(pictures_of(workshop).values())
    assert lost.exit_code == EXIT_PARTLY
    assert "20 pictures were left out (20 missing)" in lost.problems[-1]

    shutil.move(away, folder)
    assert workshop.ingest().exit_code == EXIT_OK, "the same version, its pictures are back"
    assert pictures_of(workshop) == before
    assert workshop.made()[1] == 20, "every picture was encoded once"


def test_files_that_are_no_pictures_any_more_count_as_gone(workshop: Workshop) -> None:
    records = some(12, pictures=1)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    before = pictures_of(workshop)
    for n, content in ((1, b""), (2, b"<html>502 Bad Gateway</html>")):
        (workshop.catalogue / f"pictures/{n}-0.png").write_bytes(content)
    refused = workshop.ingest()
    assert "lacks 2 of 12 known pictures (17%)" in refused.refusal
    assert "none of JPEG" in refused.refusal
    assert pictures_of(workshop) == before


def test_a_lost_ledger_knows_its_pictures_again_from_the_index(workshop: Workshop) -> None:
    from ingest.ledger.ledger import Ledger

    write_catalogue(workshop.catalogue, some(12, pictures=1))
    workshop.start_worker()
    workshop.ingest()
    before = pictures_of(workshop)
    workshop.ledger.close()
    for name in workshop.folder.glob("ledger.sqlite*"):
        name.unlink()
    workshop.ledger = Ledger(workshop.options.ledger)
    shutil.move(workshop.catalogue / "pictures", workshop.folder / "away")
    refused = workshop.ingest()
    assert "lacks 12 of 12 known pictures" in refused.refusal
    assert pictures_of(workshop) == before


def write_feed(path: Path, records: list[dict[str, object]]) -> None:
    import json

    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records) + "\n")


def test_a_few_pictures_that_are_gone_are_given_up_and_said(workshop: Workshop) -> None:
    records = some(20, pictures=1)
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    (workshop.catalogue / records[0]["pictures"][0]).unlink()
    report = workshop.ingest()
    assert (report.indexed, report.exit_code) == (20, EXIT_OK)
    assert [r.reason for r in report.refusals] == ["missing"]
    assert pictures_of(workshop)[records[0]["id"]] == []

    write_feed(
        workshop.catalogue / "products.jsonl",
        [r | {"pictures": []} if n < 5 else r for n, r in enumerate(records)],
    )
    assert "lacks 4 of 19 known pictures" in workshop.ingest().refusal
    assert sum(map(len, pictures_of(workshop).values())) == 19


def test_a_replaced_picture_is_other_content_whatever_the_version_says(
    workshop: Workshop,
) -> None:
    records = [r | {"version": 9} for r in some(3, pictures=1)]
    write_catalogue(workshop.catalogue, records)
    workshop.start_worker()
    workshop.ingest()
    before = workshop.documents()["p0001"]["image_vector"]
    (workshop.catalogue / "pictures/1-0.png").write_bytes(picture(4_711))
    report = workshop.ingest()
    assert (report.indexed, report.unchanged) == (3, 2)
    assert "'p0001'" in report.notes[0]
    assert workshop.documents()["p0001"]["image_vector"] != before


def test_a_picture_that_is_away_while_it_is_embedded_is_looked_for_again(
    workshop: Workshop,
) -> None:
    records = some(4, pictures=1)
    write_catalogue(workshop.catalogue, records)
    away = workshop.folder / "away.png"
    place = workshop.catalogue / "pictures/1-0.png"
    looked: list[int] = []

    def move(progress: object) -> None:
        """Take the picture away after acceptance, before there are workers."""
        if not looked:
            shutil.move(place, away)
            workshop.start_worker()
        looked.append(1)

    report = workshop.ingest(on_progress=move)
    assert [r.path for r in report.refusals] == ["pictures/1-0.png"]
    assert pictures_of(workshop)["p0001"] == []

    shutil.move(away, place)
    assert open_catalogue(workshop.catalogue).picture_bytes("pictures/1-0.png")
    again = workshop.ingest()
    assert (again.indexed, again.unchanged, again.refusals) == (4, 3, ())
    assert pictures_of(workshop)["p0001"] == ["pictures/1-0.png"]
