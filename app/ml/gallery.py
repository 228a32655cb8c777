"""A part of a dataset to be looked at: its pictures, and what each class has in common."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import interpolate

from app.ml.files import write_atomically
from app.ml.parts import Part

MOST_SIDE = 64  # pixels; larger pictures are kept smaller
MOST_BYTES = 512 * 1024 * 1024  # of all kept pictures; of more a sample is kept
BATCH = 2_048
PIXELS = 64 * 64 * BATCH  # of the large pictures that are made small at one time


@dataclass(frozen=True)
class Gallery:
    """pictures uint8 (N, C, S, S), labels int64 (N,), rows (N,) their places in the part, which may
    have more pictures than are shown; of each class of the whole part counts (K,), the mean picture
    and the standard deviation of each pixel, both float32 (K, C, S, S) from 0 to 255.

    hard (N,) are the rows, those first that look least like their class and most like another.
    """

    pictures: Tensor
    labels: Tensor
    rows: Tensor
    counts: Tensor
    means: Tensor
    spreads: Tensor
    hard: Tensor

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.contiguous() for name, tensor in vars(self).items()}
        write_atomically(path, lambda name: save_file(tensors, name))


def make_gallery(part: Part, classes: int) -> Gallery:
    rows = shown(part)
    pictures, labels = small_pictures(part, rows), part.labels[rows]
    counts, means, spreads = common(pictures, labels, classes)
    hard = strangeness(pictures, labels, means, counts).argsort(descending=True, stable=True)
    everything = part.labels.bincount(minlength=classes)
    return Gallery(pictures, labels, rows, everything, means, spreads, hard)


def shown(part: Part) -> Tensor:
    """Rows of the part: all, or as many as there is room for, always the same."""
    channels, height, width = part.pictures.shape[1:]
    most = MOST_BYTES // (channels * min(height, MOST_SIDE) * min(width, MOST_SIDE))
    if len(part) <= most:
        return torch.arange(len(part))
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(0))
    return order[:most].sort().values


def small_pictures(part: Part, rows: Tensor) -> Tensor:
    """uint8 (n, C, S, S) of these rows, S at most MOST_SIDE."""
    size = min(BATCH, max(1, PIXELS // part.pictures.shape[2:].numel()))
    batches = [smaller(part.pictures[some]) for some in torch.split(rows, size)]
    return torch.cat(batches)


def smaller(pictures: Tensor) -> Tensor:
    if max(pictures.shape[-2:]) <= MOST_SIDE:
        return pictures
    size = (MOST_SIDE, MOST_SIDE)
    return interpolate(pictures.float(), size, mode="area").round().byte()


def common(pictures: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """(counts, means, spreads); zeros for a class without pictures."""
    sums, squares = torch.zeros(2, classes, *pictures.shape[1:], dtype=torch.float64)
    for batch, of in zip(torch.split(pictures, BATCH), torch.split(labels, BATCH), strict=True):
        x = batch.double()
        sums.index_add_(0, of, x)
        squares.index_add_(0, of, x * x)
    counts = labels.bincount(minlength=classes)
    n = counts.clamp(min=1).view(-1, 1, 1, 1)
    means = sums / n
    spreads = (squares / n - means**2).clamp(min=0).sqrt()
    return counts, means.float(), spreads.float()


def strangeness(pictures: Tensor, labels: Tensor, means: Tensor, counts: Tensor) -> Tensor:
    """(N,): how much farther a picture is from the mean of its class than from the nearest other
    mean; above 0 a reader who knew the mean pictures alone would be wrong."""
    if not len(labels):
        return torch.zeros(0)
    found = []
    for batch, of in zip(torch.split(pictures, BATCH), torch.split(labels, BATCH), strict=True):
        distances = torch.cdist(batch.flatten(1).float(), means.flatten(1))  # (n, K)
        distances[:, counts == 0] = torch.inf
        own = distances.gather(1, of[:, None])[:, 0]
        found.append(own - distances.scatter(1, of[:, None], torch.inf).amin(1))
    return torch.cat(found)
