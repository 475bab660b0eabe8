"""The training loop: batches by length, a held-out part, the best epoch kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.extract.decode import BEGIN, INSIDE, LABELS, decode
from encoders.extract.features import MEASURES, Features, featurise, sizes
from encoders.extract.gazetteer import Gazetteer
from encoders.extract.network import LONGEST, Shape, TaggerNetwork
from encoders.extract.spans import Span
from encoders.extract.tagger import Tagger, TaggerCard, logits_of, padded
from learn.tagger.examples import Example, frequent_names, similar_titles
from learn.tagger.value_confidence import fit_confidence
from mappings.errors import InputError

NAMING = 0.2
"""Weight of the names' loss relative to the spans'."""
LEANS = tuple(float(x) for x in np.arange(-1.0, 3.01, 0.25))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a tagger is trained.

    Args:
        epochs: Passes over the examples.
        batch: Texts of one step.
        rate: Highest learning rate; it rises for a tenth of the steps and then falls to 0.
        held_out: Share of the examples on which the best epoch and the lean are chosen.
        unseen: Share of the letters, values and categories that are hidden in training.
        dropout: As in ``TaggerNetwork``.
        seed: Of everything that is drawn.
        shape: As in ``TaggerNetwork``.
    """

    epochs: int = 8
    batch: int = 32
    rate: float = 3e-4
    held_out: float = 0.15
    unseen: float = 0.1
    dropout: float = 0.3
    seed: int = 7
    shape: Shape = field(default_factory=Shape)


@dataclass(frozen=True, slots=True)
class Epoch:
    """The result of an epoch: its number, the mean loss, and span F1 on the held-out part.

    Number 0 is before the first: what the confidence in known values finds alone.
    """

    number: int
    loss: float
    f1: float


OnEpoch = Callable[[Epoch], None]


def train(
    given: Sequence[Example],
    gazetteer: Gazetteer,
    recipe: Recipe,
    *,
    names: Sequence[str] | None = None,
    learned_from: str = "",
    licence: str = "unknown",
    start: Tagger | None = None,
    on_epoch: OnEpoch = lambda _: None,
) -> Tagger:
    """Return a tagger trained on examples; the same seed gives the same tagger.

    Args:
        given: Titles and spans.
        gazetteer: Values that are known; each example's own share in it is left out.
        recipe: How.
        names: Attribute names to tell apart; those with enough spans when left out.
        learned_from: For the card.
        licence: For the card.
        start: A tagger of the same shape, names and letters whose weights are the first ones.
        on_epoch: Called after each epoch.

    Raises:
        InputError: There are fewer than ten examples, or none has a span.
    """
    if len(given) < 10 or not any(example.spans for example in given):
        raise InputError(
            f"{len(given)} titles, {sum(len(e.spans) for e in given)} of whose words are listed as"
            " attribute values, are too few to train a tagger.",
            "Give a catalogue of at least ten titles that name attribute values.",
        )
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    names = tuple(names) if names is not None else frequent_names(given)
    shape = recipe.shape
    letters = start.card.letters if start else _letters(given)
    card = TaggerCard(
        names, letters, shape.hidden, shape.layers, shape.heads, shape.inner, shape.narrow,
        learned_from=learned_from, licence=licence, seed=recipe.seed,
    )  # fmt: skip
    titles = similar_titles(given, gazetteer, recipe.seed)
    confidence, others = fit_confidence(given, titles, recipe.seed)
    rows = [
        featurise(e.text, e.categories, card.numbers, e.gazetteer, others[n], titles.without(n))
        for n, e in enumerate(given)
    ]
    rows = [own.first(LONGEST) for own in rows]
    targets = [_targets(e, names)[: len(r.ids)] for e, r in zip(given, rows, strict=True)]
    order = rng.permutation(len(given))
    cut = max(1, round(len(given) * recipe.held_out))
    held, learned = order[:cut], order[cut:]
    network = TaggerNetwork(
        sizes(len(letters)), MEASURES, LABELS + len(names), shape, recipe.dropout
    )
    if start is not None:
        network.load_state_dict(start.weights())
    best = _fit(network, rows, targets, given, learned, held, names, recipe, rng, on_epoch)
    network.load_state_dict(best)
    return Tagger(
        _leaning(card, network, rows, given, held), network, gazetteer, confidence, titles
    )


