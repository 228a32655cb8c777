"""Strokes as vectors: the pure functions, in the browser that runs them."""

import math
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

IMPORT = "const s = await import('/static/js/strokes.js');"


def run(page: Page, body: str, argument: Any = None) -> Any:
    return page.evaluate(f"async (given) => {{ {IMPORT} {body} }}", argument)


def test_the_eraser_splits_a_line_at_the_rim_of_its_circle(page: Page) -> None:
    left, right = run(page, "return s.erased([[[0, 0.5], [1, 0.5]]], [0.5, 0.5], 0.1);")
    assert [left[0], right[-1]] == [[0, 0.5], [1, 0.5]]
    assert math.isclose(left[-1][0], 0.4) and math.isclose(right[0][0], 0.6)


def test_the_eraser_shortens_removes_and_leaves_alone(page: Page) -> None:
    body = """
        const far = [[0.9, 0.9], [0.9, 0.8]];
        const within = [[0.45, 0.5], [0.5, 0.55]];
        const strokes = [[[0.5, 0.5], [0.9, 0.5]], within, [[0.5, 0.5]], far];
        const left = s.erased(strokes, [0.5, 0.5], 0.1);
        return [left.length, left[0][0][0], left[1] === far];
    """
    count, start, same = run(page, body)
    assert count == 2 and math.isclose(start, 0.6) and same


def test_what_is_left_lies_outside_the_circle_and_nothing_else_is_lost(page: Page) -> None:
    """A fine zigzag: kept length + length inside the circle = whole length, by counting."""
    body = """
        const stroke = Array.from({length: 200}, (_, i) => [i / 200, 0.5 + 0.3 * Math.sin(i)]);
        const left = s.erased([stroke], [0.4, 0.5], 0.17);
        return [stroke, left];
    """
    stroke, left = run(page, body)
    assert all(math.dist(point, (0.4, 0.5)) >= 0.17 - 1e-9 for part in left for point in part)
    kept = sum(math.dist(a, b) for part in left for a, b in pairwise(part))
    fine, outside = 2000, 0.0
    for a, b in pairwise(stroke):
        places = (
            (a[0] + (b[0] - a[0]) * (i + 0.5) / fine, a[1] + (b[1] - a[1]) * (i + 0.5) / fine)
            for i in range(fine)
        )
        share = sum(math.dist(place, (0.4, 0.5)) > 0.17 for place in places) / fine
        outside += share * math.dist(a, b)
    assert math.isclose(kept, outside, rel_tol=1e-3)


def test_a_drawings_first_part_has_the_length_asked_for(page: Page) -> None:
    body = """
        const strokes = [[[0, 0], [0.5, 0]], [[0.5, 0.5], [0.5, 1]]];
        const whole = s.inkLength(strokes);
        const half = s.firstPart(strokes, whole / 2 + 0.1);
        const none = s.firstPart(strokes, 0).length;
        return [whole, s.inkLength(half), half.length, none, s.firstPart(strokes, 9)];
    """
    whole, half, strokes, none, all_of_it = run(page, body)
    assert math.isclose(half, whole / 2 + 0.1) and strokes == 2 and none == 0
    assert all_of_it == [[[0, 0], [0.5, 0]], [[0.5, 0.5], [0.5, 1]]]


def test_a_drawing_survives_its_link_to_a_thousandth_of_the_pad(page: Page) -> None:
    body = """
        const {encode, decode} = await import('/static/js/link.js');
        const line = encode({model: "mnist-cnn", pen: 0.1, strokes: given});
        return [line, decode(line)];
    """
    strokes = [[[0.1234, 0.9], [0.5, -0.01], [1.2, 0.33333]], [[0.7, 0.7]]]
    line, back = run(page, body, strokes)
    assert line.startswith("model=mnist-cnn&ink=") and line.endswith("&pen=100") and len(line) < 60
    assert back["model"] == "mnist-cnn" and back["pen"] == 0.1
    flat = [number for stroke in strokes for point in stroke for number in point]
    read = [number for stroke in back["strokes"] for point in stroke for number in point]
    assert all(abs(a - b) <= 0.0005 for a, b in zip(flat, read, strict=True))


def test_a_damaged_or_newer_line_cannot_be_read(page: Page) -> None:
    body = """
        const {decode} = await import('/static/js/link.js');
        return given.filter(line => decode(line) !== null);
    """
    lines = [
        "ink=!!!&pen=75",
        "ink=AAAA&pen=75",
        "ink=_____w&pen=75",
        "ink=gICAgICAgIA&pen=75",
        "ink=" + "A" * 9 + "&pen=75",
        "ink=AoAEgAQ",
        "ink=AoAEgAQ&pen=x",
        "ink=AoAEgAQ&pen=7",
        "model=mnist-cnn&pen=75",
        "model=Visit evil.test",
        "ink=AoAEgAQ&pen=75&version=2",
    ]
    assert run(page, body, lines) == []
    assert run(page, body, ["", "model=mnist-cnn", "ink=AoAEgAQ&pen=75"]) == [
        "", "model=mnist-cnn", "ink=AoAEgAQ&pen=75",
    ]  # fmt: skip


def test_a_line_cut_off_anywhere_is_never_a_whole_drawing(page: Page) -> None:
    body = """
        const {decode, encode} = await import('/static/js/link.js');
        const line = encode({model: "", pen: 0.12, strokes: given});
        const cut = Array.from({length: line.length - 7}, (_, i) => line.slice(0, i + 7));
        return [decode(line) !== null, cut.filter(part => decode(part) !== null)];
    """
    strokes = [[[0.1, 0.1], [0.9, 0.1]], [[0.5, 0.2], [0.5, 0.9]], [[0.3, 0.3]]]
    assert run(page, body, strokes) == [True, []]
