"""The deck's activation functions: each formula, as torch computes it."""

from collections.abc import Callable
from math import sqrt

import torch
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]


def sigmoid(z: Tensor) -> Tensor:
    """sigma(z) = 1 / (1 + exp(-z)), in (0, 1). Its slope is at most 1/4 and dies on both sides."""
    return 1 / (1 + torch.exp(-z))


def tanh(z: Tensor) -> Tensor:
    """tanh(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z)) = 2 sigma(2z) - 1, in (-1, 1)."""
    return 2 * sigmoid(2 * z) - 1


def relu(z: Tensor) -> Tensor:
    """ReLU(z) = max(z, 0) (Nair and Hinton, 2010)."""
    return z.clamp(min=0)


def leaky_relu(z: Tensor, gamma: float = 0.01) -> Tensor:
    """max(z, gamma z) with gamma in (0, 1): a unit that never dies (Maas, 2013)."""
    return torch.maximum(z, gamma * z)


def gelu(z: Tensor) -> Tensor:
    """GELU(z) = z/2 (1 + erf(z / sqrt 2)) (Hendrycks and Gimpel, 2016)."""
    return z / 2 * (1 + torch.erf(z / sqrt(2)))


ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "leaky_relu": leaky_relu,
    "gelu": gelu,
}


def activation_module(name: str, gamma: float = 0.01) -> nn.Module:
    """The same functions as torch's own fused layers, for speed; a test holds both equal."""
    modules: dict[str, Callable[[], nn.Module]] = {
        "relu": nn.ReLU,
        "sigmoid": nn.Sigmoid,
        "tanh": nn.Tanh,
        "leaky_relu": lambda: nn.LeakyReLU(gamma),
        "gelu": nn.GELU,
    }
    if name not in modules:
        raise ValueError(f"no activation called {name!r}; choose one of {', '.join(modules)}")
    return modules[name]()
