"""A run with variants: each a curve and a row of its own, on its page and in a comparison."""

import csv
import io
import re
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.runs import ask, finish, race, start
from tests.browser.test_everyone import violations

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def raced(server: Server) -> str:
    return race(server, "Two activations")


def told_of(server: Server, run: str, kind: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{server.url}/api/v1/runs/{run}/points.csv") as answer:
        rows = csv.DictReader(io.StringIO(answer.read().decode()))
    return [row for row in rows if row["kind"] == kind]


def rows(page: Page) -> Any:
    return page.locator(".figures tbody tr")


def test_each_variant_has_a_curve_and_figures_of_its_own(
    page: Page, server: Server, raced: str
) -> None:
    page.goto(f"{server.url}/runs/{raced}")
    expect(page.locator(".figures tbody th")).to_have_text(["by sigmoid", "by relu"])
    expect(page.locator(".figures thead th").last).to_have_text("Activation")
    points = told_of(server, raced, "step")
    expect(page.locator("#run")).to_have_attribute("data-points", str(len(points)))
    for variant, name in enumerate(("sigmoid", "relu")):
        cells = rows(page).nth(variant).locator("td")
        expect(cells.nth(0)).to_have_text("Finished")
        expect(cells.nth(1)).to_have_text("2 of 2")
        expect(cells.last).to_have_text(name)
        losses = [
            float(event["loss"])
            for event in told_of(server, raced, "evaluated")
            if int(event["variant"]) == variant
        ]
        assert len(losses) == 2
        assert float(cells.nth(2).inner_text()) == pytest.approx(min(losses), rel=0.01, abs=0.001)
    expect(page.locator(".progress-words")).to_have_text("Epoch 2 of 2")
    expect(page.get_by_label("Learning rate", exact=True)).to_have_count(0)


def test_the_curves_of_variants_are_read_by_keys(page: Page, server: Server, raced: str) -> None:
    page.goto(f"{server.url}/runs/{raced}")
    slider = page.get_by_role("slider", name="Crosshair over the curves by epoch")
    for measure in ("training", "accuracy", "validation"):
        page.get_by_label("Curves of").select_option(measure)
        slider.press("End")
        expect(slider).to_have_attribute(
            "aria-valuetext", re.compile(r"^Epoch 2: by sigmoid >?\d[^;]*; by relu >?\d[^;]*$")
        )


def test_a_chosen_variant_is_published_and_forked(page: Page, server: Server, raced: str) -> None:
    page.goto(f"{server.url}/runs/{raced}")
    controls = page.locator("#controls")
    controls.get_by_label("Of the variant").select_option("by relu")
    controls.get_by_label("Make it a model called").fill("second-variant")
    controls.get_by_role("button", name="Publish").click()
    link = page.get_by_role("link", name="Draw with second-variant")
    expect(link).to_be_visible()
    card = ask(server, "/models/second-variant")["card"]
    assert card["hyperparameters"]["activation"] == "relu"
    page.reload()
    expect(link).to_be_visible()
    page.request.delete(f"{server.url}/api/v1/models/second-variant")

    page.get_by_text("Go on from here").click()
    onwards = page.locator("#onwards")
    onwards.get_by_label("Or as a run of its own: the variant").select_option("by relu")
    expect(onwards.locator("option").filter(has_text="epoch 2")).to_have_count(1)
    onwards.get_by_role("button", name="Fork").click()
    expect(page.locator(".starts").first).to_contain_text("Two activations: by relu")
    expect(page.get_by_label("Activation", exact=True)).to_have_value("relu")
    page.get_by_label("Epochs", exact=True).fill("3")
    page.get_by_role("button", name="Fork").click()
    page.wait_for_url(re.compile("/runs/"))
    expect(page.locator(".state")).to_have_text("Finished", timeout=60_000)
    parent = ask(server, f"/runs/{page.url.rpartition('/')[2]}")["parent"]
    assert (parent["run"], parent["variant"]) == (raced, 1)


def test_a_chosen_variant_is_understood(page: Page, server: Server, raced: str) -> None:
    page.goto(f"{server.url}/runs/{raced}")
    expect(page.locator(".how")).to_contain_text("validation loss")
    page.locator("#confusion summary").click()
    told = page.locator("#confusion .told")
    expect(told).to_contain_text("pictures are read right")
    with page.expect_response("**/confusion?*variant=1*") as answered:
        page.get_by_label("Look at the variant").select_option("by relu")
    losses = [row["loss"] for row in told_of(server, raced, "evaluated") if row["variant"] == "1"]
    assert answered.value.json()["loss"] == pytest.approx(float(losses[-1]), abs=0.001)
    page.locator("#over-time summary").click()
    link = page.locator("#over-time .draw-with")
    expect(link).to_have_attribute("href", re.compile("checkpoints-1"))
    box = page.locator("#over-time .pad canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    with page.expect_response(re.compile("checkpoints-1.*/predict")) as predicted:
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=8)
        page.mouse.up()
    assert predicted.value.status == 200


def test_variants_are_compared_beside_other_runs(page: Page, server: Server, raced: str) -> None:
    alone = finish(server, start(server, epochs=2))
    page.goto(f"{server.url}/compare?runs={raced},{alone}")
    expect(page.locator(".figures tbody th")).to_have_text(
        ["Two activations: by sigmoid", "Two activations: by relu", "MLP on MNIST"]
    )
    expect(rows(page).locator("td:last-child")).to_have_text(["sigmoid", "relu", "sigmoid"])
    losses = rows(page).locator("td:nth-child(4)")
    expect(losses.last).to_have_text(re.compile(r"\d"))
    first, _, last = (float(loss) for loss in losses.all_inner_texts())
    assert first == pytest.approx(last, rel=0.02), "a variant learns as it would alone"
    expect(page.locator(".left-out")).to_be_empty()
    many = [race(server, f"Race {i}", epochs=1) for i in range(3)]
    page.goto(f"{server.url}/compare?runs={','.join([raced, alone, *many])}")
    expect(rows(page)).to_have_count(8)
    expect(page.locator(".left-out")).to_contain_text("8 can be told apart, 1 left out")


def test_axe_finds_nothing_on_a_run_with_variants(
    page: Page, phone: Page, server: Server, raced: str
) -> None:
    page.goto(f"{server.url}/runs/{raced}")
    expect(rows(page)).to_have_count(2)
    for summary in page.locator("summary").all():
        summary.click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert violations(page) == []
    phone.goto(f"{server.url}/runs/{raced}")
    expect(rows(phone)).to_have_count(2)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
