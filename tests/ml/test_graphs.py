"""torchvision's networks under glass: their steps are found in their code."""

import pytest
import torch
from torch import nn

from app.ml.damage import Damage, broken
from app.ml.glass import layers_of
from app.ml.networks import Network, build
from app.ml.preprocessing import Preprocessing
from app.ml.reasons import OfBrightness, grad_cam
from app.ml.trace import Trace, trace, watched
from app.ml.unit import looks_at, unit_of

SIDE = 64
NAMES = ("squeezenet1_1", "resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small")


def made(name: str) -> Network:
    torch.manual_seed(4)
    return build(name, {}, (3, SIDE, SIDE), 6).eval()


@torch.no_grad()
def looked(network: Network) -> Trace:
    return trace(network, torch.randn(1, 3, SIDE, SIDE))


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_every_step_is_told_and_each_units_formula_gives_its_value(name: str) -> None:
    network, x = made(name), torch.randn(1, 3, SIDE, SIDE)
    traced = trace(network, x)
    assert torch.allclose(traced.logits, network(x)[0], atol=1e-5)
    layers = layers_of(traced)
    assert len({layer.name for layer in layers}) == len(layers)
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in network.parameters())
    for index, seen in enumerate(traced.layers):
        unit = unit_of(traced, index, seen.output.shape[1] - 1)
        if (total := total_of(unit.formula)) is not None:
            assert total == pytest.approx(unit.value, rel=1e-3, abs=1e-4), seen.name


@torch.no_grad()
def test_a_pooling_to_a_grid_tells_the_share_that_each_number_is_of() -> None:
    torch.manual_seed(4)
    traced = trace(build("alexnet", {}, (3, 320, 320), 6).eval(), torch.randn(1, 3, 320, 320))
    at = next(i for i, seen in enumerate(traced.layers) if seen.kind.startswith("Adaptive"))
    assert traced.layers[at].inputs[0].shape[2:] != traced.layers[at].output.shape[2:] == (6, 6)
    for place in ((0, 0), (2, 3), (5, 5)):
        unit = unit_of(traced, at, 7, place)
        assert total_of(unit.formula) == pytest.approx(unit.value, abs=1e-6)
    assert looks_at(traced, at, (0, 0)) != looks_at(traced, at, (5, 5))
    assert "6 x 6" in layers_of(traced)[at].sentence


def total_of(formula: dict[str, object]) -> float | None:
    match formula:
        case {"kind": "sum" | "convolution", "terms": terms, "rest": rest, "bias": bias}:
            return sum(term["product"] for term in terms) + rest["sum"] + (bias or 0)  # type: ignore
        case {"kind": "add", "terms": terms}:
            return sum(terms)  # type: ignore[call-overload, no-any-return]
        case {"kind": "pooling", "how": how, "window": window}:
            cells = torch.tensor(window)
            return float(cells.max() if how == "largest" else cells.mean())
    return None


def test_a_fire_module_opens_and_its_maps_are_laid_together() -> None:
    traced = looked(made("squeezenet1_1"))
    at = next(i for i, seen in enumerate(traced.layers) if seen.kind == "Concatenate")
    seen = traced.layers[at]
    assert torch.equal(seen.output, torch.cat(seen.inputs, 1))
    assert {traced.layers[i].name for i in seen.sources or ()} == {
        "features.3.expand1x1_activation", "features.3.expand3x3_activation",
    }  # fmt: skip
    half = seen.inputs[0].shape[1]
    assert unit_of(traced, at, half + 2, (1, 5)).formula == {"kind": "copy", "place": [2, 1, 5]}


def test_a_residual_branch_is_told_apart_from_what_passes_it_by() -> None:
    traced = looked(made("resnet18"))
    sums = [seen for seen in traced.layers if seen.kind == "Add"]
    assert len(sums) == 8
    first = [seen.name for seen in traced.layers if seen.branch == sums[0].name]
    assert first == [
        "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2", "layer1.0.bn2",
    ]  # fmt: skip
    norms = [seen for seen in traced.layers if seen.kind == "BatchNorm2d"]
    shown = [seen.output for seen in norms]  # which the sum is written over, in its own code
    assert all(torch.isfinite(y).all() for y in shown)
    assert torch.allclose(sums[0].output, sum(sums[0].inputs), atol=1e-6)


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18"])
def test_a_unit_looks_where_the_gradient_comes_from(name: str) -> None:
    network = made(name)
    for module in network.modules():  # nothing is cut off, so that the whole field is seen
        if isinstance(module, nn.Conv2d):
            nn.init.uniform_(module.weight, 0.01, 0.02)
    x = torch.rand(1, 3, SIDE, SIDE, requires_grad=True)
    traced = trace(network, x)
    for index in (0, 4, 9, 14):
        value = traced.layers[index].output[0, 0, 2, 3]
        (slope,) = torch.autograd.grad(value, x, retain_graph=True)
        rows, columns = slope[0].abs().sum(0).nonzero().T
        box = looks_at(traced, index, (2, 3))
        assert box.top <= rows.min() and rows.max() < box.top + box.height
        assert box.left <= columns.min() and columns.max() < box.left + box.width


def test_what_has_no_maps_is_closed_and_says_so() -> None:
    network = build("vit_b_32", {}, (3, SIDE, SIDE), 6).eval()
    traced = looked(network)
    layers = layers_of(traced, looked_at=0)
    assert {layer.kind for layer in layers} == {"Closed"}
    assert "not opened here" in layers[-1].sentence and layers[0].detail is None
    with pytest.raises(ValueError, match="not opened"):
        unit_of(traced, 0, 0)


def test_it_is_watched_broken_and_explained_as_our_own_are() -> None:
    network = made("squeezenet1_1")
    x = torch.rand(2, 3, SIDE, SIDE)
    with watched(network) as layers, torch.no_grad():
        whole = network(x)
    assert len(layers) > 50 and layers[0].output.shape[0] == 2
    assert "forward" not in vars(network)
    name = layers[0].name
    hurt = broken(network, Damage(units={name: (0, 1)}), (3, SIDE, SIDE))
    with torch.no_grad():
        silent = trace(hurt, x[:1])
    assert not silent.layers[0].output[0, :2].any() and silent.layers[0].output[0, 2].any()
    assert torch.equal(network(x), whole)
    seen = OfBrightness(network, preprocessing())
    cam = grad_cam(seen, x[:1], 1)
    assert cam is not None and cam.shape == (SIDE, SIDE)


def preprocessing() -> Preprocessing:
    return Preprocessing("photo", SIDE, 3, (0.5,) * 3, (0.2,) * 3)
