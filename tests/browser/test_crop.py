"""A photograph with more than one digit is cropped on the page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.digits import CROSSED_SEVEN, THREE, png, side_by_side
from tests.browser.reading import expect_answer, pictures_sent
from tests.browser.test_everyone import violations
from tests.browser.test_uploads import choose


def crop(page: Page, side: int = 300) -> Locator:
    """A 7 beside a 3 on the pad, and the crop box over them."""
    choose(page, png(side_by_side(CROSSED_SEVEN, THREE, side)))
    expect(page.locator(".detail")).to_have_text(re.compile("Press Crop to choose one"))
    page.get_by_role("button", name="Crop").click()
    return page.get_by_role("application", name="Crop box")


def place(page: Page, across: float, down: float) -> tuple[float, float]:
    """Where on the screen a place of the picture is."""
    area = page.locator(".crop .area").bounding_box()
    assert area
    return area["x"] + across * area["width"], area["y"] + down * area["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *end), steps=6)
    page.mouse.up()


def crop_to_the_three(page: Page) -> None:
    drag(page, (0.2, 0.2), (0.5, 0))
    drag(page, (0.8, 0.8), (1, 1))
    expect_answer(page, "3")


def edges(box: Locator) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", box.get_attribute("aria-label") or "")]


def test_a_picture_of_two_digits_offers_a_crop_in_words(page: Page) -> None:
    choose(page, png(side_by_side(CROSSED_SEVEN, THREE)))
    expect(page.locator("output")).to_have_text(re.compile("more than one digit.*Press Crop"))
    expect(page.get_by_role("button", name="Whole picture")).to_be_hidden()


def test_the_mouse_moves_and_resizes_the_box(page: Page) -> None:
    box = crop(page)
    drag(page, (0.2, 0.2), (0, 0))
    drag(page, (0.8, 0.8), (0.5, 1))
    assert edges(box) == [0, 50, 0, 100]
    expect_answer(page, "7")
    drag(page, (0.25, 0.5), (0.9, 0.5))
    assert edges(box) == [50, 100, 0, 100]
    expect_answer(page, "3")


def test_the_answer_follows_the_box_while_it_moves(page: Page) -> None:
    crop(page)
    drag(page, (0.2, 0.2), (0.4, 0))
    page.mouse.move(*place(page, 0.6, 0.4))
    page.mouse.down()
    page.mouse.move(*place(page, 0.75, 0.5), steps=6)
    expect(page.locator(".bar[aria-current] .label")).to_have_text("3")
    page.mouse.up()


def test_a_box_is_drawn_anew_outside_the_old_one(page: Page) -> None:
    box = crop(page)
    drag(page, (0.8, 0.8), (0.4, 0.4))
    drag(page, (0.99, 0.99), (0.52, 0.01))
    assert edges(box) == [52, 99, 1, 99]
    expect_answer(page, "3")


def test_a_finger_moves_the_box_and_the_page_stays(phone: Page, finger: Any) -> None:
    box = crop(phone)
    pad = phone.locator("#pad canvas").bounding_box()
    assert pad
    on_pad = [
        ((x - pad["x"]) / pad["width"], (y - pad["y"]) / pad["width"])
        for x, y in (place(phone, 0.5, 0.5), place(phone, 0.6, 0.5), place(phone, 0.7, 0.5))
    ]
    finger(phone, [on_pad])
    assert edges(box) == [40, 100, 20, 80]
    assert phone.evaluate("[scrollX, scrollY]") == [0, 0]
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(phone) == []


def test_the_keyboard_crops_alone(page: Page) -> None:
    choose(page, png(side_by_side(CROSSED_SEVEN, THREE)))
    page.get_by_role("button", name="Crop").focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("application", name="Crop box")
    expect(box).to_be_focused()
    for key, times in (("ArrowRight", 20), ("ArrowUp", 10), ("Shift+ArrowDown", 20)):
        for _ in range(times):
            page.keyboard.press(key)
    assert edges(box) == [40, 100, 0, 100]
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert edges(box) == [52, 100, 0, 100]
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()
    expect(page.get_by_role("button", name="Crop")).to_be_focused()
    expect_answer(page, "3")


def test_escape_leaves_the_box_and_the_picture_as_it_was(page: Page) -> None:
    box = crop(page)
    crop_to_the_three(page)
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(page.locator(".sure")).to_have_text("No guess")
    expect(page.get_by_role("button", name="Whole picture")).to_be_hidden()


def test_the_crop_is_cut_from_all_pixels_and_shown_as_it_is_sent(page: Page) -> None:
    latest = pictures_sent(page)
    crop(page, side=900)
    crop_to_the_three(page)
    page.get_by_role("button", name="Done").click()
    expect_answer(page, "3")
    with latest() as sent:
        assert sent.size == (900, 900)
    picture = page.get_by_role("img", name="Your picture")
    expect(picture).to_have_js_property("naturalWidth", 900)
    expect(picture).to_have_js_property("naturalHeight", 900)


def test_whole_picture_undoes_the_crop(page: Page) -> None:
    latest = pictures_sent(page)
    crop(page)
    crop_to_the_three(page)
    page.get_by_role("button", name="Whole picture").click()
    expect(page.locator(".sure")).to_have_text("No guess")
    expect(page.get_by_role("application", name="Crop box")).to_be_hidden()
    assert latest().size == (600, 300)


def test_the_box_keeps_its_place_on_a_picture_that_is_turned(page: Page) -> None:
    box = crop(page)
    drag(page, (0.2, 0.2), (0.5, 0.1))
    assert edges(box) == [50, 80, 10, 80]
    page.get_by_role("button", name="Turn").click()
    assert edges(box) == [20, 90, 50, 80]


def test_the_box_stays_on_the_picture_when_the_window_changes(page: Page) -> None:
    box = crop(page)
    ratio = """box => {
        const [one, other] = [box, box.parentElement].map(part => part.getBoundingClientRect());
        return [one.width / other.width, other.width / other.height];
    }"""
    before = box.evaluate(ratio)
    page.set_viewport_size({"width": 500, "height": 700})
    assert box.evaluate(ratio) == pytest.approx(before, rel=0.01)
    assert before == pytest.approx([0.6, 2], rel=0.01)
    crop_to_the_three(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_box(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    crop(page)
    page.keyboard.press("ArrowUp")
    assert violations(page) == []
