"""Parts of a dataset: labelled pictures as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.ml.preprocessing import Preprocessing
from app.ml.strokes import Stroke

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """pictures uint8 (N, C, H, W), labels int64 (N,).

    groups names each picture's writer; rejected (N,) bool marks what preprocessing refused.
    """

    pictures: Tensor
    labels: Tensor
    rejected: Tensor | None = None
    groups: tuple[str, ...] | None = None
    strokes: tuple[Sequence[Stroke], ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def on(self, device: torch.device) -> "Part":
        """Pictures and labels in that device's memory."""
        return replace(self, pictures=self.pictures.to(device), labels=self.labels.to(device))

    def take(self, index: Tensor) -> "Part":
        rows = index.tolist()
        return Part(
            self.pictures[index],
            self.labels[index],
            None if self.rejected is None else self.rejected[index],
            self.groups and tuple(self.groups[row] for row in rows),
            self.strokes and tuple(self.strokes[row] for row in rows),
        )


@dataclass(frozen=True)
class Dataset:
    name: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    train: Part
    validation: Part
    test: Part
    tests: tuple[tuple[str, int], ...] = ()  # a joined test part: whose pictures, and how many

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        _, channels, height, width = self.train.pictures.shape
        return channels, height, width

    def part(self, name: str) -> Part:
        if name not in PARTS:
            raise ValueError(f"no part called {name!r}; choose one of {', '.join(PARTS)}")
        found: Part = getattr(self, name)
        return found


@dataclass(frozen=True)
class Options:
    """How a dataset is cut and drawn; stored with each run."""

    validation_fraction: float = 0.1  # of the training pictures, where no writer decides
    split_seed: int = 0
    pens: int = 1  # pen-digits: drawings of each training writing, each with a pen of its own
    paper: int = 0  # pen-digits: so many of them photographed on synthetic paper
    seed: int = 0  # of those pens and papers


def cut(part: Part, fraction: float, seed: int) -> tuple[Part, Part]:
    """(the rest, the fraction), by a permutation of its own seed."""
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))
    size = round(fraction * len(part))
    if not size:
        return part, part.take(order[:0])
    return part.take(order[size:]), part.take(order[:size])


def join(first: Part, second: Part) -> Part:
    return Part(
        torch.cat((first.pictures, second.pictures)),
        torch.cat((first.labels, second.labels)),
        torch.cat((rejections(first), rejections(second))),
    )


def rejections(part: Part) -> Tensor:
    """(N,) bool."""
    return torch.zeros(len(part), dtype=torch.bool) if part.rejected is None else part.rejected
