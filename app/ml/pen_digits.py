"""Pen digits: real people's strokes, drawn by us, split by writer."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.ml.paper import photograph
from app.ml.parts import PARTS, Dataset, Options, Part
from app.ml.preprocessing import Preprocessing, preprocess
from app.ml.sources import Entry, Source, cached, find
from app.ml.strokes import Stroke, rasterise

SOURCES = (Source("pen-digits/train.jsonl.gz", ""),)
PEN_WIDTHS = (0.04, 0.16)  # of the longest side, for training; people's pens vary as much
TEST_PEN = 0.1


def part_of(writer: str) -> str:
    """Writers never cross: sha256(writer) mod 10 is 0 for test, 1 for validation, else train."""
    digit = int(hashlib.sha256(writer.encode()).hexdigest(), 16) % 10
    return {0: "test", 1: "validation"}.get(digit, "train")


def load_pens(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    writings = read_writings(find(entry, entry.sources[0], root))
    parts = {}
    for name in PARTS:
        mine = [writing for writing in writings if part_of(writing.writer) == name]
        pens, paper = (options.pens, options.paper) if name == "train" else (1, 0)
        key = f"pen-digits-{name}-{pens}-{paper}-{options.seed}"
        make = partial(draw, mine, entry.preprocessing, pens, paper, options.seed)
        tensors = cached(entry, root, cache, key, make)
        parts[name] = pen_part(mine, tensors)
    train, validation, test = (parts[name] for name in PARTS)
    return Dataset(entry.name, entry.classes, entry.preprocessing, train, validation, test)


@dataclass(frozen=True)
class Writing:
    """One digit as a person drew it; y grows downwards here."""

    label: int
    writer: str
    strokes: Sequence[Stroke]


def read_writings(path: Path) -> list[Writing]:
    writings = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            strokes = [[[x, -y] for x, y in stroke] for stroke in row["strokes"]]
            writings.append(Writing(row["label"], row["writer"], strokes))
    return writings


def draw(
    writings: Sequence[Writing], preprocessing: Preprocessing, pens: int, paper: int, seed: int
) -> dict[str, Tensor]:
    """Every writing `pens` times on a canvas and `paper` times on paper, through preprocessing.

    The first drawing of a writing is as it was written, with the pen of the test, and stays when
    preprocessing rejects it, so that rejections can be counted.
    """
    random = np.random.default_rng(seed)
    pictures, sources, rejected = [], [], []
    for row, writing in enumerate(writings):
        for copy in range(pens + paper):
            width = TEST_PEN if copy == 0 else random.uniform(*PEN_WIDTHS)
            strokes = writing.strokes if copy == 0 else wobble(writing.strokes, random)
            canvas = rasterise(strokes, width)
            picture = photograph(canvas, random) if copy >= pens else canvas
            prepared = preprocess(picture, preprocessing)
            if prepared.rejection is None or copy == 0:
                pictures.append(prepared.pixels)
                sources.append(row)
                rejected.append(prepared.rejection is not None)
    labels = [writings[row].label for row in sources]
    empty = np.zeros((0, 1, 28, 28), np.uint8)
    return {
        "pictures": torch.from_numpy(np.stack(pictures) if pictures else empty),
        "labels": torch.tensor(labels, dtype=torch.int64),
        "rejected": torch.tensor(rejected, dtype=torch.bool),
        "source": torch.tensor(sources, dtype=torch.int64),
    }


def wobble(strokes: Sequence[Stroke], random: np.random.Generator) -> list[Stroke]:
    """Another hand's version: each axis stretched by up to a quarter, slanted, a little turned."""
    points = np.concatenate([np.asarray(stroke, np.float64) for stroke in strokes])
    stretch = np.exp(random.uniform(-0.25, 0.25, 2))
    slant, angle = random.uniform(-0.25, 0.25), random.uniform(-0.15, 0.15)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bend = turn @ np.array([[1.0, slant], [0.0, 1.0]]) @ np.diag(stretch)
    middle = points.mean(axis=0)
    return [((np.asarray(s, np.float64) - middle) @ bend.T).tolist() for s in strokes]


def pen_part(writings: Sequence[Writing], tensors: dict[str, Tensor]) -> Part:
    rows = tensors["source"].tolist()
    return Part(
        tensors["pictures"], tensors["labels"], tensors["rejected"],
        tuple(writings[row].writer for row in rows), tuple(writings[row].strokes for row in rows),
    )  # fmt: skip
