"""torchvision's classification networks by their own names, and its table of weights for them."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import Any

from torch import nn
from torch.library import Library

from app.ml.preprocessing import Preprocessing

NAMESPACE = "torchvision"
SCHEMAS = (  # what torchvision's own library declares where it was built for this torch
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
PLAIN: dict[str, dict[str, Any]] = {  # without the second outputs that only their training had
    "googlenet": {"aux_logits": False, "init_weights": False, "transform_input": True},
    "inception_v3": {"aux_logits": False, "init_weights": False, "transform_input": True},
}
SIZED = ("vit",)  # made for one size of picture
_importing = Lock()
_declared: list[Library] = []  # a library's schemas live as long as it does


class NoTorchvision(ImportError):
    """torchvision is not installed, or not for this torch; the message says what to do."""


@cache
def torchvision_models() -> ModuleType:
    """torchvision.models; the first call takes a second or two. NoTorchvision."""
    with _importing:
        try:
            return import_module("torchvision.models")
        except RuntimeError as error:
            if f"{NAMESPACE}::" not in str(error):
                raise
        except ImportError as error:
            raise NoTorchvision(
                f"torchvision cannot be imported ({error}): ./run install"
            ) from error
        return import_beside_another_torch()


def import_beside_another_torch() -> ModuleType:
    """Where its compiled half does not load (a CUDA build beside a CPU torch), the Python half asks
    for two operators that are then missing. Their declaration is enough: no classifier calls them.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == NAMESPACE]:
        del sys.modules[name]
    library = Library(NAMESPACE, "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _declared.append(library)
    return import_module("torchvision.models")


@cache
def architectures() -> tuple[str, ...]:
    """torchvision's names of its classification networks, sorted: alexnet, ..., wide_resnet50_2."""
    models = torchvision_models()
    return tuple(models.list_models(module=models))


def build_architecture(name: str, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A fresh network for pictures (3, H, W); nothing is downloaded. ValueError says what cannot
    work: another name, other pictures."""
    if name not in architectures():
        raise ValueError(
            f"no network called {name!r}; choose one of mlp, cnn, residual, or of torchvision's"
        )
    if shape[0] != 3:
        raise ValueError(f"{name} takes pictures in colour, of 3 channels")
    options = dict(PLAIN.get(name, {}))
    if name.startswith(SIZED):
        options["image_size"] = shape[1]
    make: Callable[..., nn.Module] = torchvision_models().get_model
    with warnings.catch_warnings(action="ignore"):  # of defaults that will change
        network = make(name, weights=None, num_classes=classes, **options)
    for module in network.modules():
        if getattr(module, "inplace", False):
            setattr(module, "inplace", False)  # noqa: B010 (what it was given stays to be seen)
    return network


@dataclass(frozen=True)
class Published:
    """A row of torchvision's table of weights; shares from 0 to 1 as its makers report them."""

    name: str  # IMAGENET1K_V1
    url: str
    sha256: str  # the beginning of it, which stands in the file's name
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    top1: float
    top5: float
    recipe: str  # an address that tells how they were trained

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]


@cache
def published(architecture: str) -> tuple[Published, ...]:
    """The weights that torchvision knows for it, the oldest first; one row of its table has no
    classes: a network without a last layer."""
    table = torchvision_models().get_model_weights(architecture)
    return tuple(row_of(weights) for weights in table if weights.meta["categories"])


def row_of(weights: Any) -> Published:
    meta = weights.meta
    reported = meta["_metrics"]["ImageNet-1K"]
    return Published(
        weights.name, weights.url, weights.url.rpartition("-")[2].partition(".")[0],
        tuple(meta["categories"]), preprocessing_of(weights.transforms()),
        reported["acc@1"] / 100, reported["acc@5"] / 100, meta.get("recipe", ""),
    )  # fmt: skip


def preprocessing_of(transforms: Any) -> Preprocessing:
    """torchvision's Resize, CenterCrop and Normalize as the pipeline `photo`."""
    options: dict[str, Any] = {"resize": transforms.resize_size[0]}
    if transforms.interpolation.value != "bilinear":
        options["interpolation"] = transforms.interpolation.value
    return Preprocessing(
        "photo", transforms.crop_size[0], 3, tuple(transforms.mean), tuple(transforms.std), options
    )
