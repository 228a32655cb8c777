"""Batched augmentation on tensors: every picture gets its own warp, its own pen and light.

Affine and elastic distortions as in Simard, Steinkraus and Platt (2003), done for a whole batch by
one sampling grid; pen width by grey-scale dilation and erosion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate, max_pool2d, pad

from app.ml.hyperparameters import Hyperparameter, complete


@dataclass(frozen=True)
class Augmentation:
    """Strengths; each picture draws its own values from the ranges. All 0: pictures unchanged."""

    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    grain: int = 6
    pen: float = 0.0
    erase: float = 0.0
    flip: float = 0.0
    crop: int = 0
    light: float = 0.0
    mix: float = 0.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Augmentation":
        """ValueError with a sentence for an unknown name or a value out of its range."""
        return cls(**complete(STRENGTHS, values))

    def weakened(self, factor: float) -> "Augmentation":
        """Every strength times `factor`."""
        if factor == 1:
            return self
        strengths = {f.name: getattr(self, f.name) * factor for f in fields(self)}
        return Augmentation(**strengths | {"grain": self.grain, "crop": round(self.crop * factor)})

    @property
    def warps(self) -> bool:
        return any((self.rotate, self.scale, self.shear, self.shift, self.elastic))


STRENGTHS = (
    Hyperparameter(
        "rotate", "number", 0.0, "Degrees that a picture is turned by at most, either way.",
        minimum=0, maximum=180,
    ),
    Hyperparameter(
        "scale", "number", 0.0, "The share by which each axis is stretched or shrunk at most.",
        minimum=0, maximum=0.9,
    ),
    Hyperparameter(
        "shear", "number", 0.0, "How far the top is pushed aside at most: a share of the height.",
        minimum=0, maximum=2,
    ),
    Hyperparameter(
        "shift", "number", 0.0, "Pixels that a picture is moved by at most, along each axis.",
        minimum=0, maximum=28,
    ),
    Hyperparameter(
        "elastic", "number", 0.0, "Pixels of a smooth random bending, as a standard deviation.",
        minimum=0, maximum=10,
    ),
    Hyperparameter(
        "grain", "integer", 6, "Cells of that bending across the picture: fewer is smoother.",
        minimum=2, maximum=28,
    ),
    Hyperparameter(
        "pen", "number", 0.0, "How much thicker or thinner the pen gets; 1 is a whole pixel.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "erase", "number", 0.0, "The probability that a square of a third of the side is erased.",
        minimum=0, maximum=1,
    ),
    Hyperparameter(
        "flip", "number", 0.0, "The probability of the mirror image.", minimum=0, maximum=1
    ),
    Hyperparameter(
        "crop", "integer", 0, "Pixels that a picture is moved by, its own mirror image coming in.",
        minimum=0, maximum=8,
    ),
    Hyperparameter(
        "light", "number", 0.0,
        "The share by which brightness, contrast and colour change at most: another day's light.",
        minimum=0, maximum=0.9,
    ),
    Hyperparameter(
        "mix", "number", 0.0,
        "The probability that a rectangle of another picture comes in; both answers count.",
        minimum=0, maximum=1,
    ),
)  # fmt: skip


def augment(x: Tensor, how: Augmentation, random: Generator) -> Tensor:
    """(N, C, H, W) in 0..1 -> the same shape; background is 0 and comes in at the edges."""
    if how.crop:
        x = crop(x, how.crop, random)
    if how.flip:
        chance = torch.rand(len(x), 1, 1, 1, generator=random, device=x.device)
        x = torch.where(chance < how.flip, x.flip(3), x)
    if how.light:
        x = change_light(x, how.light, random)
    if how.pen:
        x = change_pen(x, how.pen, random)
    if how.warps:
        x = grid_sample(x, warp_grid(x, how, random), "bilinear", "zeros", False)
    return erase(x, how.erase, random) if how.erase else x


def warp_grid(x: Tensor, how: Augmentation, random: Generator) -> Tensor:
    """(N, H, W, 2) sampling places in -1..1, as grid_sample wants them."""
    n, _, height, width = x.shape
    angle = uniform(n, how.rotate, random).deg2rad()
    stretch = 1 + uniform(2 * n, how.scale, random).view(2, n)
    shear = uniform(n, how.shear, random)
    shift = uniform(2 * n, 2 * how.shift / width, random).view(2, n)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack((cos * stretch[0], (shear * cos - sin) * stretch[1], shift[0]), dim=1),
        torch.stack((sin * stretch[0], (shear * sin + cos) * stretch[1], shift[1]), dim=1),
    ]
    grid = affine_grid(torch.stack(rows, dim=1), [n, 1, height, width], align_corners=False)
    if how.elastic:
        coarse = torch.randn(n, 2, how.grain, how.grain, generator=random, device=x.device)
        field = interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
        grid = grid + field.permute(0, 2, 3, 1) * (2 * how.elastic / width)
    return grid


def crop(x: Tensor, most: int, random: Generator) -> Tensor:
    """Each picture moved by whole pixels, up to `most`; its own mirror image comes in."""
    n, _, height, width = x.shape
    padded = pad(x, (most,) * 4, mode="reflect")
    top, left = torch.randint(0, 2 * most + 1, (2, n), generator=random, device=x.device)
    rows = top[:, None] + torch.arange(height, device=x.device)
    columns = left[:, None] + torch.arange(width, device=x.device)
    picture = torch.arange(n, device=x.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]].permute(
        0, 3, 1, 2
    )


def change_light(x: Tensor, strength: float, random: Generator) -> Tensor:
    """Each picture (N, C, H, W) as in another light: colours about their grey, then all about the
    picture's mean, stretched or dulled, and the whole made brighter or darker."""
    colour, contrast, brightness = uniform(3 * len(x), strength, random).view(3, -1, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + colour)
    mean = x.mean((1, 2, 3), keepdim=True)
    lit: Tensor = (x - mean) * (1 + contrast) + mean * (1 + brightness)
    return lit.clamp(0, 1)


