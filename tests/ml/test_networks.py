from math import log
from typing import Any

import pytest
import torch

from app.ml.hyperparameters import Hyperparameter
from app.ml.layers import MOST_PARAMETERS, layers_of
from app.ml.networks import MLP, NETWORKS, WrongChoice, build, parameter_count, shapes

SHAPE = (1, 28, 28)


def test_an_mlp_is_its_weight_matrices() -> None:
    network = build("mlp", {"hidden": [16, 8]}, SHAPE, 10)
    linear = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
    x = torch.rand(3, *SHAPE)
    a = x.flatten(1)
    for layer in linear[:-1]:
        a = (a @ layer.weight.T + layer.bias).clamp(min=0)  # a[k] = g(W[k] a[k-1] + b[k])
    torch.testing.assert_close(network(x), a @ linear[-1].weight.T + linear[-1].bias)
    assert [tuple(layer.weight.shape) for layer in linear] == [(16, 784), (8, 16), (10, 8)]


def test_parameters_are_counted_as_on_paper() -> None:
    network = build("mlp", {"hidden": [512, 256]}, SHAPE, 10)
    assert parameter_count(network) == 784 * 512 + 512 + 512 * 256 + 256 + 256 * 10 + 10


@pytest.mark.parametrize("network", NETWORKS)
def test_an_untrained_network_is_as_unsure_as_a_guess(network: str) -> None:
    torch.manual_seed(0)
    logits = build(network, {}, SHAPE, 10).eval()(torch.rand(64, *SHAPE)).detach()
    loss = torch.nn.functional.cross_entropy(logits, torch.randint(0, 10, (64,)))
    assert float(loss) == pytest.approx(log(10), abs=0.15)


BLOCKS = [
    {"channels": 4, "kernel": 5, "pool": 2},
    {"channels": 8, "kernel": 3, "stride": 2, "padding": 0, "pool": 3, "pooling": "average"},
]


def test_a_cnn_has_the_shapes_of_the_output_size_formula() -> None:
    network = build("cnn", {"blocks": BLOCKS, "hidden": [12]}, SHAPE, 10)
    found = {name: shape for name, shape in shapes(network, SHAPE)}
    assert found["MaxPool2d"] == (4, 14, 14)  # 28 + 2*2 - 5 + 1 = 28, pooled by 2
    assert found["AvgPool2d"] == (8, 2, 2)  # (14 - 3) // 2 + 1 = 6, pooled by 3
    assert found["Linear"] == (10,)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
@pytest.mark.parametrize("global_pooling", [True, False])
def test_a_cnn_takes_any_picture_size(shape: tuple[int, int, int], global_pooling: bool) -> None:
    network = build("cnn", {"blocks": BLOCKS, "global_pooling": global_pooling}, shape, 7)
    assert network.eval()(torch.rand(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize(
    ("hyperparameters", "sentence"),
    [
        ({"blocks": []}, "1 to 16 blocks"),
        ({"blocks": [{"channels": 0}]}, "channels must be a whole number from 1 to 512"),
        ({"blocks": [{"kernel": 3}]}, "channels is needed"),
        ({"blocks": [{"channels": 4, "kernal": 3}]}, "a block is a table of channels, kernel"),
        ({"blocks": [{"channels": 4, "pooling": "sum"}]}, "pooling must be max or average"),
        ({"blocks": [{"channels": 4, "pool": 4}] * 2 + [{"channels": 4, "kernel": 11,
          "padding": 0}]}, "a 11 x 11 kernel does not fit a 1 x 1 input"),
        ({"blocks": [{"channels": 4, "pool": 4}] * 4}, "the pooling leaves no pixel"),
        ({"hidden": [0]}, "hidden must be between 1 and 4096"),
        ({"hidden": "many"}, "hidden must be a list"),
        ({"dropout": 1.5}, "dropout must be between 0 and 0.9"),
        ({"dropout": float("nan")}, "dropout must be between 0 and 0.9"),
        ({"dropout": True}, "dropout must be a number"),
        ({"activation": "swish"}, "activation must be one of relu"),
        ({"batch_norm": 1}, "batch_norm must be true or false"),
        ({"depth": 3}, "no hyperparameter called 'depth'"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_a_sentence(
    hyperparameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        build("cnn", hyperparameters, SHAPE, 10)


def test_an_unknown_network_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="choose one of mlp, cnn"):
        build("transformer", {}, SHAPE, 10)


@pytest.mark.parametrize(
    ("network", "hyperparameters"),
    [
        ("mlp", {"hidden": [16, 8], "batch_norm": True, "dropout": 0.5}),
        ("cnn", {"blocks": BLOCKS, "hidden": [12], "activation": "tanh"}),
        ("cnn", {"blocks": BLOCKS, "hidden": [], "global_pooling": True, "batch_norm": False}),
        ("residual", {"widths": [4, 6], "patch": 2, "activation": "tanh"}),
    ],
)
def test_layers_are_told_as_the_network_will_compute_them(
    network: str, hyperparameters: dict[str, Any]
) -> None:
    real = build(network, hyperparameters, SHAPE, 10)
    told = layers_of(network, hyperparameters, SHAPE, 10)
    assert [layer.output for layer in told] == [shape for _, shape in shapes(real, SHAPE)]
    assert sum(layer.parameters for layer in told) == parameter_count(real)


@pytest.mark.parametrize(
    ("hyperparameters", "field"),
    [
        ({"blocks": [{"channels": 4}, {"channels": 4, "stride": 9}]}, "blocks.1.stride"),
        ({"blocks": [{"channels": 4, "pool": 4}] * 4}, "blocks.2.pool"),
        ({"blocks": [{"channels": 4}, {"channels": 4, "pooling": "sum"}]}, "blocks.1.pooling"),
        ({"blocks": [{"channels": 4, "pool": 4}, {"channels": 4, "kernel": 11, "padding": 0}]},
         "blocks.1.kernel"),
        ({"blocks": [{"channels": 512, "kernel": 11}] * 4, "hidden": []}, "blocks.1.channels"),
        ({"blocks": [{"channels": 512}], "hidden": [4096]}, "hidden"),
    ],
)  # fmt: skip
def test_the_very_field_that_cannot_work_is_named(
    hyperparameters: dict[str, Any], field: str
) -> None:
    with pytest.raises(WrongChoice) as refused:
        layers_of("cnn", hyperparameters, SHAPE, 10)
    assert refused.value.field == field


def test_a_huge_network_is_refused_before_it_takes_memory() -> None:
    with pytest.raises(WrongChoice, match=f"{MOST_PARAMETERS:,} are the most"):
        layers_of("mlp", {"hidden": [4096] * 16}, SHAPE, 10)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_hyperparameter_has_a_hint_and_a_default_that_works(network: str) -> None:
    table: tuple[Hyperparameter, ...] = NETWORKS[network].HYPERPARAMETERS
    for parameter in table:
        assert parameter.hint.endswith("."), parameter.name
        assert parameter.check(parameter.default) == parameter.default


def test_dropout_changes_training_and_leaves_inference_alone() -> None:
    network = build("mlp", {"hidden": [64], "dropout": 0.5}, SHAPE, 10)
    assert isinstance(network, MLP)
    x = torch.rand(1, *SHAPE)
    assert not torch.equal(network.train()(x), network(x))
    assert torch.equal(network.eval()(x), network(x))
