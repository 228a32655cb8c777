"""The networks: MLP and CNN, as the lecture draws them; NETWORKS names all."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from app.ml.activations import activation_module
from app.ml.convolution import Conv2d
from app.ml.hyperparameters import ACTIVATION, DROPOUT, GAMMA, Hyperparameter, WrongChoice, complete
from app.ml.residual import Residual


class MLP(nn.Module):
    """a[k] = g(W[k] a[k-1] + b[k]) for each hidden width, then logits h = W[r] a[r-1] + b[r].

    Takes (N, C, H, W), flattens it to (N, d); W[k] is (width, width before), b[k] is (width,).
    """

    HYPERPARAMETERS = (
        Hyperparameter(
            "hidden", "integers", [512, 256],
            "Units of each hidden layer, from the input on.", minimum=1, maximum=4096,
        ),
        ACTIVATION, GAMMA, DROPOUT,
        Hyperparameter(
            "batch_norm", "boolean", False,
            "Keep each unit's input near mean 0 and variance 1 (Ioffe and Szegedy, 2015).",
        ),
    )  # fmt: skip

    def __init__(
        self, shape: tuple[int, int, int], classes: int, hidden: list[int], activation: str,
        gamma: float, dropout: float, batch_norm: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten())
        width = shape[0] * shape[1] * shape[2]
        for units in hidden:
            self.layers.append(nn.Linear(width, units, bias=not batch_norm))
            if batch_norm:
                self.layers.append(nn.BatchNorm1d(units))
            self.layers.append(activation_module(activation, gamma))
            if dropout:
                self.layers.append(nn.Dropout(dropout))
            width = units
        self.layers.append(nn.Linear(width, classes))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)  # (N, C, H, W) -> (N, classes)
        return logits


@dataclass(frozen=True)
class Block:
    """Convolution, batch norm, activation, pooling. pool is the window and stride; 1 is none."""

    channels: int
    kernel: int = 3
    stride: int = 1
    padding: int = -1  # -1: half the kernel, so that stride 1 keeps the size
    pool: int = 1
    pooling: str = "max"

    RANGES: ClassVar = {
        "channels": (1, 512), "kernel": (1, 11), "stride": (1, 4), "padding": (-1, 5),
        "pool": (1, 4),
    }  # fmt: skip

    def __post_init__(self) -> None:
        for name, (low, high) in self.RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                sentence = f"a block's {name} must be a whole number from {low} to {high}"
                raise WrongChoice(name, sentence)
        if self.pooling not in ("max", "average"):
            raise WrongChoice("pooling", "a block's pooling must be max or average")

    def output_side(self, side: int) -> int:
        """(side + 2 padding - kernel) / stride + 1, rounded down, then pooled."""
        padding = self.kernel // 2 if self.padding < 0 else self.padding
        if side + 2 * padding < self.kernel:
            raise WrongChoice(
                "kernel",
                f"a {self.kernel} x {self.kernel} kernel does not fit a {side} x {side} input; "
                "take a smaller kernel, more padding or less pooling before it",
            )
        side = (side + 2 * padding - self.kernel) // self.stride + 1
        if side < self.pool:
            raise WrongChoice("pool", "the pooling leaves no pixel; pool less or take fewer blocks")
        return side // self.pool


class CNN(nn.Module):
    """Blocks of convolution and pooling, then fully connected layers: (N, C, H, W) -> logits."""

    HYPERPARAMETERS = (
        Hyperparameter(
            "blocks", "blocks",
            [{"channels": 32, "kernel": 3}, {"channels": 64, "kernel": 3, "pool": 2}],
            "Each block is channels, kernel, stride, padding, pool (window) and pooling.",
        ),
        Hyperparameter(
            "hidden", "integers", [128],
            "Units of the fully connected layers after the blocks.", minimum=1, maximum=4096,
        ),
        ACTIVATION, GAMMA, DROPOUT,
        Hyperparameter(
            "batch_norm", "boolean", True,
            "Keep each channel near mean 0 and variance 1 (Ioffe and Szegedy, 2015).",
        ),
        Hyperparameter(
            "global_pooling", "boolean", False,
            "Average each last feature map to one number (Lin et al., 2013).",
        ),
    )  # fmt: skip

    def __init__(
        self, shape: tuple[int, int, int], classes: int, blocks: list[dict[str, Any]],
        hidden: list[int], activation: str, gamma: float, dropout: float, batch_norm: bool,
        global_pooling: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        channels, side, _ = shape
        self.features = nn.Sequential()
        for i, block in enumerate(check_blocks(blocks)):
            with of_block(i):
                side = block.output_side(side)
            self.features.extend(convolution(channels, block, batch_norm))
            self.features.append(activation_module(activation, gamma))
            if block.pool > 1:
                pool = nn.MaxPool2d if block.pooling == "max" else nn.AvgPool2d
                self.features.append(pool(block.pool))
            channels = block.channels
        if global_pooling:
            self.features.append(nn.AdaptiveAvgPool2d(1))
        head = (channels, 1, 1) if global_pooling else (channels, side, side)
        self.head = MLP(head, classes, hidden, activation, gamma, dropout, False)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.features(x)  # (N, C, H, W) -> (N, channels, side, side)
        logits: Tensor = self.head(maps)
        return logits


def check_blocks(blocks: Any) -> list[Block]:
    if not isinstance(blocks, list | tuple) or not 1 <= len(blocks) <= 16:
        raise ValueError("blocks must be a list of 1 to 16 blocks")
    checked = []
    for i, block in enumerate(blocks):
        with of_block(i):
            try:
                checked.append(Block(**block))
            except TypeError as error:
                names = "channels, kernel, stride, padding, pool, pooling"
                raise ValueError(f"a block is a table of {names}; channels is needed") from error
    return checked


@contextmanager
def of_block(i: int) -> Iterator[None]:
    """What does not fit within is a field of this block."""
    try:
        yield
    except WrongChoice as unfit:
        raise WrongChoice(f"blocks.{i}.{unfit.field}", str(unfit)) from None


def convolution(channels: int, block: Block, batch_norm: bool) -> list[nn.Module]:
    padding = block.kernel // 2 if block.padding < 0 else block.padding
    layer = Conv2d(
        channels, block.channels, block.kernel, block.stride, padding, bias=not batch_norm
    )
    return [layer, nn.BatchNorm2d(block.channels)] if batch_norm else [layer]


Network = nn.Module  # one of these three, or one of torchvision's
NETWORKS: dict[str, type[MLP] | type[CNN] | type[Residual]] = {
    "mlp": MLP, "cnn": CNN, "residual": Residual,
}  # fmt: skip

TITLES = {"mlp": "MLP", "cnn": "CNN", "residual": "Residual CNN"}  # others by their own name


def build(
    network: str, hyperparameters: Mapping[str, Any], shape: tuple[int, int, int], classes: int
) -> Network:
    """A fresh network for pictures of shape (C, H, W), weights from torch's current random state.

    `network` is one of NETWORKS or a name of torchvision's, which has no hyperparameters.
    ValueError with a sentence when it cannot work.
    """
    if network not in NETWORKS:
        return build_imported(network, hyperparameters, shape, classes)
    make: Callable[..., Network] = NETWORKS[network]
    return make(shape, classes, **complete(NETWORKS[network].HYPERPARAMETERS, hyperparameters))


def build_imported(
    network: str, hyperparameters: Mapping[str, Any], shape: tuple[int, int, int], classes: int
) -> Network:
    from app.ml.torchvision_models import build_architecture

    complete((), hyperparameters)
    return build_architecture(network, shape, classes)


def hyperparameters_of(network: str) -> tuple[Hyperparameter, ...]:
    """The table of one of NETWORKS; a network of torchvision's has none."""
    return NETWORKS[network].HYPERPARAMETERS if network in NETWORKS else ()


