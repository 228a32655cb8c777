"""All models by their numbers: sorted, narrowed, and each opens its card."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_everyone import violations


def test_models_are_sorted_by_column_and_one_is_opened(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/models")
    expect(page.locator(".latency", has_text="ms").first).to_be_visible(timeout=60_000)
    rows = page.locator("tbody tr:visible")
    head = page.get_by_role("columnheader", name="Size")
    for order in ("ascending", "descending"):
        head.get_by_role("button").press("Enter")
        expect(head).to_have_attribute("aria-sort", order)
        sizes = values(rows, "Size")
        assert len(sizes) >= 4
        assert [*map(float, sizes)] == sorted(map(float, sizes), reverse=order == "descending")
    page.get_by_label("Learnt from").select_option("mnist")
    expect(rows.filter(has_text="fashion-cnn")).to_have_count(0)
    assert set(values(rows, "Dataset")) == {"mnist"} and rows.count() >= 2
    page.get_by_role("link", name="mnist-cnn", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("mnist-cnn")
    expect(page.locator("pre")).to_have_text("./run train mnist-cnn")
    expect(page.get_by_role("link", name="Under glass")).to_be_visible()


def values(rows: Locator, column: str) -> list[str]:
    """What the table sorts by, from the top."""
    place = {"Dataset": 1, "Size": 5}[column]
    read: list[str] = rows.evaluate_all(
        "(rows, at) => rows.map((row) => row.cells[at].dataset.value)", place
    )
    return read


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_either_page(page: Page, server: Server, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for place in ("models", "models/digits-cnn"):
        page.goto(f"{server.url}/{place}")
        assert violations(page) == []


def test_a_phone_never_scrolls_sideways(phone: Page, server: Server) -> None:
    for place in ("models", "models/fashion-cnn"):
        phone.goto(f"{server.url}/{place}")
        assert phone.evaluate("document.documentElement.scrollWidth") == 360
        last = phone.get_by_role("navigation", name="Pages").get_by_role("link").last
        box = last.bounding_box()
        assert box and box["x"] + box["width"] <= 360  # all of the header is in sight
