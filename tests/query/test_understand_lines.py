"""What was understood, as the command line tells it."""

from understood_tables import words

from encoders.concepts.concept_space import LikelyConcept
from query.model.understanding import USUAL
from query.model.understood import NOTHING, AppliedRule, Understood, Variant
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.relaxation import relaxed_readings
from query.understand.words import WordReader
from shelfsight.commands.result_table import understood_lines
from shelfsight.commands.understand import lines_of


def read(text: str) -> Understood:
    return WordReader(built_in(), Chinese()).read(text, words(), USUAL)


def test_a_search_says_in_sentences_what_the_words_changed() -> None:
    found = read("Nike shoes under $50")
    assert understood_lines(found) == [
        "Understood: looking for shoes; its price under $50; better with brand Nike."
    ]
    looks = Understood(
        "parka", "parka", "en",
        looks_like=(
            LikelyConcept("outwear", "外套", 0.81), LikelyConcept("cardigan", "开衫", 0.15),
        ),
    )  # fmt: skip
    assert understood_lines(looks) == ["Pictures asked for: outwear 81%, cardigan 15%."]
    assert understood_lines(NOTHING) == understood_lines(read("shoes")) == []
    more = Understood(
        "dess", "dess", "en",
        variants=(Variant("dress", 0.9, "spelling", "dess", "dress"),),
        rules=(AppliedRule("summer", "dess"),),
    )  # fmt: skip
    *_, last = relaxed_readings(more)
    assert understood_lines(last) == [
        "Rule applied: summer.",
        "Nothing had it, so relaxed: spelling dess -> dress.",
    ]


def test_the_command_shows_every_part() -> None:
    lines = lines_of(read("耐克 红色 跑步鞋 500元以下"))
    assert lines[0] == "language   zh"
    assert "head       跑步鞋 (sneakers)" in lines
    assert "price      ..500 CNY (500元以下); must" in lines
    assert "brand      Nike (耐克) = Nike; adds points" in lines
    assert "colour     red (红色); adds points, unknown to the catalogue" in lines
    assert lines[-1] == "searched   耐克 红色 跑步鞋"
