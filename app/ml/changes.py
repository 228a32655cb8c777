"""What would change the answer: dabs of a pen or an eraser, and single pixels.

Both are greedy searches over the picture that the network sees. They find a change that is enough,
not the smallest there is, and say how many they tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor
from torch.nn.functional import conv_transpose2d

from app.ml.reasons import BATCH, OfBrightness

MOST_DABS = 12
MOST_PIXELS = 8
RIVALS = 3  # other classes that a step may try to reach, the nearest first
TRIED = 32  # places tried at each step for each rival, the most promising by the gradient
TRIED_PIXELS = 256  # the same for single pixels
DAB = 9.0  # dabs in the picture's side
SECONDS = 8.0  # then a search ends with the best it has seen: a large network is slow


@dataclass(frozen=True)
class Edit:
    """One dab or pixel: where in the picture, and whether it became brighter."""

    x: int
    y: int
    brighter: bool


@dataclass(frozen=True)
class Change:
    """picture (C, H, W) in 0..1 after the edits; logits (classes,) then. reached: another class
    won. tried: pictures that the network looked at."""

    edits: tuple[Edit, ...]
    picture: Tensor
    logits: Tensor
    reached: bool
    tried: int


@torch.no_grad()
def enough_dabs(seen: OfBrightness, x: Tensor, most: int = MOST_DABS) -> Change:
    """Dabs of ink or of an eraser, one after the other the one that brings another class nearest,
    until it wins; then those that were not needed are taken back. x (1, C, H, W) in 0..1."""
    brush = soft_brush(max(3, round(min(x.shape[2:]) / DAB)))
    search = Search(seen, x, brush, TRIED)
    search.go_on(most)
    if search.reached:
        search.take_back()
    return search.found()


@torch.no_grad()
def enough_pixels(seen: OfBrightness, x: Tensor, most: int = 1) -> Change:
    """Single pixels made black or white, one after the other, until another class wins
    (after Su et al., 2017, who change one)."""
    search = Search(seen, x, torch.ones(1, 1), TRIED_PIXELS, rivals=1)
    search.go_on(most)
    return search.found()


def soft_brush(size: int) -> Tensor:
    """(size, size), 1 in the middle and round."""
    at = torch.linspace(-1, 1, size)
    distance = (at[:, None] ** 2 + at[None] ** 2).sqrt()
    return (1.4 - distance).clamp(0, 1)


class Search:
    """A picture, the edits made on it so far, and what the network says of it now."""

    def __init__(
        self, seen: OfBrightness, x: Tensor, brush: Tensor, tried: int, rivals: int = RIVALS
    ) -> None:
        self.seen, self.start, self.brush = seen, x, brush
        self.each, self.rivals, self.tried = tried, rivals, 0
        self.until = perf_counter() + SECONDS
        self.edits: list[Edit] = []
        self.now = x
        self.logits = seen(x)[0]
        self.first = int(self.logits.argmax())

    @property
    def reached(self) -> bool:
        return int(self.logits.argmax()) != self.first

    def go_on(self, most: int) -> None:
        """Until another class wins, so many edits are made, or the time is over."""
        while not self.reached and len(self.edits) < most and perf_counter() < self.until:
            self.step()

    def step(self) -> None:
        """The edit, of the promising ones, after which a rival leads by most or lags by least."""
        by_rival = [self.promising(rival) for rival in self.nearest()]
        candidates = [edit for rank in zip(*by_rival, strict=True) for edit in rank]
        logits = torch.cat(list(self.looked_at(candidates)))
        self.tried += len(logits)
        best = int(lead(logits, self.first).argmax())
        self.edits.append(candidates[best])
        self.now, self.logits = self.with_edit(self.now, candidates[best]), logits[best]

    def looked_at(self, candidates: list[Edit]) -> Iterator[Tensor]:
        """Logits (N, classes) of the picture with each edit, as far as there is time."""
        for start in range(0, len(candidates), BATCH):
            if start and perf_counter() > self.until:
                return
            batch = candidates[start : start + BATCH]
            yield self.seen(torch.cat([self.with_edit(self.now, edit) for edit in batch]))

    def nearest(self) -> list[int]:
        order = self.logits.argsort(descending=True).tolist()
        return [k for k in order if k != self.first][: self.rivals]

    def promising(self, rival: int) -> list[Edit]:
        """By how far each edit would go if the network were as straight as its gradient: what the
        brush can still add or take away, times the slope of the rival's lead."""
        x = self.now.clone().requires_grad_()
        with torch.enable_grad():
            logits = self.seen(x)[0]
            (slope,) = torch.autograd.grad(logits[rival] - logits[self.first], x)
        gains = [
            self.under_brush((slope * (level - self.now)).sum(1, keepdim=True))
            for level in (1.0, 0.0)
        ]
        width = self.now.shape[3]
        best = torch.stack(gains).flatten().topk(min(self.each, 2 * gains[0].numel())).indices
        size = gains[0].numel()
        return [Edit(i % size % width, i % size // width, brighter=i < size) for i in best.tolist()]

    def under_brush(self, gain: Tensor) -> Tensor:
        """(1, 1, H, W): for a brush at each place, the sum of what is under it."""
        around = conv_transpose2d(gain, self.brush[None, None])
        top, left = (side // 2 for side in self.brush.shape)
        return around[:, :, top : top + gain.shape[2], left : left + gain.shape[3]]

    def with_edit(self, x: Tensor, edit: Edit) -> Tensor:
        """The brush pulls what is under it to white or black."""
        height, width = x.shape[2:]
        size = len(self.brush)
        top, left = edit.y - size // 2, edit.x - size // 2
        rows = slice(max(0, top), min(height, top + size))
        columns = slice(max(0, left), min(width, left + size))
        ink = self.brush[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        changed = x.clone()
        under = changed[:, :, rows, columns]
        changed[:, :, rows, columns] = under + ink * (float(edit.brighter) - under)
        return changed

    def take_back(self) -> None:
        """Each edit without which the answer still is another one."""
        for edit in list(self.edits):
            rest = [each for each in self.edits if each is not edit]
            x = self.start
            for each in rest:
                x = self.with_edit(x, each)
            logits = self.seen(x)[0]
            self.tried += 1
            if int(logits.argmax()) != self.first:
                self.edits, self.now, self.logits = rest, x, logits

    def found(self) -> Change:
        return Change(tuple(self.edits), self.now[0], self.logits, self.reached, self.tried)


def lead(logits: Tensor, of: int) -> Tensor:
    """(N, classes) -> (N,): by how much the best other class leads."""
    others = logits.clone()
    others[:, of] = -torch.inf
    return others.amax(1) - logits[:, of]
