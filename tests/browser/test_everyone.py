"""The page for everyone: keyboard, screen reader, small screens, less motion, both themes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.digits import CROSSED_SEVEN
from tests.browser.reading import expect_answer

(AXE,) = (Path(__file__).parent / "vendor").glob("axe-core-*/axe.min.js")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def nothing(page: Page, mouse: Any) -> None:
    expect(page.locator(".sure")).to_have_text("No digit yet")


def an_answer(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")


def a_rejection(page: Page, mouse: Any) -> None:
    mouse(page, [[(0.5, 0.5)]])
    expect(page.locator(".sure")).to_have_text("No guess")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", [nothing, an_answer, a_rejection])
def test_axe_finds_nothing(page: Page, mouse: Any, scheme: Any, state: Callable[..., None]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    state(page, mouse)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone(phone: Page, mouse: Any, scheme: Any) -> None:
    phone.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    an_answer(phone, mouse)
    assert violations(phone) == []


def test_every_control_is_reached_by_keyboard_in_reading_order(page: Page) -> None:
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        reached.append(focused.get_attribute("id") or focused.inner_text().strip())
    assert reached[0] == "Skip to content"
    places = ["Draw", "Learn", "Datasets", "Train", "Models", "API"]
    assert reached[1:8] == ["Inkling", *places]
    tools = ["pen", "eraser", "width", "undo", "redo", "clear"]
    assert reached[8:] == ["pad", *tools, "0", "model", "glass", "file", "camera"]


def test_the_keyboard_clears_and_undoes(page: Page, mouse: Any) -> None:
    an_answer(page, mouse)
    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    expect(page.locator("output")).to_have_text("The pad is empty.")
    expect(page.get_by_role("button", name="Clear")).to_be_focused()
    page.keyboard.press("Control+z")
    expect_answer(page, "7")


def test_the_focus_can_be_seen(page: Page) -> None:
    page.locator("#clear").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    style = "part => getComputedStyle(part).outlineStyle + getComputedStyle(part).outlineWidth"
    assert page.locator("#undo").evaluate(style) == "solid3px"


def test_the_answers_are_in_the_accessibility_tree(page: Page, mouse: Any) -> None:
    an_answer(page, mouse)
    bars = page.get_by_role("list", name="How sure the network is of each class")
    assert bars.get_by_role("listitem").count() == 10
    assert bars.get_by_role("listitem").nth(7).inner_text().split()[0] == "7"
    expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")


def test_a_narrow_phone_shows_pad_answer_and_bars_at_once_and_never_scrolls_sideways(
    phone: Page, mouse: Any
) -> None:
    an_answer(phone, mouse)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    bottom = "parts => Math.max(...parts.map(part => part.getBoundingClientRect().bottom))"
    assert phone.locator("#pad, .headline, .bar").evaluate_all(bottom) <= 640


def test_less_motion_means_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    script = "track => getComputedStyle(track, '::before').transitionDuration"
    assert page.locator(".track").first.evaluate(script) == "0s"
