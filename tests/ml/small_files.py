"""MNIST and pen digits in small, in the very formats of the real files."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

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
