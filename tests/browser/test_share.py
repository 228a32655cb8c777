"""Take it with you: the same question as code, the drawing in a link and in files."""

import ast
import io
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, THREE, on_paper, png
from tests.browser.reading import expect_answer
from tests.browser.test_everyone import violations

LEAVING = [[(0.2, 0.25), (0.8, 0.25), (0.5, 0.7), (-0.1, 1.05)]]  # a 7; the pad cuts off its foot
NASTY = 'it\'s "7" \\ $(touch x) `x` ü\u2028;& .png'


def show(page: Page, form: str) -> str:
    """Opens the panel and gives the text to copy in this form."""
    panel = page.locator("#share")
    if panel.get_attribute("open") is None:
        panel.locator("summary").click()
    panel.locator("label").get_by_text(form, exact=True).click()
    box = page.get_by_label("To copy")
    expect(box).not_to_have_value(re.compile("^$"))
    return box.input_value()


def on_the_page(page: Page) -> tuple[str, float]:
    """Label and probability of the guess."""
    bar = page.locator(".bar[aria-current]")
    share = bar.evaluate("bar => bar.style.getPropertyValue('--share')")
    return bar.locator(".label").inner_text(), float(share)


def run(form: str, code: str, folder: Path) -> str:
    """What the code prints."""
    command = {
        "curl": ["sh", "-c", code],
        "Python": [sys.executable, "-c", code],
        "JavaScript": ["node", "--input-type=module", "-e", code],
    }[form]
    if not shutil.which(form if form == "curl" else command[0]):
        pytest.skip(f"{command[0]} is not installed")
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return made.stdout


def first_guess(printed: str) -> tuple[str, float]:
    """Label and probability: JSON, Python and JavaScript write them nearly alike."""
    found = re.search(r"label\W+(\w+)\W.*?probability\W+([\d.e-]+)", printed, re.DOTALL)
    assert found, printed
    return found[1], float(found[2])


@pytest.mark.parametrize("form", ["curl", "Python", "JavaScript"])
@pytest.mark.parametrize(
    ("strokes", "pen", "tolerance"),
    [
        (CROSSED_SEVEN, 75, 0.02),
        (FOOTED_ONE, 30, 0.02),
        (THREE, 150, 0.02),
        (LEAVING, 75, 0.05),  # the server's pen rounds off what the pad cuts straight
    ],
    ids=["seven", "thin one", "thick three", "over the edge"],
)
def test_the_code_for_a_drawing_gets_the_pages_answer(
    page: Page, mouse: Any, tmp_path: Path, form: str, strokes: Any, pen: int, tolerance: float
) -> None:
    page.get_by_label("Pen width").fill(str(pen))
    mouse(page, strokes)
    expect(page.locator("#answer output")).to_have_text(re.compile("sure"))
    label, probability = on_the_page(page)
    printed = first_guess(run(form, show(page, form), tmp_path))
    assert printed == (label, pytest.approx(probability, abs=tolerance))


@pytest.mark.parametrize("form", ["curl", "Python", "JavaScript"])
@pytest.mark.parametrize("name", ["seven.png", NASTY, "-seven.png"])
def test_the_code_for_a_picture_sends_the_file_of_its_name(
    page: Page, tmp_path: Path, form: str, name: str
) -> None:
    (tmp_path / name).write_bytes(png(on_paper(CROSSED_SEVEN)))
    page.get_by_label("Upload a picture").set_input_files(tmp_path / name)
    expect_answer(page, "7")
    label, probability = on_the_page(page)
    code = show(page, form)
    expect(page.locator("#share .about")).to_contain_text(name)
    printed = first_guess(run(form, code, tmp_path))
    assert printed == (label, pytest.approx(probability, abs=1e-4))
    assert not (tmp_path / "x").exists()


def test_a_rejected_drawing_is_rejected_by_the_code_too(
    page: Page, mouse: Any, tmp_path: Path
) -> None:
    mouse(page, [[(0.5, 0.5)]])
    expect(page.locator(".sure")).to_have_text("No guess")
    printed = run("Python", show(page, "Python"), tmp_path)
    assert ast.literal_eval(printed)["message"] == page.locator(".detail").inner_text()


def test_the_javascript_runs_in_the_page_and_asks_the_chosen_model(page: Page, mouse: Any) -> None:
    mouse(page, THREE)
    page.get_by_label("Model").select_option("mnist-cnn")
    expect_answer(page, "3")
    code = show(page, "JavaScript")
    ask = code[: code.rindex("console.log")]
    answer = page.evaluate(f"async () => {{ {ask} return answer; }}")
    assert (answer["model"], len(answer["predictions"])) == ("mnist-cnn", 10)
    assert answer["predictions"][0]["label"] == "3"


def test_the_code_follows_the_drawing(page: Page, mouse: Any) -> None:
    assert show(page, "curl") == "Draw or upload a picture first."
    expect(page.get_by_role("button", name="Copy code")).to_have_attribute("aria-disabled", "true")
    page.locator("#pad").scroll_into_view_if_needed()
    mouse(page, CROSSED_SEVEN)
    expect(page.get_by_label("To copy")).to_have_value(re.compile('"strokes": .*"pen_width": 0.1'))
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("To copy")).to_have_value("Draw or upload a picture first.")


