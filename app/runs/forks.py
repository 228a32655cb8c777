"""A run goes on: a fork from one of its checkpoints, or the run itself for more epochs."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.ml.datasets import DATASETS
from app.ml.specs import Known, continued, forked
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import read_place
from app.runs.checkpoints import START, Checkpoints, UnknownCheckpoint, checkpoints_of
from app.runs.states import State
from app.runs.store import Run, RunEvent, Store
from app.runs.variants import specs_of


def fork(
    store: Store, runs: Path, run: Run, step: int, chosen: Mapping[str, Any], name: str,
    variant: int = 0, datasets: Known = DATASETS,
) -> str:  # fmt: skip
    """A new run that goes on where a checkpoint of another stood; its id.

    UnknownCheckpoint, or WrongChoice when the checkpoint would not fit.
    """
    found = [each for each in checkpoints_of(store, runs, run.id, variant) if each.step == step]
    if not found:
        raise UnknownCheckpoint(step)
    checkpoints = Checkpoints.of(runs, run.id, variant)
    place = read_place(str(checkpoints.path(step)))
    spec = specs_of(run)[variant]
    spec = replace(spec, learning_rate=place["peak_rate"])
    spec = forked(spec, chosen, found[0].epoch, datasets)
    identifier = store.new_id()
    checkpoints.lend(step, runs / identifier / START)
    parent = {"run": run.id, "step": step} | ({"variant": variant} if variant else {})
    return store.create(spec.to_json(), name, owner=run.owner, identifier=identifier, parent=parent)


def go_on(store: Store, runs: Path, run: Run, epochs: int, datasets: Known = DATASETS) -> None:
    """Queue it again for so many epochs more. UnknownCheckpoint when it has none to go on from;
    WrongChoice when they become too many; IllegalMove while it has a worker."""
    variants = range(len(run.variants or [1]))
    found = [each for v in variants for each in checkpoints_of(store, runs, run.id, v)]
    if not found:
        raise UnknownCheckpoint(run.id)
    last = max(found, key=lambda each: each.epoch)
    spec = continued(TrainingSpec(**run.spec), last.epoch, epochs, datasets)
    told = RunEvent("queued", last.step, last.epoch, {"epochs": spec.epochs})
    store.move(run.id, State.QUEUED, told=told, spec=spec.to_json())
