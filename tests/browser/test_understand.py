"""Understand a run on its page: findings, matrix, mistakes, calibration, weights, your drawing."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.runs import ask, finish, start
from tests.browser.test_everyone import violations

pytestmark = pytest.mark.slow

PANELS = ["findings", "confusion", "mistakes", "calibration", "first-layer"]
QUIET = ["over-time", "publish-checkpoint"]  # nothing is computed for them
SLOW = 60_000  # ms: what trains and examines gives way to everything else on a busy machine
SEVEN = [[(0.25, 0.2), (0.72, 0.2), (0.45, 0.82)]]


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    """With several checkpoints, and mistakes in the first of them."""
    return finish(server, start(server, batch_size=1, epochs=10, learning_rate=0.00003))


@pytest.fixture
def at_run(page: Page, server: Server, run: str) -> Page:
    return opened(page, server, run)


def opened(page: Page, server: Server, run: str) -> Page:
    page.goto(f"{server.url}/runs/{run}")
    expect(slider_of(page)).to_be_visible(timeout=SLOW)
    return page


def slider_of(page: Page) -> Locator:
    return page.get_by_role("slider", name="Checkpoint")


def panel(page: Page, name: str) -> Locator:
    found = page.locator(f"#{name}")
    found.locator("summary").first.click()
    return found


def settled(found: Locator) -> None:
    expect(found).to_have_attribute("aria-busy", "false", timeout=SLOW)


def first_checkpoint(page: Page) -> None:
    slider = slider_of(page)
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_value("0")


def matrix_of(server: Server, run: str, **query: Any) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return ask(server, f"/runs/{run}/confusion?{asked}")


def step(page: Page) -> int:
    text = page.locator(".where").inner_text()
    return int(text.rpartition("step ")[2].replace(",", ""))


def test_closed_panels_ask_for_nothing(page: Page, server: Server, run: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, server, run)
    first_checkpoint(page)
    page.get_by_text("Epochs as a table").click()
    told = ("confusion", "mistakes", "findings", "weights", "predict")
    assert [url for url in asked if re.search(rf"/api/.*/({'|'.join(told)})\b", url)] == []


def test_the_matrix_is_the_apis_and_follows_the_slider(
    at_run: Page, server: Server, run: str
) -> None:
    found = panel(at_run, "confusion")
    settled(found)
    for _ in range(2):
        wanted = matrix_of(server, run, checkpoint=step(at_run))
        cells = found.locator(".matrix button")
        expect(found.locator(".told")).to_contain_text(f"{100 * wanted['accuracy']:.1f}")
        shown = [cells.nth(n).inner_text() or "0" for n in range(100)]
        assert [int(text) for text in shown] == [n for row in wanted["matrix"] for n in row]
        first_checkpoint(at_run)
        settled(found)


def test_a_cell_opens_its_pictures_the_surest_first(at_run: Page, server: Server, run: str) -> None:
    first_checkpoint(at_run)
    found = panel(at_run, "confusion")
    settled(found)
    matrix = matrix_of(server, run, checkpoint=step(at_run))["matrix"]
    true, predicted, number = next(
        (i, j, n) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and i != j
    )
    found.get_by_role("button", name=f"{true} read as {predicted}: {number}", exact=True).click()
    pictures = found.locator(".gallery img")
    expect(pictures).to_have_count(min(number, 40))
    expect(found.locator(".opened")).to_contain_text(f"{true} read as {predicted}")
    shares = [int(re.sub(r"\D", "", t)) for t in found.locator(".gallery p").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert pictures.first.evaluate("image => image.naturalWidth") == 28


def test_the_matrix_is_one_stop_of_tab_and_walked_by_arrows(at_run: Page) -> None:
    found = panel(at_run, "confusion")
    settled(found)
    found.locator("summary").first.focus()
    at_run.keyboard.press("Tab")
    expect(found.get_by_role("button", name=re.compile("^0 read as 0, right"))).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown"):
        at_run.keyboard.press(key)
    expect(found.get_by_role("button", name=re.compile("^1 read as 0"))).to_be_focused()
    at_run.keyboard.press("ArrowRight")
    at_run.keyboard.press("Enter")
    pressed = found.get_by_role("button", name=re.compile("^1 read as 1, right"))
    expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(found.locator(".opened")).to_contain_text("1 read right, the least sure first")


def test_classes_without_pictures_have_no_bar(at_run: Page) -> None:
    found = panel(at_run, "confusion")
    settled(found)
    expect(found.locator(".class-scores .class")).to_have_text(["0", "1", "5", "7"])


def test_the_test_part_is_offered_once_the_run_is_finished(
    at_run: Page, server: Server, run: str
) -> None:
    found = panel(at_run, "confusion")
    at_run.get_by_role("combobox", name="Pictures").select_option("test")
    expect(found.locator(".told")).to_contain_text("of 64 pictures", timeout=SLOW)
    at_run.get_by_role("combobox", name="Pictures").select_option("train")
    expect(found.locator(".told")).to_contain_text("of 384 pictures", timeout=SLOW)


def test_the_surest_mistakes_say_what_was_read_and_what_it_is(at_run: Page) -> None:
    first_checkpoint(at_run)
    found = panel(at_run, "mistakes")
    settled(found)
    expect(found.locator(".gallery li").first).to_contain_text(re.compile(r"read \d, \d+.%"))
    expect(found.locator(".gallery li .hint").first).to_contain_text(re.compile(r"is \d: \d+.%"))


def test_calibration_has_a_table_behind_its_picture(at_run: Page) -> None:
    found = panel(at_run, "calibration")
    settled(found)
    expect(found.locator(".told")).to_contain_text("Expected calibration error")
    found.get_by_text("As a table").click()
    rows = found.locator("tbody tr")
    expect(rows).to_have_count(found.locator(".bins rect").count())
    pictures = [int(text) for text in found.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert sum(pictures) == 128


def test_findings_come_with_advice_and_evidence(at_run: Page) -> None:
    found = panel(at_run, "findings")
    settled(found)
    few = found.locator("li").filter(has_text="too small to tell")
    expect(few.locator(".because")).to_contain_text("128 pictures")
    expect(few.locator(".advice")).to_contain_text("larger validation part")


def test_the_first_layer_is_drawn_in_colours(at_run: Page) -> None:
    found = panel(at_run, "first-layer")
    settled(found)
    expect(found.locator(".told")).to_contain_text("16 of 16 units, a weight for each of 28")
    colours = """() => {
        const canvas = document.querySelector("#first-layer canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size > 20;
    }"""
    at_run.wait_for_function(colours)


def test_your_drawing_is_read_at_each_checkpoint(
    page: Page, server: Server, run: str, mouse: Any
) -> None:
    mouse(page, SEVEN)
    expect(page.locator(".guess")).to_have_text("7")
    opened(page, server, run)
    found = panel(page, "over-time")
    expect(found.locator(".big")).to_have_text("7")
    checkpoints = ask(server, f"/runs/{run}/checkpoints")["checkpoints"]
    assert len(checkpoints) >= 2  # a quick machine keeps no more
    expect(found.locator("tbody tr")).to_have_count(len(checkpoints))
    expect(found.locator("tbody tr").last).to_have_attribute("aria-current", "true")
    last = found.locator(".how-sure").inner_text()
    first_checkpoint(page)
    expect(found.locator("tbody tr").first).to_have_attribute("aria-current", "true")
    expect(found.locator(".how-sure")).not_to_have_text(last)
    found.get_by_role("button", name="Clear").click()
    expect(found.locator(".how-sure")).to_have_text("No digit yet")
    expect(found.locator("tbody tr")).to_have_count(0)


def test_one_can_draw_beside_the_slider_and_go_on_drawing_with_the_checkpoint(
    at_run: Page, run: str
) -> None:
    found = panel(at_run, "over-time")
    expect(found.locator(".draw-with")).to_have_attribute("href", re.compile("checkpoints"))
    box = found.locator(".pad canvas").bounding_box()
    assert box
    at_run.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
    at_run.mouse.down()
    at_run.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=8)
    at_run.mouse.up()
    expect(found.locator(".big")).to_have_text(re.compile(r"^\d$"))
    found.get_by_role("link", name="Draw with it").click()
    expect(at_run.get_by_label("Model")).to_have_value(re.compile(f"^runs/{run}/checkpoints/"))
    expect(at_run.locator(".guess")).to_have_text(re.compile(r"^\d$"))


def test_a_checkpoint_becomes_a_model_to_draw_with(
    at_run: Page, server: Server, problems: list[str]
) -> None:
    first_checkpoint(at_run)
    found = panel(at_run, "publish-checkpoint")
    name = found.get_by_label(f"Make step {step(at_run):,} a model called")
    name.fill("digits-cnn")
    found.get_by_role("button", name="Publish").click()
    expect(found.locator(".refused")).to_contain_text("ships with Inkling")
    problems[:] = [problem for problem in problems if "status of 409" not in problem]
    name.fill("as-a-baby")
    found.get_by_role("button", name="Publish").click()
    found.get_by_role("link", name="Draw with as-a-baby").click()
    expect(at_run.get_by_label("Model")).to_have_value("as-a-baby")
    at_run.goto("about:blank")  # it may still ask for what is deleted now
    at_run.request.delete(f"{server.url}/api/v1/models/as-a-baby")


@pytest.fixture
def endless(server: Server) -> Iterator[str]:
    run = start(server, batch_size=1, epochs=2000)
    yield run
    with suppress(HTTPError):  # the test may have deleted it
        ask(server, f"/runs/{run}/stop", {})


def test_new_checkpoints_appear_while_it_trains(page: Page, server: Server, endless: str) -> None:
    opened(page, server, endless)
    slider = slider_of(page)
    expect(page.locator("[value=test]")).to_be_disabled()
    newest = "more => +document.querySelector('#checkpoint').max > more"
    page.wait_for_function(newest, arg=1, timeout=SLOW)
    slider_at = "() => document.querySelector('#checkpoint')"
    page.wait_for_function(f"() => ({slider_at})().value === ({slider_at})().max")
    first_checkpoint(page)
    page.wait_for_function(newest, arg=int(slider.get_attribute("max") or 0), timeout=SLOW)
    expect(slider).to_have_value("0")


def test_the_slider_reaches_the_end_of_a_quick_run_that_two_pages_watch_and_one_continues(
    page: Page, server: Server
) -> None:
    run = start(server)
    other = page.context.new_page()
    for each in (page, other):
        each.goto(f"{server.url}/runs/{run}")
    for each in (page, other):
        expect(each.locator(".where")).to_contain_text("Epoch 12 of 12", timeout=SLOW)
    page.get_by_text("Go on from here").click()
    page.get_by_label("Train it for so many epochs more").fill("3")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator(".where")).to_contain_text("Epoch 15 of 15", timeout=SLOW)
    finish(server, run)
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(other.locator(".where")).to_contain_text("Epoch 15 of 15", timeout=SLOW)
    other.close()


def test_a_page_whose_run_is_deleted_offers_nothing_more_for_it(
    page: Page, server: Server, endless: str, problems: list[str]
) -> None:
    page.goto(f"{server.url}/runs/{endless}")
    expect(page.locator(".state")).to_have_text("Running", timeout=SLOW)
    ask(server, f"/runs/{endless}/pause", {})
    expect(page.locator(".state")).to_have_text("Paused", timeout=SLOW)
    page.request.delete(f"{server.url}/api/v1/runs/{endless}")
    expect(page.locator(".connection")).to_contain_text("There is no such run", timeout=SLOW)
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("#onwards")).to_be_hidden()
    problems[:] = [problem for problem in problems if "status of 404" not in problem]


def test_a_run_without_a_checkpoint_says_when_the_first_comes(page: Page, server: Server) -> None:
    missing = ask(server, "/runs", {"dataset": "pen-digits", "network": "mlp"})["id"]
    page.goto(f"{server.url}/runs/{missing}")
    expect(page.locator(".state")).to_have_text("Failed", timeout=SLOW)
    expect(page.locator("#understand .none")).to_be_visible()


def test_a_run_that_diverged_is_told_why(page: Page, server: Server) -> None:
    broken = start(server, learning_rate=1e25, optimizer="sgd", batch_size=1)
    page.goto(f"{server.url}/runs/{broken}")
    expect(page.locator(".state")).to_have_text("Failed", timeout=SLOW)
    expect(page.locator(".training-loss")).to_have_text(re.compile(r"^\d[\d.e+]{0,9}$"))
    found = panel(page, "findings")
    expect(found.locator(".sentence").first).to_contain_text("diverged")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_open_panels(at_run: Page, scheme: Any) -> None:
    at_run.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for name in PANELS:
        settled(panel(at_run, name))
    for name in QUIET:
        panel(at_run, name)
    at_run.locator(".matrix button").first.click()
    expect(at_run.locator("#confusion .gallery img").first).to_be_visible()
    at_run.locator("#calibration").get_by_text("As a table").click()
    assert violations(at_run) == []


def test_nothing_scrolls_sideways_on_a_phone_and_the_slider_stays_in_sight(
    phone: Page, server: Server, run: str
) -> None:
    opened(phone, server, run)
    for name in PANELS:
        settled(panel(phone, name))
    for name in QUIET:
        panel(phone, name)
    phone.locator(".matrix button").nth(11).tap()
    expect(phone.locator("#confusion .gallery img").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.locator("#over-time").scroll_into_view_if_needed()
    expect(slider_of(phone)).to_be_in_viewport()
