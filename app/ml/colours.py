"""Any picture -> a small square in colour, as CIFAR's makers made theirs."""

import cv2
import numpy as np

from app.ml.picture import Picture, Work

SIZE = 32


def cut_square(work: Work) -> None:
    """The middle of the picture, as high as wide."""
    colours = opaque(work.colours)
    height, width = colours.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    work.picture = colours[top : top + side, left : left + side]


def leave_shape(work: Work) -> None:
    work.picture = opaque(work.colours)


def shrink(work: Work) -> None:
    """To 32 x 32: by area averaging, so that nothing flickers; enlarged smoothly."""
    height, width = work.picture.shape[:2]
    method = cv2.INTER_AREA if min(height, width) > SIZE else cv2.INTER_CUBIC
    if (height, width) != (SIZE, SIZE):
        work.picture = cv2.resize(work.picture, (SIZE, SIZE), interpolation=method)


def pick_pixels(work: Work) -> None:
    """Single pixels, as a careless resize takes them."""
    work.picture = cv2.resize(work.picture, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)


def opaque(colours: Picture) -> Picture:
    """(H, W, 3); what is transparent becomes white."""
    if colours.ndim == 2:
        return cv2.cvtColor(colours, cv2.COLOR_GRAY2RGB)
    if colours.shape[2] == 3:
        return colours
    opacity = colours[:, :, 3:] / 255.0
    return np.rint(colours[:, :, :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
