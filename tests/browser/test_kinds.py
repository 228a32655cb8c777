"""The drawing page for models that read other pictures than digits."""

import io
import re
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from app.ml.preprocessing import CLOTHING_STEPS
from tests.browser.conftest import Server
from tests.browser.test_everyone import violations


def trousers() -> bytes:
    picture = Image.new("RGB", (300, 400), (238, 236, 230))
    legs = [(95, 30), (205, 30), (225, 370), (165, 370), (150, 140), (135, 370), (75, 370)]
    ImageDraw.Draw(picture).polygon(legs, fill=(40, 50, 90))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def test_a_garment_is_read_by_a_model_for_clothes_and_each_step_is_shown(
    page: Page, problems: list[str]
) -> None:
    page.get_by_label("Model").select_option("fashion-cnn")
    expect(page).to_have_url(re.compile(r"\?model=fashion-cnn"))
    expect(page.get_by_role("heading", name="Bring a picture")).to_be_visible()
    page.wait_for_load_state()
    file: Any = {"name": "trousers.jpg", "mimeType": "image/jpeg", "buffer": trousers()}
    page.get_by_label("Upload a picture").set_input_files(file)
    expect(page.locator(".guess")).to_have_text("trousers")
    expect(page.locator(".bar[aria-current] .label")).to_have_text("trousers")
    expect(page.locator("output").first).to_have_text(re.compile("^trousers, "))
    page.locator("#steps summary").click()
    for step in CLOTHING_STEPS:
        stage = page.locator(f'#steps [data-key="{step.key}"]')
        expect(stage.locator(".sentence")).to_have_text(step.sentence)
    page.locator('#steps [data-key="negative"] input').uncheck()
    expect(page.locator("#steps .announced")).to_contain_text("As set here: ")
    expect(page.locator(".guess")).to_have_text("trousers")
    expect(page.locator(".keep")).to_have_count(0)  # its classes are no digits to be kept
    assert violations(page) == []
    assert problems == []


@pytest.mark.parametrize("address", ["#model=fashion-cnn", "?model=fashion-cnn"])
def test_an_address_with_its_name_leads_to_the_page_of_its_pictures(
    page: Page, server: Server, address: str
) -> None:
    page.goto("about:blank")
    page.goto(f"{server.url}/{address}")
    expect(page.get_by_label("Model")).to_have_value("fashion-cnn")
    expect(page.locator(".bar")).to_have_count(10)
    page.get_by_label("Model").select_option("mnist-cnn")
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(page.get_by_label("Model")).to_have_value("mnist-cnn")
