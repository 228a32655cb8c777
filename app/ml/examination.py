"""What a checkpoint makes of every picture of a part, kept beside it: computed once, read often."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from app.ml.cards import Card
from app.ml.evaluation import Evaluation, evaluate
from app.ml.files import write_atomically
from app.ml.inference import Classifier
from app.ml.networks import CNN, Network
from app.ml.parts import Dataset, Part
from app.ml.picture import Picture
from app.ml.residual import Residual

TRAINING_SAMPLE = 2_000  # training pictures that are looked at, as they are: +-1 point at 95 %
SEEN_BYTES = 512 * 1024 * 1024  # of the pictures of a part; of a larger one a sample is looked at
ACTIVE_SAMPLE = 1_000  # pictures on which a unit may show that it is alive
ACTIVE_PIXELS = 64 * 64 * ACTIVE_SAMPLE  # fewer pictures where they are large
FLAT = 0.04  # of an activation's steepest slope: beyond, hardly any gradient comes through


@dataclass(frozen=True)
class Layer:
    """What the units behind one activation do: shares of them, or None where it cannot happen."""

    name: str
    activation: str
    units: int
    dead: float | None  # units that are 0 for each picture, which ReLU cannot bring back
    saturated: float | None  # outputs where sigmoid or tanh is flat


@dataclass(frozen=True)
class Examination:
    evaluation: Evaluation
    layers: tuple[Layer, ...]

    def save(self, path: Path) -> None:
        found = self.evaluation
        tensors = {
            "labels": found.labels,
            "probabilities": found.probabilities,
            "rejected": found.rejected,
        }
        layers = json.dumps([asdict(layer) for layer in self.layers])
        write_atomically(path, lambda name: save_file(tensors, name, {"layers": layers}))

    @classmethod
    def load(cls, path: Path) -> "Examination":
        with safe_open(path, "pt") as file:
            layers = json.loads(file.metadata()["layers"])
        tensors = load_file(path)
        evaluation = Evaluation(tensors["labels"], tensors["probabilities"], tensors["rejected"])
        return cls(evaluation, tuple(Layer(**layer) for layer in layers))


def examined_part(dataset: Dataset, name: str) -> Part:
    """The part as it is; of training pictures, or of very many, a sample, always the same one."""
    part = dataset.part(name)
    most = SEEN_BYTES // part.picture_bytes
    return part.sample(min(most, TRAINING_SAMPLE) if name == "train" else most)


def examine(card: Card, network: Network, part: Part) -> Examination:
    """ValueError when the part is empty."""
    classifier = Classifier(card, network)
    evaluation = evaluate(classifier.probabilities, part)
    some = min(ACTIVE_SAMPLE, ACTIVE_PIXELS // part.pictures.shape[2:].numel())
    x = classifier.normalised(part.pictures[:some].numpy())
    return Examination(evaluation, activity(network, x))


@torch.inference_mode()
def activity(network: Network, x: Tensor) -> tuple[Layer, ...]:
    """Each activation of the network in eval mode, for these inputs (N, C, H, W)."""
    found: dict[nn.Module, Tensor] = {}
    named = named_activations(network)
    hooks = [
        module.register_forward_hook(lambda module, _, y: found.update({module: y}))
        for module in named.values()
    ]
    network(x)
    for hook in hooks:
        hook.remove()
    return tuple(layer_of(name, module, found[module]) for name, module in named.items())


def named_activations(network: Network) -> dict[str, nn.Module]:
    """In the order of the layers, by the names that a person counts by."""
    parts: list[tuple[str, nn.Module]] = [("Hidden layer", network)]
    if isinstance(network, CNN):
        parts = [("Block", network.features), ("Hidden layer", network.head)]
    if isinstance(network, Residual):
        parts = [("Convolution", network.stages)]
    return {
        f"{word} {number}": module
        for word, part in parts
        for number, module in enumerate(filter(is_activation, part.modules()), 1)
    }


def is_activation(module: nn.Module) -> bool:
    return isinstance(module, nn.ReLU | nn.LeakyReLU | nn.GELU | nn.Sigmoid | nn.Tanh)


def layer_of(name: str, module: nn.Module, y: Tensor) -> Layer:
    """y: (N, units) or (N, channels, H, W)."""
    dead = saturated = None
    if isinstance(module, nn.ReLU):
        highest = y.flatten(2).amax(2) if y.ndim > 2 else y  # (N, units)
        dead = float((highest.amax(0) <= 0).double().mean())
    if isinstance(module, nn.Sigmoid):
        saturated = float((4 * y * (1 - y) < FLAT).double().mean())  # slope y (1 - y), at most 1/4
    if isinstance(module, nn.Tanh):
        saturated = float((1 - y * y < FLAT).double().mean())  # slope 1 - y^2, at most 1
    return Layer(name, type(module).__name__.lower(), y.shape[1], dead, saturated)


def save_pictures(folder: Path, name: str, part: Part) -> None:
    """Once for all checkpoints of a run: they see the same."""
    path = folder / pictures_of(name)
    if path.exists():
        return
    tensors = {"pictures": part.pictures[:].contiguous()}
    write_atomically(path, lambda name: save_file(tensors, name))


def read_pictures(folder: Path, part: str, rows: Sequence[int]) -> list[Picture]:
    """uint8 (H, W) or (H, W, 3) of these rows, of what save_pictures wrote."""
    with safe_open(folder / pictures_of(part), "np") as file:
        pictures = file.get_slice("pictures")
        found = [pictures[row] for row in rows]
    return [p[0] if len(p) == 1 else p.transpose(1, 2, 0) for p in found]


def pictures_of(part: str) -> str:
    return f"{part}.pictures.safetensors"
