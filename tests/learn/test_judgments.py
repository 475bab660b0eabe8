"""Query sets and judgments as people write them: what is taken, and what is refused by its line."""

from pathlib import Path

import pytest

from learn.judgments import Question, judged, read_judgments, read_questions
from mappings.errors import InputError


def test_a_query_holds_words_a_picture_or_both(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "bag.jpg").write_bytes(b"jpeg")
    path = tmp_path / "queries.jsonl"
    path.write_text(
        '\ufeff{"qid": "1", "text": "红色手提包"}\n\n'
        '{"id": 2, "picture": "pictures/bag.jpg"}\n'
        '{"qid": "3", "query": "this in red", "picture": "pictures/bag.jpg", "kind": "both"}\n',
        encoding="utf-8",
    )
    picture = tmp_path / "pictures" / "bag.jpg"
    assert read_questions(path) == (
        Question("1", "红色手提包"),
        Question("2", "", picture),
        Question("3", "this in red", picture),
    )


def test_judgments_are_trecs_four_columns(tmp_path: Path) -> None:
    path = tmp_path / "qrels"
    path.write_text("q1 0 a 2\nq1\t0\tb with space\t-1\n\nq2 Q0 a 0\n", encoding="utf-8")
    assert read_judgments(path) == {"q1": {"a": 2, "b with space": -1}, "q2": {"a": 0}}


def test_a_query_counts_where_a_product_answers_it() -> None:
    asked = (Question("q1", "a"), Question("q2", "b"), Question("q3", "c"))
    kept, left = judged(asked, {"q1": {"p": 1}, "q2": {"p": 0}})
    assert [q.id for q in kept] == ["q1"]
    assert left == ("q2", "q3")
    with pytest.raises(InputError, match="named like 'q1', the judgments like 'Q1'"):
        judged(asked, {"Q1": {"p": 1}})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"qid": "1", "text": "a"}\n{broken', "line 2: no JSON"),
        ('["q1", "a"]', "line 1: no JSON object"),
        ('{"text": "a"}', "line 1: the query has no id"),
        ('{"qid": "1", "text": " "}', "line 1: query '1' has neither words nor a picture"),
        ('{"qid": "1", "text": ["a"]}', "line 1: 'text' is .* instead of text"),
        ('{"qid": "1", "picture": "gone.jpg"}', "gone.jpg' of query '1' is not there"),
        ('{"qid": "1", "text": "a"}\n{"qid": "1", "text": "b"}', "line 2: .*'1' occurs twice"),
        ("\n", "holds no query"),
    ],
)
def test_a_wrong_query_file_is_refused_by_its_line(
    content: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        read_questions(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("q1 0 a 1\nq1 0 a", "line 2: 3 columns instead of 4"),
        ("q1 0 a good", "line 1: the grade 'good' is no whole number"),
        ("q1 0 a 1\nq1 0 a 2", "line 2: product 'a' has another grade"),
        ("", "holds no judgment"),
    ],
)
def test_a_wrong_judgment_file_is_refused_by_its_line(
    content: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "qrels"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        read_judgments(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.jsonl cannot be read"):
        read_questions(tmp_path / "nothing.jsonl")
    (tmp_path / "latin").write_bytes(b"q1 0 caf\xe9 1")
    with pytest.raises(InputError, match="latin cannot be read: it is not UTF-8"):
        read_judgments(tmp_path / "latin")
