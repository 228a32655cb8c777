"""Pen strokes -> picture: what a pen would have drawn."""

from collections.abc import Sequence

import cv2
import numpy as np

from app.ml.picture import Picture

Stroke = Sequence[Sequence[float]]  # [[x, y], ...], y grows downwards, any scale

INK_SIDE = 200  # pixels of the longest side: ten times MNIST's 20, so area averaging is exact
MARGIN = 40  # pixels of empty canvas on each side
SUBPIXEL_BITS = 4  # cv2 takes coordinates in sixteenths of a pixel


def rasterise(strokes: Sequence[Stroke], pen_width: float = 0.1) -> Picture:
    """Strokes -> uint8 (280 + pen, 280 + pen), ink 255 on 0, drawn with a round pen.

    pen_width is a fraction of the drawing's longest side. A drawing of one point is one dot; no
    point at all is an empty canvas. ValueError when a coordinate is not finite.
    """
    lines = [np.asarray([*stroke, stroke[-1]], np.float64) for stroke in strokes if len(stroke)]
    pen = max(1, round(pen_width * INK_SIDE))
    side = INK_SIDE + pen + 2 * MARGIN
    canvas = np.zeros((side, side), np.uint8)
    if lines:
        for line in fit(lines, side):
            cv2.polylines(canvas, [line], False, 255, pen, cv2.LINE_8, SUBPIXEL_BITS)
    return canvas


def fit(lines: list[Picture], side: int) -> list[Picture]:
    """Longest side to INK_SIDE, box in the middle; coordinates in sixteenths of a pixel."""
    points = np.concatenate(lines)
    if not np.isfinite(points).all():
        raise ValueError("stroke coordinates must be finite numbers")
    low, high = points.min(axis=0), points.max(axis=0)
    longest = float((high / 2 - low / 2).max()) * 2  # halved first: huge coordinates stay finite
    scale = INK_SIDE / longest if longest > 0 else 0.0
    if not np.isfinite(scale):
        scale = 0.0
    middle = low / 2 + high / 2
    unit = 1 << SUBPIXEL_BITS
    return [np.rint(((line - middle) * scale + side / 2) * unit).astype(np.int32) for line in lines]
