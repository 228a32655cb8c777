"""What the network sees, step by step, and what goes wrong without one."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.ml.preprocessing import DIGIT_STEPS, REJECTIONS
from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, Stroke, on_paper, png
from tests.browser.reading import expect_answer
from tests.browser.test_everyone import violations

SMALL_SEVEN: list[Stroke] = [[(0.45 * x, 0.45 * y) for x, y in line] for line in CROSSED_SEVEN]
TWO_ONES: list[Stroke] = [[(0.2, 0.2), (0.2, 0.8)], [(0.8, 0.2), (0.8, 0.8)]]
EVERY = [step.key for step in DIGIT_STEPS]


def opened(page: Page) -> Locator:
    panel = page.locator("#steps")
    panel.locator("summary").click()
    expect(panel.locator(".told")).not_to_be_empty()
    page.evaluate("scrollTo(0, 0)")
    return panel


def stage(panel: Locator, key: str) -> Locator:
    return panel.locator(f'[data-key="{key}"]')


def uploaded(page: Page) -> None:
    content = png(on_paper(CROSSED_SEVEN))
    file: Any = {"name": "seven.png", "mimeType": "image/png", "buffer": content}
    page.get_by_label("Upload a picture").set_input_files(file)
    expect_answer(page, "7")


def test_the_panel_has_a_switch_for_each_step_of_the_pipeline(page: Page) -> None:
    keys = page.locator("#steps [data-key]").evaluate_all("all => all.map(e => e.dataset.key)")
    assert keys == EVERY


def test_each_step_is_a_picture_with_its_sentence_in_frames_of_one_size(
    page: Page, mouse: Any
) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    for step in DIGIT_STEPS:
        expect(stage(panel, step.key).locator(".sentence")).to_have_text(step.sentence)
    alts = panel.locator("img").evaluate_all("all => all.map(image => image.alt)")
    assert alts[0] == "As sent: 256 by 256 pixels"
    assert alts[-1] == "After the step Centre: 28 by 28 pixels"
    last, seen = stage(panel, "centre").locator("img"), page.locator(".seen img")
    assert last.get_attribute("src") == seen.get_attribute("src")
    sizes = panel.locator(".frame").evaluate_all(
        "all => all.map(e => [e.offsetWidth, e.offsetTop])"
    )
    assert len({tuple(size) for size in sizes}) == 1
    expect(last).to_have_css("image-rendering", "pixelated")


def test_leaving_steps_out_changes_this_reading_and_never_the_answer(
    page: Page, mouse: Any
) -> None:
    mouse(page, SMALL_SEVEN)
    expect_answer(page, "7")
    panel = opened(page)
    whole, partial = panel.locator(".whole"), panel.locator(".partial")
    expect(partial).to_have_text(re.compile("^7, "))
    for name in ("Crop", "Scale"):
        panel.get_by_role("checkbox", name=name).uncheck()
    expect(partial).not_to_have_text(whole.inner_text())
    expect(whole).to_have_text(re.compile("^7, "))
    expect_answer_stays(page)
    expect(stage(panel, "crop").locator(".otherwise")).to_be_visible()
    expect(stage(panel, "crop").locator(".sentence")).to_be_hidden()
    expect(panel.locator(".announced")).to_have_text(re.compile("^As set here: "))
    panel.get_by_role("button", name="Put every step back").click()
    expect(partial).to_have_text(whole.inner_text())
    expect(panel.get_by_role("checkbox", checked=True)).to_have_count(6)


def expect_answer_stays(page: Page) -> None:
    expect(page.locator(".guess")).to_have_text("7")


def test_what_changes_nothing_says_so(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    unchanged = panel.locator(".unchanged:visible")
    expect(unchanged).to_have_count(3)
    for key in ("paper", "ink", "specks"):
        expect(stage(panel, key).locator(".unchanged")).to_be_visible()


def test_ink_is_found_on_an_upload_and_without_that_step_the_reading_suffers(page: Page) -> None:
    uploaded(page)
    panel = opened(page)
    expect(stage(panel, "paper").locator(".unchanged")).to_be_visible()
    expect(stage(panel, "ink").locator(".unchanged")).to_be_hidden()
    panel.get_by_role("checkbox", name="Ink").uncheck()
    expect(panel.locator(".partial")).not_to_have_text(panel.locator(".whole").inner_text())
    expect_answer_stays(page)


def test_a_rejection_ends_the_strip_with_its_reason_and_its_step_can_be_left_out(
    page: Page, mouse: Any
) -> None:
    mouse(page, TWO_ONES)
    panel = opened(page)
    reason = stage(panel, "specks").locator(".sentence")
    expect(reason).to_have_text(REJECTIONS["several_digits"])
    expect(stage(panel, "specks").locator("img")).to_be_hidden()
    for key in ("crop", "scale", "centre"):
        expect(stage(panel, key)).to_be_hidden()
    expect(panel.locator(".whole")).to_have_text("No guess")
    panel.get_by_role("checkbox", name="Specks").uncheck()
    expect(panel.locator(".partial")).to_have_text(re.compile("sure|decide"))
    expect(stage(panel, "centre").locator("img")).to_be_visible()


def test_pictures_keep_their_place_while_drawing(page: Page, mouse: Any) -> None:
    panel = opened(page)
    box = stage(panel, "centre").locator(".frame").bounding_box()
    height = panel.bounding_box()
    mouse(page, FOOTED_ONE[:1])
    expect(stage(panel, "centre").locator("img")).to_be_visible()
    assert stage(panel, "centre").locator(".frame").bounding_box() == box
    assert panel.bounding_box() == height
    page.get_by_role("button", name="Clear").click()
    expect(panel.locator("img:visible")).to_have_count(0)
    expect(panel.locator(".told")).to_contain_text("Draw, or upload a picture")
    assert panel.bounding_box() == height


def test_another_model_is_asked_at_once(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    expect(panel.locator(".partial")).to_have_text(re.compile("^7, "))
    with page.expect_request(re.compile("/mnist-cnn/predict.*steps=true")):
        page.get_by_label("Model", exact=True).select_option("mnist-cnn")


def test_a_closed_panel_asks_nothing(page: Page, mouse: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    panel = opened(page)
    panel.locator("summary").click()
    page.evaluate("scrollTo(0, 0)")
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    assert [url for url in asked if "steps=true" in url] == []


def test_by_keyboard_alone(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    page.locator("#steps summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#steps .partial")).to_have_text(re.compile("^7, "))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Put every step back")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Paper")).not_to_be_checked()


def test_a_server_that_went_away_is_told_and_asked_again(
    context: BrowserContext, mortal_server: Any, mouse: Any
) -> None:
    page = context.new_page()
    page.goto(mortal_server.url)
    mouse(page, CROSSED_SEVEN)
    panel = opened(page)
    expect(panel.locator(".partial")).to_have_text(re.compile("^7, "))
    mortal_server.kill()
    panel.get_by_role("checkbox", name="Crop").uncheck()
    expect(panel.locator(".told")).to_have_text("The server does not answer. Trying again…")
    mortal_server.start()
    expect(panel.locator(".partial")).to_have_text(re.compile("^7, "))
    expect(panel.locator(".whole")).to_have_text(re.compile("^7, "))
    page.close()


def test_a_phone_scrolls_the_strip_and_never_the_page(phone: Page, finger: Any) -> None:
    finger(phone, CROSSED_SEVEN)
    panel = opened(phone)
    panel.get_by_role("checkbox", name="Centre").uncheck()
    expect(stage(panel, "centre").locator(".otherwise")).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    widths = panel.locator(".strip").evaluate("strip => [strip.scrollWidth, strip.clientWidth]")
    assert widths[0] > widths[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("strokes", [CROSSED_SEVEN, TWO_ONES])
def test_axe_finds_nothing(
    page: Page, mouse: Callable[..., None], scheme: Any, strokes: list[Stroke]
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    mouse(page, strokes)
    panel = opened(page)
    expect(stage(panel, "paper").locator("img")).to_be_visible()
    panel.get_by_role("checkbox", name="Ink").uncheck()
    expect(stage(panel, "ink").locator(".otherwise")).to_be_visible()
    assert violations(page) == []
