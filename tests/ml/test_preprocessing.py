import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.ml.datasets import DIGIT
from app.ml.preprocessing import PREPROCESSING, REJECTIONS, STEP_KEYS, Picture, preprocess
from tests.ml.conftest import DRAWINGS, FIVE, SEVEN, ZERO, on_canvas


def seen(picture: Picture) -> np.ndarray:
    prepared = preprocess(picture, DIGIT)
    assert prepared.rejection is None
    return prepared.pixels[0].astype(int)


def ink_box(pixels: np.ndarray) -> tuple[int, int]:
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@pytest.mark.parametrize("digit", DRAWINGS)
def test_the_longest_side_is_20_and_the_centre_of_mass_at_14_14(digit: int) -> None:
    pixels = seen(on_canvas(DRAWINGS[digit]))
    assert max(ink_box(pixels)) == 20
    y, x = np.indices(pixels.shape)
    for axis in (y, x):
        assert (axis * pixels).sum() / pixels.sum() == pytest.approx(14, abs=0.5)


@pytest.mark.parametrize("shift", [(-35, -30), (0, 35), (30, 10)])
def test_a_shifted_drawing_gives_the_same_input(shift: tuple[int, int]) -> None:
    canvas = on_canvas(SEVEN)
    assert np.array_equal(seen(np.roll(canvas, shift, (0, 1))), seen(canvas))


@pytest.mark.parametrize("side", [140, 200, 420, 900])
def test_the_size_of_the_canvas_does_not_matter(side: int) -> None:
    assert np.abs(seen(on_canvas(FIVE, side)) - seen(on_canvas(FIVE))).mean() < 6


