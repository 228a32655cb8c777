"""How quick training is: to 99 % from nothing, an epoch of an MLP, a step on small maps."""

import json
import os
import subprocess
from itertools import pairwise
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch import nn

from app.ml.convolution import Conv2d
from app.ml.datasets import load
from app.ml.memory import keep_freed_memory
from app.ml.parts import Options
from app.ml.precision import autocast
from app.ml.training import train
from app.ml.training_spec import TrainingSpec
from app.settings import Settings
from bench.machine import figure
from bench.server import ROOT

SEEDS = range(5)
RECIPE = "mnist-quick"


def run() -> None:
    time_to_99()
    mlp_epoch()
    small_maps()


def time_to_99() -> None:
    """Fresh process, tensors cached; wall time of the whole command, one final test each."""
    with TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "INKLING_DATA_DIR": folder,
            "INKLING_DATASETS_DIR": str(Settings().dataset_files_dir),
        }
        command = [str(ROOT / "run"), "train", RECIPE, "--json", "--set"]
        once(environment, [*command, "seed=100", "--set", "report_every=1000"], "warm")
        rows = [once(environment, [*command, f"seed={seed}"], f"s{seed}") for seed in SEEDS]
    seconds, accuracies = zip(*rows, strict=True)
    worst = min(accuracies)
    shown = ", ".join(f"{accuracy:.2%} in {second:.1f} s" for second, accuracy in rows)
    figure("CNN from nothing to 99 %, median of 5 seeds", f"{median(seconds):.1f} s", "11 s",
           f"worst accuracy {worst:.2%} of 10000 ({shown})")  # fmt: skip


def once(environment: dict[str, str], command: list[str], name: str) -> tuple[float, float]:
    start = perf_counter()
    done = subprocess.run(
        [*command, "--name", name], env=environment, capture_output=True, text=True, check=True
    )
    seconds = perf_counter() - start
    answer = json.loads(done.stdout.splitlines()[-1])
    return seconds, answer["accuracy"]["mnist test"]["accuracy"]


def mlp_epoch() -> None:
    """784-512-256-10 over all 60,000 training pictures, batch 1024, without augmentation."""
    keep_freed_memory()
    settings = Settings()
    whole = Options(validation_fraction=0.0)
    dataset = load("mnist", settings.dataset_files_dir, settings.data_dir / "cache", whole)
    spec = TrainingSpec("mnist", "mlp", batch_size=1024, epochs=6, report_every=1_000_000)
    ends, precision = [], ""
    for event in train(spec, dataset):
        if event.kind == "started":
            precision = event.values["precision"]
        if event.kind in ("started", "evaluated"):
            ends.append(perf_counter())
    times = [end - start for start, end in pairwise(ends[1:])]
    figure("MLP 784-512-256-10, one epoch of 60,000, median of 5", f"{median(times):.2f} s",
           "0.5 s", f"{precision}, batch {spec.batch_size}")  # fmt: skip


def small_maps() -> None:
    """One convolution's training step on 512 small maps in bfloat16, ours and torch's own."""
    for channels, side in ((128, 7), (256, 3), (384, 3)):
        x = torch.randn(512, channels, side, side).to(memory_format=torch.channels_last)
        ours, torchs = (
            milliseconds(kind(channels, channels, 3, padding=1, bias=False), x)
            for kind in (Conv2d, nn.Conv2d)
        )
        figure(f"step of a convolution, 512 x {channels} maps of {side} x {side}",
               f"{ours:.1f} ms", "-", f"torch's own {torchs:.1f} ms")  # fmt: skip


def milliseconds(layer: nn.Conv2d, x: torch.Tensor) -> float:
    """Forward and backward, median of 20."""
    layer.to(memory_format=torch.channels_last)
    times = []
    for _ in range(20):
        start = perf_counter()
        with autocast("bfloat16"):
            loss = layer(x.requires_grad_()).float().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        times.append(1_000 * (perf_counter() - start))
    return median(times)
