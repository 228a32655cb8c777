"""The lesson of a convolutional network: its steps are the model's, its figures the server's."""

import re

import pytest
import torch
from playwright.sync_api import Page, expect

from app.ml.checkpoints import ModelLibrary
from app.ml.inference import load_network
from app.settings import ROOT
from tests.browser.conftest import Draw, Server
from tests.browser.digits import CROSSED_SEVEN
from tests.browser.runs import ask
from tests.browser.test_everyone import violations
from tests.browser.test_lessons import open_lesson
from tests.browser.test_matrices import PIXELS
from tests.ml.small_files import write_mnist

SLOW = 60_000  # ms: what measures gives way to everything else
NAME = "convolutional-network"


@pytest.fixture(scope="module", autouse=True)
def _files(server: Server) -> None:
    write_mnist(server.datasets, 512, 64)


def opened(page: Page, server: Server, state: str = "") -> Page:
    open_lesson(page, server, NAME, state)
    expect(page.locator(".logits [data-first] th")).to_have_text("3")
    return page


def measured(page: Page, model: str) -> list[str]:
    expect(page.locator(".measured")).to_contain_text("first 64 pictures", timeout=SLOW)
    return page.locator(f".fall-numbers [data-model={model}] td").all_inner_texts()


def test_the_way_of_the_drawing_pages_digit_is_the_networks(
    page: Page, server: Server, mouse: Draw
) -> None:
    mouse(page, CROSSED_SEVEN)
    expect(page.locator(".headline .guess")).to_have_text("7")
    page.goto(f"{server.url}/learn/{NAME}")
    expect(page.locator(".logits [data-first] th")).to_have_text("7")
    network = load_network(ModelLibrary(ROOT / "models", ROOT / "none").resolve("mnist-cnn"))
    x = (torch.tensor(page.evaluate(PIXELS)).view(1, 1, 28, 28) / 255 - 0.1307) / 0.3081
    with torch.no_grad():
        logits = network(x)[0]
    found = page.locator(".logits td[data-value]").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.value))"
    )
    assert torch.allclose(torch.tensor(found), logits, atol=1e-4)
    shapes = page.locator(".way .hint").all_inner_texts()
    assert shapes[0] == "64 maps of 28 \u00d7 28; 1,728 numbers learnt"
    assert shapes[-1] == "10 numbers in a row; 20,170 numbers learnt"
    learnt = [int(text.split("; ")[1].split()[0].replace(",", "")) for text in shapes]
    assert sum(learnt) == sum(parameter.numel() for parameter in network.parameters())
    expect(page.locator(".way canvas:visible")).to_have_count(8)


def test_a_push_is_read_by_both_and_kept_in_the_address(page: Page, server: Server) -> None:
    opened(page, server)
    slider = page.get_by_label("Pixels to the right").first
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".shift-said")).to_have_text("3 px")
    for model in ("mnist-mlp", "mnist-cnn"):
        place = page.locator(f".readers [data-model={model}] .reads")
        expect(place).to_have_text(re.compile(r"^\d, "))
    page.wait_for_url("**#push=3")
    opened(page, server, "#push=3")
    expect(slider).to_have_value("3")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".readers [data-model=mnist-mlp] .reads")).to_have_text("\u2013")


def test_the_figures_are_those_that_the_server_measured(page: Page, server: Server) -> None:
    opened(page, server)
    for model in ("mnist-mlp", "mnist-cnn"):
        told = ask(server, f"/models/{model}/shifts")["accuracy"]
        percents = [float(text.rstrip("%\u202f ")) for text in measured(page, model)]
        assert percents == [round(100 * share, 1) for share in told]
        expect(page.locator(f".fall path.{model}")).to_have_count(1)
        parameters = ask(server, f"/models/{model}")["parameters"]
        expect(page.locator(f".readers [data-model={model}] .parameters")).to_have_text(
            f"{parameters:,}"
        )
    assert violations(page) == []


@pytest.mark.parametrize("state", ["#push=99", "#push=-1", "#push=x", "#push=1,2"])
def test_an_address_that_makes_no_sense_does_no_harm(
    page: Page, server: Server, state: str
) -> None:
    opened(page, server, state)
    expect(page.locator(".shift-said")).to_have_text(re.compile("^[06] px$"))


def test_it_fits_a_phone(phone: Page, server: Server) -> None:
    opened(phone, server)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
