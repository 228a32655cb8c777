"""All that a training needs to go on exactly where it stood, in one safetensors file."""

import json
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Generator, Tensor, nn

from app.ml.optimisation import Optimizer


@dataclass(frozen=True)
class TrainingState:
    """tensors: network.*, averaged.*, optimizer.*, random.* (uint8); place: plain numbers."""

    tensors: dict[str, Tensor]
    place: dict[str, Any]

    @classmethod
    def of(
        cls, network: nn.Module, optimizer: Optimizer, averaged: dict[str, Tensor],
        random: Generator, place: dict[str, Any],
    ) -> "TrainingState":  # fmt: skip
        tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
        tensors |= {f"averaged.{name}": value for name, value in averaged.items()}
        for name, values in optimizer.memory.items():
            tensors |= {f"optimizer.{name}.{index}": value for index, value in enumerate(values)}
        tensors["random.torch"] = torch.get_rng_state()
        if random.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(random.device)
        tensors["random.augmentation"] = random.get_state()
        copies = {
            name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()
        }
        return cls(copies, {**place, "optimizer_steps": optimizer.steps})

    def into(
        self, network: nn.Module, optimizer: Optimizer, averaged: dict[str, Tensor],
        random: Generator,
    ) -> None:  # fmt: skip
        """Copy this state over freshly made parts of the same network. An optimizer of another
        kind remembers other things: it begins anew."""
        network.load_state_dict(self.under("network"))
        for name, value in self.under("averaged").items():
            averaged[name].copy_(value)
        memory = {
            f"optimizer.{name}.{index}": value
            for name, values in optimizer.memory.items() for index, value in enumerate(values)
        }  # fmt: skip
        if all(self.shape(name) == value.shape for name, value in memory.items()):
            optimizer.steps = self.place["optimizer_steps"]
            for name, value in memory.items():
                value.copy_(self.tensors[name])
        torch.set_rng_state(self.tensors["random.torch"])
        if "random.cuda" in self.tensors and random.device.type == "cuda":
            torch.cuda.set_rng_state(self.tensors["random.cuda"], random.device)
        random.set_state(self.tensors["random.augmentation"])

    def shape(self, name: str) -> torch.Size | None:
        return self.tensors[name].shape if name in self.tensors else None

    def under(self, prefix: str) -> dict[str, Tensor]:
        start = f"{prefix}."
        mine = (name for name in self.tensors if name.startswith(start))
        return {name.removeprefix(start): self.tensors[name] for name in mine}

    def save(self, path: str) -> None:
        save_file(self.tensors, path, {"place": json.dumps(self.place)})

    @classmethod
    def load(cls, path: str) -> "TrainingState":
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return cls(tensors, read_place(path))


def read_place(path: str) -> dict[str, Any]:
    """The plain numbers of a state on disk, without its tensors."""
    with safe_open(path, "pt") as file:
        place: dict[str, Any] = json.loads(file.metadata()["place"])
        return place
