"""Picture files that are decoded when they are asked for, so that no memory holds them all."""

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.ml.picture import Picture
from app.ml.preprocessing import Preprocessing, preprocess

FORMATS = ("JPEG", "PNG")
THREADS = min(4, os.cpu_count() or 1)  # Pillow lets go of Python's lock while it decodes
FINER = 2  # a JPEG is decoded at no less than so many times the size that it is brought to


class Slice(NamedTuple):
    """A file within an archive that is not compressed: so many bytes from `offset` on."""

    archive: str
    offset: int
    size: int


Name = str | Slice


@dataclass(frozen=True)
class PictureFiles:
    """Indexed as a tensor uint8 (N, 3, S, S) is: by a row, a slice, or a tensor of rows.

    names are paths below `folder`. The same row gives the same pixels each time.
    """

    folder: Path
    names: Sequence[Name]
    preprocessing: Preprocessing
    device: torch.device | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def shape(self) -> torch.Size:
        how = self.preprocessing
        return torch.Size((len(self), how.channels, how.size, how.size))

    def __getitem__(self, rows: int | slice | Tensor) -> Tensor:
        """ValueError names a file that cannot be decoded."""
        if isinstance(rows, int):
            return self.decoded([self.names[rows]])[0]
        if isinstance(rows, slice):
            return self.decoded(self.names[rows])
        return self.decoded([self.names[row] for row in rows.tolist()])

    def decoded(self, names: Sequence[Name]) -> Tensor:
        how = self.preprocessing
        pictures = np.empty((len(names), how.channels, how.size, how.size), np.uint8)
        read = threads().map(lambda name: read_file(self.folder, name, how), names)
        for row, picture in enumerate(read):
            pictures[row] = picture
        found = torch.from_numpy(pictures)
        return found if self.device is None else found.to(self.device)

    def take(self, rows: Sequence[int]) -> "PictureFiles":
        return replace(self, names=tuple(self.names[row] for row in rows))

    def to(self, device: torch.device) -> "PictureFiles":
        """What is asked for then comes in that device's memory."""
        return replace(self, device=device)


@cache
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "decoder")


def read_file(folder: Path, name: Name, how: Preprocessing) -> Picture:
    """uint8 (3, S, S), as `how` prepares it. ValueError names a file that cannot be decoded."""
    wanted = FINER * how.options.get("resize", how.size)
    try:
        with Image.open(opened(folder, name), formats=FORMATS) as image:
            scale = wanted / max(1, min(image.size))
            if scale < 1:
                image.draft("RGB", (int(image.width * scale) + 1, int(image.height * scale) + 1))
            picture = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{folder / path_of(name)} cannot be decoded: {error}") from error
    return preprocess(picture, how).pixels


def opened(folder: Path, name: Name) -> Path | io.BytesIO:
    if isinstance(name, str):
        return folder / name
    with (folder / name.archive).open("rb") as file:
        file.seek(name.offset)
        return io.BytesIO(file.read(name.size))


def path_of(name: Name) -> str:
    """Of the file itself, or of the archive that it is in."""
    return name if isinstance(name, str) else name.archive
