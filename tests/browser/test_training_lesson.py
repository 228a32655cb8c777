"""The lesson of training: every number on it is the run's own, and the trained network answers."""

import csv
import io
import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Draw, Server
from tests.browser.digits import CROSSED_SEVEN
from tests.browser.runs import ask
from tests.browser.test_everyone import violations
from tests.browser.test_lessons import open_lesson, value


@pytest.fixture(scope="module")
def trained(school: Server, browser: object) -> str:
    """The state of the lesson's address, once its three trainings are over."""
    page = browser.new_page()  # type: ignore[attr-defined]
    open_lesson(page, school, "training")
    page.get_by_role("button", name="Train all three").press("Enter")
    expect(page.locator(".race output")).to_contain_text("The best is", timeout=240_000)
    page.wait_for_url("**#run=*")
    state = "#" + page.url.partition("#")[2]
    page.close()
    return state


def points(server: Server, state: str, kind: str, variant: int) -> list[dict[str, str]]:
    address = f"{server.url}/api/v1/runs/{state.partition('run=')[2]}/points.csv"
    with urllib.request.urlopen(address) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    return [row for row in rows if row["kind"] == kind and int(row["variant"]) == variant]


@pytest.mark.slow
def test_three_rates_are_trained_and_told(page: Page, school: Server, trained: str) -> None:
    open_lesson(page, school, "training", trained)
    rows = page.locator(".race tbody tr")
    expect(rows).to_have_count(3)
    for variant in range(3):
        last = points(school, trained, "evaluated", variant)[-1]
        told = rows.nth(variant).locator("td").nth(1)
        expect(told).to_have_text(re.compile(rf"^{100 * float(last['accuracy']):.1f}\W%$|^100\W%$"))
        expect(page.locator(".race .now")).to_contain_text(told.inner_text())
    run = ask(school, f"/runs/{trained.partition('run=')[2]}")
    rates = [each["hyperparameters"]["learning_rate"] for each in run["variants"]]
    assert rates == [0.002, 0.1, 2] and run["purpose"] == "lesson"


@pytest.mark.slow
def test_each_step_shows_the_runs_own_numbers(page: Page, school: Server, trained: str) -> None:
    open_lesson(page, school, "training", trained)
    slider = page.get_by_role("slider", name="Step")
    steps = points(school, trained, "step", 1)
    expect(slider).to_have_attribute("max", str(len(steps)))
    slider.press("ArrowRight")
    step = steps[1]
    expect(page.locator(".of-loss")).to_contain_text(f"{float(step['loss']):.3f}")
    moved = float(step["gradient_norm"]) * 0.1
    assert value(page, "math.moved mrow.result mn") == pytest.approx(moved, rel=1e-6)
    page.get_by_label("Learning rate", exact=True).select_option("too low: 0.002")
    low = points(school, trained, "step", 0)[1]
    moved = float(low["gradient_norm"]) * 0.002
    assert value(page, "math.moved mrow.result mn") == pytest.approx(moved, rel=1e-6)
    pictures = ask(school, f"/runs/{trained.partition('run=')[2]}")["spec"]["batch_size"]
    expect(page.locator(".of-epoch")).to_contain_text(f"batches of {pictures} are")
    page.wait_for_url("**&which=0&step=2")


@pytest.mark.slow
def test_overfitting_is_told_by_the_runs_own_numbers(
    page: Page, school: Server, trained: str
) -> None:
    open_lesson(page, school, "training", trained)
    losses = [float(row["loss"]) for row in points(school, trained, "evaluated", 1)]
    cells = page.locator("table.epochs td:last-child")
    expect(cells).to_have_count(30)
    for shown, loss in zip(cells.all_inner_texts(), losses, strict=True):
        assert float(shown.lstrip("<")) == pytest.approx(loss, rel=0.01, abs=0.001)
    best = losses.index(min(losses)) + 1
    sentence = f"lowest in epoch {best}:" if best < 30 else "Both still fall"
    expect(page.locator(".heart-told")).to_contain_text(sentence)


@pytest.mark.slow
def test_the_trained_network_reads_the_drawing(
    page: Page, school: Server, trained: str, mouse: Draw
) -> None:
    open_lesson(page, school, "training", trained)
    readers = page.get_by_label("Read by")
    expect(readers).to_have_value(re.compile("/checkpoints-1/"))
    last = readers.input_value()
    assert int(last.rpartition("/")[2]) == len(points(school, trained, "step", 1))
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".how-sure")).to_have_text("Draw a digit.")
    page.locator(".pad").evaluate("pad => { pad.id = 'pad'; pad.scrollIntoView(); }")
    with page.expect_response(re.compile("checkpoints-1.*/predict")) as answered:
        mouse(page, CROSSED_SEVEN)
    assert answered.value.status == 200
    expect(page.locator(".verdict .big")).to_have_text("7")
    with page.expect_response(re.compile("mnist-mlp/predict")):
        readers.select_option("mnist-mlp")
    expect(page.locator(".verdict .big")).to_have_text("7")


@pytest.mark.slow
def test_axe_finds_nothing_after_the_training(
    page: Page, phone: Page, school: Server, trained: str
) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        open_lesson(page, school, "training", trained)
        expect(page.locator("table.epochs td")).to_have_count(60)
        assert violations(page) == []
    open_lesson(phone, school, "training", trained)
    expect(phone.locator("table.epochs td")).to_have_count(60)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


def test_without_a_training_the_shipped_model_reads(page: Page, server: Server) -> None:
    with page.expect_response("**/mnist-mlp/predict*") as answered:
        open_lesson(page, server, "training", "#which=7&step=x")
    assert answered.value.status == 200
    expect(page.locator(".verdict .big")).to_have_text("3")
    expect(page.locator(".nothing-yet")).to_be_visible()
    expect(page.locator(".heart-told")).to_contain_text("Train all three above")
    expect(page.locator(".which")).to_have_value("1")


@pytest.mark.slow
def test_a_training_can_be_stopped_and_started_again(page: Page, school: Server) -> None:
    open_lesson(page, school, "training")
    button = page.locator(".race .start")
    button.press("Enter")
    expect(button).to_have_text("Stop")
    page.wait_for_url("**#run=*")
    stopped = page.url
    button.press("Enter")
    expect(button).to_have_text("Train all three", timeout=30_000)
    assert ask(school, f"/runs/{stopped.rpartition('run=')[2]}")["state"] == "stopped"
    button.press("Enter")
    expect(page).not_to_have_url(stopped)
    expect(page.locator(".race output")).to_contain_text("The best is", timeout=240_000)
