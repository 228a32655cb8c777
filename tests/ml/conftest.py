"""What the tests of app/ml share: drawings made here, a small dataset, the real one where it is."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from app.ml.datasets import DIGIT, DIGITS
from app.ml.parts import Dataset, Part
from app.ml.preprocessing import Picture, preprocess
from app.ml.strokes import Stroke, rasterise

ZERO: list[Stroke] = [[(40 + 25 * np.cos(t), 50 + 40 * np.sin(t)) for t in np.linspace(0, 6.3, 40)]]
ONE: list[Stroke] = [[(30, 30), (50, 5), (50, 95)], [(25, 95), (75, 95)]]  # with a foot
SEVEN: list[Stroke] = [[(20, 10), (80, 10), (40, 95)], [(35, 50), (75, 50)]]  # crossed
FIVE: list[Stroke] = [[(35, 10), (30, 45), (60, 45), (65, 80), (25, 90)], [(35, 10), (75, 8)]]
DRAWINGS = {0: ZERO, 1: ONE, 5: FIVE, 7: SEVEN}


def on_canvas(strokes: list[Stroke], side: int = 280, fill: float = 0.7) -> Picture:
    """A drawing in the middle of a square canvas, ink 255 on 0."""
    drawn = rasterise(strokes)
    ink = drawn[np.ix_(drawn.any(1), drawn.any(0))]
    canvas = np.zeros((side, side), np.uint8)
    import cv2

    scale = fill * side / max(ink.shape)
    size = round(ink.shape[1] * scale), round(ink.shape[0] * scale)
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real datasets; a test that asks for it is skipped where it is absent."""
    folder = os.environ.get("INKLING_TEST_DATA")
    if not folder:
        pytest.skip("INKLING_TEST_DATA names no folder with the real datasets")
    return Path(folder)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def small_part(count: int, seed: int) -> Part:
    """Drawings of four digits, each slanted and penned anew: uint8 (count, 1, 28, 28)."""
    random = np.random.default_rng(seed)
    pictures, labels = [], []
    for row in range(count):
        label = list(DRAWINGS)[row % len(DRAWINGS)]
        slant = random.uniform(-0.3, 0.3)
        strokes = [
            [(x + slant * y + random.normal(0, 1.5), y + random.normal(0, 1.5)) for x, y in stroke]
            for stroke in DRAWINGS[label]
        ]
        pictures.append(preprocess(rasterise(strokes, random.uniform(0.06, 0.14)), DIGIT).pixels)
        labels.append(label)
    return Part(torch.from_numpy(np.stack(pictures)), torch.tensor(labels))


@pytest.fixture(scope="session")
def small_dataset() -> Dataset:
    """256 training, 64 validation and 64 test drawings; only 0, 1, 5 and 7 occur."""
    parts = (small_part(count, seed) for seed, count in enumerate((256, 64, 64)))
    return Dataset("mnist", DIGITS, DIGIT, *parts)
