"""The lessons: each is completed by keyboard, remembered, shared by its address, fits a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.web.lessons import LESSONS
from tests.browser.conftest import Server
from tests.browser.test_everyone import violations

NAMES = [each.name for each in LESSONS]


def open_lesson(page: Page, server: Server, name: str, state: str = "") -> None:
    page.goto("about:blank")  # another # alone would not load the page again
    page.goto(f"{server.url}/learn/{name}{state}")
    expect(page.locator("form.question").first).to_be_visible()


def value(page: Page, selector: str) -> float:
    return float(page.locator(selector).get_attribute("data-value") or "nan")


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_completed_by_keyboard_and_marked(
    page: Page, server: Server, name: str
) -> None:
    open_lesson(page, server, name)
    done = page.locator("article .where .done")
    for question in page.locator("form.question").all():
        expect(done).to_be_hidden()
        wrong = question.locator("input:not([data-right])").first
        wrong.focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(question.locator("output")).to_contain_text("Not quite")
        question.locator("input[data-right]").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(question.locator("output")).to_contain_text("Right.")
    expect(done).to_be_visible()
    page.goto(f"{server.url}/learn")
    expect(page.locator(f"[data-lesson={name}] .done")).to_have_text("done")
    expect(page.get_by_text("done", exact=True)).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_in_a_lesson(page: Page, server: Server, name: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    open_lesson(page, server, name)
    assert violations(page) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_fits_a_phone(phone: Page, server: Server, name: str) -> None:
    open_lesson(phone, server, name)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_list_leads_to_each_lesson_and_each_lesson_to_the_next(
    page: Page, server: Server
) -> None:
    page.goto(server.url)
    page.get_by_role("link", name="Learn").click()
    assert violations(page) == []
    page.locator(".lessons a").first.click()
    for lesson in LESSONS[1:]:
        page.locator("a[rel=next]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(lesson.title)
    expect(page.locator("a[rel=next]")).to_have_count(0)


def test_a_check_without_a_choice_asks_for_one(page: Page, server: Server) -> None:
    open_lesson(page, server, "neuron")
    page.get_by_role("button", name="Check").first.click()
    expect(page.locator("form.question output").first).to_have_text("Choose an answer first.")
