"""Near-duplicates and roles in a whole ingest: what the index holds of a product's pictures."""

import io
from pathlib import Path

import numpy as np
import pytest
from ingest_workshop import Workshop, product, write_catalogue
from PIL import Image, ImageDraw

pytestmark = [pytest.mark.node, pytest.mark.broker]


def coat(colour: str) -> Image.Image:
    picture = Image.new("RGB", (120, 120), "white")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(40, 20), (80, 20), (100, 105), (20, 105)], fill=colour)
    draw.line((60, 20, 60, 105), fill="black", width=3)
    return picture


def save(picture: Image.Image, path: Path, quality: int = 92) -> None:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    path.write_bytes(stream.getvalue())


def test_the_same_shot_counts_once_and_swatches_do_not_count(workshop: Workshop) -> None:
    record = product(1, 0)
    names = ["front.jpg", "again.jpg", "blue.jpg", "cloth.jpg"]
    record["pictures"] = names
    folder = write_catalogue(workshop.catalogue, [record])
    save(coat("firebrick"), folder / "front.jpg")
    save(coat("firebrick").resize((90, 90)), folder / "again.jpg", 75)
    save(coat("navy"), folder / "blue.jpg")
    save(Image.new("RGB", (120, 120), "navy"), folder / "cloth.jpg")
    workshop.start_worker()
    assert workshop.ingest().indexed == 1
    document = workshop.documents()["p0001"]
    held = {p["path"]: p["role"] for p in document["pictures"]}
    assert held == {"front.jpg": "main", "blue.jpg": "alternative", "cloth.jpg": "swatch"}
    assert "vector" not in document["pictures"][2]  # found by the coat, never by its cloth
    rows = np.array([p["vector"] for p in document["pictures"] if p["role"] != "swatch"])
    mean = rows.mean(axis=0)
    assert np.allclose(document["image_vector"], mean / np.linalg.norm(mean), atol=1e-5)
