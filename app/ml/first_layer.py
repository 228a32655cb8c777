"""The weights of a network's first layer as pictures: what each unit looks for."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from app.ml.sheets import MIDDLE, laid_out

PARTS = ("whitening", "features", "stages", "layers", "head")  # of all networks, from the input on
LEARNT = (".weight", ".filters")  # whitening's filters are computed, but they come first
ZERO = MIDDLE  # the grey of weight 0


def first_weights(path: Path, prefix: str, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Of a checkpoint's file: (units, side, side), a CNN's kernels or an MLP's rows in the shape
    (C, H, W) of its input; the mean over channels where there are several."""
    with safe_open(path, "np") as file:
        names = [n for n in file.keys() if n.startswith(prefix) and n.endswith(LEARNT)]  # noqa: SIM118
        weights = file.get_tensor(min(names, key=place_of))
    if weights.ndim == 2:
        weights = weights.reshape(len(weights), *shape)
    tiles: NDArray[np.float32] = weights.mean(axis=1)
    return tiles


def place_of(name: str) -> tuple[int, list[int]]:
    """Of `network.features.0.weight`: its part's place in the network, then its numbers there."""
    parts = name.split(".")
    return PARTS.index(parts[1]), [int(part) for part in parts if part.isdigit()]


def sheet(tiles: NDArray[np.float32]) -> tuple[NDArray[np.uint8], int, float]:
    """(pixels, columns, largest absolute weight): the tiles side by side, row after row; one grey
    for each weight, from 1 for -largest by 128 for 0 to 255 for largest."""
    largest = float(np.abs(tiles).max()) or 1.0
    greys = np.rint(ZERO + (ZERO - 1) * tiles / largest).astype(np.uint8)
    pixels, columns = laid_out(greys, ZERO)
    return pixels, columns, largest
