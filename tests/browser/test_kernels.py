"""The lesson of kernels: torch's numbers, every place spelled out, the network's own kernels."""

import re

import pytest
import torch
from playwright.sync_api import Page, expect
from safetensors.torch import load_file
from torch.nn.functional import conv2d

from app.settings import ROOT
from tests.browser.conftest import Server
from tests.browser.test_lessons import open_lesson

UPRIGHT = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).double()


def numbers(page: Page, selector: str) -> torch.Tensor:
    read = "cells => cells.map(cell => Number(cell.dataset.value ?? cell.value))"
    found = torch.tensor(page.locator(selector).evaluate_all(read)).double()
    return found.view(round(len(found) ** 0.5), -1)


def spelled(page: Page) -> list[float]:
    read = "all => all.map(each => Number(each.dataset.value))"
    found: list[float] = page.locator("math.place mn[data-value]").evaluate_all(read)
    return found


@pytest.mark.parametrize("over", ["4", "8"])
@pytest.mark.parametrize(
    ("side", "stride", "padding"), [(3, 1, 0), (3, 2, 1), (2, 3, 2), (5, 1, 2)]
)
def test_the_map_is_torchs(
    page: Page, server: Server, over: str, side: int, stride: int, padding: int
) -> None:
    open_lesson(page, server, "kernels", f"#over={over}")
    page.locator("select.side").select_option(str(side))
    page.get_by_label("Stride").select_option(str(stride))
    page.get_by_label("Padding").select_option(str(padding))
    page.get_by_role("group", name="The kernel").get_by_label("Row 1, column 2").fill("-2.5")
    picture = numbers(page, ".in .numbers input:not([readonly])")
    kernel = numbers(page, ".kernel .numbers input")
    assert picture.shape == (int(over), int(over)) and kernel.shape == (side, side)
    wanted = conv2d(picture[None, None], kernel[None, None], None, stride, padding)[0, 0]
    assert torch.allclose(numbers(page, ".out .numbers .read"), wanted)
    shown = page.locator("math.size .result mn").get_attribute("data-value")
    assert int(shown or 0) == len(wanted)


def test_a_place_is_chosen_by_keys_and_pointer_and_spelled_out(page: Page, server: Server) -> None:
    open_lesson(page, server, "kernels")
    out = page.get_by_role("slider", name="A place on the map")
    out.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(out).to_have_attribute("aria-valuetext", re.compile("^Row 2, column 2: "))
    picture = numbers(page, ".in .numbers input")
    pairs = torch.stack((picture[1:4, 1:4], UPRIGHT), 2).flatten().tolist()
    assert spelled(page) == pytest.approx([*pairs, float((picture[1:4, 1:4] * UPRIGHT).sum())])
    page.locator(".out .read").nth(9).hover()
    expect(out).to_have_attribute("aria-valuetext", re.compile("^Row 2, column 4: "))
    assert page.locator(".in [data-lit]").count() == 9


def test_a_kernel_that_does_not_fit_says_so(page: Page, server: Server) -> None:
    open_lesson(page, server, "kernels", "#over=4")
    page.locator("select.side").select_option("5")
    expect(page.locator(".said")).to_contain_text("larger than the picture")
    page.get_by_label("Padding").select_option("1")
    expect(page.locator(".said")).to_have_text("")


def test_it_slides_over_ones_own_digit(page: Page, server: Server) -> None:
    open_lesson(page, server, "kernels")
    page.get_by_role("radio", name="your digit").check()
    out = page.get_by_role("slider", name="A place on the map")
    expect(out).to_have_attribute("aria-valuemax", str(26 * 26))
    expect(page.locator("math.place .result")).to_be_visible()
    assert len(spelled(page)) == 19
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".sliding ~ .said")).to_have_text("Draw a digit.")


def test_the_closest_learnt_kernels_are_those_of_the_model(page: Page, server: Server) -> None:
    open_lesson(page, server, "kernels")
    tiles = page.locator(".closest .hint")
    expect(tiles).to_have_count(4)
    weights = load_file(ROOT / "models" / "mnist-cnn" / "model.safetensors")
    kernels = weights["features.0.weight"][:, 0].double()
    side = kernels.shape[-1]
    mine = torch.zeros(side, side).double()
    start = (side - 3) // 2
    mine[start : start + 3, start : start + 3] = UPRIGHT
    likeness = torch.cosine_similarity(kernels.flatten(1), mine.flatten()[None])
    order = likeness.argsort(descending=True)
    wanted = [*order[:3].tolist(), int(order[-1])]
    read = "all => all.map(each => Number(each.dataset.value))"
    assert tiles.evaluate_all(read) == pytest.approx([float(likeness[i]) for i in wanted], abs=1e-5)
    expect(tiles.first).to_contain_text(f"kernel {wanted[0]}:")


def test_the_address_holds_kernel_and_place(page: Page, server: Server) -> None:
    open_lesson(page, server, "kernels", "#kernel=1,2,3,4&stride=2&place=5")
    assert numbers(page, ".kernel .numbers input").tolist() == [[1, 2], [3, 4]]
    out = page.get_by_role("slider", name="A place on the map")
    expect(out).to_have_attribute("aria-valuenow", "5")
    open_lesson(page, server, "kernels", "#kernel=1,2,3&stride=9&padding=x&over=7&place=-1")
    assert torch.equal(numbers(page, ".kernel .numbers input"), UPRIGHT)
    expect(out).to_have_attribute("aria-valuenow", "1")
