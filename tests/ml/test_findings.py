"""Each finding on a real small training that shows it, and silence on one that does not."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from app.ml.evaluation import Evaluation
from app.ml.examination import examine
from app.ml.facts import Epoch, Facts, by_chance, wilson
from app.ml.findings import Finding, findings
from app.ml.parts import Dataset, Part
from app.ml.publishing import early_card
from app.ml.training import Event, train
from app.ml.training_spec import TrainingSpec
from tests.ml.conftest import small_part

SPEC: dict[str, Any] = {
    "dataset": "mnist", "network": "mlp", "hyperparameters": {"hidden": [32]}, "epochs": 8,
    "batch_size": 32, "precision": "float32", "threads": 1, "report_every": 1,
    "schedule": "constant", "device": "cpu",
}  # fmt: skip


def facts_of(dataset: Dataset, **changes: Any) -> Facts:
    """Of a training to its end, examined on validation and training pictures."""
    spec = TrainingSpec(**{**SPEC, **changes})
    told: list[Event] = list(train(spec, dataset))
    trained = told[-1].trained
    facts = Facts(
        classes=dataset.classes,
        spec=spec.to_json(),
        losses=[event.values["loss"] for event in told if event.kind == "step"],
        epochs=[
            Epoch(event.step, event.epoch, event.values["loss"], event.values["accuracy"])
            for event in told
            if event.kind == "evaluated"
        ],
        ended=True,
        diverged=told[-1].kind == "failed",
    )
    if trained is None:
        return facts
    card = early_card(spec, dataset, "mine", "", trained.precision, 0)
    seen = {
        name: examine(card, trained.network, dataset.part(name)) for name in ("train", "validation")
    }
    return replace(facts, training=seen["train"], validation=seen["validation"], test=trained.test)


def found(facts: Facts) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings(facts)}


def noisy(part: Part, seed: int) -> Part:
    """Hardly to be read: learning by heart is easier."""
    random = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256, part.pictures.shape, generator=random)
    return replace(part, pictures=((part.pictures + 4 * noise) // 5).to(torch.uint8))


@pytest.fixture(scope="module")
def hard_dataset(small_dataset: Dataset) -> Dataset:
    """64 noisy pictures to learn from, 256 to validate with."""
    train = noisy(small_part(64, 3), 0)
    return replace(small_dataset, train=train, validation=noisy(small_part(256, 4), 1))


def test_a_good_training_is_left_in_peace(small_dataset: Dataset) -> None:
    roomy = replace(small_dataset, validation=small_part(600, 5))
    facts = facts_of(roomy, epochs=20, learning_rate=0.003, schedule="one_cycle")
    assert facts.validation and facts.validation.evaluation.accuracy > 0.99
    assert set(found(facts)) <= {"dead_units"}


def test_learning_by_heart_is_told_with_both_accuracies(hard_dataset: Dataset) -> None:
    facts = facts_of(hard_dataset, epochs=40)
    finding = found(facts)["memorises"]
    assert finding.evidence["training"] > finding.evidence["validation"] + 0.1
    assert finding.evidence["n"] == 256
    assert finding.sentence.startswith("It memorises: training 100\u202f%")


def test_a_handful_of_pictures_may_differ_widely_by_chance() -> None:
    def read(right: int, n: int) -> Evaluation:
        probabilities = torch.eye(2)[(torch.arange(n) >= right).long()]
        return Evaluation(torch.zeros(n, dtype=torch.long), probabilities, torch.zeros(n).bool())

    assert by_chance(read(4, 7), read(0, 1)) > 4 / 7
    assert by_chance(read(950, 1000), read(900, 1000)) == pytest.approx(0.0228, abs=0.001)


def test_a_run_that_got_worse_names_its_best_epoch(small_dataset: Dataset) -> None:
    labels = small_dataset.train.labels.clone()
    labels[::3] = labels[::3].roll(1)  # a third of them wrong: learning them by heart harms
    crooked = replace(small_dataset, train=replace(small_dataset.train, labels=labels))
    facts = facts_of(crooked, epochs=60, hyperparameters={"hidden": [128]})
    finding = found(facts)["best_before_end"]
    best = min(facts.epochs, key=lambda each: each.loss or 9)
    assert finding.evidence["step"] == best.step < facts.epochs[-1].step
    assert f"after epoch {best.epoch:.0f} " in finding.sentence


def test_a_run_cut_short_was_still_learning(small_dataset: Dataset) -> None:
    assert "still_falling" in found(facts_of(small_dataset, learning_rate=0.0005))
    one = facts_of(small_dataset, epochs=1)
    assert "still_falling" not in found(one), "one epoch is no trend"


def test_a_rate_too_high_is_told_when_it_diverges_and_when_it_jumps(
    small_dataset: Dataset,
) -> None:
    diverged = found(facts_of(small_dataset, learning_rate=1e20, optimizer="sgd"))
    assert "diverged" in diverged["rate_too_high"].sentence
    jumping = found(facts_of(small_dataset, learning_rate=20.0))
    assert "jumps" in jumping["rate_too_high"].sentence
    assert "rate_too_high" not in found(facts_of(small_dataset))


def test_a_rate_too_low_is_told(small_dataset: Dataset) -> None:
    slow = found(facts_of(small_dataset, learning_rate=0.0005, optimizer="sgd", momentum=0.0))
    assert slow["rate_too_low"].evidence["last"] > 1.5
    assert "rate_too_low" not in found(facts_of(small_dataset))


def test_mixed_pictures_keep_the_loss_up_without_blame_for_the_rate(small_dataset: Dataset) -> None:
    mixed = facts_of(small_dataset, augmentation={"mix": 1.0}, label_smoothing=0.3, epochs=24)
    creeping = [2.0 - step / len(mixed.losses) / 2 for step in range(len(mixed.losses))]
    assert mixed.epochs[-1].loss is not None and mixed.epochs[-1].loss < 0.7 * creeping[-1]
    assert "rate_too_low" not in found(replace(mixed, losses=creeping))
    unread = [replace(epoch, loss=1.6) for epoch in mixed.epochs]
    assert "rate_too_low" in found(replace(mixed, losses=creeping, epochs=unread))


def test_dead_units_are_counted_layer_by_layer(small_dataset: Dataset) -> None:
    facts = facts_of(small_dataset, learning_rate=0.5)
    finding = found(facts)["dead_units"]
    assert finding.evidence["layer"] == "Hidden layer 1"
    assert finding.evidence["share"] > 0.5
    leaky = {"hidden": [32], "activation": "leaky_relu"}
    assert "dead_units" not in found(facts_of(small_dataset, hyperparameters=leaky))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturated_units_are_told(small_dataset: Dataset, activation: str) -> None:
    network = {"hidden": [32], "activation": activation}
    facts = facts_of(small_dataset, learning_rate=2.0, hyperparameters=network)
    assert found(facts)["saturated"].evidence["share"] > 0.5
    calm = facts_of(small_dataset, learning_rate=0.003, hyperparameters=network)
    assert "saturated" not in found(calm)


def test_a_class_and_a_pair_that_are_mixed_up_are_named(small_dataset: Dataset) -> None:
    labels = small_dataset.train.labels.clone()
    labels[(labels == 7).nonzero().view(-1)[5:]] = 1  # few sevens are called so
    crooked = replace(
        small_dataset, train=replace(small_dataset.train, labels=labels),
        validation=small_part(200, 6),
    )  # fmt: skip
    told = found(facts_of(crooked))
    assert told["weak_class"].evidence["label"] == "7"
    assert told["confused_pair"].evidence["labels"] == ["1", "7"]
    assert told["confused_pair"].because.startswith(f"{told['confused_pair'].evidence['mistakes']}")


def test_a_small_validation_part_has_a_wide_margin(small_dataset: Dataset) -> None:
    evidence = found(facts_of(small_dataset))["few_pictures"].evidence
    assert evidence["n"] == 64
    assert evidence["low"] <= evidence["accuracy"] <= evidence["high"]
    assert wilson(64, 64) == (pytest.approx(0.9434, abs=1e-4), 1.0)  # Wilson, 1927


def test_leaks_and_wrong_labels_on_purpose_are_named(small_dataset: Dataset) -> None:
    options = {"leak": 0.5, "label_noise": 0.2}
    facts = facts_of(small_dataset)
    told = found(replace(facts, spec={**facts.spec, "dataset_options": options}))
    assert "means nothing" in told["leak"].sentence and "50\u202f%" in told["leak"].because
    assert told["label_noise"].evidence["label_noise"] == 0.2
    assert not {"leak", "label_noise"} & set(found(facts))


def test_nothing_is_said_without_evidence() -> None:
    assert findings(Facts(classes=tuple("0123456789"), spec={}, losses=[], epochs=[])) == []
