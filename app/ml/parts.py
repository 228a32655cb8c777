"""Parts of a dataset: labelled pictures as tensors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from app.ml.hyperparameters import Hyperparameter, complete
from app.ml.picture_files import PictureFiles
from app.ml.preprocessing import Preprocessing
from app.ml.strokes import Stroke

if TYPE_CHECKING:
    from app.ml.sources import Entry

BATCH_PIXELS = 1 << 19  # 512 pictures of 32 x 32: a network's maps take a hundred times as much
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """pictures uint8 (N, C, H, W), in memory or decoded when rows are asked for; labels int64 (N,).

    groups names each picture's writer; rejected (N,) bool marks what preprocessing refused.
    """

    pictures: Tensor | PictureFiles
    labels: Tensor
    rejected: Tensor | None = None
    groups: tuple[str, ...] | None = None
    strokes: tuple[Sequence[Stroke], ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def on(self, device: torch.device) -> "Part":
        """Pictures and labels in that device's memory."""
        return replace(self, pictures=self.pictures.to(device), labels=self.labels.to(device))

    def batches(self, size: int) -> Iterator[Tensor]:
        """The pictures in their order, so many at a time; of large ones fewer."""
        height, width = self.pictures.shape[2:]
        size = max(1, min(size, BATCH_PIXELS // (height * width)))
        return (self.pictures[start : start + size] for start in range(0, len(self), size))

    @property
    def picture_bytes(self) -> int:
        """Of one picture."""
        return self.pictures.shape[1:].numel()

    def sample(self, most: int) -> "Part":
        """The part as it is, or so many of its pictures, always the same ones."""
        if len(self) <= most:
            return self
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(0))
        return self.take(order[:most])

    def take(self, index: Tensor) -> "Part":
        rows, pictures = index.tolist(), self.pictures
        return Part(
            pictures.take(rows) if isinstance(pictures, PictureFiles) else pictures[index],
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
    entry: "Entry | None" = None  # what it is, as it was found by its name

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
    """How a dataset is cut, drawn and spoilt; stored with each run."""

    validation_fraction: float = 0.1
    split_seed: int = 0
    pictures: int = 0
    pens: int = 1
    paper: int = 0
    leak: float = 0.0
    label_noise: float = 0.0
    seed: int = 0
    size: int = 64

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Options":
        """ValueError with a sentence for an unknown name or a value out of its range."""
        return cls(**complete(OPTIONS, values))


OPTIONS = (
    Hyperparameter(
        "validation_fraction", "number", 0.1,
        "The share of the training pictures that is held out to choose by (pens: by writer).",
        minimum=0, maximum=0.9,
    ),
    Hyperparameter(
        "split_seed", "integer", 0, "Another seed holds out other pictures.",
        minimum=0, maximum=2**53,
    ),
    Hyperparameter(
        "pictures", "integer", 0, "Learn from so many of the training pictures alone; 0: from all.",
        minimum=0, maximum=10_000_000,
    ),
    Hyperparameter(
        "pens", "integer", 1, "Drawings of each pen digit, each with a pen of its own.",
        minimum=1, maximum=10,
    ),
    Hyperparameter(
        "paper", "integer", 0, "Drawings of each pen digit as if photographed on paper.",
        minimum=0, maximum=10,
    ),
    Hyperparameter(
        "leak", "number", 0.0,
        "On purpose: the share of the test pictures that is learnt from. The test then flatters.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "label_noise", "number", 0.0,
        "On purpose: the share of the training labels that is replaced by wrong ones.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "size", "integer", 64, "Pixels on a side that each photograph is brought to.",
        minimum=32, maximum=224,
    ),
    Hyperparameter(
        "seed", "integer", 0, "Of what is drawn, chosen, leaked and spoilt at random.",
        minimum=0, maximum=2**53,
    ),
)  # fmt: skip


def spoilt(dataset: Dataset, options: Options) -> Dataset:
    """So many training pictures alone, then labels replaced by wrong ones, then test pictures
    leaked into training; a leaked picture keeps its right label."""
    random, train = torch.Generator().manual_seed(options.seed), dataset.train
    if 0 < options.pictures < len(train):
        train = train.take(torch.randperm(len(train), generator=random)[: options.pictures])
    if options.label_noise:
        labels = mislabelled(train.labels, len(dataset.classes), options.label_noise, random)
        train = replace(train, labels=labels)
    if options.leak:
        train = join(train, dataset.test.take(some(len(dataset.test), options.leak, random)))
    return replace(dataset, train=train)


def mislabelled(labels: Tensor, classes: int, share: float, random: torch.Generator) -> Tensor:
    """A share of the labels (N,) replaced by wrong ones."""
    labels, rows = labels.clone(), some(len(labels), share, random)
    moved = torch.randint(1, classes, (len(rows),), generator=random)  # never back to itself
    labels[rows] = (labels[rows] + moved) % classes
    return labels


def some(count: int, share: float, random: torch.Generator) -> Tensor:
    """So many of the rows 0..count, chosen at random."""
    return torch.randperm(count, generator=random)[: round(share * count)]


def cut(part: Part, fraction: float, seed: int) -> tuple[Part, Part]:
    """(the rest, the fraction), by a permutation of its own seed."""
    order = torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))
    size = round(fraction * len(part))
    if not size:
        return part, part.take(order[:0])
    return part.take(order[size:]), part.take(order[:size])


def join(first: Part, second: Part) -> Part:
    return Part(
        joined(first.pictures, second.pictures),
        torch.cat((first.labels, second.labels)),
        torch.cat((rejections(first), rejections(second))),
    )


def joined(first: Tensor | PictureFiles, second: Tensor | PictureFiles) -> Tensor | PictureFiles:
    if isinstance(first, PictureFiles) and isinstance(second, PictureFiles):
        return replace(first, names=(*first.names, *second.names))  # of one folder
    assert isinstance(first, Tensor) and isinstance(second, Tensor)
    return torch.cat((first, second))


def rejections(part: Part) -> Tensor:
    """(N,) bool."""
    return torch.zeros(len(part), dtype=torch.bool) if part.rejected is None else part.rejected
