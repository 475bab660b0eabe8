from encoders.pooling import telling
from mappings.product import Picture

MAIN, SWATCH = Picture(path="a.jpg", role="main"), Picture(path="b.jpg", role="swatch")


def test_swatches_do_not_say_what_a_product_is() -> None:
    assert telling([MAIN, SWATCH]) == [MAIN]


def test_a_product_with_nothing_but_swatches_keeps_them() -> None:
    assert telling([SWATCH]) == [SWATCH]
    assert telling([]) == []
