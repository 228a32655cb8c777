"""What is shown of a network is what torch computes, for all that can be trained."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from app.ml.glass import DETAIL, OVERVIEW, flattened, layers_of
from app.ml.networks import NETWORKS, Network, build, parameter_count
from app.ml.trace import Trace, trace
from app.ml.unit import Unit, looks_at, unit_of

BLOCKS = [
    {"channels": 6, "kernel": 5, "pool": 2},
    {"channels": 20, "kernel": 3, "stride": 2, "pool": 2, "pooling": "average"},
]
CHOICES: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [40, 30], "batch_norm": True, "dropout": 0.2},
    "cnn": {"blocks": BLOCKS, "hidden": [12], "activation": "leaky_relu"},
    "cnn-global": {"blocks": BLOCKS, "hidden": [], "global_pooling": True, "activation": "gelu"},
    "residual": {"widths": [4, 8, 12], "mirror": True},
    "residual-moved": {"widths": [4, 8, 12], "shifted": True},
    "residual-ten-looks": {"widths": [4, 8, 12], "mirror": True, "shifted": True, "patch": 2},
}
SHAPES = [(1, 28, 28), (3, 32, 32), (3, 224, 224)]
CLOSE: dict[str, float] = {"rtol": 1e-5, "atol": 1e-5}
Traced = tuple[Network, Tensor, Trace]


@pytest.fixture(
    scope="module", params=[(name, shape) for name in CHOICES for shape in SHAPES], ids=str
)
def traced(request: pytest.FixtureRequest) -> Traced:
    """An untrained network with a past, one picture, its way through it."""
    name, shape = request.param
    torch.manual_seed(0)
    network = build(name.split("-")[0], CHOICES[name], shape, 10)
    if getattr(network, "whitening", None):
        network.whitening.fit(torch.randn(2, *shape))  # type: ignore[union-attr]
    network(torch.randn(2, *shape))  # batch norm's mean and variance
    x = torch.randn(1, *shape)
    with torch.no_grad():
        way = trace(network.eval(), x)
    return network, x, way


def test_every_network_is_among_those_that_are_looked_into() -> None:
    assert {name.split("-")[0] for name in CHOICES} == set(NETWORKS)


def test_the_logits_are_those_of_the_network(traced: Traced) -> None:
    network, x, way = traced
    assert torch.allclose(way.logits, network(x)[0], **CLOSE)
    assert not any(module._forward_hooks for module in network.modules())


def test_each_layer_tells_its_modules_own_output(traced: Traced) -> None:
    network, _, way = traced
    modules = dict(network.named_modules())
    for layer in way.layers:
        if layer.kind == "Looks":
            shares = [look.softmax(1) for look in layer.inputs]
            mean = sum(shares) / len(shares)
            assert len(shares) > 1 and torch.allclose(mean, layer.output.softmax(1), **CLOSE)
        elif layer.kind == "Add":
            assert torch.allclose(layer.inputs[0] + layer.inputs[1], layer.output, **CLOSE)
        else:
            assert torch.allclose(modules[layer.name](*layer.inputs), layer.output, **CLOSE)


def test_layers_tell_all_parameters_and_stay_small(traced: Traced) -> None:
    network, _, way = traced
    layers = layers_of(way)
    assert sum(layer.parameters for layer in layers) == parameter_count(network)
    assert len({layer.title for layer in layers}) == len(layers)
    for layer in layers:
        assert layer.sentence.endswith(".") and "{" not in layer.sentence
        if layer.maps:
            assert layer.maps.shown <= OVERVIEW.channels and layer.maps.tile <= OVERVIEW.side
        else:
            assert layer.values is not None and len(layer.values) <= OVERVIEW.values


def test_a_layer_in_detail_has_its_weights_and_counts_all_outputs(traced: Traced) -> None:
    _, _, way = traced
    for index, seen in enumerate(way.layers):
        (layer,) = layers_of(way, index, alone=True)
        assert layer.detail
        assert sum(layer.detail.outputs.counts) == seen.output.numel()
        learnt = isinstance(seen.module, nn.Conv2d | nn.Linear)
        assert (layer.detail.weights is not None) == learnt or seen.kind == "Whitening"
        if layer.maps:
            assert layer.maps.tile <= DETAIL.side and len(layer.detail.channels) > 0


def test_a_sheets_greys_are_the_values_of_its_maps(traced: Traced) -> None:
    _, _, way = traced
    for seen, layer in zip(way.layers, layers_of(way), strict=True):
        if layer.maps and layer.maps.tile == seen.output.shape[2]:
            grey = torch.from_numpy(layer.maps.pixels[: layer.maps.tile, : layer.maps.tile]).float()
            zero, step = layer.maps.zero, layer.maps.maximum / (255 - layer.maps.zero)
            assert torch.allclose((grey - zero) * step, seen.output[0, 0], atol=step)


def test_a_units_formula_gives_its_value(traced: Traced) -> None:
    _, _, way = traced
    for index, seen in enumerate(way.layers):
        for unit in {0, seen.output.shape[1] - 1}:
            found = unit_of(way, index, unit)
            if seen.kind == "Looks":  # the logit of a probability, that the formula gives
                it, share = found.formula, float(seen.output.softmax(1)[0, unit])
                assert it["mean"] == pytest.approx(share, rel=1e-5)
                assert sum(it["terms"]) / len(it["terms"]) == pytest.approx(share, rel=1e-5)
                continue
            assert computed(found, way, index) == pytest.approx(found.value, rel=1e-5, abs=1e-5)
            at = (0, unit) if found.place is None else (0, unit, *found.place)
            assert found.value == float(seen.output[at])


@torch.no_grad()
def test_a_large_map_that_becomes_one_number_is_told_by_how_many_it_is_of() -> None:
    network = build("residual", {"widths": [3], "whitening": False}, (3, 80, 80), 4).eval()
    way = trace(network, torch.randn(1, 3, 80, 80))
    found = unit_of(way, way.index("head.0"), 1).formula
    assert found["count"] == 80 * 80 and len(found["window"]) == DETAIL.side


def computed(found: Unit, way: Trace, index: int) -> float:
    """A formula's result, by hand."""
    it, seen = found.formula, way.layers[index]
    match it["kind"]:
        case "sum" | "convolution":
            for term in it["terms"]:
                assert term["product"] == pytest.approx(product(term), rel=1e-4, abs=1e-5)
            products = sum(term["product"] for term in it["terms"])
            return float(products + it["rest"]["sum"] + (it["bias"] or 0))
        case "batch_norm":
            normal = (it["input"] - it["mean"]) / it["spread"]
            return float(it["scale"] * normal + it["shift"])
        case "pooling":
            window = torch.tensor(it["window"])
            assert it["count"] == window.numel()
            return float(window.max() if it["how"] == "largest" else window.mean())
        case "activation":
            return float(seen.module(torch.tensor(it["input"])))
        case "copy":
            return float(seen.inputs[0][(0, *it["place"])])
    assert it["kind"] == "add"
    return float(sum(it["terms"]))


