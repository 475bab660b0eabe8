"""Tiny random speech models, saved in the formats that faster-whisper and sherpa-onnx load."""

from pathlib import Path
from typing import Any

import numpy as np

LFR = 560
"""Length of SenseVoice's features: seven frames of 80 mel bands."""
WORDS = ("red", "dress", "红", "色", "裙")


def save_tiny_whisper(folder: Path) -> str:
    """Save a random English Whisper model as CTranslate2 reads it, and return its folder."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import (
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizerFast,
    )

    source, tokenizer = folder / "source", _whisper_tokens()
    end = "<|endoftext|>"
    ends = tokenizer.token_to_id(end)
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        decoder_start_token_id=tokenizer.token_to_id("<|startoftranscript|>"),
        bos_token_id=ends,
        eos_token_id=ends,
        pad_token_id=ends,
        begin_suppress_tokens=[ends],  # so that something is always heard
    )
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    model.save_pretrained(source)
    WhisperFeatureExtractor().save_pretrained(source)
    marks = dict.fromkeys(("bos_token", "eos_token", "unk_token"), end)
    WhisperTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(source)
    kept = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=kept).convert(str(folder / "model"))
    return str(folder / "model")


def save_tiny_sense_voice(folder: Path) -> str:
    """Save a network that hears words at random as SenseVoice's export, and return its folder."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    told = ["<blank>", "<s>", "</s>", "<|woitn|>", *(f"▁{word}" for word in WORDS)]
    lines = [f"{token} {place}\n" for place, token in enumerate(told)]
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    weights = np.random.default_rng(0).normal(size=(LFR, len(told))).astype(np.float32)
    weights[:, :4] = 0.0  # words only
    pads = np.array([0, 4, 0, 0, 0, 0], dtype=np.int64)  # four tokens of its own come first
    initial = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(pads, "pads")]
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["whole"]),
        helper.make_node("Sin", ["whole"], ["turned"]),  # the loudest frame shall not drown all
        helper.make_node("MatMul", ["turned", "w"], ["logits"]),
    ]
    whole = ("x_length", "language", "text_norm")
    given = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "t", LFR]),
        *(helper.make_tensor_value_info(name, TensorProto.INT32, ["n"]) for name in whole),
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "u", len(told)])
    graph = helper.make_graph(nodes, "tiny", given, [logits], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    languages = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13}
    helper.set_model_props(
        model,
        {
            "model_type": "sense_voice_ctc",
            "vocab_size": str(len(told)),
            "normalize_samples": "0",
            "lfr_window_size": "7",
            "lfr_window_shift": "6",
            **{f"lang_{name}": str(place) for name, place in languages.items()},
            "with_itn": "14",
            "without_itn": "15",
            "neg_mean": ",".join(["0.0"] * LFR),
            "inv_stddev": ",".join(["3.0"] * LFR),
        },
    )
    onnx.save(model, folder / "model.onnx")
    return str(folder)


def _whisper_tokens() -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    bytes_of = sorted(pre_tokenizers.ByteLevel.alphabet())
    stamps = [f"<|{0.02 * n:.2f}|>" for n in range(1_501)]
    special = [
        "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>",
        "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
    ]  # fmt: skip
    found = Tokenizer(models.BPE(vocab={w: n for n, w in enumerate(bytes_of)}, merges=[]))
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    found.add_special_tokens(special)
    found.add_tokens([AddedToken(stamp, special=False) for stamp in stamps])
    return found
