"""A photograph -> the square that a network for photographs takes, as torchvision prepares it.

The shorter side is brought to `resize` pixels by Pillow's antialiased bilinear filter (bicubic
where `interpolation` says so), then the middle is cut out: the evaluation of ImageNet's networks
since Krizhevsky et al., 2012.
"""

import numpy as np
from PIL import Image

from app.ml.colours import opaque
from app.ml.picture import Picture, Work

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def shorten(work: Work) -> None:
    """The shorter side becomes `resize` pixels (by default the network's own size)."""
    colours = opaque(work.colours)
    height, width = colours.shape[:2]
    shorter = work.options.get("resize", work.size)
    if height <= width:
        size = max(1, int(shorter * width / height)), shorter
    else:
        size = shorter, max(1, int(shorter * height / width))
    work.picture = stretched(work, colours, size)


def squeeze(work: Work) -> None:
    """The whole picture on `resize` x `resize` pixels, its shape lost."""
    side = work.options.get("resize", work.size)
    work.picture = stretched(work, opaque(work.colours), (side, side))


def cut_middle(work: Work) -> None:
    height, width = work.picture.shape[:2]
    top, left = round((height - work.size) / 2), round((width - work.size) / 2)
    work.picture = np.ascontiguousarray(
        work.picture[top : top + work.size, left : left + work.size]
    )


def leave_borders(work: Work) -> None:
    """All that there is, stretched to the network's size."""
    work.picture = stretched(work, work.picture, (work.size, work.size))


def stretched(work: Work, picture: Picture, size: tuple[int, int]) -> Picture:
    """(H, W, 3) at (width, height) pixels."""
    method = FILTERS[work.options.get("interpolation", "bilinear")]
    return np.asarray(Image.fromarray(picture).resize(size, method))
