"""Which of a shop's fields is which: guessed in the shapes of real shops, read from documents."""

import uuid
from typing import Any

import pytest
from attach_workshop import backfill, begin, open_shop
from foreign_shops import DOCUMENTS, shapes

from attach.guess import guess_columns
from attach.products import product_of, values_at
from mappings.attach_fields import ProductColumns, field_types
from mappings.errors import InputError
from mappings.product import Product

LANGUAGE = "2fbb5fe2e29a4d70aa5854ce7ce3e20b"
GUESSED = {
    "woocommerce": ("post_title", "terms.product_cat.name", ("terms.pa_color.name",)),
    "magento": ("name", "", ("color_value",)),
    "vendure": ("productName", "", ()),
    "searchkick": ("name", "taxon_names", ()),
    "shopware": (f"name.{LANGUAGE}", "categoryTree", ("properties",)),
    "sylius": ("name.en_US", "", ("product-attributes",)),
    "plain": ("title", "categories", ("tags", "variants.colour", "variants.size")),
    "chinese": ("标题", "类目", ("属性",)),
}


@pytest.mark.parametrize("shape", GUESSED)
def test_real_shops_fields_are_guessed(shape: str) -> None:
    mapping = shapes()[shape]["mappings"]
    columns = guess_columns(mapping)
    title, category, attributes = GUESSED[shape]
    assert columns.title == (title,)
    assert columns.categories == ((category,) if category else ())
    assert columns.attributes == attributes
    product = product_of(DOCUMENTS[shape](4), columns)
    assert isinstance(product, Product)
    assert product.title.startswith("蓝色" if shape == "chinese" else "blue")
    kept = ProductColumns.from_toml(columns.to_toml(), list(field_types(mapping)))
    assert kept == columns, "what is shown can be given back"


@pytest.mark.parametrize(
    ("source", "attributes"),
    [
        ({"a": {"colour": "red", "size": ["S", "M"]}}, {"colour": ("red",), "size": ("S", "M")}),
        ({"a": [{"name": "colour", "value": "red"}]}, {"colour": ("red",)}),
        ({"a": [{"code": "c", "value": ["x", "y"]}, {"code": "c", "value": "x"}]},
         {"c": ("x", "y")}),
        ({"a": [{"名称": "颜色", "值": "红"}]}, {"颜色": ("红",)}),
        ({"a": ["red", "blue"]}, {"a": ("red", "blue")}),
        ({"a": {"id": "77", "colour": "red"}}, {"colour": ("red",)}),
        ({"a": "x" * 201}, {}),
        ({"a": None}, {}),
        ({"a": {"k=v": "w"}}, {"k v": ("w",)}),
        ({"a": [True, 3, 2.5]}, {"a": ("true", "3", "2.5")}),
    ],
)  # fmt: skip
def test_attributes_are_read_as_shops_write_them(source: Any, attributes: Any) -> None:
    product = product_of(source | {"t": "thing"}, ProductColumns(title=("t",), attributes=("a",)))
    assert isinstance(product, Product)
    assert dict(product.attributes) == attributes


def test_long_and_marked_up_texts_are_cut_and_cleaned() -> None:
    columns = ProductColumns(title=("t",), description=("d",), attributes=("a",), pictures=("p",))
    product = product_of(
        {"t": ["one", "one", "two " * 400], "d": "<p>soft <b>wool</b></p>",
         "a": {f"n{n}": "v" for n in range(300)},
         "p": [{"url": f"{n}.jpg"} for n in range(30)]}, columns,
    )  # fmt: skip
    assert isinstance(product, Product)
    assert product.title.startswith("one two")
    assert len(product.title) <= 500
    assert product.description.split() == ["soft", "wool"]
    assert sum(map(len, product.attributes.values())) == 200
    assert len(product.pictures) == 20


def test_a_document_without_a_name_is_none() -> None:
    assert isinstance(product_of({"sku": 1}, ProductColumns(title=("name",))), str)


def test_paths_lead_through_lists_objects_and_dots() -> None:
    source = {"a": [{"b": 1}, {"b": {"c": 2}}], "a.b": 3, "x.y": {"z": 4}}
    assert values_at(source, "a.b") == [3]
    assert values_at({"a": [{"b": 1}, {"b": 2}]}, "a.b") == [1, 2]
    assert values_at(source, "x.y.z") == [4]
    assert values_at(source, "no.such") == []


def test_a_shop_without_names_is_told_what_to_do() -> None:
    with pytest.raises(InputError, match="looks like a product's name") as caught:
        guess_columns({"properties": {"foo": {"type": "keyword"}}})
    assert "--columns" in caught.value.cure


@pytest.mark.node
def test_queries_over_all_fields_find_what_they_found(client: Any, tmp_path: Any) -> None:
    """In place our columns stand among the shop's, and no words may match them."""
    name = f"augment-fields-{uuid.uuid4().hex[:8]}"
    open_shop(client, name, 60)
    queries: list[dict[str, Any]] = [
        {"query_string": {"query": text}}
        for text in ("0.5", "[0 TO 100]", "*", "red", "title:red OR lamp", "/[a-f0-9]{32}/")
    ]
    queries += [
        {"multi_match": {"query": "0.5 red cotton"}},
        {"multi_match": {"query": "red", "fields": ["*"], "lenient": True}},
        {"simple_query_string": {"query": "red + cotton | 1"}},
        {"multi_match": {"query": "red cotton", "type": "cross_fields", "operator": "and",
                         "fields": ["*"], "lenient": True}},
    ]  # fmt: skip

    def found() -> list[Any]:
        client.indices.refresh(index=name)
        answers = [client.search(index=name, body={"query": q, "size": 60}) for q in queries]
        return [(a["hits"]["total"], {h["_id"] for h in a["hits"]["hits"]}) for a in answers]

    try:
        before = found()
        assert sum(total["value"] for total, _ in before) > 200
        attached = begin(client, name, "in_place")
        assert backfill(client, attached, tmp_path).run().written == 60
        assert found() == before
    finally:
        client.indices.delete(index=name)
