"""A server that goes away and comes back."""

from typing import Any

from playwright.sync_api import BrowserContext, expect

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
