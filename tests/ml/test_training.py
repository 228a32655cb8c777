from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from math import isfinite
from pathlib import Path

import pytest
import torch

from app.ml.feed import Feed
from app.ml.optimisation import OPTIMIZERS
from app.ml.parts import Dataset
from app.ml.training import Command, Event, Trainer, train
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState

SPEC = TrainingSpec(
    dataset="mnist", network="cnn",
    hyperparameters={"blocks": [{"channels": 4, "pool": 2}], "hidden": [16], "dropout": 0.2},
    epochs=3, batch_size=32, learning_rate=0.01, ema=0.9, label_smoothing=0.1,
    augmentation={"rotate": 10, "elastic": 0.5, "pen": 0.3, "mix": 0.5},
    precision="float32", threads=1, report_every=4,
)  # fmt: skip


def events(spec: TrainingSpec, dataset: Dataset, state: TrainingState | None = None) -> list[Event]:
    return list(train(spec, dataset, state))


def losses(found: Iterable[Event]) -> list[tuple[int, float]]:
    return [(e.step, e.values["loss"]) for e in found if e.kind in ("step", "evaluated")]


def test_events_come_in_the_order_of_a_training(small_dataset: Dataset) -> None:
    found = events(SPEC, small_dataset)
    first = ["checkpoint", "checkpoint", "step", "checkpoint", "step", "evaluated", "checkpoint"]
    assert [event.kind for event in found] == [
        "started", *first, *["step", "step", "evaluated", "checkpoint"] * 2, "finished",
    ]  # fmt: skip
    assert [e.step for e in found if e.kind == "checkpoint"] == [1, 2, 4, 8, 16, 24]
    assert [e.step for e in found if e.kind == "step"] == [4, 8, 12, 16, 20, 24]
    assert found[-1].values["test_n"] == len(small_dataset.test)


def test_it_learns_to_tell_four_digits_apart(small_dataset: Dataset) -> None:
    spec = replace(SPEC, epochs=10, augmentation={})
    assert events(spec, small_dataset)[-1].values["test_accuracy"] > 0.95


def test_of_a_mixed_picture_both_answers_count(small_dataset: Dataset) -> None:
    feed = Feed(small_dataset, torch.device("cpu"), 0, {"mix": 1.0}, fade=0.0)
    rows = torch.arange(16)
    x, answers = feed.learnt(rows, progress=0.0)
    changed = (x != feed.seen(small_dataset.train, rows)).any(1).float().mean((1, 2))
    before = small_dataset.train.labels[rows.roll(1)]
    other = answers[rows, before]
    assert (other >= changed - 1e-6).all()  # where both are black, nothing changes
    assert torch.allclose(answers.sum(1), torch.ones(16))
    assert ((other > 0) & (other < 1)).any()


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_it_overfits_32_pictures(network: str, small_dataset: Dataset) -> None:
    few = small_dataset.train.take(torch.arange(32))
    dataset = replace(small_dataset, train=few, validation=few)
    spec = TrainingSpec("mnist", network, epochs=60, batch_size=32, precision="float32",
                        threads=1, ema=0.0, learning_rate=0.003)  # fmt: skip
    last = [event for event in events(spec, dataset) if event.kind == "evaluated"][-1]
    assert last.values["accuracy"] == 1.0 and last.values["loss"] < 0.01


def test_the_same_seed_gives_the_same_curve_and_another_a_different_one(
    small_dataset: Dataset,
) -> None:
    first = losses(events(SPEC, small_dataset))
    assert losses(events(SPEC, small_dataset)) == first
    assert losses(events(replace(SPEC, seed=1), small_dataset)) != first


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_restored_training_goes_on_exactly(
    optimizer: str, small_dataset: Dataset, tmp_path: Path
) -> None:
    spec = replace(SPEC, optimizer=optimizer)
    whole = events(spec, small_dataset)
    place = str(tmp_path / "state.safetensors")
    checkpoint = next(event for event in whole if event.kind == "checkpoint")
    assert checkpoint.state is not None
    checkpoint.state.save(place)
    rest = events(spec, small_dataset, TrainingState.load(place))
    assert losses(rest) == [row for row in losses(whole) if row[0] > checkpoint.step]
    assert whole[-1].trained and rest[-1].trained
    ends = [event.trained.network.state_dict() for event in (whole[-1], rest[-1])]  # type: ignore[union-attr]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


