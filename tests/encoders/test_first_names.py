"""First names: which word of a text is one, whose it is, and how the file that ships is made."""

import numpy as np
import pytest

from encoders.kinds.names import FirstNames, load_names
from learn.align.names import read_census, told

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
        ("红色连衣裙", 0.0),
        ("", 0.0),
        ("!?", 0.0),
    ],
)
def test_the_first_word_tells(text: str, gender: float) -> None:
    assert NAMES.gender(text) == gender


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


def test_a_name_is_told_by_the_first_source_that_knows_it() -> None:
    census = read_census(["LEE            0.1  1.0 1", "ANA            2.0  3.0 2"]), {"lee": 0.9}
    others = {"ana": 1.0, "ida": 3.0, "bo": 1.0, "zoë": 1.0, "jean": 1.0}, {"ana": 9.0, "ida": 1.0}
    shares = told([census, others])
    assert shares == pytest.approx({"lee": -0.8, "ana": 1.0, "ida": 0.5, "jean": 0.0})
