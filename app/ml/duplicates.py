"""The same picture in training and test: what makes a test flatter a network."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
from safetensors.torch import save_file
from torch import Tensor

from app.ml.files import write_atomically
from app.ml.gallery import BATCH, PIXELS, small_pictures
from app.ml.parts import Dataset, Part

LEARNT = ("train", "validation")
SHOWN = 60  # pairs
SECONDS = 60.0  # then those that were looked at must do: a large dataset is decoded for it


@dataclass(frozen=True)
class Duplicates:
    """pictures uint8 (n, C, S, S) of the first pairs; pairs int64 (n, 5): the row in the test part
    and its label, the part (0: train, 1: validation), the row in it and its label.

    counts (3,): test pictures that occur in training too, all test and all training pictures that
    were looked at.
    """

    pictures: Tensor
    pairs: Tensor
    counts: Tensor

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda name: save_file(dict(vars(self)), name))


def find_duplicates(dataset: Dataset) -> Duplicates:
    """By the sha256 of each picture as a network sees it, whatever its file was."""
    until = perf_counter() + SECONDS
    tests, learnt, seen = list(hashes(dataset.test, until)), dict[bytes, tuple[int, int]](), 0
    for number, name in enumerate(LEARNT):
        for row, digest in enumerate(hashes(dataset.part(name), until)):
            learnt.setdefault(digest, (number, row))
            seen += 1
    found = [(row, *learnt[digest]) for row, digest in enumerate(tests) if digest in learnt]
    pairs = [
        (row, int(dataset.test.labels[row]), part, other, label_at(dataset, part, other))
        for row, part, other in found[:SHOWN]
    ]
    rows = torch.tensor([row for row, *_ in pairs], dtype=torch.int64)
    return Duplicates(
        small_pictures(dataset.test, rows),
        torch.tensor(pairs, dtype=torch.int64).view(-1, 5),
        torch.tensor([len(found), len(tests), seen]),
    )


def hashes(part: Part, until: float) -> Iterator[bytes]:
    size = max(1, min(BATCH, PIXELS // part.pictures.shape[2:].numel()))
    for batch in part.batches(size):
        for picture in batch.cpu().numpy():
            yield hashlib.sha256(picture.tobytes()).digest()
        if perf_counter() > until:
            return


def label_at(dataset: Dataset, part: int, row: int) -> int:
    return int(dataset.part(LEARNT[part]).labels[row])
