"""The lesson of the activation functions: curves, slopes, and a race that the server runs."""

import re
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect

from app.ml.activations import ACTIVATIONS
from tests.browser.conftest import Server
from tests.browser.runs import ask
from tests.browser.test_lessons import open_lesson, value

NAMES = ["sigmoid", "tanh", "relu", "leaky_relu", "gelu"]
TITLES = ["sigmoid", "tanh", "ReLU", "leaky ReLU", "GELU"]
SLIDER = "input.z"


@pytest.mark.parametrize("z", [-5.0, -0.7, 0.4, 3.0])
def test_values_and_slopes_are_torchs(page: Page, server: Server, z: float) -> None:
    open_lesson(page, server, "activations", f"#z={z}&gamma=0.2")
    for name in NAMES:
        at = torch.tensor(z, dtype=torch.double, requires_grad=True)
        a = ACTIVATIONS[name](at, **({"gamma": 0.2} if name == "leaky_relu" else {}))
        (slope,) = torch.autograd.grad(a, at)
        row = f"[data-function={name}]"
        assert value(page, f"{row} .says") == pytest.approx(a.item(), abs=1e-9)
        assert value(page, f"{row} .slope") == pytest.approx(slope.item(), abs=1e-9)
        assert value(page, f"{row} .deep") == pytest.approx(slope.item() ** 5, abs=1e-9)


def test_z_is_moved_by_keys_and_by_pointer(page: Page, server: Server) -> None:
    open_lesson(page, server, "activations")
    page.locator(SLIDER).press("ArrowRight")
    expect(page.locator(".z-shown")).to_have_text("1.1")
    box = page.locator("svg.bends").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(page.locator(SLIDER)).to_have_value("-3")
    assert value(page, "[data-function=relu] .says") == 0


def test_flat_places_are_said_in_words(page: Page, server: Server) -> None:
    open_lesson(page, server, "activations", "#z=-6&gamma=0.02")
    here = page.locator("td.here")
    expect(here).to_have_text(
        [
            "hardly learns: saturated",
            "hardly learns: saturated",
            "learns nothing: silent",
            "learns slowly, never dead",
            "hardly learns: flat",
        ]
    )
    page.locator("input.gamma").fill("0.3")
    expect(here.nth(3)).to_have_text("learns")


def test_curves_and_slopes_are_switched(page: Page, server: Server) -> None:
    open_lesson(page, server, "activations")
    bends, slopes, flats = (
        page.locator(f"svg.bends .{kind}") for kind in ("bend", "slope", "flat")
    )
    expect(bends).to_have_count(2)
    expect(flats).to_have_count(3)  # the sigmoid on both sides, ReLU on one
    page.get_by_label("tanh").check()
    expect(bends).to_have_count(3)
    expect(slopes).to_have_count(3)
    page.get_by_label("Slopes (thin)").uncheck()
    expect(slopes).to_have_count(0)
    page.get_by_label("Curves (bold)").uncheck()
    expect(bends).to_have_count(0)
    expect(flats).to_have_count(0)


def test_the_address_holds_what_is_shown(page: Page, server: Server) -> None:
    open_lesson(page, server, "activations")
    page.get_by_label("GELU").check()
    page.locator(SLIDER).press("ArrowLeft")
    page.wait_for_url("**#z=0.9&on=1,0,1,0,1")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_label("GELU")).to_be_checked()
    expect(page.locator(SLIDER)).to_have_value("0.9")


@pytest.mark.parametrize("state", ["#z=a&gamma=", "#on=1,1&slopes=x", "#z=1,2"])
def test_an_address_that_makes_no_sense_is_the_start(
    page: Page, server: Server, state: str
) -> None:
    open_lesson(page, server, "activations", state)
    expect(page.locator(SLIDER)).to_have_value("1")
    expect(page.locator(".functions :checked")).to_have_count(2)


@pytest.mark.slow
def test_a_race_is_run_told_and_shared(page: Page, phone: Page, school: Server) -> None:
    open_lesson(page, school, "activations", "#gamma=0.25")
    page.get_by_role("button", name="Start the race").press("Enter")
    now = page.locator(".race .now")
    expect(now).to_contain_text(re.compile(r"^.+ won: [\d.]+.% of the validation"), timeout=240_000)
    expect(page.locator(".race output")).to_have_text(now.inner_text())
    run = ask(school, f"/runs/{page.url.rpartition('run=')[2]}")
    assert run["purpose"] == "lesson"
    chosen: list[dict[str, Any]] = [each["hyperparameters"] for each in run["variants"]]
    assert [each["activation"] for each in chosen] == NAMES
    assert chosen[3]["gamma"] == 0.25
    link = page.get_by_role("link", name="The whole run")
    expect(link).to_have_attribute("href", f"/runs/{run['id']}")
    expect(page.locator(".race tbody th")).to_have_text(TITLES)
    phone.goto(page.url)
    expect(phone.locator(".race .now")).to_have_text(now.inner_text())
    expect(phone.locator(".race tbody td:nth-child(2)")).to_have_text(["5"] * 5)


def test_a_missing_dataset_is_said(page: Page, mortal_server: Server) -> None:
    open_lesson(page, mortal_server, "activations")
    page.get_by_role("button", name="Start the race").click()
    expect(page.locator(".race .now")).to_contain_text("It did not work.", timeout=240_000)
    expect(page.locator(".race .now")).to_contain_text("mnist")


def test_who_may_not_train_is_told_and_can_finish(
    page: Page, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INKLING_TOKEN", "a secret of the teacher")
    server = Server(tmp_path)
    server.start()
    try:
        open_lesson(page, server, "activations")
        expect(page.locator(".race .notice")).to_contain_text("only the teacher can train")
        expect(page.locator(".race .start")).to_have_count(0)
        for question in page.locator("form.question").all():
            question.locator("input[data-right]").check()
            question.get_by_role("button", name="Check").click()
        expect(page.locator("article .where .done")).to_be_visible()
    finally:
        server.kill()


def test_a_run_that_is_no_longer_kept_is_said(
    page: Page, server: Server, problems: list[str]
) -> None:
    open_lesson(page, server, "activations", "#run=01jd8z4c5p6q7r8s9tavbwcxdy")
    expect(page.locator(".race .now")).to_contain_text("no longer kept")
    assert len(problems) == 1 and "404" in problems.pop()
