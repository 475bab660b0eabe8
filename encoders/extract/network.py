"""The tagger's network: feature embeddings into ``BertForTokenClassification``.

It starts as the confidence in known values: the log-odds of the most probable value that covers a
character are added to its begin and inside logits. The transformer's classifier starts at zero and
learns the corrections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from transformers import BertConfig, BertForTokenClassification

BELIEVED, LOG_ODDS = 6, 6
"""Column of the most probable value's mark, and index of its log-odds in the measures."""
APART = -4.0
"""Initial log-odds of characters that no known value covers."""
LONGEST = 256
"""Characters of one pass."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the network.

    Args:
        hidden: Width.
        layers: Transformer layers.
        heads: Attention heads.
        inner: Width of the feed-forward part.
        narrow: Width of a feature's embedding before it is projected to ``hidden``.
    """

    hidden: int = 96
    layers: int = 2
    heads: int = 4
    inner: int = 192
    narrow: int = 32


class TaggerNetwork(nn.Module):
    """Sums the embeddings of each character's features and classifies the characters.

    Args:
        sizes: Feature to how many values it takes, in the columns' order.
        measures: How many numbers each letter has.
        labels: How many labels there are: outside, begin, inside, then the names.
        shape: Its size.
        dropout: Dropout rate in training.
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
        nn.init.zeros_(self.bert.classifier.weight)
        nn.init.zeros_(self.bert.classifier.bias)
        self.scale = nn.Parameter(torch.ones(2))
        self.apart = nn.Parameter(torch.full((2,), APART))

    def forward(
        self, ids: torch.Tensor, measures: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Return logits, float32 (texts, letters, labels): O, B, I, then a name's for each.

        Args:
            ids: int64 (texts, letters, columns).
            measures: float32 (texts, letters, measures).
            mask: int64 (texts, letters), 1 where there is a letter.
        """
        parts = [own(ids[..., n]) for n, own in enumerate(self.features)]
        parts.append(torch.relu(self.measured(measures)))
        wide = self.drop(self.widen(torch.cat(parts, dim=-1)))
        logits: torch.Tensor = self.bert(inputs_embeds=wide, attention_mask=mask).logits
        mark, odds = ids[..., BELIEVED], 4.0 * measures[..., LOG_ODDS]
        starts, goes_on = (mark == 1) | (mark == 4), (mark == 2) | (mark == 3)
        known = torch.stack(
            [
                torch.where(starts, self.scale[0] * odds, self.apart[0]),
                torch.where(goes_on, self.scale[1] * odds, self.apart[1]),
            ],
            dim=-1,
        )
        return torch.cat([logits[..., :1], logits[..., 1:3] + known, logits[..., 3:]], dim=-1)
