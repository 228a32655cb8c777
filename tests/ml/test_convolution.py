"""Our convolution against torch's own: outputs and gradients."""

import pytest
import torch
from torch import Tensor, nn

from app.ml.convolution import Abreast, Conv2d
from app.ml.precision import autocast


def gradients(layer: nn.Conv2d, x: Tensor, precision: str) -> list[Tensor]:
    """Output, and the gradients of the input and of all parameters, by one same loss."""
    x = x.clone().requires_grad_()
    layer.zero_grad()
    with autocast(precision):
        y = layer(x)
    weighing = torch.linspace(-1, 1, y.numel()).view(y.shape)
    (y.float() * weighing).sum().backward()  # type: ignore[no-untyped-call]
    return [y.detach(), *(t.grad for t in (x, *layer.parameters()) if t.grad is not None)]


@pytest.mark.parametrize("n", [1, 7, 16, 48])
@pytest.mark.parametrize(("side", "kernel"), [(1, 3), (3, 3), (8, 3), (7, 5), (4, 1)])
def test_its_gradients_are_those_of_torchs_own(n: int, side: int, kernel: int) -> None:
    torch.manual_seed(0)
    ours = Conv2d(6, 10, kernel, padding=kernel // 2)
    torchs = nn.Conv2d(6, 10, kernel, padding=kernel // 2)
    torchs.load_state_dict(ours.state_dict())
    x = torch.randn(n, 6, side, side + 1 if side < 8 else side)
    x = x.to(memory_format=torch.channels_last)
    assert ours.lies_abreast(x) is False  # in float32 torch's own way is the quicker one
    with autocast("bfloat16"):
        assert ours.lies_abreast(x)
    expected = gradients(torchs, x, "float32")
    for found, true in zip(gradients(ours, x, "bfloat16"), expected, strict=True):
        assert float((found.float() - true).abs().max()) <= 0.01 * float(true.abs().max())


@pytest.mark.parametrize("choices", [
    {"stride": 2, "padding": 1}, {"padding": 0}, {"padding": 2, "dilation": 2},
    {"padding": 1, "groups": 2},
])  # fmt: skip
def test_what_it_was_not_made_for_goes_torchs_own_way(choices: dict[str, int]) -> None:
    torch.manual_seed(0)
    ours, torchs = (kind(4, 4, 3, **choices) for kind in (Conv2d, nn.Conv2d))
    torchs.load_state_dict(ours.state_dict())
    x = torch.randn(16, 4, 8, 8)
    pairs = zip(gradients(ours, x, "bfloat16"), gradients(torchs, x, "bfloat16"), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_a_trained_network_and_large_maps_do_without_it() -> None:
    layer = Conv2d(3, 4, 3, padding=1, bias=False)
    small, large = torch.rand(16, 3, 8, 8), torch.rand(16, 3, 9, 9)
    with autocast("bfloat16"):
        assert type(layer(small).grad_fn).__name__.startswith(Abreast.__name__)
        assert not type(layer(large).grad_fn).__name__.startswith(Abreast.__name__)
        layer.eval()
        assert not type(layer(small).grad_fn).__name__.startswith(Abreast.__name__)


def test_inputs_and_kernels_may_need_no_gradient() -> None:
    layer, x = Conv2d(3, 4, 3, padding=1), torch.rand(16, 3, 8, 8)
    with autocast("bfloat16"):
        layer(x).float().sum().backward()
        assert layer.weight.grad is not None and x.grad is None
        layer.requires_grad_(False)
        layer(x.requires_grad_()).float().sum().backward()
    assert x.grad is not None
