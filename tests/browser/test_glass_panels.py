"""Under glass: why this answer, the map, break it; with pictures that the server looks through."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Server
from tests.browser.runs import finish, last_step, start
from tests.browser.test_everyone import violations
from tests.browser.test_glass import look_inside, opened
from tests.ml.small_files import write_mnist

pytestmark = pytest.mark.slow

SLOW = 40_000  # ms: a process is started and looks through the pictures


@pytest.fixture(autouse=True)
def pictures(server: Server) -> None:
    write_mnist(server.datasets, 512, 64)


def unfolded(page: Page, name: str) -> Locator:
    panel = page.locator(f"#glass-{name}")
    panel.locator("summary").first.click()
    return panel


def is_drawn(canvas: Locator) -> bool:
    count = """canvas => {
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        return new Set(new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer)).size;
    }"""
    return int(canvas.evaluate(count)) > 3


# --- why this answer ---


def test_three_maps_say_which_pixels_count_with_their_numbers(page: Page, server: Server) -> None:
    why = unfolded(opened(page, server), "why")
    for name in ("saliency", "gradcam", "occlusion"):
        figure = why.locator(f"[data-reason={name}]")
        canvas = figure.locator("canvas")
        expect(canvas).to_have_attribute("aria-label", re.compile("strongest at row"), timeout=SLOW)
        assert is_drawn(canvas)
    expect(why.locator(".of").first).to_have_text("7")
    occlusion = why.locator("[data-reason=occlusion]")
    occlusion.get_by_text("As a table").click()
    expect(occlusion.locator("tbody tr")).to_have_count(10)
    why.get_by_label("Reasons for").select_option("3")
    expect(why.locator(".of").first).to_have_text("3")


def test_an_mlp_has_no_grad_cam_and_that_is_said(page: Page, server: Server) -> None:
    why = unfolded(opened(page, server, "mnist-mlp"), "why")
    expect(why.get_by_text("an MLP has none")).to_be_visible(timeout=SLOW)
    expect(why.locator("[data-reason=gradcam] canvas")).to_be_hidden()


def test_the_nearest_training_pictures_are_shown(page: Page, server: Server) -> None:
    why = unfolded(opened(page, server, "mnist-mlp"), "why")
    items = why.locator(".gallery li")
    expect(items).to_have_count(12, timeout=SLOW)
    distances = [float(text.split("at ")[1]) for text in items.all_inner_texts()]
    assert distances == sorted(distances)
    expect(why.locator(".neighbours-told")).to_contain_text("pictures that it learnt from")


def test_a_model_of_photographs_speaks_of_light_and_says_which_files_are_missing(
    page: Page, server: Server, tmp_path: Path, problems: list[str]
) -> None:
    Image.new("RGB", (40, 40), "navy").save(tmp_path / "blue.png")
    page.goto(f"{server.url}/models/cifar10-resnet/glass")
    page.set_input_files("#file", tmp_path / "blue.png")
    why = unfolded(page, "why")
    expect(why.get_by_text("puts dabs of light on the picture")).to_be_visible()
    expect(why.get_by_text("not on this server")).to_be_visible(timeout=SLOW)
    expect(why.locator(".gallery")).to_be_hidden()
    problems[:] = [problem for problem in problems if "status of 409" not in problem]


def test_a_change_of_the_answer_is_searched_and_forgotten_with_the_next_stroke(
    page: Page, server: Server, mouse: Any
) -> None:
    why = unfolded(opened(page, server, "mnist-mlp"), "why")
    why.get_by_role("button", name="Search for a change").click()
    expect(why.locator(".change-told")).to_contain_text("Dabs of ink added", timeout=SLOW)
    expect(why.locator(".change canvas")).to_be_visible()
    mouse(page, [[(0.2, 0.9), (0.8, 0.9)]])
    expect(why.locator(".change canvas")).to_be_hidden()
    expect(why.locator(".change-told")).to_be_empty()


# --- the map ---


def test_the_map_shows_the_test_pictures_and_walks_by_keys(page: Page, server: Server) -> None:
    atlas = unfolded(opened(page, server, "mnist-mlp"), "map")
    canvas = atlas.locator("canvas")
    expect(canvas).to_be_visible(timeout=SLOW)
    expect(atlas.locator(".told")).to_contain_text("64 of the 64 test pictures")
    expect(atlas.locator(".classes li")).to_have_count(10)
    canvas.focus()
    page.keyboard.press("Home")
    caption = atlas.locator("figcaption")
    expect(caption).to_contain_text(re.compile("read (so|as)"))
    visited = {atlas.locator("img").get_attribute("src")}
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
        visited.add(atlas.locator("img").get_attribute("src"))
    assert len(visited) > 1
    atlas.get_by_text("As a table").click()
    expect(atlas.locator("tbody tr")).to_have_count(10)


def test_the_pointer_shows_a_picture_and_the_drawing_has_its_place(
    page: Page, server: Server
) -> None:
    with page.expect_response(lambda answer: "reasons=place" in answer.url, timeout=SLOW) as placed:
        atlas = unfolded(opened(page, server, "mnist-mlp"), "map")
    assert set(placed.value.json()["reasons"]["place"]) == {"x", "y"}
    canvas = atlas.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    for step in range(1, 20):
        page.mouse.move(box["x"] + box["width"] * step / 20, box["y"] + box["height"] / 2)
    expect(atlas.locator("figcaption")).to_contain_text(re.compile("read (so|as)"))


# --- break it ---


def test_switching_everything_off_changes_what_it_reads_and_how_many_it_gets_right(
    page: Page, server: Server
) -> None:
    bench = unfolded(opened(page, server, "mnist-mlp"), "break")
    expect(bench.locator(".whole-reads")).to_contain_text("7")
    expect(bench.locator(".whole-right")).to_contain_text("64 test pictures right", timeout=SLOW)
    whole = bench.locator(".whole-right").inner_text()
    bench.get_by_role("button", name="All of them", exact=True).click()
    expect(bench.locator(".off")).to_contain_text(re.compile(r"(\d+) of \1 switched off"))
    expect(bench.locator(".broken-reads")).not_to_have_text(
        bench.locator(".whole-reads").inner_text(), timeout=SLOW
    )
    expect(bench.locator(".broken-right")).to_contain_text("test pictures right", timeout=SLOW)
    assert bench.locator(".broken-right").inner_text() != whole
    bench.get_by_text("As a table").click()
    expect(bench.locator("tbody tr")).to_have_count(10)
    bench.get_by_role("button", name="Put everything back").click()
    expect(bench.locator(".broken-right")).to_have_text(whole, timeout=SLOW)
    expect(bench.locator(".broken-reads")).to_have_text(bench.locator(".whole-reads").inner_text())


def test_units_are_switched_by_keys_and_noise_is_told(page: Page, server: Server) -> None:
    bench = unfolded(opened(page, server, "mnist-mlp"), "break")
    first = bench.locator(".unit").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(bench.locator(".unit").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(bench.locator(".off")).to_contain_text("1 of")
    bench.get_by_label("Layer").select_option(index=0)
    expect(bench.locator(".off")).to_contain_text("0 of")
    bench.get_by_label("What of a unit").select_option("biases")
    noise = bench.get_by_label("Noise", exact=True)
    noise.focus()
    page.keyboard.press("End")
    expect(bench.locator(".noise-told")).to_contain_text("noise 1")
    bench.get_by_role("button", name="Other noise").click()
    expect(bench.locator(".noise-told")).to_contain_text("noise 2")


def test_trying_the_test_pictures_can_be_stopped(page: Page, server: Server) -> None:
    bench = unfolded(opened(page, server, "mnist-mlp"), "break")
    expect(bench.locator(".broken-right")).to_contain_text("right", timeout=SLOW)
    page.route("**/resilience", lambda route: None)  # an answer that takes long
    bench.locator(".unit").first.click()
    bench.get_by_role("button", name="Stop trying").press("Enter")
    expect(bench.locator(".broken-right")).to_contain_text("Stopped")
    expect(bench.get_by_role("button", name="Stop trying")).to_be_hidden()
    expect(bench.get_by_role("button", name="Put everything back")).to_be_focused()
    page.unroute("**/resilience")
    for _ in range(2):  # closed and opened again
        bench.locator("summary").first.click()
    expect(bench.locator(".broken-right")).to_contain_text("right", timeout=SLOW)


def test_single_pixels_are_attacked(page: Page, server: Server) -> None:
    bench = unfolded(opened(page, server, "mnist-mlp"), "break")
    bench.get_by_label("Pixels, at most").fill("2")
    bench.get_by_role("button", name="Attack").click()
    expect(bench.locator(".attack-told")).to_contain_text("Pixels made white", timeout=SLOW)
    expect(bench.locator(".change canvas")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(bench.locator(".attack-told")).not_to_contain_text("Pixels made white")
    expect(bench.locator(".change canvas")).to_be_hidden()


def test_a_panel_cannot_be_used_before_its_script_is_there(page: Page, server: Server) -> None:
    held: list[Route] = []
    page.route("**/glass-break.js*", lambda route: held.append(route))
    with page.expect_request("**/glass-break.js*"):
        bench = unfolded(opened(page, server, "mnist-mlp"), "break")
    attack = bench.get_by_role("button", name="Attack")
    expect(attack).to_be_visible()
    attack.focus()
    expect(attack).not_to_be_focused()
    held[0].continue_()
    attack.click()
    expect(bench.locator(".attack-told")).to_contain_text("Pixels made", timeout=SLOW)


def test_a_panel_opened_before_the_pages_own_script_is_there_is_loaded_then(
    page: Page, server: Server
) -> None:
    held: list[Route] = []
    page.route("**/js/glass.js*", lambda route: held.append(route))
    with page.expect_request("**/js/glass.js*"):
        page.goto(f"{server.url}/models/mnist-mlp/glass", wait_until="commit")
    bench = unfolded(page, "break")
    held[0].continue_()
    bench.get_by_role("button", name="Every second one").click()
    expect(bench.locator(".off")).to_contain_text(re.compile("[1-9]"))


def test_a_picture_chosen_before_the_pages_own_script_is_there_is_the_one_that_lies_there(
    page: Page, server: Server, tmp_path: Path
) -> None:
    Image.new("RGB", (40, 40), "navy").save(tmp_path / "blue.png")
    held: list[Route] = []
    page.route("**/js/glass.js*", lambda route: held.append(route))
    with page.expect_request("**/js/glass.js*"):
        page.goto(f"{server.url}/models/cifar10-resnet/glass", wait_until="commit")
    page.set_input_files("#file", tmp_path / "blue.png")
    held[0].continue_()
    expect(page.locator("#verdict")).to_contain_text(re.compile(r"\w"), timeout=SLOW)
    expect(page.locator("#notice")).to_be_empty()


# --- units, runs, everyone ---


def test_the_panels_are_reached_from_the_top(page: Page, server: Server) -> None:
    opened(page, server, "mnist-mlp").get_by_role("link", name="Break it").click()
    panel = page.locator("#glass-break")
    expect(panel.locator("summary").first).to_be_focused()
    expect(panel.locator(".unit").first).to_be_visible()
    assert "#" not in page.url


def test_a_unit_shows_the_pictures_that_excite_it_most(page: Page, server: Server) -> None:
    layer = look_inside(opened(page, server), "ReLU 1")
    layer.locator(".exciting summary").click()
    expect(layer.locator(".exciting li")).to_have_count(9, timeout=SLOW)
    expect(layer.locator(".exciting .spot")).to_have_count(9)
    before = layer.locator(".exciting li").first.inner_text()
    layer.locator("input.unit").fill("5")
    page.keyboard.press("Enter")
    expect(layer.locator(".exciting li").first).not_to_have_text(before, timeout=SLOW)


def test_a_runs_checkpoint_has_its_own_map_and_neighbours(page: Page, server: Server) -> None:
    run = finish(server, start(server, epochs=2))
    opened(page, server, f"runs/{run}/checkpoints/{last_step(server, run)}")
    atlas, why = unfolded(page, "map"), unfolded(page, "why")
    expect(atlas.locator(".told")).to_contain_text("64 of the 64 test pictures", timeout=SLOW)
    expect(why.locator(".gallery li")).to_have_count(12, timeout=SLOW)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_panels(page: Page, server: Server, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    look_at_all(opened(page, server))
    assert violations(page) == []


def test_a_phone_never_scrolls_sideways(phone: Page, server: Server) -> None:
    look_at_all(opened(phone, server))
    assert violations(phone) == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert phone.evaluate(wide) == 0


def look_at_all(page: Page) -> None:
    why, atlas, bench = (unfolded(page, name) for name in ("why", "map", "break"))
    expect(why.locator(".gallery li")).to_have_count(12, timeout=SLOW)
    expect(atlas.locator("canvas")).to_be_visible(timeout=SLOW)
    bench.locator(".unit").first.click()
    why.get_by_role("button", name="Search for a change").click()
    expect(why.locator(".change canvas")).to_be_visible(timeout=SLOW)
    expect(bench.locator(".broken-right")).to_contain_text("right", timeout=SLOW)
