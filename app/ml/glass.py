"""What a student sees of a layer: its name, what it does, its maps or values, its weights."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from app.ml.networks import parameter_count
from app.ml.residual import Whitening
from app.ml.sheets import Sheet, sheet_of
from app.ml.trace import Seen, Trace

MOST_LAYERS = 80  # with maps or values in an overview; those beyond tell their shape alone
BINS = 40  # of a histogram
MOST_NUMBERS = 512  # biases and the like
MATRIX = 128, 512  # rows and columns at most of a picture of all weights
PICTURE_CHANNELS = 4  # a flattened picture has fewer; more channels are feature maps

WORDS = {
    "Whitening": (
        "Whitening",
        "Fixed filters, computed from the training pictures and never learnt: each answers to one "
        "way in which neighbouring pixels differ, its twin to the opposite.",
    ),
    "Conv2d": (
        "Convolution",
        "{units} kernels of {window} by {across} slide over all that comes in. Each makes one map: "
        "it shows where its pattern was found.",
    ),
    "BatchNorm1d": (
        "Batch norm",
        "Each unit is moved and scaled by its own two numbers, so that over the training pictures "
        "it stayed near 0 and of one size.",
    ),
    "BatchNorm2d": (
        "Batch norm",
        "Each map is moved and scaled by its own two numbers, so that over the training pictures "
        "it stayed near 0 and of one size.",
    ),
    "ReLU": ("ReLU", "What is below 0 becomes 0, all else stays: max(z, 0)."),
    "LeakyReLU": ("Leaky ReLU", "What is below 0 is multiplied by {gamma:g}, all else stays."),
    "Sigmoid": ("Sigmoid", "Every number is squeezed between 0 and 1: 1 / (1 + exp(-z))."),
    "Tanh": ("Tanh", "Every number is squeezed between -1 and 1."),
    "GELU": ("GELU", "Far below 0 all becomes 0, far above it stays: z/2 (1 + erf(z/√2))."),
    "MaxPool2d": (
        "Max pooling",
        "Of each {window} by {window} square only the largest number stays. The maps become "
        "smaller, and a small shift of the drawing changes less.",
    ),
    "AvgPool2d": (
        "Average pooling",
        "Each {window} by {window} square becomes its mean. The maps become smaller.",
    ),
    "AdaptiveAvgPool2d": ("Global pooling", "Each whole map becomes one number, its mean."),
    "Grid": (
        "Pooling to a grid",
        "Each map becomes {rows} x {columns} numbers, each the mean of its share of the map.",
    ),
    "AdaptiveMaxPool2d": ("Global pooling", "Of each whole map one number stays, its largest."),
    "Flatten": (
        "Flatten",
        "All numbers are laid out in one long row. Nothing is computed.",
    ),
    "Linear": (
        "Fully connected",
        "Each of its {units} units adds up all {inputs} numbers that come in, each times a weight "
        "of its own, and its bias.",
    ),
    "Logits": (
        "Logits",
        "One unit for each class: the sum of all {inputs} numbers that come in, each times a "
        "weight, is the score of its class, the logit.",
    ),
    "Add": (
        "Sum of the branch",
        "What the branch found is added to what went into it: the branch had to learn only what "
        "was missing.",
    ),
    "Concatenate": (
        "Laid together",
        "The maps of several layers become one stack, one after another. Nothing is computed.",
    ),
    "ReLU6": ("ReLU6", "What is below 0 becomes 0, what is above 6 becomes 6, all else stays."),
    "Hardswish": (
        "Hard swish",
        "Below -3 all becomes 0, above 3 all stays; between them z (z + 3) / 6.",
    ),
    "Hardsigmoid": ("Hard sigmoid", "Squeezed between 0 and 1 by a straight line, (z + 3) / 6."),
    "SiLU": ("SiLU", "Far below 0 all becomes 0, far above it stays: z / (1 + exp(-z))."),
    "Closed": (
        "Closed layer",
        "A {module} of torchvision. It is not opened here: it works on other things than maps and "
        "units, so that only the shape of what it puts out is told.",
    ),
    "Looks": (
        "All looks together",
        "The same layers read the picture {looks} times: {how}. Each look gives probabilities, and "
        "the answer is their mean; these are its logits. The layers above show the picture as it "
        "is.",
    ),
}  # fmt: skip


HOW_LOOKED = {  # by whether it is moved, and mirrored
    (False, True): "as it is and in the mirror",
    (True, False): "as it is and moved by two pixels to each side",
    (True, True): "as it is, moved by two pixels to each side, and all five in the mirror",
}


@dataclass(frozen=True)
class Bounds:
    channels: int
    side: int  # of a map; larger ones are averaged down
    values: int


OVERVIEW = Bounds(channels=16, side=32, values=512)
DETAIL = Bounds(channels=128, side=56, values=4096)
SHAPE_ALONE = Bounds(channels=0, side=0, values=0)


@dataclass(frozen=True)
class Histogram:
    """Counts in equal bins from minimum to maximum."""

    minimum: float
    maximum: float
    counts: list[int]


@dataclass(frozen=True)
class Weights:
    """kind: `kernels` (means over what comes in, where that is several maps), `rows` (a unit's
    weights as a picture) or `matrix` (a row for each unit, made smaller by averaging)."""

    kind: str
    shape: tuple[int, ...]
    sheet: Sheet
    histogram: Histogram


@dataclass(frozen=True)
class Detail:
    """numbers: bias; of batch norm also mean and variance; channels: (least, mean, largest)."""

    outputs: Histogram
    weights: Weights | None
    numbers: dict[str, list[float]]
    channels: list[tuple[float, float, float]]


@dataclass(frozen=True)
class Layer:
    name: str
    kind: str
    title: str
    sentence: str
    shape: tuple[int, ...]
    parameters: int
    branch: str | None
    maps: Sheet | None = None
    values: list[float] | None = None
    detail: Detail | None = None


def layers_of(trace: Trace, looked_at: int | None = None, alone: bool = False) -> list[Layer]:
    """All layers of a trace, one of them in detail, or that one alone."""
    titles = titles_of(trace)
    return [
        layer_of(trace, index, titles[index], index == looked_at)
        for index in range(len(trace.layers))
        if not alone or index == looked_at
    ]


def layer_of(trace: Trace, index: int, title: str, in_detail: bool) -> Layer:
    seen = trace.layers[index]
    output = seen.output[0]
    if seen.kind == "Closed":
        in_detail, bounds = False, SHAPE_ALONE
    else:
        bounds = DETAIL if in_detail else OVERVIEW if index < MOST_LAYERS else SHAPE_ALONE
    maps = values = None
    if is_maps(output) and bounds.channels:
        maps = sheet_of(output, bounds.channels, bounds.side)
    elif bounds.values:
        values = numbers(output.flatten()[: bounds.values])
    return Layer(
        seen.name, seen.kind, title, sentence_of(trace, index), tuple(output.shape),
        0 if seen.kind in ("Add", "Concatenate", "Looks") else parameter_count(seen.module),
        seen.branch, maps, values, detail_of(trace, index) if in_detail else None,
    )  # fmt: skip


def is_maps(output: Tensor) -> bool:
    return output.ndim == 3 and output.shape[1:] != (1, 1)


def numbers(tensor: Tensor) -> list[float]:
    """Finite, as JSON must have it."""
    found: list[float] = torch.nan_to_num(tensor.detach()).tolist()
    return found


# --- in words ------------------------------------------------------------------------------------


def word_of(trace: Trace, index: int) -> str:
    seen = trace.layers[index]
    rest = trace.layers[index + 1 :]
    is_last = seen.kind == "Linear" and all(layer.kind == "Looks" for layer in rest)
    if seen.kind == "AdaptiveAvgPool2d" and is_maps(seen.output[0]):
        return "Grid"
    return "Logits" if is_last else seen.kind


def titles_of(trace: Trace) -> list[str]:
    """`Convolution 2` where there are several."""
    words = [WORDS[word_of(trace, index)][0] for index in range(len(trace.layers))]
    counts: dict[str, int] = {}
    titles = []
    for word in words:
        counts[word] = counts.get(word, 0) + 1
        titles.append(f"{word} {counts[word]}" if words.count(word) > 1 else word)
    return titles


def sentence_of(trace: Trace, index: int) -> str:
    seen = trace.layers[index]
    sentence = WORDS[word_of(trace, index)][1]
    return sentence.format(
        units=seen.output.shape[1],
        inputs=f"{seen.inputs[0][0].numel():,}",
        window=side_of(getattr(seen.module, "kernel_size", 0), 0),
        across=side_of(getattr(seen.module, "kernel_size", 0), 1),
        gamma=getattr(seen.module, "negative_slope", 0.0),
        module=type(seen.module).__name__,
        rows=seen.output.shape[-2],
        columns=seen.output.shape[-1],
        looks=len(seen.inputs),
        how=HOW_LOOKED.get((is_so(seen, "shifted"), is_so(seen, "mirror"))),
    )


def is_so(seen: Seen, choice: str) -> bool:
    return bool(getattr(seen.module, choice, False))


def side_of(size: Any, axis: int) -> int:
    side: int = size[axis] if isinstance(size, tuple) else size
    return side


# --- in detail -----------------------------------------------------------------------------------


def detail_of(trace: Trace, index: int) -> Detail:
    seen = trace.layers[index]
    output = seen.output[0]
    channels = output.flatten(1)[:MOST_NUMBERS] if is_maps(output) else None
    return Detail(
        histogram_of(output),
        weights_of(trace, index),
        numbers_of(seen),
        [] if channels is None else list(zip(
            numbers(channels.amin(1)), numbers(channels.mean(1)), numbers(channels.amax(1)),
            strict=True,
        )),
    )  # fmt: skip


def histogram_of(tensor: Tensor) -> Histogram:
    finite = torch.nan_to_num(tensor.detach().float().flatten())
    minimum, maximum = float(finite.min()), float(finite.max())
    counts = torch.histc(finite, BINS, minimum, maximum)
    return Histogram(minimum, maximum, [int(count) for count in counts])


def numbers_of(seen: Seen) -> dict[str, list[float]]:
    module = seen.module
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        named = {
            "mean": module.running_mean, "variance": module.running_var,
            "scale": module.weight, "shift": module.bias,
        }  # fmt: skip
    elif isinstance(module, nn.Conv2d | nn.Linear):
        named = {"bias": module.bias}
    else:
        named = {}
    return {name: numbers(t[:MOST_NUMBERS]) for name, t in named.items() if t is not None}


def weights_of(trace: Trace, index: int) -> Weights | None:
    module = trace.layers[index].module
    if isinstance(module, Whitening):
        weight = module.filters
    elif isinstance(module, nn.Conv2d | nn.Linear):
        weight = module.weight.detach()
    else:
        return None
    kind, sheet = weight_sheet(weight, flattened(trace, index))
    return Weights(kind, tuple(weight.shape), sheet, histogram_of(weight))


def weight_sheet(weight: Tensor, picture: tuple[int, ...] | None) -> tuple[str, Sheet]:
    """weight: (units, inputs) or (units, channels, side, side); picture: what was flattened."""
    if weight.ndim == 4:
        return "kernels", sheet_of(weight.mean(1), DETAIL.channels, DETAIL.side)
    if picture and picture[0] < PICTURE_CHANNELS and picture[1] > 1:
        rows = weight[: DETAIL.channels].reshape(-1, *picture).mean(1)
        return "rows", sheet_of(rows, DETAIL.channels, DETAIL.side)
    return "matrix", matrix_of(weight)


def matrix_of(weight: Tensor) -> Sheet:
    rows, columns = (min(have, most) for have, most in zip(weight.shape, MATRIX, strict=True))
    small = torch.nn.functional.adaptive_avg_pool2d(weight[None], (rows, columns))
    return sheet_of(small, 1, max(rows, columns))


def flattened(trace: Trace, index: int) -> tuple[int, ...] | None:
    """(C, H, W) of what this layer got as one row, None where it did not come from maps."""
    before = trace.layers[index - 1] if index else None
    return tuple(before.inputs[0].shape[1:]) if before and before.kind == "Flatten" else None
