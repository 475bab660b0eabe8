"""Tiny random dual models of each architecture, saved with tokenizer and preprocessor."""

from pathlib import Path
from typing import Any

LETTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789:,.'"]
CHINESE = [*"红色连衣裙运动鞋男透气黑白"]
TEXT: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
KINDS = ("clip", "siglip", "siglip2", "chinese_clip")


def save_tiny_dual(kind: str, folder: Path) -> str:
    """Save a random model of an architecture and return its folder."""
    import torch
    from transformers import PreTrainedModel

    torch.manual_seed(7)
    tokenizer, model, preprocessor = {
        "clip": _clip,
        "siglip": _siglip,
        "siglip2": _siglip2,
        "chinese_clip": _chinese_clip,
    }[kind]()
    assert isinstance(model, PreTrainedModel)
    for name, weight in model.named_parameters():  # random as trained weights are, biases too
        if "logit" not in name:
            torch.nn.init.normal_(weight, 1.0 if "norm" in name and "weight" in name else 0.0, 0.3)
    model.train(False).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    preprocessor.save_pretrained(folder)
    return str(folder)


def _clip() -> tuple[Any, Any, Any]:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

    words = [*LETTERS, *(f"{c}</w>" for c in LETTERS), "re", "red</w>", "<|startoftext|>"]
    vocabulary = {word: place for place, word in enumerate([*words, "<|endoftext|>"])}
    merges: Any = [("r", "e"), ("re", "d</w>")]
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)
    end = len(vocabulary) - 1
    text = TEXT | {"vocab_size": len(vocabulary), "max_position_embeddings": 20,
                   "eos_token_id": end, "bos_token_id": end - 1}  # fmt: skip
    vision = TEXT | {"image_size": 32, "patch_size": 8}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12))
    seen = CLIPImageProcessor(size={"shortest_edge": 40}, crop_size={"height": 32, "width": 32})
    return tokenizer, model, seen


def _gemma() -> Any:
    from transformers import Siglip2Tokenizer

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    words = [*special, "▁", *LETTERS, *CHINESE]
    return Siglip2Tokenizer(
        vocab={word: place for place, word in enumerate(words)}, merges=[], model_max_length=64
    )


def _siglip() -> tuple[Any, Any, Any]:
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    text = TEXT | {"vocab_size": 70, "max_position_embeddings": 24, "projection_size": 16,
                   "bos_token_id": 2, "eos_token_id": 1}  # fmt: skip
    vision = TEXT | {"image_size": 32, "patch_size": 8}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    return _gemma(), model, SiglipImageProcessor(size={"height": 32, "width": 32})


def _siglip2() -> tuple[Any, Any, Any]:
    from transformers import Siglip2Config, Siglip2ImageProcessor, Siglip2Model

    text = TEXT | {"vocab_size": 70, "max_position_embeddings": 24, "projection_size": 16,
                   "bos_token_id": 2, "eos_token_id": 1}  # fmt: skip
    vision = TEXT | {"num_patches": 256, "patch_size": 16}
    model = Siglip2Model(Siglip2Config(text_config=text, vision_config=vision))
    return _gemma(), model, Siglip2ImageProcessor(patch_size=16, max_num_patches=256)


def _chinese_clip() -> tuple[Any, Any, Any]:
    from transformers import (
        BertTokenizer,
        ChineseCLIPConfig,
        ChineseCLIPImageProcessor,
        ChineseCLIPModel,
    )

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS]
    words += [f"##{c}" for c in LETTERS] + CHINESE
    tokenizer = BertTokenizer(
        vocab={word: place for place, word in enumerate(words)}, model_max_length=512
    )
    text = TEXT | {"vocab_size": len(words), "max_position_embeddings": 64}
    vision = TEXT | {"image_size": 32, "patch_size": 8}
    model = ChineseCLIPModel(
        ChineseCLIPConfig(text_config=text, vision_config=vision, projection_dim=12)
    )
    seen = ChineseCLIPImageProcessor(size={"height": 32, "width": 32}, do_center_crop=False)
    return tokenizer, model, seen
