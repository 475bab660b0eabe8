"""Readers: nasty rows are rejected with line and reason, and never stop the good ones."""

import json
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.catalogue import open_catalogue
from ingest.readers.columns import ALIASES, ColumnMap, plain
from ingest.readers.lines import MAX_LINE, detect
from ingest.readers.picture_files import PictureUnavailable, picture_bytes
from ingest.readers.rows import Row
from mappings.errors import InputError
from mappings.product import Product


def rows_of(path: Path, **overrides: str) -> list[Row]:
    return list(open_catalogue(path, ColumnMap(overrides)).rows())


def one(row: dict[str, object], tmp_path: Path) -> Product:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({"id": "1", "title": "t"} | row, ensure_ascii=False))
    (found,) = rows_of(path)
    assert found.product is not None, found.rejection
    return found.product


def faults(path: Path) -> dict[int, str]:
    return {r.line: r.rejection.reason for r in rows_of(path) if r.rejection}


GOOD = '{"id": "%s", "title": "连衣裙"}'


def test_bad_json_lines_are_rejected_with_line_and_reason(tmp_path: Path) -> None:
    lines: list[bytes] = [
        (GOOD % 1).encode(),
        b"not json",
        b"[1, 2]",
        b'{"id": "nan", "title": "x", "price": NaN}',
        b'{"id": "inf", "title": "x", "price": 1e999}',
        b'{"id": "neg", "title": "x", "price": -1}',
        b'{"title": "no id"}',
        b'{"id": "no title"}',
        b'{"id": "nul", "title": "a\0b"}',
        '{"id": "gbk", "title": "连衣裙"}'.encode("gb18030"),
        b"[" * 100_000 + b"]" * 100_000,
        b'{"id": "long", "title": "' + b"x" * (MAX_LINE + 10) + b'"}',
        ('{"id": "%s", "title": "x"}' % ("商" * 134)).encode(),
        (GOOD % 1).encode(),
        b"",
        b'{"id": "sur", "title": "\\ud800 ok \\u0000"}',
        (GOOD % "last").encode(),
    ]
    path = tmp_path / "feed.jsonl"
    path.write_bytes(b"\n".join(lines))
    reasons = faults(path)
    expected = {
        2: "not JSON", 3: "list, not an object", 4: "NaN", 5: "price", 6: "price", 7: "'id'",
        8: "title", 9: "NUL", 10: "UTF-8", 11: "nested", 12: "longer than", 13: "402 bytes",
    }  # fmt: skip
    assert reasons.keys() == expected.keys(), reasons
    for line, words in expected.items():
        assert words in reasons[line], (line, reasons[line])
        assert len(reasons[line]) < 300
    good = [r.product for r in rows_of(path) if r.product]
    assert [p.id for p in good] == ["1", "1", "sur", "last"]
    assert good[2].title == "ok"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "feed.jsonl"
    text = "\n".join(f'{{"id": "{n}", "title": "红色连衣裙 {n}"}}' for n in range(20))
    path.write_bytes(text.encode(encoding))
    assert [r.product.title for r in rows_of(path) if r.product][3] == "红色连衣裙 3"
    assert detect(path) == encoding.removesuffix("-sig")


