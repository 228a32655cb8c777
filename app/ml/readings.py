"""What a network makes of many pictures: logits, and what its last layer was given."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor, nn

from app.ml.networks import weighted_layers
from app.ml.parts import Part


@dataclass(frozen=True)
class Readings:
    """Of N pictures: logits (N, K) and hidden (N, F), one number for each unit of the last hidden
    layer, or for each of its maps the mean; None where the last layer is no linear one."""

    logits: Tensor
    hidden: Tensor | None

    def __getitem__(self, rows: Tensor) -> "Readings":
        return Readings(self.logits[rows], None if self.hidden is None else self.hidden[rows])

    @classmethod
    def joined(cls, batches: Sequence["Readings"]) -> "Readings":
        hidden = [batch.hidden for batch in batches if batch.hidden is not None]
        logits = torch.cat([batch.logits for batch in batches])
        return cls(logits, torch.cat(hidden) if hidden else None)


Reader = Callable[[Part], Readings]


@torch.no_grad()
def read(network: nn.Module, batches: Iterable[Tensor]) -> Readings:
    """Normalised batches (B, C, H, W) through a network in eval mode, in float32."""
    found = []
    with last_hidden(network) as given:
        for x in batches:
            logits = network(x).float().cpu()
            # once for each look, whose mean is the answer
            hidden = torch.stack(given).mean(0).float().cpu() if given else None
            found.append(Readings(logits, hidden))
            given.clear()
    return Readings.joined(found)


@contextmanager
def last_hidden(network: nn.Module) -> Iterator[list[Tensor]]:
    """What the last layer is given while pictures go through, (B, F) at each call."""
    given: list[Tensor] = []
    head, cells = linear_head(network)
    if head is None:
        yield given
        return
    hook = head.register_forward_pre_hook(lambda _, inputs: given.append(pooled(inputs[0], cells)))
    try:
        yield given
    finally:
        hook.remove()


def linear_head(network: nn.Module) -> tuple[nn.Linear | None, int]:
    """The last layer, where it is a linear one, and how many of its inputs are of one map: more
    than 1 where it is given whole maps."""
    weighted = [layer for _, layer in weighted_layers(network)]
    if not weighted or not isinstance(head := weighted[-1], nn.Linear):
        return None, 1
    before = weighted[-2] if len(weighted) > 1 else None
    if not isinstance(before, nn.Conv2d):
        return head, 1
    cells, left = divmod(head.in_features, before.out_channels)
    is_square = not left and isqrt(cells) ** 2 == cells
    return head, cells if is_square else 1


def pooled(given: Tensor, cells: int) -> Tensor:
    """(N, F * cells) -> (N, F): the mean of each map."""
    return given if cells == 1 else given.view(len(given), -1, cells).mean(2)
