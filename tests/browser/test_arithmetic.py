"""The lessons' own arithmetic against torch."""

from typing import Any

import pytest
import torch
from playwright.sync_api import Page
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, cross_entropy, max_pool2d

from app.ml.activations import ACTIVATIONS

NAMES = list(ACTIVATIONS)


def computed(page: Page, expression: str, *values: Any) -> Any:
    module = "await import('/static/js/learn/arithmetic.js')"
    script = f"async v => {{ const a = {module}; return {expression}; }}"
    return page.evaluate(script, list(values))


def close(found: Any, wanted: Tensor) -> bool:
    return torch.allclose(torch.tensor(found, dtype=torch.double), wanted.detach(), atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_an_activation_and_its_slope_are_torchs(page: Page, name: str) -> None:
    z = torch.linspace(-9, 9, 181, dtype=torch.double, requires_grad=True)
    gamma = {"gamma": 0.2} if name == "leaky_relu" else {}
    a = ACTIVATIONS[name](z, **gamma)
    (slope,) = torch.autograd.grad(a.sum(), z)
    found = computed(page, "v[1].map(z => a.ACTIVATIONS[v[0]].at(z, 0.2))", name, z.tolist())
    assert close(found, a)
    found = computed(page, "v[1].map(z => a.ACTIVATIONS[v[0]].slope(z, 0.2))", name, z.tolist())
    away = z.abs() > 1e-9  # at a corner there is no slope
    assert close(torch.tensor(found)[away].tolist(), slope[away])


def test_erf_is_torchs(page: Page) -> None:
    x = torch.linspace(-8, 8, 641, dtype=torch.double)
    found = torch.tensor(computed(page, "v[0].map(a.erf)", x.tolist()), dtype=torch.double)
    assert (found - torch.erf(x)).abs().max() < 1e-13


def test_softmax_and_its_loss_are_torchs(page: Page) -> None:
    logits = torch.tensor([800.0, 799.0, -3.0, 0.5], dtype=torch.double)
    assert close(computed(page, "a.softmax(v[0])", logits.tolist()), logits.softmax(0))
    assert close(computed(page, "a.softmax(v[0], 2.5)", logits.tolist()), (logits / 2.5).softmax(0))
    loss = cross_entropy(logits[None], torch.tensor([1]))
    assert close(computed(page, "a.crossEntropy(v[0], 1)", logits.tolist()), loss)


def test_a_layer_is_torchs(page: Page) -> None:
    torch.manual_seed(0)
    weights, x, bias = torch.randn(5, 7).double(), torch.randn(7).double(), torch.randn(5).double()
    found = computed(
        page, "a.affine(v[0], v[1], v[2])", weights.tolist(), x.tolist(), bias.tolist()
    )
    assert close(found, weights @ x + bias)


def test_a_layer_of_a_models_file_is_torchs(page: Page) -> None:
    torch.manual_seed(1)
    weights, x, bias = torch.randn(30, 70), torch.randn(70), torch.randn(30)
    flat = weights.flatten().tolist()
    script = "[...a.layer(Float32Array.from(v[0]), v[1], Float32Array.from(v[2]))]"
    found = computed(page, script, flat, x.tolist(), bias.tolist())
    assert close(found, weights.double() @ x.double() + bias.double())


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 2), (2, 0), (3, 1)])
def test_a_convolution_is_torchs(page: Page, kernel: int, stride: int, padding: int) -> None:
    torch.manual_seed(kernel)
    grid, window = torch.randn(8, 9).double(), torch.randn(kernel, kernel).double()
    options = {"stride": stride, "padding": padding, "bias": 0.5}
    found = computed(page, "a.convolve(v[0], v[1], v[2])", grid.tolist(), window.tolist(), options)
    wanted = conv2d(
        grid[None, None], window[None, None], torch.tensor([0.5]).double(), stride, padding
    )
    assert close(found, wanted[0, 0])
    side = computed(page, "a.outputSide(9, v[0], v[1], v[2])", kernel, stride, padding)
    assert side == wanted.shape[-1]


@pytest.mark.parametrize(("kind", "pooled"), [("max", max_pool2d), ("average", avg_pool2d)])
@pytest.mark.parametrize(("window", "stride"), [(2, 2), (2, 1), (3, 2), (4, 4)])
def test_pooling_is_torchs(page: Page, kind: str, pooled: Any, window: int, stride: int) -> None:
    torch.manual_seed(window)
    grid = torch.randn(8, 7).double()
    options = {"window": window, "stride": stride, "kind": kind}
    found = computed(page, "a.pool(v[0], v[1])", grid.tolist(), options)
    assert close(found, pooled(grid[None, None], window, stride)[0, 0])
