"""The lesson of datasets: pages, means, wrong labels, the game and the leak, as served."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.runs import ask
from tests.browser.test_everyone import violations
from tests.browser.test_lessons import open_lesson
from tests.ml.small_files import write_mnist

SLOW = 60_000  # ms: what examines and trains gives way to everything else


@pytest.fixture(scope="module", autouse=True)
def _files(server: Server) -> None:
    write_mnist(server.datasets, 512, 64)


def opened(page: Page, server: Server, state: str = "") -> Page:
    open_lesson(page, server, "datasets", state)
    expect(page.locator(".samples li").first).to_be_visible(timeout=SLOW)
    return page


def captions(page: Page) -> list[str]:
    return page.locator(".samples li").all_inner_texts()


def samples(server: Server, query: str) -> list[str]:
    page = ask(server, f"/datasets/mnist/samples?{query}")
    return [sample["label"] for sample in page["samples"]]


def test_pages_and_classes_are_turned_and_shared(page: Page, server: Server) -> None:
    opened(page, server)
    where = page.locator(".where-said")
    expect(where).to_have_text("Page 1 of 8, 461 pictures")
    assert captions(page) == samples(server, "part=train")
    page.get_by_role("button", name="After").focus()
    page.keyboard.press("Enter")
    expect(where).to_have_text("Page 2 of 8, 461 pictures")
    assert captions(page) == samples(server, "part=train&page=2")
    page.locator("select.class").select_option("7")
    page.locator("select.part").select_option("test")
    expect(where).to_have_text("Page 1 of 1, 16 pictures")
    assert captions(page) == ["7"] * 16
    page.wait_for_url("**#part=test&class=7")
    opened(page, server, "#part=test&class=7")
    expect(where).to_have_text("Page 1 of 1, 16 pictures")
    expect(page.get_by_role("button", name="After")).to_have_attribute("aria-disabled", "true")
    opened(page, server, "#page=99999")
    expect(where).to_have_text("Page 8 of 8, 461 pictures")
    page.get_by_role("button", name="Before").click()
    expect(where).to_have_text("Page 7 of 8, 461 pictures")
    page.get_by_role("button", name="After").evaluate(
        "button => [1, 2, 3].map(() => button.click())"
    )
    expect(where).to_have_text("Page 8 of 8, 461 pictures")
    assert len(captions(page)) == 41


def test_wrong_labels_are_marked_in_words(page: Page, server: Server) -> None:
    opened(page, server, "#noise=0.3")
    page_of = ask(server, "/datasets/mnist/samples?label_noise=0.3")["samples"]
    wrong = [f"{each['given']}, not {each['label']}" for each in page_of if each["given"]]
    expect(page.locator(".samples [data-wrong]")).to_have_text(wrong)
    page.locator("select.part").select_option("test")
    expect(page.locator(".noise-said")).to_contain_text("Only training labels")
    expect(page.locator(".samples [data-wrong]")).to_have_count(0)


def test_each_class_has_its_mean_and_its_spread(page: Page, server: Server) -> None:
    opened(page, server)
    counts = ask(server, "/datasets/mnist?part=train")["counts"]
    expect(page.locator(".means li")).to_have_count(10)
    assert page.locator(".means .hint").all_inner_texts() == [str(count) for count in counts]
    expect(page.locator(".means .tile")).to_have_count(20)


def test_a_dataset_that_is_not_there_says_how_it_comes(page: Page, server: Server) -> None:
    opened(page, server)
    page.locator("select.dataset").select_option("fashion-mnist")
    command = re.compile("./run datasets download fashion-mnist")
    expect(page.locator(".where-said")).to_have_text(command)
    expect(page.locator(".asks")).to_have_text(command)
    expect(page.locator(".samples li")).to_have_count(0)


@pytest.mark.parametrize(
    "state", ["#dataset=none&part=all", "#page=-3&noise=7", "#class=x&order=%00"]
)
def test_an_address_that_makes_no_sense_is_the_start(
    page: Page, server: Server, state: str
) -> None:
    opened(page, server, state)
    expect(page.locator(".where-said")).to_have_text("Page 1 of 8, 461 pictures")


def test_the_game_is_played_by_keys_against_what_the_models_really_say(
    page: Page, server: Server
) -> None:
    said: list[tuple[str, str]] = []

    def heard(response: Any) -> None:
        if "/predict" in response.url:
            name = response.url.split("/models/")[1].split("/")[0]
            said.append((name, json.loads(response.text())["predictions"][0]["label"]))

    opened(page, server)
    page.on("response", heard)
    expect(page.locator(".asks")).to_contain_text("Picture 1 of 10", timeout=SLOW)
    for number in range(10):
        expect(page.locator(".asks")).to_contain_text(f"Picture {number + 1} of 10")
        page.get_by_role("group", name="Your guess").get_by_role("button", name="1").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".verdict-said")).to_contain_text("says")
        expect(page.locator(".game .next")).to_be_focused()
        if number < 9:
            page.keyboard.press("Enter")
    read = "rows => rows.map(row => [row.cells[0].textContent, row.cells[1].textContent])"
    rows = dict(page.locator(".scores tbody tr").evaluate_all(read))
    assert {"You", "digits-cnn", "mnist-cnn", "mnist-mlp"} == set(rows)
    for name in ("digits-cnn", "mnist-cnn", "mnist-mlp"):
        spoken = [label for model, label in said if model == name]
        assert len(spoken) == 10 and rows[name].startswith(f"{spoken[-1]},")
    expect(page.locator(".game .next")).to_have_text("Ten others")
    assert violations(page) == []
    page.locator(".game .next").press("Enter")
    expect(page.locator(".asks")).to_contain_text("Picture 1 of 10")
    expect(page.locator(".guesses button").first).to_be_focused()


@pytest.mark.slow
def test_the_leak_is_a_real_training_whose_figures_lie(page: Page, server: Server) -> None:
    opened(page, server)
    with page.expect_response(lambda answer: answer.url.endswith("/api/v1/runs")) as first:
        page.get_by_role("button", name="Train both").click()
    assert first.value.status == 201
    expect(page.locator(".leak-lesson")).to_be_visible(timeout=3 * SLOW)
    honest, leaked = page.locator(".leak tbody tr").all()
    for row in (honest, leaked):
        expect(row.locator(".epoch")).to_have_text("20")
        expect(row.locator(".test")).to_have_text(re.compile("%$"))
    said = page.locator(".leak-said")
    expect(said).to_contain_text(leaked.locator(".test").inner_text())
    expect(said).to_contain_text(leaked.locator(".validation").inner_text())


def test_it_fits_a_phone(phone: Page, server: Server) -> None:
    opened(phone, server)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(phone) == []


def test_a_training_that_is_refused_says_why(
    page: Page, server: Server, problems: list[str]
) -> None:
    def refuse(route: Any) -> None:
        route.fulfill(status=403, json={"error": {"code": "no", "message": "Not for you."}})

    opened(page, server)
    page.route("**/api/v1/runs", refuse)
    page.get_by_role("button", name="Train both").click()
    expect(page.locator(".leak-said")).to_have_text("Not for you.")
    expect(page.get_by_role("button", name="Train both")).to_have_attribute(
        "aria-disabled", "false"
    )
    problems.clear()
