"""A training that begins with a model: its architecture, its weights, its preparation."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from torch import Tensor

from app.ml.cards import Card
from app.ml.checkpoints import (
    ModelEntry,
    ModelLibrary,
    UnavailableModel,
    UnknownModel,
    read_weights,
)
from app.ml.hyperparameters import WrongChoice
from app.ml.layers import sketch
from app.ml.networks import build, head_of
from app.ml.sources import Entry
from app.ml.training_spec import TrainingSpec

LARGE = 96  # pixels on a side, from which a network is slow enough to be started from differently
SMALL_START: dict[str, Any] = {"epochs": 5, "frozen_epochs": 1}
LARGE_START: dict[str, Any] = {
    "epochs": 6, "frozen_epochs": 6, "batch_size": 32, "learning_rate": 0.001, "warmup": 0.1,
}  # fmt: skip


def start_from(reference: Any, entry: Entry, library: ModelLibrary) -> TrainingSpec:
    """The training of a dataset that begins with a model; WrongChoice where that cannot be."""
    found = find(reference, library)
    card = found.card
    assert card is not None
    photographs = entry.preprocessing.pipeline == "photo" == card.preprocessing.pipeline
    if not photographs and shape_of(entry) != card.shape:
        raise WrongChoice(
            "start_from",
            f"{found.name} takes pictures of {by(card.shape)}; those of {entry.title} are "
            f"{by(shape_of(entry))}. Take another model, or photographs in any size.",
        )
    return replace(
        TrainingSpec(entry.name, card.network, dict(card.hyperparameters), start_from=found.name),
        start=facts_of(card, photographs),
        **usual(card.preprocessing.size),
    )


def usual(size: int) -> dict[str, Any]:
    """How a training begins well that starts from a model for pictures so large."""
    return LARGE_START if size >= LARGE else SMALL_START


def startable(entries: Sequence[ModelEntry]) -> list[dict[str, Any]]:
    """The models to start from, and what is then chosen unless one chooses otherwise."""
    return [
        {"name": entry.name, "network": card.network, "usual": usual(card.preprocessing.size)}
        for entry in entries
        if (card := entry.card)
    ]


def find(reference: Any, library: ModelLibrary) -> ModelEntry:
    try:
        return library.resolve(str(reference))
    except UnknownModel:
        sentence = "There is no such model to start from; GET /api/v1/models lists them."
        raise WrongChoice("start_from", sentence) from None
    except UnavailableModel as error:
        raise WrongChoice("start_from", f"This model cannot be used: {error}.") from None


def facts_of(card: Card, photographs: bool) -> dict[str, Any]:
    preprocessing = asdict(card.preprocessing) if photographs else None
    return {
        "version": card.version, "licence": card.licence, "attribution": card.attribution,
        "preprocessing": preprocessing,
        "hyperparameters": dict(card.hyperparameters),
    }  # fmt: skip


def shape_of(entry: Entry) -> tuple[int, int, int]:
    preprocessing = entry.preprocessing
    return preprocessing.channels, preprocessing.size, preprocessing.size


def by(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{height} x {width} in {'grey' if channels == 1 else 'colour'}"


def check_body(spec: TrainingSpec, shape: tuple[int, int, int], classes: int) -> None:
    """WrongChoice when hyperparameters were chosen that the model's weights would not fit."""
    given = spec.start.get("hyperparameters", {})
    before, after = (
        {name: tensor.shape for name, tensor in sketch(spec.network, each, shape, classes)
         .state_dict().items()}
        for each in (given, spec.hyperparameters)
    )  # fmt: skip
    if before != after:
        field = next(k for k, v in spec.hyperparameters.items() if given.get(k) != v)
        sentence = f"The weights of {spec.start_from} would not fit; for another shape start fresh"
        raise WrongChoice(field, sentence)


def weights_for(
    spec: TrainingSpec, classes: tuple[str, ...], library: ModelLibrary
) -> Mapping[str, Tensor] | None:
    """Of the model that a training starts from; for other classes without the last layer.

    ValueError where the model is gone, or is another one since.
    """
    if not spec.start_from:
        return None
    try:
        found = library.resolve(spec.start_from)
        weights = read_weights(found)
    except (UnknownModel, UnavailableModel) as error:
        raise ValueError(f"{spec.start_from}, which it should start from, is not there") from error
    card = found.card
    assert card is not None
    if card.version != spec.start["version"]:
        raise ValueError(f"{spec.start_from}, which it should start from, was replaced meanwhile")
    if card.classes == classes:
        return weights
    head = head_of(build(card.network, card.hyperparameters, card.shape, len(card.classes)))[0]
    return {name: value for name, value in weights.items() if not name.startswith(f"{head}.")}


def history_of(spec: TrainingSpec) -> list[str]:
    """What a card says of where it started."""
    if not spec.start_from:
        return []
    told = [f"It began with the weights of {spec.start_from}, version {spec.start['version']}."]
    if spec.frozen_epochs:
        frozen = min(spec.frozen_epochs, spec.epochs)
        rest = (
            "and the whole network after them"
            if frozen < spec.epochs
            else "and the rest of the network is as it was"
        )
        count = f"In its first {frozen} epochs" if frozen > 1 else "In its first epoch"
        told.append(f"{count} the last layer alone learnt, {rest}.")
    return told
