"""Which pictures of a dataset excite each unit of a network most."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from app.ml.cards import Card
from app.ml.files import write_atomically
from app.ml.gallery import small_pictures
from app.ml.hidden import SECONDS, batch_of
from app.ml.networks import Network
from app.ml.parts import Part
from app.ml.reasons import OfBrightness
from app.ml.trace import watched

MOST = 9  # pictures for each unit
MOST_PICTURES = 2_000  # that are looked at; each costs a forward pass, layer by layer


@dataclass(frozen=True)
class Excitement:
    """Of one layer: values, rows and places (units, MOST). A place is where in its map the unit
    answered so, y * width + x; rows are of the pictures kept beside it."""

    values: Tensor
    rows: Tensor
    places: Tensor
    map: tuple[int, int]  # (height, width); (1, 1) of a layer without maps

    def merged(self, other: "Excitement") -> "Excitement":
        values = torch.cat((self.values, other.values), 1)
        best = values.topk(min(MOST, values.shape[1]), 1)
        rows = torch.cat((self.rows, other.rows), 1).gather(1, best.indices)
        places = torch.cat((self.places, other.places), 1).gather(1, best.indices)
        return Excitement(best.values, rows, places, self.map)


@torch.no_grad()
def excitement(card: Card, network: Network, part: Part) -> tuple[dict[str, Excitement], int]:
    """Of each layer by its name, and how many pictures of the part were looked at: all, or as many
    as there was time for. ValueError when the part is empty."""
    if not len(part):
        raise ValueError("this part of the dataset is empty; choose another")
    seen, found = OfBrightness(network, card.preprocessing), dict[str, Excitement]()
    size, until, looked_at = batch_of(part), perf_counter() + SECONDS, 0
    while looked_at < len(part) and (perf_counter() < until or not looked_at):
        start = looked_at
        with watched(network) as layers:
            seen(part.pictures[start : start + size].float() / 255)
        looked_at = min(len(part), start + size)
        for layer in layers[: len({layer.name for layer in layers})]:  # the first look
            new = strongest(layer.output, start)
            old = found.get(layer.name)
            found[layer.name] = old.merged(new) if old else new
    return found, looked_at


def strongest(y: Tensor, start: int) -> Excitement:
    """y: (N, units) or (N, units, H, W), of the pictures from row `start` on."""
    height, width = y.shape[2:] if y.ndim == 4 else (1, 1)
    peaks = y.flatten(2).max(2) if y.ndim == 4 else y.unsqueeze(2).max(2)
    best = peaks.values.T.topk(min(MOST, len(y)), 1)  # (units, MOST)
    places = peaks.indices.T.gather(1, best.indices)
    return Excitement(best.values, best.indices + start, places, (height, width))


def save_excitement(path: Path, found: dict[str, Excitement], part: Part, looked_at: int) -> None:
    """With the pictures that are shown, each once."""
    used = torch.unique(torch.cat([layer.rows.flatten() for layer in found.values()]))
    tensors = {"pictures": small_pictures(part, used), "labels": part.labels[used], "rows": used}
    for name, layer in found.items():
        tensors[f"{name}/values"] = layer.values.contiguous()
        tensors[f"{name}/kept"] = torch.searchsorted(used, layer.rows.contiguous())
        tensors[f"{name}/places"] = layer.places.contiguous()
        tensors[f"{name}/map"] = torch.tensor(layer.map)
    metadata = {"n": f"{looked_at}"}
    write_atomically(path, lambda temporary: save_file(tensors, temporary, metadata))


@dataclass(frozen=True)
class Exciting:
    """A picture uint8 (C, S, S) that excites a unit; at: (x, y) from 0 to 1, where, or None."""

    value: float
    label: int
    row: int
    picture: Tensor
    at: tuple[float, float] | None


def read_exciting(path: Path, layer: str, unit: int) -> tuple[int, list[Exciting]]:
    """(pictures looked at, the best for one unit); KeyError without such a layer, IndexError
    without such a unit."""
    with safe_open(path, "pt") as file:
        n = int(file.metadata()["n"])
        if f"{layer}/kept" not in file.keys():  # noqa: SIM118
            raise KeyError(layer)
        kept, values = file.get_tensor(f"{layer}/kept"), file.get_tensor(f"{layer}/values")
        if not 0 <= unit < len(kept):
            raise IndexError(unit)
        places = file.get_tensor(f"{layer}/places")[unit].tolist()
        height, width = file.get_tensor(f"{layer}/map").tolist()
        labels, rows = file.get_tensor("labels"), file.get_tensor("rows")
        pictures = file.get_slice("pictures")
        return n, [
            Exciting(
                float(value), int(labels[row]), int(rows[row]), pictures[row],
                ((place % width + 0.5) / width, (place // width + 0.5) / height)
                if height * width > 1 else None,
            )
            for value, row, place in zip(
                values[unit].tolist(), kept[unit].tolist(), places, strict=True
            )
        ]  # fmt: skip
