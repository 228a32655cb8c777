"""The lesson of the small network: its numbers and gradients are torch autograd's."""

import re
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect
from torch import Tensor

from tests.browser.conftest import Server
from tests.browser.test_lessons import open_lesson, value

FIELDS = [f"x {i}" for i in range(1, 5)] + [f"theta {i}" for i in range(1, 13)] + ["target y"]


def forward(x: Tensor, t: Tensor) -> Tensor:
    """The deck's network, line by line; t[0] is theta 1."""
    a1 = torch.relu(t[0] * x[0] + t[1] * x[1] + t[2])
    a2 = torch.relu(t[3] * x[2] + t[4])
    a3 = torch.relu(t[5] * x[2] + t[6] * x[3] + t[7])
    return t[8] * a1 + t[9] * a2 + t[10] * a3 + t[11]


def moved(page: Page) -> tuple[Tensor, Tensor, float]:
    found = [float(page.get_by_label(name, exact=True).input_value()) for name in FIELDS]
    numbers = torch.tensor(found, dtype=torch.double)
    return numbers[:4], numbers[4:16].requires_grad_(), found[16]


def column(page: Page, name: str) -> Tensor:
    script = "cells => cells.map(cell => Number(cell.dataset.value))"
    found = page.locator(f"table.gradients td.{name}").evaluate_all(script)
    return torch.tensor(found, dtype=torch.double)


def check_against_torch(page: Page) -> Tensor:
    x, theta, target = moved(page)
    h = forward(x, theta)
    loss = (h - target) ** 2 / 2
    (gradients,) = torch.autograd.grad(loss, theta)
    assert value(page, "[data-unit='4'] .value") == pytest.approx(h.item(), abs=1e-6)
    assert value(page, "[data-unit='5'] .value") == pytest.approx(loss.item(), abs=1e-6)
    assert torch.allclose(column(page, "gradient"), gradients, atol=1e-6, rtol=0)
    return gradients


@pytest.mark.parametrize("preset", ["Plain numbers", "The price of a house", "A dead unit"])
def test_a_presets_gradients_are_autograds(page: Page, server: Server, preset: str) -> None:
    open_lesson(page, server, "small-network")
    page.get_by_role("button", name=preset).click()
    gradients = check_against_torch(page)
    assert gradients.count_nonzero() == (8 if preset == "A dead unit" else 12)


@pytest.mark.parametrize("seed", range(4))
def test_any_gradients_are_autograds(page: Page, server: Server, seed: int) -> None:
    numbers = torch.randn(17, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    x, theta = (",".join(f"{each:.3f}" for each in part) for part in (numbers[:4], numbers[4:16]))
    state = f"#x={x}&theta={theta}&target={numbers[16]:.3f}"
    open_lesson(page, server, "small-network", state)
    check_against_torch(page)


def test_each_step_of_the_way_shows_its_numbers(page: Page, server: Server) -> None:
    open_lesson(page, server, "small-network")
    x, theta, target = moved(page)
    h = forward(x, theta)
    (gradients,) = torch.autograd.grad((h - target) ** 2 / 2, theta)
    results = page.locator("math.work mrow.result mn")
    following = page.get_by_role("button", name="Next")
    shown: list[list[float]] = []
    for _ in range(11):
        following.press("Enter")
        shown.append([float(each.get_attribute("data-value") or "nan") for each in results.all()])
    assert shown[0] == pytest.approx([1, 1])
    assert shown[3] == pytest.approx([h.item()])
    assert shown[4] == pytest.approx([((h - target) ** 2 / 2).item()])
    assert shown[5] == pytest.approx([(h - target).item()])
    told = [gradients[8:12], gradients[0:3], gradients[3:5], gradients[5:8]]
    for numbers, wanted in zip(shown[6:10], told, strict=True):
        assert numbers[-len(wanted) :] == pytest.approx(wanted.tolist())
    assert shown[10] == pytest.approx([(theta[0] - 0.02 * gradients[0]).item()])
    expect(following).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".stepper output")).to_contain_text("A step")
    page.get_by_role("button", name="Back").press("Enter")
    expect(page.locator(".stepper .place")).to_have_text("10 of 11")


def test_the_unit_at_work_and_its_wires_are_lit(page: Page, server: Server) -> None:
    open_lesson(page, server, "small-network", "#at=1")
    expect(page.locator("[data-lit]")).to_have_attribute("data-unit", "1")
    expect(page.locator(".wire.lit")).to_have_count(2)
    open_lesson(page, server, "small-network", "#at=10")
    expect(page.locator("[data-lit]")).to_have_attribute("data-unit", "3")
    expect(page.locator(".wire.lit")).to_have_count(3)  # the way back comes through the answer
    expect(page.locator(".wire.negative.lit")).to_have_count(1)