def test_a_link_opens_the_same_drawing_with_the_same_model_elsewhere(
    page: Page, mouse: Any, new_context: Callable[..., BrowserContext]
) -> None:
    page.get_by_label("Model").select_option("mnist-mlp")
    page.get_by_label("Pen width").fill("90")
    mouse(page, THREE)
    expect_answer(page, "3")
    other = new_context().new_page()
    other.goto(show(page, "Link"))
    expect_answer(other, "3")
    expect(other.get_by_label("Model")).to_have_value("mnist-mlp")
    for part in (".sure", ".bar[aria-current] .number"):
        expect(other.locator(part)).to_have_text(page.locator(part).inner_text())


def test_a_picture_cannot_travel_in_a_link_and_says_so(page: Page) -> None:
    picture: Any = {"name": "7.png", "mimeType": "image/png", "buffer": png(on_paper(THREE))}
    page.get_by_label("Upload a picture").set_input_files(picture)
    expect_answer(page, "3")
    assert show(page, "Link") == "A picture cannot travel in a link; a drawing can."
    for button in ("Copy link", "Save the picture", "Save as SVG"):
        expect(page.get_by_role("button", name=button)).to_have_attribute("aria-disabled", "true")


def test_a_turned_picture_is_saved_as_it_was_sent_and_the_code_sends_that_file(
    page: Page, tmp_path: Path
) -> None:
    lying = png(on_paper(CROSSED_SEVEN).rotate(90))
    picture: Any = {"name": "7 of mine.png", "mimeType": "image/png", "buffer": lying}
    page.get_by_label("Upload a picture").set_input_files(picture)
    page.get_by_role("button", name="Turn").click()
    expect_answer(page, "7")
    label, probability = on_the_page(page)
    code = show(page, "Python")
    expect(page.locator("#share .about")).to_contain_text("Sends 7 of mine-sent.png: ")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the picture").click()
    download.value.save_as(tmp_path / download.value.suggested_filename)
    assert first_guess(run("Python", code, tmp_path)) == (
        label,
        pytest.approx(probability, abs=1e-4),
    )


def test_copy_puts_the_text_into_the_clipboard_and_says_so(page: Page, mouse: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    mouse(page, CROSSED_SEVEN)
    link = show(page, "Link")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_all_of_it_works_by_keyboard_alone(page: Page, mouse: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    mouse(page, CROSSED_SEVEN)
    page.locator("#share summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("To copy")).not_to_have_value("")  # its script is there
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Link")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("To copy")).to_have_value(re.compile("^curl "))
    page.keyboard.press("Tab")
    expect(page.get_by_label("To copy")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl 'http://")


def test_the_chosen_form_is_seen_in_forced_colours(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    show(page, "Python")
    colour = "part => getComputedStyle(part).backgroundColor"
    labels = page.locator("#share label")
    chosen = labels.get_by_text("Python", exact=True).evaluate(colour)
    assert chosen != labels.get_by_text("curl", exact=True).evaluate(colour)


def test_without_a_clipboard_the_text_is_selected_and_the_keys_are_named(
    page: Page, mouse: Any
) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    mouse(page, CROSSED_SEVEN)
    link = show(page, "Link")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").filter(has_text="Ctrl+C")).to_be_visible()
    selected = "box => box.value.slice(box.selectionStart, box.selectionEnd)"
    assert page.get_by_label("To copy").evaluate(selected) == link


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_png_is_the_drawing_in_dark_ink_on_white(page: Page, mouse: Any, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    show(page, "Link")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == "inkling-7.png"
    with Image.open(download.value.path()) as picture:
        assert picture.size == (1024, 1024)
        assert picture.getpixel((5, 5)) == (255, 255, 255)
        assert picture.getpixel((512, 205)) == (0x1B, 0x1F, 0x3B)


def test_an_svg_is_valid_and_read_as_the_same_digit(page: Page, mouse: Any) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    show(page, "Link")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as SVG").click()
    assert download.value.suggested_filename == "inkling-3.svg"
    text = download.value.path().read_text()
    lines = ET.fromstring(text).findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 1
    drawn = page.context.new_page()
    drawn.set_viewport_size({"width": 1000, "height": 1000})
    drawn.set_content(text)
    shot = Image.open(io.BytesIO(drawn.locator("svg").screenshot()))
    picture: Any = {"name": "3.png", "mimeType": "image/png", "buffer": png(shot.convert("RGB"))}
    page.get_by_label("Upload a picture").set_input_files(picture)
    expect_answer(page, "3")


def test_a_tap_in_an_svg_is_a_dot(page: Page) -> None:
    script = "async () => (await import('/static/js/saved.js')).svg([[[0.5, 0.25]]], 0.1)"
    assert '<polyline points="500,250 500,250"/>' in page.evaluate(script)


def test_a_closed_panel_loads_nothing(page: Page, mouse: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    assert not [url for url in asked if re.search("share|snippets|saved", url)]


def test_on_a_phone_a_link_is_there_and_nothing_scrolls_sideways(phone: Page, finger: Any) -> None:
    finger(phone, CROSSED_SEVEN)
    expect_answer(phone, "7")
    assert "/#model=digits-cnn&ink=" in show(phone, "Link")
    show(phone, "curl")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    heights = "parts => parts.map(part => part.getBoundingClientRect().height)"
    assert min(phone.locator("#share .button").evaluate_all(heights)) >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_panel(page: Page, mouse: Any, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    show(page, "Python")
    assert violations(page) == []
