"""One's own classes: pictures, a training, and what is shown is read live."""

import io
import random
import re
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_everyone import violations

EACH = 8
TRAINING = 90_000  # ms that a training of seconds may wait on a busy machine


def spot(shade: int, seed: int) -> dict[str, Any]:
    """A dark or a bright thing somewhere on grey."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (80, 80), (128, 128, 128))
    x, y, side = chance.randint(5, 20), chance.randint(5, 20), chance.randint(35, 50)
    ImageDraw.Draw(picture).ellipse((x, y, x + side, y + side), fill=(shade,) * 3)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return {"name": f"{seed}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def card(page: Page, number: int) -> Locator:
    return page.locator(".class").nth(number)


def test_classes_are_made_trained_and_read_live(
    page: Page, server: Server, problems: list[str]
) -> None:
    page.goto(f"{server.url}/teach")
    train = page.locator(".train")
    expect(page.locator(".missing")).to_contain_text("needs 4 pictures at least")
    expect(train).to_have_attribute("aria-disabled", "true")
    for number, (name, shade) in enumerate((("dark", 10), ("bright", 245))):
        card(page, number).get_by_label("Name of the class").fill(name)
        files: Any = [spot(shade, seed) for seed in range(EACH)]
        card(page, number).locator("[type=file]").set_input_files(files)
        expect(card(page, number).locator(".count")).to_have_text(f"{EACH} pictures")
    card(page, 0).locator(".thumbs button").first.click()
    expect(card(page, 0).locator(".count")).to_have_text(f"{EACH - 1} pictures")

    card(page, 1).get_by_role("button", name="Add what is shown").click()
    expect(page.locator(".source .told")).to_have_text("Draw something first.")
    pad = page.locator(".pad canvas").bounding_box()
    assert pad
    for share in range(3, 8):  # a broad white mark on black, as the pad is sent
        y = pad["y"] + share / 10 * pad["height"]
        page.mouse.move(pad["x"] + 0.2 * pad["width"], y)
        page.mouse.down()
        page.mouse.move(pad["x"] + 0.8 * pad["width"], y, steps=4)
        page.mouse.up()
    card(page, 1).get_by_role("button", name="Add what is shown").click()
    expect(card(page, 1).locator(".count")).to_have_text(f"{EACH + 1} pictures")
    expect(page.locator(".missing")).to_have_text("")
    assert violations(page) == []

    train.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".progress")).to_have_text(re.compile("^Done: of "), timeout=TRAINING)
    page.locator(".pad").focus()
    for key in ("Space", *["ArrowDown"] * 6, "Space"):
        page.keyboard.press(key)
    reading = page.locator(".reading")
    expect(reading.locator(".how-sure")).to_have_text(re.compile("dark|bright"))
    expect(reading.locator(".shares li")).to_have_count(2)
    assert violations(page) == []

    page.get_by_role("link", name="Read pictures with it").click()
    expect(page.get_by_role("heading", name="Bring a picture")).to_be_visible()
    page.wait_for_load_state()
    file: Any = spot(245, 99)
    page.get_by_label("Upload a picture").set_input_files(file)
    expect(page.locator(".bar")).to_have_count(2)
    expect(page.locator(".bar[aria-current] .label")).to_have_text(re.compile("^(dark|bright)$"))
    assert problems == []


@pytest.mark.parametrize("name", ["", "Class 2"])
def test_what_stands_in_the_way_is_said(page: Page, server: Server, name: str) -> None:
    page.goto(f"{server.url}/teach")
    card(page, 0).get_by_label("Name of the class").fill(name)
    told = "Every class needs a name." if not name else "Two classes have the same name."
    expect(page.locator(".missing")).to_have_text(told)
    page.get_by_role("button", name="Take the class away").first.click()
    expect(page.locator(".missing")).to_have_text("Two classes at least.")
    expect(page.get_by_role("button", name="Add a class")).to_be_focused()
