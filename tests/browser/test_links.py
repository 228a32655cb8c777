"""What an address says, or fails to say; and a model that is not there, or no longer."""

import json
import re
import shutil
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Server, watched
from tests.browser.digits import CROSSED_SEVEN, THREE
from tests.browser.reading import expect_answer, ink_pixels
from tests.browser.test_everyone import violations

DAMAGED = re.compile("^This link.s drawing cannot be read: it was cut off, or made by a newer")


def line_of(page: Page) -> str:
    return str(page.evaluate("sessionStorage.getItem('inkling-drawing')"))


def open_anew(page: Page, address: str) -> None:
    """As in a tab of its own: a # alone does not load the page again."""
    page.goto("about:blank")
    page.goto(address)


@pytest.mark.parametrize("cut", [1, 12])
def test_a_link_that_was_cut_off_says_so_until_one_draws(
    page: Page, mouse: Any, server: Server, cut: int
) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    open_anew(page, f"{server.url}/#{line_of(page)[:-cut]}")
    notice = page.get_by_text(DAMAGED)
    expect(notice).to_be_visible()
    expect(notice).to_have_attribute("aria-live", "polite")
    expect(page.locator(".sure")).to_have_text("No digit yet")
    assert ink_pixels(page) == 0
    assert violations(page) == []
    mouse(page, THREE)
    expect_answer(page, "3")
    expect(notice).to_have_count(0)
    expect(page).to_have_url(f"{server.url}/")


@pytest.mark.parametrize("line", ["ink=xxx", "model=digits-cnn&ink=AoAEgAQ&pen=75&of=2", "pen=75"])
def test_a_link_that_nobody_can_read_says_so_and_leaves_the_drawing(
    phone: Page, finger: Any, line: str
) -> None:
    finger(phone, CROSSED_SEVEN)
    expect_answer(phone, "7")
    ink = ink_pixels(phone)
    phone.evaluate("line => location.hash = line", line)
    expect(phone.get_by_text(DAMAGED)).to_be_visible()
    expect_answer(phone, "7")
    assert ink_pixels(phone) == ink
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


def test_a_link_with_another_servers_model_says_which_one_reads_instead(
    page: Page, mouse: Any, server: Server
) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    line = line_of(page).replace("digits-cnn", "marias-model")
    open_anew(page, f"{server.url}/#{line}")
    sentence = "This server cannot use the model marias-model: digits-cnn reads instead."
    expect(page.get_by_text(sentence)).to_be_visible()
    expect_answer(page, "3")
    page.get_by_label("Model").select_option("mnist-cnn")
    expect(page.get_by_text(sentence)).to_have_count(0)


def test_an_address_with_an_unknown_model_says_which_one_reads_instead(
    page: Page, server: Server
) -> None:
    page.goto(f"{server.url}/?model=marias-model")
    sentence = "This server cannot use the model marias-model: digits-cnn reads instead."
    expect(page.get_by_text(sentence)).to_be_visible()
    page.goto(f"{server.url}/?model=mnist-cnn")
    expect(page.locator("#notice")).to_be_empty()
    page.goto(f"{server.url}/?model=runs/{'0' * 26}/checkpoints/3")
    expect(page.get_by_text("That checkpoint is not kept any more")).to_be_visible()


def test_the_skip_links_hash_is_no_link(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    expect(page.locator("#notice")).to_be_empty()


@pytest.fixture
def with_own_model(mortal_server: Server) -> Server:
    """A server that has one more model, `mine`."""
    folder = mortal_server.folder / "data" / "models" / "mine"
    shutil.copytree(ROOT / "models" / "mnist-cnn", folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "name": "mine"}))
    return mortal_server


def test_a_model_deleted_while_it_reads_is_told_and_another_one_goes_on(
    page: Page, mouse: Any, with_own_model: Server, problems: list[str]
) -> None:
    page = watched(page.context.new_page(), problems)
    page.goto(with_own_model.url)
    page.get_by_label("Model").select_option("mine")
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    assert page.request.delete(f"{with_own_model.url}/api/v1/models/mine").status == 204
    mouse(page, [[(0.5, 0.5), (0.52, 0.5)]])
    sentence = "The model mine is no longer on this server: digits-cnn reads instead."
    expect(page.get_by_text(sentence)).to_be_visible()
    expect_answer(page, "7")
    expect(page.get_by_label("Model")).to_have_value("digits-cnn")
    expect(page.get_by_role("option", name="mine")).to_have_count(0)
    assert problems and all("404" in problem for problem in problems)
    problems.clear()
