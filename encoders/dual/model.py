"""A dual model loaded once for both of its towers: from a folder, or from the hub."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from encoders.dual.preprocessing import ImagePreprocessing, preprocessing_of
from encoders.extras import require
from encoders.protocol import Vectors
from mappings.errors import UnknownModel

FAMILY = "clip"
LONGEST = 512
TRAINED = {"chinese_clip": 52}
"""Tokens that a model was trained with, where its configuration allows more.

Source: Chinese-CLIP, ``cn_clip/clip/utils.py``, ``context_length``.
"""
PADDED = ("siglip", "siglip2")
"""Kinds that were trained on lower-case texts, all padded to one length and none masked.

Source: SigLIP 2, the model cards' "padding to max_length of 64, lowercased".
"""
_WEIGHTS = ("*.safetensors", "tokenizer*.json", "vocab.*", "merges.txt", "*.model")


@dataclass(frozen=True, slots=True, eq=False)
class DualModel:
    """Both towers, the tokenizer, and what is seen of a picture.

    Args:
        name: ``clip:`` and the folder's or the hub's name.
        source: What it is loaded from.
        revision: Digest of a folder's weights, or the hub's commit.
        pinned: The hub's commit, empty for a folder.
        network: ``transformers``' model, in evaluation mode.
        tokenizer: Its tokenizer.
        preprocessing: How pictures become its input.
    """

    name: str
    source: str
    revision: str
    pinned: str
    network: Any
    tokenizer: Any
    preprocessing: ImagePreprocessing
    _tokenizing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kind(self) -> str:
        """The architecture, as ``transformers`` calls it."""
        return str(self.network.config.model_type)

    @property
    def space(self) -> str:
        """The space that both towers end in."""
        return f"{self.name}:{self.revision}"

    @property
    def token_limit(self) -> int:
        """Tokens that the text tower reads; what follows them is cut off."""
        text = self.network.config.text_config
        positions = int(getattr(text, "max_position_embeddings", LONGEST))
        if "roberta" in str(text.model_type) or self.kind == "altclip":
            positions -= 2  # its positions begin behind its padding index
        return int(
            min(LONGEST, positions, self.tokenizer.model_max_length,
                TRAINED.get(self.kind, LONGEST))
        )  # fmt: skip

    @property
    def is_padded(self) -> bool:
        """Whether texts are lower-cased and padded to the limit, as the model was trained."""
        return self.kind in PADDED

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Return the text tower's features, float32 (n, dim), of any length."""
        import torch

        clean = [t.encode("utf-8", "replace").decode() for t in texts]
        given = [t.lower() for t in clean] if self.is_padded else clean
        with self._tokenizing:  # a tokenizer is not for two threads
            tokens = self.tokenizer(
                given,
                padding="max_length" if self.is_padded else True,
                truncation=True,
                max_length=self.token_limit,
                return_tensors="pt",
            )
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            found = self.network.get_text_features(**tokens.to(device))
        return np.asarray(features_of(found).float().cpu().numpy(), dtype=np.float32)


def features_of(answer: Any) -> Any:  # noqa: ANN401 - a tensor, or a record that holds one
    """Return the features in what ``get_text_features`` or ``get_image_features`` answered."""
    return getattr(answer, "pooler_output", answer)


def load_dual(source: str, revision: str) -> DualModel:
    """Return the model; a second call for the same files gives the same one.

    Args:
        source: Local folder, or a name on the hub.
        revision: The hub's branch, tag or commit; empty for the newest.

    Raises:
        UnknownModel: It cannot be loaded, or is no dual model; the message says why.
    """
    folder = Path(source)
    stamp = tuple((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in _files(folder))
    return _loaded(source, revision, stamp)


@lru_cache(maxsize=2)  # one for both towers, and one while an index is made anew with another
def _loaded(source: str, revision: str, stamp: object) -> DualModel:
    folder = Path(source)
    name = f"{FAMILY}:{folder.resolve().name if folder.is_dir() else source}"
    network, tokenizer, preprocessor = _parts(source, revision)
    if not (hasattr(network, "get_text_features") and hasattr(network, "get_image_features")):
        raise UnknownModel(
            f"{source!r} ({network.config.model_type}) is no dual model: it has not a tower for"
            " texts and one for pictures.",
            f"Name a CLIP, SigLIP or Chinese-CLIP; a text model is named 'hf:{source}'.",
        )
    commit = str(getattr(network.config, "_commit_hash", None) or "")
    found = _digest(folder) if folder.is_dir() else commit or revision or "unknown"
    pinned = "" if folder.is_dir() else commit or revision
    return DualModel(
        name, source, found, pinned, network, tokenizer, preprocessing_of(preprocessor, name)
    )


def _parts(source: str, revision: str) -> tuple[Any, Any, Any]:
    """Return model, tokenizer and image preprocessor, nothing of the model's own code run.

    Raises:
        UnknownModel: One of them cannot be loaded.
    """
    transformers = require("transformers", extra="", model=f"{FAMILY}:{source}")
    if not Path(source).is_dir() and (source.startswith((".", "/", "~")) or source.count("/") > 1):
        raise UnknownModel(
            f"There is no folder {source!r} to load a dual model from.",
            "Give the folder of a model saved with `save_pretrained`, or a name on the hub.",
        )
    at = {"revision": revision} if revision else {}
    try:
        network = transformers.AutoModel.from_pretrained(
            source, use_safetensors=True, trust_remote_code=False, **at
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source, trust_remote_code=False, **at
        )
        preprocessor = transformers.AutoImageProcessor.from_pretrained(
            source, trust_remote_code=False, **at
        )
    except Exception as error:  # the hub, the file system and the configuration each raise theirs
        raise _refusal(source, revision, error) from None
    return network.eval(), tokenizer, preprocessor


def _refusal(source: str, revision: str, error: Exception) -> UnknownModel:
    """Say in our words why a model cannot be loaded, and what to do."""
    words = str(error)
    kinds = {type(e).__name__ for e in (error, error.__cause__, error.__context__) if e}
    first = next(iter(words.splitlines()), type(error).__name__)[:300]
    at = f" at revision {revision!r}" if revision else ""
    named = f"The dual model {source!r}{at} cannot be loaded"
    away = ("couldn't connect", "cannot be reached", "offline", "outgoing traffic", "timed out")
    if not Path(source).is_dir() and (
        kinds
        & {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectError", "ConnectTimeout"}
        or any(w in words.lower() for w in away)
    ):
        return UnknownModel(
            f"{named}: the hub cannot be reached from here, and no copy of it is kept on this"
            " machine.",
            "Load it once where the hub can be reached, or save it there with `save_pretrained`"
            f" and give the folder: '{FAMILY}:FOLDER'.",
        )
    if "sentencepiece" in words.lower():
        return UnknownModel(
            f"{named}: its tokenizer is only there in sentencepiece's form.",
            "Save it once as tokenizer.json: `AutoTokenizer.from_pretrained(NAME)"
            ".save_pretrained(FOLDER)` where sentencepiece is installed.",
        )
    return UnknownModel(
        f"{named}: {first}",
        "Give a folder with config.json, a tokenizer, preprocessor_config.json and"
        " model.safetensors, or a hub name. Pickled weights and models that bring their own code"
        " are not loaded.",
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted({p for pattern in _WEIGHTS for p in folder.glob(pattern)})


def _digest(folder: Path) -> str:
    known = hashlib.sha256()
    for path in _files(folder):
        with path.open("rb") as file:
            known.update(hashlib.file_digest(file, "sha256").digest())
    return known.hexdigest()[:12]
