"""Several trainings in one process, in turn: the one that has come least far goes on next."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from app.ml.parts import Dataset
from app.ml.training import Command, Event, Weights, train
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState


def train_in_turn(
    specs: Sequence[TrainingSpec],
    dataset: Dataset,
    states: Sequence[TrainingState | None],
    weights: Weights | None = None,
) -> Generator[tuple[int, Event], Command | None, None]:
    """Each event with the number of the training that it is of; a command is for all of them.

    A turn lasts until the next reported step. Each has random numbers of its own, so that it tells
    to the bit what it would tell alone. `weights` are those that all start from.
    """
    racers = [
        Racer(spec, dataset, state, weights) for spec, state in zip(specs, states, strict=True)
    ]
    while going := [number for number, racer in enumerate(racers) if not racer.ended]:
        number = min(going, key=lambda number: racers[number].epoch)
        while (event := racers[number].go_on()) is not None:
            command = yield number, event
            if command is not None:
                for racer in racers:
                    racer.orders.append(command)
            if event.kind == "step":
                break


class Racer:
    """One of the trainings; owns its random state while another one has its turn."""

    def __init__(
        self, spec: TrainingSpec, dataset: Dataset, state: TrainingState | None,
        weights: Weights | None,
    ) -> None:  # fmt: skip
        self.training = train(spec, dataset, state, weights)
        self.random = random_states()
        self.orders: list[Command] = []
        self.kind = ""  # of its last event: orders are heard after a step
        self.epoch = -1.0
        self.ended = False

    def go_on(self) -> Event | None:
        """Its next event; None when it has ended."""
        order = self.orders.pop(0) if self.orders and self.kind == "step" else None
        set_random_states(self.random)
        event = next(self.training, None) if order is None else send(self.training, order)
        self.random = random_states()
        if event is None:
            self.ended = True
        else:
            self.kind, self.epoch = event.kind, event.epoch
        return event


def send(training: Generator[Event, Command | None, None], order: Command) -> Event | None:
    try:
        return training.send(order)
    except StopIteration:
        return None


def random_states() -> list[Tensor]:
    """Of torch itself, and of its GPU where one is in use."""
    states = [torch.get_rng_state()]
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return [*states, torch.cuda.get_rng_state()] if in_use else states


def set_random_states(states: Sequence[Tensor]) -> None:
    torch.set_rng_state(states[0])
    for state in states[1:]:
        torch.cuda.set_rng_state(state)
