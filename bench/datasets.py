"""Folders of pictures: how quickly they become a dataset, and what a training on 20 GB takes."""

import asyncio
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import torch
from PIL import Image, ImageDraw

from app.ml.dataset_making import Wanted
from app.ml.datasets import load
from app.ml.own_datasets import Manifest, write_manifest
from app.ml.parts import Options
from app.ml.picture_sources import in_folder
from app.ml.training import Trainer, train
from app.ml.training_spec import TrainingSpec
from app.settings import LIMITS, MIB
from app.web.dataset_uploads import bounds_of, make
from bench.machine import figure
from bench.server import ROOT

LARGE = 20 * 1000**3  # bytes
CLASSES = 100
DIFFERENT = 40  # files; all others are further names of them
SECONDS = 40.0  # of training
SHAPES = ("circle", "square", "triangle", "line", "cross")
EACH = 400  # pictures of each shape


def run() -> None:
    with TemporaryDirectory(dir=os.environ.get("INKLING_BENCH_DIR")) as folder:
        from_folder_to_model(Path(folder))
        memory_of_a_large_one(Path(folder))


def from_folder_to_model(folder: Path) -> None:
    """Photographs of 5 classes: checked, then learnt from."""
    for number, shape in enumerate(SHAPES * EACH):
        (folder / "shapes" / shape).mkdir(parents=True, exist_ok=True)
        drawn(shape, number).save(folder / f"shapes/{shape}/{number}.jpg", quality=90)
    begun = perf_counter()
    find = partial(in_folder, folder / "shapes", bounds_of(LIMITS))
    asyncio.run(make(folder / "own", Wanted("shapes"), find))
    made = perf_counter()
    spec = TrainingSpec("shapes", "cnn", epochs=5, batch_size=64)
    dataset = load("shapes", folder, folder / "cache", Options(), folder / "own")
    last = list(train(spec, dataset))[-1]
    done = perf_counter()
    count = EACH * len(SHAPES)
    pictures = f"n = 1, {count:,} JPEGs of 800 x 600"
    figure("a folder of photographs becomes a dataset", f"{made - begun:.1f} s", "none", pictures)
    found = f"n = 1, cnn, 5 epochs at 64 x 64: {last.values['test_accuracy']:.1%} of the test"
    figure("from the folder to a trained model", f"{done - begun:.1f} s", "90 s", found)


def drawn(shape: str, number: int) -> Image.Image:
    """A shape somewhere on a noisy ground of any colour, 800 x 600."""
    random = np.random.default_rng(number)
    ground = random.integers(60, 200, 3) + random.normal(0, 12, (75, 100, 3))
    image = Image.fromarray(ground.clip(0, 255).astype(np.uint8)).resize((800, 600))
    pen, r = ImageDraw.Draw(image), int(random.integers(90, 200))
    x, y = int(random.integers(220, 580)), int(random.integers(210, 390))
    colour = tuple(int(c) for c in (random.integers(0, 60, 3) + random.integers(0, 2) * 195))
    box = (x - r, y - r, x + r, y + r)
    match shape:
        case "circle":
            pen.ellipse(box, outline=colour, width=24)
        case "square":
            pen.rectangle(box, outline=colour, width=24)
        case "triangle":
            pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], outline=colour, width=24)
        case "line":
            pen.line(box, fill=colour, width=24)
        case _:
            pen.line(box, fill=colour, width=24)
            pen.line((x - r, y + r, x + r, y - r), fill=colour, width=24)
    return image


def memory_of_a_large_one(folder: Path) -> None:
    """A tree of 20 GB by hard links; its own process trains on it and tells its peak."""
    count, size = write_tree(folder / "large", LARGE)
    command = [sys.executable, "-m", "bench.datasets", str(folder / "large"), str(SECONDS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    peak, speed, validated = done.stdout.split()
    what = f"{count:,} files, {size / 1e9:.1f} GB, 64 x 64"
    figure("memory while training on a large folder", f"{peak} MiB", "2,000 MiB", what)
    learnt = f"cnn, batches of 64 for {SECONDS:.0f} s"
    figure("pictures a second, decoded and learnt from", speed, "none", learnt)
    figure("pictures a second, decoded and validated", validated, "none", "n = 2,000 pictures")


def write_tree(own: Path, size: int) -> tuple[int, int]:
    """(files, bytes): photographs of 500 x 375 under many names, as an own dataset `large`."""
    random = np.random.default_rng(0)
    (own / "large/kept").mkdir(parents=True)
    files = []
    for number in range(DIFFERENT):
        coarse = random.integers(0, 255, (94, 125, 3)).astype(np.uint8)
        image = Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC)
        files.append(own / f"large/kept/{number}.jpg")
        image.save(files[-1], quality=95)
    sizes = [file.stat().st_size for file in files]
    each = -(-size // (sum(sizes) // DIFFERENT * CLASSES))  # of each class
    for label in range(CLASSES):
        for part, count in (("train", each - 5), ("test", 5)):
            place = own / "large" / part / f"class {label}"
            place.mkdir(parents=True)
            for number in range(count):
                os.link(files[(label + number) % DIFFERENT], place / f"{number:06}.jpg")
    manifest = Manifest(
        name="large", version="bench", classes=tuple(f"class {n}" for n in range(CLASSES)),
        train=(each - 5,) * CLASSES, test=(5,) * CLASSES, mean=(0.5,) * 3, std=(0.25,) * 3,
        source="drawn", licence="none", split_seed=None, left_out=0, reasons=(), bytes=size,
        created="2026-01-01",
    )  # fmt: skip
    write_manifest(own / "large", manifest)
    return each * CLASSES, each * CLASSES * sum(sizes) // DIFFERENT


def train_on(own: Path, seconds: float) -> None:
    """Prints the peak of memory in MiB, and pictures a second: learnt from, validated."""
    dataset = load("large", own, own / "cache", Options(), own)
    trainer = Trainer(TrainingSpec("large", "cnn", batch_size=64), dataset)
    begun, steps = perf_counter(), 0
    while perf_counter() - begun < seconds:
        trainer.train_batch()
        steps += 1
    learnt = 64 * steps / (perf_counter() - begun)
    begun = perf_counter()
    trainer.measure(dataset.validation.take(torch.arange(2_000)))
    validated = 2_000 / (perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // MIB  # KiB on Linux
    print(peak, round(learnt), round(validated))


if __name__ == "__main__":
    train_on(Path(sys.argv[1]), float(sys.argv[2]))
