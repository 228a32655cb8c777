"""A dataset as an archive of pictures in folders: train/CLASS/*.jpg and test/CLASS/*.jpg."""

import io
import tarfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.ml.parts import Dataset, Options
from app.ml.picture import Picture
from app.ml.sources import Entry, cached, find, parts_of


def load_archive(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    """Pictures of one size, whole in memory; the part's order is that of the files' names."""

    def parse() -> dict[str, Tensor]:
        return read_archive(find(entry, entry.sources[0], root), entry.classes)

    return parts_of(entry, cached(entry, root, cache, entry.name, parse), options)


def read_archive(path: Path, classes: tuple[str, ...]) -> dict[str, Tensor]:
    """uint8 (N, 3, H, W) and labels for train and test."""
    found: dict[str, list[tuple[str, int, Picture]]] = {"train": [], "test": []}
    with tarfile.open(path) as archive:  # read member by member: nothing is unpacked on disk
        for member in archive:
            part, _, rest = member.name.partition("/")
            label = rest.partition("/")[0]
            content = archive.extractfile(member)
            if content is not None and part in found and label in classes:
                with Image.open(io.BytesIO(content.read()), formats=("JPEG", "PNG")) as image:
                    picture = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
                found[part].append((member.name, classes.index(label), picture))
    tensors = {}
    for part, rows in found.items():
        rows.sort(key=lambda row: row[0])
        tensors[part] = torch.from_numpy(np.stack([picture for *_, picture in rows])).contiguous()
        tensors[f"{part}_labels"] = torch.tensor([label for _, label, _ in rows])
    return tensors
