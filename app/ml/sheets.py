"""Maps and kernels as one grey picture: tiles side by side, one grey for each number."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MOST_COLUMNS = 8
MIDDLE = 128  # the grey of 0 where there are numbers below it


@dataclass(frozen=True)
class Sheet:
    """A grey g stands for (g - zero) / (255 - zero) * maximum. zero is 0 where no number is below
    0, else 128, and then minimum is -maximum."""

    pixels: NDArray[np.uint8]
    columns: int
    tile: int  # side of a tile in pixels; that of a map, or less where that is too large
    shown: int
    zero: int
    minimum: float
    maximum: float


def sheet_of(maps: Tensor, most: int, side: int) -> Sheet:
    """The first `most` of the maps (C, H, W), averaged down to `side` where they are larger. All
    share one scale, so that they can be compared."""
    if maps.shape[1] > side:
        maps = torch.nn.functional.adaptive_avg_pool2d(maps, side)
    tiles = torch.nan_to_num(maps[:most]).numpy()
    signed = bool((tiles < 0).any())
    zero = MIDDLE if signed else 0
    largest = float(np.abs(tiles).max(initial=0)) or 1.0
    greys = np.rint(zero + (255 - zero) * (tiles / largest)).astype(np.uint8)
    pixels, columns = laid_out(greys, zero)
    return Sheet(
        pixels, columns, tiles.shape[1], len(tiles), zero, -largest if signed else 0.0, largest
    )


def laid_out(
    tiles: NDArray[np.uint8], empty: int, most: int = MOST_COLUMNS
) -> tuple[NDArray[np.uint8], int]:
    """Tiles (n, height, width), row after row -> (pixels, columns); `empty` beyond them."""
    number, height, width = tiles.shape
    columns = min(most, number)
    rows = -(-number // columns)
    greys = np.full((rows * columns, height, width), empty, np.uint8)
    greys[:number] = tiles
    pixels = greys.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(pixels.reshape(rows * height, columns * width)), columns
