"""A photograph becomes what torchvision would make of it: shorter side, then the middle."""

import numpy as np
import pytest
from PIL import Image

from app.ml.preprocessing import Preprocessing, preprocess

IMAGENET = Preprocessing(
    "photo", 224, 3, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), {"resize": 256}
)
OWN = Preprocessing("photo", 64, 3, (0.5,) * 3, (0.25,) * 3)


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    shape = (height, width, channels)[: 3 if channels > 1 else 2]
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("height, width", [(300, 500), (500, 300), (256, 256), (90, 41), (41, 333)])
def test_it_is_resize_and_center_crop(height: int, width: int) -> None:
    picture = noise(height, width)
    scale = 256 / min(height, width)
    size = (256, int(scale * height)) if width < height else (int(scale * width), 256)
    resized = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    expected = np.asarray(resized.crop((left, top, left + 224, top + 224))).transpose(2, 0, 1)
    assert np.array_equal(preprocess(picture, IMAGENET).pixels, expected)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("skip", [(), ("shorten",), ("middle",), ("shorten", "middle")])
def test_any_picture_fills_the_network_whatever_is_skipped(channels: int, skip: tuple) -> None:
    for height, width in ((1, 1), (1, 700), (64, 64), (100, 37)):
        prepared = preprocess(noise(height, width, channels), OWN, skip)
        assert prepared.pixels.shape == (3, 64, 64)
        assert prepared.rejection is None