@pytest.mark.parametrize(("before", "after"), list(permutations(OPTIMIZERS, 2)))
def test_a_training_goes_on_with_another_optimizer_which_begins_anew(
    before: str, after: str, small_dataset: Dataset
) -> None:
    whole = events(replace(SPEC, optimizer=before), small_dataset)
    checkpoint = next(event for event in whole if event.kind == "checkpoint")
    rest = events(replace(SPEC, optimizer=after), small_dataset, checkpoint.state)
    assert rest[-1].kind == "finished" and losses(rest)[0][0] > checkpoint.step


def test_a_stopped_training_leaves_a_state_to_go_on_from(small_dataset: Dataset) -> None:
    spec = replace(SPEC, report_every=3)
    whole, running = events(spec, small_dataset), train(spec, small_dataset)
    assert next(event for event in running if event.kind == "step").step == 3
    stopped = [running.send(Command("stop")), *running]
    assert [event.kind for event in stopped] == ["checkpoint", "stopped"]
    rest = events(spec, small_dataset, stopped[0].state)
    assert losses(rest) == [row for row in losses(whole) if row[0] > stopped[0].step]


def test_the_learning_rate_changes_while_it_trains(small_dataset: Dataset) -> None:
    spec = replace(SPEC, schedule="constant")
    running = train(spec, small_dataset)
    next(running), next(running)
    assert running.send(Command("learning_rate", 0.5)).values == {"learning_rate": 0.5}
    step = next(event for event in running if event.kind == "step")
    assert step.values["learning_rate"] == 0.5


def test_a_reported_step_tells_how_long_the_gradient_is(small_dataset: Dataset) -> None:
    """Plain gradient descent: the weights move by rate times gradient."""
    spec = replace(SPEC, optimizer="sgd", momentum=0.0, weight_decay=0.0, schedule="constant",
                   learning_rate=0.1, ema=0.0, report_every=1, epochs=1)  # fmt: skip
    trainer = Trainer(spec, small_dataset)
    before = torch.cat([p.detach().flatten().clone() for p in trainer.network.parameters()])
    loss, rate = trainer.train_batch()
    after = torch.cat([p.detach().flatten() for p in trainer.network.parameters()])
    told = trainer.progress(loss, rate)["gradient_norm"]
    assert told == pytest.approx(float((after - before).norm()) / 0.1, rel=1e-3)
    assert told == trainer.gradient_norm()


def test_a_loss_that_is_no_number_ends_the_training_and_says_so(small_dataset: Dataset) -> None:
    spec = replace(SPEC, learning_rate=1e30, optimizer="sgd", schedule="constant")
    last = events(spec, small_dataset)[-1]
    assert (last.kind, last.values["reason"], last.values["loss"]) == ("failed", "diverged", None)


@pytest.mark.parametrize("share", [0.25, 0.0])
def test_a_last_step_that_was_too_far_is_told_as_divergence(
    small_dataset: Dataset, share: float
) -> None:
    validation = small_dataset.validation.take(torch.arange(int(share * 100)))
    dataset = replace(small_dataset, validation=validation)
    size = len(dataset.train)
    spec = replace(
        SPEC, learning_rate=1e30, optimizer="sgd", schedule="constant", epochs=1, batch_size=size
    )
    found = events(spec, dataset)
    assert found[-1].kind == "failed" and "finished" not in {event.kind for event in found}
    assert all(loss is None or isfinite(loss) for _, loss in losses(found))
    assert found[-1].values == {"reason": "diverged", "loss": None}


def test_without_progress_on_validation_it_stops_early(small_dataset: Dataset) -> None:
    spec = replace(SPEC, epochs=50, learning_rate=1e-12, patience=2, ema=0.0)
    found = events(spec, small_dataset)
    assert found[-1].kind == "finished" and found[-1].epoch < 10


