"""How good is a classifier: accuracy, confusion matrix, calibration, mistakes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from app.ml.calibration import tempered
from app.ml.parts import Part, rejections
from app.ml.picture import Picture

BATCH = 512
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Evaluation:
    """labels (N,), probabilities (N, K), rejected (N,) bool: a rejection counts as wrong.

    unfamiliar (N,) bool: read, and said to be a stranger; that is counted apart. temperature is
    the one that the probabilities were made with.
    """

    labels: Tensor
    probabilities: Tensor
    rejected: Tensor
    unfamiliar: Tensor | None = None
    temperature: float = 1.0

    def __getitem__(self, rows: slice) -> "Evaluation":
        strange = None if self.unfamiliar is None else self.unfamiliar[rows]
        return replace(
            self, labels=self.labels[rows], probabilities=self.probabilities[rows],
            rejected=self.rejected[rows], unfamiliar=strange,
        )  # fmt: skip

    @property
    def predicted(self) -> Tensor:
        return self.probabilities.argmax(1)

    @property
    def right(self) -> Tensor:
        """(N,) bool."""
        return (self.predicted == self.labels) & ~self.rejected

    @property
    def accuracy(self) -> float:
        return float(self.right.double().mean())

    def confusion(self) -> Tensor:
        """(K, K) int64: row is the true class, column the predicted one; no rejections in it."""
        classes = self.probabilities.shape[1]
        pairs = (self.labels * classes + self.predicted)[~self.rejected]
        return torch.bincount(pairs, minlength=classes * classes).view(classes, classes)

    def per_class(self) -> list[float]:
        """The share of each class's pictures that is read right; 0 for a class without pictures."""
        classes = self.probabilities.shape[1]
        right = torch.bincount(self.labels[self.right], minlength=classes).double()
        return (right / torch.bincount(self.labels, minlength=classes).clamp(min=1)).tolist()

    @property
    def confidence(self) -> Tensor:
        """(N,): how probable the predicted class is said to be."""
        return self.probabilities.amax(1)

    def calibration(self, bins: int = CALIBRATION_BINS) -> list["Bin"]:
        """Equal bins of confidence, from 0 to 1; no rejections in them."""
        confidence = self.confidence[~self.rejected].double()
        right = self.right[~self.rejected].double()
        place = (confidence * bins).long().clamp(max=bins - 1)
        zeros = torch.zeros(bins, dtype=torch.float64)
        counts = torch.bincount(place, minlength=bins).tolist()
        sums = zeros.index_add(0, place, confidence).tolist()
        hits = zeros.index_add(0, place, right).tolist()
        return [
            Bin(n, total / n if n else None, hit / n if n else None)
            for n, total, hit in zip(counts, sums, hits, strict=True)
        ]

    def calibration_error(self) -> float:
        """Expected calibration error in 15 equal bins of confidence (Guo et al., 2017)."""
        bins = [each for each in self.calibration() if each.n]
        read = sum(each.n for each in bins)
        return sum(each.n * each.gap for each in bins) / read if read else 0.0

    def untempered(self) -> "Evaluation":
        """The same at temperature 1."""
        return replace(self, probabilities=tempered(self.probabilities, 1 / self.temperature))

    def strangers(self) -> int | None:
        """How many were read but said to be unfamiliar; None where nothing tells."""
        return None if self.unfamiliar is None else int((self.unfamiliar & ~self.rejected).sum())

    def loss(self) -> float:
        """Mean cross entropy, rejections included: the network was asked in the training too."""
        true = self.probabilities.gather(1, self.labels[:, None]).double()
        return float(-true.clamp(min=1e-12).log().mean())

    def cell(self, true: int | None = None, predicted: int | None = None) -> Tensor:
        """Rows of one cell of the confusion matrix, or of all mistakes that fit, the most confident
        first; what was read right comes with the least confident first."""
        if true is not None and true == predicted:
            rows = (self.right & (self.labels == true)).nonzero().view(-1)
            return rows[self.confidence[rows].argsort()]
        wrong = ~self.right & ~self.rejected
        if true is not None:
            wrong = wrong & (self.labels == true)
        if predicted is not None:
            wrong = wrong & (self.predicted == predicted)
        rows = wrong.nonzero().view(-1)
        return rows[self.confidence[rows].argsort(descending=True)]

    def mistakes(self) -> Tensor:
        """Rows read wrong, the most confident first."""
        wrong = (~self.right).nonzero().view(-1)
        return wrong[self.probabilities.amax(1)[wrong].argsort(descending=True)]

    def summary(self, classes: tuple[str, ...]) -> dict[str, Any]:
        return {
            "n": len(self.labels),
            "accuracy": self.accuracy,
            "rejected": int(self.rejected.sum()),
            "per_class": dict(zip(classes, self.per_class(), strict=True)),
            "ece": self.calibration_error(),
            "ece_before": self.untempered().calibration_error(),
            "unfamiliar": self.strangers(),
        }


@dataclass(frozen=True)
class Bin:
    """Pictures of about the same confidence; nothing is known of an empty one."""

    n: int
    confidence: float | None  # mean
    accuracy: float | None

    @property
    def gap(self) -> float:
        return abs((self.accuracy or 0.0) - (self.confidence or 0.0))


def evaluate(probabilities_of: Callable[[Picture], Picture], part: Part) -> Evaluation:
    """Every picture of a part through `probabilities_of`: uint8 (N, C, H, W) -> (N, classes).

    ValueError when the part is empty.
    """
    return evaluate_reading(lambda pixels: (probabilities_of(pixels), []), part)


def evaluate_reading(
    read: Callable[[Picture], tuple[Picture, list[bool]]], part: Part, temperature: float = 1.0
) -> Evaluation:
    """The same where `read` also tells which pictures are unfamiliar."""
    if not len(part):
        raise ValueError("this part of the dataset is empty; choose another")
    rows = [read(batch.numpy()) for batch in part.batches(BATCH)]
    probabilities = torch.cat([torch.from_numpy(row) for row, _ in rows])
    strange = [each for _, told in rows for each in told]
    unfamiliar = torch.tensor(strange) if strange else None
    return Evaluation(part.labels, probabilities, rejections(part), unfamiliar, temperature)
