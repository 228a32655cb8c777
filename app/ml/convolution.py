"""A convolution that learns from small maps as quickly as from large ones."""

from math import gcd
from typing import Any

import torch
from torch import Tensor, nn

SMALL = 8  # pixels: up to this width a row is too short for the processor's matrix unit
ABREAST = 16  # maps that lie side by side


class Conv2d(nn.Conv2d):
    """nn.Conv2d, and what it puts out. In training in bfloat16 on a CPU, the gradient of its
    kernels is computed with many small maps side by side, as if they were one wide map: a step on
    maps of 3 x 3 takes less than half the time (`./run bench training`)."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not self.lies_abreast(input):
            return nn.functional.conv2d(
                input, weight, bias, self.stride, self.padding, self.dilation, self.groups
            )
        maps: Tensor = Abreast.apply(input, weight, self.padding)  # type: ignore[no-untyped-call]
        return maps if bias is None else maps + bias.to(maps.dtype).view(-1, 1, 1)

    def lies_abreast(self, x: Tensor) -> bool:
        geometry = self.stride, self.dilation, self.groups
        keeps_size = self.padding == tuple((side - 1) / 2 for side in self.kernel_size)
        halves = x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        plain = keeps_size and geometry == ((1, 1), (1, 1), 1)
        return self.training and halves and plain and x.shape[3] <= SMALL


class Abreast(torch.autograd.Function):
    """x (N, C, H, W), weight (U, C, k, k) -> (N, U, H, W), in bfloat16."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, padding: tuple[int, int]) -> Tensor:
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        return torch.conv2d(x, weight, None, 1, padding)

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        (up,), (x, weight), gap = given, ctx.saved_tensors, ctx.padding[1]
        of_x, of_weight, _ = ctx.needs_input_grad

        def gradient(up: Tensor, x: Tensor, which: int) -> Tensor:
            wanted = [which == 0, which == 1, False]
            found: Tensor = torch.ops.aten.convolution_backward(
                up, x, weight, None, [1, 1], ctx.padding, [1, 1], False, [0, 0], 1, wanted
            )[which]
            return found

        return (
            gradient(up, x, 0) if of_x else None,
            gradient(abreast(up, gap), abreast(x, gap), 1) if of_weight else None,
            None,
        )


def abreast(maps: Tensor, gap: int) -> Tensor:
    """(N, C, H, W) -> (N / 16, C, H, 16 (W + gap)); between two maps stand zeros, so that no kernel
    sees both. Of a number that 16 does not divide fewer lie side by side."""
    n, channels, height, width = maps.shape
    beside = gcd(n, ABREAST)
    wide = maps.new_zeros(n // beside, height, beside, width + gap, channels)
    many = maps.permute(0, 2, 3, 1).reshape(-1, beside, height, width, channels)
    wide[:, :, :, :width] = many.transpose(1, 2)
    return wide.flatten(2, 3).permute(0, 3, 1, 2)
