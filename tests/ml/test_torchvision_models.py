import subprocess
import sys
from pathlib import Path

import pytest
import torch

from app.ml.networks import build, head_of
from app.ml.torchvision_models import architectures, published

ROOT = Path(__file__).parents[2]
DECLARE = """
import sys, torch
library = torch.library.Library("torchvision", "FRAGMENT")  # as a matched build does
for schema in ("nms", "qnms"):
    library.define(f"{schema}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from app.ml import torchvision_models as ours
print(len(ours.architectures()), len(ours._declared))
"""


def test_a_build_that_fits_this_torch_is_left_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DECLARE], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split()[1:] == ["0"], done.stderr
    assert int(done.stdout.split()[0]) >= 80


def test_all_of_torchvisions_classifiers_are_there_by_name() -> None:
    names = architectures()
    assert {"alexnet", "resnet18", "squeezenet1_0", "vit_b_16", "swin_v2_t"} <= set(names)
    assert not {"fcn_resnet50", "raft_large", "r3d_18"} & set(names)


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small", "googlenet"])
def test_an_architecture_is_built_for_any_number_of_classes(name: str) -> None:
    network = build(name, {}, (3, 96, 96), 7).eval()
    assert network(torch.zeros(1, 3, 96, 96)).shape == (1, 7)
    layer = head_of(network)[1]
    assert 7 in (getattr(layer, "out_features", 0), getattr(layer, "out_channels", 0))


def test_what_cannot_be_built_is_a_sentence() -> None:
    for name, shape in (("resnet18", (1, 28, 28)), ("residuel", (3, 32, 32))):
        with pytest.raises(ValueError, match=name):
            build(name, {}, shape, 10)
    with pytest.raises(ValueError, match="hyperparameter"):
        build("resnet18", {"hidden": [3]}, (3, 32, 32), 10)


def test_the_table_of_weights_tells_classes_preparation_and_accuracy() -> None:
    first, last = published("resnet50")
    assert (first.preprocessing.options, last.preprocessing.options) == (
        {"resize": 256}, {"resize": 232},
    )  # fmt: skip
    assert first.preprocessing.size == 224
    assert first.classes[0] == "tench" and len(first.classes) == 1000
    assert first.file == "resnet50-0676ba61.pth" and first.sha256 == "0676ba61"
    assert 0.76 < first.top1 < last.top1 < 0.81
    assert published("efficientnet_b0")[0].preprocessing.options["interpolation"] == "bicubic"
