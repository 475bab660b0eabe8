"""Examples, directions, boxes, fusions and speech through the real command line."""

from pathlib import Path
from typing import Any

import pytest
from program_run import Program

pytestmark = [pytest.mark.node, pytest.mark.broker]

VOICE = Path(__file__).parents[1] / "encoders" / "voice"


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in answer["hits"]]


def test_more_like_a_product_leaves_it_out(shop: Program) -> None:
    answer = shop("search", "--like", "red", "--json").json()
    assert "red" not in ids(answer)
    assert len(ids(answer)) == 2
    both = shop("search", "--like", "red", "--like", "blue", "--share", "1", "--share", "2",
                "--json").json()  # fmt: skip
    assert ids(both) == ["green"]


def test_a_picture_is_moved_boxed_and_cut_to_its_subject(shop: Program) -> None:
    picture = str(shop.home / "shop" / "red.png")
    whole = shop("search", "--image", picture, "--json").json()
    options: tuple[tuple[str, ...], ...] = (
        ("--but", "blue", "--minus", "red", "--strength", "1.5"),
        ("--box", "0,0,0.5,0.5"),
        ("--subject",),
    )
    for more in options:
        said = shop("search", "--picture", picture, *more, "--json")
        assert said.code == 0, said.err
        assert len(ids(said.json())) == len(ids(whole))
    moved = shop("search", "--image", picture, "--but", "blue", "--json").json()
    assert [h["score"] for h in moved["hits"]] != [h["score"] for h in whole["hits"]]


@pytest.mark.parametrize("fusion", ["rrf:depth=50,rank_constant=20", "min-max", "hybrid-min-max"])
def test_a_fusion_is_chosen_by_name(fusion: str, shop: Program) -> None:
    answer = shop("search", "red dress", "--fusion", fusion, "--json").json()
    assert answer["fusion"].startswith(fusion.partition(":")[0])
    for hit in answer["hits"]:
        points = sum(c["points"] for c in hit["contributions"])
        assert points == pytest.approx(hit["score"], abs=1e-5)


def test_what_is_said_is_searched_for_and_shown(shop: Program) -> None:
    recording = str(VOICE / "blue-running-shoes.wav")
    answer = shop("search", "--voice", recording, "--json").json()
    assert answer["transcript"]["text"].endswith("running shoes")
    assert answer["transcript"]["transcriber"] == "pocketsphinx"
    assert len(answer["transcript"]["alternatives"]) > 5
    table = shop("search", "--voice", recording)
    assert table.code == 0, table.err
    assert "Heard: " in table.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--like", "nobody"), "no product 'nobody'"),
        (("--image", "https://example.org/a.jpg"), "only uploads and stored pictures"),
        (("dress", "--but", "blue"), "nothing that is to be 'blue'"),
        (("dress", "--fusion", "best"), "no fusion 'best'"),
        (("dress", "--fusion", "hybrid-l2"), "no fusion 'hybrid-l2'"),
        (("dress", "--fusion", "rrf:k=1"), "rank_constant"),
        (("dress", "--voice", "a.wav"), "both given"),
        (("--voice", "nowhere.wav"), "cannot be read"),
        (("--voice", str(VOICE / "red-leather-handbag.wav"), "--language", "zh"), "English"),
        (("--voice", __file__), "WAV"),
        (("--image", __file__, "--box", "1,2,3"), "The box"),
    ],
)
def test_what_cannot_be_asked_is_named_and_ends_with_2(
    words: tuple[str, ...], why: str, shop: Program
) -> None:
    said = shop("search", *words)
    assert said.code == 2, said.err
    assert why in said.err.replace("\n", " ")
