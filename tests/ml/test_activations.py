import pytest
import torch

from app.ml.activations import ACTIVATIONS, activation_module, leaky_relu

Z = torch.linspace(-6, 6, 121)
TORCH = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "gelu": torch.nn.functional.gelu,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_formula_is_what_torch_computes(name: str) -> None:
    torch.testing.assert_close(ACTIVATIONS[name](Z), TORCH[name](Z))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_layer_that_trains_is_the_formula_that_teaches(name: str) -> None:
    torch.testing.assert_close(activation_module(name)(Z), ACTIVATIONS[name](Z))


@pytest.mark.parametrize("gamma", [0.01, 0.3, 0.99])
def test_leaky_relu_takes_its_slope_from_gamma(gamma: float) -> None:
    assert leaky_relu(torch.tensor(-2.0), gamma) == pytest.approx(-2 * gamma)
    torch.testing.assert_close(activation_module("leaky_relu", gamma)(Z), leaky_relu(Z, gamma))


def test_an_unknown_activation_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="choose one of relu, sigmoid, tanh, leaky_relu, gelu"):
        activation_module("swish")
