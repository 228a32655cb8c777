"""Optimizers and learning-rate schedules."""

from math import cos, pi
from typing import Protocol

import torch
from torch import nn

OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("one_cycle", "cosine", "linear", "steps", "constant")


class OptimizerSpec(Protocol):
    @property
    def optimizer(self) -> str: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def momentum(self) -> float: ...


def make_optimizer(network: nn.Module, spec: OptimizerSpec) -> torch.optim.Optimizer:
    """Weight decay pulls on weights only: biases and batch norm (one-dimensional) go free."""
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": spec.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if spec.optimizer == "adamw":  # Loshchilov and Hutter, 2019
        return torch.optim.AdamW(groups, spec.learning_rate, fused=True)
    if spec.optimizer == "sgd":
        nesterov = spec.momentum > 0
        return torch.optim.SGD(groups, spec.learning_rate, spec.momentum, nesterov=nesterov)
    raise ValueError(f"no optimizer {spec.optimizer!r}; choose one of {', '.join(OPTIMIZERS)}")


def rate_at(progress: float, schedule: str, peak: float, warmup: float) -> float:
    """The learning rate at progress 0..1 of the training.

    one_cycle: linear up during the warm-up, then linear down to nearly 0 (after Smith, 2018);
    cosine: the same with a cosine down; linear: down from the start; steps: a tenth after 60 %,
    a hundredth after 85 %.
    """
    if schedule == "constant":
        return peak
    if schedule == "steps":
        return peak * (1 if progress < 0.6 else 0.1 if progress < 0.85 else 0.01)
    if schedule == "linear":
        return peak * max(1 - progress, 0.001)
    if schedule not in SCHEDULES:
        raise ValueError(f"no schedule {schedule!r}; choose one of {', '.join(SCHEDULES)}")
    if progress < warmup:
        return peak * max(progress / warmup, 0.01)
    fall = (progress - warmup) / (1 - warmup)
    return peak * max(1 - fall if schedule == "one_cycle" else (1 + cos(pi * fall)) / 2, 0.001)