def test_averaged_weights_are_what_predicts(small_dataset: Dataset) -> None:
    ends = [events(replace(SPEC, ema=ema), small_dataset)[-1].trained for ema in (0.0, 0.9)]
    plain, averaged = (end.network.state_dict() for end in ends if end)
    assert not torch.equal(plain["head.layers.1.weight"], averaged["head.layers.1.weight"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"optimizer": "adagrad"}, "must be one of adamw, sgd, muon"),
        ({"schedule": "sawtooth"}, "must be one of one_cycle"),
        ({"precision": "int8"}, "must be one of auto, float32, bfloat16"),
        ({"device": "abacus"}, "must be one of auto, cpu, cuda"),
        ({"augmentation": {"melt": 1}}, "there are rotate, scale"),
        ({"augmentation": {"rotate": 1e9}}, "rotate must be between 0 and 180"),
        ({"batch_size": 0}, "batch_size must be between"),
        ({"epochs": -1}, "epochs must be between"),
        ({"learning_rate": float("nan")}, "learning_rate must be between"),
    ],
)
def test_a_spec_that_cannot_work_is_refused_with_a_sentence(
    change: dict[str, object], sentence: str, small_dataset: Dataset
) -> None:
    with pytest.raises(ValueError, match=sentence):
        events(replace(SPEC, **change), small_dataset)  # type: ignore[arg-type]


def test_a_batch_is_at_most_all_training_pictures(small_dataset: Dataset) -> None:
    pictures = len(small_dataset.train)
    for batch_size in (pictures, 10_000):
        started, *_, finished = events(replace(SPEC, batch_size=batch_size), small_dataset)
        assert started.values["steps_per_epoch"] == 1
        assert finished.trained and finished.trained.spec.batch_size == pictures
    none = replace(small_dataset, train=small_dataset.train.take(torch.arange(0)))
    with pytest.raises(ValueError, match="no training pictures are left"):
        events(SPEC, none)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused_and_auto_takes_the_processor(
    small_dataset: Dataset,
) -> None:
    with pytest.raises(ValueError, match="no GPU here"):
        next(train(replace(SPEC, device="cuda"), small_dataset))
    assert next(train(SPEC, small_dataset)).values["device"] == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
def test_a_training_on_a_gpu_goes_on_from_its_state_and_its_model_predicts_on_the_processor(
    small_dataset: Dataset,
) -> None:
    spec = replace(SPEC, device="cuda")
    whole = events(spec, small_dataset)
    states = [event.state for event in whole if event.state]
    again = events(spec, small_dataset, states[0])
    assert again[-1].step == whole[-1].step
    trained = again[-1].trained
    assert trained is not None
    assert {tensor.device.type for tensor in trained.network.state_dict().values()} == {"cpu"}


def test_a_precision_that_was_found_stays_when_the_training_goes_on(small_dataset: Dataset) -> None:
    state = next(event.state for event in train(SPEC, small_dataset) if event.state)
    assert state.place["precision"] == "float32"
    state.place["precision"] = "bfloat16"  # as another machine, or a busy moment, had found
    for wanted, kept in (("auto", "bfloat16"), ("float32", "float32")):
        trainer = Trainer(replace(SPEC, precision=wanted), small_dataset)
        trainer.restore(state)
        assert trainer.precision == kept


def test_no_checkpoint_is_kept_of_a_loss_that_is_no_number(small_dataset: Dataset) -> None:
    """Between two reports too: whoever resumes from it could only fail again."""
    spec = replace(
        SPEC, optimizer="sgd", learning_rate=1e30, schedule="constant", report_every=1000
    )
    found = events(spec, small_dataset)
    assert found[-1].kind == "failed" and found[-1].step < 8
    kept = [event.state for event in found if event.state]
    weights = [state.tensors["network.head.layers.1.weight"] for state in kept[:-1]]
    assert all(weight.isfinite().all() for weight in weights)
