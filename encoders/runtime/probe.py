"""Measures which runtime is the fastest here that is exact enough, and caches the choice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from encoders.atomic_io import write_atomically
from encoders.protocol import Vectors, unit_rows
from encoders.runtime import onnx_runs
from encoders.runtime.machine import Machine, cpu_has_bf16
from encoders.runtime.model import BATCH, Batch, Runner, VisionModel
from mappings.errors import InputError

RUNTIMES = (
    "auto",
    "eager",
    "channels_last",
    "bf16",
    "folded",
    "mixed",
    "onnx",
    "cuda",
    "int8",
)
FLOOR = 0.9997
"""Least cosine to eager fp32, on every probe picture, of a runtime that is chosen by itself.

The promise is 0.999 on every picture. Probe pictures are few and drawn, and photos deviate up to
twenty times as much (bfloat16 throughout: 0.9991 here, 0.983 on photos; EfficientNet-Lite2 with
its first five layers exact: 0.99969 here, 0.99906 the worst of 500 photos; eight: 0.99973 and
0.99933), so much of the allowance is left to them.
"""

COMPARED = 4
"""Probe pictures whose vectors are compared with those of eager fp32."""

TIMED = 8
"""Probe pictures that are timed, ``BATCH`` a pass."""

ROUNDS = 3
BUDGET = 8.0
"""Seconds after which the probe starts no further candidate, so that startup stays short."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The measurement of one candidate.

    Args:
        runtime: Its name, with the number of exact layers for ``mixed``.
        cosine: The least cosine to eager fp32 over the probe pictures; 0 where it cannot run.
        rate: Pictures a second, decoding excluded; 0 where it was not timed.
        note: Why it cannot run or was not timed.
    """

    runtime: str
    cosine: float
    rate: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The probe's result.

    Args:
        runtime: The candidate that was chosen.
        trials: Everything measured.
        seconds: How long measuring took.
    """

    runtime: str
    trials: tuple[Trial, ...]
    seconds: float


def runner(model: VisionModel, runtime: str, threads: int | None, cache: Path) -> Runner:
    """Return the model ready to run.

    Args:
        model: What to run.
        runtime: One of ``RUNTIMES``; ``auto`` takes the measured choice, measuring when there is
            none for this machine yet.
        threads: Processor threads of one pass; ``None`` for one a core.
        cache: Folder for exported models and choices.

    Raises:
        InputError: The runtime is not known, or cannot run this model here.
    """
    if runtime.partition("-")[0] not in RUNTIMES:
        raise InputError(
            f"There is no runtime named {runtime!r}.", f"Choose one of {', '.join(RUNTIMES)}."
        )
    machine = Machine.here(threads)
    folder = cache / f"{model.card.digest}-{machine.digest}"
    if runtime == "auto":
        runtime = (_read_choice(folder) or measure(model, machine, folder)).runtime
    try:
        return _load(model, runtime, machine, folder)
    except Exception as error:
        raise InputError(
            f"The runtime {runtime!r} cannot run {model.card.name!r} here: {error}",
            "Choose 'auto', or 'eager', which runs everything.",
        ) from error


def measure(model: VisionModel, machine: Machine, folder: Path, budget: float = BUDGET) -> Choice:
    """Try the candidates, cache the choice in ``folder``, and return it.

    Args:
        model: What to run.
        machine: What it runs on.
        folder: Where ``choice.json`` and exported files are kept.
        budget: Seconds after which no further candidate is started.
    """
    started = time.perf_counter()
    machine = replace(machine, threads=1)  # as workers run it; more threads wait for each other
    pictures = probe_pictures(model.size.edge)
    run = _load(model, "eager", machine, folder)
    reference = unit_rows(run(pictures[:COMPARED]))
    ready = {"eager": run}
    trials = [Trial("eager", 1.0, 0.0)]
    for family in candidates(machine):
        for name in family:
            late = time.perf_counter() - started > budget
            if late and name != "onnx":  # always tried, since it needs no torch later
                trials.append(Trial(name, 0.0, 0.0, f"not tried: {budget:g} s were used up"))
                continue
            trial, loaded = _try(model, name, machine, folder, pictures, reference)
            trials.append(trial)
            if loaded is not None:
                ready[name] = loaded
                break  # the rest of a family is slower
    rates = _rates(ready, pictures, started + budget)
    trials = [replace(trial, rate=rates.get(trial.runtime, 0.0)) for trial in trials]
    best = max(rates, key=rates.__getitem__)
    choice = Choice(best, tuple(trials), time.perf_counter() - started)
    _write_choice(folder, choice)
    return choice


