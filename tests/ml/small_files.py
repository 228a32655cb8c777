"""Datasets in small, in the very formats of the real files."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from app.ml.own_datasets import Manifest, write_manifest
from app.ml.pen_digits import part_of
from tests.ml.conftest import DRAWINGS, small_part


def write_idx(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()))


def write_mnist(root: Path, train: int, test: int) -> None:
    """Drawings of 0, 1, 5 and 7 in MNIST's files."""
    for start, count, seed in (("train", train, 0), ("t10k", test, 1)):
        part = small_part(count, seed)
        raw = root / "MNIST/raw"
        write_idx(raw / f"{start}-images-idx3-ubyte.gz", part.pictures[:, 0].numpy())
        write_idx(raw / f"{start}-labels-idx1-ubyte.gz", part.labels.numpy().astype(np.uint8))


def write_pens(root: Path) -> None:
    """Four writings in each part, each by a writer of its own; y grows upwards in the file."""
    rows = [
        {"label": label, "writer": writer, "strokes": [[[x, -y] for x, y in s] for s in strokes]}
        for part in ("train", "validation", "test")
        for writer, (label, strokes) in zip(writers(part), DRAWINGS.items(), strict=False)
    ]
    (root / "pen-digits").mkdir()
    with gzip.open(root / "pen-digits/train.jsonl.gz", "wt") as file:
        file.writelines(f"{json.dumps(row, default=float)}\n" for row in rows)


def writers(part: str) -> Iterator[str]:
    return (name for name in (f"writer-{n}" for n in range(200)) if part_of(name) == part)


SHADES = {"brick": (180, 60, 40), "grass": (60, 150, 50), "sky": (90, 140, 220)}


def photograph(label: str, number: int, size: tuple[int, int] = (90, 70)) -> Image.Image:
    """A noisy picture of one shade, another for each number; its width and height in pixels."""
    random = np.random.default_rng([number, *SHADES[label]])
    noise = random.normal(0, 25, (size[1], size[0], 3))
    return Image.fromarray((np.array(SHADES[label]) + noise).clip(0, 255).astype(np.uint8))


def photograph_bytes(label: str, number: int, format: str = "JPEG") -> bytes:
    file = io.BytesIO()
    photograph(label, number).save(file, format)
    return file.getvalue()


def write_own(own: Path, name: str, train: int, test: int) -> None:
    """A person's own dataset of three shades, as many pictures of each class in each part."""
    for part, start, count in (("train", 0, train), ("test", 1000, test)):
        for label in SHADES:
            folder = own / name / part / label
            folder.mkdir(parents=True)
            for number in range(count):
                photograph(label, start + number).save(folder / f"{number:05}.jpg")
    write_manifest(
        own / name,
        Manifest(
            name=name, version="first", classes=tuple(SHADES), train=(train,) * 3,
            test=(test,) * 3, mean=(0.4, 0.45, 0.4), std=(0.2, 0.2, 0.3), source="drawn here",
            licence="CC0", split_seed=None, left_out=0, reasons=(), bytes=1, created="2026-01-01",
        ),
    )  # fmt: skip
