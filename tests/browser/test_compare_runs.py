"""Runs side by side: curves on each other, figures, the choices that differ."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_everyone import violations
from tests.browser.test_train import choose_small, opened, small_mnist, state, train

__all__ = ["small_mnist"]  # a fixture

pytestmark = pytest.mark.slow


@pytest.fixture
def compared(page: Page, server: Server) -> Page:
    """Two small trainings, chosen in the list of runs."""
    for rate in ("0.5", "0.01"):
        opened(page, server)
        choose_small(page, **{"Learning rate": rate})
        page.get_by_label(re.compile("^Name")).fill(f"Rate {rate}")
        train(page)
        state(page).to_have_text("Finished", timeout=60_000)
    page.goto(f"{server.url}/train")
    link = page.get_by_role("link", name="Choose two to eight runs to compare")
    expect(link).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Compare Rate 0.5").first.check()
    page.get_by_label("Compare Rate 0.01").first.check()
    page.get_by_role("link", name="Compare 2 runs").click()
    page.wait_for_url(re.compile(r"/compare\?runs=\w{26},\w{26}$"))
    return page


def first_cells(page: Page) -> Any:
    return page.locator(".figures tbody th")


def test_runs_are_compared_and_sorted_by_any_column(compared: Page) -> None:
    heads = compared.locator(".figures thead th")
    expect(heads.last).to_have_text("Learning rate")
    expect(heads).to_have_count(8)
    expect(first_cells(compared)).to_have_text(["Rate 0.01", "Rate 0.5"])
    rate = compared.get_by_role("button", name="Learning rate")
    rate.click()
    expect(heads.last).to_have_attribute("aria-sort", "ascending")
    rate.press("Enter")
    expect(heads.last).to_have_attribute("aria-sort", "descending")
    expect(first_cells(compared)).to_have_text(["Rate 0.5", "Rate 0.01"])
    expect(compared.locator(".summary")).to_contain_text("Rate 0.5")
    expect(compared.locator(".figures tbody tr").first).to_contain_text("2 of 2")


def test_the_curves_lie_on_each_other_and_are_read_by_keys(compared: Page) -> None:
    slider = compared.get_by_role("slider", name="Crosshair over the curves by epoch")
    for measure in ("training", "accuracy", "validation"):
        compared.get_by_label("Curves of").select_option(measure)
        slider.press("Home")
        slider.press("End")
        expect(slider).to_have_attribute(
            "aria-valuetext", re.compile(r"^Epoch 2: Rate 0.01 >?\d[^;]*; Rate 0.5 >?\d[^;]*$")
        )
    slider.press("+")
    expect(compared.get_by_role("button", name="Whole run")).to_have_attribute(
        "aria-disabled", "false"
    )


def test_axe_finds_nothing_on_a_comparison(compared: Page) -> None:
    for scheme in ("light", "dark"):
        compared.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert violations(compared) == []
    compared.set_viewport_size({"width": 360, "height": 640})
    assert compared.evaluate("document.documentElement.scrollWidth") == 360
