"""A photograph of a garment -> what Fashion-MNIST would have held.

Its makers trimmed a photograph on white, brought the longest side to 28 pixels, exchanged bright
and dark, and put it in the middle (Xiao, Rasul and Vollgraf, 2017). A person's photograph has
another background: what is connected to the border and looks like it goes first.
"""

import cv2
import numpy as np

from app.ml.colours import opaque
from app.ml.framing import SIZE, paste
from app.ml.picture import Picture, Work, resize

WORK_SIDE = 160  # pixels: the longest side in which the background is sought
NEAR = 14.0  # in CIELAB: a colour this near to the border's belongs to it (2.3 is just visible)
GRAIN = 3.0  # or nearer than so many median deviations of the border's own colours
SMALLEST = 0.01  # of the picture: less is dirt, not a garment
NEGATIVE = 16  # of 255: a grey picture, a quarter of whose border is as dark, is one already


def take_background(work: Work) -> None:
    """What looks like the border and touches it becomes empty."""
    colours = small_colours(work)
    if is_negative(colours):
        work.picture, work.background = colours[:, :, 0], 0
        return
    garment = garment_of(colours)
    if garment.mean() < SMALLEST:
        work.rejected = "blank"
        return
    work.picture, work.background = grey_of(colours), 255
    work.picture[~garment] = 255


def leave_background(work: Work) -> None:
    colours = small_colours(work)
    work.background = 0 if is_negative(colours) else 255
    work.picture = grey_of(colours)


def small_colours(work: Work) -> Picture:
    """(H, W, 3), what is transparent white."""
    colours = opaque(work.colours)
    longest = max(colours.shape[:2])
    return resize(colours, WORK_SIDE) if longest > WORK_SIDE else colours.copy()


def grey_of(colours: Picture) -> Picture:
    return cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)


def is_negative(colours: Picture) -> bool:
    """Grey on black, as the dataset's own pictures: nothing is to be exchanged."""
    spread = np.ptp(colours, axis=2)
    return int(spread.max()) == 0 and float(np.quantile(border_of(colours), 0.25)) <= NEGATIVE


def border_of(colours: Picture) -> Picture:
    """(N, C): the pixels of the frame."""
    edges = colours[0], colours[-1], colours[:, 0], colours[:, -1]
    return np.concatenate(edges)


def garment_of(colours: Picture) -> Picture:
    """(H, W) bool: what is not background."""
    lab = cv2.cvtColor(cv2.GaussianBlur(colours, (3, 3), 0), cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[:, :, 0] *= 100 / 255  # OpenCV stretches L to 0..255
    border = border_of(lab)
    middle = np.median(border, axis=0)
    grain = float(np.median(np.linalg.norm(border - middle, axis=1)))
    near = np.linalg.norm(lab - middle, axis=2) < max(NEAR, GRAIN * grain)
    _, regions = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)
    background = np.isin(regions, np.unique(border_of(regions[:, :, None]))) & near
    garment = cv2.morphologyEx(
        (~background).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(garment)
    sizes = facts[1:, cv2.CC_STAT_AREA]
    wanted = [piece + 1 for piece in range(count - 1) if sizes[piece] >= sizes.max() / 4]  # a pair
    return np.isin(pieces, wanted)


def trim(work: Work) -> None:
    """Cut to what differs from the empty background; the dataset's own pictures are cut already."""
    if work.background == 0 and work.picture.shape == (SIZE, SIZE):
        return
    there = cv2.absdiff(work.picture, np.full_like(work.picture, work.background)) > 0
    x, y, width, height = cv2.boundingRect(there.astype(np.uint8))
    if width == 0:
        work.rejected = "blank"
        return
    work.picture = work.picture[y : y + height, x : x + width]


def squash(work: Work) -> None:
    work.picture = cv2.resize(work.picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def negate(work: Work) -> None:
    if work.background == 255:
        work.picture, work.background = 255 - work.picture, 0


def stand_in_the_middle(work: Work) -> None:
    height, width = work.picture.shape
    paste(work, (SIZE - height) // 2, (SIZE - width) // 2, work.background)


def stand_in_the_corner(work: Work) -> None:
    paste(work, 0, 0, work.background)
