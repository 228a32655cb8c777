"""Drawing on the page, from the pen's first point to the answer."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, THREE
from tests.browser.reading import expect_answer, ink_pixels, pictures_sent

LINE = [[(0.5, 0.2), (0.5, 0.8)]]


@pytest.mark.parametrize(
    ("digit", "strokes"), [("7", CROSSED_SEVEN), ("1", FOOTED_ONE), ("3", THREE)]
)
def test_a_digit_drawn_with_the_mouse_is_read(
    page: Page, mouse: Any, digit: str, strokes: Any
) -> None:
    mouse(page, strokes)
    expect_answer(page, digit)


@pytest.mark.parametrize(("digit", "strokes"), [("7", CROSSED_SEVEN), ("1", FOOTED_ONE)])
def test_a_digit_drawn_with_a_finger_is_read_and_the_phone_does_not_scroll(
    phone: Page, finger: Any, digit: str, strokes: Any
) -> None:
    assert phone.evaluate("document.documentElement.scrollHeight > innerHeight"), (
        "nothing to scroll"
    )
    finger(phone, [[(0.5, 0.9), (0.5, 0.5), (0.5, 0.1)]])
    phone.get_by_role("button", name="Clear").tap()
    finger(phone, strokes)
    expect_answer(phone, digit)
    assert phone.evaluate("scrollY") == 0


def test_the_picture_that_the_network_saw_is_shown(page: Page, mouse: Any) -> None:
    expect(page.locator(".seen img")).to_be_hidden()
    mouse(page, CROSSED_SEVEN)
    seen = page.get_by_role("img", name="28 by 28 pixels")
    expect(seen).to_be_visible()
    assert seen.evaluate("image => image.naturalWidth") == 28


def test_the_answer_moves_with_the_pen_but_is_announced_when_it_is_up(
    page: Page, mouse: Any
) -> None:
    box = page.locator("#pad canvas").bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 400, steps=10)
    expect(page.locator(".guess")).to_have_text("1")
    expect(page.locator("output")).to_be_empty()
    page.mouse.up()
    expect_answer(page, "1")


def test_all_ten_classes_keep_their_places_and_add_up(page: Page, mouse: Any) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    assert page.locator(".bar .label").all_inner_texts() == list("0123456789")
    script = "bars => bars.map(bar => Number(bar.style.getPropertyValue('--share')))"
    assert sum(page.locator(".bar").evaluate_all(script)) == pytest.approx(1, abs=0.01)


def test_nothing_jumps_when_an_answer_comes(page: Page, mouse: Any) -> None:
    parts = page.locator("#pad, .tools, .headline, .bar, .seen, #model, #accepted, .panel")
    places = "parts => parts.map(part => JSON.stringify(part.getBoundingClientRect()))"
    before = parts.evaluate_all(places)
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    assert parts.evaluate_all(places) == before


def test_undo_takes_back_the_last_stroke_and_also_a_clear(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    both = ink_pixels(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#pad")).to_have_attribute("data-holds", "")
    assert 0 < ink_pixels(page) < both
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".sure")).to_have_text("No digit yet")
    assert ink_pixels(page) == 0
    page.get_by_role("button", name="Undo").click()
    expect_answer(page, "7")


def test_a_cleared_pad_gets_no_late_answer(page: Page, mouse: Any) -> None:
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    mouse(page, CROSSED_SEVEN)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(700)
    expect(page.locator(".sure")).to_have_text("No digit yet")
    expect(page.locator("output")).to_have_text("The pad is empty.")


def test_on_a_slow_line_one_question_travels_at_a_time_and_the_latest_wins(
    page: Page, mouse: Any
) -> None:
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 250, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    log: list[tuple[str, Any]] = []
    page.on("request", lambda request: log.append(("left", request)))
    page.on("requestfinished", lambda request: log.append(("back", request)))
    mouse(page, FOOTED_ONE)
    page.get_by_role("button", name="Clear").click()
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    log = [(what, request) for what, request in log if "/predict" in request.url]
    answered = [request for what, request in log if what == "back"]  # the others were cut short
    order = [(what, answered.index(request)) for what, request in log if request in answered]
    assert len(answered) > 1
    assert order == [(what, n) for n in range(len(answered)) for what in ("left", "back")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_sent_is_white_on_black_without_alpha_in_every_theme(
    page: Page, mouse: Any, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    latest = pictures_sent(page)
    mouse(page, LINE)
    expect_answer(page, "1")
    with latest() as picture:
        assert picture.format == "PNG" and picture.size == (256, 256)
        assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)
        assert picture.convert("L").getpixel((2, 2)) == 0
        assert picture.convert("L").getpixel((128, 128)) == 255


def test_the_ink_on_the_screen_follows_the_theme(page: Page, mouse: Any) -> None:
    mouse(page, LINE)
    light = """() => {
        const pad = document.querySelector("#pad canvas");
        const copy = new OffscreenCanvas(1, 1).getContext("2d");
        copy.drawImage(pad, -pad.width / 2, -pad.height / 2);
        const [red, green, blue, alpha] = copy.getImageData(0, 0, 1, 1).data;
        return alpha === 255 && red + green + blue;
    }"""
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => {{ const sum = ({light})(); return sum && sum < 200; }}")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => ({light})() > 600")


@pytest.mark.parametrize("ratio", [1, 2, 2.625])
def test_the_pad_has_as_many_pixels_as_the_screen(
    browser: Browser, server: Any, ratio: float
) -> None:
    page = browser.new_page(device_scale_factor=ratio)
    page.goto(server.url)
    page.wait_for_function("() => document.querySelector('#pad canvas').width > 300")
    script = "canvas => canvas.width - canvas.getBoundingClientRect().width * devicePixelRatio"
    assert abs(page.locator("#pad canvas").evaluate(script)) <= 1
    page.close()


def test_a_drawing_survives_a_change_of_size(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    page.set_viewport_size({"width": 400, "height": 700})
    page.wait_for_function("() => document.querySelector('#pad canvas').width < 380")
    assert ink_pixels(page) > 0
    mouse(page, [[(0.36, 0.5), (0.7, 0.48)]])
    expect_answer(page, "7")


def test_a_dot_is_too_little_to_read_and_the_page_says_so(page: Page, mouse: Any) -> None:
    mouse(page, [[(0.5, 0.5)]])
    expect(page.locator("output")).to_have_text(re.compile("^No guess. ."))
    expect(page.locator(".headline")).to_have_attribute("data-state", "rejected")
    assert len(page.locator(".detail").inner_text()) > 10
    expect(page.locator(".bar[aria-current]")).to_have_count(0)


def test_another_model_answers_for_the_same_drawing(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    with page.expect_response("**/api/v1/models/mnist-cnn/predict?*") as answer:
        page.get_by_label("Model").select_option("mnist-cnn")
    assert answer.value.json()["model"] == "mnist-cnn"
