"""How good is a classifier: accuracy, confusion matrix, calibration, mistakes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from app.ml.parts import Part, rejections
from app.ml.picture import Picture

BATCH = 512
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Evaluation:
    """labels (N,), probabilities (N, K), rejected (N,) bool: a rejection counts as wrong."""

    labels: Tensor
    probabilities: Tensor
    rejected: Tensor

    def __getitem__(self, rows: slice) -> "Evaluation":
        return Evaluation(self.labels[rows], self.probabilities[rows], self.rejected[rows])

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

    def calibration_error(self) -> float:
        """Expected calibration error in 15 equal bins of confidence (Guo et al., 2017)."""
        confidence = self.probabilities.amax(1)[~self.rejected].double()
        right = self.right[~self.rejected].double()
        bins = (confidence * CALIBRATION_BINS).long().clamp(max=CALIBRATION_BINS - 1)
        gaps = torch.zeros(CALIBRATION_BINS, dtype=torch.float64).index_add(
            0, bins, right - confidence
        )
        return float(gaps.abs().sum() / len(right))

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
        }


def evaluate(probabilities_of: Callable[[Picture], Picture], part: Part) -> Evaluation:
    """Every picture of a part through `probabilities_of`: uint8 (N, C, H, W) -> (N, classes).

    ValueError when the part is empty.
    """
    if not len(part):
        raise ValueError("this part of the dataset is empty; choose another")
    rows = [probabilities_of(batch.numpy()) for batch in torch.split(part.pictures, BATCH)]
    probabilities = torch.cat([torch.from_numpy(row) for row in rows])
    return Evaluation(part.labels, probabilities, rejections(part))
