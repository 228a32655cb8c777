"""What JSON bodies carry, and the rule that each bad one breaks."""

import json
from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import LIMITS
from app.web.bodies import Base64, Strokes, json_limit, read_drawing
from app.web.errors import ApiError
from tests.web.hostile import SEEDS

TEXT = b64encode(SEEDS["PNG"]).decode()
ROWS = [[0] * 28 for _ in range(28)]


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def refusal(content: bytes) -> ApiError:
    with pytest.raises(ApiError) as refused:
        read_drawing(content)
    return refused.value


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"data:image/png;base64,{TEXT}",
        f"data:;base64,{TEXT}",
        f"DATA:image/png;BASE64,{TEXT}",
    ],
)
def test_a_picture_comes_as_base64_or_data_url(text: str) -> None:
    drawing = read_drawing(body(image=text))
    assert isinstance(drawing, Base64) and bytes(drawing.text) == TEXT.encode()


def test_escapes_in_a_picture_are_read() -> None:
    escaped = body(image=TEXT).replace(b"/", b"\\/").replace(b"+", b"\\u002b")
    drawing = read_drawing(escaped)
    assert isinstance(drawing, Base64) and bytes(drawing.text) == TEXT.encode()


def test_strokes_come_with_a_pen() -> None:
    drawing = read_drawing(body(strokes=[[[0, 1.5], [2, 3]], []]))
    assert drawing == Strokes([[[0, 1.5], [2, 3]], []], 0.1, 2)
    drawing = read_drawing(body(pen_width=0.05, strokes=[]))
    assert drawing == Strokes([], 0.05, 0)


def test_pixels_come_in_rows() -> None:
    rows = [[0, 1.4, 255], [254.6, 7, 0]]
    drawing = read_drawing(body(pixels=rows))
    assert isinstance(drawing, np.ndarray) and drawing.dtype == np.uint8
    assert drawing.tolist() == [[0, 1, 255], [255, 7, 0]]
    assert np.shape(read_drawing(body(pixels=[[[1, 2, 3]] * 4] * 5))) == (5, 4, 3)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    "form",
    [
        '{"pixels":%s}',
        '{"pixels":[[%s]]}',
        '{"strokes":[[[0,%s]]]}',
        '{"strokes":[],"pen_width":%s}',
    ],
)
def test_numbers_must_be_finite(form: str, value: str) -> None:
    error = refusal((form % value).encode())
    assert error.status == 422 and error.code in ("not_finite", "wrong_type")
    if "[[" in form:
        assert error.code == "not_finite"


@pytest.mark.parametrize("value", [None, True, "1", [], {}])
def test_numbers_are_numbers(value: Any) -> None:
    for bad in (
        body(pixels=[*ROWS[:9], [0, value], *ROWS]),
        body(strokes=[[[0, 0], [value, 1]]]),
        body(strokes=[], pen_width=value),
    ):
        assert refusal(bad).code == "wrong_type"


@pytest.mark.parametrize("value", [-1, 256, 1e30, 1e308, -0.01, 255.5])
def test_pixels_are_between_0_and_255(value: float) -> None:
    error = refusal(body(pixels=[[0, value]]))
    assert (error.status, error.code) == (422, "out_of_range")
    assert "`pixels.0.1`" in error.message


@pytest.mark.parametrize("value", [0, -1, 1.01, 1e9])
def test_a_pen_is_a_fraction_wide(value: float) -> None:
    assert refusal(body(strokes=[], pen_width=value)).code == "out_of_range"


@pytest.mark.parametrize("point", [[], [1], [1, 2, 3]])
def test_a_point_has_two_numbers(point: list[int]) -> None:
    assert refusal(body(strokes=[[point]])).code == "wrong_size"


def test_rows_have_one_length() -> None:
    error = refusal(body(pixels=[*ROWS[:27], [0] * 27]))
    assert (error.status, error.code) == (422, "wrong_size")


@pytest.mark.parametrize(
    "fields", [{}, {"pen_width": 0.1}, {"image": "", "strokes": []}, {"strokes": [], "pixels": []}]
)
def test_one_form_and_only_one_is_sent(fields: dict[str, Any]) -> None:
    assert refusal(body(**fields)).code in ("wrong_form", "unknown_key")


def test_unknown_keys_are_refused_and_not_repeated() -> None:
    for bad in (
        body(strokes=[], evil_key=1),
        body(image=TEXT, evil_key=1),
        body(pixels=ROWS, evil_key=1),
    ):
        error = refusal(bad)
        assert error.code == "unknown_key" and "evil" not in error.message


def test_a_picture_must_be_text() -> None:
    for value in (None, 1, True, [], {}):
        assert refusal(body(image=value)).code == "wrong_type"


@pytest.mark.parametrize(
    "content",
    [b'{"image":"abc', b'{"image":"abc"', b'{"image":"abc"} x', b'{"image":"a","image":"b"}'],
)
def test_a_picture_in_broken_json_is_refused(content: bytes) -> None:
    assert refusal(content).code == "invalid_json"


def test_what_follows_a_picture_is_bounded() -> None:
    error = refusal(b'{"image":"","pixels":[' + b"0," * 100_000 + b"0]}")
    assert error.status == 413


def test_sixteen_thousand_wrong_items_are_one_short_answer() -> None:
    error = refusal(body(pixels=[[None] * 8000] * 1))
    assert error.status == 422 and len(error.message) < 200


def test_a_drawing_may_have_only_so_many_points() -> None:
    many = b'{"strokes":[[' + b"[1,1]," * LIMITS.stroke_points + b"[1,1]]]}"
    assert refusal(many).status == 422


def test_each_form_has_its_own_limit() -> None:
    assert json_limit(b'{"image": "') == LIMITS.json_image_bytes
    assert json_limit(b' {\n"strokes" :[') == LIMITS.strokes_bytes
    assert json_limit(b'{"pen_width": 0.1, "strokes": [') == LIMITS.strokes_bytes
    for other in (b'{"pixels": [', b"", b"[[[", b'{"a":1,"image":"', b"\xff"):
        assert json_limit(other) == LIMITS.json_bytes


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["image", "strokes", "pixels", "pen_width", "x"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    try:
        read_drawing(json.dumps(value).encode())
    except ApiError as error:
        assert error.status in (413, 422)


@given(st.binary())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read_drawing(content)
    except ApiError as error:
        assert error.status == 422
