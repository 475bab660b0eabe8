"""``shelfsight audit coherence`` over what an ingest leaves; neither node nor workers are asked."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from audited_home import prepare_home
from PIL import Image, ImageDraw
from program_run import Program, write_feed

from encoders.registry import load_image_encoder, load_text_encoder
from mappings.product import Product

INKS = {"red": (200, 30, 30), "green": (30, 150, 40), "blue": (30, 50, 200), "black": (20, 20, 20)}


def drawing(shape: str, colour: str, number: int) -> bytes:
    picture = Image.new("RGB", (96, 120), "white")
    draw = ImageDraw.Draw(picture)
    box = (14 + number % 7, 20 + number % 5, 80 - number % 6, 96 - number % 9)
    if shape == "ring":
        draw.ellipse(box, outline=INKS[colour], width=16)
    else:
        draw.rectangle(box, fill=INKS[colour])
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def write_gallery(folder: Path, count: int = 64) -> Path:
    """Rings and tiles, each in a colour, two pictures each."""
    records = []
    folder.mkdir(parents=True)
    for n in range(count):
        shape, colour = ("ring", "tile")[n % 2], list(INKS)[n // 2 % 4]
        names = [f"{n:02d}_main.jpg", f"{n:02d}_<b>.jpg"]
        for k, name in enumerate(names):
            (folder / name).write_bytes(drawing(shape, colour, 3 * n + k))
        records.append(
            {"id": f"p{n:02d}", "title": f"{shape} & co {n}", "categories": [f"Shapes/{shape}s"],
             "attributes": {"color": colour}, "pictures": names}
        )  # fmt: skip
    return write_feed(folder / "products.jsonl", *records)


def trade(products: Sequence[Product]) -> list[Product]:
    """Give p02, a green ring, the pictures of p05, a blue tile."""
    found = list(products)
    found[2] = found[2].model_copy(update={"pictures": found[5].pictures})
    return found


@pytest.fixture
def gallery(bare: Program) -> Program:
    catalogue = write_gallery(bare.home / "gallery")
    text, image = load_text_encoder("hash:64"), load_image_encoder("hash:64")
    prepare_home(bare.home, catalogue, text, image, trade)
    return bare


def test_the_product_with_anothers_pictures_is_listed_first_with_reasons(gallery: Program) -> None:
    said = gallery("audit", "coherence", "--limit", "3", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["checked"], found["pictures"]) == (64, 128)
    assert 1 <= len(found["suspects"]) <= 3
    first = found["suspects"][0]
    assert first["id"] == "p02"
    assert first["pictures"] == ["05_main.jpg", "05_<b>.jpg"]
    assert first["resembles"]["id"] == "p05"
    why = {r["attribute"]: (r["says"], r["shows"]) for r in first["reasons"]}
    assert why["category"] == (["Shapes/rings"], "Shapes/tiles")
    assert why["color"] == (["green"], "blue")
    assert "looks like" in first["reasons"][0]["en"] or "look like" in first["reasons"][0]["en"]
    assert "类目" in "".join(r["zh"] for r in first["reasons"])


def test_the_page_shows_the_pictures_and_escapes_what_feeds_say(gallery: Program) -> None:
    page = gallery.home / "audit.html"
    said = gallery("audit", "coherence", "--limit", "2", "--html", str(page))
    assert said.code == 0, said.err
    assert "p02" in said.out
    assert str(page) in said.out
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") >= 2
    assert "ring &amp; co 2" in html
    assert "05_&lt;b&gt;.jpg" in html
    assert "<b>.jpg" not in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="(?!data:)', html)  # nothing from elsewhere


def test_a_sound_catalogue_lists_nothing_below_a_low_probability(gallery: Program) -> None:
    said = gallery("audit", "coherence", "--below", "0.0")
    assert said.code == 0, said.err
    assert "No product's pictures contradict its words." in said.out


def test_colours_are_looked_at_once(gallery: Program) -> None:
    first = gallery("audit", "coherence", "--json")
    (gallery.home / "gallery" / "07_main.jpg").unlink()  # no longer needed
    again = gallery("audit", "coherence", "--json")
    assert json.loads(first.out) == json.loads(again.out)


def test_a_picture_that_has_changed_since_is_left_out(gallery: Program) -> None:
    (gallery.home / "gallery" / "07_main.jpg").write_bytes(b"another file")
    said = gallery("audit", "coherence", "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["pictures"] == 127


def test_what_cannot_be_audited_says_why(bare: Program, tmp_path: Path) -> None:
    said = bare("audit", "coherence")
    assert said.code == 2
    assert "No catalogue has been ingested" in said.err
    catalogue = write_gallery(bare.home / "small", 6)
    text, image = load_text_encoder("hash:64"), load_image_encoder("hash:64")
    prepare_home(bare.home, catalogue, text, image)
    said = bare("audit", "coherence")
    assert said.code == 2
    assert "products have pictures" in said.err
    said = bare("audit", "coherence", "--html", str(tmp_path / "no" / "such.html"))
    assert said.code == 2
    assert "no such folder" in said.err
