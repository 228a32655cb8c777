"""A picture on its way through preprocessing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[Any]  # uint8: (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA

cv2.setNumThreads(1)  # pictures are small: threads would cost more than they bring

PHOTO = -1
CLEAN_BORDER = 0.5  # so much of a canvas's border has one exact value; a photograph has noise


@dataclass(slots=True)
class Work:
    """What the steps hand on. For digits: first a grey picture, after `ink` a map of ink (0 none,
    255 full)."""

    picture: Picture  # (H, W), or (H, W, 3) where colours count
    background: int  # the one grey value of a clean canvas; PHOTO where there is none
    colours: Picture  # as it came
    size: int  # of the network's input
    rejected: str | None = None  # a code of preprocessing.REJECTIONS
    options: Mapping[str, Any] = field(default_factory=dict)  # the pipeline's own

    @classmethod
    def on(cls, picture: Picture, size: int) -> "Work":
        shade = grey(picture)
        return cls(shade, clean_background(shade), picture, size)

    @classmethod
    def in_colour(cls, picture: Picture, size: int, options: Mapping[str, Any]) -> "Work":
        """For steps that look at the colours alone."""
        return cls(picture, PHOTO, picture, size, options=options)

    @property
    def is_photo(self) -> bool:
        return self.background == PHOTO


def grey(picture: Picture) -> Picture:
    """(H, W), (H, W, 3) or (H, W, 4) -> (H, W); what is transparent becomes the ink's opposite."""
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 3:
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    shade = cv2.cvtColor(picture, cv2.COLOR_RGBA2GRAY)
    alpha = picture[:, :, 3]
    if alpha.min() == 255:
        return shade
    opacity = alpha / 255.0
    ink = float((shade * opacity).sum() / max(opacity.sum(), 1e-9))
    paper = 255.0 if ink < 128 else 0.0
    return np.rint(shade * opacity + paper * (1 - opacity)).astype(np.uint8)


def clean_background(picture: Picture) -> int:
    """The one value that most of the border has, or PHOTO where the paper is not of one value."""
    edges = picture[0], picture[-1], picture[:, 0], picture[:, -1]
    border = b"".join([edge.tobytes() for edge in edges])
    value = max(sorted(set(border)), key=border.count)
    return value if border.count(value) >= CLEAN_BORDER * len(border) else PHOTO


def resize(picture: Picture, longest: int) -> Picture:
    height, width = picture.shape[:2]
    if max(height, width) == longest:
        return picture
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=method)


def leave(work: Work) -> None:
    """A skipped step that has nothing to put in its place."""
