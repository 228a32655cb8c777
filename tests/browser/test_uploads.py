"""Pictures from files."""

import io
import os
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from app.settings import LIMITS
from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, THREE, on_paper, png
from tests.browser.reading import expect_answer, ink_pixels, pictures_sent


def as_file(content: bytes, name: str = "seven.png", kind: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page: Page, content: bytes, **named: str) -> None:
    page.get_by_label("Upload a picture").set_input_files(as_file(content, **named))


def test_a_picture_is_shown_and_read(page: Page) -> None:
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    picture = page.get_by_role("img", name="Your picture: seven.png")
    assert picture.evaluate("image => image.naturalWidth") == 300


def test_a_large_photograph_is_turned_upright_and_shrunk_before_it_is_sent(page: Page) -> None:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: show it turned by 90 degrees
    turned = on_paper(THREE, 2400, 3200).rotate(90, expand=True)
    turned.save(buffer, "JPEG", exif=exif)
    latest = pictures_sent(page)
    choose(page, buffer.getvalue(), name="photo.jpg", kind="image/jpeg")
    expect_answer(page, "3")
    with latest() as picture:
        assert picture.size == (1200, 1600) and picture.format == "JPEG"


def test_a_file_that_is_no_picture_gets_the_servers_reason(page: Page, problems: list[str]) -> None:
    choose(page, b"no picture at all", name="note.png")
    expect(page.locator(".sure")).to_have_text("That did not work")
    assert len(page.locator(".detail").inner_text()) > 10
    assert problems and all("Failed to load resource" in problem for problem in problems)
    problems.clear()
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")


def test_a_picture_over_the_limit_is_not_sent(page: Page) -> None:
    limit = LIMITS.picture_bytes
    assert page.get_by_label("Upload a picture").get_attribute("data-max-mib") == str(limit >> 20)
    assert f"up to {limit >> 20}\xa0MiB" in page.locator("#accepted").inner_text()
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request))
    choose(page, os.urandom(limit + 1))
    expect(page.locator(".detail")).to_have_text(re.compile("larger than 16 MiB"))
    assert asked == [] or all(request.url.startswith("blob:") for request in asked)


def test_a_blank_picture_gets_a_reason_and_no_guess(page: Page) -> None:
    choose(page, png(Image.new("RGB", (200, 200), "white")))
    expect(page.locator(".sure")).to_have_text("No guess")
    expect(page.locator("output")).to_have_text(re.compile("^No guess. ."))
    expect(page.locator(".bar[aria-current]")).to_have_count(0)


def test_undo_takes_pictures_away_and_brings_the_drawing_back(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    choose(page, png(on_paper(THREE)))
    expect_answer(page, "3")
    choose(page, png(on_paper(FOOTED_ONE)))
    expect_answer(page, "1")
    page.get_by_role("button", name="Undo").click()
    expect_answer(page, "7")
    expect(page.locator("#pad img")).to_be_hidden()


def test_drawing_over_a_picture_starts_a_new_drawing(page: Page, mouse: Any) -> None:
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    mouse(page, THREE)
    expect_answer(page, "3")
    expect(page.locator("#pad img")).to_be_hidden()


@pytest.mark.parametrize("button", ["Clear", "Undo"])
def test_the_same_file_can_be_chosen_again(page: Page, button: str) -> None:
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    page.get_by_role("button", name=button).click()
    expect(page.locator(".sure")).to_have_text("No digit yet")
    assert ink_pixels(page) == 0
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
