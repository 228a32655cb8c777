"""Explanations, held against captum's."""

from typing import Any

import pytest
import torch
from captum.attr import LayerAttribution, LayerGradCam, Occlusion, Saliency
from torch import Tensor, nn

from app.ml.datasets import COLOUR, DIGIT
from app.ml.networks import build
from app.ml.reasons import OfBrightness, grad_cam, last_maps, occlusion, saliency, spread
from app.ml.residual import Residual

SMALL_CNN = {"blocks": [{"channels": 6, "pool": 2}, {"channels": 8}], "hidden": [12]}
NETWORKS: dict[str, tuple[str, dict[str, Any], tuple[int, int, int]]] = {
    "mlp": ("mlp", {"hidden": [20]}, (1, 28, 28)),
    "cnn": ("cnn", SMALL_CNN, (1, 28, 28)),
    "cnn of colours": ("cnn", {**SMALL_CNN, "global_pooling": True}, (3, 32, 32)),
    "residual": ("residual", {"widths": [8, 12], "activation": "gelu"}, (3, 32, 32)),
    "residual with mirror": ("residual", {"widths": [8, 12], "mirror": True}, (3, 32, 32)),
    "residual, shifted": (
        "residual",
        {"widths": [8, 12], "shifted": True, "patch": 2},
        (3, 32, 32),
    ),
}


@pytest.mark.parametrize(("patch", "side"), [(2, 3), (3, 4)])
def test_a_cell_of_the_last_maps_lies_where_it_looks(patch: int, side: int) -> None:
    """A dot in the middle of a cell's pixels is seen by that cell, in a network of dots alone."""
    choices = {"widths": [1, 1, 1], "patch": patch, "early_pooling": True}
    network = build("residual", choices, (3, 32, 32), 2).eval()
    assert isinstance(network, Residual) and network.whitening is not None
    network.whitening.filters.fill_(0)[:, :, 0, 0] = 1
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):  # hands on the place in the middle, branches nothing
            layer.weight.data.fill_(0)[:, :, 1, 1] = 0 if layer.in_channels == 1 else 1
    for stage in (network.stages[1], network.stages[3]):
        stage[0].weight.data[:, :, 1, 1] = 1  # type: ignore[index, operator]
    for row, column in ((0, 1), (1, 2), (side - 1, side - 1)):
        x = torch.zeros(1, 3, 32, 32)
        x[..., 8 * row + 4, 8 * column + 4] = 9
        maps = network.stages(network.bend(network.whitening(x)) if network.bend
                              else network.whitening(x))  # fmt: skip
        assert maps.shape[2:] == (side, side)
        hot = torch.zeros(side * side)
        hot[maps[0, 0].argmax()] = 1
        laid = spread(hot.view(1, 1, side, side), (32, 32), network.cell)[0, 0]
        assert laid[8 * row + 4, 8 * column + 4] > 0.8 and laid.shape == (32, 32)


@pytest.fixture(params=NETWORKS)
def seen(request: pytest.FixtureRequest) -> OfBrightness:
    torch.manual_seed(1)
    network, hyperparameters, shape = NETWORKS[request.param]
    made = build(network, hyperparameters, shape, 10)
    if network == "residual":
        made.whitening.fit(torch.randn(8, *shape))  # type: ignore[union-attr, operator]
    return OfBrightness(made.eval(), DIGIT if shape[0] == 1 else COLOUR).eval()


@pytest.fixture
def x(seen: OfBrightness) -> Tensor:
    side = 28 if len(seen.mean) == 1 else 32
    return torch.rand(1, len(seen.mean), side, side, generator=torch.Generator().manual_seed(2))


def close(ours: Tensor, theirs: Tensor) -> bool:
    return torch.allclose(ours, theirs.detach(), atol=1e-4) and bool(theirs.abs().max() > 1e-4)


def test_saliency_is_captums(seen: OfBrightness, x: Tensor) -> None:
    theirs = Saliency(seen).attribute(x.clone().requires_grad_(), target=3, abs=False)
    assert close(saliency(seen, x, 3), theirs[0].sum(0))


def test_occlusion_is_captums(seen: OfBrightness, x: Tensor) -> None:
    channels = x.shape[1]
    with torch.no_grad():
        theirs = Occlusion(seen).attribute(
            x, sliding_window_shapes=(channels, 4, 4), strides=(channels, 2, 2), target=3,
            baselines=0.2,
        )  # fmt: skip
    assert close(occlusion(seen, x, 3, 0.2), theirs[0, 0])


def test_grad_cam_is_captums(seen: OfBrightness, x: Tensor) -> None:
    layer = last_maps(seen.network)
    if layer is None or any(getattr(seen.network, many, False) for many in ("mirror", "shifted")):
        pytest.skip("captum takes one look at a picture, and feature maps alone")
    side, largest = tuple(x.shape[2:]), 0.0
    for of in range(10):  # what speaks for no class is 0 everywhere
        theirs = LayerGradCam(seen, layer).attribute(x, target=of, relu_attributions=True)
        theirs = LayerAttribution.interpolate(theirs.detach(), side, "bilinear")[0, 0]
        ours = grad_cam(seen, x, of)
        assert ours is not None and torch.allclose(ours, theirs, rtol=1e-4, atol=1e-7)
        largest = max(largest, float(theirs.max()))
    assert largest > 1e-5


def test_a_network_without_feature_maps_has_no_grad_cam() -> None:
    network = build("mlp", {"hidden": [4]}, (1, 28, 28), 10).eval()
    assert grad_cam(OfBrightness(network, DIGIT), torch.rand(1, 1, 28, 28), 0) is None


def test_both_looks_of_a_mirroring_network_are_laid_on_the_picture_as_it_stands() -> None:
    torch.manual_seed(3)
    network = build("residual", {"widths": [8], "mirror": True, "whitening": False}, (3, 32, 32), 4)
    seen, x = OfBrightness(network.eval(), COLOUR), torch.rand(1, 3, 32, 32)
    first, mirrored = grad_cam(seen, x, 1), grad_cam(seen, x.flip(3), 1)
    assert first is not None and mirrored is not None
    assert torch.allclose(first, mirrored.flip(1), atol=1e-6) and first.max() > 0


@pytest.mark.parametrize("side", [28, 32, 35, 40, 224])
def test_windows_reach_every_pixel(side: int) -> None:
    network = build("mlp", {"hidden": [4]}, (1, side, side), 10).eval()
    found = occlusion(OfBrightness(network, DIGIT), torch.rand(1, 1, side, side), 0)
    assert found.shape == (side, side) and bool(found.isfinite().all())
