import copy
from typing import Any

import pytest
import torch

from app.ml.fusion import PackedConvolution, can_pack, fold_batch_norm, fuse, pack
from app.ml.networks import CNN, build

SHAPE = (1, 28, 28)
NETWORKS: dict[str, dict[str, Any]] = {
    "plain": {"blocks": [{"channels": 4}, {"channels": 8, "pool": 2}]},
    "a stride, no padding": {
        "blocks": [{"channels": 4, "kernel": 5, "stride": 2, "padding": 0}, {"channels": 8}]
    },
    "no batch norm": {"batch_norm": False},
    "gelu": {"activation": "gelu"},
    "global pooling": {"global_pooling": True, "activation": "tanh"},
    "hidden layers": {"hidden": [30, 20], "dropout": 0.5},
    "average pooling": {"blocks": [{"channels": 4, "pool": 2, "pooling": "average"}]},
}  # fmt: skip


def used(hyperparameters: dict[str, Any]) -> CNN:
    """A network whose batch norm has seen pictures, so that folding it changes the weights."""
    torch.manual_seed(0)
    network = build("cnn", hyperparameters, SHAPE, 10)
    assert isinstance(network, CNN)
    network(3 * torch.rand(64, *SHAPE) - 1)
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 7])
@torch.no_grad()
def test_the_fused_network_is_the_same_function(name: str, batch: int) -> None:
    network, x = used(NETWORKS[name]), torch.rand(batch, *SHAPE)
    expected = copy.deepcopy(network)(x)
    torch.testing.assert_close(fuse(network, SHAPE)(x), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_fused_mlp_is_the_same_function() -> None:
    torch.manual_seed(0)
    options = {"hidden": [20, 20], "activation": "leaky_relu", "dropout": 0.5, "batch_norm": True}
    network, x = build("mlp", options, (3, 8, 8), 4).eval(), torch.rand(5, 3, 8, 8)
    torch.testing.assert_close(fuse(network, (3, 8, 8))(x), network(x), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_folding_alone_is_the_same_function() -> None:
    network, x = used({}), torch.rand(3, *SHAPE)
    folded = torch.nn.Sequential(*fold_batch_norm(list(copy.deepcopy(network.features))))
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded)
    torch.testing.assert_close(folded(x), network.features(x), rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not can_pack(), reason="this build of torch has no oneDNN")
def test_a_convolution_takes_its_relu_along() -> None:
    layers = pack(fold_batch_norm(list(used({}).features)), torch.zeros(1, *SHAPE))
    kinds = [type(layer) for layer in layers]
    assert kinds == [PackedConvolution, PackedConvolution, torch.nn.MaxPool2d]
