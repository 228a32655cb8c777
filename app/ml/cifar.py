"""CIFAR-10 and CIFAR-100 in their makers' files for Python, packed or unpacked."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from app.ml.old_pickles import read_pickle
from app.ml.parts import Dataset, Options
from app.ml.sources import Entry, Source, cached, find, parts_of

ADDRESS = "https://www.cs.toronto.edu/~kriz/"
CIFAR10_SOURCE = Source(
    "cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a",
    (f"{ADDRESS}cifar-10-python.tar.gz",), unpacked="cifar-10-batches-py",
)  # fmt: skip
CIFAR100_SOURCE = Source(
    "cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85",
    (f"{ADDRESS}cifar-100-python.tar.gz",), unpacked="cifar-100-python",
)  # fmt: skip
MAKER = "Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"
FINE = (
    "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
    "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
    "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
    "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
    "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn mower", "leopard", "lion",
    "lizard", "lobster", "man", "maple tree", "motorcycle", "mountain", "mouse", "mushroom",
    "oak tree", "orange", "orchid", "otter", "palm tree", "pear", "pickup truck", "pine tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
    "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake",
    "spider", "squirrel", "streetcar", "sunflower", "sweet pepper", "table", "tank",
    "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
    "wardrobe", "whale", "willow tree", "wolf", "woman", "worm",
)  # fmt: skip
PARTS = {  # file -> part; in this order
    **{f"data_batch_{number}": "train" for number in range(1, 6)},
    "test_batch": "test",
    "train": "train",
    "test": "test",
}
LARGEST = 256 * 1024 * 1024  # bytes of one file; the real ones have 31 to 155 MB
SIDE = 32


def load_cifar(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    """ValueError names a file that is not as its makers wrote it."""
    place = find(entry, entry.sources[0], root)

    def parse() -> dict[str, Tensor]:
        return parsed(dict(batches(place)), len(entry.classes))

    return parts_of(entry, cached(entry, root, cache, entry.name, parse), options)


def batches(place: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, content) of each file of pictures, of the archive or its unpacked folder."""
    for name, content in files(place):
        if name in PARTS:
            try:
                yield name, read_pickle(content)
            except ValueError as error:
                raise ValueError(f"{name} in {place} cannot be read: {error}") from error


def files(place: Path) -> Iterator[tuple[str, bytes]]:
    if place.is_dir():
        for path in place.iterdir():
            if path.name in PARTS and path.stat().st_size <= LARGEST:
                yield path.name, path.read_bytes()
        return
    with tarfile.open(place) as archive:  # read member by member: nothing is unpacked on disk
        for member in archive:
            name = member.name.rpartition("/")[2]
            content = archive.extractfile(member) if member.size <= LARGEST else None
            if content is not None and name in PARTS:
                yield name, content.read()


def parsed(found: dict[str, dict[str, Any]], classes: int) -> dict[str, Tensor]:
    """uint8 (N, 3, 32, 32) and labels (N,) for train and test."""
    tensors: dict[str, Tensor] = {}
    for part in ("train", "test"):
        mine = [found[name] for name in PARTS if PARTS[name] == part and name in found]
        if not mine:
            raise ValueError(f"there are no {part} pictures in it; download it again")
        try:
            key = "fine_labels" if "fine_labels" in mine[0] else "labels"
            rows = np.concatenate([each["data"].reshape(-1, 3, SIDE, SIDE) for each in mine])
            labels = [label for each in mine for label in each[key]]
            tensors[part] = torch.from_numpy(rows)
            tensors[f"{part}_labels"] = torch.tensor(labels, dtype=torch.int64)
        except (KeyError, AttributeError, TypeError, ValueError) as error:
            raise ValueError("it holds no pictures as CIFAR's makers wrote them") from error
        known = tensors[f"{part}_labels"]
        if (
            len(known) != len(rows)
            or not len(rows)
            or not 0 <= known.min() <= known.max() < classes
        ):
            raise ValueError("its labels do not fit its pictures")
    return tensors
