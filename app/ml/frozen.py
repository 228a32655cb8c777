"""The epochs of a training in which the last layer learns alone.

What the rest of the network makes of a picture does not change meanwhile, so it is made once and
kept: an epoch is then as quick as a network of one layer.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from app.ml.halves import Halves
from app.ml.parts import Part

MOST_BYTES = 1 << 30  # of kept features; beyond, they are made anew in each epoch
See = Callable[[Part, Tensor], Tensor]  # rows of a part -> what the network takes (N, C, H, W)


class Frozen:
    """A network whose body is held, and what it makes of the parts' pictures."""

    def __init__(
        self, network: nn.Module, parts: Mapping[str, Part], see: See, order: Tensor, piece: int
    ) -> None:
        """order: rows of the training part, in which its pieces are made."""
        self.halves, self.parts, self.see, self.piece = Halves(network), parts, see, piece
        self.orders = {"train": order}
        self.kept: dict[str, KeptFeatures | None] = {}

    def hold(self) -> nn.Module:
        """The layer that learns; all others are as in predicting."""
        self.halves.hold()
        return self.halves.head

    def logits(self, name: str, rows: Tensor, changed: Tensor | None = None) -> Tensor:
        """Of rows of a part, (N, classes); or of those pictures as augmentation changed them."""
        features = self.features(name, rows) if changed is None else self.halves.body(changed)
        found: Tensor = self.halves.tail(features)
        return found

    @torch.no_grad()
    def predict(self, name: str, predicting: nn.Module) -> Tensor:
        """Logits (N, classes) of a whole part by another copy's last layer, of the first look."""
        tail = Halves(predicting).tail.eval()
        rows = torch.split(torch.arange(len(self.parts[name])), self.piece)
        return torch.cat([tail(self.features(name, some)).float().cpu() for some in rows])

    def features(self, name: str, rows: Tensor) -> Tensor:
        """What the body makes of rows of a part, kept where there is room."""
        part = self.parts[name]

        def make(rows: Tensor) -> Tensor:
            return self.halves.body(self.see(part, rows))

        if name not in self.kept:
            room = can_keep(make(rows[:1]), len(part))
            order = self.orders.get(name, torch.arange(len(part)))
            self.kept[name] = KeptFeatures(make, order, self.piece) if room else None
        kept = self.kept[name]
        return make(rows).float() if kept is None else kept.of(rows)


class KeptFeatures:
    """The body's features of a part's pictures, made in pieces when they are first asked for.

    The pieces are fixed by `order`, so that a training that goes on makes the very same.
    """

    def __init__(self, make: Callable[[Tensor], Tensor], order: Tensor, piece: int) -> None:
        self.make, self.pieces = make, list(torch.split(order.cpu(), piece))
        self.piece_of = torch.empty(len(order), dtype=torch.long)
        for number, rows in enumerate(self.pieces):
            self.piece_of[rows] = number
        self.made = [False] * len(self.pieces)
        self.kept: Tensor | None = None

    def of(self, rows: Tensor) -> Tensor:
        """Features of these rows (N,), float32."""
        for number in set(self.piece_of[rows.cpu()].tolist()):
            if not self.made[number]:
                self.keep(number)
        assert self.kept is not None
        return self.kept[rows.to(self.kept.device)].float()

    def keep(self, number: int) -> None:
        features = self.make(self.pieces[number])
        if self.kept is None:
            shape = (len(self.piece_of), *features.shape[1:])
            self.kept = torch.empty(shape, dtype=torch.float16, device=features.device)
        self.kept[self.pieces[number].to(features.device)] = features.clamp(-65_000, 65_000).half()
        self.made[number] = True


def can_keep(features: Tensor, pictures: int) -> bool:
    """Whether there is room for so many like these (1, ...)."""
    return 2 * features[0].numel() * pictures <= MOST_BYTES
