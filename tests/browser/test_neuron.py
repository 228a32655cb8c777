"""The lesson of one neuron: its numbers are torch's, moved in every way, shared by the address."""

import pytest
import torch
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_lessons import open_lesson, value


def fill(page: Page, name: str, number: str) -> None:
    page.get_by_label(name, exact=True).fill(number)


@pytest.mark.parametrize(("bend", "function"), [("sigmoid", torch.sigmoid), ("ReLU", torch.relu)])
def test_the_neuron_says_what_torch_says(
    page: Page, server: Server, bend: str, function: object
) -> None:
    assert callable(function)
    open_lesson(page, server, "neuron")
    page.get_by_label(bend).check()
    for name, number in (("x 1", "-0.7"), ("x 2", "2.5"), ("theta 0", "0.3"), ("theta 1", "1.9"),
                         ("theta 2", "0.8")):  # fmt: skip
        fill(page, name, number)
    z = torch.tensor([0.3, 1.9, 0.8]).double() @ torch.tensor([1, -0.7, 2.5]).double()
    assert value(page, ".node.sum .value") == pytest.approx(float(z), abs=1e-6)
    a = float(function(z))
    assert value(page, ".node.out .value") == pytest.approx(a, abs=1e-6)
    assert value(page, "math.bent mrow.result mn") == pytest.approx(a, abs=1e-6)


def test_a_weight_is_stepped_by_keys_and_dragged(page: Page, server: Server) -> None:
    open_lesson(page, server, "neuron")
    weight = page.get_by_label("theta 1")
    weight.focus()
    page.keyboard.press("ArrowUp")
    expect(weight).to_have_value("2.1")
    box = weight.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 20, steps=5)
    page.mouse.up()
    expect(weight).to_have_value("3.1")
    assert value(page, ".node.sum .value") == pytest.approx(2.1)
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 12, box["y"] + 300)  # out of it at once, and let go there
    page.mouse.up()
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.move(box["x"] + 40, box["y"] + 12)
    expect(weight).to_have_value("3.1")


def test_the_address_holds_the_neuron(page: Page, server: Server) -> None:
    open_lesson(page, server, "neuron")
    fill(page, "theta 2", "-3.5")
    page.get_by_label("ReLU").check()
    page.wait_for_url("**#theta=-1,2,-3.5&bend=relu")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_label("theta 2")).to_have_value("-3.5")
    expect(page.get_by_label("ReLU")).to_be_checked()
    page.evaluate("location.hash = 'theta=3,2,1'")  # typed over it
    expect(page.get_by_label("theta 2")).to_have_value("1")
    page.go_back()
    expect(page.get_by_label("theta 2")).to_have_value("-3.5")


@pytest.mark.parametrize(
    "state", ["#theta=1,2", "#theta=a,b,c&bend=nothing&gate=%00", "#x=,,", "#story=constructor"]
)
def test_an_address_that_makes_no_sense_is_the_start(
    page: Page, server: Server, state: str
) -> None:
    open_lesson(page, server, "neuron", state)
    expect(page.get_by_label("theta 1")).to_have_value("2")
    expect(page.get_by_label("sigmoid")).to_be_checked()


def test_the_gates_are_judged(page: Page, server: Server) -> None:
    open_lesson(page, server, "neuron")
    said = page.locator(".gate-said")
    expect(said).to_have_text("Right for 2 of 4.")
    fill(page, "theta 0", "-3")
    expect(said).to_contain_text("Right for all 4")
    page.get_by_label("any (OR)").check()
    expect(said).to_have_text("Right for 2 of 4.")
    fill(page, "theta 0", "-1")
    expect(said).to_contain_text("Right for all 4")
