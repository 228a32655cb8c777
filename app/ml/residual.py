"""A residual network for small pictures: each stage adds what it finds to what it was given."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad, unfold

from app.ml.activations import activation_module
from app.ml.convolution import Conv2d
from app.ml.hyperparameters import ACTIVATION, DROPOUT, GAMMA, Hyperparameter, WrongChoice

SHIFTS = ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2))  # pixels down, and to the right
EPS = 5e-4  # added to the patches' variances: what hardly varies is not blown up


class Residual(nn.Module):
    """Stages of convolution, pooling and a residual branch, then one linear layer.

    y = a + g(BN(W2 * g(BN(W1 * a)))) within a stage (after He et al., 2015; the plan is David
    Page's ResNet-9). (N, C, H, W) -> logits (N, classes).
    """

    HYPERPARAMETERS = (
        Hyperparameter(
            "widths", "integers", [32, 64, 128],
            "Channels of each stage; every stage but the first halves the sides and adds a branch.",
            minimum=1, maximum=512,
        ),
        Hyperparameter(
            "early_pooling", "boolean", False,
            "The first stage halves the sides too: a quarter of the work is left for the others.",
        ),
        Hyperparameter(
            "first_branch", "boolean", False,
            "The first stage adds a branch too, where the maps are still large.",
        ),
        Hyperparameter(
            "whitening", "boolean", True,
            "A first layer that is computed, not learnt: it makes neighbouring pixels independent.",
        ),
        Hyperparameter(
            "patch", "integer", 3,
            "Pixels of the side of its filters; after those of 2 x 2 comes an activation.",
            minimum=2, maximum=3,
        ),
        Hyperparameter(
            "mirror", "boolean", False,
            "Predict from the picture and its mirror image: the mean of their probabilities.",
        ),
        Hyperparameter(
            "shifted", "boolean", False,
            "Predict also from the picture moved by two pixels to each side: the mean of all.",
        ),
        ACTIVATION, GAMMA, DROPOUT,
    )  # fmt: skip

    def __init__(
        self, shape: tuple[int, int, int], classes: int, widths: list[int], early_pooling: bool,
        first_branch: bool, whitening: bool, patch: int, mirror: bool, shifted: bool,
        activation: str, gamma: float, dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.whitening = Whitening(shape[0], patch) if whitening else None
        bends = self.whitening is not None and not self.whitening.keeps_size
        self.bend = activation_module(activation, gamma) if bends else None
        side, halvings = shape[1] - bends, len(widths) - (not early_pooling)
        if not 1 <= len(widths) <= 6 or side >> halvings < 1:
            raise WrongChoice(
                "widths", "widths must be 1 to 6 stages, and the halving must leave a pixel"
            )
        self.cell = 2**halvings  # pixels of the picture beside one another in one of the last maps
        self.mirror, self.shifted = mirror, shifted
        channels = self.whitening.channels if self.whitening else shape[0]
        self.stages = nn.Sequential()
        for index, width in enumerate(widths):
            pool = 2 if index or early_pooling else 1
            self.stages.append(convolution(channels, width, activation, gamma, pool))
            if index or first_branch:
                self.stages.append(Branch(width, activation, gamma))
            channels = width
        self.head = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        if dropout:
            self.head.append(nn.Dropout(dropout))
        self.head.append(nn.Linear(channels, classes))

    def forward(self, x: Tensor) -> Tensor:
        if self.training or not (self.mirror or self.shifted):
            return self.once(x)
        return together(torch.stack([self.once(look) for look in self.looks(x)]))

    def hidden(self, x: Tensor) -> Tensor:
        """What the last layer is given by each look, (looks, N, widths[-1]), in eval mode. Of one
        picture all are one batch, which is quicker; many pictures would take so many times the
        memory."""
        looks = self.looks(x)
        if len(x) == 1:
            return self.within(torch.cat(looks))[:, None]
        return torch.stack([self.within(look) for look in looks])

    def answer(self, hidden: Tensor) -> Tensor:
        """What forward answers, of what the last layer is given: (looks, N, F) -> (N, classes)."""
        return together(self.last(hidden))

    @contextmanager
    def looking_once(self) -> Iterator[None]:
        """As in training: the picture as it is, alone."""
        kept = self.mirror, self.shifted
        self.mirror = self.shifted = False
        try:
            yield
        finally:
            self.mirror, self.shifted = kept

    def looks(self, x: Tensor) -> list[Tensor]:
        """The picture (N, C, H, W) as it is, first, and all else that the answer is made of."""
        looks = [moved(x, by) for by in SHIFTS] if self.shifted else [x]
        return [*looks, *(look.flip(3) for look in looks)] if self.mirror else looks

    def laid_back(self, maps: list[Tensor]) -> list[Tensor]:
        """What was found at each place of each look, as the picture stands."""
        shifts = len(SHIFTS) if self.shifted else 1
        back = [*maps[:shifts], *(each.flip(3) for each in maps[shifts:])]
        found = []
        for at, each in enumerate(back):
            down, right = SHIFTS[at % shifts]
            found.append(moved(each, (-down, -right)))
        return found

    @property
    def last(self) -> nn.Module:
        return self.head[-1]

    def once(self, x: Tensor) -> Tensor:
        logits: Tensor = self.last(self.within(x))
        return logits

    def within(self, x: Tensor) -> Tensor:
        if self.whitening is not None:
            x = self.whitening(x)
        if self.bend is not None:
            x = self.bend(x)
        pooled: Tensor = self.stages(x)
        for layer in list(self.head)[:-1]:
            pooled = layer(pooled)
        return pooled


def moved(x: Tensor, by: tuple[int, int]) -> Tensor:
    """Pictures (N, C, H, W) so many pixels down and to the right; at the edge, what stands within
    it is seen again."""
    (down, right), (height, width) = by, x.shape[2:]
    most = max(abs(down), abs(right))
    if not most:
        return x
    wide = pad(x, (most,) * 4, "reflect")
    return wide[:, :, most - down :, most - right :][:, :, :height, :width]


def together(logits: Tensor) -> Tensor:
    """Of several looks (looks, N, classes) one answer (N, classes): its softmax is the mean of
    their probabilities, and it is as large as their logits are in the mean."""
    sizes = logits.logsumexp(2, keepdim=True)
    return (logits - sizes).logsumexp(0) - log(len(logits)) + sizes.mean(0)


class Branch(nn.Module):
    """a + F(a): F needs to learn only what is missing, and the gradient has a way past it."""

    def __init__(self, width: int, activation: str, gamma: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(width, width, activation, gamma),
            convolution(width, width, activation, gamma),
        )

    def forward(self, a: Tensor) -> Tensor:
        sum_: Tensor = a + self.layers(a)
        return sum_


class Whitening(nn.Module):
    """Each patch along the principal axes of the training pictures' patches, scaled to variance 1,
    and the same negated: (N, C, H, W) -> (N, 2 C patch^2, H, W), a pixel less each way where the
    patch is even. Computed once, never trained.
    """

    filters: Tensor

    def __init__(self, channels: int, patch: int = 3) -> None:
        super().__init__()
        self.patch, self.padding = patch, (patch - 1) // 2
        self.channels = 2 * channels * patch**2
        self.register_buffer("filters", torch.zeros(self.channels, channels, patch, patch))

    @property
    def keeps_size(self) -> bool:
        return self.patch % 2 == 1

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """From normalised pictures (N, C, H, W)."""
        patches = unfold(x.float(), self.patch).transpose(1, 2).flatten(0, 1).double()
        covariance = patches.T @ patches / len(patches)
        values, axes = torch.linalg.eigh(covariance.cpu())
        white = (axes / (values + EPS).sqrt()).T.float().view(-1, *self.filters.shape[1:])
        self.filters.copy_(torch.cat((white, -white)))

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.filters, padding=self.padding)


def convolution(
    channels: int, width: int, activation: str, gamma: float, pool: int = 1
) -> nn.Sequential:
    layers: list[Any] = [Conv2d(channels, width, 3, padding=1, bias=False)]
    if pool > 1:
        layers.append(nn.MaxPool2d(pool))
    return nn.Sequential(*layers, nn.BatchNorm2d(width), activation_module(activation, gamma))
