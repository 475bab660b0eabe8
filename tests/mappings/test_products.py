import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mappings.errors import InputError
from mappings.product import MAX_ID_BYTES, MAX_VERSION, Product, parse_product

SHOE = {
    "id": "sku-1",
    "title": "红色运动鞋 Red running shoes",
    "brand": "Löwe",
    "categories": ["鞋", "Shoes"],
    "price": 59.9,
    "currency": "EUR",
    "stock": 0,
    "attributes": {"color": "red", "size": [41, 42.5]},
    "pictures": [{"path": "a/1.jpg", "role": "main"}],
    "version": 3,
}


def row(**columns: Any) -> Product:
    return parse_product({"id": "1", "title": "t"} | columns)


def reason(**columns: Any) -> str:
    with pytest.raises(InputError) as caught:
        row(**columns)
    return str(caught.value)


def test_a_whole_record() -> None:
    shoe = parse_product(SHOE)
    assert shoe.tags == ("color=red", "size=41", "size=42.5")
    assert shoe.stock == 0
    assert shoe.pictures[0].role == "main"
    assert parse_product(json.loads(shoe.model_dump_json())) == shoe


def test_a_product_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse_product(SHOE).title = "other"  # type: ignore[misc]


def test_the_record_is_left_as_it_was() -> None:
    before = json.dumps(SHOE)
    parse_product(SHOE)
    assert json.dumps(SHOE) == before


def test_text_loses_control_characters_and_is_composed() -> None:
    got = row(title=" Cafe\u0301\x00\x1b[31m \ud800鞋 ", description="a\nb\tc\x07")
    assert got.title == "Café[31m 鞋"
    assert got.description == "a\nb\tc"


@given(text=st.text(max_size=60))
def test_any_text_becomes_text_that_the_engine_takes(text: str) -> None:
    got = row(description=text).description
    got.encode()
    assert got == unicodedata.normalize("NFC", got)
    assert "\x00" not in got


@pytest.mark.parametrize(
    ("column", "limit"),
    [("title", 500), ("description", 20_000), ("brand", 200), ("group", 200)],
)
def test_text_at_its_limit_passes_and_one_more_is_refused(column: str, limit: int) -> None:
    assert getattr(row(**{column: "字" * limit}), column) == "字" * limit
    assert f"column {column!r}: is {limit + 1} characters long; at most {limit}" in reason(
        **{column: "字" * (limit + 1)}
    )


def test_an_id_is_limited_in_bytes_not_characters() -> None:
    assert len(row(id="汉" * 133).id) == 133
    assert f"is 402 bytes long; at most {MAX_ID_BYTES}" in reason(id="汉" * 134)


@pytest.mark.parametrize(
    "given_id",
    ["", "  ", "\x00", "a\nb", "a\tb", pytest.param(10**5000, id="huge"), [1], float("inf")],
)
def test_what_cannot_be_an_id(given_id: object) -> None:
    assert "column 'id'" in reason(id=given_id)


def test_a_number_may_be_an_id() -> None:
    assert row(id=4711).id == "4711"


@pytest.mark.parametrize("column", ["price", "stock"])
@pytest.mark.parametrize(
    "value", [-1, -0.01, float("nan"), float("inf"), "NaN", "1e999", "12,5", "", True, [1], {}]
)
def test_what_cannot_be_an_amount(column: str, value: object) -> None:
    assert f"column {column!r}: " in reason(**{column: value})


def test_amounts_as_text_are_read() -> None:
    assert row(price="12.50").price == 12.5


@pytest.mark.parametrize("value", [-1, MAX_VERSION + 1, 1.5, True, "x"])
def test_what_cannot_be_a_version(value: object) -> None:
    assert "column 'version': " in reason(version=value)


@pytest.mark.parametrize("value", [0, MAX_VERSION, "7"])
def test_what_can_be_a_version(value: object) -> None:
    assert row(version=value).version == int(str(value))


@pytest.mark.parametrize(
    "value",
    [
        [{"path": f"{i}.jpg"} for i in range(21)],
        [{"path": ""}],
        [{"path": "a\x00b"}],
        [{"path": "a", "role": "cover"}],
        [{"path": "a", "alt": "x"}],
        [{}],
        ["a.jpg"],
        "a.jpg",
    ],
)
def test_what_cannot_be_pictures(value: object) -> None:
    assert "column 'pictures" in reason(pictures=value)


def test_twenty_pictures_are_allowed() -> None:
    assert len(row(pictures=[{"path": f"{i}.jpg"} for i in range(20)]).pictures) == 20


def test_two_hundred_tags_are_allowed_and_one_more_is_not() -> None:
    assert len(row(attributes={"a": [str(i) for i in range(200)]}).tags) == 200
    assert "holds 201 tags; at most 200" in reason(attributes={"a": ["x"] * 200, "b": "y"})


@pytest.mark.parametrize(
    "value", [{"a=b": "c"}, {"": "c"}, {"a": {"b": "c"}}, {"a": "x" * 201}, [1], "a=b"]
)
def test_what_cannot_be_attributes(value: object) -> None:
    assert "column 'attributes" in reason(attributes=value)


@pytest.mark.parametrize("gap", [None, "", "  ", "\x00", [], [None, ""]])
def test_an_attribute_without_a_value_is_left_out(gap: object) -> None:
    assert row(attributes={"color": gap, "size": "M"}).tags == ("size=M",)


@pytest.mark.parametrize("column", sorted(set(SHOE) - {"id", "title"}))
def test_a_column_that_is_null_is_absent(column: str) -> None:
    assert row(**{column: None}) == row()


def test_flags_and_numbers_become_words() -> None:
    assert row(attributes={"vegan": True, "size": 42}).tags == ("vegan=true", "size=42")


def test_every_fault_of_a_row_is_named_at_once() -> None:
    said = reason(price=-1, colour="red", version=-2)
    assert "column 'colour' is not known" in said
    assert "'price'" in said
    assert "'version'" in said


@pytest.mark.parametrize("missing", ["id", "title"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(InputError, match=f"column '{missing}' is missing"):
        parse_product({k: v for k, v in SHOE.items() if k != missing})


def test_a_deleted_row_needs_no_title() -> None:
    assert parse_product({"id": "1", "deleted": "true"}).deleted


def test_a_long_value_is_not_repeated_whole() -> None:
    assert len(reason(title="x" * 100_000)) < 200


@pytest.mark.parametrize("record", [[1], "x", 7, None])
def test_what_is_no_record_is_bad_input(record: Any) -> None:
    with pytest.raises(InputError, match="no record of columns"):
        parse_product(record)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026/01/31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:30:00+08:00", "2026-01-31T04:30:00Z"),
        ("2026-01-31 12:30:00", "2026-01-31T12:30:00Z"),
    ],
)
def test_the_day_a_product_came_in_is_kept_as_an_instant_in_utc(given: str, kept: str) -> None:
    assert parse_product({"id": "1", "title": "x", "added": given}).added == kept


@pytest.mark.parametrize("given", ["yesterday", "31.01.2026", "1969-12-31", "9999-01-01", True, 5])
def test_what_is_no_day_is_refused_by_name(given: object) -> None:
    with pytest.raises(InputError, match="'added'"):
        parse_product({"id": "1", "title": "x", "added": given})
