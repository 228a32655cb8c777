"""One unit of a layer: its formula with the numbers in it, and where in the input it looks."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from app.ml.glass import DETAIL, flattened, is_maps, numbers
from app.ml.residual import Residual, Whitening
from app.ml.sheets import Sheet, sheet_of
from app.ml.trace import Seen, Trace

MOST_TERMS = 8  # the largest of a sum; the others are summed up
MOST_KERNELS = 64  # of one unit, on its sheet


Axis = tuple[int, int, int]  # side of the window, stride, padding
Spans = list[tuple[int, int]]  # first and last row, first and last column


@dataclass(frozen=True)
class Box:
    """Where a unit looks, in pixels of the input; cut at its edges."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class Unit:
    """formula: a table with `kind` and the numbers that it takes; see `formula_of`."""

    layer: str
    unit: int
    place: tuple[int, int] | None
    value: float
    formula: dict[str, Any]
    looks_at: Box
    map: Sheet | None
    weights: Sheet | None  # kernels, one for each map that comes in; or its row as a picture


def unit_of(trace: Trace, index: int, unit: int, place: tuple[int, int] | None = None) -> Unit:
    """place (row, column) in the unit's map, by default where it is largest. ValueError when there
    is no such unit or place."""
    seen = trace.layers[index]
    output = seen.output[0]
    if seen.kind == "Closed":
        raise ValueError("this layer is not opened here: it has neither maps nor units")
    if not 0 <= unit < len(output):
        raise ValueError(f"its units are 0 to {len(output) - 1}")
    if output.ndim == 3:
        place = place_in(output[unit], place)
        value = output[unit][place]
    else:
        place, value = None, output[unit]
    return Unit(
        seen.name, unit, place, number(value), formula_of(trace, index, unit, place),
        looks_at(trace, index, place),
        sheet_of(output[unit : unit + 1], 1, DETAIL.side) if is_maps(output) else None,
        weights_of(trace, index, unit),
    )  # fmt: skip


def number(tensor: Tensor) -> float:
    return float(tensor.detach())


def place_in(channel: Tensor, place: tuple[int, int] | None) -> tuple[int, int]:
    height, width = channel.shape
    if place is None:
        strongest = int(channel.argmax())
        return strongest // width, strongest % width
    if not (0 <= place[0] < height and 0 <= place[1] < width):
        raise ValueError(f"its rows are 0 to {height - 1}, its columns 0 to {width - 1}")
    return place


# --- the formula ---------------------------------------------------------------------------------


def formula_of(
    trace: Trace, index: int, unit: int, place: tuple[int, int] | None
) -> dict[str, Any]:
    """kind `sum`, `convolution`, `pooling`, `batch_norm`, `activation`, `add`, `mean` or `copy`."""
    seen = trace.layers[index]
    module = seen.module
    if isinstance(module, nn.Linear):
        return weighted_sum(module, seen.inputs[0][0], unit, flattened(trace, index))
    if isinstance(module, nn.Conv2d | Whitening):
        assert place is not None
        return product_sum(module, seen.inputs[0], unit, place)
    if isinstance(module, nn.Flatten):
        return copied(seen, unit)
    if seen.kind == "Concatenate":
        return laid_together(seen, unit, place)
    if seen.kind == "Add":
        at = (0, unit) if place is None else (0, unit, *place)
        return {"kind": "add", "terms": [number(each[at]) for each in seen.inputs]}
    if isinstance(module, Residual):  # all its looks
        shares = torch.cat(seen.inputs).softmax(1)[:, unit]
        return {"kind": "mean", "terms": list(map(number, shares)), "mean": number(shares.mean())}
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        return batch_norm(module, given(seen, unit, place), unit)
    if (window := window_of(seen, unit, place)) is not None:
        how = "largest" if "Max" in seen.kind else "mean"
        count = len(window) * len(window[0])
        if pools_all(seen):
            count = seen.inputs[0][0, unit].numel()
        return {"kind": "pooling", "how": how, "window": window, "count": count}
    return {"kind": "activation", "function": seen.kind, "input": given(seen, unit, place)}


