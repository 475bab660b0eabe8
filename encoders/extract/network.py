"""The tagger's network: feature embeddings into ``BertForTokenClassification``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from transformers import BertConfig, BertForTokenClassification

LONGEST = 256
"""Letters of one pass."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the network is.

    Args:
        hidden: Width.
        layers: Transformer layers.
        heads: Attention heads.
        inner: Width of the feed-forward part.
        narrow: Width of a feature's embedding before it is widened.
    """

    hidden: int = 96
    layers: int = 2
    heads: int = 4
    inner: int = 192
    narrow: int = 32


class TaggerNetwork(nn.Module):
    """Sums the embeddings of each letter's features and classifies the letters.

    Args:
        sizes: Feature to how many values it takes, in the columns' order.
        measures: How many numbers each letter has.
        labels: How many labels there are.
        shape: How large it is.
        dropout: Share of zeroed activations in training.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        measures: int,
        labels: int,
        shape: Shape,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.features = nn.ModuleList(
            nn.Embedding(size, shape.narrow, padding_idx=0) for size in sizes.values()
        )
        self.measured = nn.Linear(measures, shape.narrow)
        self.widen = nn.Linear(shape.narrow * (len(sizes) + 1), shape.hidden)
        self.drop = nn.Dropout(dropout)
        self.bert = BertForTokenClassification(
            BertConfig(
                vocab_size=1, hidden_size=shape.hidden, num_hidden_layers=shape.layers,
                num_attention_heads=shape.heads, intermediate_size=shape.inner,
                max_position_embeddings=LONGEST, hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=0.1, type_vocab_size=1,
                id2label={n: str(n) for n in range(labels)},
            )
        )  # fmt: skip

    def forward(
        self, ids: torch.Tensor, measures: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return logits, float32 (texts, letters, labels).

        Args:
            ids: int64 (texts, letters, columns).
            measures: float32 (texts, letters, measures).
            mask: int64 (texts, letters), 1 where there is a letter.
        """
        parts = [own(ids[..., n]) for n, own in enumerate(self.features)]
        parts.append(torch.relu(self.measured(measures)))
        wide = self.drop(self.widen(torch.cat(parts, dim=-1)))
        logits: torch.Tensor = self.bert(inputs_embeds=wide, attention_mask=mask).logits
        return logits