def change_pen(x: Tensor, strength: float, random: Generator) -> Tensor:
    """Blend each picture with its dilation (thicker) or its erosion (thinner) by one pixel."""
    amount = uniform(len(x), strength, random).view(-1, 1, 1, 1)
    thick = max_pool2d(x, 3, 1, 1)
    thin = -max_pool2d(-x, (2, 2), 1, 0)  # (H-1, W-1): half a pixel off each side
    thin = pad(thin, (0, 1, 0, 1))
    return x + amount.clamp(min=0) * (thick - x) + (-amount).clamp(min=0) * (thin - x)


def erase(x: Tensor, probability: float, random: Generator) -> Tensor:
    """Random erasing (Zhong et al., 2017): a square of a third of the side becomes background."""
    n, _, height, width = x.shape
    side = height // 3
    top, left, chance = torch.rand(3, n, 1, generator=random, device=x.device)
    top, left = top * (height - side), left * (width - side)
    rows = torch.arange(height, device=x.device)[None]
    columns = torch.arange(width, device=x.device)[None]
    in_rows = ((rows >= top) & (rows < top + side))[:, None, :, None]
    in_columns = ((columns >= left) & (columns < left + side))[:, None, None, :]
    chosen = (chance < probability)[:, :, None, None]
    return x.masked_fill(chosen & in_rows & in_columns, 0.0)


def mix(x: Tensor, probability: float, random: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """CutMix (Yun et al., 2019): into some pictures comes a rectangle of the picture before them,
    of any share of the area, its middle anywhere; what sticks out is cut off.

    Returns the pictures, the rows of those that came in, and the shares that they take: (N,).
    """
    n, _, height, width = x.shape
    size, chance, top, left = torch.rand(4, n, 1, generator=random, device=x.device)
    side = torch.where(chance < probability, size.sqrt(), 0) / 2
    rows = (torch.arange(height, device=x.device)[None] + 0.5) / height
    columns = (torch.arange(width, device=x.device)[None] + 0.5) / width
    inside = ((rows - top).abs() < side)[:, :, None] & ((columns - left).abs() < side)[:, None]
    others = torch.arange(n, device=x.device).roll(1)
    shares = inside.float().mean((1, 2))
    return torch.where(inside[:, None], x[others], x), others, shares


def uniform(n: int, strength: float, random: Generator) -> Tensor:
    """(n,) in +-strength, where `random` lives."""
    return (torch.rand(n, generator=random, device=random.device) * 2 - 1) * strength