def given(seen: Seen, unit: int, place: tuple[int, int] | None) -> float:
    """What came in for this very place."""
    channel = seen.inputs[0][0, unit]
    return number(channel if place is None else channel[place])


def weighted_sum(
    module: nn.Linear, inputs: Tensor, unit: int, picture: tuple[int, ...] | None
) -> dict[str, Any]:
    """sum of w_i a_i + b: the terms that count most, and the sum of all others."""
    weights = module.weight.detach()[unit]
    products = weights * inputs
    largest = products.abs().topk(min(MOST_TERMS, len(products))).indices.tolist()
    rest = products.double().sum() - products[largest].double().sum()
    terms = [
        {
            "input": i, "weight": number(weights[i]), "value": number(inputs[i]),
            "product": number(products[i]),
            **({"place": list(map(int, place_of(i, picture)))} if picture else {}),
        }
        for i in largest
    ]  # fmt: skip
    return {
        "kind": "sum", "terms": terms, "bias": bias_of(module, unit),
        "rest": {"count": len(products) - len(largest), "sum": number(rest)},
    }  # fmt: skip


def place_of(index: int, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Of a number in a row that was maps: (channel, row, column)."""
    _, height, width = shape
    return index // (height * width), index // width % height, index % width


def bias_of(module: nn.Module, unit: int) -> float | None:
    bias = getattr(module, "bias", None)
    return None if bias is None else number(bias[unit])


def product_sum(
    module: nn.Conv2d | Whitening, x: Tensor, unit: int, place: tuple[int, int]
) -> dict[str, Any]:
    """The kernel times the window under it, for each map that comes in; 0 outside the map."""
    weight = (module.filters if isinstance(module, Whitening) else module.weight.detach())[unit]
    groups = getattr(module, "groups", 1)  # of maps, each with kernels of its own
    first = unit // (module_units(module) // groups) * len(weight)
    window = window_under(module, x[0, first : first + len(weight)], place)
    sums = (weight * window).double().sum((1, 2))
    largest = sums.abs().topk(min(MOST_TERMS, len(sums))).indices.tolist()
    terms = [
        {"channel": first + i, "window": numbers(window[i]), "kernel": numbers(weight[i]),
         "product": number(sums[i])}
        for i in largest
    ]  # fmt: skip
    rest = {"count": len(sums) - len(largest), "sum": number(sums.sum() - sums[largest].sum())}
    return {"kind": "convolution", "terms": terms, "bias": bias_of(module, unit), "rest": rest}


def module_units(module: nn.Conv2d | Whitening) -> int:
    return module.channels if isinstance(module, Whitening) else module.out_channels


def window_under(module: nn.Module, x: Tensor, place: tuple[int, int]) -> Tensor:
    """(C, H, W) -> (C, height, width) of what the layer looks at for this place; 0 outside."""
    (high, down, above), (wide, along, before) = geometry(module)
    padded = torch.nn.functional.pad(x, [before, before, above, above])
    top, left = place[0] * down, place[1] * along
    return padded[:, top : top + high, left : left + wide]


def laid_together(seen: Seen, unit: int, place: tuple[int, int] | None) -> dict[str, Any]:
    """Of a concatenation: from which place of what came in."""
    for given in seen.inputs:
        if unit < given.shape[1]:
            break
        unit -= given.shape[1]
    return {"kind": "copy", "place": [unit, *(place or (0, 0))]}


def copied(seen: Seen, unit: int) -> dict[str, Any]:
    shape = tuple(seen.inputs[0].shape[1:])
    return {"kind": "copy", "place": list(place_of(unit, shape))}


def batch_norm(module: nn.BatchNorm1d | nn.BatchNorm2d, value: float, unit: int) -> dict[str, Any]:
    """scale (z - mean) / sqrt(variance + eps) + shift (Ioffe and Szegedy, 2015)."""
    assert module.running_mean is not None and module.running_var is not None
    return {
        "kind": "batch_norm", "input": value, "mean": number(module.running_mean[unit]),
        "spread": sqrt(number(module.running_var[unit]) + module.eps),
        "scale": number(module.weight[unit]), "shift": number(module.bias[unit]),
    }  # fmt: skip


def window_of(seen: Seen, unit: int, place: tuple[int, int] | None) -> list[list[float]] | None:
    """What a pooling layer pools for this place; of a large map a corner alone."""
    if "Pool" not in seen.kind:
        return None
    channel = seen.inputs[0][0, unit]
    if place is None or pools_all(seen):
        return numbers(channel[: DETAIL.side, : DETAIL.side])  # type: ignore[return-value]
    if seen.kind.startswith("Adaptive"):
        (top, bottom), (left, right) = shares_of(seen, [(each, each) for each in place])
        return numbers(channel[top : bottom + 1, left : right + 1])  # type: ignore[return-value]
    if "Max" in seen.kind:  # nothing outside the map is larger than what is in it
        (high, down, above), (wide, along, before) = geometry(seen.module)
        top, left = place[0] * down - above, place[1] * along - before
        channel = channel[max(0, top) : top + high, max(0, left) : left + wide]
        return numbers(channel)  # type: ignore[return-value]
    return numbers(window_under(seen.module, channel[None], place)[0])  # type: ignore[return-value]


def pools_all(seen: Seen) -> bool:
    """Whether each map becomes one number."""
    return seen.kind.startswith("Adaptive") and seen.output.shape[2:].numel() == 1


def shares_of(seen: Seen, spans: Spans) -> Spans:
    """Of a pooling into a given number of rows and columns: what these are of."""
    sizes = zip(seen.inputs[0].shape[2:], seen.output.shape[2:], strict=True)
    return [
        (first * before // after, -(-(last + 1) * before // after) - 1)
        for (first, last), (before, after) in zip(spans, sizes, strict=True)
    ]


def weights_of(trace: Trace, index: int, unit: int) -> Sheet | None:
    module = trace.layers[index].module
    if isinstance(module, nn.Conv2d | Whitening):
        weight = module.filters if isinstance(module, Whitening) else module.weight.detach()
        return sheet_of(weight[unit], MOST_KERNELS, DETAIL.side)
    picture = flattened(trace, index)
    if isinstance(module, nn.Linear) and picture and picture[1] > 1:
        row = module.weight.detach()[unit].reshape(picture)
        return sheet_of(row, MOST_KERNELS, DETAIL.side)
    return None


# --- where it looks ------------------------------------------------------------------------------


def looks_at(trace: Trace, index: int, place: tuple[int, int] | None) -> Box:
    """The receptive field, layer by layer back to the input, by every way that leads there."""
    height, width = trace.layers[0].inputs[0].shape[2:]
    if place is None:
        return Box(0, 0, height, width)
    asked = {index: [(each, each) for each in place]}  # first and last row, first and last column
    for at in range(index, -1, -1):
        if at not in asked:
            continue
        seen, spans = trace.layers[at], asked.pop(at)
        if seen.kind.startswith("Adaptive"):
            spans = shares_of(seen, spans)
        else:
            spans = [
                (a * stride - padding, b * stride - padding + side - 1)
                for (a, b), (side, stride, padding) in zip(
                    spans, geometry(seen.module), strict=True
                )
            ]
        sources = (at - 1,) if seen.sources is None else seen.sources or (-1,)
        for source in sources:  # -1: the picture itself
            asked[source] = around(asked.get(source, spans), spans)
    (top, bottom), (left, right) = (
        (max(0, a), min(size - 1, b))
        for (a, b), size in zip(asked[-1], (height, width), strict=True)
    )
    return Box(top, left, bottom - top + 1, right - left + 1)


def around(one: Spans, other: Spans) -> Spans:
    """The smallest rectangle around two."""
    return [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(one, other, strict=True)]


def geometry(module: nn.Module) -> tuple[Axis, Axis]:
    """Down and along: (side of the window, stride, padding); a layer without a window looks at one
    place."""
    if isinstance(module, Whitening):
        axis = module.patch, 1, module.padding
        return axis, axis
    if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        sizes = (module.kernel_size, module.stride, module.padding)
        down, along = zip(*map(two, sizes), strict=True)
        return down, along
    return (1, 1, 0), (1, 1, 0)


def two(size: Any) -> tuple[int, int]:
    """torch writes one number where both are the same."""
    return (int(size[0]), int(size[1])) if isinstance(size, tuple) else (int(size), int(size))
