"""How the answer grew while the pen moved, and the drawing played again."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.digits import CROSSED_SEVEN, THREE, on_paper, png
from tests.browser.reading import expect_answer, ink_pixels
from tests.browser.test_everyone import violations


def opened(page: Page) -> Locator:
    panel = page.locator("#replay")
    panel.locator("summary").first.click()
    expect(panel.locator(".told")).not_to_be_empty()
    page.evaluate("scrollTo(0, 0)")
    return panel


def shown(page: Page, mouse: Any, strokes: Any = CROSSED_SEVEN) -> Locator:
    mouse(page, strokes)
    panel = opened(page)
    expect(panel.locator(".line")).to_have_count(10)
    return panel


def slider(panel: Locator) -> Locator:
    return panel.get_by_label("Moment of the drawing")


def test_one_batch_draws_a_line_for_each_class_and_names_those_that_mattered(
    page: Page, mouse: Any
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("content-type", "")))
    panel = shown(page, mouse)
    assert len([kind for kind in asked if kind.startswith("multipart/")]) == 1
    names = panel.locator(".class-label").all_inner_texts()
    assert "7" in names and len(names) < 6
    expect(panel.locator(".line[data-leader]")).to_have_count(1)
    expect(panel.locator(".mark")).to_have_count(1)
    assert panel.locator(".stroke-label").all_inner_texts() == ["stroke 1", "stroke 2"]
    assert panel.locator(".gap").count() > 0


def test_sentences_tell_each_change_and_lead_to_its_moment(page: Page, mouse: Any) -> None:
    panel = shown(page, mouse, THREE)
    sentences = panel.locator(".changes li")
    expect(sentences.first).to_have_text(re.compile(r"^In stroke 1 the first guess was \d\.$"))
    expect(sentences.last).to_have_text(re.compile(r"^In stroke 1 your \d became an? 3\.$"))
    sentences.last.get_by_role("button").click()
    expect(panel.locator(".big")).to_have_text("3")
    expect(slider(panel)).not_to_have_value("32")


def test_the_table_says_the_same_as_the_page_at_its_end(page: Page, mouse: Any) -> None:
    panel = shown(page, mouse)
    expect_answer(page, "7")
    panel.get_by_text("As a table").click()
    rows = panel.get_by_role("row")
    expect(rows).to_have_count(33)
    assert rows.first.locator("th").all_inner_texts() == ["Way", "Stroke", "Guess", *"0123456789"]
    bars = [text.replace("\n", "") for text in page.locator(".bars .number").all_inner_texts()]
    assert rows.last.locator("td").all_inner_texts() == ["2", "7", *bars]
    expect(rows.nth(1).locator("td").nth(1)).to_contain_text("only a dot")


def test_scrubbing_by_keyboard_shows_the_moment_on_the_pad_and_leaving_ends_it(
    page: Page, mouse: Any
) -> None:
    panel = shown(page, mouse)
    whole, handle = ink_pixels(page), slider(panel)
    full = opaque_pixels(page)
    handle.focus()
    page.keyboard.press("Home")
    expect(handle).to_have_attribute("aria-valuetext", "Before the pen touched the pad")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    valued = re.compile("^Stroke 1, 25\u202f% of the way: ")
    expect(handle).to_have_attribute("aria-valuetext", valued)
    assert opaque_pixels(page) < full / 2
    assert ink_pixels(page) == pytest.approx(whole, rel=0.01)  # the drawing is still there, faint
    page.get_by_label("Model", exact=True).focus()
    expect(handle).to_have_value("32")
    assert opaque_pixels(page) == full


def opaque_pixels(page: Page) -> int:
    page.wait_for_function("() => new Promise(requestAnimationFrame)")
    script = """pad => {
        const copy = new OffscreenCanvas(pad.width, pad.height).getContext("2d");
        copy.drawImage(pad, 0, 0);
        const {data} = copy.getImageData(0, 0, pad.width, pad.height);
        return data.filter((value, i) => i % 4 === 3 && value === 255).length;
    }"""
    return int(page.locator("#pad canvas").evaluate(script))


def test_replay_plays_to_the_end_and_gives_the_pad_back(page: Page, mouse: Any) -> None:
    panel = shown(page, mouse)
    full = opaque_pixels(page)
    page.evaluate(
        """() => {
            window.moments = new Set();
            const slider = document.querySelector('#replay input');
            const look = () => { window.moments.add(slider.value); requestAnimationFrame(look); };
            look();
        }"""
    )
    play = panel.locator(".play")
    play.click()
    expect(play).to_have_text("Stop")
    expect(play).to_have_text("Replay")
    assert page.evaluate("window.moments.size") > 8
    expect(slider(panel)).to_have_value("32")
    assert opaque_pixels(page) == full


def test_with_less_motion_replay_goes_in_steps(page: Page, mouse: Any) -> None:
    page.emulate_media(reduced_motion="reduce")
    panel = shown(page, mouse)
    page.evaluate(
        """() => {
            window.moments = new Set();
            const slider = document.querySelector('#replay input');
            const look = () => { window.moments.add(slider.value); requestAnimationFrame(look); };
            look();
        }"""
    )
    panel.locator(".play").click()
    expect(panel.locator(".play")).to_have_text("Stop")
    expect(panel.locator(".play")).to_have_text("Replay")
    moments = {int(each) for each in page.evaluate("[...window.moments]")}
    assert moments <= {0, 4, 8, 12, 16, 20, 24, 28, 32}


@pytest.mark.parametrize("end", ["draw", "close", "stop"])
def test_drawing_closing_and_stopping_end_the_replay(page: Page, mouse: Any, end: str) -> None:
    panel = shown(page, mouse)
    full = opaque_pixels(page)
    panel.locator(".play").click()
    expect(panel.locator(".play")).to_have_text("Stop")
    page.evaluate("scrollTo(0, 0)")
    if end == "draw":
        mouse(page, [[(0.1, 0.9), (0.2, 0.95)]])
    elif end == "close":
        panel.locator("summary").first.evaluate("summary => summary.click()")
    else:
        panel.locator(".play").click()
    expect(panel.locator(".play")).to_have_text("Replay")
    assert opaque_pixels(page) >= full


def test_nothing_is_sent_while_the_pen_is_down(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("content-type", "")))
    opened(page)
    box = page.locator("#pad canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 300, steps=12)
    expect(page.locator(".guess")).to_have_text("1")
    assert [kind for kind in asked if kind.startswith("multipart/")] == []
    page.mouse.up()
    expect(page.locator("#replay .line")).to_have_count(10)


def test_a_picture_has_no_strokes_and_an_empty_pad_invites(page: Page, mouse: Any) -> None:
    panel = opened(page)
    expect(panel.locator(".told")).to_contain_text("Draw a digit: how the answer grew")
    expect(panel.locator(".play")).to_have_attribute("aria-disabled", "true")
    mouse(page, CROSSED_SEVEN)
    expect(panel.locator(".line")).to_have_count(10)
    content = png(on_paper(CROSSED_SEVEN))
    file: Any = {"name": "seven.png", "mimeType": "image/png", "buffer": content}
    page.get_by_label("Upload a picture").set_input_files(file)
    expect(panel.locator(".told")).to_have_text(re.compile("^A picture has no strokes"))
    expect(panel.locator(".line")).to_have_count(0)
    expect(slider(panel)).to_be_disabled()


def test_another_model_grew_another_answer(page: Page, mouse: Any) -> None:
    shown(page, mouse)
    with page.expect_request(lambda r: "mnist-mlp" in r.url and "multipart" in str(r.headers)):
        page.get_by_label("Model", exact=True).select_option("mnist-mlp")


def test_a_server_that_went_away_is_told_and_asked_again(
    context: BrowserContext, mortal_server: Any, mouse: Any
) -> None:
    page = context.new_page()
    page.goto(mortal_server.url)
    panel = shown(page, mouse, CROSSED_SEVEN[:1])
    mortal_server.kill()
    mouse(page, CROSSED_SEVEN[1:])
    expect(panel.locator(".told")).to_have_text("The server does not answer. Trying again…")
    expect(panel.locator(".line")).to_have_count(0)
    mortal_server.start()
    expect(panel.locator(".line")).to_have_count(10)
    page.close()


def test_on_a_phone_nothing_scrolls_sideways_but_the_table(phone: Page, finger: Any) -> None:
    panel = shown(phone, finger)
    panel.get_by_text("As a table").click()
    expect(panel.get_by_role("table")).to_be_visible()
    panel.locator(".changes button").last.click()
    expect(panel.locator(".big")).to_have_text("7")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    widths = panel.locator(".scroller").evaluate("box => [box.scrollWidth, box.clientWidth]")
    assert widths[0] > widths[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, mouse: Any, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    panel = shown(page, mouse)
    panel.get_by_text("As a table").click()
    assert violations(page) == []
    page.get_by_role("button", name="Clear").click()
    expect(panel.locator(".line")).to_have_count(0)
    assert violations(page) == []