def _fit(
    network: TaggerNetwork,
    rows: Sequence[Features],
    targets: Sequence[NDArray[np.int64]],
    given: Sequence[Example],
    learned: NDArray[np.int64],
    held: NDArray[np.int64],
    names: Sequence[str],
    recipe: Recipe,
    rng: np.random.Generator,
    on_epoch: OnEpoch,
) -> dict[str, torch.Tensor]:
    """Train, and return the weights of the epoch that is best on the held-out part."""
    steps = recipe.epochs * -(-len(learned) // recipe.batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda n: min((n + 1) / (0.1 * steps), (steps - n) / (0.9 * steps))
    )
    kept = {k: v.clone() for k, v in network.state_dict().items()}
    best = _held_f1(network, rows, given, held, names)
    on_epoch(Epoch(0, 0.0, best))
    for number in range(1, recipe.epochs + 1):
        network.train()
        losses = []
        for part in _batches(rows, learned, recipe.batch, rng):
            batch = padded([_hidden(rows[n], recipe.unseen, rng) for n in part])
            loss = _loss(network(*batch), [targets[n] for n in part])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        f1 = _held_f1(network, rows, given, held, names)
        if f1 > best:
            best, kept = f1, {k: v.clone() for k, v in network.state_dict().items()}
        on_epoch(Epoch(number, float(np.mean(losses)), f1))
    return kept


def _held_f1(
    network: TaggerNetwork,
    rows: Sequence[Features],
    given: Sequence[Example],
    held: NDArray[np.int64],
    names: Sequence[str],
) -> float:
    logits = _logits(network, [rows[n] for n in held])
    gold = [given[n].spans for n in held]
    return max(span_f1(gold, [decode(x, names, lean) for x in logits]) for lean in LEANS)


def span_f1(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> float:
    """Return F1 of spans with equal ends, whatever their names; 0 when there are none."""
    right = wrong = missed = 0
    for own, other in zip(gold, predicted, strict=True):
        a, b = {(s.start, s.end) for s in own}, {(s.start, s.end) for s in other}
        right, wrong, missed = right + len(a & b), wrong + len(b - a), missed + len(a - b)
    return 2 * right / (2 * right + wrong + missed) if right else 0.0


def _leaning(
    card: TaggerCard,
    network: TaggerNetwork,
    rows: Sequence[Features],
    given: Sequence[Example],
    held: NDArray[np.int64],
) -> TaggerCard:
    """Return the card with the lean that is best on the held-out part; of equals the smallest."""
    logits = _logits(network, [rows[n] for n in held])
    gold = [given[n].spans for n in held]
    scores = {x: span_f1(gold, [decode(own, card.names, x) for own in logits]) for x in LEANS}
    return replace(card, lean=max(LEANS, key=lambda x: (round(scores[x], 6), -abs(x))))


def _logits(network: TaggerNetwork, rows: Sequence[Features]) -> list[Any]:
    network.eval()
    parts = [rows[start : start + 64] for start in range(0, len(rows), 64)]
    return [own for part in parts for own in logits_of(network, part)]


def _loss(logits: torch.Tensor, targets: Sequence[NDArray[np.int64]]) -> torch.Tensor:
    """Return the mean cross-entropy of begin, inside and outside, and of the names inside spans."""
    held = np.full((*logits.shape[:2], 2), -100, dtype=np.int64)
    for n, own in enumerate(targets):
        held[n, : len(own)] = own
    wanted = torch.from_numpy(held).flatten(0, 1)
    rows = logits.flatten(0, 1)
    spans = torch.nn.functional.cross_entropy(rows[:, :LABELS], wanted[:, 0], ignore_index=-100)
    if not (wanted[:, 1] >= 0).any():
        return spans
    names = torch.nn.functional.cross_entropy(rows[:, LABELS:], wanted[:, 1], ignore_index=-100)
    return spans + NAMING * names


def _targets(example: Example, names: Sequence[str]) -> NDArray[np.int64]:
    """Return int64 (n, 2): outside, begin or inside, and the name's place or -100."""
    place = {name: n for n, name in enumerate(names)}
    other = place.get("", -100)
    found = np.zeros((len(example.text), 2), dtype=np.int64)
    found[:, 1] = -100
    for span in example.spans:
        found[span.start : span.end, 0] = INSIDE
        found[span.start, 0] = BEGIN
        found[span.start : span.end, 1] = place.get(span.name, other)
    return found


def _hidden(given: Features, share: float, rng: np.random.Generator) -> Features:
    """Return the features with some letters unknown, and now and then values or category hidden."""
    ids, measures = given.ids.copy(), given.measures
    ids[rng.random(len(ids)) < share, 0] = 1
    ids[rng.random(len(ids)) < share, 1] = 0
    if rng.random() < share / 2:
        ids[:, 5:7], measures = 0, np.zeros_like(measures)
    ids[:, 7] *= rng.random() >= share
    ids[:, 8] *= rng.random() >= 2 * share
    return Features(ids, measures)


def _letters(given: Sequence[Example]) -> str:
    from encoders.extract.plain import plain

    counted = Counter(letter for e in given for letter in plain(e.text))
    return "".join(sorted(x for x, n in counted.items() if n >= 2))


def _batches(
    rows: Sequence[Features],
    chosen: NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """Return batches of texts of about equal length, in random order."""
    lengths = np.array([len(rows[n].ids) for n in chosen]) + rng.integers(0, 8, len(chosen))
    order = chosen[np.argsort(lengths, kind="stable")]
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    return [parts[n] for n in rng.permutation(len(parts))]
