import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ml.datasets import DIGIT
from app.ml.preprocessing import preprocess
from app.ml.strokes import rasterise
from tests.ml.conftest import DRAWINGS, SEVEN


def test_scale_and_place_of_strokes_do_not_matter() -> None:
    tiny = [[(x / 1000 + 5, y / 1000 - 3) for x, y in stroke] for stroke in SEVEN]
    assert np.array_equal(rasterise(tiny), rasterise(SEVEN))


def test_the_pen_is_as_wide_as_asked() -> None:
    line = rasterise([[(0, 0), (0, 1)]], pen_width=0.2)
    middle = line[line.shape[0] // 2]
    assert int((middle > 0).sum()) == pytest.approx(40, abs=1)  # a fifth of 200


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_drawn_digit_is_not_rejected(digit: int) -> None:
    assert preprocess(rasterise(DRAWINGS[digit]), DIGIT).rejection is None


def test_no_stroke_is_an_empty_canvas_and_one_point_a_dot() -> None:
    assert not rasterise([]).any() and not rasterise([[]]).any()
    rejection = preprocess(rasterise([[(5, 5)]]), DIGIT).rejection
    assert rejection is not None and rejection.code == "too_little_ink"


numbers = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.tuples(numbers, numbers), max_size=6), max_size=4))
def test_any_finite_strokes_become_a_canvas(strokes: list[list[tuple[float, float]]]) -> None:
    canvas = rasterise(strokes)
    assert canvas.dtype == np.uint8 and canvas.ndim == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_coordinates_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        rasterise([[(0, bad)]])
