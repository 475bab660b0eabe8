"""The catalogue on the disk: the same for a seed, continued when cut off, never drawn twice."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.catalogue.write import iter_products, write_catalogue
from mappings.errors import InputError, StackError

PRODUCTS = 12


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted([folder / "products.jsonl", *(folder / "pictures").iterdir()]):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def draw(folder: Path, **other: Any) -> Path:
    return write_catalogue(folder, products=PRODUCTS, **{"pictures": 10, "seed": 3, **other})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    assert draw(folder) == folder / "products.jsonl"
    return folder


def test_the_same_seed_gives_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    draw(tmp_path)
    assert digest(tmp_path) == digest(whole)


def test_two_processes_draw_the_same_bytes_as_one(whole: Path, tmp_path: Path) -> None:
    draw(tmp_path, processes=2)
    assert digest(tmp_path) == digest(whole)


def test_another_seed_gives_another_catalogue(whole: Path, tmp_path: Path) -> None:
    draw(tmp_path, seed=4)
    assert digest(tmp_path) != digest(whole)


def test_every_picture_named_is_there_and_opens_as_rgb(whole: Path) -> None:
    lines = (whole / "products.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == PRODUCTS
    named = {p["path"] for line in lines for p in json.loads(line)["pictures"]}
    assert named == {f"pictures/{p.name}" for p in (whole / "pictures").iterdir()}
    for path in named:
        with Image.open(whole / path) as picture:
            picture.load()
            assert (picture.mode, picture.size) == ("RGB", (320, 320))


def test_pictures_of_a_product_differ(whole: Path) -> None:
    hashes = {hashlib.sha256(p.read_bytes()).digest() for p in (whole / "pictures").iterdir()}
    assert len(hashes) == PRODUCTS * 10


def test_a_drawing_that_was_cut_off_goes_on_and_ends_the_same(whole: Path, tmp_path: Path) -> None:
    stream = iter_products(tmp_path, products=PRODUCTS, pictures=10, seed=3)
    first = [next(stream)["id"] for _ in range(4)]
    assert isinstance(stream, Iterator)
    stream.close()  # type: ignore[attr-defined]
    assert not (tmp_path / "products.jsonl").exists()
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "pictures").glob(f"{first[0]}-*")}
    # What a killed program leaves: half a line in the log, and pictures that it does not name.
    with (tmp_path / "drawn.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"id": "demo-0005", "siz')
    (tmp_path / "pictures" / "demo-0005-0.jpg").write_bytes(b"half a pict")
    draw(tmp_path)
    assert digest(tmp_path) == digest(whole)
    assert kept
    assert kept == {p: p.stat().st_mtime_ns for p in kept}


def test_a_picture_that_was_cut_short_is_drawn_again(whole: Path, tmp_path: Path) -> None:
    draw(tmp_path)
    torn = tmp_path / "pictures" / "demo-0002-3.jpg"
    torn.write_bytes(torn.read_bytes()[:100])
    draw(tmp_path)
    assert digest(tmp_path) == digest(whole)


def test_a_complete_catalogue_is_not_drawn_again(whole: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (whole / "pictures").iterdir()}
    told: list[tuple[int, int]] = []
    draw(whole, progress=lambda done, total: told.append((done, total)))
    assert before == {p: p.stat().st_mtime_ns for p in (whole / "pictures").iterdir()}
    assert told[-1] == (PRODUCTS * 10, PRODUCTS * 10)
    assert told == sorted(told)


def test_another_seed_in_the_same_folder_replaces_the_catalogue(tmp_path: Path) -> None:
    draw(tmp_path, pictures=2)
    (tmp_path / "pictures" / "mine.jpg").write_bytes(b"not the demo's")
    write_catalogue(tmp_path, products=3, pictures=1, seed=9)
    left = {p.name for p in (tmp_path / "pictures").iterdir()}
    assert left == {"demo-0001-0.jpg", "demo-0002-0.jpg", "demo-0003-0.jpg", "mine.jpg"}
    assert json.loads((tmp_path / "manifest.json").read_text())["seed"] == 9


def test_a_record_comes_when_its_pictures_lie_there(tmp_path: Path) -> None:
    for record in iter_products(tmp_path, products=3, pictures=2):
        assert all((tmp_path / p["path"]).stat().st_size > 0 for p in record["pictures"])


def test_a_catalogue_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "products.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="has not written"):
        draw(tmp_path)
    assert (tmp_path / "products.jsonl").read_text() == "{}\n"


def test_two_programs_do_not_draw_into_one_folder(tmp_path: Path) -> None:
    stream = iter_products(tmp_path, products=3, pictures=1)
    next(stream)
    with pytest.raises(StackError, match="Another program"):
        write_catalogue(tmp_path, products=3, pictures=1)
    assert len(list(stream)) == 2


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="cannot be written"):
        draw(tmp_path / "file" / "below")


@pytest.mark.parametrize("wrong", [{"tags": 9}, {"tags": 121}, {"pictures": 21}, {"processes": 0}])
def test_numbers_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        draw(tmp_path, **wrong)
