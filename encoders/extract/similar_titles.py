"""Evidence from similar titles: whether products with such titles list the same value."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.atomic_io import read_record, write_atomically
from encoders.extract.plain import plain

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from encoders.extract.gazetteer import Gazetteer

MOST = 20_000
"""Titles that are sampled from a larger catalogue."""
LETTERS = 3
"""Length of the longest character n-grams by which titles are compared."""
FEWEST = 2
"""Least document frequency of an n-gram."""
WIDTH = 0.1
"""Kernel width: a cosine smaller by this much counts e times less."""
PRIOR_WEIGHT, PRIOR_TRUST = 1e-3, 0.3
"""Weight of the prior trust against that of the similar titles."""
NEAR = 3
"""Numbers of evidence for each value."""
NOWHERE = (-1.0, 0.0, -1.0)
"""Evidence for a value that no other title contains."""


@dataclass(frozen=True, slots=True, eq=False)
class SimilarTitles:
    """Titles as TF-IDF vectors of character n-grams, and the known values that each contains.

    Args:
        titles: Plain titles, n of them; ``MOST`` at most.
        values: Of each title the known values in it, and whether its product lists them there.
        runs: int64 (v,), sorted: the runs of one to three letters that are compared.
        weights: float32 (v,), how rare each is (IDF).
        columns: float32 (v, n), sparse: the titles' TF-IDF; each title's column is a unit vector.
        holders: Value to int64 (m,), the titles that hold it, and float64 (m,), 1 where listed.
        numbers: int64 (n,), each title's place among those that it was learned from.
        left_out: A title that counts as if it were not there; -1 for none.
    """

    titles: tuple[str, ...]
    values: tuple[Mapping[str, bool], ...]
    runs: NDArray[np.int64]
    weights: NDArray[np.float32]
    columns: csr_matrix
    holders: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    numbers: NDArray[np.int64]
    left_out: int = -1

    @classmethod
    def none(cls) -> SimilarTitles:
        """Return no titles: no value has evidence."""
        return cls._of((), (), np.zeros(0, dtype=np.int64))

    @classmethod
    def learn(
        cls,
        titles: Sequence[str],
        listed: Sequence[Collection[str]],
        gazetteer: Gazetteer,
        seed: int = 7,
    ) -> SimilarTitles:
        """Return a catalogue's titles with the values in them.

        Args:
            titles: As they are written; of more than ``MOST`` so many are drawn.
            listed: Of each title the plain values in it that its product lists.
            gazetteer: Which values are known.
            seed: Of what is drawn.
        """
        numbers = np.sort(np.random.default_rng(seed).permutation(len(titles))[:MOST])
        shown = tuple(plain(titles[n]) for n in numbers)
        held = [{t[s.start : s.end] for s, _ in gazetteer.matches(t)} for t in shown]
        values = tuple(
            {value: value in listed[n] for value in sorted(own)}
            for n, own in zip(numbers, held, strict=True)
        )
        return cls._of(shown, values, numbers)

    @classmethod
    def _of(
        cls,
        titles: tuple[str, ...],
        values: tuple[Mapping[str, bool], ...],
        numbers: NDArray[np.int64],
    ) -> SimilarTitles:
        from scipy.sparse import csr_matrix

        counted = [np.unique(_runs(title), return_counts=True) for title in titles]
        every = np.concatenate([np.zeros(0, dtype=np.int64), *(runs for runs, _ in counted)])
        runs, shown = np.unique(every, return_counts=True)
        runs, shown = runs[shown >= FEWEST], shown[shown >= FEWEST]
        weights = (np.log((1 + len(titles)) / (1 + shown)) + 1).astype(np.float32)
        rows = [_unit(*own, runs, weights) for own in counted]
        places = np.concatenate([np.zeros(0, dtype=np.int64), *(place for place, _ in rows)])
        shares = np.concatenate([np.zeros(0, dtype=np.float32), *(share for _, share in rows)])
        owners = np.repeat(np.arange(len(titles)), [len(place) for place, _ in rows])
        columns = csr_matrix((shares, (places, owners)), shape=(len(runs), len(titles)))
        return cls(titles, values, runs, weights, columns, _holders(values), numbers)

    def without(self, number: int) -> SimilarTitles:
        """Return the same titles without one of them.

        Args:
            number: Its place among the titles that these were learned from.
        """
        place = int(np.searchsorted(self.numbers, number))
        kept = place < len(self.numbers) and self.numbers[place] == number
        return replace(self, left_out=place if kept else -1)

    def similarities(self, text: str) -> NDArray[np.float32]:
        """Return the cosine of a plain text with every title, float32 (n,), in [0, 1].

        Source: Salton & Buckley, Term-weighting approaches in automatic text retrieval, 1988;
            Cavnar & Trenkle, N-gram-based text categorization, 1994.
        """
        runs, counts = np.unique(_runs(text), return_counts=True)
        places, shares = _unit(runs, counts, self.runs, self.weights)
        found: NDArray[np.float32] = self.columns[places].T @ shares
        return found

    def near(self, text: str) -> Callable[[str], tuple[float, float, float]]:
        """Return a function that gives the evidence of similar titles for a value in a text.

        It returns the kernel-weighted trust Σ w listed / Σ w over the titles with the value,
        w = exp((cosine - 1) / ``WIDTH``); the largest cosine among them; and whether the most
        similar one lists it (1 or 0). ``NOWHERE`` if none contains it.

        Source: Nadaraya, On estimating regression, 1964; Watson, Smooth regression analysis, 1964.
        """
        if not self.titles:
            return lambda _: NOWHERE
        alike = self.similarities(text).astype(np.float64)
        if self.left_out >= 0:
            alike[self.left_out] = -np.inf
        counts = np.exp((alike - 1.0) / WIDTH)

        def evidence(value: str) -> tuple[float, float, float]:
            owners, listed = self.holders.get(value, _NOBODY)
            most = int(alike[owners].argmax()) if len(owners) else -1
            if most < 0 or alike[owners[most]] < 0:
                return NOWHERE
            own = counts[owners]
            trust = (own @ listed + PRIOR_TRUST * PRIOR_WEIGHT) / (own.sum() + PRIOR_WEIGHT)
            return float(trust), float(alike[owners[most]]), float(listed[most])

        return evidence

    def save(self, path: Path) -> None:
        """Write titles and values as JSON, whole or not at all; the rest is made of them."""
        record = {"titles": self.titles, "values": self.values}
        write_atomically(path, json.dumps(record, ensure_ascii=False))

    @classmethod
    def load(cls, path: Path) -> SimilarTitles:
        """Return what ``save`` wrote.

        Raises:
            InputError: The file is missing, or holds something else.
        """
        cure = (
            "The tagger was trained before it looked at similar titles, or the file is lost:"
            " train it again with `shelfsight tagger train`."
        )
        with read_record(path, "similar titles", cure) as record:
            titles = tuple(str(title) for title in record["titles"])
            values = tuple(
                {str(value): bool(listed) for value, listed in own.items()}
                for own in record["values"]
            )
            if len(titles) != len(values):
                raise ValueError(f"{len(titles)} titles and the values of {len(values)}")
        return cls._of(titles, values, np.arange(len(titles)))


_NOBODY = (np.zeros(0, dtype=np.int64), np.zeros(0))


def _holders(
    values: Sequence[Mapping[str, bool]],
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    owners: dict[str, list[tuple[int, bool]]] = {}
    for n, own in enumerate(values):
        for value, listed in own.items():
            owners.setdefault(value, []).append((n, listed))
    return {
        value: (np.array([n for n, _ in own]), np.array([float(listed) for _, listed in own]))
        for value, own in owners.items()
    }


def _runs(text: str) -> NDArray[np.int64]:
    """Return every n-gram of one to ``LETTERS`` characters as a number, int64."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4") + np.int64(1)
    runs, longer = [letters], letters
    for size in range(2, LETTERS + 1):  # 21 bits a character: three of them fit into 63
        longer = (longer[:-1] << 21) | letters[size - 1 :]
        runs.append(longer)
    return np.concatenate(runs)


def _unit(
    runs: NDArray[np.int64],
    counts: NDArray[np.int64],
    known: NDArray[np.int64],
    weights: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the columns of a text's known n-grams, and their TF-IDF as a unit vector."""
    if not len(known):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    places = np.minimum(np.searchsorted(known, runs), len(known) - 1)
    is_known = known[places] == runs
    places = places[is_known]
    shares = (1 + np.log(counts[is_known])) * weights[places]
    return places, (shares / max(float(np.linalg.norm(shares)), 1e-9)).astype(np.float32)
