"""What is known of a run at a checkpoint, and what findings ask of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import mean
from typing import Any

from app.ml.evaluation import Evaluation
from app.ml.examination import ACTIVE_SAMPLE, Examination, Layer

SURE = 1.96  # standard errors: chance alone would show less in 19 of 20 cases
WINDOWS = 8  # of the training loss; it must fall in each, or noise could look like it


@dataclass(frozen=True)
class Epoch:
    step: int
    epoch: float
    loss: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Facts:
    """What is known of a run at a checkpoint. losses: of the training, in order, None: no number.

    ended: the curve is whole; diverged: it ended because the loss was not a number any more.
    """

    classes: tuple[str, ...]
    spec: Mapping[str, Any]
    losses: Sequence[float | None]
    epochs: Sequence[Epoch]
    ended: bool = False
    diverged: bool = False
    validation: Examination | None = None
    training: Examination | None = None
    test: Evaluation | None = None


def window_means(losses: Sequence[float | None]) -> list[float]:
    """Of equal parts of the curve; none for a short one, or where a loss was no number."""
    size = len(losses) // WINDOWS
    known = [loss for loss in losses if loss is not None and isfinite(loss)]
    if size < 3 or len(known) < len(losses):
        return []
    return [mean(known[start * size : (start + 1) * size]) for start in range(WINDOWS)]


@dataclass(frozen=True)
class Measured:
    step: int
    epoch: float
    loss: float


def measured(facts: Facts) -> list[Measured]:
    return [
        Measured(each.step, each.epoch, each.loss)
        for each in facts.epochs
        if each.loss is not None and isfinite(each.loss)
    ]


def layers(facts: Facts) -> tuple[Layer, ...]:
    return facts.validation.layers if facts.validation else ()


def looked_at(facts: Facts) -> int:
    return min(ACTIVE_SAMPLE, len(facts.validation.evaluation.labels)) if facts.validation else 0


def option(facts: Facts, name: str) -> Any:
    return facts.spec.get("dataset_options", {}).get(name) or 0


def rate(facts: Facts) -> float:
    return float(facts.spec.get("learning_rate", 0))


def by_chance(high: Evaluation, low: Evaluation) -> float:
    """How much more `high` may read right than `low` in 19 of 20 cases by chance alone (Newcombe,
    1998), honest with a handful of pictures."""
    (least, _), (_, most) = (wilson(int(e.right.sum()), len(e.labels)) for e in (high, low))
    return sqrt((high.accuracy - least) ** 2 + (most - low.accuracy) ** 2)


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927), honest near 0 and 1."""
    share, z = right / n, SURE
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def percent(share: float) -> str:
    """To a tenth, never rounded up to certainty."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{'>99.9' if text == '100' and share < 1 else text}\u202f%"


def points(share: float) -> str:
    return f"{100 * share:.1f} points"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
