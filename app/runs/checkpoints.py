"""A run's checkpoints on disk: one file a step, thinned by a stated rule. Torch is for reading."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.ml.cards import Card
from app.ml.checkpoints import CARD
from app.ml.files import sync_folder, write_atomically
from app.runs.store import RunEvent, Store

if TYPE_CHECKING:
    from app.ml.training_state import TrainingState

START = "start.safetensors"  # in the folder of a fork: the checkpoint that it began from
TOLD = ("started", "resumed", "evaluated")  # kinds of events that tell of checkpoints
SPACED = 16  # checkpoints kept at equal distances, at most


class UnknownCheckpoint(KeyError):
    """The run has none at that step (any more)."""


@dataclass(frozen=True)
class Checkpoint:
    """One of a run's; loss and accuracy are of validation, where it was measured at its step."""

    step: int
    epoch: float
    loss: float | None
    accuracy: float | None
    bytes: int
    best: bool
    last: bool


class Checkpoints:
    """The folder of one run's checkpoints, named by their step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, runs: Path, run: str, variant: int = 0) -> "Checkpoints":
        return cls(runs / run / of_variant("checkpoints", variant))

    def steps(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.safetensors"))

    def path(self, step: int) -> Path:
        return self.folder / f"{step}.safetensors"

    def describe(self, card: Card) -> None:
        """Write the card that all of them share."""
        self.folder.mkdir(parents=True, exist_ok=True)

        def write(path: str) -> None:
            Path(path).write_text(json.dumps(card.to_json(), indent=2))

        write_atomically(self.folder / CARD, write)

    def save(self, state: "TrainingState") -> int:
        """Whole or not there; returns its size in bytes. OSError when the disk is full."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(state.place["step"])
        write_atomically(path, state.save)
        return path.stat().st_size

    def last(self) -> "TrainingState | None":
        from app.ml.training_state import TrainingState

        steps = self.steps()
        return TrainingState.load(str(self.path(steps[-1]))) if steps else None

    def lend(self, step: int, to: Path) -> None:
        """The same file under a second name, which outlives this run. FileNotFoundError."""
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self.path(step), to)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without links
            shutil.copyfile(self.path(step), to)
        sync_folder(to.parent)

    def thin(self, best: int | None, epoch: int) -> None:
        """Remove what worth_keeping leaves out; `epoch` is the steps of one."""
        steps = self.steps()
        for step in set(steps) - worth_keeping(steps, best, epoch):
            self.path(step).unlink(missing_ok=True)

    def listed(self, told: Sequence[RunEvent]) -> list[Checkpoint]:
        """In the order of their steps; `told` are the run's events of the kinds TOLD."""
        steps, sizes = self.steps(), {}
        for step in steps:
            with suppress(FileNotFoundError):  # thinned in this very moment
                sizes[step] = self.path(step).stat().st_size
        epoch = max((e.fields.get("steps_per_epoch", 0) for e in told), default=0) or 1
        measured = {event.step: event.fields for event in told if event.kind == "evaluated"}
        best = best_of(sizes, {step: fields["loss"] for step, fields in measured.items()})
        return [
            Checkpoint(
                step, step / epoch, measured.get(step, {}).get("loss"),
                measured.get(step, {}).get("accuracy"), size, step == best, step == steps[-1],
            )
            for step, size in sizes.items()
        ]  # fmt: skip


def checkpoints_of(store: Store, runs: Path, run: str, variant: int = 0) -> list[Checkpoint]:
    told = [event for event in store.told(run, *TOLD) if event.variant == variant]
    return Checkpoints.of(runs, run, variant).listed(told)


def model_of(variant: int) -> str:
    """The folder in a run's folder that publishing copies."""
    return of_variant("model", variant)


def of_variant(name: str, variant: int) -> str:
    """The first variant, or a run without any, has the plain name."""
    return f"{name}-{variant}" if variant else name


def best_of(steps: Iterable[int], losses: Mapping[int, float | None]) -> int | None:
    """The step with the lowest validation loss, the earliest of equals."""
    known = [(loss, step) for step in steps if (loss := losses.get(step)) is not None]
    return min(known)[1] if known else None


def worth_keeping(steps: Sequence[int], best: int | None, epoch: int) -> set[int]:
    """The best, the last, those at 1, 2, 4, 8, ... epochs and, within the first, at as many steps,
    and the first in each stretch of so many epochs, the least power of two that leaves at most
    SPACED stretches.

    As a run grows two stretches become one, whose first is kept already: thinning at every step of
    the way keeps the same as thinning once at the end.
    """
    if not steps:
        return set()
    last, stretch = steps[-1], epoch
    while last // stretch >= SPACED:
        stretch *= 2
    firsts = {step // stretch: step for step in reversed(steps)}
    doublings = {epoch << power for power in range(last.bit_length())}
    early = {step for step in steps if step < epoch and step & (step - 1) == 0}
    kept = {step for step in steps if step in doublings or step == best}
    return {last, *firsts.values(), *early, *kept}
