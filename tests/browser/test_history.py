"""Undo and redo: strokes, pictures, their turns and crops are steps of one history."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, THREE, on_paper, png
from tests.browser.reading import expect_answer, ink_pixels
from tests.browser.test_crop import crop, crop_to_the_three
from tests.browser.test_uploads import choose


def undo(page: Page) -> None:
    page.get_by_role("button", name="Undo", exact=True).click()


def redo(page: Page) -> None:
    page.get_by_role("button", name="Redo").click()


def expect_picture(page: Page, width: int, height: int) -> None:
    image = page.locator("#pad img")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", width)
    expect(image).to_have_js_property("naturalHeight", height)


def test_every_change_can_be_undone_and_done_again_but_not_after_another_one(page: Page) -> None:
    found = page.evaluate("""async () => {
        const {begun, changed, redone, undone} = await import('/static/js/history.js');
        const two = changed(changed(begun(0), 1), 2);
        const back = undone(undone(two));
        const all = [two, back, undone(back), redone(redone(back)), redone(two),
          redone(changed(back, 3)), undone(changed(back, 3))];
        return all.map(({now}) => now);
    }""")
    assert found == [2, 0, 0, 2, 2, 3, 0]


def test_a_long_history_forgets_its_beginning(page: Page) -> None:
    found = page.evaluate("""async () => {
        const {begun, changed, undone} = await import('/static/js/history.js');
        let history = begun(0);
        for (let i = 1; i <= 1000; i++) history = changed(history, i);
        for (let i = 0; i < 1000; i++) history = undone(history);
        return history.now;
    }""")
    assert found == 800


def test_undo_goes_back_through_pictures_to_the_drawing_and_redo_forth(
    page: Page, mouse: Any
) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    choose(page, png(on_paper(THREE)))
    expect_answer(page, "3")
    choose(page, png(on_paper(FOOTED_ONE)))
    expect_answer(page, "1")
    undo(page)
    expect_answer(page, "3")
    undo(page)
    expect_answer(page, "7")
    expect(page.locator("#pad img")).to_be_hidden()
    redo(page)
    redo(page)
    expect_answer(page, "1")
    expect(page.get_by_role("button", name="Turn")).to_be_visible()


def test_drawing_over_a_picture_replaces_it_and_undo_brings_it_back(page: Page, mouse: Any) -> None:
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    mouse(page, THREE)
    expect_answer(page, "3")
    expect(page.locator("#pad img")).to_be_hidden()
    undo(page)
    expect_answer(page, "7")
    expect_picture(page, 300, 300)
    assert ink_pixels(page) == 0
    redo(page)
    expect_answer(page, "3")
    expect(page.locator("#pad img")).to_be_hidden()


def test_undo_brings_a_cleared_picture_back_on_a_phone(phone: Page, finger: Any) -> None:
    choose(phone, png(on_paper(CROSSED_SEVEN)))
    expect_answer(phone, "7")
    phone.get_by_role("button", name="Clear").click()
    expect(phone.locator(".sure")).to_have_text("No digit yet")
    undo(phone)
    expect_answer(phone, "7")
    finger(phone, THREE)
    expect_answer(phone, "3")
    undo(phone)
    expect_answer(phone, "7")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


def test_undo_while_the_pen_is_on_a_picture_keeps_the_picture(page: Page) -> None:
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    box = page.locator("#pad").bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 200, steps=4)
    expect(page.locator("#pad img")).to_be_hidden()
    page.keyboard.press("Control+z")
    page.mouse.up()
    expect_answer(page, "7")
    expect_picture(page, 300, 300)
    assert ink_pixels(page) == 0


def test_each_turn_is_a_step(page: Page) -> None:
    choose(page, png(on_paper(THREE, 300, 200)))
    expect_answer(page, "3")
    for width, height in ((200, 300), (300, 200)):
        page.get_by_role("button", name="Turn").click()
        expect_picture(page, width, height)
    undo(page)
    expect_picture(page, 200, 300)
    undo(page)
    expect_picture(page, 300, 200)
    expect_answer(page, "3")
    redo(page)
    expect_picture(page, 200, 300)
    expect(page.get_by_role("button", name="Redo")).to_have_attribute("aria-disabled", "false")


def test_a_crop_is_one_step_however_often_its_box_was_moved(page: Page) -> None:
    crop(page)
    crop_to_the_three(page)
    page.get_by_role("button", name="Done").click()
    expect_picture(page, 300, 300)
    undo(page)
    expect_picture(page, 600, 300)
    expect(page.locator(".sure")).to_have_text("No guess")
    redo(page)
    expect_answer(page, "3")
    page.get_by_role("button", name="Whole picture").click()
    expect_picture(page, 600, 300)
    expect(page.get_by_role("button", name="Crop")).to_be_focused()
    undo(page)
    expect_answer(page, "3")


@pytest.mark.parametrize("turn", [False, True])
def test_undo_while_the_crop_box_is_open_leaves_the_box(page: Page, turn: bool) -> None:
    box = crop(page)
    if turn:
        page.get_by_role("button", name="Turn").click()
        expect(box).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+z")
    expect(box).to_be_hidden()
    expect(page.locator("#pad")).to_be_focused()
    expect(page.locator(".sure")).to_have_text("No guess")
    expect_picture(page, *((300, 600) if turn else (600, 300)))
    undo(page)
    if turn:
        expect_picture(page, 600, 300)
        undo(page)
    expect(page.locator("output")).to_have_text("The pad is empty.")


def test_going_back_to_an_empty_pad_is_told(page: Page, mouse: Any) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    page.keyboard.press("Control+z")
    expect(page.locator("output")).to_have_text("The pad is empty.")
    page.keyboard.press("Control+y")
    expect_answer(page, "3")
    page.get_by_role("button", name="Eraser").click()
    for height in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        mouse(page, [[(0.2, height), (0.8, height)]])
    expect(page.locator("output")).to_have_text("The pad is empty.")
    expect(page.locator("output")).to_have_attribute("aria-live", "polite")


def test_a_picture_that_came_back_can_be_cropped(page: Page, mouse: Any) -> None:
    crop(page)
    page.keyboard.press("Escape")
    mouse(page, THREE)
    expect_answer(page, "3")
    undo(page)
    expect(page.locator(".detail")).to_have_text(re.compile("Press Crop to choose one"))
    page.get_by_role("button", name="Crop").click()
    crop_to_the_three(page)


def test_a_picture_puts_the_eraser_down(page: Page, mouse: Any) -> None:
    page.get_by_role("button", name="Eraser").click()
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    mouse(page, THREE)
    expect_answer(page, "3")
    expect(page.get_by_role("button", name="Pen", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
