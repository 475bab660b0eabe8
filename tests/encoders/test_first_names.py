"""First names: which word of a text is one, whose it is, and how the file that ships is made."""

import re
from pathlib import Path

import numpy as np
import pytest

from encoders.kinds.lexicon import load_lexicon
from encoders.kinds.names import FirstNames, load_names
from learn.align.names import read_census, read_words, told
from query.understand import lexicon

COLOURS = (
    (Path(lexicon.__file__).parent / "lexicons" / "colours.tsv").read_text("utf-8").splitlines()
)
NAMES = FirstNames(["josie", "helena"], ["chaz", "atlas"])


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Josie Yoga Jacket", 1.0),
        ("helena hooded fleece", 1.0),
        ("  “Chaz” Kangeroo Hoodie", -1.0),
        ("ATLAS-Fitness Tank", -1.0),
        ("Yoga jacket by Josie", 0.0),
        ("Josies Jacket", 0.0),
        ("2XU tights", 0.0),
        ("Josie2 tights", 0.0),
        ("Josie's jeans", 0.0),
        ("Chaz’s Secret", 0.0),
        ("Josie", 1.0),
        ("红色连衣裙", 0.0),
        ("", 0.0),
        ("!?", 0.0),
    ],
)
def test_the_first_word_tells(text: str, gender: float) -> None:
    assert NAMES.gender(text) == gender
    assert bool(NAMES.first(text)) is bool(gender)


def test_texts_are_told_together() -> None:
    found = NAMES.genders(["Chaz hoodie", "hoodie", "Josie bra"])
    assert found.dtype == np.float32
    assert found.tolist() == [-1.0, 0.0, 1.0]
    assert NAMES.genders([]).shape == (0,)


def test_what_ships_knows_people_and_no_things() -> None:
    names = load_names()
    assert len(names) > 10_000
    people = names.genders(["Mary", "Zoltan", "Giulia", "Wolfgang", "Ines"])
    assert people.tolist() == [1.0, -1.0, 1.0, -1.0, 1.0]
    assert not names.genders(["jean jacket", "rose vase", "ginger tea", "basil", "max"]).any()


def test_no_word_that_queries_begin_with_is_a_name() -> None:
    terms = [term for concept in load_lexicon() for term in concept.terms]
    colours = [word for line in COLOURS for word in re.split(r"[\t;,|]", line.lower())]
    others = [
        "long",
        "summer",
        "autumn",
        "winter",
        "golden",
        "sky",
        "baby",
        "star",
        "french",
        "will",
    ]
    assert "red" in colours
    assert [text for text in (*terms, *colours, *others) if load_names().gender(text.strip())] == []


def test_a_name_is_told_by_the_first_source_that_knows_it() -> None:
    census = read_census(["LEE            0.1  1.0 1", "ANA            2.0  3.0 2"]), {"lee": 0.9}
    others = {"ana": 1.0, "ida": 3.0, "bo": 1.0, "zoë": 1.0, "jean": 1.0}, {"ana": 9.0, "ida": 1.0}
    shares = told([census, others], {"ray", "ida"})
    assert shares == pytest.approx({"lee": -0.8, "ana": 1.0, "ida": 0.0, "jean": 0.0})


def test_words_are_no_names_unless_they_are_a_particular_persons(tmp_path: Path) -> None:
    nouns = {
        "00000001 18 n 01 being 0 000 | what is": ("being", "00000001"),
        "00000002 18 n 01 weaver 0 001 @ 00000001 n 0000 | who weaves": ("weaver", "00000002"),
        "00000003 18 n 01 Juno 0 001 @i 00000001 n 0000 | a goddess": ("juno", "00000003"),
    }
    (tmp_path / "data.noun").write_text("\n".join(nouns), encoding="utf-8")
    index = [f"{word} n 1 1 @ 1 0 {offset}" for word, offset in nouns.values()]
    (tmp_path / "index.noun").write_text("\n".join(index), encoding="utf-8")
    for pos, word in (("adj", "frank"), ("verb", "mark"), ("adv", "early")):
        (tmp_path / f"index.{pos}").write_text(f"{word} {pos[0]} 1 0 1 0 00000009")
    assert read_words(tmp_path) == {"being", "weaver", "frank", "mark", "early"}
