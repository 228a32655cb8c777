"""Pictures from files."""

import base64
import io
import os
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from app.settings import LIMITS
from tests.browser.digits import CROSSED_SEVEN, THREE, on_paper, png
from tests.browser.reading import expect_answer, ink_pixels, pictures_sent


def as_file(content: bytes, name: str = "seven.png", kind: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def choose(page: Page, content: bytes, **named: str) -> None:
    page.get_by_label("Upload a picture").set_input_files(as_file(content, **named))


def bring(page: Page, kind: str, *files: FilePayload, on: str = "body") -> None:
    """The event of a drop or a paste that carries these files."""
    page.evaluate(
        """([kind, files, on]) => {
            const data = new DataTransfer();
            for (const [name, type, content] of files) {
                const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
                data.items.add(new File([bytes], name, {type}));
            }
            if (!files.length) data.setData("text/plain", "no file");
            const how = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
            const Kind = kind === "paste" ? ClipboardEvent : DragEvent;
            document.querySelector(on).dispatchEvent(new Kind(kind, how));
        }""",
        [
            kind,
            [(f["name"], f["mimeType"], base64.b64encode(f["buffer"]).decode()) for f in files],
            on,
        ],
    )


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


@pytest.mark.parametrize("button", ["Clear", "Undo"])
def test_the_same_file_can_be_chosen_again(page: Page, button: str) -> None:
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")
    page.get_by_role("button", name=button).click()
    expect(page.locator(".sure")).to_have_text("No digit yet")
    assert ink_pixels(page) == 0
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect_answer(page, "7")


def test_a_picture_chosen_far_below_brings_the_pad_into_view(phone: Page) -> None:
    choose(phone, png(on_paper(CROSSED_SEVEN)))
    expect_answer(phone, "7")
    expect(phone.locator("#pad")).to_be_in_viewport(ratio=1)


def test_upload_and_camera_stand_side_by_side_on_a_phone(phone: Page) -> None:
    upload = phone.locator(".upload label").bounding_box()
    camera = phone.get_by_role("button", name="Camera", exact=True).bounding_box()
    assert upload and camera
    assert upload["y"] == camera["y"] and camera["x"] + camera["width"] <= 360


# Dropped and pasted


def test_a_picture_can_be_dropped_anywhere_and_the_pad_invites_it(page: Page) -> None:
    seven = as_file(png(on_paper(CROSSED_SEVEN)))
    bring(page, "dragover", seven, on="footer")
    expect(page.get_by_text("Drop pictures here")).to_be_visible()
    bring(page, "dragleave", seven)
    expect(page.get_by_text("Drop pictures here")).to_be_hidden()
    bring(page, "dragover", seven, on="footer")
    bring(page, "drop", seven, on="footer")
    expect(page.get_by_text("Drop pictures here")).to_be_hidden()
    expect_answer(page, "7")


def test_text_that_is_dragged_or_pasted_is_none_of_our_business(page: Page) -> None:
    for kind in ("dragover", "drop", "paste"):
        bring(page, kind)
    expect(page.get_by_text("Drop pictures here")).to_be_hidden()
    expect(page.locator(".sure")).to_have_text("No digit yet")


def test_a_picture_can_be_pasted_but_not_into_a_field(page: Page) -> None:
    three = as_file(png(on_paper(THREE)), name="image.png")
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    bring(page, "paste", three, on="textarea")
    expect(page.locator("#pad img")).to_be_hidden()
    bring(page, "paste", three)
    expect_answer(page, "3")


def test_a_file_that_is_no_picture_leaves_the_drawing_alone(page: Page, mouse: Any) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    bring(page, "drop", as_file(b"Dear diary", name="diary.txt", kind="text/plain"))
    expect(page.locator("output")).to_have_text(re.compile("diary.txt is no picture"))
    assert ink_pixels(page) > 0


def test_heic_gets_a_sentence_that_says_what_to_do(page: Page, problems: list[str]) -> None:
    heic = b"\0\0\0\x18ftypheic" + bytes(100)
    bring(page, "drop", as_file(heic, name="photo.heic", kind="image/heic"))
    expect(page.locator(".detail")).to_have_text(re.compile("HEIC.*Export it as PNG, JPEG"))
    expect(page.get_by_role("button", name="Turn")).to_be_hidden()
    expect(page.get_by_role("button", name="Crop")).to_be_hidden()
    assert problems and all("415" in problem for problem in problems)
    problems.clear()


# Turned


def test_one_click_turns_a_picture_whose_exif_is_wrong(page: Page) -> None:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 8  # says: turn by 270 degrees; but the picture is upright
    on_paper(CROSSED_SEVEN, 300, 400).save(buffer, "JPEG", exif=exif)
    choose(page, buffer.getvalue(), name="photo.jpg", kind="image/jpeg")
    latest = pictures_sent(page)
    page.get_by_role("button", name="Turn").click()
    expect_answer(page, "7")
    with latest() as sent:
        assert sent.size == (300, 400) and 0x0112 not in sent.getexif()
    shown = page.get_by_role("img", name="Your picture: photo.jpg")
    expect(shown).to_have_js_property("naturalWidth", 300)


def test_four_turns_send_the_file_itself_again(page: Page) -> None:
    content = png(on_paper(THREE, 300, 200))
    choose(page, content)
    expect_answer(page, "3")
    latest = pictures_sent(page)
    sizes = []
    for _ in range(4):
        with page.expect_response("**/predict*"):
            page.get_by_role("button", name="Turn").click()
        sizes.append(latest().size)
    assert sizes == [(200, 300), (300, 200), (200, 300), (300, 200)]
    expect_answer(page, "3")
    with latest() as sent, Image.open(io.BytesIO(content)) as file:
        assert sent.tobytes() == file.tobytes()


def test_turn_and_crop_take_the_place_of_the_pen_and_move_nothing(page: Page) -> None:
    top = "part => part.getBoundingClientRect().top"
    before = page.locator(".bring").evaluate(top)
    choose(page, png(on_paper(CROSSED_SEVEN)))
    expect(page.get_by_role("button", name="Turn")).to_be_visible()
    expect(page.get_by_role("button", name="Pen")).to_be_hidden()
    assert page.locator(".bring").evaluate(top) == before
    page.get_by_role("button", name="Turn").focus()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Pen")).to_be_visible()
    expect(page.locator("#pad")).to_be_focused()


def test_a_drawing_that_a_picture_hides_survives_a_reload(page: Page, mouse: Any) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    choose(page, png(on_paper(THREE)))
    expect_answer(page, "3")
    page.reload()
    expect_answer(page, "7")
