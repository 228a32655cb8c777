"""A training that begins with a model: the last layer alone, then the whole network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from app.ml.checkpoints import ModelLibrary
from app.ml.datasets import DATASETS, Datasets, load
from app.ml.fine_tuning import weights_for
from app.ml.halves import Halves
from app.ml.hyperparameters import WrongChoice
from app.ml.networks import build, head_of
from app.ml.parts import Dataset
from app.ml.publishing import publish
from app.ml.specs import command, forked, make_spec
from app.ml.training import Event, Trainer, train
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState
from tests.ml.foreign import save_imported
from tests.ml.small_files import SHADES, write_own

ROOT = Path(__file__).parents[2]
QUICK = {"batch_size": 16, "precision": "float32", "threads": 1, "report_every": 1}
NETWORKS: tuple[tuple[str, dict[str, Any], tuple[int, int, int]], ...] = (
    ("mlp", {"hidden": [12], "dropout": 0.3}, (1, 28, 28)),
    ("cnn", {"blocks": [{"channels": 4, "pool": 2}], "hidden": [6]}, (1, 28, 28)),
    ("residual", {"widths": [4, 8]}, (3, 32, 32)),
    ("squeezenet1_1", {}, (3, 64, 64)),
    ("resnet18", {}, (3, 64, 64)),
)


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(ROOT / "models", tmp_path / "models")


def losses(events: list[Event]) -> list[tuple[str, int, float]]:
    return [(e.kind, e.step, e.values["loss"]) for e in events if e.kind in ("step", "evaluated")]


@pytest.mark.parametrize(("name", "choices", "shape"), NETWORKS)
@torch.no_grad()
def test_body_and_tail_are_the_network(
    name: str, choices: dict[str, Any], shape: tuple[int, int, int]
) -> None:
    network = build(name, choices, shape, 7).eval()
    x = torch.randn(3, *shape)
    halves = Halves(network)
    assert torch.allclose(halves.tail(halves.body(x)), network(x), atol=1e-5)
    assert {p for p in halves.tail.parameters()} == set(head_of(network)[1].parameters())


def spec_from(library: ModelLibrary, chosen: dict[str, Any]) -> TrainingSpec:
    return make_spec(None, "mnist", None, QUICK | chosen, library=library)


def test_first_the_last_layer_learns_alone_then_the_whole_network(
    library: ModelLibrary, small_dataset: Dataset
) -> None:
    spec = spec_from(library, {"start_from": "mnist-cnn", "epochs": 2, "frozen_epochs": 1})
    before = weights_for(spec, small_dataset.classes[:-1], library)
    assert before is not None
    states = {e.epoch: e.state for e in train(spec, small_dataset, None, before) if e.state}
    frozen, thawed = (states[epoch].under("network") for epoch in (1.0, 2.0))  # type: ignore[union-attr]
    assert all(torch.equal(frozen[name], value.float()) for name, value in before.items())
    moved = [name for name, value in before.items() if not torch.equal(thawed[name], value.float())]
    assert len(moved) == len(before)
    rates = [e.values["learning_rate"] for e in train(spec, small_dataset, None, before)
             if e.kind == "step"]  # fmt: skip
    half = len(rates) // 2
    assert max(rates[half:]) == pytest.approx(0.1 * max(rates[:half]))


@pytest.mark.parametrize("augmentation", [{}, {"rotate": 10}])
def test_a_restored_fine_tuning_goes_on_exactly(
    augmentation: dict[str, float], library: ModelLibrary, small_dataset: Dataset
) -> None:
    chosen = {"start_from": "mnist-mlp", "epochs": 3, "frozen_epochs": 2, "ema": 0.9}
    spec = spec_from(library, chosen | {"augmentation": augmentation, "batch_size": 64})
    weights = weights_for(spec, small_dataset.classes, library)
    whole = list(train(spec, small_dataset, None, weights))
    states = {e.step: e.state for e in whole if e.state}
    assert set(states) >= {2, 4, 8, 12}  # within the frozen epochs, at their end, at the whole's
    for step in (2, 4, 8):
        torch.manual_seed(99)  # whatever the process did before
        rest = losses(list(train(spec, small_dataset, copied(states[step]))))
        assert rest == [each for each in losses(whole) if each in rest] and rest[-1][1] == 12


def copied(state: TrainingState | None) -> TrainingState:
    assert state is not None
    return TrainingState(
        {name: value.clone() for name, value in state.tensors.items()}, state.place
    )


def test_kept_features_and_those_made_anew_teach_the_same(
    library: ModelLibrary, small_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_from(library, {"start_from": "mnist-cnn", "epochs": 2, "frozen_epochs": 2})
    weights = weights_for(spec, small_dataset.classes, library)
    kept = losses(list(train(spec, small_dataset, None, weights)))
    monkeypatch.setattr("app.ml.frozen.MOST_BYTES", 0)
    anew = losses(list(train(spec, small_dataset, None, weights)))
    for (_, _, one), (_, _, other) in zip(kept, anew, strict=True):
        assert one == pytest.approx(other, abs=2e-3)  # kept as float16


@pytest.mark.parametrize("looks", [{"mirror": True}, {"mirror": True, "shifted": True}])
def test_a_network_of_several_looks_is_frozen_for_epochs(
    looks: dict[str, bool], small_dataset: Dataset
) -> None:
    choices = {"widths": [4, 8], **looks}
    spec = make_spec(None, "mnist", "residual", QUICK | choices | {"epochs": 3})
    weights = Trainer(spec, small_dataset).network.state_dict()
    spec = replace(spec, start_from="itself", frozen_epochs=2)
    events = list(train(spec, small_dataset, None, weights))
    assert sum(event.kind == "evaluated" for event in events) == 3
    trained = events[-1].trained
    assert trained is not None and len(trained.network.looks(torch.zeros(1, 1, 28, 28))) > 1


def test_classes_that_are_the_same_keep_the_last_layer(
    library: ModelLibrary, small_dataset: Dataset
) -> None:
    spec = spec_from(library, {"start_from": "mnist-cnn"})
    same = weights_for(spec, small_dataset.classes, library)
    other = weights_for(spec, ("a", "b"), library)
    assert same is not None and other is not None
    assert set(same) - set(other) == {"head.layers.1.weight", "head.layers.1.bias"}
    trainer = Trainer(spec, small_dataset, same)
    loss, accuracy = trainer.measure(small_dataset.test)
    assert accuracy > 0.7 and loss < 1


def test_an_imported_network_learns_ones_own_photographs(
    tmp_path: Path, library: ModelLibrary
) -> None:
    save_imported(library)
    write_own(tmp_path / "sets", "shades", 24, 8)
    datasets = Datasets(tmp_path / "sets")
    chosen = {"start_from": "imported", "epochs": 21, "frozen_epochs": 20, "learning_rate": 0.001}
    spec = make_spec(None, "shades", None, QUICK | chosen, datasets, library)
    assert spec.network == "squeezenet1_1"
    dataset = load("shades", tmp_path, tmp_path / "cache", own=tmp_path / "sets",
                   preprocessing=spec.preprocessing)  # fmt: skip
    assert dataset.shape == (3, 64, 64) and dataset.preprocessing.options == {"resize": 72}
    weights = weights_for(spec, dataset.classes, library)
    *events, end = train(spec, dataset, None, weights)
    assert [loss for kind, _, loss in losses(events) if kind == "step"][-1] < 1.02  # from ln 3
    trained = end.trained
    assert trained is not None
    entry = publish(trained, dataset, "my-shades", command(spec, "my-shades"), library)
    assert entry.card is not None
    assert entry.card.classes == tuple(SHADES) and entry.card.preprocessing == spec.preprocessing
    assert "It began with the weights of imported" in entry.card.notes[0]
    assert "last layer alone learnt" in entry.card.notes[1]
    assert "--start-from imported" in entry.card.recipe and "ImageNet" in entry.card.attribution
    with pytest.raises(WrongChoice, match="epochs"):
        forked(spec, {"epochs": 1}, 2.0, datasets)


def test_what_cannot_be_started_from_is_a_sentence(library: ModelLibrary) -> None:
    save_imported(library)
    for chosen, field, sentence in (
        ({"start_from": "nobody"}, "start_from", "no such model"),
        ({"start_from": "imported"}, "start_from", "28 x 28 in grey"),
        ({"start_from": "mnist-cnn", "hidden": [3]}, "hidden", "would not fit"),
        ({"start_from": "mnist-cnn", "frozen_epochs": -1}, "frozen_epochs", "between"),
        ({"start_from": "mnist-cnn", "start": {}}, "start", "no such choice"),
    ):
        with pytest.raises(WrongChoice, match=sentence) as wrong:
            make_spec(None, "mnist", None, chosen, DATASETS, library)
        assert wrong.value.field == field
    with pytest.raises(WrongChoice, match="leave the network out"):
        make_spec(None, "mnist", "mlp", {"start_from": "mnist-cnn"}, DATASETS, library)


def test_a_model_that_was_replaced_is_not_started_from(library: ModelLibrary) -> None:
    spec = spec_from(library, {"start_from": "mnist-cnn"})
    other = replace(spec, start=spec.start | {"version": "0" * 12})
    with pytest.raises(ValueError, match="replaced meanwhile"):
        weights_for(other, ("a",), library)