def channels_last(network: Network) -> Network:
    """The memory order in which convolutions are quickest here."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def weighted_layers(network: Network) -> list[tuple[str, nn.Linear | nn.Conv2d]]:
    """Those with weights, and their names, in the order in which they are done."""
    return [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    ]


def head_of(network: Network) -> tuple[str, nn.Linear | nn.Conv2d]:
    """The layer that has one unit for each class, and its name: the last one with weights."""
    return weighted_layers(network)[-1]


def begin_from(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Copy the weights over the fresh ones; what they lack stays fresh, which may be the last layer
    alone. ValueError where they are of another network."""
    try:
        found = network.load_state_dict(dict(weights), strict=False)
    except RuntimeError as error:
        raise ValueError("the weights that it should start from do not fit") from error
    head = head_of(network)[0]
    if found.unexpected_keys or any(not n.startswith(f"{head}.") for n in found.missing_keys):
        raise ValueError("the weights that it should start from are of another network")


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def shapes(network: Network, shape: tuple[int, int, int]) -> list[tuple[str, tuple[int, ...]]]:
    """Each layer's kind and output shape for one picture, found by sending zeros through."""
    found: list[tuple[str, tuple[int, ...]]] = []
    layers = [m for m in network.modules() if not list(m.children())]
    hooks = [
        layer.register_forward_hook(
            lambda module, _, y: found.append((type(module).__name__, tuple(y.shape[1:])))
        )
        for layer in layers
    ]
    was_training = network.training
    network.eval()(torch.zeros(1, *shape))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return found
