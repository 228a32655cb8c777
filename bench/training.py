"""How quick training is: to 99 % from nothing, and one epoch of an MLP."""

import json
import os
import subprocess
from itertools import pairwise
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from app.ml.datasets import load
from app.ml.memory import keep_freed_memory
from app.ml.parts import Options
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
