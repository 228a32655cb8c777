"""Crop, scale, centre: where the ink stands in the frame, as in MNIST."""

import cv2
import numpy as np

from app.ml.ink import EDGE
from app.ml.picture import Picture, Work, resize

SIZE = 28
BOX = 20  # MNIST's ink fits a 20 x 20 box (99.98 % of the training digits touch it)
CENTRE = 14  # MNIST's centre of mass is at pixel index 14, not 13.5 (99.99 % within half a pixel)


def crop_to_ink(work: Work) -> None:
    ink = cv2.threshold(work.picture, EDGE, 255, cv2.THRESH_BINARY)[1]
    x, y, width, height = cv2.boundingRect(ink)
    if width == 0:
        work.rejected = "blank"
        return
    work.picture = work.picture[y : y + height, x : x + width]


THIN = 192  # of 255: paler than this after averaging, a line is thinner than a pixel of the box
PEN = 1.6  # pixels of the box: so wide a thin line is drawn again (MNIST's pens: 1.7 to 4)


def scale_to_box(work: Work) -> None:
    """Longest side to 20 pixels by area averaging, the other in proportion."""
    small = resize(work.picture, BOX)
    if int(small.max()) < THIN:
        small = resize(thicken(work.picture), BOX)
    work.picture = small


def thicken(picture: Picture) -> Picture:
    """A hairline of a large drawing would average to nothing: go over it with a wider pen."""
    pen = max(2, round(PEN * max(picture.shape) / BOX))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen))
    return cv2.dilate(np.pad(picture, pen // 2), kernel)


def scale_to_frame(work: Work) -> None:
    work.picture = resize(work.picture, SIZE)


def centre_mass(work: Work) -> None:
    """Put the ink's centre of mass at index (14, 14) of 28 x 28, clamped to stay inside."""
    moments = cv2.moments(work.picture)  # m10 is the sum of x * ink, m01 of y * ink
    total = moments["m00"] or 1.0
    paste(work, round(CENTRE - moments["m01"] / total), round(CENTRE - moments["m10"] / total))


def centre_box(work: Work) -> None:
    height, width = work.picture.shape
    paste(work, (SIZE - height) // 2, (SIZE - width) // 2)


def paste(work: Work, top: int, left: int, fill: int = 0) -> None:
    height, width = work.picture.shape
    top = min(max(top, 0), SIZE - height)
    left = min(max(left, 0), SIZE - width)
    frame = np.full((SIZE, SIZE), fill, np.uint8)
    frame[top : top + height, left : left + width] = work.picture
    work.picture = frame