def colours(canvas: Picture) -> dict[str, Picture]:
    paper = np.uint8(255) - canvas
    clear = np.zeros_like(canvas)
    blue = np.stack([paper] * 2 + [paper // 2 + np.uint8(128)], 2)
    return {
        "dark on light": paper,
        "grey on grey": (canvas // 3 + 60).astype(np.uint8),
        "rgb": np.stack([canvas] * 3, 2),
        "blue on white": blue,
        "white ink on nothing": np.stack([canvas | 255] * 3 + [canvas], 2),
        "black ink on nothing": np.stack([clear] * 3 + [canvas], 2),
    }


@pytest.mark.parametrize("kind", colours(np.zeros((2, 2), np.uint8)))
def test_polarity_and_colour_do_not_matter(kind: str) -> None:
    canvas = on_canvas(ZERO)
    assert np.abs(seen(colours(canvas)[kind]) - seen(canvas)).mean() < 2


def photographed(canvas: Picture, ink: int = 60) -> Picture:
    """On paper lit from one side, with grain: what a phone sees."""
    random = np.random.default_rng(0)
    light = np.linspace(0.5, 1, canvas.shape[1])[None, :]
    paper = 235 * light - (canvas / 255) * (235 - ink) * light
    return np.clip(paper + random.normal(0, 3, canvas.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("digit", DRAWINGS)
def test_shade_and_grain_of_a_photograph_vanish(digit: int) -> None:
    canvas = on_canvas(DRAWINGS[digit])
    assert np.abs(seen(photographed(canvas)) - seen(canvas)).mean() < 12
    assert np.abs(seen(255 - photographed(canvas)) - seen(canvas)).mean() < 12  # chalk


def test_an_empty_sheet_is_blank_even_with_shade_and_grain() -> None:
    for sheet in (photographed(np.zeros((200, 200), np.uint8)), np.full((9, 9), 255, np.uint8)):
        rejection = preprocess(sheet, DIGIT).rejection
        assert rejection is not None and rejection.code == "blank"


def test_a_neighbour_cut_off_by_the_edge_of_a_photograph_is_dropped() -> None:
    canvas = on_canvas(SEVEN, fill=0.6)
    crowded = canvas.copy()
    cv2.line(crowded, (0, 60), (0, 200), 255, 18)
    assert np.abs(seen(photographed(crowded)) - seen(photographed(canvas))).mean() < 4


def test_specks_do_not_move_the_digit() -> None:
    canvas = on_canvas(SEVEN)
    dusty = canvas.copy()
    dusty[3:6, 3:6] = dusty[270:272, 10:12] = 255
    assert np.array_equal(seen(dusty), seen(canvas))


@pytest.mark.parametrize("digit", DRAWINGS)
@pytest.mark.parametrize("side", [300, 1600])
def test_a_hairline_keeps_its_shape(side: int, digit: int) -> None:
    """One pixel wide on a large canvas: averaged to 20 pixels it would be as good as gone."""
    canvas = np.zeros((side, side), np.uint8)
    for stroke in DRAWINGS[digit]:
        points = np.rint((np.array(stroke) * 0.8 + 10) * side / 100).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, 1)
    pixels = seen(canvas)
    assert pixels.max() > 190 and np.abs(pixels - seen(on_canvas(DRAWINGS[digit]))).mean() < 20


@pytest.mark.parametrize("table", [30, 60, 100])
@pytest.mark.parametrize("margin", [20, 100])
def test_a_dark_table_around_the_paper_is_not_ink(table: int, margin: int) -> None:
    random = np.random.default_rng(1)
    paper = 225 - on_canvas(SEVEN, 600) * 0.7 + random.normal(0, 3, (600, 600))
    size = 600 + 2 * margin
    scene = table + random.normal(0, 3, (size, size))
    scene[margin:-margin, margin:-margin] = paper
    scene = np.clip(scene, 0, 255).astype(np.uint8)
    assert np.abs(seen(scene) - seen(on_canvas(SEVEN))).mean() < 12


def side_by_side(*drawings: Picture) -> Picture:
    return np.hstack(drawings)


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (np.zeros((280, 280), np.uint8), "blank"),
        (np.full((1, 1), 7, np.uint8), "blank"),
        (np.zeros((30, 30, 4), np.uint8), "blank"),
        (cv2.circle(np.zeros((280, 280), np.uint8), (90, 90), 10, 255, -1), "too_little_ink"),
        (side_by_side(on_canvas(ZERO, 200), on_canvas(SEVEN, 200)), "several_digits"),
        (np.vstack([on_canvas(FIVE, 200), on_canvas(SEVEN, 200)]), "several_digits"),
    ],
)
def test_what_is_no_single_digit_is_rejected_with_its_reason(picture: Picture, code: str) -> None:
    prepared = preprocess(picture, DIGIT)
    assert prepared.rejection is not None
    assert (prepared.rejection.code, prepared.rejection.message) == (code, REJECTIONS[code])


def test_a_five_with_its_bar_apart_is_one_digit() -> None:
    canvas = on_canvas([FIVE[0], [(x + 12, y - 6) for x, y in FIVE[1]]])
    assert preprocess(canvas, DIGIT).rejection is None


def test_the_steps_come_in_order_with_a_sentence_and_a_picture_each() -> None:
    steps = preprocess(on_canvas(SEVEN), DIGIT, steps=True).steps
    assert tuple(step.key for step in steps) == STEP_KEYS["digit"]
    assert all(step.sentence.endswith(".") for step in steps)
    assert [step.picture.shape for step in steps][-2:] == [(20, 15), (28, 28)]


@pytest.mark.parametrize("key", STEP_KEYS["digit"])
def test_every_step_can_be_left_out(key: str) -> None:
    prepared = preprocess(photographed(on_canvas(SEVEN)), DIGIT, skip=[key])
    assert prepared.pixels.shape == (1, 28, 28)


def test_without_centring_the_box_is_centred_and_without_scaling_28_are_filled() -> None:
    canvas = on_canvas(SEVEN)
    boxed = preprocess(canvas, DIGIT, skip=["centre"]).pixels[0]
    assert boxed[4:24].any(1).all() and not boxed[:4].any()
    large = preprocess(canvas, DIGIT, skip=["scale"]).pixels[0]
    assert max(ink_box(large)) == 28


def test_an_unknown_step_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="choose from paper, ink, specks, crop, scale, centre"):
        preprocess(on_canvas(ZERO), DIGIT, skip=["zoom"])


def test_pipelines_have_unique_keys() -> None:
    for name, steps in PREPROCESSING.items():
        assert len(set(STEP_KEYS[name])) == len(steps)


pictures = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4])),
).flatmap(lambda shape: arrays.arrays(np.uint8, shape))


@settings(max_examples=150, deadline=None)
@given(picture=pictures, skip=st.sets(st.sampled_from(STEP_KEYS["digit"])))
def test_any_picture_is_either_prepared_or_rejected(picture: Picture, skip: set[str]) -> None:
    before = picture.copy()
    prepared = preprocess(picture, DIGIT, skip, steps=True)
    assert prepared.pixels.shape == (1, 28, 28) and prepared.pixels.dtype == np.uint8
    assert np.array_equal(picture, before)
    if prepared.rejection is None:
        assert len(prepared.steps) == len(STEP_KEYS["digit"])
