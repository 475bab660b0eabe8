"""Reliability rows M20 and M21 on the search route: every hostile upload is refused, by name."""

import gzip
import io
import struct
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from api_server import serving
from api_shop import Shop, picture
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

pytestmark = pytest.mark.node

RSS = 300 << 20


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + check


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks)


def rows(width: int, height: int) -> bytes:
    packer, parts = zlib.compressobj(9), []
    for _ in range(height):
        parts.append(packer.compress(bytes(width // 8 + 1)))
    return chunk(b"IDAT", b"".join(parts) + packer.flush()) + chunk(b"IEND", b"")


def gif(frames: int) -> bytes:
    """A GIF of one pixel, again and again: written by hand, as Pillow merges equal frames."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def webp(width: int, height: int) -> bytes:
    """A WEBP whose header says how large it is; there is nothing behind it."""
    bits = (width - 1) | (height - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + bytes(64)
    inner = b"WEBPVP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def tiff_loop() -> bytes:
    """A TIFF whose directory names itself as the next one."""
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8)


PHOTO = saved(Image.effect_noise((240, 160), 60).convert("RGB"), "JPEG", quality=90)
BOMBS = {
    "png of 900 megapixels": png(30_000, 30_000, rows(30_000, 30_000)),
    "png with 64 MB of text": png(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(64 << 20)))),
    "gif of 10,000 frames": gif(10_000),
    "webp of 16,383 squared": webp(16_383, 16_383),
    "tiff that loops": tiff_loop(),
    "jpeg of 65,500 x 1": saved(Image.new("L", (65_500, 1)), "JPEG"),
}
BROKEN = {
    "1 percent of it": PHOTO[: len(PHOTO) // 100],
    "half of it": PHOTO[: len(PHOTO) // 2],
    "99 percent of it": PHOTO[: len(PHOTO) * 99 // 100],
    "nothing": b"",
    "html": b"<!doctype html><html><body><script>alert(1)</script></body></html>",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n%%EOF\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "pdf": b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
    "fits": b"SIMPLE  =                    T".ljust(2_880),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400),
    "bmp": saved(Image.new("RGB", (20, 20)), "BMP"),
    "psd": b"8BPS\0\x01" + bytes(400),
    "zip": b"PK\x03\x04" + bytes(400),
    "text before a jpeg": b"hello" + PHOTO,
    "an animation": gif(3),
}
WELL = {
    "cmyk": saved(Image.new("CMYK", (40, 40), (0, 200, 200, 0)), "JPEG"),
    "16 bits": saved(Image.fromarray(np.full((40, 40), 40_000, np.uint16)), "PNG"),
    "palette with alpha": saved(
        Image.new("RGBA", (40, 40), (200, 0, 0, 90)).quantize(16), "PNG"
    ),
    "one pixel": saved(Image.new("RGB", (1, 1), "red"), "PNG"),
    "a jpeg with html behind it": PHOTO + b"<html><script>alert(1)</script>",
    "a profile of its own": saved(
        Image.new("RGB", (40, 40), "red"), "JPEG", icc_profile=b"no profile" * 30
    ),
}  # fmt: skip


REASONS = {
    "png of 900 megapixels": "too large",
    "png with 64 MB of text": "cannot be read",
    "gif of 10,000 frames": "animated; 1 frame is allowed",
    "webp of 16,383 squared": "too large",
    "jpeg of 65,500 x 1": "16,384 a side are allowed",
    **dict.fromkeys(
        ("1 percent of it", "half of it", "99 percent of it", "heic"), "ends before its last pixel"
    ),
    "nothing": "empty",
    "an animation": "animated; 1 frame is allowed",
}
"""What the refusal says; of all others, that the file is none of the formats allowed."""


@pytest.fixture(scope="module")
def http(shop: Shop, node_url: str) -> Iterator[TestClient]:
    from mappings.connection import Connection

    with serving(lambda: shop.engine(Connection(node_url).open())) as opened:
        yield opened


def upload(http: TestClient, content: bytes, **fields: str) -> Any:
    # The name and the type always lie: only the content counts.
    return http.post("/search", data=fields, files={"pictures": ("a.jpg", content, "image/jpeg")})


@pytest.mark.parametrize("name", [*BOMBS, *BROKEN])
def test_a_hostile_upload_is_refused_with_its_reason_and_the_service_goes_on(
    name: str, http: TestClient, shop: Shop
) -> None:
    assert upload(http, picture("red")).status_code == 200  # the child has started
    (child,) = shop.uploads.pids
    before = psutil.Process(child).memory_info().rss
    own = psutil.Process().memory_info().rss
    answer = upload(http, (BOMBS | BROKEN)[name])
    problem = answer.json()
    assert answer.status_code == 400, problem
    assert problem["type"] == "input"
    assert REASONS.get(name, "none of JPEG, PNG, WEBP, GIF, AVIF") in problem["problem"]
    assert problem["cure"]
    if psutil.pid_exists(child):
        assert psutil.Process(child).memory_info().rss - before < RSS
    assert psutil.Process().memory_info().rss - own < RSS
    assert http.get("/live").status_code == 200
    assert upload(http, picture("red")).status_code == 200


@pytest.mark.parametrize("name", WELL)
def test_an_odd_but_sound_picture_is_searched_with(name: str, http: TestClient) -> None:
    answer = upload(http, WELL[name])
    assert answer.status_code == 200, answer.text
    assert answer.json()["hits"]
    assert answer.json()["degraded"] == []


def test_a_hostile_picture_beside_words_and_a_good_one_is_named_not_dropped(
    http: TestClient,
) -> None:
    files = [("pictures", ("a.png", picture("red"), "image/png")),
             ("pictures", ("b.png", BOMBS["png of 900 megapixels"], "image/png"))]  # fmt: skip
    answer = http.post("/search", data={"text": "red"}, files=files)
    assert answer.status_code == 400
    assert "pixels" in answer.json()["problem"]


def test_a_hostile_picture_with_a_box_is_refused_as_well(http: TestClient) -> None:
    for name in ("png of 900 megapixels", "jpeg of 65,500 x 1", "half of it"):
        answer = upload(http, (BOMBS | BROKEN)[name], boxes="[[0, 0, 0.01, 1]]")
        assert answer.status_code == 400, name


def test_a_body_that_unpacks_to_a_gigabyte_is_not_unpacked(http: TestClient) -> None:
    packed = gzip.compress(bytes(64 << 20))
    own = psutil.Process().memory_info().rss
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        answer = http.post(
            "/search", content=packed, headers={"content-type": kind, "content-encoding": "gzip"}
        )
        assert answer.status_code in (400, 413, 415)
    assert psutil.Process().memory_info().rss - own < RSS


def test_the_eight_orientations_find_the_same_products(http: TestClient) -> None:
    upright = Image.new("RGB", (90, 60), "white")
    ImageDraw.Draw(upright).rectangle((10, 5, 40, 55), fill=(200, 20, 20))
    turns = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
             8: Image.Transpose.ROTATE_270, 2: Image.Transpose.FLIP_LEFT_RIGHT}  # fmt: skip
    found = []
    for orientation, turn in {1: None, **turns}.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = upright.transpose(turn) if turn is not None else upright
        answer = upload(http, saved(stored, "JPEG", quality=95, exif=exif)).json()
        found.append({hit["id"]: hit["score"] for hit in answer["hits"]})
    for scores in found[1:]:
        assert scores == pytest.approx(found[0], abs=0.05)


def test_many_hostile_uploads_at_once_leave_the_service_answering(http: TestClient) -> None:
    kinds = [*BOMBS.values(), *list(BROKEN.values())[:6]]
    statuses: list[int] = []

    def send(content: bytes) -> None:
        statuses.append(upload(http, content).status_code)

    threads = [threading.Thread(target=send, args=(content,)) for content in kinds]
    for thread in threads:
        thread.start()
    assert http.get("/live").status_code == 200
    words = http.post("/search", json={"text": "红色运动鞋"})
    assert words.status_code == 200
    for thread in threads:
        thread.join()
    assert {400} <= set(statuses) <= {400, 429}, "too many at once are told to come again"
