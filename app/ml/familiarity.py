"""Whether a picture looks like what a network learnt from at all: "I don't know" needs a reason.

A network has to choose one of its classes, also for a letter or a cat. Two signs tell them apart
without a single stranger having been seen: how strongly the winning class speaks (its logit), and
how far the last hidden layer is from where pictures of that class put it, in units of how the
class's own pictures are spread (Mahalanobis; Lee et al., 2018). Each misses some strangers that
the other one sees; their sum misses few.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.ml.readings import Readings

WRONGED = 0.01  # of true pictures, the share that may be called unfamiliar
CERTAINTY = 0.9  # with which it is not more
LEAST_PICTURES = 50  # held-back ones, fewer cannot tell
MOST_FEATURES = 512  # those that vary most
MOST_AXES = 256
SHRINKAGE = 0.1  # of the covariance towards a round one, which few pictures cannot spoil
TENSORS = ("axes", "centres", "numbers")
NUMBERS = ("strength", "distance", "offset")


@dataclass(frozen=True)
class Familiarity:
    """axes (F, A): hidden @ axes has variance 1 within each class; centres (K, A) of the classes.

    score = strength * winning logit - distance * (how far from its centre) + offset.
    """

    axes: Tensor
    centres: Tensor
    strength: float
    distance: float
    offset: float

    def scores(self, hidden: Tensor, logits: Tensor) -> Tensor:
        """(N, F), (N, K) -> (N,): below 0 a picture is unfamiliar."""
        strength, distance = signs(self.axes, self.centres, hidden, logits)
        return self.offset + self.strength * strength - self.distance * distance

    def to_tensors(self) -> dict[str, Tensor]:
        numbers = torch.tensor([getattr(self, name) for name in NUMBERS], dtype=torch.float64)
        return {"axes": self.axes.half(), "centres": self.centres.half(), "numbers": numbers}

    @classmethod
    def of_tensors(cls, tensors: dict[str, Tensor], classes: int) -> "Familiarity":
        """ValueError when they do not fit each other and so many classes."""
        if set(tensors) != set(TENSORS):
            raise ValueError("its tensors are not those of a familiarity")
        axes, centres, numbers = (tensors[name].float() for name in TENSORS)
        fits = axes.ndim == 2 and numbers.shape == (len(NUMBERS),)
        if not fits or centres.shape != (classes, axes.shape[1]):
            raise ValueError("its tensors do not fit the classes")
        if not all(t.isfinite().all() for t in (axes, centres, numbers)):
            raise ValueError("its tensors hold values that are not finite")
        return cls(axes, centres, *tensors["numbers"].tolist())


def fit(
    seen: Readings, labels: Tensor, held: Readings, wronged: float = WRONGED
) -> Familiarity | None:
    """From what was learnt from, with its labels (N,), and held-back pictures.

    None where the last layer is no linear one, or too few pictures are held back.
    """
    if seen.hidden is None or held.hidden is None or len(held.logits) < LEAST_PICTURES:
        return None
    spread = where_classes_lie(seen.hidden, labels, held.logits.shape[1])
    axes, centres = (tensor.half().float() for tensor in spread)  # as they are stored
    strengths, distances = signs(axes, centres, held.hidden, held.logits)
    if not (strengths.isfinite() & distances.isfinite()).all():
        return None
    of_strength, of_distance = 1 / below(strengths), 1 / below(-distances)
    scores = of_strength * strengths - of_distance * distances
    return Familiarity(axes, centres, of_strength, of_distance, -threshold(scores, wronged))


def signs(axes: Tensor, centres: Tensor, hidden: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """(N,) each: the winning logit, and the distance to that class's centre.

    In numpy, whose calls cost a fraction of torch's: on one picture the calls are all that costs.
    """
    given, scores = hidden.numpy(), logits.numpy()
    best = scores.argmax(1)
    away = given @ axes.numpy()
    away -= centres.numpy()[best]
    distance = np.sqrt(np.einsum("na,na->n", away, away))
    return torch.from_numpy(scores.max(1)), torch.from_numpy(distance)


def where_classes_lie(hidden: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """(axes (F, A), centres (K, A)) by the covariance that all classes share."""
    varying = keep_most_varying(hidden)
    x = hidden[:, varying].double()
    centre = torch.stack([mean_of(x[labels == k], x) for k in range(classes)])
    away = x - centre[labels]
    covariance = away.T @ away / len(away)
    round_one = covariance.diagonal().mean() * torch.eye(len(covariance), dtype=x.dtype)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * round_one
    variances, axes = torch.linalg.eigh(covariance)
    axes = (axes / variances.clamp(min=1e-12).sqrt())[:, -MOST_AXES:]
    whole = torch.zeros(hidden.shape[1], axes.shape[1], dtype=x.dtype)
    whole[varying] = axes
    return whole.float(), (centre @ axes).float()


def keep_most_varying(hidden: Tensor) -> Tensor:
    """Rows of the features that are looked at."""
    return hidden.var(0).argsort(descending=True)[:MOST_FEATURES].sort().values


def mean_of(rows: Tensor, all_rows: Tensor) -> Tensor:
    """Of a class without pictures: the mean of all."""
    return (rows if len(rows) else all_rows).mean(0)


def below(values: Tensor) -> float:
    """From the median down to where one in twenty is: a unit to measure by."""
    return max(float(values.median() - values.quantile(0.05)), 1e-6)


def threshold(scores: Tensor, wronged: float) -> float:
    """The highest of which it is certain enough that no more than this share of true pictures is
    below it, judged by these (N,); the lowest of them where they are too few to be certain."""
    return float(scores.sort().values[allowed(len(scores), wronged)])


def allowed(count: int, share: float) -> int:
    """So few of `count` pictures that, were the true share so large, one would see as few only once
    in ten times (the binomial distribution's own answer)."""
    total, fewer = 0.0, 0
    while fewer < count:
        ways = math.lgamma(count + 1) - math.lgamma(fewer + 1) - math.lgamma(count - fewer + 1)
        total += math.exp(ways + fewer * math.log(share) + (count - fewer) * math.log1p(-share))
        if total > 1 - CERTAINTY:
            break
        fewer += 1
    return max(0, fewer - 1)
