"""One click keeps the drawing with its right label; the panel shows, corrects and deletes it."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Server
from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, THREE, on_paper, png
from tests.browser.reading import expect_answer
from tests.browser.test_everyone import violations

SAMPLES = "/api/v1/datasets/my-digits/samples"


@pytest.fixture(autouse=True)
def nothing_kept(page: Page, server: Server) -> None:
    page.request.delete(server.url + SAMPLES)


def kept(page: Page, server: Server) -> list[tuple[str, str | None]]:
    """(label, what was read) of all that the server keeps, newest first."""
    samples = page.request.get(server.url + SAMPLES).json()["samples"]
    return [(sample["label"], sample["read"]) for sample in samples]


def draw_seven(page: Page, hand: Any) -> None:
    page.evaluate("scrollTo(0, 0)")
    hand(page, CROSSED_SEVEN)
    expect_answer(page, "7")


def label(page: Page, digit: str) -> Any:
    return page.get_by_role("button", name=f"{digit}: keep it")


def keep_as(page: Page, digit: str) -> None:
    label(page, digit).click()
    expect(page.locator(".keep .done")).to_have_text(f"Kept as {digit}.")


def open_panel(page: Page) -> Any:
    panel = page.locator("#kept")
    panel.locator("summary").click()
    expect(panel.locator(".nothing:not([hidden]), .filled:not([hidden])")).to_be_visible()
    for picture in panel.locator("img:visible").all():  # one that is deleted on its way is a 404
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
    return panel


def keep_many(page: Page, server: Server, labels: str) -> None:
    for each in labels:
        body = {"label": each, "strokes": [[[10, 10], [60, 10], [30, 90]]]}
        assert page.request.post(server.url + SAMPLES, data=body).status == 201


# One click


def test_one_click_keeps_the_drawing_with_its_right_label(
    page: Page, mouse: Any, server: Server
) -> None:
    hint = page.get_by_text("Wrong? Click the right digit")
    expect(hint).to_be_hidden()
    draw_seven(page, mouse)
    expect(hint).to_be_visible()
    keep_as(page, "1")
    expect(page.locator("output")).to_have_text("Kept as 1.")
    expect(hint).to_be_hidden()
    assert kept(page, server) == [("1", "7")]


def test_a_right_guess_can_be_confirmed(page: Page, mouse: Any, server: Server) -> None:
    draw_seven(page, mouse)
    keep_as(page, "7")
    label(page, "7").click()
    expect(page.locator(".keep .done")).to_have_text("Kept as 7.")
    assert kept(page, server) == [("7", "7")]


def test_strokes_and_pen_are_kept_as_they_were_drawn(
    page: Page, mouse: Any, server: Server
) -> None:
    page.get_by_label("Pen width").fill("100")
    draw_seven(page, mouse)
    keep_as(page, "7")
    answer = page.request.get(f"{server.url}/api/v1/datasets/my-digits/download")
    archive = zipfile.ZipFile(io.BytesIO(answer.body()))
    sample = json.loads(archive.read("samples.jsonl"))
    assert len(sample["strokes"]) == len(CROSSED_SEVEN)
    assert sample["strokes"][0][0] == pytest.approx([250, 200], abs=2)
    assert sample["pen_width"] == pytest.approx(0.1 / 0.62, abs=0.01)
    assert (sample["model"], len(sample["version"])) == ("digits-cnn", 12)
    picture = archive.read(sample["picture"])
    page.locator("#file").set_input_files(
        {"name": "kept.png", "mimeType": "image/png", "buffer": picture}
    )
    expect_answer(page, "7")


def test_a_click_before_the_answer_still_tells_what_was_read(
    page: Page, mouse: Any, server: Server
) -> None:
    draw_seven(page, mouse)
    page.get_by_role("button", name="Clear").click()
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    mouse(page, THREE)
    keep_as(page, "8")
    assert kept(page, server) == [("8", "3")]


def test_another_label_corrects_the_first_and_keeps_nothing_twice(
    page: Page, mouse: Any, server: Server
) -> None:
    draw_seven(page, mouse)
    keep_as(page, "1")
    keep_as(page, "2")
    keep_as(page, "7")
    assert kept(page, server) == [("7", "7")]


def test_quick_clicks_keep_one_sample_with_the_last_label(
    page: Page, mouse: Any, server: Server
) -> None:
    draw_seven(page, mouse)
    page.locator(".bars").evaluate(
        "bars => [1, 1, 4, 9].forEach(i => bars.querySelectorAll('button')[i].click())"
    )
    expect(page.locator(".keep .done")).to_have_text("Kept as 9.")
    assert kept(page, server) == [("9", "7")]


def test_undo_deletes_it_again(page: Page, mouse: Any, server: Server) -> None:
    draw_seven(page, mouse)
    keep_as(page, "7")
    page.get_by_role("button", name="Undo: do not keep it").click()
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()
    expect(page.locator("output")).to_have_text("No longer kept.")
    assert kept(page, server) == []
    keep_as(page, "7")
    assert kept(page, server) == [("7", "7")]


def test_what_was_kept_is_remembered_as_long_as_the_drawing_is_the_same(
    page: Page, mouse: Any, server: Server
) -> None:
    draw_seven(page, mouse)
    keep_as(page, "7")
    page.get_by_label("Model").select_option("mnist-cnn")
    expect_answer(page, "7")
    expect(page.locator(".keep .done")).to_have_text("Kept as 7.")
    page.get_by_role("button", name="Clear").click()
    mouse(page, THREE)
    expect_answer(page, "3")
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()
    keep_as(page, "3")
    assert kept(page, server) == [("3", "3"), ("7", "7")]


def test_a_rejected_drawing_can_be_kept_too(page: Page, mouse: Any, server: Server) -> None:
    mouse(page, [[(0.5, 0.5), (0.51, 0.5)]])
    expect(page.locator(".sure")).to_have_text("No guess")
    keep_as(page, "1")
    assert kept(page, server) == [("1", None)]


def test_an_uploaded_picture_is_kept_too(page: Page, server: Server) -> None:
    picture = png(on_paper(CROSSED_SEVEN))
    files = {"name": "seven.png", "mimeType": "image/png", "buffer": picture}
    page.locator("#file").set_input_files(files)
    expect_answer(page, "7")
    keep_as(page, "7")
    [sample] = page.request.get(server.url + SAMPLES).json()["samples"]
    assert sample["drawing"] is False
    found = Image.open(io.BytesIO(page.request.get(server.url + sample["picture"]).body()))
    assert found.size == (300, 300)


def test_nothing_can_be_kept_from_an_empty_pad(page: Page, server: Server) -> None:
    button = label(page, "7")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(page.locator(".keep")).to_have_attribute("data-state", "idle")
    assert kept(page, server) == []


def test_a_server_that_is_away_is_told_and_the_next_click_keeps(
    page: Page, mouse: Any, server: Server, problems: list[str]
) -> None:
    draw_seven(page, mouse)
    page.context.set_offline(True)
    label(page, "7").click()
    sentence = "Not kept. The server does not answer. Try again."
    expect(page.locator(".keep .done")).to_have_text(sentence)
    expect(page.locator("output")).to_have_text(sentence)
    page.context.set_offline(False)
    keep_as(page, "7")
    assert kept(page, server) == [("7", "7")]
    assert all("ERR_INTERNET_DISCONNECTED" in problem for problem in problems)
    problems.clear()


def test_what_could_not_be_kept_is_not_said_of_the_next_picture(
    page: Page, mouse: Any, server: Server, problems: list[str]
) -> None:
    draw_seven(page, mouse)
    page.route(f"**{SAMPLES}", lambda route: holding.append(route))
    holding: list[Route] = []
    label(page, "7").click()
    expect(page.locator(".keep .done")).to_have_text("Keeping it…")
    files = {"name": "one.png", "mimeType": "image/png", "buffer": png(on_paper(FOOTED_ONE))}
    page.locator("#file").set_input_files(files)
    expect_answer(page, "1")
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()
    holding[0].abort()
    sentence = "The one before was not kept. The server does not answer. Try again."
    expect(page.locator(".keep .done")).to_have_text(sentence)
    page.unroute(f"**{SAMPLES}")
    keep_as(page, "1")
    assert kept(page, server) == [("1", "1")]
    assert all("ERR_FAILED" in problem for problem in problems)
    problems.clear()


def test_a_kept_drawing_is_not_kept_again_after_a_reload(
    page: Page, mouse: Any, server: Server
) -> None:
    draw_seven(page, mouse)
    keep_as(page, "1")
    page.reload()
    expect_answer(page, "7")
    expect(page.locator(".keep .done")).to_have_text("Kept as 1.")
    keep_as(page, "7")
    assert kept(page, server) == [("7", "7")]
    page.reload()
    expect_answer(page, "7")
    page.get_by_role("button", name="Undo: do not keep it").click()
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()
    assert kept(page, server) == []
    page.reload()
    expect_answer(page, "7")
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()


def test_a_drawing_deleted_meanwhile_is_kept_anew_after_a_reload(
    page: Page, mouse: Any, server: Server, problems: list[str]
) -> None:
    draw_seven(page, mouse)
    keep_as(page, "7")
    page.request.delete(server.url + SAMPLES)
    page.reload()
    expect_answer(page, "7")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        label(page, "7").click()
    expect(page.locator(".keep .done")).to_have_text("Kept as 7.")
    assert kept(page, server) == [("7", "7")]
    problems[:] = [problem for problem in problems if "status of 404" not in problem]


def test_undo_to_a_drawing_that_was_deleted_since_offers_to_keep_it(page: Page, mouse: Any) -> None:
    draw_seven(page, mouse)
    keep_as(page, "7")
    page.get_by_role("button", name="Clear").click()
    panel = open_panel(page)
    panel.get_by_role("button", name="Delete this 7").click()
    expect(panel.locator(".nothing")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect_answer(page, "7")
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()


def test_nothing_jumps_when_a_drawing_is_kept(page: Page, mouse: Any) -> None:
    parts = page.locator("#pad, .headline, .bar, .keep, .seen, #model, .panel")
    places = "parts => parts.map(part => JSON.stringify(part.getBoundingClientRect()))"
    before = parts.evaluate_all(places)
    draw_seven(page, mouse)
    assert parts.evaluate_all(places) == before
    keep_as(page, "1")
    assert parts.evaluate_all(places) == before


def test_the_bars_are_one_stop_and_arrow_keys_go_from_digit_to_digit(
    page: Page, mouse: Any, server: Server
) -> None:
    draw_seven(page, mouse)
    page.locator("#clear").focus()
    page.keyboard.press("Tab")
    expect(label(page, "7")).to_be_focused()  # at what was read
    page.keyboard.press("ArrowDown")
    expect(label(page, "8")).to_be_focused()
    for key, digit in {"End": "9", "ArrowRight": "0", "ArrowLeft": "9", "Home": "0"}.items():
        page.keyboard.press(key)
        expect(label(page, digit)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".keep .done")).to_have_text("Kept as 0.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Undo: do not keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(label(page, "0")).to_be_focused()
    assert kept(page, server) == []
    page.keyboard.press("Tab")
    expect(page.get_by_label("Model")).to_be_focused()


def test_on_a_phone_the_whole_bar_keeps(phone: Page, mouse: Any, server: Server) -> None:
    draw_seven(phone, mouse)
    phone.locator(".bar").nth(1).locator(".track").tap(force=True)
    expect(phone.locator(".keep .done")).to_have_text("Kept as 1.")
    assert kept(phone, server) == [("1", "7")]
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.get_by_role("button", name="Undo: do not keep it").tap()
    expect(phone.get_by_text("Wrong? Click the right digit")).to_be_visible()


def test_a_frame_in_another_page_keeps_nothing(page: Page, mouse: Any, server: Server) -> None:
    page.goto(f"{server.url}/?embed")
    draw_seven(page, mouse)
    expect(label(page, "7")).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".keep, .bars [tabindex='0']")).to_have_count(0)


# The panel


def test_an_empty_panel_invites(page: Page) -> None:
    panel = open_panel(page)
    expect(panel.locator(".nothing")).to_be_visible()
    expect(panel.locator(".filled")).to_be_hidden()


def test_a_closed_panel_asks_for_nothing(page: Page, mouse: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    draw_seven(page, mouse)
    keep_as(page, "7")
    assert not [url for url in asked if "kept.js" in url or "limit=" in url]


def test_the_panel_follows_what_is_kept_corrected_and_undone(page: Page, mouse: Any) -> None:
    panel = open_panel(page)
    draw_seven(page, mouse)
    keep_as(page, "1")
    expect(panel.locator(".sample")).to_have_count(1)
    expect(panel.get_by_role("img", name="A kept 1")).to_be_visible()
    expect(panel.locator(".sample .hint")).to_have_text("Read as 7: wrong")
    keep_as(page, "7")
    expect(panel.get_by_role("img", name="A kept 7")).to_be_visible()
    expect(panel.locator(".counts button")).to_have_text(["All (1)", "7 (1)"])
    page.get_by_role("button", name="Undo: do not keep it").click()
    expect(panel.locator(".nothing")).to_be_visible()


def test_labels_are_counted_and_chosen(page: Page, server: Server) -> None:
    keep_many(page, server, "17127")
    panel = open_panel(page)
    expect(panel.locator(".counts button")).to_have_text(["All (5)", "1 (2)", "2 (1)", "7 (2)"])
    expect(panel.locator("select").first).to_have_value("7")
    panel.get_by_role("button", name="1 (2)").click()
    expect(panel.locator(".sample")).to_have_count(2)
    expect(panel.get_by_role("button", name="1 (2)")).to_have_attribute("aria-pressed", "true")
    panel.get_by_role("button", name="All (5)").click()
    expect(panel.locator(".sample")).to_have_count(5)


def test_pictures_come_sixty_at_a_time(page: Page, server: Server) -> None:
    keep_many(page, server, "7" * 62)
    panel = open_panel(page)
    expect(panel.locator(".sample")).to_have_count(60)
    panel.get_by_role("button", name="Show more").click()
    expect(panel.locator(".sample")).to_have_count(62)
    expect(panel.get_by_role("button", name="Show more")).to_be_hidden()
    ids = panel.locator(".sample").evaluate_all("cards => cards.map(card => card.dataset.id)")
    assert ids == sorted(set(ids), reverse=True)


def test_a_label_is_corrected_and_a_picture_deleted(page: Page, mouse: Any, server: Server) -> None:
    draw_seven(page, mouse)
    keep_as(page, "1")
    panel = open_panel(page)
    panel.get_by_label("Right label of this 1").select_option("7")
    expect(panel.locator(".counts button")).to_have_text(["All (1)", "7 (1)"])
    expect(panel.get_by_role("status")).to_have_text("Kept as 7.")
    expect(page.locator(".keep .done")).to_have_text("Kept as 7.")
    assert kept(page, server) == [("7", "7")]
    panel.get_by_role("button", name="Delete this 7").click()
    expect(panel.locator(".nothing")).to_be_visible()
    expect(page.get_by_text("Wrong? Click the right digit")).to_be_visible()
    assert kept(page, server) == []


def test_the_keyboard_goes_on_after_a_deletion(page: Page, server: Server) -> None:
    keep_many(page, server, "123")
    panel = open_panel(page)
    panel.get_by_role("button", name="Delete this 3").focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Delete this 2")).to_be_focused()


def test_all_are_downloaded_as_a_zip(page: Page, server: Server, tmp_path: Path) -> None:
    keep_many(page, server, "17")
    panel = open_panel(page)
    with page.expect_download() as download:
        panel.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename == "my-digits.zip"
    download.value.save_as(tmp_path / "my-digits.zip")
    names = zipfile.ZipFile(tmp_path / "my-digits.zip").namelist()
    assert [name.split("/")[0] for name in names] == ["1", "7", "samples.jsonl"]


def test_all_are_deleted_after_one_question(page: Page, server: Server) -> None:
    keep_many(page, server, "17")
    panel = open_panel(page)
    dialog = page.get_by_role("dialog", name="Delete all that you kept (2)?")
    for leave in ("button", "Escape"):
        panel.get_by_role("button", name="Delete all").click()
        expect(dialog).to_be_visible()
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            dialog.get_by_role("button", name="Keep them").click()
        expect(dialog).to_be_hidden()
        assert len(kept(page, server)) == 2
    panel.get_by_role("button", name="Delete all").click()
    dialog.get_by_role("button", name="Delete all").click()
    expect(panel.locator(".nothing")).to_be_visible()
    expect(panel.get_by_role("status")).to_have_text("All deleted.")
    assert kept(page, server) == []


def test_what_fails_in_the_panel_is_told_and_changes_nothing(
    page: Page, server: Server, problems: list[str]
) -> None:
    keep_many(page, server, "1")
    panel = open_panel(page)
    select = panel.get_by_label("Right label of this 1")
    expect(panel.get_by_role("img", name="A kept 1")).to_be_visible()
    page.context.set_offline(True)
    select.select_option("7")
    expect(panel.get_by_role("status")).to_have_text("The server does not answer. Try again.")
    expect(select).to_have_value("1")
    page.context.set_offline(False)
    assert kept(page, server) == [("1", None)]
    problems.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_panel(
    page: Page, phone: Page, mouse: Any, server: Server, scheme: Any
) -> None:
    keep_many(page, server, "17")
    for each in (page, phone):
        each.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        mouse(each, FOOTED_ONE)
        expect_answer(each, "1")
        keep_as(each, "1")
        open_panel(each)
        assert violations(each) == []
        each.locator("#kept .clear").click()
        assert violations(each) == []


def test_the_whole_bar_of_the_answer_itself_is_its_button(page: Page, mouse: Any) -> None:
    """The longest bar is painted over what lies beneath it."""
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    page.locator(".bar").nth(7).click()
    expect(page.locator(".keep .done")).to_have_text("Kept as 7.")
