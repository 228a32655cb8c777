"""The drawing page on paper."""

import io
import re
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from tests.browser.digits import CROSSED_SEVEN
from tests.browser.reading import expect_answer


def sheet(page: Page, scheme: Any) -> Image.Image:
    """What would be printed, at the width of A4 without its margins."""
    page.emulate_media(media="print", color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": 680, "height": 960})
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def test_the_theme_does_not_change_the_sheet(page: Page, mouse: Any) -> None:
    page.emulate_media(reduced_motion="reduce")  # no bar is still on its way
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    light, dark = sheet(page, "light"), sheet(page, "dark")
    assert light.getpixel((3, 3)) == (255, 255, 255)
    assert ImageChops.difference(light, dark).getbbox() is None


def test_it_holds_drawing_answer_and_numbers_and_nothing_to_press(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    sheet(page, "light")
    for part in ("#pad canvas", ".guess", ".sure", ".bars", ".seen img", "#model"):
        expect(page.locator(part)).to_be_visible()
    expect(page.locator(".bar[aria-current] .number")).to_have_text(re.compile(r"\d+.%"))
    for part in ("button:not(.label)", ".button", "input", "nav", ".panel", ".skip", "footer"):
        expect(page.locator(part).locator("visible=true")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_one_page_and_an_open_panel_comes_along(page: Page, mouse: Any, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    assert pages(page.pdf(format="A4")) == 1
    page.locator("#share summary").click()
    expect(page.get_by_label("To copy")).to_have_value(re.compile("ink="))
    sheet(page, scheme)
    expect(page.locator("#share h2")).to_be_visible()
    expect(page.get_by_label("To copy")).to_be_visible()
    expect(page.locator("#share .button").locator("visible=true")).to_have_count(0)
    assert pages(page.pdf(format="A4")) == 1


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))
