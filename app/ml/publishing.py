"""A finished training becomes a model: weights, and a card written from what happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torch import Tensor

from app.ml.cards import Card
from app.ml.caveats import caveats
from app.ml.checkpoints import ModelEntry, ModelLibrary, read_entry, save_model
from app.ml.datasets import DATASETS
from app.ml.evaluation import Evaluation
from app.ml.fine_tuning import history_of
from app.ml.networks import TITLES, parameter_count
from app.ml.parts import Dataset
from app.ml.precision import as_stored
from app.ml.training import Trained
from app.ml.training_spec import TrainingSpec


def publish(
    trained: Trained, dataset: Dataset, name: str, recipe: str, library: ModelLibrary,
    into: Path | None = None,
) -> ModelEntry:  # fmt: skip
    """Write the model's folder among one's own models, or `into` another for those that ship.

    ReservedName, FileExistsError or ValueError when the name cannot be used.
    """
    card = make_card(trained, dataset, name, recipe)
    weights, familiarity = stored(trained), trained.confidence.familiarity
    if into is None:
        return library.save(card, weights, familiarity=familiarity)
    return read_entry(save_model(into, card, weights, familiarity), "own")


def stored(trained: Trained) -> dict[str, Tensor]:
    """The weights as they are written: those that were tested."""
    return as_stored(trained.network.state_dict(), trained.spec.weights)


def make_card(
    trained: Trained, dataset: Dataset, name: str, recipe: str, notes: Sequence[str] = ()
) -> Card:
    parameters = parameter_count(trained.network)
    early = early_card(trained.spec, dataset, name, recipe, trained.precision, parameters, notes)
    return replace(
        early, accuracy=accuracies(trained.test, dataset), training=training_facts(trained),
        temperature=trained.confidence.temperature,
    )  # fmt: skip


def early_card(
    spec: TrainingSpec, dataset: Dataset, name: str, recipe: str, precision: str, parameters: int,
    notes: Sequence[str] = (),
) -> Card:  # fmt: skip
    """What is known of a model before its training ends: nothing is measured yet."""
    entry = dataset.entry or DATASETS[dataset.name]
    return Card(
        name=name,
        title=f"{TITLES.get(spec.network, spec.network)} trained on {entry.title}",
        network=spec.network,
        hyperparameters=spec.hyperparameters,
        classes=dataset.classes,
        preprocessing=dataset.preprocessing,
        dataset=dataset.name,
        seed=spec.seed,
        precision=precision,
        recipe=recipe,
        parameters=parameters,
        sha256="0" * 64,  # save_model fills in the real one
        accuracy={},
        licence=with_start(entry.licence, spec, "licence"),
        attribution=with_start(entry.attribution, spec, "attribution"),
        limits=entry.limits,
        training=spec.to_json(),
        created=datetime.now(UTC).date().isoformat(),
        notes=(*history_of(spec), *caveats(spec.dataset_options), *notes),
    )


def with_start(own: str, spec: TrainingSpec, fact: str) -> str:
    """The dataset's, and that of the model which it started from."""
    before = spec.start.get(fact, own)
    return own if before == own else f"{own} {spec.start_from}, from which it started: {before}"


def accuracies(test: Evaluation, dataset: Dataset) -> dict[str, Any]:
    """The test of each dataset that was joined, apart: {"mnist test": {n, accuracy, ...}}."""
    found, start = {}, 0
    for name, size in dataset.tests or ((dataset.name, len(dataset.test)),):
        rows = test[start : start + size]
        found[f"{name} test"], start = rows.summary(dataset.classes), start + size
    return found


def training_facts(trained: Trained) -> dict[str, Any]:
    return {
        **trained.spec.to_json(),
        "device": trained.device,
        "precision": trained.precision,
        "threads": trained.threads,
        "steps": trained.steps,
        "seconds": round(trained.seconds, 1),
    }
