"""One picture's way through a network: what each layer was given and what it made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from app.ml.networks import Network
from app.ml.residual import Branch, Residual, together

TOKENS = ("VisionTransformer", "SwinTransformer", "MaxVit")  # of torchvision: no maps within


@dataclass(frozen=True)
class Seen:
    """A layer on the picture's way. `inputs` and `output` have a first axis of 1.

    kind: the module's class; `Add` where a residual branch ends and `Looks` where several answers
    become one, whose inputs are those that are joined; `Concatenate` where maps are laid one after
    another; `Closed` where there are neither maps nor units to show.
    """

    name: str  # the module's own in the network: features.0
    kind: str
    module: nn.Module
    inputs: tuple[Tensor, ...]
    output: Tensor
    branch: str | None = None  # the residual branch that it is a part of
    sources: tuple[int, ...] | None = (
        None  # which layers its inputs come from; None: the one before
    )


@dataclass(frozen=True)
class Trace:
    layers: list[Seen]
    logits: Tensor  # (classes,)

    def index(self, name: str) -> int:
        """ValueError with the names when there is none of this name."""
        for index, layer in enumerate(self.layers):
            if layer.name == name:
                return index
        names = ", ".join(layer.name for layer in self.layers)
        raise ValueError(f"there is no layer of this name; its layers are {names}")


def trace(network: Network, x: Tensor) -> Trace:
    """x (1, C, H, W), normalised, through a network in eval mode, not fused.

    Dropout is left out: it does nothing to an answer. Where the picture is looked at several times,
    the layers are those of the first look, at the picture itself.
    """
    if is_imported(network):
        from app.ml.graphs import steps_through

        steps, logits = steps_through(network, x)
        return Trace(steps, logits[0])
    first, *others = network.looks(x) if isinstance(network, Residual) else [x]
    with watched(network) as layers:
        logits = network.once(first) if isinstance(network, Residual) else network(first)
    if others:
        assert isinstance(network, Residual)
        answers = (logits, *(network.once(look) for look in others))
        logits = together(torch.stack(answers))
        layers.append(Seen("looks", "Looks", network, answers, logits))
    return Trace(layers, logits[0])


@contextmanager
def watched(network: nn.Module) -> Iterator[list[Seen]]:
    """The layers in the order in which they are done, while a picture goes through."""
    seen: list[Seen] = []
    imported = next((m for m in network.modules() if is_imported(m)), None)
    if imported is not None:
        with watched_graph(imported, seen):
            yield seen
        return
    branches = [name for name, module in network.named_modules() if isinstance(module, Branch)]

    def note(name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, Branch):
            seen.append(Seen(name, "Add", module, (*inputs, seen[-1].output), output))
            return
        within = next((branch for branch in branches if name.startswith(f"{branch}.")), None)
        seen.append(Seen(name, type(module).__name__, module, inputs, output, within))

    hooks = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: note(name, module, inputs, output)
        )
        for name, module in network.named_modules()
        if is_layer(module)
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def is_imported(network: nn.Module) -> bool:
    """Whether it is one of torchvision's, whose code tells no more than torch.fx finds in it."""
    return type(network).__module__.startswith("torchvision.models.")


@contextmanager
def watched_graph(network: nn.Module, seen: list[Seen]) -> Iterator[None]:
    from app.ml.graphs import steps_through

    def forward(x: Tensor) -> Tensor:
        steps, logits = steps_through(network, x)
        seen.extend(steps)
        return logits

    network.forward = forward
    try:
        yield
    finally:
        del network.forward


def is_layer(module: nn.Module) -> bool:
    whole = isinstance(module, Branch) or not list(module.children())
    return whole and not isinstance(module, nn.Dropout)
