from typing import Any

import pytest

from ingest.readers.columns import ColumnMap
from ingest.readers.records import to_row
from mappings.product import Product


def product(**record: Any) -> Product:
    record = {"id": "1", "title": "coat"} | record
    row = to_row(1, record, ColumnMap().bind(list(record)))
    assert row.product is not None, row.rejection
    return row.product


def roles(**record: Any) -> dict[str, str]:
    return {p.path: p.role for p in product(**record).pictures}


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("coat-red_swatch.jpg", "swatch"),
        ("大衣-色卡.jpg", "swatch"),
        ("coat_detail_2.jpg", "detail"),
        ("大衣细节.png", "detail"),
        ("coat-closeup.jpg", "detail"),
        ("coat_back.jpg", "alternative"),
        ("remainder.jpg", "alternative"),
    ],
)
def test_a_files_name_says_its_role(path: str, role: str) -> None:
    assert roles(images=["a_main.jpg", path]) == {"a_main.jpg": "main", path: role}


def test_a_columns_name_says_the_role_of_what_it_holds() -> None:
    found = roles(
        main_image="1.jpg", images="2.jpg|3_main.jpg", swatch_images=["4.jpg"],
        detail_images="5.jpg", 细节图="6.jpg", 色卡="7.jpg",
    )  # fmt: skip
    assert found == {
        "1.jpg": "main",
        "2.jpg": "alternative",
        "3_main.jpg": "alternative",
        "4.jpg": "swatch",
        "5.jpg": "detail",
        "6.jpg": "detail",
        "7.jpg": "swatch",
    }


def test_pictures_by_colour_say_the_products_colours() -> None:
    by_colour = {"Black": ["b.jpg"], "Deep Red": "r.jpg", "Gone": []}
    assert product(images_by_color=by_colour).attributes["color"] == ("Black", "Deep Red")


def test_a_record_that_names_its_colours_is_believed() -> None:
    given = product(images_by_color={"Black": ["b.jpg"]}, attributes={"Colour": "night"})
    assert dict(given.attributes) == {"Colour": ("night",)}
    assert "color" not in product(images={"path": "a.jpg"}).attributes
    assert "color" not in product(images_by_color=["a.jpg"]).attributes
    assert "color" not in product(images_by_color={"path": "a.jpg"}).attributes
