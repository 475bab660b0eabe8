"""The usual report of a tagger: precision, recall and F1 of spans for each name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encoders.extract.spans import Span
from learn.tagger.training import span_f1
from mappings.errors import InputError


@dataclass(frozen=True, slots=True)
class NameScore:
    """How well spans of one name are predicted.

    Args:
        name: The attribute's name; ``all`` for all of them together.
        precision: Share of the predicted spans that are right, in [0, 1].
        recall: Share of the right spans that are predicted, in [0, 1].
        f1: Their harmonic mean.
        spans: How many there are to be predicted.
    """

    name: str
    precision: float
    recall: float
    f1: float
    spans: int


@dataclass(frozen=True, slots=True)
class TaggerReport:
    """The report of a tagger on unseen titles.

    Args:
        f1: Of spans with the right ends, whatever their names.
        gazetteer_f1: The same of the gazetteer alone.
        scores: With names, all together first, then the most frequent.
    """

    f1: float
    gazetteer_f1: float
    scores: tuple[NameScore, ...]


def report(
    texts: Sequence[str],
    gold: Sequence[Sequence[Span]],
    predicted: Sequence[Sequence[Span]],
    known: Sequence[Sequence[Span]],
) -> TaggerReport:
    """Return the report.

    Args:
        texts: The titles.
        gold: Their spans.
        predicted: The tagger's spans.
        known: The gazetteer's spans.

    Raises:
        InputError: seqeval is not installed.

    Source: Ramshaw & Marcus, Text chunking using transformation-based learning, 1995 (spans of
        BIO labels); Nakayama, seqeval, 2018.
    """
    try:
        from seqeval.metrics import classification_report
    except ImportError:
        raise InputError(
            "The report needs the package seqeval, which is not installed.",
            "Install it with `pip install 'shelfsight[tagger]'`.",
        ) from None
    labels = [_labels(len(t), own) for t, own in zip(texts, gold, strict=True)]
    others = [_labels(len(t), own) for t, own in zip(texts, predicted, strict=True)]
    scores: tuple[NameScore, ...] = ()
    if any(gold):
        table = classification_report(labels, others, output_dict=True, zero_division=0)
        rows = [_score(name, row) for name, row in table.items() if not name.endswith(" avg")]
        rows.sort(key=lambda s: (-s.spans, s.name))
        scores = (_score("all", table["micro avg"]), *rows)
    return TaggerReport(span_f1(gold, predicted), span_f1(gold, known), scores)


def _score(name: str, row: dict[str, float]) -> NameScore:
    return NameScore(
        name, float(row["precision"]), float(row["recall"]), float(row["f1-score"]),
        int(row["support"]),
    )  # fmt: skip


def _labels(letters: int, spans: Sequence[Span]) -> list[str]:
    labels = ["O"] * letters
    for span in spans:
        name = span.name or "other"
        labels[span.start] = f"B-{name}"
        labels[span.start + 1 : span.end] = [f"I-{name}"] * (span.end - span.start - 1)
    return labels
