"""What an answer shows of a product, kept in one doc value."""

import pytest

from mappings.product import Product
from mappings.schema import CARD, SHOWN, Schema
from mappings.vectors import ProductVectors

NOTHING = ProductVectors()


@pytest.fixture
def products() -> list[Product]:
    return [
        Product(
            id="1", title="红色 dress “x”", brand="Acmé", categories=("b", "a", "b"), price=1.5
        ),
        Product(id="2", title="plain", price=0.0, currency="EUR", stock=3.0, group="g"),
        *(Product(id=str(n), title="t" * n) for n in range(3, 9)),  # every length of padding
    ]


def test_a_card_holds_what_the_document_shows(products: list[Product]) -> None:
    for product in products:
        value = CARD.fill(product, NOTHING)
        document = Schema(8).document(product, NOTHING, order=1, content_hash="")
        shown = {f.name: document[f.name] for f in SHOWN if f.name in document}
        assert CARD.read(value) == CARD.read(value.rstrip("=")) == shown
        assert document[CARD.name] == value


def test_a_tombstone_has_no_card() -> None:
    gone = Schema(8).document(Product(id="1", deleted=True), NOTHING, order=2, content_hash="")
    assert CARD.name not in gone
