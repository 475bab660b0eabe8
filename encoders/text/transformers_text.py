"""Any Hugging Face text model as an encoder, from a local folder or by its hub name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.extras import require
from encoders.protocol import Vectors, unit_rows
from encoders.registry_names import split_options
from mappings.errors import UnknownModel

if TYPE_CHECKING:
    import torch

BATCH = 32
MAX_TOKENS = 512
SHOWN = "hf:FOLDER_OR_HUB_NAME?pooling=mean&query_prefix=query: &passage_prefix=passage: "


@dataclass(frozen=True, slots=True)
class TextRecipe:
    """How a text is encoded into one vector.

    Args:
        pooling: Mean over the tokens, or the first token.
        query_prefix: Precedes a query.
        passage_prefix: Precedes a product's text.
    """

    pooling: Literal["mean", "cls"] = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""


class TransformersEncoder:
    """A text model through ``transformers``: safetensors only, no code from the model's folder.

    Args:
        source: Local folder, or a name on the hub.
        recipe: Pooling and prefixes.
        threads: torch threads of this process; ``None`` leaves them as they are.

    Raises:
        UnknownModel: The model cannot be loaded, with the reason and the cure.
    """

    def __init__(self, source: str, recipe: TextRecipe, threads: int | None = None) -> None:
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self._recipe = recipe
        self.loads_as = f"hf:{source}"
        self._tokenizer, model = _loaded(source)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = model.to(self._device)
        self._limit = _token_limit(self._tokenizer, model)
        folder = Path(source)
        name = f"hf:{folder.resolve().name if folder.is_dir() else source}"
        revision = _revision(folder, model)
        self._card = EncoderCard(
            name=name,
            revision=revision,
            modality="text",
            space=f"{name}:{revision}:{recipe.pooling}",
            dim=int(model.config.hidden_size),
            licence="unknown",
            preprocessing=digest_of(
                [recipe.pooling, recipe.query_prefix, recipe.passage_prefix, self._limit]
            ),
        )

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        return self._card

    def encode_query(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows, with the query prefix."""
        return self._encode([self._recipe.query_prefix + item for item in items])

    def encode_products(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows, with the passage prefix."""
        return self._encode([self._recipe.passage_prefix + item for item in items])

    def _encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.empty((len(texts), self._card.dim), dtype=np.float32)
        clean = [t.encode("utf-8", "replace").decode() for t in texts]
        # Texts of similar length share a batch, which saves padding.
        order = sorted(range(len(clean)), key=lambda place: len(clean[place]))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            rows[places] = self._pass([clean[place] for place in places])
        return unit_rows(rows)

    def _pass(self, texts: Sequence[str]) -> Vectors:
        import torch

        tokens = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self._limit,
            return_tensors="pt",
        ).to(self._device)
        with torch.inference_mode():
            hidden = self._model(**tokens).last_hidden_state
            pooled = _pool(hidden, tokens["attention_mask"], self._recipe.pooling)
        return np.asarray(pooled.float().cpu().numpy(), dtype=np.float32)


def load(argument: str, threads: int | None) -> TransformersEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: Folder or hub name, then ``?pooling=mean|cls&query_prefix=…&passage_prefix=…``.
        threads: torch threads, ``None`` to leave them.

    Raises:
        UnknownModel: An option is not known, or the model cannot be loaded.
    """
    source, options = split_options(argument, ("pooling", "query_prefix", "passage_prefix"))
    pooling = options.get("pooling", "mean")
    if not source or pooling not in ("mean", "cls"):
        raise UnknownModel(
            f"The model 'hf:{argument}' names no folder, or pooling other than mean or cls.",
            f"Write {SHOWN!r}.",
        )
    recipe = TextRecipe(
        cast(Literal["mean", "cls"], pooling),
        options.get("query_prefix", ""),
        options.get("passage_prefix", ""),
    )
    encoder = TransformersEncoder(source, recipe, threads)
    encoder.loads_as = f"hf:{argument}"
    return encoder


def _loaded(source: str) -> tuple[Any, Any]:
    """Return tokenizer and model; the folder's own code is not executed.

    Raises:
        UnknownModel: They cannot be loaded.
    """
    transformers = require("transformers", extra="", model=f"hf:{source}")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model = transformers.AutoModel.from_pretrained(
            source, use_safetensors=True, trust_remote_code=False
        )
    except Exception as error:  # hub, file system and configuration raise different types
        reason = next(iter(str(error).splitlines()), type(error).__name__)[:300]
        raise UnknownModel(
            f"The text model {source!r} cannot be loaded: {reason}",
            "Give a local folder with config.json, a tokenizer and model.safetensors, or a hub"
            " name while the hub can be reached. Pickled weights and models that bring their own"
            " code are not loaded.",
        ) from None
    return tokenizer, model.eval()


def _pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Return (n, dim): the first token's state, or the mean over the tokens without padding."""
    if pooling == "cls":
        return hidden[:, 0]
    there = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * there).sum(dim=1) / there.sum(dim=1).clamp(min=1.0)


def _token_limit(tokenizer: Any, model: Any) -> int:  # noqa: ANN401
    """Return the model's maximal number of tokens, by tokenizer and position embeddings."""
    positions = getattr(model.config, "max_position_embeddings", MAX_TOKENS)
    # RoBERTa's positions begin behind its padding index.
    offset = 2 if "roberta" in str(model.config.model_type) else 0
    return int(min(MAX_TOKENS, tokenizer.model_max_length, positions - offset))


def _revision(folder: Path, model: Any) -> str:  # noqa: ANN401
    """Return a digest of local weights, or the hub's commit."""
    found = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if found:
        known = hashlib.sha256()
        for path in [*found, *sorted(folder.glob("tokenizer*.json"))]:
            known.update(path.read_bytes())
        return known.hexdigest()[:12]
    return str(getattr(model.config, "_commit_hash", None) or "unknown")
