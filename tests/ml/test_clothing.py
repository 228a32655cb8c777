"""A drawn T-shirt on a background is found, and treated as Fashion-MNIST's makers did."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.ml.clothing import garment_of
from app.ml.datasets import DATASETS, load
from app.ml.picture import Picture
from app.ml.preprocessing import STEP_KEYS, preprocess

HOW = DATASETS["fashion-mnist"].preprocessing
OUTLINE = np.array(
    [(60, 20), (100, 20), (140, 50), (125, 70), (112, 62), (112, 140), (48, 140), (48, 62),
     (35, 70), (20, 50)]
)  # fmt: skip


def shirt(cloth: tuple[int, int, int], floor: tuple[int, int, int], noise: float = 4) -> Picture:
    picture = np.full((160, 160, 3), floor, np.float32)
    cv2.fillPoly(picture, [OUTLINE], cloth)
    picture += np.random.default_rng(0).normal(0, noise, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def mask() -> Picture:
    return cv2.fillPoly(np.zeros((160, 160), np.uint8), [OUTLINE], 1).astype(bool)


@pytest.mark.parametrize(
    ("cloth", "floor"),
    [((40, 60, 160), (190, 170, 150)), ((240, 240, 235), (90, 60, 40)), ((20, 20, 20), (200,) * 3)],
)
def test_the_garment_is_told_from_its_background(
    cloth: tuple[int, int, int], floor: tuple[int, int, int]
) -> None:
    found = garment_of(shirt(cloth, floor))
    assert (found & mask()).sum() / (found | mask()).sum() > 0.95


def test_it_becomes_28_pixels_high_negative_and_stands_in_the_middle() -> None:
    pixels = preprocess(shirt((40, 40, 40), (200, 190, 180)), HOW).pixels
    assert pixels.shape == (1, 28, 28)
    rows = np.flatnonzero(pixels[0].max(1))
    assert (rows[0], rows[-1]) == (0, 27)
    assert pixels[0, 14, 14] == pytest.approx(255 - 40, abs=12) and pixels[0, 0, 0] == 0


def test_bright_cloth_is_dark_in_the_dataset() -> None:
    dark = preprocess(shirt((240, 240, 240), (60, 80, 60)), HOW).pixels
    assert dark[0, 14, 14] < 40


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_picture_is_rejected_as_blank(value: int) -> None:
    rejection = preprocess(np.full((90, 60, 3), value, np.uint8), HOW).rejection
    assert rejection is not None and rejection.code == "blank"


def test_what_is_transparent_is_background() -> None:
    cut_out = np.dstack((shirt((40, 60, 160), (0, 0, 0), 0), mask().astype(np.uint8) * 255))
    pixels = preprocess(cut_out, HOW).pixels[0]
    assert pixels[14, 14] > 150 and pixels[0, 0] == 0


@pytest.mark.parametrize("key", STEP_KEYS["clothing"])
def test_each_step_can_be_left_out_to_see_what_goes_wrong(key: str) -> None:
    picture = shirt((40, 60, 160), (190, 170, 150))[:, :130]
    whole, without = preprocess(picture, HOW), preprocess(picture, HOW, skip=[key], steps=True)
    assert without.pixels.shape == whole.pixels.shape and len(without.steps) == 5
    assert not np.array_equal(whole.pixels, without.pixels)


@pytest.mark.data
def test_the_datasets_own_pictures_do_not_change(data_root: Path, cache: Path) -> None:
    pictures = load("fashion-mnist", data_root, cache).test.pictures[:, 0].numpy()
    same = [np.array_equal(preprocess(picture, HOW).pixels[0], picture) for picture in pictures]
    assert np.mean(same) == 1
