"""How well a model reads pictures that are pushed aside: what a network knows of places."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from app.ml.evaluation import evaluate
from app.ml.files import write_atomically
from app.ml.parts import Part
from app.ml.picture import Picture

SHIFTS = range(7)  # pixels to the right
MOST = 1_000  # pictures: +-0.6 points at 99 % accuracy
FEWEST = 100
TRIED = 32  # pictures by which the network is timed
SECONDS = 20.0  # of reading, about: a slower network reads fewer pictures


@dataclass(frozen=True)
class Shifted:
    """What was read right of n pictures, for each of the SHIFTS."""

    n: int
    pixels: tuple[int, ...]
    accuracy: tuple[float, ...]

    def save(self, path: Path) -> None:
        text = json.dumps(asdict(self))

        def write(name: str) -> None:
            Path(name).write_text(text)

        write_atomically(path, write)


def read_shifted(read: Callable[[Picture], Picture], part: Part) -> Shifted:
    """Of the first MOST pictures, or as many as there is time for; past preprocessing, which would
    centre them again."""
    start = perf_counter()
    accuracy_of(read, part.take(torch.arange(min(len(part), TRIED))), 0)
    in_time = SECONDS / (perf_counter() - start) * TRIED / len(SHIFTS)
    part = part.take(torch.arange(min(len(part), MOST, max(FEWEST, int(in_time)))))
    part = replace(part, pictures=part.pictures[:])
    accuracy = [accuracy_of(read, part, pixels) for pixels in SHIFTS]
    return Shifted(len(part), tuple(SHIFTS), tuple(accuracy))


def accuracy_of(read: Callable[[Picture], Picture], part: Part, pixels: int) -> float:
    moved = Part(pushed(part.pictures[:], pixels), part.labels, part.rejected)
    return evaluate(read, moved).accuracy


def pushed(pictures: Tensor, pixels: int) -> Tensor:
    """(N, C, H, W), so many pixels to the right; what leaves is lost, black comes in."""
    moved = torch.zeros_like(pictures)
    moved[..., pixels:] = pictures[..., : pictures.shape[-1] - pixels]
    return moved