def test_a_line_in_another_encoding_is_rejected_in_either_direction(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    lines = [(GOOD % n).encode("gb18030") for n in range(9)] + [(GOOD % "u").encode()]
    path.write_bytes(b"\n".join(lines))
    assert list(faults(path)) == [10]
    assert "UTF-8" in faults(path)[10]
    lines = [(GOOD % n).encode() for n in range(9)] + [(GOOD % "g").encode("gb18030")]
    path.write_bytes(b"\n".join(lines))
    assert "may be GB 18030" in faults(path)[10]


def test_csv_records_that_cannot_be_read_do_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(
        b"\xef\xbb\xbfSKU,Product Name,Price,Colour\r\n"
        b'1,"a ""quoted"" dress, red","1,299.00",red\r\n'
        b"2,too,many,cells,here\r\n"
        b'3,"two\nlines",5,blue\r\n'
        b'4,"never closed,6,blue\r\n'
        b"5,nul\0byte,6,blue\r\n"
        b"6,=cmd|' /C calc'!A0,NaN,blue\r\n"
        b"7,fine,free,blue\r\n"
        b"8,last,8,\r\n"
    )
    reasons = faults(path)
    assert list(reasons) == [3, 6, 7, 8, 9]
    assert "5 cells, the header 4" in reasons[3]
    assert "unexpected end of data" in reasons[6]
    assert "NUL" in reasons[7]
    assert "price" in reasons[8]
    good = {r.product.id: r.product for r in rows_of(path) if r.product}
    assert sorted(good) == ["1", "3", "8"]
    assert good["1"].title == 'a "quoted" dress, red'
    assert good["1"].price == 1299.0
    assert good["3"].title == "two\nlines"
    assert good["1"].attributes == {"Colour": ("red",)}
    assert good["8"].attributes == {}


def test_tsv_and_semicolons_are_found_by_the_header(tmp_path: Path) -> None:
    for name, mark in (("a.tsv", "\t"), ("b.csv", ";"), ("c.csv", "\t")):
        path = tmp_path / name
        path.write_text(f"id{mark}title\n1{mark}a, b\n")
        assert [r.product.title for r in rows_of(path) if r.product] == ["a, b"]


def test_a_huge_line_does_not_cost_memory(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    with path.open("wb") as file:
        file.write((GOOD % 1).encode() + b"\n")
        for _ in range(300):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + (GOOD % 2).encode())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert list(faults(path)) == [2]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_feed_without_id_or_title_names_what_it_has_and_the_option(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_text('{"colour": "red", "produktName": "x", "artikel": "1"}')
    with pytest.raises(InputError) as error:
        rows_of(path)
    words = str(error.value)
    for expected in ("'id' and 'title'", "'colour', 'produktName', 'artikel'", "sku", "--column"):
        assert expected in words
    (row,) = rows_of(path, id="artikel", title="produktName")
    assert row.product == Product(id="1", title="x", attributes={"colour": ("red",)})
    assert row.extras == ("colour",)
    with pytest.raises(InputError, match="no column 'nope'"):
        rows_of(path, id="nope")


def test_column_options_are_checked() -> None:
    assert ColumnMap.parse(["title=productName"]).overrides == {"title": "productName"}
    for wrong in ("title", "titel=x", "title="):
        with pytest.raises(InputError, match="OURS=THEIRS"):
            ColumnMap.parse([wrong])


def test_every_alias_is_found_and_written_as_columns_are_compared(tmp_path: Path) -> None:
    for ours, aliases in ALIASES.items():
        for alias in aliases:
            assert plain(alias) == alias
            needed = [c for c in ("id", "title") if c != ours]
            assert ColumnMap().bind([*needed, alias]).ours[alias] == ours


@pytest.mark.parametrize(
    ("given", "price", "currency"),
    [
        (52, 52.0, ""), ("52", 52.0, ""), ("¥1,299.00", 1299.0, "CNY"), ("12.50 USD", 12.5, "USD"),
        ("1.299,00 €", 1299.0, "EUR"), ("1,299", 1299.0, ""), ("0.125", 0.125, ""),
        ("$1,234,567.5", 1234567.5, "USD"), ("99元", 99.0, "CNY"),
    ],
)  # fmt: skip
def test_prices_as_shops_write_them(
    given: object, price: float, currency: str, tmp_path: Path
) -> None:
    product = one({"price": given}, tmp_path)
    assert (product.price, product.currency) == (price, currency)


def test_pictures_in_every_shape(tmp_path: Path) -> None:
    shapes: list[object] = [
        "a.jpg|b.jpg", ["a.jpg", "b.jpg"], "a.jpg,b.jpg",
        [{"path": "a.jpg"}, {"src": "b.jpg"}], {"red": ["a.jpg"], "blue": ["b.jpg", "a.jpg"]},
    ]  # fmt: skip
    for shape in shapes:
        pictures = one({"images": shape}, tmp_path).pictures
        assert [(p.path, p.role) for p in pictures] == [
            ("a.jpg", "main"),
            ("b.jpg", "alternative"),
        ]
    colours = {"red": ["x-red_alt1.jpg", "x-red_main.jpg"], "blue": ["x-blue_main.jpg"]}
    pictures = one(
        {"images_by_color": colours, "other_images": ["x-swatch.png"]}, tmp_path
    ).pictures
    assert [(p.path, p.role) for p in pictures] == [
        ("x-red_main.jpg", "main"), ("x-red_alt1.jpg", "alternative"),
        ("x-blue_main.jpg", "alternative"), ("x-swatch.png", "swatch"),
    ]  # fmt: skip


def test_attributes_in_every_shape(tmp_path: Path) -> None:
    for shape in (
        {"colour": "red", "size": ["S", "M"], "none": "", "empty": []},
        [{"name": "colour", "value": "red"}, {"key": "size", "value": ["S", "M"]}],
        "colour=red|size=S|size=M",
        ["colour=red", "size:S", "size:M"],
    ):
        product = one({"attributes": shape}, tmp_path)
        assert product.attributes == {"colour": ("red",), "size": ("S", "M")}


def test_what_does_not_fit_an_attribute_is_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    row = {
        "id": "1", "title": "t", "prose": "x" * 201, "nested": {"a": 1}, "fits": "x" * 200,
        "attributes": {"long": "y" * 201, "short": "y" * 200},
    }  # fmt: skip
    path.write_text(json.dumps(row))
    (found,) = rows_of(path)
    assert found.product is not None
    assert set(found.product.attributes) == {"fits", "short"}
    assert found.left_out == ("prose", "nested", "attributes.long")


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "red_dress-01").mkdir()
    for name in ("red_dress-01/b.jpg", "red_dress-01/a.PNG", "blue hat.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "shoes").mkdir()
    for n in range(21):
        (tmp_path / "shoes" / f"{n:08x}.jpg").write_bytes(b"x")
    products = {r.product.id: r.product for r in rows_of(tmp_path) if r.product}
    assert len(products) == 23
    assert products["blue hat"].title == "blue hat"
    dress = products["red_dress-01"]
    assert dress.title == "red dress 01"
    assert [p.path for p in dress.pictures] == ["red_dress-01/a.PNG", "red_dress-01/b.jpg"]
    assert products["shoes/00000003"].categories == ("shoes",)


def test_what_is_no_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no catalogue"):
        open_catalogue(tmp_path / "missing.jsonl")
    (tmp_path / "feed.xlsx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"\.jsonl, \.ndjson, \.csv, \.tsv"):
        open_catalogue(tmp_path / "feed.xlsx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        rows_of(tmp_path / "empty")
    for name in ("feed.jsonl", "feed.csv"):
        (tmp_path / name).write_text("")
        with pytest.raises(InputError):
            rows_of(tmp_path / name)
    (tmp_path / "twice.csv").write_text("id,title,id\n1,2,3\n")
    with pytest.raises(InputError, match="named twice"):
        rows_of(tmp_path / "twice.csv")


def test_pictures_may_not_leave_the_catalogue(tmp_path: Path) -> None:
    root = tmp_path / "catalogue"
    root.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (root / "inside.jpg").write_bytes(b"inside")
    (root / "link-in.jpg").symlink_to(root / "inside.jpg")
    (root / "link-out.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "folder").mkdir()
    (root / "out").symlink_to(tmp_path)
    import os

    os.mkfifo(root / "pipe.jpg")
    (root / "big.jpg").write_bytes(b"x" * (20 * 1024 * 1024 + 1))
    assert picture_bytes(root, "inside.jpg") == picture_bytes(root, "link-in.jpg") == b"inside"
    assert picture_bytes(root, "./folder/../inside.jpg".replace("folder/../", "")) == b"inside"
    for path, reason in {
        "../secret.jpg": "outside", str(tmp_path / "secret.jpg"): "outside",
        "folder/../../secret.jpg": "outside", "link-out.jpg": "outside",
        "out/secret.jpg": "outside", "..\\secret.jpg": "outside", "missing.jpg": "missing",
        "inside.jpg/x": "missing", "folder": "not_a_file", "pipe.jpg": "not_a_file",
        "big.jpg": "too_many_bytes", "http://example.org/a.jpg": "remote",
        "x" * 300: "unreadable",
    }.items():  # fmt: skip
        with pytest.raises(PictureUnavailable) as error:
            picture_bytes(root, path)
        assert error.value.reason == reason, path


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(st.one_of(st.binary(max_size=80), st.just((GOOD % 7).encode())), max_size=12))
def test_any_bytes_give_one_row_for_each_line(lines: list[bytes], tmp_path: Path) -> None:
    good = [(GOOD % f"first {n}").encode() for n in range(4)]
    kept = [*good, *(x.replace(b"\n", b"").replace(b"\r", b"") for x in lines)]
    path = tmp_path / "feed.jsonl"
    path.write_bytes(b"\n".join(kept))
    rows = rows_of(path)
    assert len(rows) <= len(kept)
    assert rows[0].product is not None
    assert all((r.product is None) != (r.rejection is None) for r in rows)
    assert sum(r.product is not None and r.product.id == "7" for r in rows) == kept.count(
        (GOOD % 7).encode()
    )


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "count"), [("luma", 199), ("myntra_titles", 4998), ("zh_titles", 2415)]
)
def test_real_catalogues_have_no_rejections(evaluation_data: Path, name: str, count: int) -> None:
    rows = rows_of(evaluation_data / name)
    assert [r.rejection for r in rows if r.rejection] == []
    assert len(rows) == count
    catalogue = open_catalogue(evaluation_data / name)
    pictures = [p.path for r in rows if r.product for p in r.product.pictures]
    assert all(catalogue.picture_bytes(path) for path in pictures[:50])
    assert len(pictures) == (733 if name == "luma" else 0)


def test_the_only_feed_of_a_folder_is_read_and_one_of_several_is_asked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "shelf.png").write_bytes(b"")
    assert open_catalogue(tmp_path).kind == "folder"
    (tmp_path / "feed.jsonl").write_text(GOOD % 1)
    assert open_catalogue(tmp_path).path == tmp_path / "feed.jsonl"
    (tmp_path / "prices.csv").write_text("id,title")
    with pytest.raises(InputError, match=r"several feeds: feed\.jsonl, prices\.csv"):
        open_catalogue(tmp_path)
    (tmp_path / "products.csv").write_text("id,title")
    assert open_catalogue(tmp_path).path == tmp_path / "products.csv"
