"""Detectors by name: torchvision's and those of transformers, for the box of a subject."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from encoders.card import digest_of
from encoders.crop import Box, Photo
from encoders.extras import require
from encoders.registry_names import split_name, split_options
from mappings.errors import UnknownModel

SURE = 0.5
"""Least score of a detection."""
KNOWN = "'torchvision:NAME?weights=PATH', 'hf:FOLDER_OR_HUB_NAME'"
_CURE = (
    "Give a local folder with config.json, preprocessor_config.json and model.safetensors, or a"
    " hub name while the hub can be reached."
)


class BoxDetector:
    """Chooses, of a network's boxes, the one that most likely is the subject.

    Args:
        find: From uint8 (height, width, 3) to boxes, float (n, 4), in pixels, and scores (n,).
        digest: Changes when it finds other boxes.
        sure: Least score.
    """

    def __init__(self, find: Any, digest: str, sure: float = SURE) -> None:  # noqa: ANN401
        self._find, self.digest, self._sure = find, digest_of([digest, sure]), sure

    def subject(self, image: Photo) -> Box | None:
        """Return the surest box, larger and more central ones preferred; ``None`` for none.

        Args:
            image: uint8 (height, width, 3).
        """
        height, width = image.shape[:2]
        boxes, scores = self._find(image)
        best: tuple[float, Box] | None = None
        for row, score in zip(np.asarray(boxes, dtype=float), scores, strict=True):
            left, top = (float(v) for v in np.clip(row[:2] / (width, height), 0, 1))
            right, bottom = (float(v) for v in np.clip(row[2:] / (width, height), 0, 1))
            if score < self._sure or not (left < right and top < bottom):
                continue
            box = Box(left, top, right, bottom)
            off = np.hypot((left + right) / 2 - 0.5, (top + bottom) / 2 - 0.5)
            worth = float(score) * box.share**0.5 * (1 - off)
            if best is None or worth > best[0]:
                best = (worth, box)
        return best[1] if best else None


def load_detector(name: str, *, sure: float = SURE) -> BoxDetector:
    """Return the detector of that name, its weights loaded.

    Args:
        name: ``torchvision:NAME?weights=PATH`` (or weights by torchvision's name), or
            ``hf:FOLDER_OR_HUB_NAME`` for an object detector of transformers.
        sure: Least score of a thing that counts.

    Raises:
        UnknownModel: No such name, or it cannot be loaded here.
    """
    family, argument = split_name(name)
    loaders = {"torchvision": _torchvision, "hf": _transformers}
    if family not in loaders or not argument:
        raise UnknownModel(f"There is no detector named {name!r}.", f"Detectors are named {KNOWN}.")
    find, digest = loaders[family](argument)
    return BoxDetector(find, digest, sure)


def _torchvision(argument: str) -> tuple[Any, str]:
    import torch
    from torchvision.models import detection, get_model, list_models

    name, options = split_options(argument, ("weights",))
    if name not in list_models(module=detection):
        raise UnknownModel(
            f"torchvision has no detector named {name!r}.",
            f"It has {', '.join(list_models(module=detection))}.",
        )
    weights = options.get("weights", "DEFAULT")
    try:
        if Path(weights).is_file():
            network = get_model(name, weights=None, weights_backbone=None)
            network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
            known = hashlib.sha256(Path(weights).read_bytes()).hexdigest()[:12]
        else:
            network, known = get_model(name, weights=weights), weights
    except Exception as error:  # unpicklers, the network and the registry each raise theirs
        reason = next(iter(str(error).splitlines()), type(error).__name__)[:300]
        raise UnknownModel(
            f"The detector {name!r} with weights {weights!r} cannot be loaded: {reason}",
            f"Give the file of a state dict: 'torchvision:{name}?weights=PATH'.",
        ) from None
    network.eval()

    def find(image: Photo) -> tuple[Any, Any]:
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float() / 255
        with torch.inference_mode():
            (found,) = network([pixels])
        return found["boxes"].cpu().numpy(), found["scores"].cpu().numpy()

    return find, digest_of(["torchvision", name, known])


def _transformers(argument: str) -> tuple[Any, str]:
    import torch

    source, options = split_options(argument, ("revision",))
    transformers = require("transformers", extra="", model=f"hf:{source}")
    try:
        network = transformers.AutoModelForObjectDetection.from_pretrained(
            source, use_safetensors=True, trust_remote_code=False, **options
        ).eval()
        preprocessor = transformers.AutoImageProcessor.from_pretrained(
            source, trust_remote_code=False, **options
        )
    except Exception as error:  # the hub, the file system and the configuration each raise theirs
        reason = next(iter(str(error).splitlines()), type(error).__name__)[:300]
        raise UnknownModel(f"The detector {source!r} cannot be loaded: {reason}", _CURE) from None
    folder = Path(source)
    weights = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    files = [hashlib.sha256(p.read_bytes()).hexdigest() for p in weights]
    known = files or [str(getattr(network.config, "_commit_hash", None) or "unknown")]

    def find(image: Photo) -> tuple[Any, Any]:
        inputs = preprocessor(images=image, return_tensors="pt")
        with torch.inference_mode():
            answer = network(**inputs)
        (found,) = preprocessor.post_process_object_detection(
            answer, threshold=0.0, target_sizes=[image.shape[:2]]
        )
        return found["boxes"].cpu().numpy(), found["scores"].cpu().numpy()

    return find, digest_of(["hf", folder.name if files else source, *known])