def product(term: dict[str, Any]) -> float:
    if "kernel" in term:
        return float((torch.tensor(term["kernel"]) * torch.tensor(term["window"])).sum())
    return float(term["weight"] * term["value"])


def test_the_terms_of_a_unit_name_the_maps_that_they_came_from(traced: Traced) -> None:
    _, _, way = traced
    for index, seen in enumerate(way.layers):
        if seen.kind == "Linear" and flattened(way, index):
            for term in unit_of(way, index, 1).formula["terms"]:
                maps = way.layers[index - 1].inputs[0]
                assert float(maps[(0, *term["place"])]) == term["value"]


@pytest.mark.parametrize("name", [name for name in CHOICES if name != "mlp"])
def test_a_unit_looks_where_the_gradient_comes_from(name: str) -> None:
    torch.manual_seed(1)
    choices = {**CHOICES[name], "activation": "gelu"}  # no unit of it is without a gradient
    network = build(name.split("-")[0], choices, (1, 28, 28), 10).eval()
    if getattr(network, "whitening", None):
        network.whitening.fit(torch.randn(8, 1, 28, 28))  # type: ignore[union-attr]
    x = torch.rand(1, 1, 28, 28, requires_grad=True)
    way = trace(network, x)
    for index, seen in enumerate(way.layers):
        if seen.output.ndim == 4:
            place = (seen.output.shape[2] // 2, seen.output.shape[3] - 1)
            value = seen.output[(0, slice(None), *place)].sum()
            (gradient,) = torch.autograd.grad(value, x, retain_graph=True)
            box = looks_at(way, index, place)
            outside = gradient[0, 0].clone()
            outside[box.top : box.top + box.height, box.left : box.left + box.width] = 0
            assert gradient.any() and not outside.any(), seen.name


def test_a_layer_or_a_unit_that_is_not_there_is_told(traced: Traced) -> None:
    _, _, way = traced
    with pytest.raises(ValueError, match=way.layers[0].name):
        way.index("none")
    with pytest.raises(ValueError, match="its units are 0 to 9"):
        unit_of(way, len(way.layers) - 1, 10)
