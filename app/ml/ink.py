"""Ink and paper: what of a picture the pen made."""

from typing import Any

import cv2
import numpy as np

from app.ml.picture import Picture, Work, resize

LARGEST_PHOTO, SMALLEST_PHOTO = 400, 128  # worked on within these: a stroke is pixels wide
PAPER_WINDOW = 0.2  # of the side, wider than any stroke: closing with it leaves the paper alone


def flatten_paper(work: Work) -> None:
    """Photographs: grey relative to the paper around it, so that shade and shadows vanish."""
    if not work.is_photo:
        return
    photo = cv2.medianBlur(work_size(work.picture), 3)  # less grain
    window = max(3, int(PAPER_WINDOW * max(photo.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    if is_chalk(photo):
        board = cv2.morphologyEx(photo, cv2.MORPH_OPEN, kernel)
        work.picture = 255 - cv2.subtract(photo, board)  # shown as if it were a pen
    else:
        paper = cv2.morphologyEx(photo, cv2.MORPH_CLOSE, kernel)  # dark strokes filled with paper
        darker = cv2.subtract(paper, photo) * (255.0 / np.maximum(paper, 32))  # shadow dims ink too
        work.picture = 255 - np.minimum(darker, 255).astype(np.uint8)


def is_chalk(photo: Picture) -> bool:
    """Light ink on dark: ink is rare and far from the shade around it, so it skews the greys.

    Only the middle is asked: around a sheet of paper there may be a dark table.
    """
    height, width = photo.shape
    middle = photo[height // 7 : height - height // 7, width // 7 : width - width // 7]
    window = max(middle.shape) // 2 + 1
    shade = cv2.blur(middle, (window, window))
    return float(np.mean((middle.astype(np.float32) - shade) ** 3)) > 0


def work_size(photo: Picture) -> Picture:
    longest = max(photo.shape)
    return resize(photo, min(max(longest, SMALLEST_PHOTO), LARGEST_PHOTO))


def leave_paper(work: Work) -> None:
    if work.is_photo:
        work.picture = work_size(work.picture)
        if np.median(work.picture) < 128:
            work.picture = 255 - work.picture


FAINTEST = 20  # of 255: a difference smaller than this is not ink
FULL = 224  # ink this strong is left as it is (MNIST's strongest is 254); paler ink is stretched
NOISE = 4.0  # a photograph's ink stands out of the paper's grain by so many deviations
PALE, DARK = 0.3, 0.75  # of a photograph's contrast: below is paper, above is full ink


def find_ink(work: Work) -> None:
    """Ink bright on black, whatever the colours were."""
    ink = photographed_ink(work.picture) if work.is_photo else drawn_ink(work)
    if ink is None:
        work.rejected = "blank"
    else:
        work.picture = ink


def drawn_ink(work: Work) -> Picture | None:
    ink = work.picture  # on black already, as in most drawings
    if work.background:
        ink = cv2.absdiff(ink, np.full_like(ink, work.background))
    strongest = int(ink.max())
    if strongest < FAINTEST:
        return None
    return ink if strongest >= FULL else cv2.convertScaleAbs(ink, alpha=255 / strongest)


def photographed_ink(paper: Picture) -> Picture | None:
    """Otsu's threshold parts pen from paper; None where the two hardly differ."""
    darkness = 255 - paper
    threshold, _ = cv2.threshold(darkness, 0, 255, cv2.THRESH_OTSU)
    pen, grain = darkness[darkness > threshold], darkness[darkness <= threshold]
    if pen.size == 0:
        return None
    contrast = float(np.median(pen)) - float(np.median(grain))
    if contrast < max(FAINTEST, NOISE * float(grain.std())):
        return None
    lowest = float(np.median(grain)) + PALE * contrast
    ink: Picture = (darkness - lowest) * (255.0 / ((DARK - PALE) * contrast))
    return ink.clip(0, 255).astype(np.uint8)


def leave_colours(work: Work) -> None:
    if int(work.picture.max()) == 0:
        work.rejected = "blank"


EDGE = 4  # ink fainter than this is not part of the shape (bicubic ringing, JPEG)
SPECK = 0.02  # of the largest piece's ink; smaller pieces are dirt
DOT_SIDE, DOT_FILL = 0.12, 0.6  # a filled blob smaller than this part of the canvas is a dot
DIGIT_SIDE = 0.15  # of a photograph's side: what is smaller is hardly its subject
TALL = 0.5  # a piece so tall, relative to the tallest, may be a digit of its own
GAP = 0.1  # of the tallest piece's height: pieces further apart are not of one digit


def drop_specks(work: Work) -> None:
    """Keep the pieces of ink that make the digit; reject what is a dot or several digits."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        cv2.threshold(work.picture, EDGE, 255, cv2.THRESH_BINARY)[1]
    )
    if count < 2:
        work.rejected = "blank"
        return
    pieces = boxes[1:]  # (P, 5): x, y, width, height, area; row 0 is the background
    if count > 2:
        mass = np.bincount(labels.ravel(), work.picture.ravel(), count)[1:]
        keep = np.ones(len(mass), bool)
        if work.is_photo:
            keep = ~fragments(pieces, mass, work.picture.shape)
        keep &= mass >= SPECK * mass[keep].max()
        if not keep.all():
            work.picture = work.picture * np.concatenate(([False], keep))[labels]
            pieces = pieces[keep]
    if is_dot(pieces, max(work.picture.shape)):
        work.rejected = "too_little_ink"
    elif len(pieces) > 1 and are_several(pieces):
        work.rejected = "several_digits"


def fragments(pieces: Any, mass: Any, shape: tuple[int, ...]) -> Any:
    """(P,) true for what a photograph's edge cuts off: neighbours, or the table around the paper.

    The largest piece stays, cut off or not; a frame that touches three edges only counts when
    there is nothing of a digit's size inside it.
    """
    height, width = shape[:2]
    x, y, w, h = pieces[:, 0], pieces[:, 1], pieces[:, 2], pieces[:, 3]
    edges = np.stack((x <= 1, y <= 1, x + w >= width - 1, y + h >= height - 1))  # (4, P)
    cut = edges.any(axis=0)
    inside = np.where(cut, 0, mass)
    sized = ~cut & (np.maximum(w, h) >= DIGIT_SIDE * max(shape))
    frame = edges.sum(axis=0) >= 3
    rivals = np.where(frame, 0, mass) if sized.any() else mass
    main = int((inside if inside.max() >= 0.25 * rivals.max() else rivals).argmax())
    return cut & (np.arange(len(mass)) != main)


def is_dot(pieces: Any, canvas: int) -> bool:
    if len(pieces) > 1:
        return False
    _, _, width, height, area = (int(number) for number in pieces[0])
    return max(width, height) < DOT_SIDE * canvas and area > DOT_FILL * width * height


def are_several(pieces: Any) -> bool:
    """Two tall pieces side by side, or one above the other, with a gap between them."""
    tallest = pieces[:, 3].max()
    tall = pieces[pieces[:, 3] >= TALL * tallest]
    return apart(tall, 0, GAP * tallest) or apart(tall, 1, 2 * GAP * tallest)


def apart(pieces: Any, axis: int, gap: float) -> bool:
    """True when some line across the axis, at least `gap` wide, has pieces on both sides."""
    if len(pieces) < 2:
        return False
    start = pieces[:, axis]
    order = start.argsort()
    end = np.maximum.accumulate((start + pieces[:, axis + 2])[order])
    return bool((start[order][1:] - end[:-1] > gap).any())
