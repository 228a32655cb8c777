"""Optimizers and learning-rate schedules.

Ours, not torch.optim's: the same steps in a few lines, and making one does not import torch's
compiler, which takes a second.
"""

from collections.abc import Iterable
from math import cos, pi, sqrt

import torch
from torch import Tensor, nn

SCHEDULES = ("one_cycle", "cosine", "linear", "steps", "constant")


class Optimizer:
    """Owns the parameters and what it remembers of each: `memory` maps a name to its tensors."""

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.weight_decay = weight_decay
        self.steps = 0
        self.memory: dict[str, list[Tensor]] = {}

    def remember(self, *names: str) -> None:
        for name in names:
            self.memory[name] = [torch.zeros_like(p) for p in self.parameters]

    def forget_gradients(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, rate: float) -> None:
        """One step down the gradients that are there, at this learning rate."""
        self.steps += 1
        with torch.no_grad():
            self.decay(rate)
            self.descend([p.grad for p in self.parameters if p.grad is not None], rate)

    def decay(self, rate: float) -> None:
        """Pull weights towards 0; biases and batch norm (one-dimensional) go free."""
        weights = [p for p in self.parameters if p.ndim > 1]
        if self.weight_decay:
            torch._foreach_mul_(weights, 1 - rate * self.weight_decay)

    def descend(self, gradients: list[Tensor], rate: float) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """velocity = momentum velocity + gradient; w -= rate (gradient + momentum velocity).

    Nesterov's momentum (Sutskever et al., 2013); momentum 0 is plain gradient descent.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], weight_decay: float, momentum: float
    ) -> None:
        super().__init__(parameters, weight_decay)
        self.momentum = momentum
        self.remember("velocity")

    def descend(self, gradients: list[Tensor], rate: float) -> None:
        velocity = self.memory["velocity"]
        torch._foreach_mul_(velocity, self.momentum)
        torch._foreach_add_(velocity, gradients)
        torch._foreach_add_(self.parameters, gradients, alpha=-rate)
        torch._foreach_add_(self.parameters, velocity, alpha=-rate * self.momentum)


class AdamW(Optimizer):
    """w -= rate mean / (sqrt(square) + eps), both averages corrected for their start at 0.

    Kingma and Ba, 2015; weight decay apart from the gradient (Loshchilov and Hutter, 2019).
    """

    BETA1, BETA2, EPS = 0.9, 0.999, 1e-8

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float) -> None:
        super().__init__(parameters, weight_decay)
        self.remember("mean", "square")

    def descend(self, gradients: list[Tensor], rate: float) -> None:
        mean, square = self.memory["mean"], self.memory["square"]
        torch._foreach_lerp_(mean, gradients, 1 - self.BETA1)
        torch._foreach_mul_(square, self.BETA2)
        torch._foreach_addcmul_(square, gradients, gradients, 1 - self.BETA2)
        root = torch._foreach_sqrt(square)
        torch._foreach_div_(root, sqrt(1 - self.BETA2**self.steps))
        torch._foreach_add_(root, self.EPS)
        torch._foreach_addcdiv_(self.parameters, mean, root, -rate / (1 - self.BETA1**self.steps))


class Muon(Optimizer):
    """For weights of hidden layers w -= rate 0.2 sqrt(longer side) O; the rest as AdamW does, and
    what is too large for it.

    O is Nesterov's momentum as a matrix (a kernel's weights in one row) made orthogonal: of its
    U S V^T, U V^T stays, so that every direction is learnt at one pace (Jordan et al., 2024). The
    scale makes steps as long as AdamW's, for the same learning rate (Liu et al., 2025).
    """

    MOMENTUM, SCALE = 0.9, 0.2
    LARGEST = 1024  # shorter side of a matrix: its cube is what a step costs

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float) -> None:
        given = list(parameters)
        super().__init__(given, weight_decay)
        weights = [i for i, p in enumerate(given) if p.ndim > 1]
        self.hidden = [i for i in weights[:-1] if min(given[i].flatten(1).shape) <= self.LARGEST]
        self.others = [i for i in range(len(given)) if i not in self.hidden]
        self.adamw = AdamW([given[i] for i in self.others], 0)
        velocity = [torch.zeros_like(given[i]) for i in self.hidden]
        self.memory = {"velocity": velocity, **self.adamw.memory}

    def descend(self, gradients: list[Tensor], rate: float) -> None:
        self.adamw.steps = self.steps
        self.adamw.descend([gradients[i] for i in self.others], rate)
        for i, velocity in zip(self.hidden, self.memory["velocity"], strict=True):
            velocity.lerp_(gradients[i], 1 - self.MOMENTUM)
            ahead = gradients[i].lerp(velocity, self.MOMENTUM).flatten(1)
            pace = rate * self.SCALE * sqrt(max(ahead.shape))
            self.parameters[i].sub_(orthogonal(ahead).reshape(velocity.shape), alpha=pace)


def orthogonal(matrix: Tensor) -> Tensor:
    """Nearly U V^T of a matrix U S V^T: its singular values come to between 0.7 and 1.2.

    Five turns of a polynomial in the matrix pull each of them there (Newton and Schulz); half the
    bits suffice, so autocast may have them. The numbers are those of Jordan et al.
    """
    is_tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = torch.addmm(
            x, torch.addmm(square, square, square, beta=-4.7750, alpha=2.0315), x, beta=3.4445
        )
    return x.T if is_tall else x


OPTIMIZERS = ("adamw", "sgd", "muon")


def make_optimizer(
    name: str, network: nn.Module, weight_decay: float, momentum: float
) -> Optimizer:
    """momentum is sgd's alone. ValueError for an unknown name."""
    if name == "adamw":
        return AdamW(network.parameters(), weight_decay)
    if name == "muon":
        return Muon(network.parameters(), weight_decay)
    if name == "sgd":
        return SGD(network.parameters(), weight_decay, momentum)
    raise ValueError(f"no optimizer {name!r}; choose one of {', '.join(OPTIMIZERS)}")


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
