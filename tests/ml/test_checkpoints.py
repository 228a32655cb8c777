import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.ml.cards import Card
from app.ml.checkpoints import (
    ModelEntry,
    ModelLibrary,
    ReservedName,
    UnavailableModel,
    UnknownModel,
)
from app.ml.datasets import DIGIT, DIGITS
from app.ml.inference import load_classifier
from app.ml.networks import Network, build

BLOCKS = [{"channels": 4, "kernel": 3, "pool": 2}, {"channels": 8, "kernel": 3, "pool": 2}]
CARD = Card(
    name="mine", title="Mine", network="cnn", hyperparameters={"blocks": BLOCKS, "hidden": [8]},
    classes=DIGITS, preprocessing=DIGIT, dataset="mnist", seed=0, precision="float32",
    recipe="./run train mine", parameters=0, sha256="", accuracy={}, licence="", attribution="",
    limits="",
)  # fmt: skip


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    network = build(CARD.network, CARD.hyperparameters, (1, 28, 28), 10)
    network(torch.rand(64, 1, 28, 28))  # so that batch norm has seen something
    return network.eval()


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "shipped", tmp_path / "own")


@pytest.fixture
def saved(library: ModelLibrary, network: Network) -> ModelEntry:
    return library.save(CARD, network.state_dict())


def test_saved_then_loaded_gives_equal_logits(saved: ModelEntry, network: Network) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 1, 28, 28), np.uint8)
    x = (torch.from_numpy(pixels) / 255 - DIGIT.mean[0]) / DIGIT.std[0]
    classifier = load_classifier(saved)
    torch.testing.assert_close(classifier.logits(pixels), network(x).detach(), rtol=1e-4, atol=1e-5)
    probabilities = classifier.probabilities(pixels)
    assert probabilities.sum(1) == pytest.approx(np.ones(5), abs=1e-5)


def test_a_prediction_does_not_depend_on_its_batch(saved: ModelEntry) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 1, 28, 28), np.uint8)
    classifier = load_classifier(saved)
    together = classifier.probabilities(pixels)
    alone = np.concatenate([classifier.probabilities(pixels[i : i + 1]) for i in range(64)])
    assert together == pytest.approx(alone, abs=1e-5)


def test_the_card_survives_the_way_through_its_file(saved: ModelEntry) -> None:
    assert saved.card == replace(CARD, sha256=saved.card.sha256 if saved.card else "")
    assert saved.version == saved.card.sha256[:12] and len(saved.version) == 12  # type: ignore[union-attr]


def test_an_existing_model_is_replaced_only_when_asked(
    library: ModelLibrary, saved: ModelEntry, network: Network
) -> None:
    with pytest.raises(FileExistsError, match="a model called mine exists"):
        library.save(CARD, network.state_dict())
    other = {name: tensor + 1 for name, tensor in network.state_dict().items()}
    again = library.save(CARD, other, replace_existing=True)
    assert again.version != saved.version
    assert {path.name for path in saved.folder.iterdir()} == {"card.json", "model.safetensors"}
    assert [path.name for path in library.own.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["", "-a", "A", "a/b", "../x", "a" * 65, "a\n", "ä", "a.b"])
def test_a_bad_name_is_refused(name: str, library: ModelLibrary, network: Network) -> None:
    with pytest.raises(ValueError, match="1 to 64 of a-z"):
        library.save(replace(CARD, name=name), network.state_dict())
    with pytest.raises(UnknownModel):
        library.resolve(name)
    with pytest.raises(UnknownModel):
        library.delete(name)


def test_shipped_models_are_listed_first_and_cannot_be_taken_or_deleted(
    library: ModelLibrary, saved: ModelEntry, network: Network
) -> None:
    library.shipped.mkdir()
    saved.folder.rename(library.shipped / "mine")
    assert [(e.name, e.origin) for e in library.entries()] == [("mine", "shipped")]
    with pytest.raises(ReservedName, match="choose another name"):
        library.save(CARD, network.state_dict())
    with pytest.raises(ReservedName, match="cannot be deleted"):
        library.delete("mine")


def test_a_deleted_model_is_gone_from_the_disk(library: ModelLibrary, saved: ModelEntry) -> None:
    library.delete("mine")
    assert library.entries() == [] and list(library.own.iterdir()) == []
    with pytest.raises(UnknownModel):
        library.resolve("mine")


def flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.safetensors").write_bytes(content)


def cut_short(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def forge(folder: Path, **values: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | values))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a flipped byte": flip_a_byte,
    "cut short": cut_short,
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no card": lambda folder: (folder / "card.json").unlink(),
    "a card of another model": lambda folder: forge(folder, name="other"),
    "a card that is a list": lambda folder: (folder / "card.json").write_text("[1]"),
    "a card that is not JSON": lambda folder: (folder / "card.json").write_text("{"),
    "a card too deep": lambda folder: (folder / "card.json").write_text("[" * 100_000),
    "a card too large": lambda folder: (folder / "card.json").write_text(" " * (2 << 20)),
    "an unknown pipeline": lambda folder: forge(
        folder, preprocessing={**CARD.to_json()["preprocessing"], "pipeline": "x"}
    ),
    "another network": lambda folder: forge(folder, hyperparameters={"hidden": [9]}),
    "an unknown network": lambda folder: forge(folder, network="transformer"),
    "classes that are a number": lambda folder: forge(folder, classes=5),
    "accuracy that is a list": lambda folder: forge(folder, accuracy=[1]),
    "one class less": lambda folder: forge(folder, classes=list("012345678")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_refused_with_a_reason_and_never_loaded(
    damage: str, library: ModelLibrary, saved: ModelEntry
) -> None:
    DAMAGES[damage](saved.folder)
    with pytest.raises(UnavailableModel) as reason:
        load_classifier(library.resolve("mine"))
    assert str(reason.value)
    (entry,) = library.entries()
    assert entry.name == "mine"


def test_weights_that_are_not_finite_are_refused(library: ModelLibrary, network: Network) -> None:
    weights = network.state_dict()
    next(iter(weights.values())).view(-1)[0] = float("nan")
    with pytest.raises(UnavailableModel, match="not finite"):
        load_classifier(library.save(CARD, weights))
