"""Reads query sets and relevance judgments."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mappings.errors import InputError

Judgments = Mapping[str, Mapping[str, int]]
"""Query id to product id to grade; a grade of 0 or less says that the product does not answer."""

_QUERY_CURE = 'One JSON object a line: {"qid": "q1", "text": "red bag", "picture": "q1.jpg"}.'
_QRELS_CURE = "Four columns a line, as TREC writes them: query id, 0, product id, whole grade."


@dataclass(frozen=True, slots=True)
class Question:
    """One query of a set: words, a picture's path, or both.

    Args:
        id: By which the judgments name it.
        text: The words, empty where there are none.
        picture: The picture's file, ``None`` where there is none.
    """

    id: str
    text: str = ""
    picture: Path | None = None


def read_questions(path: Path) -> tuple[Question, ...]:
    """Return the queries of a JSONL file, in its order.

    Each line holds ``qid`` (or ``id``), and ``text`` (or ``query``), ``picture``, or both; a
    picture's path counts from the file's own folder.

    Raises:
        InputError: The file cannot be read, holds no query, or a line is wrong; the line is named.
    """
    found: dict[str, Question] = {}
    for number, line in enumerate(_lines(path, _QUERY_CURE), start=1):
        if not line.strip():
            continue
        question = _question(line, f"{path}, line {number}", path.parent)
        if question.id in found:
            raise InputError(
                f"{path}, line {number}: the query id {question.id!r} occurs twice.",
                "Give every query an id of its own.",
            )
        found[question.id] = question
    if not found:
        raise InputError(f"{path} holds no query.", _QUERY_CURE)
    return tuple(found.values())


def read_judgments(path: Path) -> dict[str, dict[str, int]]:
    """Return the judgments of a TREC qrels file: query id, 0, product id, grade.

    Raises:
        InputError: The file cannot be read, holds no judgment, or a line is wrong or contradicts
            an earlier one; the line is named.
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path, _QRELS_CURE), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        columns = line.split("\t") if line.count("\t") == 3 else line.split()
        if len(columns) != 4:
            raise InputError(f"{where}: {len(columns)} columns instead of 4.", _QRELS_CURE)
        query, _, product, written = (column.strip() for column in columns)
        try:
            grade = int(written)
        except ValueError:
            raise InputError(
                f"{where}: the grade {written!r} is no whole number.", _QRELS_CURE
            ) from None
        if found.setdefault(query, {}).setdefault(product, grade) != grade:
            raise InputError(
                f"{where}: product {product!r} has another grade for query {query!r} above.",
                "Keep one grade for each query and product.",
            )
    if not found:
        raise InputError(f"{path} holds no judgment.", _QRELS_CURE)
    return found


def judged(
    questions: tuple[Question, ...], judgments: Judgments
) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """Return the questions that can be measured, and the ids of those that cannot.

    A question can be measured when a product answers it: at least one grade above 0.

    Raises:
        InputError: None can.
    """
    answered = {q for q, grades in judgments.items() if any(g > 0 for g in grades.values())}
    kept = tuple(q for q in questions if q.id in answered)
    if not kept:
        raise InputError(
            f"None of the {len(questions)} queries has a product with a grade above 0:"
            f" the queries are named like {questions[0].id!r},"
            f" the judgments like {next(iter(judgments), '')!r}.",
            "Use the same query ids in both files.",
        )
    return kept, tuple(q.id for q in questions if q.id not in answered)


def _question(line: str, where: str, folder: Path) -> Question:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: no JSON: {error}.", _QUERY_CURE) from None
    if not isinstance(row, dict):
        raise InputError(f"{where}: no JSON object.", _QUERY_CURE)
    name, text = _text(row, ("qid", "id"), where), _text(row, ("text", "query"), where)
    picture = _text(row, ("picture", "image"), where)
    if not name:
        raise InputError(f"{where}: the query has no id.", _QUERY_CURE)
    if not text.strip() and not picture:
        raise InputError(f"{where}: query {name!r} has neither words nor a picture.", _QUERY_CURE)
    shown = folder / picture if picture else None
    if shown is not None and not shown.is_file():
        raise InputError(
            f"{where}: the picture {str(shown)!r} of query {name!r} is not there.",
            "Write its path from the query file's folder.",
        )
    return Question(name, text, shown)


def _text(row: dict[str, Any], keys: tuple[str, ...], where: str) -> str:
    value = next((row[k] for k in keys if row.get(k) is not None), "")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise InputError(f"{where}: {keys[0]!r} is {value!r} instead of text.", _QUERY_CURE)
    return value


def _lines(path: Path, cure: str) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {reason}.", cure) from None
