"""A model under glass: every layer on one's own drawing, any unit's formula, softmax."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.digits import FOOTED_ONE, THREE, on_paper, png
from tests.browser.reading import expect_answer
from tests.browser.runs import finish, start
from tests.browser.test_everyone import violations

pytestmark = pytest.mark.slow

SLOW = 20_000  # ms: a network is loaded first


def opened(page: Page, server: Server, model: str = "mnist-cnn") -> Page:
    page.goto(f"{server.url}/models/{model}/glass")
    expect(page.locator("#layers > li").first).to_be_visible(timeout=SLOW)
    return page


@pytest.fixture
def glass(page: Page, server: Server) -> Page:
    return opened(page, server)


def layer(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator("#layers > li").filter(has=heading)


def look_inside(page: Page, title: str) -> Locator:
    found = layer(page, title)
    found.locator("summary").first.click()
    expect(found.locator("h4").first).to_be_visible(timeout=SLOW)
    return found


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", "").replace("max", ""))


def explained(page: Page, act: Callable[[], None], query: str = "explain") -> Any:
    """What the server answered to the first question that `act` brought up."""
    with page.expect_response(lambda answer: query in answer.url and answer.ok) as waited:
        act()
    return waited.value.json()


def test_it_begins_with_an_example_and_tells_every_layer(glass: Page) -> None:
    expect(glass.locator("#notice")).to_have_text("An example: clear it and draw your own.")
    expect(glass.locator("#verdict .big")).to_have_text("7")
    titles = glass.locator("#layers > li h3").all_inner_texts()
    assert titles[:4] == ["Convolution 1", "Batch norm 1", "ReLU 1", "Max pooling 1"]
    assert titles[-2:] == ["Flatten", "Logits"]
    first = layer(glass, "Convolution 1")
    expect(first.locator(".facts")).to_have_text(
        "64 maps of 28 \N{MULTIPLICATION SIGN} 28; 1,600 parameters"
    )
    expect(first.locator(".range")).to_contain_text("The first 16 of 64 maps")


def coloured(page: Page, title: str) -> int:
    """How many colours its maps are drawn in, once there are some."""
    count = """canvas => {
        const options = { willReadFrequently: true };
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", options);
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    }"""
    canvas = layer(page, title).locator("canvas").first
    canvas.scroll_into_view_if_needed()
    page.wait_for_function(f"canvas => ({count})(canvas) > 8", arg=canvas.element_handle())
    return int(canvas.evaluate(count))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_maps_are_drawn_in_the_colours_of_the_theme(glass: Page, scheme: Any) -> None:
    glass.emulate_media(color_scheme=scheme)
    assert coloured(glass, "Convolution 1") > 8
    assert coloured(glass, "Max pooling 2") > 8


def test_a_drawing_changes_the_layers_while_the_pen_is_down(glass: Page, mouse: Any) -> None:
    asked: list[str] = []
    glass.on("request", lambda request: asked.append(request.url))
    glass.get_by_role("button", name="Clear").click()
    expect(glass.locator("#verdict .how-sure")).to_have_text("Nothing to read yet")
    expect(glass.locator("#layers")).to_have_attribute("data-old", "")
    mouse(glass, THREE)
    expect(glass.locator("#verdict .big")).to_have_text("3")
    expect(glass.locator("#layers")).not_to_have_attribute("data-old", "")
    assert sum("/explain" in url for url in asked) > 1


def test_the_drawing_goes_with_the_link_from_the_drawing_page(page: Page, mouse: Any) -> None:
    mouse(page, FOOTED_ONE)
    expect_answer(page, "1")
    page.get_by_role("link", name="Under glass").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("digits-cnn under glass")
    expect(page.locator("#verdict .big")).to_have_text("1", timeout=SLOW)
    page.get_by_role("link", name="Draw with it").click()
    expect_answer(page, "1")


def test_another_model_keeps_the_drawing(glass: Page, mouse: Any) -> None:
    glass.get_by_role("button", name="Clear").click()
    mouse(glass, THREE)
    expect(glass.locator("#verdict .big")).to_have_text("3")
    glass.get_by_label("Model").select_option("mnist-mlp")
    expect(glass.get_by_role("heading", level=1)).to_have_text("mnist-mlp under glass")
    expect(glass.locator("#verdict .big")).to_have_text("3", timeout=SLOW)
    expect(layer(glass, "Fully connected 1").locator(".facts")).to_contain_text("401,920")


def test_a_convolutions_window_times_its_kernel_is_its_value(glass: Page) -> None:
    found = look_inside(glass, "Convolution 1")
    window, kernel, products = (
        [number(cell) for cell in grid.locator("td").all_inner_texts()]
        for grid in found.locator(".grid").all()[:3]
    )
    assert len(window) == len(kernel) == 25
    value = number(found.locator("h4").first.inner_text().split(" is ")[1])
    pairs = zip(window, kernel, strict=True)
    assert sum(w * k for w, k in pairs) == pytest.approx(value, abs=0.3)  # two decimals each
    assert sum(products) == pytest.approx(value, abs=0.13)
    expect(glass.locator("#sees")).to_contain_text("Framed: where the chosen unit looks, 5")


def test_a_click_chooses_the_map_and_the_place(glass: Page) -> None:
    canvas = layer(glass, "ReLU 1").locator("canvas").first
    canvas.scroll_into_view_if_needed()
    coloured(glass, "ReLU 1")
    canvas.click(position={"x": 60 + 29, "y": 60 + 15})
    found = layer(glass, "ReLU 1")
    expect(found.get_by_role("spinbutton", name="Map")).to_have_value("9")
    expect(found.locator("h4").first).to_contain_text("Map 9 at row 7, column 14 is")
    expect(found.locator(".formula")).to_contain_text(re.compile(r"max\(.+, 0\) = "))
    largest = found.get_by_role("button", name="Where it is largest")
    expect(largest).to_have_attribute("aria-pressed", "false")
    largest.click()
    expect(largest).to_have_attribute("aria-pressed", "true")


def test_a_click_on_another_layers_map_closes_the_open_one(glass: Page) -> None:
    look_inside(glass, "Batch norm 1")
    canvas = layer(glass, "ReLU 1").locator("canvas").first
    canvas.click(position={"x": 20, "y": 20})
    expect(layer(glass, "ReLU 1").locator("h4").first).to_contain_text("Map 0 at", timeout=SLOW)
    expect(layer(glass, "Batch norm 1").locator("details").first).not_to_have_attribute("open", "")


def test_a_units_weights_stay_drawn_while_one_draws(glass: Page, mouse: Any) -> None:
    found = look_inside(glass, "Convolution 2")
    canvas = found.locator(".one .weights canvas")
    glass.wait_for_function("canvas => canvas.width > 300", arg=canvas.element_handle())
    canvas.evaluate("canvas => (window.before = canvas)")
    explained(glass, lambda: mouse(glass, [[(0.6, 0.7), (0.7, 0.7)]]))
    expect(glass.locator("#glass")).to_have_attribute("aria-busy", "false")
    assert canvas.evaluate("canvas => canvas === window.before")


def test_a_unit_is_chosen_by_keyboard_alone(glass: Page) -> None:
    found = layer(glass, "Logits")
    found.locator("summary").first.focus()
    glass.keyboard.press("Enter")
    expect(found.locator("h4").first).to_contain_text("The score of “7”", timeout=SLOW)
    glass.keyboard.press("Tab")
    expect(found.get_by_role("spinbutton", name="Unit")).to_be_focused()
    glass.keyboard.press("Control+a")
    glass.keyboard.type("2")
    glass.keyboard.press("Tab")
    expect(found.locator("h4").first).to_contain_text("The score of “2”")
    expect(glass.locator("output[aria-live]")).to_contain_text("The score of “2”")


def test_a_linear_units_terms_sum_to_its_value(page: Page, server: Server) -> None:
    found = look_inside(opened(page, server, "mnist-mlp"), "Fully connected 2")
    rows = [row.inner_text().split("\t") for row in found.locator(".terms tbody tr").all()]
    assert len(rows) == 11 and rows[-1][0] == "sum"
    for row in rows[:8]:
        assert number(row[1]) * number(row[2]) == pytest.approx(number(row[3]), rel=0.01)
    total = sum(number(row[3]) for row in rows[:-1])
    assert total == pytest.approx(number(rows[-1][3]), rel=0.01)


def test_an_open_layer_shows_what_it_learnt_and_its_tables(glass: Page) -> None:
    found = look_inside(glass, "Convolution 2")
    expect(found.locator(".weights").last).to_contain_text("128 of 128 kernels")
    expect(found.locator(".histogram")).to_have_count(2)
    found.locator(".outputs .as-table summary").last.click()
    expect(found.locator(".outputs tbody tr").last).to_be_visible()
    assert found.locator(".outputs .as-table").last.locator("tbody tr").count() == 128
    other = look_inside(glass, "Batch norm 2")
    expect(found.locator("details").first).not_to_have_attribute("open", "")
    for title in ("Scale, learnt", "Shift, learnt", "Mean over the training pictures"):
        expect(other.get_by_text(title, exact=True)).to_be_visible()


def test_a_layer_opens_in_its_place_and_offers_all_its_maps(glass: Page) -> None:
    found = layer(glass, "Convolution 3")
    summary = found.locator("summary").first
    summary.scroll_into_view_if_needed()
    before = summary.bounding_box()
    look_inside(glass, "Convolution 3")
    after = summary.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    everything = found.get_by_role("region", name="All maps")
    expect(everything).to_contain_text("All 128 maps")
    canvas = everything.locator("canvas")
    glass.wait_for_function("canvas => canvas.height > 500", arg=canvas.element_handle())
    canvas.click(position={"x": 60 * 2 + 20, "y": 60 * 3 + 20})
    expect(found.get_by_role("spinbutton", name="Map")).to_have_value("26")


def test_what_was_opened_stays_open_while_one_draws(glass: Page, mouse: Any) -> None:
    found = look_inside(glass, "Convolution 2")
    found.locator(".window summary").nth(2).click()
    answer = explained(glass, lambda: mouse(glass, [[(0.6, 0.7), (0.7, 0.7)]]))
    assert answer["unit"]["layer"] == "features.4"
    expect(found.locator(".window").nth(2)).to_have_attribute("open", "")
    expect(found.locator(".window").nth(1)).not_to_have_attribute("open", "")


def test_softmax_is_spelled_out_as_torch_computes_it(glass: Page) -> None:
    answer = explained(glass, lambda: glass.get_by_role("button", name="Undo").click() or
                       glass.get_by_role("button", name="Redo").click())  # fmt: skip
    logits = torch.tensor(answer["logits"], dtype=torch.float64)
    slider = glass.get_by_role("slider", name="Temperature T")
    own = answer["temperature"]
    for key, temperature in (("", own), ("End", 10 * own), ("Home", 0.1 * own)):
        if key:
            slider.press(key)
        else:
            expect(glass.locator("#temperature-hint")).to_contain_text("what this network answers")
            shown = {p["label"]: p["probability"] for p in answer["predictions"]}
            shares = (logits / own).softmax(0)
            assert shown == pytest.approx(
                dict(zip("0123456789", shares.tolist(), strict=True)), abs=1e-5
            )
        shares = glass.evaluate(
            """async ([logits, temperature]) =>
                (await import("/static/js/softmax.js")).softmax(logits, temperature).shares""",
            [answer["logits"], temperature],
        )
        expected = (logits / temperature).softmax(0)
        assert torch.allclose(torch.tensor(shares, dtype=torch.float64), expected, atol=1e-12)
        cells = glass.locator("#softmax tbody td:nth-child(5)").all_inner_texts()
        for cell, share in zip(cells, expected.tolist(), strict=True):
            assert abs(float(re.sub(r"[^\d.]", "", cell)) - 100 * share) <= 1
    expect(glass.locator("#temperature-hint")).to_contain_text("Colder")


def test_a_network_for_pictures_takes_an_uploaded_one(page: Page, server: Server) -> None:
    opened(page, server, "fashion-cnn")
    expect(page.locator("#verdict .big")).to_have_text("t-shirt")
    expect(page.locator("#notice")).to_contain_text("An example")
    titles = page.locator("#layers > li h3").all_inner_texts()
    assert titles[0] == "Whitening" and titles[-1] == "All looks together"
    assert "Sum of the branch 1" in titles
    assert page.locator("#layers > li[data-branch]").count() == 12
    picture = {"name": "one.png", "mimeType": "image/png", "buffer": png(on_paper(THREE))}
    answer = explained(page, lambda: page.locator("#file").set_input_files(picture))
    assert answer["model"] == "fashion-cnn" and answer["layers"]
    found = look_inside(page, "Sum of the branch 2")
    expect(found.locator(".formula")).to_contain_text("what the branch found")


def test_a_network_for_colours_knows_the_painted_example(page: Page, server: Server) -> None:
    opened(page, server, "cifar10-resnet")
    expect(page.locator("#verdict .big")).to_have_text("ship")


def test_a_runs_checkpoint_is_looked_into(page: Page, server: Server) -> None:
    run = finish(server, start(server, epochs=1))
    page.goto(f"{server.url}/runs/{run}")
    page.get_by_role("link", name="Under glass").click(timeout=SLOW)
    expect(page.get_by_role("heading", level=1)).to_contain_text("step")
    expect(page.locator("#layers > li").first).to_be_visible(timeout=SLOW)
    expect(layer(page, "Sigmoid").locator(".sentence")).to_contain_text("squeezed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_under_glass(glass: Page, scheme: Any) -> None:
    glass.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = look_inside(glass, "Convolution 1")
    found.locator(".as-table summary").first.click()
    assert violations(glass) == []


def test_a_phone_never_scrolls_sideways(phone: Page, server: Server, finger: Any) -> None:
    opened(phone, server)
    phone.get_by_role("button", name="Clear").click()
    finger(phone, THREE)
    expect(phone.locator("#verdict .big")).to_have_text("3")
    look_inside(phone, "Convolution 1")
    phone.locator("#softmax").scroll_into_view_if_needed()
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(phone) == []


def test_a_model_that_is_not_there_is_a_page_that_says_so(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.url}/models/none/glass", headers={"Accept": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(request)
    assert json.load(missing.value)["error"]["code"] == "unknown_model"
