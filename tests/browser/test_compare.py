"""Two models read one drawing while sliders change it."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, on_paper, png
from tests.browser.reading import expect_answer, pictures_sent
from tests.browser.test_everyone import violations


def opened(page: Page) -> Locator:
    panel = page.locator("#compare")
    panel.locator("summary").click()
    expect(panel.locator(".told")).not_to_be_empty()
    page.evaluate("scrollTo(0, 0)")
    return panel


def slide(panel: Locator, name: str, value: int) -> None:
    panel.get_by_label(name).fill(str(value))


def expect_readings(panel: Locator, left: str, right: str) -> None:
    for side, digit in (("left", left), ("right", right)):
        reader = panel.locator(f"[data-side={side}]")
        expect(reader.locator(".big")).to_have_text(digit)
        expect(reader.locator("[data-first] .class")).to_have_text(digit)


def test_both_agree_at_rest_and_the_mlp_stumbles_first_when_the_digit_is_moved(
    page: Page, mouse: Any
) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    expect(panel.get_by_label("Network on the left")).to_have_value("digits-cnn")
    expect(panel.get_by_label("Network on the right")).to_have_value("mnist-mlp")
    expect_readings(panel, "7", "7")
    slide(panel, "Up and down", 4)
    expect_readings(panel, "7", "3")
    expect(panel.get_by_label("Up and down")).to_have_attribute("aria-valuetext", "4 px up")
    spoken = re.compile("^digits-cnn: 7, .* sure; mnist-mlp: 3, .* sure$")
    expect(panel.locator(".announced")).to_have_text(spoken)
    expect_page_still_says(page, "7")
    panel.get_by_role("button", name="Reset").click()
    expect_readings(panel, "7", "7")
    expect(panel.get_by_label("Up and down")).to_have_value("0")


def test_another_digit_moved_sideways(page: Page, mouse: Any) -> None:
    mouse(page, FOOTED_ONE)
    panel = opened(page)
    expect_readings(panel, "1", "1")
    slide(panel, "Sideways", -6)
    expect(panel.locator("[data-side=left] .big")).to_have_text("1")
    expect(panel.locator("[data-side=right] .big")).not_to_have_text("1")


def expect_page_still_says(page: Page, digit: str) -> None:
    expect(page.locator(".guess")).to_have_text(digit)


def test_what_is_sent_is_the_networks_input_and_at_rest_the_very_pixels(
    page: Page, mouse: Any
) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    pictures_sent(page)
    panel = opened(page)
    expect_readings(panel, "7", "7")
    rows = page.evaluate("async () => JSON.parse(await window.sent.text()).pixels")
    seen = page.locator(".seen img").evaluate(
        """image => {
            const context = new OffscreenCanvas(28, 28).getContext('2d');
            context.drawImage(image, 0, 0);
            const {data} = context.getImageData(0, 0, 28, 28);
            return [...data].filter((_, i) => i % 4 === 0);
        }"""
    )
    assert [grey for row in rows for grey in row] == seen
    shown = panel.locator("canvas").evaluate(
        "e => [...e.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    )
    assert shown == seen


def test_at_rest_the_left_reads_as_the_page_does(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    expect_readings(panel, "7", "7")
    numbers = panel.locator("[data-side=left] .share").all_inner_texts()
    assert numbers == [
        number.replace("\n", "") for number in page.locator(".bars .number").all_inner_texts()
    ]


def test_every_slider_changes_the_picture_and_says_its_value(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    expect_readings(panel, "7", "7")
    picture = "e => e.toDataURL()"
    for name, value, said in (
        ("Sideways", 2, "2 px right"),
        ("Up and down", -1, "1 px down"),
        ("Turn", -30, "30° left"),
        ("Size", 80, "80\u202f%"),
        ("Thickness", 50, "50\u202f% thicker"),
    ):
        before = panel.locator("canvas").evaluate(picture)
        slide(panel, name, value)
        assert panel.locator("canvas").evaluate(picture) != before
        expect(panel.get_by_label(name)).to_have_attribute("aria-valuetext", said)
        expect(panel.locator(f".sliders label:has-text('{name}') .amount")).to_have_text(said)


def test_either_side_takes_any_model_and_the_left_follows_the_page(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    left, right = (
        panel.get_by_label("Network on the left"),
        panel.get_by_label("Network on the right"),
    )
    with page.expect_request(re.compile("mnist-cnn/predict")):
        right.select_option("mnist-cnn")
    expect_readings(panel, "7", "7")
    page.get_by_label("Model", exact=True).select_option("mnist-cnn")
    expect(left).to_have_value("mnist-cnn")
    expect(right).to_have_value("mnist-mlp")
    expect_readings(panel, "7", "7")


def test_a_model_that_sees_other_pictures_is_not_offered(page: Page) -> None:
    script = """async () => {
        const {Lab} = await import('/static/js/lab.js');
        const {mount} = await import('/static/js/compare.js');
        const panel = document.querySelector('#compare').cloneNode(true);
        const sees = (name, size, channels) => ({name, size, channels, classes: ['0', '1']});
        const models = [sees('a', 28, 1), sees('b', 32, 1), sees('c', 28, 3), sees('d', 28, 1)];
        panel.open = true;
        mount(panel, new Lab(models, models[0]));
        const selects = [...panel.querySelectorAll('select')];
        return selects.map(({value, options}) => [value, ...[...options].map(each => each.value)]);
    }"""
    assert page.evaluate(script) == [["a", "a", "d"], ["d", "a", "d"]]


def test_uploads_are_compared_and_a_rejection_is_told(page: Page, mouse: Any) -> None:
    panel = opened(page)
    expect(panel.locator(".told")).to_contain_text("Draw a digit")
    mouse(page, [[(0.5, 0.5)]])
    expect(panel.locator(".told")).to_have_text(re.compile("^No guess. "))
    expect(panel.locator("canvas")).to_be_hidden()
    content = png(on_paper(CROSSED_SEVEN))
    file: Any = {"name": "seven.png", "mimeType": "image/png", "buffer": content}
    page.get_by_label("Upload a picture").set_input_files(file)
    expect_readings(panel, "7", "7")
    page.get_by_role("button", name="Clear").click()
    expect(panel.locator(".told")).to_contain_text("Draw a digit")
    expect(panel.locator("[data-side=left] .big")).to_be_empty()


def test_a_closed_panel_asks_nothing(page: Page, mouse: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    panel = opened(page)
    panel.locator("summary").click()
    page.evaluate("scrollTo(0, 0)")
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    assert [url for url in asked if "mnist-mlp" in url] == []


def test_by_keyboard_alone(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    page.locator("#compare summary").focus()
    page.keyboard.press("Enter")
    panel = page.locator("#compare")
    expect_readings(panel, "7", "7")
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(panel.get_by_label("Up and down")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    expect_readings(panel, "7", "3")


def test_a_server_that_went_away_is_told_and_asked_again(
    context: BrowserContext, mortal_server: Any, mouse: Any
) -> None:
    page = context.new_page()
    page.goto(mortal_server.url)
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    expect_readings(panel, "7", "7")
    mortal_server.kill()
    slide(panel, "Up and down", 4)
    expect(panel.locator(".told")).to_have_text("The server does not answer. Trying again…")
    expect(panel.locator("[data-side=right] .big")).to_be_empty()
    mortal_server.start()
    expect_readings(panel, "7", "3")
    page.close()


def test_a_phone_shows_both_side_by_side_and_slides_by_finger(phone: Page, finger: Any) -> None:
    finger(phone, CROSSED_SEVEN)
    panel = opened(phone)
    expect_readings(panel, "7", "7")
    slider = panel.get_by_label("Up and down")
    slider.tap(position={"x": slider.evaluate("e => e.offsetWidth") - 2, "y": 20})
    expect(slider).to_have_value("6")
    expect(panel.locator("[data-side=right] .big")).not_to_have_text("7")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    assert slider.evaluate("e => e.offsetHeight") >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, mouse: Any, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    slide(panel, "Up and down", 4)
    expect_readings(panel, "7", "3")
    assert violations(page) == []
