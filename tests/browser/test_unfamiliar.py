"""A drawing that is no digit is answered honestly: with its reason, and the best guess as one."""

import re
from typing import Any

from playwright.sync_api import Page, expect

M = [[(0.2, 0.8), (0.2, 0.2), (0.5, 0.6), (0.8, 0.2), (0.8, 0.8)]]
SEVEN = [[(0.3, 0.2), (0.7, 0.2), (0.45, 0.8)]]


def test_a_letter_is_not_called_a_digit(page: Page, mouse: Any) -> None:
    mouse(page, M)
    expect(page.locator(".headline .sure")).to_have_text(re.compile("^I don.t know this$"))
    expect(page.locator(".headline .detail")).to_contain_text("Its best guess would be")
    expect(page.locator(".answer output")).to_have_text(
        re.compile("^I don.t know this. It does not look")
    )
    bars = page.locator(".bars")
    expect(bars).to_have_attribute("data-doubtful", "")
    expect(bars.locator("[aria-current]")).to_have_count(0)
    expect(bars).not_to_have_attribute("data-blank", "")
    page.get_by_role("button", name="Clear").click()
    mouse(page, SEVEN)
    expect(page.locator(".headline .guess")).to_have_text("7")
    expect(bars).not_to_have_attribute("data-doubtful", "")
