"""Trainings in turn are, to the bit, what each is alone."""

from dataclasses import replace

from app.ml.parts import Dataset
from app.ml.racing import train_in_turn
from app.ml.training import Command, Event, train
from app.ml.training_state import TrainingState
from tests.ml.test_training import SPEC, losses

SPECS = [
    SPEC,  # with dropout and augmentation: both random
    replace(SPEC, learning_rate=0.001),
    replace(SPEC, batch_size=64, hyperparameters={**SPEC.hyperparameters, "activation": "tanh"}),
]
Told = list[tuple[int, Event]]


def of(told: Told, number: int) -> list[Event]:
    return [event for each, event in told if each == number]


def test_each_tells_what_it_would_tell_alone(small_dataset: Dataset) -> None:
    told = list(train_in_turn(SPECS, small_dataset, [None] * 3))
    for number, spec in enumerate(SPECS):
        alone = list(train(spec, small_dataset))
        assert [e.kind for e in of(told, number)] == [e.kind for e in alone]
        assert losses(of(told, number)) == losses(alone)
        assert of(told, number)[-1].values == alone[-1].values


def test_none_is_ever_more_than_a_turn_ahead(small_dataset: Dataset) -> None:
    stand = [0.0, 0.0, 0.0]
    for number, event in train_in_turn(SPECS, small_dataset, [None] * 3):
        stand[number] = event.epoch
        assert max(stand) - min(stand) <= 1  # a turn of 4 steps is half an epoch, or a whole one


def test_a_stop_reaches_all_and_all_go_on_exactly(small_dataset: Dataset) -> None:
    whole = list(train_in_turn(SPECS, small_dataset, [None] * 3))
    running = train_in_turn(SPECS, small_dataset, [None] * 3)
    first: Told = []
    while len(first) < 12:
        first.append(next(running))
    first += [running.send(Command("stop")), *running]
    states: list[TrainingState | None] = []
    for number in range(3):
        assert of(first, number)[-1].kind == "stopped"
        states.append([e.state for e in of(first, number) if e.state][-1])
    rest = list(train_in_turn(SPECS, small_dataset, states))
    for number in range(3):
        both = losses(of(first, number)) + losses(of(rest, number))
        assert both == losses(of(whole, number))


def test_one_that_diverges_does_not_hold_up_the_others(small_dataset: Dataset) -> None:
    wild = replace(SPEC, learning_rate=1e30, optimizer="sgd", schedule="constant")
    told = list(train_in_turn([wild, SPEC], small_dataset, [None] * 2))
    assert of(told, 0)[-1].kind == "failed" and of(told, 1)[-1].kind == "finished"
    assert losses(of(told, 1)) == losses(train(SPEC, small_dataset))
