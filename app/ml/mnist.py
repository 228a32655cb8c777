"""MNIST's files, and Fashion-MNIST's: LeCun's IDX format, gzipped."""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.ml.parts import Dataset, Options
from app.ml.picture import Picture
from app.ml.sources import Entry, Source, cached, find, parts_of

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
FASHION_MIRRORS = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)


def sources(folder: str, mirrors: tuple[str, ...], md5s: tuple[str, ...]) -> tuple[Source, ...]:
    """The four files in the order in which load_idx reads them."""
    return tuple(
        Source(f"{folder}/raw/{name}", md5, tuple(mirror + name for mirror in mirrors))
        for name, md5 in zip(FILES, md5s, strict=True)
    )


MNIST_SOURCES = sources(
    "MNIST",
    MIRRORS,
    (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
)
FASHION_SOURCES = sources(
    "FashionMNIST",
    FASHION_MIRRORS,
    (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
)


def load_idx(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    def parse() -> dict[str, Tensor]:
        paths = [find(entry, source, root) for source in entry.sources]
        arrays = [torch.from_numpy(read_idx(path)) for path in paths]
        return {
            "train": arrays[0][:, None], "train_labels": arrays[1].long(),
            "test": arrays[2][:, None], "test_labels": arrays[3].long(),
        }  # fmt: skip

    return parts_of(entry, cached(entry, root, cache, entry.name, parse), options)


def read_idx(path: Path) -> Picture:
    """LeCun's IDX format: magic 0 0 8 (uint8) and the rank, then the sizes, then the bytes."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path.name} is not an IDX file of bytes; download it again")
    rank = content[3]
    shape = np.frombuffer(content, ">i4", rank, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape).copy()
