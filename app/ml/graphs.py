"""The steps of a network that was written elsewhere, and a picture's way through them.

torch.fx follows the network's code once and writes down each step: which layer, which sum, which
concatenation, and what goes into it. Its graph names the layers alone, so that it serves each copy.
"""

import operator
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from app.ml.residual import Residual
from app.ml.trace import TOKENS, Seen

PASSED = (nn.Dropout, nn.Identity)  # what they are given they put out
OPEN = (  # layers whose output is maps (N, C, H, W) or units (N, U)
    nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Hardsigmoid, nn.SiLU, nn.Sigmoid,
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Flatten,
)  # fmt: skip
SUMS = (operator.add, operator.iadd, torch.add)
CLOSED = "Closed"


def graph_of(network: nn.Module) -> fx.Graph:
    """Made once for a network, and copied with it. Of a network that looks at a picture several
    times: the steps of one look."""
    found = network.__dict__.get("steps")
    if found is None:
        with network.looking_once() if isinstance(network, Residual) else nullcontext():
            found = Steps().trace(network)
        network.steps = found  # type: ignore[assignment]
    assert isinstance(found, fx.Graph)
    return found


def steps_through(network: nn.Module, x: Tensor) -> tuple[list[Seen], Tensor]:
    """The layers in the order in which they are done, and (N, classes): x is (N, C, H, W)."""
    recorder = Recorder(network)
    logits: Tensor = recorder.run(x)
    return with_branches(recorder.seen), logits


class Steps(fx.Tracer):
    """Takes our convolutions for single steps, as it does torch's layers."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


class Recorder(fx.Interpreter):
    """Runs a network step by step and notes its layers. `origins` says of each step's output by
    which layers it was made: those that are not shown hand on what they got."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network, graph=graph_of(network))
        self.seen: list[Seen] = []
        self.origins: dict[fx.Node, tuple[int, ...]] = {}
        self.has_tokens = type(network).__name__ in TOKENS

    def run_node(self, n: fx.Node) -> Any:
        found = super().run_node(n)
        before = sorted({i for node in n.all_input_nodes for i in self.origins.get(node, ())})
        self.origins[n] = tuple(before)
        step = self.step_of(n) if isinstance(found, Tensor | tuple) else None
        if step:
            self.note(n, step, found, tuple(before))
        return found

    def step_of(self, node: fx.Node) -> "tuple[str, nn.Module] | None":
        """(kind, the layer that does it), or None for what is no layer."""
        if node.op == "call_module":
            module = self.fetch_attr(str(node.target))
            return None if isinstance(module, PASSED) or is_still(module) else (
                type(module).__name__, module
            )  # fmt: skip
        if node.op == "call_function":
            return step_of_function(node)
        return ("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d(1)) if node.target == "mean" else None

    def note(
        self, node: fx.Node, step: tuple[str, nn.Module], output: Any, sources: tuple[int, ...]
    ) -> None:
        kind, module = step
        given = tuple(
            value
            for value in (self.env.get(each) for each in node.all_input_nodes)
            if isinstance(value, Tensor)
        )
        is_open = kind in JOINS or isinstance(module, OPEN) or is_last_linear(module, output)
        if kind == "Add" and not all(each.shape == output.shape for each in given):
            return  # a number is added: no two branches meet
        if not is_open or self.has_tokens or not isinstance(output, Tensor):
            kind, output = CLOSED, first_tensor(output)
        name = str(node.target) if node.op == "call_module" else node.name
        if any(seen.name == name for seen in self.seen):
            name = node.name  # one layer, used more than once
        # a later step may write into its input, so what is noted is a copy
        self.seen.append(Seen(name, kind, module, given, output.clone(), sources=sources))
        self.origins[node] = (len(self.seen) - 1,)


JOINS = ("Add", "Concatenate")


def is_still(module: nn.Module) -> bool:
    """Whether it does something in training alone."""
    return type(module).__name__ == "StochasticDepth"


def first_tensor(output: Any) -> Tensor:
    return output if isinstance(output, Tensor) else next(t for t in output if t is not None)


def is_last_linear(module: nn.Module, output: Any) -> bool:
    return isinstance(module, nn.Linear) and isinstance(output, Tensor) and output.ndim == 2


def step_of_function(node: fx.Node) -> tuple[str, nn.Module] | None:
    if node.target in SUMS and len(node.all_input_nodes) == 2:
        return "Add", nn.Identity()
    if node.target is torch.cat:
        return "Concatenate", nn.Identity()
    make = FUNCTIONS.get(node.target)
    if make is None:
        return None
    given = {name: value for name, value in node.kwargs.items() if name in GEOMETRY}
    module = make(*node.args[1:], **given)
    return type(module).__name__, module


GEOMETRY = ("kernel_size", "stride", "padding", "output_size")
FUNCTIONS: dict[Any, Callable[..., nn.Module]] = {
    functional.relu: lambda *_, **__: nn.ReLU(),
    torch.relu: lambda *_, **__: nn.ReLU(),
    functional.max_pool2d: nn.MaxPool2d,
    functional.avg_pool2d: nn.AvgPool2d,
    functional.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d,
    torch.flatten: lambda *_, **__: nn.Flatten(),
}


def with_branches(layers: list[Seen]) -> list[Seen]:
    """Where two ways meet in a sum, the layers that only one of them has gone through are told to
    be parts of that branch."""
    ancestors: list[set[int]] = []
    for layer in layers:
        ancestors.append(
            {i for source in layer.sources or () for i in (source, *ancestors[source])}
        )
    branch_of: dict[int, str] = {}
    for layer in layers:
        if layer.kind == "Add" and len(layer.sources or ()) == 2:
            one, other = ({i, *ancestors[i]} for i in layer.sources or ())
            for i in one ^ other:
                branch_of.setdefault(i, layer.name)
    return [replace(each, branch=branch_of.get(i)) for i, each in enumerate(layers)]
