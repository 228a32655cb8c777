"""What a broken network still reads right."""

import copy

import torch
from torch import nn

from app.ml.damage import Damage
from app.ml.evaluation import evaluate
from app.ml.inference import Classifier
from app.ml.networks import Network
from app.ml.parts import Dataset
from app.ml.resilience import resilience
from tests.ml.glass import card_of
from tests.ml.glass import network as network


def test_a_whole_network_is_right_as_often_as_it_is_measured(
    network: Network, small_dataset: Dataset
) -> None:
    card, part = card_of(network), small_dataset.test
    found = resilience(card, network, Damage(), part)
    measured = evaluate(Classifier(card, copy.deepcopy(network)).probabilities, part)
    assert (found["n"], found["accuracy"]) == (64, measured.accuracy)
    assert found["right"] == int(measured.right.sum()) == sum(r for _, r in found["per_class"])
    assert found["read_as"] == torch.bincount(measured.predicted, minlength=10).tolist()


def test_a_network_that_hears_nothing_reads_one_class_alone(
    network: Network, small_dataset: Dataset
) -> None:
    name, layer = next(
        (name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Linear)
    )
    deaf = Damage(kernels={name: tuple(range(layer.out_features))})
    found = resilience(card_of(network), network, deaf, small_dataset.test)
    assert max(found["read_as"]) == 64
