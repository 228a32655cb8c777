"""Why this answer: three maps over the input that say which pixels a network's answer rests on.

Each is (H, W) and speaks of one class's logit. None is the network's own reason: each answers one
question, which stands with its function.
"""

from collections.abc import Sequence
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from app.ml.examination import is_activation
from app.ml.networks import CNN, Network
from app.ml.preprocessing import Preprocessing
from app.ml.residual import Residual
from app.ml.trace import TOKENS, is_imported

SECONDS = 8.0  # then the windows that were tried must do: a large network is slow
LAST_MAPS = (  # the part of a network of torchvision whose output they are
    "features", "layer4", "trunk_output", "conv5", "layers", "inception5b", "Mixed_7c",
)  # fmt: skip
WINDOWS = 7  # sides of an occluding window in the picture's side; it moves by half its side
BATCH = 64  # occluded pictures at once


class OfBrightness(nn.Module):
    """A network as a function of brightness: (N, C, H, W) from 0 to 1 -> logits.

    So that a gradient means "per full step from black to white", whatever the dataset's spread.
    """

    def __init__(self, network: Network, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.network = network
        self.mean = torch.tensor(preprocessing.mean).view(-1, 1, 1)
        self.std = torch.tensor(preprocessing.std).view(-1, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network((x - self.mean) / self.std)
        return logits


def saliency(seen: OfBrightness, x: Tensor, of: int) -> Tensor:
    """How much would the logit rise if this pixel became brighter? The gradient by each pixel
    (Simonyan et al., 2013), summed over the channels: x (1, C, H, W) -> (H, W), signed."""
    return gradient(seen, x, of)[0].sum(0)


def gradient(seen: OfBrightness, x: Tensor, of: int) -> Tensor:
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(seen(x)[0, of], x)
    return found


def grad_cam(seen: OfBrightness, x: Tensor, of: int) -> Tensor | None:
    """Which places of the last feature maps speak for the class? The maps, each weighted by its
    mean gradient, added, and only what speaks for it (Selvaraju et al., 2017): (H, W) from 0 on,
    or None where a network has no feature maps."""
    layer = last_maps(seen.network)
    if layer is None:
        return None
    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda module, _, y: kept.append(y))
    try:
        with torch.enable_grad():
            logit = seen(x.detach().clone().requires_grad_())[0, of]
            gradients = torch.autograd.grad(logit, kept)
    finally:
        hook.remove()
    cams = [
        (maps * slopes.mean((2, 3), keepdim=True)).sum(1, keepdim=True).relu()
        for maps, slopes in zip(kept, gradients, strict=True)
    ]  # one for each look
    if isinstance(seen.network, Residual):
        views = [spread(cam.detach(), x.shape[2:], seen.network.cell) for cam in cams]
        views = seen.network.laid_back(views)
    else:
        views = [interpolate(cam.detach(), x.shape[2:], mode="bilinear") for cam in cams]
    return torch.stack(views).sum(0)[0, 0]


def spread(cam: Tensor, shape: Sequence[int], cell: int) -> Tensor:
    """(N, C, h, w) over a picture, each number over its cell x cell pixels; what pooling left over
    at the right and at the bottom gets what stands beside it."""
    (height, width), (rows, columns) = shape, (side * cell for side in cam.shape[2:])
    view = interpolate(cam, (rows, columns), mode="bilinear")
    return pad(view, (0, width - columns, 0, height - rows), "replicate")


def last_maps(network: Network) -> nn.Module | None:
    """The layer whose output are the last feature maps at full sight: what follows the last
    convolution, before it is pooled."""
    if isinstance(network, Residual):
        return network.stages
    if isinstance(network, CNN):
        return [layer for layer in network.features if is_activation(layer)][-1]
    if is_imported(network) and type(network).__name__ not in TOKENS:
        parts = dict(network.named_children())
        return next((parts[name] for name in LAST_MAPS if name in parts), None)
    return None


@torch.no_grad()
def occlusion(seen: OfBrightness, x: Tensor, of: int, ground: float = 0.0) -> Tensor:
    """How much does the logit fall when this place is hidden? A window of brightness `ground`
    slides over the picture; each pixel gets the mean fall of all windows over it (Zeiler and
    Fergus, 2013): x (1, C, H, W) -> (H, W), signed."""
    height, width = x.shape[2:]
    window = max(1, min(height, width) // WINDOWS)
    side_by_side = corners(height, width, window, window)
    between = corners(height, width, window, max(1, window // 2))
    places = list(dict.fromkeys(side_by_side + between))
    logit, falls, until = seen(x)[0, of], list[float](), perf_counter() + SECONDS
    for at in range(0, len(places), BATCH):
        falls += (logit - seen(covered(x, places[at : at + BATCH], window, ground))[:, of]).tolist()
        if perf_counter() > until and at + BATCH >= len(side_by_side):
            break
    total, count = torch.zeros(height, width), torch.zeros(height, width)
    for (top, left), fall in zip(places, falls, strict=False):
        total[top : top + window, left : left + window] += fall
        count[top : top + window, left : left + window] += 1
    return total / count


def corners(height: int, width: int, window: int, step: int) -> list[tuple[int, int]]:
    """(top, left) of the windows that cover a picture."""
    lefts = starts(width, window, step)
    return [(top, left) for top in starts(height, window, step) for left in lefts]


def starts(side: int, window: int, step: int) -> list[int]:
    """Where windows begin, and one that ends with the picture."""
    found = list(range(0, side - window + 1, step))
    return found if found[-1] == side - window else [*found, side - window]


def covered(x: Tensor, places: list[tuple[int, int]], window: int, ground: float) -> Tensor:
    pictures = x.repeat(len(places), 1, 1, 1)
    for row, (top, left) in enumerate(places):
        pictures[row, :, top : top + window, left : left + window] = ground
    return pictures
