"""A server that goes away and comes back."""

import signal
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.digits import CROSSED_SEVEN
from tests.browser.reading import expect_answer


def test_the_page_says_that_the_server_is_gone_and_recovers_by_itself(
    context: BrowserContext, mortal_server: Any, mouse: Any
) -> None:
    page = context.new_page()
    page.goto(mortal_server.url)
    mouse(page, CROSSED_SEVEN[:1])
    expect(page.locator(".headline")).to_have_attribute("data-state", "answer")

    mortal_server.kill()
    mouse(page, CROSSED_SEVEN[1:])
    expect(page.locator(".sure")).to_have_text("No connection")
    expect(page.locator("output")).to_have_text("The server does not answer. Trying again…")
    expect(page.locator(".bar[aria-current]")).to_have_count(0)

    mortal_server.start()
    expect_answer(page, "7")
    page.close()


def test_a_server_that_hangs_is_told_and_its_late_answer_is_shown(
    context: BrowserContext, mortal_server: Any, mouse: Any
) -> None:
    page = context.new_page()
    page.goto(mortal_server.url)
    mortal_server.process.send_signal(signal.SIGSTOP)
    mouse(page, CROSSED_SEVEN)
    expect(page.locator(".sure")).to_have_text("Still waiting…")
    expect(page.locator("output")).to_have_text("The server has not answered yet.")
    mortal_server.process.send_signal(signal.SIGCONT)
    expect_answer(page, "7")
    page.close()


def test_a_panel_that_could_not_be_loaded_says_so_and_opens_the_next_time(
    page: Page, mouse: Any, problems: list[str]
) -> None:
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    panel = page.locator("#steps")
    hint = panel.locator("summary .hint")
    usual = hint.inner_text()
    page.context.set_offline(True)
    for _ in range(2):
        panel.locator("summary").click()
        expect(hint).to_have_text("The server does not answer. Try again.")
        expect(panel).not_to_have_attribute("open", "")
    page.context.set_offline(False)
    panel.locator("summary").click()
    expect(panel.locator(".whole")).to_contain_text("7")
    expect(hint).to_have_text(usual)
    assert all("ERR_INTERNET_DISCONNECTED" in problem for problem in problems)
    problems.clear()
