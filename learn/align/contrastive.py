"""The contrastive form: a small residual tower on top of the ridge, trained with InfoNCE."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.head_aligned import AlignedHead
from encoders.protocol import Vectors
from learn.align.fit import fit_ridge_head
from learn.align.pairs import Pairs

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the contrastive head is trained.

    Args:
        width: Hidden units.
        epochs: Passes over the pictures at most.
        batch: Pictures a step, each with one text drawn from its own.
        rate: Learning rate of AdamW.
        decay: Its weight decay.
        temperature: Initial value of the learned temperature.
        dropout: Share of the features that is dropped.
        noise: Length of the random vector that is added to unit texts, as augmentation.
        held: Share of the products for early stopping, 0 for none.
        family: Similar pictures that share a batch in every second epoch; 1 for never.
        patience: Epochs without a lower loss on them before training stops.
        seed: Of everything drawn.
    """

    width: int = 512
    epochs: int = 25
    batch: int = 256
    rate: float = 1e-3
    decay: float = 0.05
    temperature: float = 0.05
    dropout: float = 0.3
    noise: float = 0.0
    held: float = 0.1
    family: int = 32
    patience: int = 6
    seed: int = 0


def fit_contrastive_head(
    pairs: Pairs, generic_mean: Vectors, recipe: Recipe | None = None, *, threads: int | None = None
) -> AlignedHead:
    """Return ridge plus tower after InfoNCE in both directions, every sharing pair a positive.

    Texts of the other pictures of the batch are negatives. In every second epoch a batch holds
    families of similar pictures, whose texts are hard negatives of each other.

    Source: van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018;
    Khosla et al., Supervised Contrastive Learning, 2020 (several positives).

    Args:
        pairs: Pictures and their texts.
        generic_mean: float32 (384,), mean of generic texts.
        recipe: How to train; ``None`` for the default.
        threads: torch's threads; ``None`` leaves them.
    """
    import torch

    recipe = recipe or Recipe()
    if threads is not None:
        torch.set_num_threads(threads)
    base = fit_ridge_head(pairs, generic_mean, seed=recipe.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return _Training(pairs, base, recipe).run()


class _Training:
    """One training run: the tower's weights, and the sampling of pairs."""

    def __init__(self, pairs: Pairs, base: AlignedHead, recipe: Recipe) -> None:
        import torch

        self.base, self.recipe, self.pairs = base, recipe, pairs
        self.draw = np.random.default_rng(recipe.seed)
        u = (pairs.features - base.middle) / base.scale
        mean = base.text_mean
        start = u @ base.linear
        start -= np.outer(start @ mean, mean)
        flat = pairs.vectors - np.outer(pairs.vectors @ mean, mean)
        self.u = torch.from_numpy(u)
        self.start = torch.from_numpy(start.astype(np.float32))
        self.texts = torch.nn.functional.normalize(torch.from_numpy(flat), dim=1)
        self.mean = torch.from_numpy(mean)
        self.paired = torch.from_numpy(pairs.weights > 0)
        self.hidden = torch.nn.Linear(u.shape[1], recipe.width)
        self.out = torch.nn.Linear(recipe.width, flat.shape[1], bias=False)
        torch.nn.init.normal_(self.out.weight, std=1e-3)
        self.sharpness = torch.nn.Parameter(torch.tensor(-np.log(recipe.temperature)))

    def run(self) -> AlignedHead:
        """Return the head of the best epoch."""
        import torch

        recipe = self.recipe
        kept, watched = self._split()
        weights = [*self.hidden.parameters(), *self.out.parameters(), self.sharpness]
        steps = recipe.epochs * max(1, -(-len(kept) // recipe.batch))
        optimiser = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=recipe.decay)
        plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
        best, found, waited = np.inf, self._head(), 0
        for epoch in range(recipe.epochs):
            order = self._order(kept, near=epoch % 2 == 1 and recipe.family > 1)
            for rows in np.array_split(order, max(1, -(-len(kept) // recipe.batch))):
                optimiser.zero_grad()
                self._loss(rows, recipe.dropout, recipe.noise).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                plan.step()
            if not len(watched):
                continue
            loss, waited = self._watch(watched), waited + 1
            if loss < best:
                best, found, waited = loss, self._head(), 0
            if waited >= recipe.patience:
                break
        return found if len(watched) else self._head()

    def _split(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the training pictures, and those for early stopping."""
        products = self.draw.permutation(np.unique(self.pairs.products))
        held = products[: int(len(products) * self.recipe.held)]
        is_held = np.isin(self.pairs.products, held)
        return np.flatnonzero(~is_held), np.flatnonzero(is_held)

    def _order(self, rows: NDArray[np.int64], *, near: bool) -> NDArray[np.int64]:
        """Return the pictures of an epoch in random order, or in families of similar ones.

        A family is the set of pictures whose ridge vectors are nearest to one of some sampled
        pictures; those of its pictures whose texts differ are hard negatives.
        """
        mixed = self.draw.permutation(rows)
        if not near:
            return mixed
        vectors = self.start[mixed].numpy()
        middles = vectors[: max(1, len(mixed) // self.recipe.family)]
        family = (vectors @ middles.T).argmax(axis=1)
        place: NDArray[np.int64] = np.argsort(family, kind="stable")
        return np.asarray(mixed[place], dtype=np.int64)

    def _encode(self, rows: Tensor, dropout: float) -> Tensor:
        from torch.nn import functional

        u = functional.dropout(self.u[rows], dropout, training=dropout > 0)
        more = self.out(functional.relu(self.hidden(u)))
        vectors = self.start[rows] + more - (more @ self.mean)[:, None] * self.mean
        return functional.normalize(vectors, dim=1)

    def _loss(self, rows: NDArray[np.int64], dropout: float, noise: float) -> Tensor:
        import torch
        from torch.nn import functional

        share = self.pairs.weights[rows].cumsum(axis=1)
        drawn = (share < self.draw.random((len(rows), 1)) * share[:, -1:]).sum(axis=1)
        pictures, texts = torch.from_numpy(rows), torch.from_numpy(drawn)
        vectors = self.texts[texts]
        if noise:
            shaken = torch.randn_like(vectors) * (noise / vectors.shape[1] ** 0.5)
            vectors = functional.normalize(vectors + shaken, dim=1)
        table = self.sharpness.exp().clamp(max=50) * (self._encode(pictures, dropout) @ vectors.T)
        same = self.paired[pictures][:, texts].float()
        same = torch.maximum(same, torch.eye(len(rows)))
        return _info_nce(table, same) + _info_nce(table.T, same.T)

    def _watch(self, rows: NDArray[np.int64]) -> float:
        """Return the loss on held-out pictures; their texts are sampled with a fixed seed."""
        import torch

        draw, self.draw = self.draw, np.random.default_rng(self.recipe.seed)
        with torch.no_grad():
            loss = float(np.mean([float(self._loss(rows, 0.0, 0.0)) for _ in range(4)]))
        self.draw = draw
        return loss

    def _head(self) -> AlignedHead:
        def taken(tensor: Tensor) -> Vectors:
            return np.array(tensor.detach().numpy(), dtype=np.float32)

        return dataclasses.replace(
            self.base,
            hidden=taken(self.hidden.weight.T),
            hidden_bias=taken(self.hidden.bias),
            out=taken(self.out.weight.T),
        )


def _info_nce(table: Tensor, same: Tensor) -> Tensor:
    """Return the mean over rows of -log softmax, averaged over each row's positives."""
    from torch.nn import functional

    log = functional.log_softmax(table, dim=1)
    loss: Tensor = -((log * same).sum(dim=1) / same.sum(dim=1)).mean()
    return loss
