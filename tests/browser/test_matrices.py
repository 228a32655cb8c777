"""The lesson of matrices: a real network's weights, multiplied by the page as torch does it."""

import re
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

from app.ml.checkpoints import ModelLibrary
from app.ml.inference import load_network
from app.settings import ROOT
from tests.browser.conftest import Draw, Server
from tests.browser.digits import CROSSED_SEVEN
from tests.browser.test_lessons import open_lesson, value

PIXELS = """async () => {
  const { greys } = await import("/static/js/learn/maps.js");
  const { picture } = await import("/static/js/ink.js");
  const { decode } = await import("/static/js/link.js");
  const { strokes, pen } = decode(sessionStorage.getItem("inkling-drawing"));
  const body = await picture(strokes, pen);
  const answer = await (await fetch("/api/v1/models/mnist-mlp/predict", { method: "POST", body,
    headers: { "Content-Type": "image/png" } })).json();
  return [...(await greys(answer.input)).pixels];
}"""


@pytest.fixture
def weights() -> list[tuple[Tensor, Tensor]]:
    found = load_network(ModelLibrary(ROOT / "models", ROOT / "none").resolve("mnist-mlp"))
    linear = [each for each in found.modules() if isinstance(each, torch.nn.Linear)]
    return [(each.weight.detach().double(), each.bias.detach().double()) for each in linear]


def went(pixels: list[int], weights: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """Each layer's sums."""
    x = (torch.tensor(pixels).double() / 255 - 0.1307) / 0.3081
    sums = []
    for weight, bias in weights:
        sums.append(weight @ x + bias)
        x = sums[-1].relu()
    return sums


def drawn(page: Page, server: Server, mouse: Draw) -> None:
    """A drawing kept on the drawing page arrives by itself."""
    mouse(page, CROSSED_SEVEN)
    expect(page.locator(".headline .guess")).to_have_text("7")
    page.goto(f"{server.url}/learn/matrices")
    expect(page.locator(".verdict .big")).to_have_text("7")
    expect(page.locator(".logits [data-first] th")).to_have_text("7")


def logits(page: Page) -> list[float]:
    cells: list[Locator] = page.locator(".logits td[data-value]").all()
    return [float(cell.get_attribute("data-value") or "nan") for cell in cells]


def test_the_digit_of_the_drawing_page_goes_through_as_in_torch(
    page: Page, server: Server, mouse: Draw, weights: list[tuple[Tensor, Tensor]]
) -> None:
    drawn(page, server, mouse)
    sums = went(page.evaluate(PIXELS), weights)
    assert torch.allclose(torch.tensor(logits(page)).double(), sums[-1], atol=1e-5)
    unit = page.get_by_label("Neuron", exact=True)
    expect(unit).to_have_value(str(int(sums[0].argmax()) + 1))
    for layer, number in ((1, 137), (2, 20), (3, 8)):
        page.locator(f"input[name=layer][value='{layer}']").check()
        unit.fill(str(number))
        result = value(page, ".unit-sum .result mn")
        assert result == pytest.approx(float(sums[layer - 1][number - 1]), abs=1e-5)
    expect(page.locator(".agrees")).to_have_text(re.compile(r"by more than [\d.]+e-[6-9]\.$"))


def test_the_shapes_are_the_networks(page: Page, server: Server) -> None:
    open_lesson(page, server, "matrices")
    expect(page.locator(".shapes .total")).to_have_text("535,818")
    first = page.locator(".shapes tbody tr").first
    expect(first).to_contain_text("512 \u00d7 784")
    expect(first).to_contain_text("401,920")


def test_a_row_is_chosen_by_keys_and_by_pointer(page: Page, server: Server) -> None:
    open_lesson(page, server, "matrices", "#unit=5")
    unit = page.get_by_label("Neuron", exact=True)
    sheet = page.get_by_role("slider", name="The rows of the matrix, as pictures")
    expect(sheet).to_have_attribute("aria-valuetext", re.compile("^Neuron 5, its sum is "))
    sheet.focus()
    for key, chosen in (("ArrowRight", 6), ("Home", 1), ("ArrowLeft", 1), ("End", 512)):
        page.keyboard.press(key)
        expect(unit).to_have_value(str(chosen))
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    across = int(unit.input_value()) - 1
    assert across > 5
    sheet.locator("canvas").click(position={"x": 2 * 29 + 10, "y": 29 + 10})
    expect(unit).to_have_value(str(across + 3))
    page.wait_for_url(f"**#unit={across + 3}")


def test_without_a_digit_the_weights_stay(page: Page, server: Server) -> None:
    open_lesson(page, server, "matrices", "#layer=2&unit=3")
    expect(page.locator(".logits [data-first]")).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".agrees")).to_have_text("Draw a digit to see what comes out.")
    expect(page.locator(".logits [data-first]")).to_have_count(0)
    expect(page.locator(".sheet-said")).to_contain_text("W[2]")
    expect(page.locator(".shapes .total")).to_have_text("535,818")


@pytest.mark.parametrize(
    "state", ["#layer=9&unit=3", "#layer=x", "#unit=1e9", "#layer=1.5&unit=-3"]
)
def test_an_address_that_makes_no_sense_does_no_harm(
    page: Page, server: Server, state: str
) -> None:
    open_lesson(page, server, "matrices", state)
    expect(page.locator(".unit-sum .result mn")).to_have_count(1)
    expect(page.locator("input[name=layer][value='1']")).to_be_checked()


def test_a_phone_scrolls_to_the_chosen_row(phone: Page, server: Server) -> None:
    open_lesson(phone, server, "matrices", "#unit=500")
    expect(phone.locator(".unit-sum .result mn")).to_have_count(1)
    assert phone.locator(".rows-sheet").evaluate("sheet => sheet.scrollTop") > 100


def test_weights_that_cannot_be_had_say_so(page: Page, server: Server, problems: list[str]) -> None:
    def refuse(route: Any) -> None:
        route.fulfill(status=503, json={"error": {"code": "busy", "message": "Not now."}})

    page.route("**/weights", refuse)
    open_lesson(page, server, "matrices")
    expect(page.locator(".weights-said")).to_have_text("Not now.")
    problems.clear()
