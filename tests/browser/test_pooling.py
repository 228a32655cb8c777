"""The lesson of pooling: the lecture's example step by step, and a digit that is shifted."""

import re

import pytest
import torch
from playwright.sync_api import Page, expect
from torch.nn.functional import avg_pool2d, max_pool2d

from tests.browser.conftest import Server
from tests.browser.test_lessons import open_lesson

DECK = [[7, 5, 0, 3], [10, 4, 21, 2], [6, 1, 7, 0], [5, 0, 8, 4]]


def pooled(page: Page) -> list[str]:
    return page.locator(".grid-out .read").all_inner_texts()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).press("Enter")


def test_the_lectures_example_fills_one_window_at_a_time(page: Page, server: Server) -> None:
    open_lesson(page, server, "pooling")
    assert pooled(page) == ["", "", "", ""]
    for filled in (["10"], ["10", "21"], ["10", "21", "6"], ["10", "21", "6", "8"]):
        press(page, "Next")
        assert pooled(page) == filled + [""] * (4 - len(filled))
        said = f"Window {len(filled)} of 4: {filled[-1]}."
        expect(page.locator(".stepped")).to_have_text(said)
    expect(page.locator(".said")).to_have_text("Done. Left are 10, 21, 6, 8.")
    press(page, "Next")
    press(page, "Back")
    assert pooled(page) == ["10", "21", "6", ""]
    assert page.locator("math.one mn").all_text_contents() == ["6", "1", "5", "0", "6"]
    lit = page.locator(".grid-in [data-lit]")
    assert [each.input_value() for each in lit.all()] == ["6", "1", "5", "0"]


def test_it_plays_by_itself_to_the_end_and_again(page: Page, server: Server) -> None:
    open_lesson(page, server, "pooling")
    for _ in range(2):
        press(page, "Play")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(page.locator(".said")).to_contain_text("Done.", timeout=20_000)
        expect(page.get_by_role("button", name="Play")).to_be_visible()


@pytest.mark.parametrize("window", [2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("kind", "by_torch"), [("max", max_pool2d), ("average", avg_pool2d)])
def test_other_windows_strides_and_numbers_are_torchs(
    page: Page, server: Server, window: int, stride: int, kind: str, by_torch: object
) -> None:
    assert callable(by_torch)
    open_lesson(page, server, "pooling", f"#kind={kind}&window={window}&stride={stride}&at=99")
    page.get_by_label("Row 2, column 2").fill("-7")
    page.get_by_label("Row 3, column 3").fill("12.5")
    grid = torch.tensor(DECK).double()
    grid[1, 1], grid[2, 2] = -7, 12.5
    wanted = by_torch(grid[None, None], window, stride).flatten().tolist()
    cells = page.locator(".grid-out .read").all()
    found = [float(cell.get_attribute("data-value") or "nan") for cell in cells]
    assert found == pytest.approx(wanted)
    expect(page.locator("math.side")).to_contain_text("⌊")  # (4 - 3) / 2 + 1 is no side
    side = page.locator("math.side .result mn").get_attribute("data-value")
    assert int(side or 0) ** 2 == len(wanted)


def test_the_address_holds_map_rule_and_place(page: Page, server: Server) -> None:
    open_lesson(page, server, "pooling")
    press(page, "Next")
    page.get_by_label("the average").check()
    page.get_by_label("Row 1, column 1").fill("9")
    page.wait_for_url(re.compile(r"#map=9,5,0,3,.*&kind=average&at=1$"))
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert pooled(page) == ["7", "", "", ""]
    page.get_by_role("button", name="example").click()
    page.wait_for_url(re.compile("pooling$"))


@pytest.mark.parametrize(
    "state", ["#window=1", "#window=9&stride=0", "#kind=least", "#at=-5", "#map=1,2"]
)
def test_an_address_that_makes_no_sense_is_the_start(
    page: Page, server: Server, state: str
) -> None:
    open_lesson(page, server, "pooling", state)
    press(page, "Next")
    assert pooled(page) == ["10", "", "", ""]


def test_a_shift_changes_the_pooled_maps_less(page: Page, server: Server) -> None:
    open_lesson(page, server, "pooling")
    expect(page.locator(".change").first).to_have_text(re.compile("^0"))
    page.get_by_label("Shift to the right").press("ArrowRight")
    expect(page.locator(".shifted")).to_have_text("1 pixel")
    cells = page.locator(".change").all()
    _, edges, once, twice = (float(c.get_attribute("data-value") or "nan") for c in cells)
    assert edges > once > twice > 0
