"""Pen, eraser, undo and redo, pen width, keyboard; and what outlives a reload."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.digits import CROSSED_SEVEN, THREE
from tests.browser.reading import expect_answer, ink_pixels


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        name, _, times = key.partition("*")
        for _ in range(int(times or 1)):
            page.keyboard.press(name)


def test_the_eraser_takes_the_cross_off_a_seven_and_undo_brings_it_back(
    page: Page, mouse: Any
) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    whole = ink_pixels(page)
    page.get_by_role("button", name="Eraser").click()
    mouse(page, [[(0.36, 0.5), (0.46, 0.49)]])
    less = ink_pixels(page)
    assert less < whole
    expect_answer(page, "7")
    page.get_by_role("button", name="Undo").click()
    assert ink_pixels(page) == whole
    page.get_by_role("button", name="Redo").click()
    assert ink_pixels(page) == less


def test_erasing_nothing_is_no_change(page: Page, mouse: Any) -> None:
    mouse(page, [[(0.5, 0.2), (0.5, 0.8)]])
    page.get_by_role("button", name="Eraser").click()
    mouse(page, [[(0.1, 0.1), (0.15, 0.1)]])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".sure")).to_have_text("No digit yet")


def test_erasing_everything_leaves_an_empty_pad(page: Page, mouse: Any) -> None:
    mouse(page, [[(0.5, 0.4), (0.5, 0.6)]])
    page.get_by_role("button", name="Eraser").click()
    mouse(page, [[(0.5, 0.3), (0.5, 0.7)]])
    assert ink_pixels(page) == 0
    expect(page.locator(".sure")).to_have_text("No digit yet")


def test_undo_and_redo_by_keyboard(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    both = ink_pixels(page)
    press(page, "Control+z")
    one = ink_pixels(page)
    assert one < both
    press(page, "Control+Shift+z")
    assert ink_pixels(page) == both
    press(page, "Control+z Control+y")
    assert ink_pixels(page) == both
    expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-disabled", "true")


def test_the_pens_width_changes_the_drawing_and_what_the_network_sees(
    page: Page, mouse: Any
) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    usual, seen = ink_pixels(page), page.locator(".seen img").get_attribute("src")
    page.get_by_label("Pen width").fill("120")
    assert ink_pixels(page) > 1.3 * usual
    expect(page.locator(".seen img")).not_to_have_attribute("src", seen or "")
    expect_answer(page, "3")


def test_a_digit_is_drawn_with_the_keyboard_alone_and_each_place_is_told(page: Page) -> None:
    press(page, "Tab*9")
    expect(page.locator("#pad")).to_be_focused()
    keys = page.locator("#keys")
    expect(keys).to_have_css("opacity", "0.92")
    press(page, "ArrowLeft*5")
    expect(keys).to_have_text("Column 10, row 8. Pen up.")
    press(page, "Space ArrowRight*10")
    expect(keys).to_have_text("Column 20, row 8. Pen down.")
    press(page, "End*5 ArrowDown*10 Space")
    expect(keys).to_have_text("Column 15, row 23. Pen up.")
    expect_answer(page, "7")


def test_the_keyboards_pen_stays_on_the_pad_and_is_lifted_when_one_leaves(page: Page) -> None:
    page.locator("#pad").focus()
    press(page, "ArrowUp*30 ArrowLeft*30 Space ArrowDown*40")
    expect(page.locator("#keys")).to_have_text("Column 1, row 28. Pen down.")
    press(page, "Tab")
    expect_answer(page, "1")
    press(page, "Control+z")
    expect(page.locator(".sure")).to_have_text("No digit yet")


def test_escape_lifts_the_keyboards_pen(page: Page) -> None:
    page.locator("#pad").focus()
    press(page, "Space ArrowDown*14 Escape ArrowDown")
    expect(page.locator("#keys")).to_have_text(re.compile("Pen up"))


def test_drawing_pen_width_and_model_survive_a_reload(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    page.get_by_label("Model").select_option("mnist-cnn")
    page.get_by_label("Pen width").fill("100")
    expect_answer(page, "7")
    ink = ink_pixels(page)
    page.reload()
    expect_answer(page, "7")
    assert ink_pixels(page) == pytest.approx(ink, rel=0.001)  # its points lie on a fine grid now
    expect(page.get_by_label("Model")).to_have_value("mnist-cnn")
    expect(page.get_by_label("Pen width")).to_have_value("100")
    page.get_by_role("button", name="Clear").click()
    page.reload()
    expect(page.locator(".sure")).to_have_text("No digit yet")


def test_a_drawing_in_the_address_is_read_and_the_first_change_takes_it_out(
    page: Page, mouse: Any, server: Any
) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    line = page.evaluate("sessionStorage.getItem('inkling-drawing')")
    page.get_by_role("button", name="Clear").click()
    page.goto(f"{server.url}/#{line}")
    expect_answer(page, "3")
    assert page.url.endswith(line)
    mouse(page, [[(0.2, 0.1), (0.2, 0.2)]])
    expect(page).to_have_url(f"{server.url}/")


def test_a_tie_is_shown_as_a_tie(page: Page) -> None:
    """The page's own view, fed with an answer: two classes within ten points."""
    script = """async ([first, second]) => {
        const {AnswerView, spoken} = await import('/static/js/answer.js');
        const view = new AnswerView(document.querySelector('#answer'));
        const rest = (1 - first - second) / 8;
        const probabilities = [rest, first, rest, rest, rest, rest, rest, second, rest, rest];
        const predictions = probabilities.map(
            (probability, index) => ({label: String(index), index, probability}));
        predictions.sort((a, b) => b.probability - a.probability);
        const answer = {predictions, rejected: null, input: ''};
        view.show(answer, true);
        return [spoken(answer), document.querySelector('.headline').dataset.state];
    }"""
    assert page.evaluate(script, [0.46, 0.44]) == [
        "1 or 7? 46\u202f% and 44\u202f%: it cannot decide.", "unsure",
    ]  # fmt: skip
    expect(page.locator(".sure")).to_have_text("1 or 7?")
    assert page.evaluate(script, [0.45, 0.2]) == ["Perhaps a 1 Only 45\u202f% sure.", "unsure"]
    assert page.evaluate(script, [0.7, 0.2]) == ["1, 70\u202f% sure", "answer"]
    expect(page.locator(".detail")).to_have_text("or 7, 20\u202f%")


def test_undo_while_the_pen_is_down_takes_only_its_stroke(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN[:1])
    one = ink_pixels(page)
    box = page.locator("#pad canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 300, steps=4)
    press(page, "Control+z")
    page.mouse.up()
    assert ink_pixels(page) == one
    press(page, "Control+z")
    assert ink_pixels(page) == 0
    press(page, "Control+y")
    assert ink_pixels(page) == one
