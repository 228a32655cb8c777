import numpy as np
import pytest

from app.ml.datasets import DATASETS
from app.ml.preprocessing import preprocess

HOW = DATASETS["cifar10-jpeg"].preprocessing


def test_the_middle_of_a_picture_becomes_32_pixels_square() -> None:
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:, 32:96] = (200, 100, 50)
    pixels = preprocess(picture, HOW).pixels
    assert pixels.shape == (3, 32, 32)
    assert (pixels == np.array([200, 100, 50])[:, None, None]).all()


def test_the_datasets_own_size_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert np.array_equal(preprocess(picture, HOW).pixels, picture.transpose(2, 0, 1))


@pytest.mark.parametrize("channels", [None, 4])
def test_grey_and_transparent_pictures_are_taken_too(channels: int | None) -> None:
    shape = (40, 40) if channels is None else (40, 40, channels)
    picture = np.full(shape, 128, np.uint8)
    if channels:
        picture[:, :, 3] = 0
    assert (preprocess(picture, HOW).pixels == (255 if channels else 128)).all()


@pytest.mark.parametrize("key", ["square", "scale"])
def test_a_step_can_be_left_out(key: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 90, 3), np.uint8)
    without = preprocess(picture, HOW, skip=[key])
    assert without.pixels.shape == (3, 32, 32)
    assert not np.array_equal(without.pixels, preprocess(picture, HOW).pixels)
