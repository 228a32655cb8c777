"""A picture moved, turned, resized, with another pen: the page's arithmetic against numpy's."""

from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from app.ml.cards import Preprocessing
from app.ml.picture import Picture
from app.ml.preprocessing import preprocess
from tests.ml.conftest import SEVEN, on_canvas

SCRIPT = """async ([picture, change]) => {
    const {warped} = await import('/static/js/warp.js');
    return [...warped(picture, {right: 0, down: 0, turn: 0, size: 1, pen: 0, ...change})];
}"""
FORM = Preprocessing("digit", 28, 1, (0.0,), (1.0,))


@pytest.fixture
def seven() -> Picture:
    return preprocess(on_canvas(SEVEN), FORM).pixels[0]


def warped(page: Page, picture: Picture, **change: float) -> Any:
    values = page.evaluate(SCRIPT, [picture.ravel().tolist(), change])
    return np.array(values, np.uint8).reshape(picture.shape)


def middle(picture: Picture) -> Any:
    places = np.indices(picture.shape).reshape(2, -1)
    return np.average(places, axis=1, weights=picture.ravel())


def test_sliders_at_rest_change_no_pixel(page: Page, seven: Picture) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    for picture in (seven, noise):
        assert (warped(page, picture) == picture).all()


@pytest.mark.parametrize(("right", "down"), [(3, 0), (-6, 0), (0, 5), (0, -6), (2, -4)])
def test_whole_pixels_are_moved_exactly(page: Page, seven: Picture, right: int, down: int) -> None:
    wide = np.pad(seven, 6)
    expected = wide[6 - down : 34 - down, 6 - right : 34 - right]
    assert (warped(page, seven, right=right, down=down) == expected).all()


def test_half_a_pixel_is_the_mean_of_two(page: Page, seven: Picture) -> None:
    wide = np.pad(seven, ((0, 0), (1, 0))).astype(float)
    mean = (wide[:, :-1] + wide[:, 1:]) / 2
    assert np.abs(warped(page, seven, right=0.5) - mean).max() <= 0.5


def test_a_quarter_turn_goes_clockwise_around_the_centre_of_mass(
    page: Page, seven: Picture
) -> None:
    turned = warped(page, seven, turn=90)
    assert (turned[1:, 1:] == np.rot90(seven[1:, 1:], -1)).all()
    slightly = warped(page, seven, turn=20)
    assert np.abs(middle(slightly) - middle(seven)).max() < 0.3


def test_size_scales_the_ink_around_the_middle(page: Page, seven: Picture) -> None:
    small = warped(page, seven, size=0.6)
    assert small.sum() == pytest.approx(0.36 * seven.sum(), rel=0.1)
    assert np.abs(middle(small) - middle(seven)).max() < 0.3
    assert warped(page, seven, size=1.4).sum() > 1.4 * seven.sum()


def test_the_pen_is_blended_with_dilation_and_erosion_as_in_training(
    page: Page, seven: Picture
) -> None:
    thick = cv2.dilate(seven, np.ones((3, 3)))
    thin = np.minimum.reduce([np.pad(seven, 1)[1 + y : 29 + y, 1 + x : 29 + x]
                              for y in (0, 1) for x in (0, 1)])  # fmt: skip
    assert (warped(page, seven, pen=1) == thick).all()
    assert (warped(page, seven, pen=-1) == thin).all()
    half = (seven.astype(float) + thick) / 2
    assert np.abs(warped(page, seven, pen=0.5) - half).max() <= 0.5