def test_a_dead_unit_is_said_to_learn_nothing(page: Page, server: Server) -> None:
    open_lesson(page, server, "small-network", "#at=8")
    page.get_by_role("button", name="A dead unit").click()
    expect(page.locator(".told")).to_contain_text("it learns nothing")
    expect(page.locator("[data-unit='1'] .caption")).to_have_text("silent")
    assert column(page, "gradient")[:3].tolist() == [0, 0, 0]


def torch_steps(page: Page, rate: float, count: int) -> Tensor:
    x, theta, target = moved(page)
    for _ in range(count):
        (gradients,) = torch.autograd.grad((forward(x, theta) - target) ** 2 / 2, theta)
        theta = (theta - rate * gradients).detach().requires_grad_()
    return theta


def test_steps_are_gradient_descent(page: Page, server: Server) -> None:
    open_lesson(page, server, "small-network", "#rate=0.01")
    wanted = torch_steps(page, 0.01, 3)
    for _ in range(3):
        page.get_by_role("button", name="One step").press("Enter")
    assert torch.allclose(column(page, "is"), wanted, atol=1e-6)
    expect(page.locator(".learnt-said")).to_contain_text("3 steps: the loss went from 0.5 to")
    expect(page.locator("svg.losses .curve")).to_have_attribute("d", re.compile(r"^M.+(L.+){3}$"))
    page.get_by_role("button", name="Start again").press("Enter")
    expect(page.get_by_label("theta 1", exact=True)).to_have_value("0.5")
    expect(page.locator(".learnt")).to_have_text("The loss is 0.5.")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_many_steps_reach_the_target_and_can_be_paused(
    page: Page, server: Server, motion: Any
) -> None:
    page.emulate_media(reduced_motion=motion)
    open_lesson(page, server, "small-network", "#rate=0.001")
    rate = page.get_by_label("Learning rate", exact=True)
    many = page.locator("button.many")
    many.press("Enter")
    if motion == "no-preference":
        expect(many).to_have_text("Pause")
        expect(page.locator(".learnt")).to_contain_text(re.compile(r"\d steps"))
        many.press("Enter")
    expect(many).to_have_text("Many steps")
    expect(page.locator(".learnt-said")).to_contain_text("steps: the loss went from 0.5")
    rate.fill("0.02")
    many.press("Enter")
    expect(page.locator(".learnt-said")).to_contain_text("the answer is the target")
    expect(many).to_have_text("Many steps")


def test_a_learning_rate_that_is_too_high_flies_apart(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_lesson(page, server, "small-network", "#rate=0.9&target=50")
    many = page.get_by_role("button", name="Many steps")
    many.click()
    expect(page.locator(".learnt-said")).to_contain_text("the learning rate is too high")
    page.get_by_role("button", name="Start again").click()
    page.get_by_label("target y").fill("1")
    many.click()
    expect(page.locator(".learnt-said")).to_contain_text("every hidden unit is dead")
    expect(page.locator("[data-silent]")).to_have_count(3)


def test_a_weight_is_stepped_by_keys_and_dragged(page: Page, server: Server) -> None:
    open_lesson(page, server, "small-network")
    weight = page.get_by_label("theta 2", exact=True)
    weight.press("ArrowDown")
    expect(weight).to_have_value("0.15")
    box = weight.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] - 40, box["y"] + 20, steps=5)
    page.mouse.up()
    expect(weight).to_have_value("-0.85")
    check_against_torch(page)


def test_the_address_holds_the_network(page: Page, server: Server) -> None:
    open_lesson(page, server, "small-network")
    page.get_by_role("button", name="The price of a house").click()
    page.get_by_label("x 2", exact=True).fill("5")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**#x=1.2,5,0.8,0.6&**&story=house&at=1")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_label("x 2", exact=True)).to_have_value("5")
    expect(page.locator(".network")).to_contain_text("school quality")
    expect(page.locator("[data-lit]")).to_have_attribute("data-unit", "1")


@pytest.mark.parametrize(
    "state", ["#x=1,2&at=x", "#theta=a&story=constructor", "#target=,&rate=NaN&at="]
)
def test_an_address_that_makes_no_sense_is_the_start(
    page: Page, server: Server, state: str
) -> None:
    open_lesson(page, server, "small-network", state)
    expect(page.get_by_label("theta 2", exact=True)).to_have_value("0.25")
    expect(page.get_by_label("Learning rate", exact=True)).to_have_value("0.02")
    expect(page.locator(".told")).to_contain_text("Press Next")


def test_on_a_phone_the_network_grows_downwards(phone: Page, server: Server) -> None:
    open_lesson(phone, server, "small-network", "#at=2")
    tops = [
        box["y"]
        for part in ("label.input >> nth=0", "[data-unit='1']", "[data-unit='4']")
        if (box := phone.locator(part).bounding_box())
    ]
    assert len(tops) == 3 and tops == sorted(tops)
    check_against_torch(phone)
