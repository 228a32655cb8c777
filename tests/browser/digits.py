"""Digits as people write them, as strokes and as pictures."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

Stroke = Sequence[tuple[float, float]]  # in fractions of the pad, y downwards

CROSSED_SEVEN: list[Stroke] = [
    [(0.25, 0.2), (0.72, 0.2), (0.62, 0.45), (0.45, 0.82)],
    [(0.36, 0.5), (0.7, 0.48)],
]
FOOTED_ONE: list[Stroke] = [
    [(0.33, 0.36), (0.5, 0.18), (0.5, 0.8)],
    [(0.33, 0.8), (0.67, 0.8)],
]
THREE: list[Stroke] = [
    [
        *[(0.3, 0.24), (0.45, 0.17), (0.62, 0.22), (0.65, 0.34), (0.58, 0.44), (0.44, 0.48)],
        *[(0.62, 0.54), (0.7, 0.66), (0.64, 0.79), (0.48, 0.84), (0.3, 0.78)],
    ]
]


def on_paper(strokes: Sequence[Stroke], width: int = 300, height: int = 300) -> Image.Image:
    """Dark ink on light paper, the digit upright in the largest square in the middle."""
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    picture = Image.new("RGB", (width, height), (235, 232, 224))
    for stroke in strokes:
        points = [(left + x * side, top + y * side) for x, y in stroke]
        ImageDraw.Draw(picture).line(points, fill=(30, 34, 60), width=side // 13, joint="curve")
    return picture


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def side_by_side(one: Sequence[Stroke], other: Sequence[Stroke], side: int = 300) -> Image.Image:
    """Two digits on one paper."""
    paper = on_paper(one, side, side)
    both = Image.new("RGB", (2 * side, side))
    both.paste(paper, (0, 0))
    both.paste(on_paper(other, side, side), (side, 0))
    return both
