"""Synthetic photographs of pen on paper: shade, crease, grain, cut-off neighbours.

Preprocessing is tuned and digit networks are trained on these, so that real photographs stay
untouched until they are measured.
"""

import cv2
import numpy as np
from numpy.random import Generator

from app.ml.picture import Picture


def photograph(canvas: Picture, random: Generator) -> Picture:
    """A drawing (H, W), ink 255 on 0, as a phone would see it: uint8 (S, S, 3), S 60 to 320."""
    side = int(np.exp(random.uniform(np.log(60), np.log(320))))
    ink = placed(canvas, side, random)
    if random.random() < 0.5:
        ink = np.maximum(ink, neighbours(side, random))
    ink = cv2.GaussianBlur(ink, (0, 0), random.uniform(0.003, 0.012) * side + 0.3)
    strength = random.uniform(0.45, 1.0)
    pen = (
        random.uniform(10, 110, 3) if random.random() < 0.5 else np.full(3, random.uniform(10, 90))
    )
    light = shade(side, random)[:, :, None]
    paper = np.array([random.uniform(0.85, 1), random.uniform(0.85, 1), random.uniform(0.55, 1)])
    sheet = 255 * paper * light
    opacity = ink[:, :, None] * strength
    picture = sheet * (1 - opacity) + pen * light * opacity
    picture += random.normal(0, random.uniform(0.5, 7), (side, side, 1))
    picture += random.normal(0, random.uniform(0.2, 3), (side, side, 3))
    return compressed(np.clip(picture, 0, 255).astype(np.uint8), random)


def placed(canvas: Picture, side: int, random: Generator) -> Picture:
    """The drawing's ink somewhere in a square crop, filling 45 to 90 % of it: float (S, S)."""
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    ink = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = side * random.uniform(0.45, 0.9) / max(ink.shape)
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    frame = np.zeros((side, side), np.float32)
    top, left = random.integers(0, side - height + 1), random.integers(0, side - width + 1)
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    frame[top : top + height, left : left + width] = small / 255
    return frame


def neighbours(side: int, random: Generator) -> Picture:
    """Pieces of other digits that the crop's edge cuts off."""
    frame = np.zeros((side, side), np.uint8)
    for _ in range(random.integers(1, 3)):
        along = random.uniform(0, side)
        depth = random.uniform(0.01, 0.1) * side
        middle = [along, depth * random.uniform(-1, 0.4)]
        if random.random() < 0.5:
            middle[1] = side - middle[1]
        if random.random() < 0.5:
            middle.reverse()
        axes = int(random.uniform(0.05, 0.3) * side), max(1, int(depth))
        if middle[0] in (depth, side):
            axes = axes[1], axes[0]
        start = random.uniform(0, 360)
        cv2.ellipse(
            frame, (int(middle[0]), int(middle[1])), axes, random.uniform(0, 180),
            start, start + random.uniform(90, 300), 255, max(1, int(0.05 * side)),
        )  # fmt: skip
    edge = max(2, int(0.12 * side))
    frame[edge:-edge, edge:-edge] = 0
    fragments: Picture = frame.astype(np.float32) / 255
    return fragments


def shade(side: int, random: Generator) -> Picture:
    """Light on the sheet, about 0.35 to 1: a slope, a soft shadow's edge, a crease: (S, S)."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    light = random.uniform(0.6, 0.95) + slope(x, y, random) * random.uniform(0, 0.35)
    if random.random() < 0.4:  # the phone's own shadow
        edge = slope(x, y, random) * 2 - random.uniform(-0.5, 0.5)
        light -= random.uniform(0.1, 0.35) / (1 + np.exp(-edge / random.uniform(0.02, 0.3)))
    for _ in range(random.integers(0, 3)):  # creases: a light and a dark flank
        place = slope(x, y, random) - random.uniform(-0.4, 0.4)
        width = random.uniform(0.01, 0.05)
        light += random.uniform(-0.06, 0.06) * np.exp(-((place / width) ** 2)) * np.sign(place)
    return np.clip(light, 0.2, 1)


def slope(x: Picture, y: Picture, random: Generator) -> Picture:
    angle = random.uniform(0, 2 * np.pi)
    across: Picture = x * np.cos(angle) + y * np.sin(angle)
    return across


def compressed(picture: Picture, random: Generator) -> Picture:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(45, 98))]
    seen = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR)
    assert seen is not None
    return seen
