"""A network layer by layer, before it is made: what each puts out, and how much it has to learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from app.ml.convolution import Conv2d
from app.ml.hyperparameters import WrongChoice
from app.ml.networks import NETWORKS, Network, build, parameter_count
from app.ml.residual import Whitening

MOST_PARAMETERS = 50_000_000  # with their gradients, AdamW's moments and an average: 1 GB
KINDS: dict[type[nn.Module], str] = {
    nn.Flatten: "flatten",
    nn.Linear: "fully_connected",
    nn.Conv2d: "convolution",
    Conv2d: "convolution",
    nn.BatchNorm1d: "batch_norm",
    nn.BatchNorm2d: "batch_norm",
    nn.MaxPool2d: "max_pooling",
    nn.AvgPool2d: "average_pooling",
    nn.AdaptiveAvgPool2d: "global_pooling",
    nn.AdaptiveMaxPool2d: "global_pooling",
    Whitening: "whitening",
    nn.Dropout: "dropout",
}  # all others are activations


@dataclass(frozen=True)
class Layer:
    """kind: one of KINDS, or the activation's name; window: side of a kernel or a pool."""

    kind: str
    window: int | None
    output: tuple[int, ...]  # (channels, height, width) or (units,)
    parameters: int


def sketch(
    network: str, hyperparameters: Mapping[str, Any], shape: tuple[int, int, int], classes: int
) -> Network:
    """The network with the shapes of its weights and without their memory."""
    try:
        with torch.device("meta"):
            return build(network, hyperparameters, shape, classes)
    except NotImplementedError:  # some of torchvision compute their widths with tensors
        return build(network, hyperparameters, shape, classes)


def layers_of(
    network: str, hyperparameters: Mapping[str, Any], shape: tuple[int, int, int], classes: int
) -> list[Layer]:
    """Without memory for a single weight; WrongChoice or ValueError when it cannot work here."""
    found = sketch(network, hyperparameters, shape, classes)
    if network not in NETWORKS:
        return layers_imported(network, found, shape)
    layers, output = [], tuple(shape)
    for module in found.modules():
        if not list(module.children()):
            output = output_of(module, output)
            kind = KINDS.get(type(module)) or str(hyperparameters.get("activation", "relu"))
            layers.append(Layer(kind, window_of(module), output, parameter_count(module)))
    refuse_the_huge(layers)
    return layers


def layers_imported(name: str, found: Network, shape: tuple[int, int, int]) -> list[Layer]:
    """Of a network of torchvision: its modules as they are done. ValueError for a size of pictures
    that does not go through it."""
    layers: list[Layer] = []

    def note(module: nn.Module, _: Any, y: Any) -> None:
        kind = KINDS.get(type(module)) or type(module).__name__.lower()
        output = tuple(y.shape[1:]) if isinstance(y, Tensor) else ()
        layers.append(Layer(kind, window_of(module), output, parameter_count(module)))

    for module in found.modules():
        if not list(module.children()):
            module.register_forward_hook(note)
    device = next(found.parameters()).device
    try:
        found.eval()(torch.zeros(1, *shape, device=device))
    except (RuntimeError, AssertionError) as error:
        size = f"{shape[1]} x {shape[2]}"
        raise ValueError(f"pictures of {size} are too small for {name}") from error
    total = sum(layer.parameters for layer in layers)
    if total > MOST_PARAMETERS:
        raise ValueError(
            f"{name} has {total:,} parameters; {MOST_PARAMETERS:,} are the most to train here"
        )
    return layers


def output_of(module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(module, nn.Flatten):
        return (prod(shape),)
    if isinstance(module, nn.Linear):
        return (module.out_features,)
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        return (shape[0], 1, 1)
    if isinstance(module, Whitening):
        return (module.channels, *(side - (not module.keeps_size) for side in shape[1:]))
    window = window_of(module)
    if window is None:
        return shape
    if isinstance(module, nn.Conv2d):
        around, stride = 2 * int(module.padding[0]), module.stride[0]
        sides = ((side + around - window) // stride + 1 for side in shape[1:])
        return (module.out_channels, *sides)
    return (shape[0], *(side // window for side in shape[1:]))  # a pool's window is its stride


def window_of(module: nn.Module) -> int | None:
    size = getattr(module, "kernel_size", None)
    return size[0] if isinstance(size, tuple) else size


def refuse_the_huge(layers: list[Layer]) -> None:
    """WrongChoice at the field of the layer that has the most to learn."""
    total = sum(layer.parameters for layer in layers)
    if total <= MOST_PARAMETERS:
        return
    worst = max(range(len(layers)), key=lambda i: layers[i].parameters)
    count = f"the network would have {total:,} parameters; {MOST_PARAMETERS:,} are the most here"
    if layers[worst].kind == "convolution":
        i = sum(layer.kind == "convolution" for layer in layers[:worst])
        raise WrongChoice(
            f"blocks.{i}.channels", f"{count}: take fewer channels or a smaller kernel"
        )
    raise WrongChoice("hidden", f"{count}: take fewer units, or pool more before them")