def candidates(machine: Machine) -> tuple[tuple[str, ...], ...]:
    """Return the families that the probe tries here, likeliest first; never ``int8``.

    Within a family the first that is exact enough is taken.
    """
    from encoders.runtime.folded import EXACT_LAYERS

    mixed = tuple(f"mixed-{n}" for n in EXACT_LAYERS)
    low = (mixed, ("bf16",)) if cpu_has_bf16() else ()
    gpu = (("cuda",),) if machine.gpu else ()
    return (*gpu, ("onnx",), *low, ("folded",), ("channels_last",))


def probe_pictures(edge: int, count: int = TIMED) -> Batch:
    """Return seeded pictures with flat areas, edges, gradients and grain.

    Args:
        edge: Width and height.
        count: How many.

    Returns:
        uint8 (count, edge, edge, 3).
    """
    generator = np.random.default_rng(20_261_123)
    down, right = np.mgrid[0:edge, 0:edge] / edge
    made = []
    for number in range(count):
        picture = np.full((edge, edge, 3), generator.integers(120, 256, 3), dtype=np.float64)
        picture += generator.normal(0, 25, 3) * (down + right)[..., None]
        for _ in range(4):
            top, left, size = generator.uniform(0.1, 0.7), *generator.uniform(0.1, 0.5, 2)
            box = (abs(down - top) < size / 2) & (abs(right - left - 0.2) < size / 2)
            disc = (down - top) ** 2 + (right - left) ** 2 < (size / 2) ** 2
            picture[box if number % 2 else disc] = generator.integers(0, 256, 3)
        picture[(down * 24).astype(int) % 3 == 0] *= 0.9
        picture += generator.normal(0, 4, picture.shape)
        made.append(picture.clip(0, 255).astype(np.uint8))
    return np.stack(made)


def _try(
    model: VisionModel,
    name: str,
    machine: Machine,
    folder: Path,
    pictures: Batch,
    reference: Vectors,
) -> tuple[Trial, Runner | None]:
    try:
        loaded = _load(model, name, machine, folder)
        rows = unit_rows(loaded(pictures[:COMPARED]))
        cosine = float((rows * reference).sum(axis=1).min())
    except Exception as error:  # a candidate may fail for any reason
        return Trial(name, 0.0, 0.0, f"cannot run: {str(error)[:200]}"), None
    if cosine < FLOOR:
        return Trial(name, cosine, 0.0, f"below {FLOOR}"), None
    return Trial(name, cosine, 0.0), loaded


def _rates(ready: dict[str, Runner], pictures: Batch, until: float) -> dict[str, float]:
    """Return pictures a second; candidates take turns, so that other load affects all alike."""
    best = dict.fromkeys(ready, float("inf"))
    for number in range(ROUNDS):
        if number and time.perf_counter() > until:
            break
        for name, run in ready.items():
            started = time.perf_counter()
            for first in range(0, len(pictures), BATCH):
                run(pictures[first : first + BATCH])
            best[name] = min(best[name], time.perf_counter() - started)
    return {name: len(pictures) / seconds for name, seconds in best.items()}


def _load(model: VisionModel, runtime: str, machine: Machine, folder: Path) -> Runner:
    if runtime in ("onnx", "int8"):
        path = folder / onnx_runs.EXPORTED
        if not path.is_file():
            onnx_runs.export(model, path)
        if runtime == "int8":
            source, path = path, folder / onnx_runs.EIGHT_BITS
            if not path.is_file():
                onnx_runs.quantise(source, path, probe_pictures(model.size.edge, 32))
        return onnx_runs.onnx_runner(path, machine.threads)
    import torch

    from encoders.runtime import folded, torch_runs

    torch.set_num_threads(machine.threads)
    family, _, layers = runtime.partition("-")
    ways: dict[str, Callable[[VisionModel], Runner]] = {
        "eager": torch_runs.eager,
        "channels_last": torch_runs.channels_last,
        "bf16": torch_runs.bf16,
        "cuda": torch_runs.cuda,
        "folded": folded.folded,
        "mixed": partial(folded.folded, exact_layers=int(layers or 8)),
    }
    return ways[family](model)


def _read_choice(folder: Path) -> Choice | None:
    """Return the choice of an earlier probe, ``None`` where there is none that can be read."""
    try:
        record = json.loads((folder / "choice.json").read_text(encoding="utf-8"))
        trials = tuple(Trial(**trial) for trial in record["trials"])
        return Choice(str(record["runtime"]), trials, float(record["seconds"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_choice(folder: Path, choice: Choice) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "choice.json", json.dumps(asdict(choice), indent=1))
