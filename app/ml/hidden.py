"""The last hidden layer: what a network makes of a picture just before it decides.

Kept for all pictures of a part, so that a drawing can be laid beside them: its neighbours, its
place on a map.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from time import perf_counter

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from app.ml.cards import Card
from app.ml.files import write_atomically
from app.ml.fusion import Fused, mean_look
from app.ml.gallery import MOST_SIDE, small_pictures
from app.ml.inference import Classifier
from app.ml.networks import Network
from app.ml.parts import Part
from app.ml.reasons import OfBrightness

MOST_PICTURES = 10_000  # of a part; of a larger one a sample, always the same
MOST_BYTES = 64 * 1024 * 1024  # of one part's file: fewer pictures where features are many
FITTED = 2_000  # pictures, evenly chosen, that the axes of the map are fitted to
SECONDS = 15.0  # then those that were looked at must do: a large network is slow
LEAST_PICTURES = 500  # that are looked at however long they take
PIXELS = 256 * 1024  # of one batch


@dataclass(frozen=True)
class Hidden:
    """Of N pictures: features float16 (N, D), labels and predicted (N,), rows in their part (N,),
    pictures uint8 (N, C, S, S); places (N, 2) on the map that mean (D,) and axes (D, 2) draw."""

    features: Tensor
    labels: Tensor
    predicted: Tensor
    rows: Tensor
    pictures: Tensor
    mean: Tensor
    axes: Tensor
    explained: Tensor  # (2,): the share of the variance along each axis

    def save(self, path: Path) -> None:
        tensors = {field.name: getattr(self, field.name).contiguous() for field in fields(self)}
        write_atomically(path, lambda name: save_file(tensors, name))

    @classmethod
    def load(cls, path: Path) -> "Hidden":
        """FileNotFoundError where it was cleared away."""
        return cls(**load_file(path))

    @cached_property
    def places(self) -> Tensor:
        """(N, 2)."""
        return self.place(self.features.float())

    def place(self, features: Tensor) -> Tensor:
        """(N, D) -> (N, 2): where pictures stand on the map, those too that were not there when it
        was drawn."""
        return (features - self.mean) @ self.axes

    def nearest(self, features: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """(D,) -> the (rows here, distances) of the nearest pictures, by Euclid."""
        distances = (self.features.float() - features).norm(dim=1)
        found = distances.topk(min(count, len(distances)), largest=False)
        return found.indices, found.values


def last_linear(network: nn.Module) -> nn.Linear:
    return [module for module in network.modules() if isinstance(module, nn.Linear)][-1]


@torch.no_grad()
def features_of(seen: OfBrightness, x: Tensor) -> Tensor:
    """(N, C, H, W) in 0..1 -> (N, D), the input of the last linear layer, which makes logits of it;
    where the network looks several times, their mean."""
    found: list[Tensor] = []
    hook = last_linear(seen).register_forward_pre_hook(lambda _, given: found.append(given[0]))
    try:
        seen(x)
    finally:
        hook.remove()
    return torch.stack(found).mean(0)


@torch.no_grad()
def hidden(card: Card, network: Network, part: Part) -> Hidden:
    """The network may lose its last layer. ValueError when the part is empty."""
    if not len(part):
        raise ValueError("this part of the dataset is empty; choose another")
    last, classifier = last_linear(network), Classifier(card, network)
    quick = classifier.network
    if not isinstance(quick, Fused):
        quick = Fused(without(network, last), last)
    rows = sample(len(part), last.in_features, part.pictures[0])
    found, answers, until = list[Tensor](), list[Tensor](), perf_counter() + SECONDS
    for some in torch.split(rows, batch_of(part)):
        given = quick.body(classifier.normalised(part.pictures[some].numpy()))
        found.append(mean_look(given).flatten(1))
        answers.append(quick.head(given).argmax(1))
        if perf_counter() > until and len(found) * batch_of(part) >= LEAST_PICTURES:
            break
    features, rows = torch.cat(found), rows[: sum(map(len, found))]
    rows, order = rows.sort()
    features = features[order]
    mean, axes, explained = principal_axes(features)
    return Hidden(
        features=features.clamp(-65_000, 65_000).half(), labels=part.labels[rows],
        predicted=torch.cat(answers)[order], rows=rows, pictures=small_pictures(part, rows),
        mean=mean, axes=axes, explained=explained,
    )  # fmt: skip


def without(network: Network, layer: nn.Module) -> Network:
    """The network with this layer left out."""
    for module in network.modules():
        for name, child in module.named_children():
            if child is layer:
                setattr(module, name, nn.Identity())
    return network


def sample(count: int, width: int, picture: Tensor) -> Tensor:
    """Rows of a part, chosen and ordered at random, always the same: any beginning is a sample."""
    pixels = len(picture) * min(MOST_SIDE, picture.shape[1]) * min(MOST_SIDE, picture.shape[2])
    most = max(1, min(MOST_PICTURES, MOST_BYTES // (2 * width + pixels)))
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    return order[:most]


def batch_of(part: Part) -> int:
    """Pictures at once, so that large ones do not take all memory."""
    return max(1, min(256, PIXELS // part.pictures.shape[2:].numel()))


def principal_axes(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, D) -> mean (D,), axes (D, 2) and their shares of the variance: the two directions along
    which the pictures differ most (PCA; Pearson, 1901). It knows no labels."""
    some = features[torch.linspace(0, len(features) - 1, min(FITTED, len(features))).long()]
    mean = some.double().mean(0)
    away = some.double() - mean
    if away.shape[1] <= len(away):
        variances, axes = torch.linalg.eigh(away.T @ away / len(away))
    else:  # the same axes by way of the smaller matrix
        variances, sides = torch.linalg.eigh(away @ away.T / len(away))
        axes = nn.functional.normalize(away.T @ sides, dim=0)
    variances, axes = variances[-2:].flip(0), axes[:, -2:].flip(1)
    if axes.shape[1] < 2:  # a last hidden layer of one unit
        axes = torch.cat((axes, torch.zeros_like(axes)), 1)
        variances = torch.cat((variances, torch.zeros_like(variances)))
    signs = axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()  # eigh leaves them open
    shares = variances / away.square().sum(1).mean().clamp(min=1e-12)
    return mean.float(), (axes * signs).float(), shares.float()
