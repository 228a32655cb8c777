"""A network broken on purpose: units that are silent, kernels and biases at 0, noise on weights."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from app.ml.networks import Network

Units = Mapping[str, tuple[int, ...]]  # a layer's name -> its units


@dataclass(frozen=True)
class Damage:
    """units: outputs that are 0 whatever comes in. kernels: weights at 0, so that only the bias is
    left; biases: the bias at 0. noise: as a share of the spread of each layer's weights."""

    units: Units = field(default_factory=dict)
    kernels: Units = field(default_factory=dict)
    biases: Units = field(default_factory=dict)
    noise: float = 0.0
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Damage":
        """What to_json wrote, by way of JSON, which has no tuples."""
        units = {
            name: {layer: tuple(units) for layer, units in fields[name].items()}
            for name in ("units", "kernels", "biases")
        }
        return cls(**units, noise=fields["noise"], seed=fields["seed"])


class Misfit(ValueError):
    """A layer or a unit that is not there; the message is a sentence."""


@torch.no_grad()
def broken(network: Network, damage: Damage, shape: tuple[int, int, int]) -> Network:
    """A copy, broken so, of a network for pictures of this shape; its layers keep their names.
    Misfit for a layer or a unit that is not there."""
    copied = copy.deepcopy(network)
    layers = dict(copied.named_modules())
    if damage.noise:
        shake(copied, damage.noise, damage.seed)
    for name, units in damage.kernels.items():
        silence(weights_of(layer_called(name, layers)), units, name)
    for name, units in damage.biases.items():
        silence(bias_of(layer_called(name, layers)), units, name)
    for name, units in damage.units.items():
        layer_called(name, layers).register_forward_hook(Silence(units, name))
    if damage.units:
        copied(torch.zeros(1, *shape))  # how many units a layer has shows when a picture goes by
    return copied


class Silence:
    """A hook after a layer: (N, units, ...) with some of them 0."""

    def __init__(self, units: Iterable[int], name: str) -> None:
        self.units, self.name = sorted(set(units)), name

    def __call__(self, module: nn.Module, given: object, output: Tensor) -> Tensor:
        check_units(self.units, output.shape[1], self.name)
        heard = output.clone()
        heard[:, self.units] = 0
        return heard


def shake(network: nn.Module, share: float, seed: int) -> None:
    """Gaussian noise on the weights of each convolution and linear layer."""
    random = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight
            weight += share * weight.std() * torch.randn(weight.shape, generator=random)


def layer_called(name: str, layers: Mapping[str, nn.Module]) -> nn.Module:
    if name not in layers or not name:
        raise Misfit("there is no layer of this name in the network; explain lists them")
    return layers[name]


def weights_of(layer: nn.Module) -> Tensor:
    """A convolution's or linear layer's weights, or the filters of a whitening."""
    weights = getattr(layer, "filters", None)
    if weights is None and isinstance(layer, nn.Conv2d | nn.Linear):
        weights = layer.weight
    if weights is None:
        raise Misfit("only convolutions, whitening and linear layers have kernels")
    found: Tensor = weights
    return found


def bias_of(layer: nn.Module) -> Tensor:
    bias = getattr(layer, "bias", None)
    if not isinstance(bias, Tensor):
        raise Misfit("this layer has no bias; after it, batch norm may have one")
    return bias


def silence(values: Tensor, units: Iterable[int], name: str) -> None:
    units = sorted(set(units))
    check_units(units, len(values), name)
    values[units] = 0


def check_units(units: list[int], count: int, name: str) -> None:
    if units and not 0 <= units[0] <= units[-1] < count:
        raise Misfit(f"the layer {name} has units 0 to {count - 1}")
