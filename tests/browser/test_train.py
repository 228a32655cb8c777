"""Train in the browser: from the form to a run that nothing can lose."""

import csv
import io
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.ml.optimisation import SCHEDULES, rate_at
from tests.browser.conftest import Server
from tests.browser.test_everyone import violations
from tests.ml.small_files import write_mnist

pytestmark = pytest.mark.slow

SMALL = {"Hidden layers": "16", "Batch size": "16", "Epochs": "2", "Threads": "1"}


@pytest.fixture(scope="module", autouse=True)
def small_mnist(server: Server) -> None:
    """512 drawings of four digits to learn from, 64 to test with."""
    write_mnist(server.datasets, 512, 64)


@pytest.fixture
def form(page: Page, server: Server) -> Page:
    return opened(page, server)


@pytest.fixture
def refusals(problems: list[str]) -> Iterator[None]:
    """The browser's own complaint about an answer 422 is expected."""
    yield
    problems[:] = [problem for problem in problems if "status of 422" not in problem]


def opened(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/train")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    return page


def choose_small(page: Page, **more: str) -> None:
    """A sigmoid MLP of 16 units, which learns in a blink."""
    page.get_by_label("A sigmoid MLP as in the lecture").check()
    page.get_by_text("More choices").click()
    for label, text in {**SMALL, **more}.items():
        page.get_by_label(label, exact=True).fill(text)


def train(page: Page) -> None:
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile("/runs/"))


# The form


def test_a_starting_point_fills_the_form(form: Page) -> None:
    form.get_by_label("A sigmoid MLP as in the lecture").check()
    expect(form.get_by_label("Network")).to_have_value("mlp")
    expect(form.get_by_label("Hidden layers")).to_have_value("100")
    expect(form.get_by_label("Activation", exact=True)).to_have_value("sigmoid")
    expect(form.get_by_label("Optimizer")).to_have_value("sgd")
    form.get_by_label("Overfit on purpose").check()
    expect(form.get_by_label("Hidden layers")).to_have_value("1024")
    held_out = form.get_by_text("How many, and which are held out")
    expect(held_out).to_contain_text("validation fraction 0.95")
    expect(form.get_by_label("Validation fraction")).to_have_value("0.95")
    shipped, chosen = (
        form.get_by_text(text) for text in ("As a model that ships was made", "One of these is")
    )
    shipped.click()
    form.get_by_label("The model digits-cnn").check()
    expect(chosen).to_be_hidden()
    shipped.click()
    expect(chosen).to_be_visible()
    expect(held_out).to_contain_text("validation fraction 0.08333, pens 6, paper 2")
    expect(group(form, "Augmentation")).to_contain_text("rotate 12, scale 0.12")
    expect(form.get_by_label("Rotate")).to_have_value("12")
    expect(form.get_by_label("Validation fraction")).to_have_value("0.0833333")
    form.get_by_label("Overfit on purpose").check()
    expect(form.get_by_label("Rotate")).to_have_value("0")


def test_every_choice_has_a_hint_and_only_useful_ones_are_shown(form: Page) -> None:
    form.get_by_text("More choices").click()
    hints = form.locator(".field > .hint:not(.was)").all_text_contents()
    assert len(hints) > 40 and all(hints)
    expect(form.get_by_label("Momentum")).to_be_hidden()
    form.get_by_label("Optimizer").select_option("sgd")
    expect(form.get_by_label("Momentum")).to_be_visible()
    form.get_by_label("Activation", exact=True).select_option("leaky_relu")
    expect(form.get_by_label("Slope below zero")).to_be_visible()
    form.get_by_label("Network", exact=True).select_option("residual")
    expect(form.get_by_label("Patch")).to_be_visible()
    form.get_by_label("Whitening").uncheck()
    expect(form.get_by_label("Patch")).to_be_hidden()


def group(page: Page, title: str) -> Any:
    return page.locator("summary").filter(has_text=re.compile(f"^{title}"))


def test_pictures_augmentation_leaks_and_noise_are_choices_like_all_others(
    form: Page, server: Server
) -> None:
    choose_small(form)
    for title in ("How many", "Augmentation", "On purpose"):
        group(form, title).click()
    expect(form.get_by_label("Pens")).to_be_hidden()
    expect(form.get_by_label("Grain")).to_be_hidden()
    form.get_by_label("Elastic").fill("1")
    expect(form.get_by_label("Grain")).to_be_visible()
    form.get_by_label("Elastic").fill("0")
    form.get_by_label("Rotate").fill("10")
    form.get_by_label("Leaked test pictures").fill("0.5")
    form.get_by_label("Wrong labels").fill("0.25")
    form.get_by_label("Validation fraction").fill("0,2")
    expect(group(form, "On purpose")).to_contain_text("leaked test pictures 0.5, wrong labels 0.25")
    train(form)
    notices = form.locator(".notice")
    expect(notices.first).to_contain_text("On purpose, 50 % of the test pictures")
    expect(notices.last).to_have_text(
        "On purpose, 25 % of the labels that it learnt from were wrong."
    )
    identifier = form.url.rpartition("/")[2]
    spec = form.request.get(f"{server.url}/api/v1/runs/{identifier}").json()["spec"]
    assert spec["augmentation"] == {"rotate": 10}
    options = {"validation_fraction": 0.2, "leak": 0.5, "label_noise": 0.25}
    assert spec["dataset_options"] == options
    state(form).to_have_text("Finished", timeout=60_000)


def test_what_was_not_touched_keeps_all_its_digits(form: Page) -> None:
    form.get_by_label("99 % in ten seconds").check()
    with form.expect_request("**/layers") as asked:
        form.get_by_label("Epochs", exact=True).fill("2")
    options = asked.value.post_data_json["hyperparameters"]["dataset_options"]
    assert options == {"validation_fraction": 1 / 60}


def test_what_has_the_focus_is_never_behind_the_button_that_stays_in_sight(form: Page) -> None:
    form.get_by_text("More choices").click()
    form.evaluate("scrollTo(0, 0)")
    form.locator("input[name=start]").first.focus()
    covered = """() => {
        const focused = document.activeElement;
        const { left, top, width, height } = focused.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, top + height / 2);
        const hidden = height && there?.closest(".go") && !focused.closest(".go");
        return hidden ? focused.outerHTML : "";
    }"""
    for _ in range(45):
        form.keyboard.press("Tab")
        assert not form.evaluate(covered)


def test_blocks_are_added_and_taken_away(form: Page) -> None:
    blocks = form.get_by_role("group", name=re.compile(r"^Block \d"))
    expect(blocks).to_have_count(3)
    form.get_by_role("button", name="Add a block").click()
    expect(blocks).to_have_count(4)
    expect(blocks.last.get_by_label("Channels")).to_be_focused()
    form.get_by_role("button", name="Take block 2 away").click()
    expect(blocks).to_have_count(3)
    channels = [box.input_value() for box in form.get_by_label("Channels").all()]
    assert channels == ["16", "64", "64"]


@pytest.mark.parametrize(
    ("label", "wrong", "sentence"),
    [
        ("Epochs", "many", "Epochs must be a whole number."),
        ("Hidden layers", "16, 0", "Hidden layers must be between 1 and 4096."),
        ("Weight decay", "-1", "Weight decay must be between 0 and 10."),
        ("Rotate", "200", "Rotate must be between 0 and 180."),
        ("Leaked test pictures", "all", "Leaked test pictures must be a number."),
    ],
)
def test_a_wrong_choice_is_told_beside_its_field(
    form: Page, label: str, wrong: str, sentence: str, refusals: None
) -> None:
    choose_small(form)
    for title in ("Augmentation", "On purpose"):
        group(form, title).click()
    field = form.get_by_label(label, exact=True)
    field.fill(wrong)
    for title in ("More choices", "Augmentation", "On purpose"):
        group(form, title).click()
    form.get_by_role("button", name="Train", exact=True).click()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(f"{re.escape(sentence)}$"))
    field.fill("1")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_a_kernel_larger_than_its_input_is_refused_at_the_blocks(
    form: Page, refusals: None
) -> None:
    form.get_by_label("Pool", exact=True).first.fill("4")
    form.get_by_label("Padding").last.fill("0")
    form.get_by_label("Kernel").last.fill("11")
    form.get_by_role("button", name="Train", exact=True).click()
    expect(form.locator(".blocks .wrong")).to_contain_text("11 x 11 kernel does not fit")
    expect(form.get_by_label("Kernel").last).to_be_focused()


def by(text: str) -> str:
    """Products as the page writes them."""
    return text.replace(" x ", " \N{MULTIPLICATION SIGN} ")


def test_the_shape_of_the_network_follows_the_form(form: Page) -> None:
    shape = form.locator(".shape")
    expect(shape.locator("summary")).to_have_text("The network: 29,434 parameters to learn")
    rows = shape.locator("tbody tr")
    expect(rows.nth(0)).to_have_text(by("Input1 x 28 x 280"))
    expect(rows.nth(1)).to_have_text(
        by("Convolution 5 x 5, batch norm, ReLU16 x 28 x 284325 x 5 x 1 x 16 + 32")
    )
    expect(rows.nth(2)).to_have_text(by("Pooling, maximum 2 x 216 x 14 x 140"))
    form.get_by_label("Channels").first.fill("8")
    expect(rows.nth(1)).to_contain_text(by("8 x 28 x 28"))
    form.get_by_label("Network", exact=True).select_option("mlp")
    form.get_by_label("Hidden layers").fill("100")
    expect(shape.locator("summary")).to_have_text("The network: 79,510 parameters to learn")
    expect(rows.nth(2)).to_have_text(by("Fully connected, ReLU10078,500784 x 100 + 100"))


def test_the_very_field_that_cannot_work_is_marked_while_one_types(form: Page) -> None:
    kernel = form.get_by_label("Kernel").nth(1)
    kernel.fill("13")
    expect(kernel).to_have_attribute("aria-invalid", "true")
    expect(kernel).to_be_focused()
    expect(kernel).to_have_accessible_description(
        "A block's kernel must be a whole number from 1 to 11."
    )
    expect(form.locator("[aria-invalid=true]")).to_have_count(1)
    expect(form.locator(".shape summary")).to_contain_text("first mend the marked choice")
    kernel.fill("3")
    expect(form.locator("[aria-invalid=true]")).to_have_count(0)
    expect(form.locator(".shape summary")).to_contain_text("29,434 parameters")


def test_a_network_too_large_for_this_server_is_refused_at_its_largest_layer(form: Page) -> None:
    form.get_by_label("Hidden layers").fill("4096, 4096, 4096, 4096")
    field = form.get_by_label("Hidden layers")
    expect(field).to_have_accessible_description(re.compile("50,000,000 are the most here"))


def test_the_curve_of_the_schedule_is_what_the_training_does(form: Page) -> None:
    places = [i / 20 for i in range(20)]
    wanted = [[rate_at(x, name, 0.3, 0.2) for x in places] for name in SCHEDULES]
    found = form.evaluate(
        """async ([names, places]) => {
            const { rateAt } = await import("/static/js/schedule.js");
            return names.map(name => places.map(x => rateAt(x, name, 0.3, 0.2)));
        }""",
        [list(SCHEDULES), places],
    )
    assert found == [pytest.approx(rates) for rates in wanted]
    expect(form.locator(".schedule figcaption")).to_have_text(
        "Learning rate: from 0.0002 up to 0.02, then down to 0.000125."
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_form(form: Page, scheme: Any) -> None:
    form.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for summary in form.locator("details.more > summary").all():
        summary.click()
    assert violations(form) == []


def test_the_form_never_scrolls_sideways_on_a_phone(phone: Page, server: Server) -> None:
    opened(phone, server)
    phone.get_by_text("As a model that ships was made").click()
    phone.get_by_label("The model digits-cnn").check()
    for summary in phone.locator("details.more > summary").all():
        summary.click()
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


# A run

LONG = {"Batch size": "1", "Epochs": "20", "Learning rate": "0.05"}  # seconds, on any machine


def state(page: Page) -> Any:
    return expect(page.locator(".state"))


def button(page: Page | Locator, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def wait_for_points(page: Page, more_than: int = 0) -> None:
    script = "more => Number(document.querySelector('#run').dataset.points) > more"
    page.wait_for_function(script, arg=more_than)


def expect_every_point_once(page: Page, server: Server, epochs: int) -> None:
    """What the page drew against what the API holds."""
    identifier = page.url.rpartition("/")[2]
    address = f"{server.url}/api/v1/runs/{identifier}/points.csv"
    with urllib.request.urlopen(address) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    losses = [row for row in rows if row["kind"] == "step"]
    assert len({row["step"] for row in losses}) == len(losses)
    expect(page.locator("#run")).to_have_attribute("data-points", str(len(losses)))
    page.get_by_text("Epochs as a table").click()
    shown = page.locator("#epochs tbody th")
    expect(shown).to_have_count(epochs)
    assert shown.all_inner_texts() == [str(epoch + 1) for epoch in range(epochs)]


def test_from_the_form_to_a_finished_run(form: Page, server: Server) -> None:
    choose_small(form, **LONG)
    form.get_by_label(re.compile("^Name")).fill("My first")
    train(form)
    expect(form.get_by_role("heading", name="My first")).to_be_visible()
    wait_for_points(form)
    state(form).to_have_text("Running")
    expect(form).to_have_title("Running: My first")
    expect(form.locator(".progress-words")).to_contain_text("pictures a second")
    form.get_by_label("Learning rate").fill("0")
    button(form, "Change").click()
    expect(form.locator(".rate .wrong")).to_have_text("The learning rate must be a number above 0.")
    form.get_by_label("Learning rate").fill("0.02")
    button(form, "Change").click()
    button(form, "Pause").click()
    state(form).to_have_text("Paused")
    expect(form).to_have_title("Paused: My first")
    expect(button(form, "Pause")).to_be_hidden()
    before = int(form.locator("#run").get_attribute("data-points") or 0)

    form.reload()
    state(form).to_have_text("Paused")
    wait_for_points(form, before - 1)
    expect(form.locator("#run")).to_have_attribute("data-points", str(before))

    button(form, "Resume").click()
    wait_for_points(form, before)
    expect(form.get_by_label("Learning rate")).to_have_value("0.02")
    expect(form.locator(".state")).to_have_text("Finished", timeout=90_000)
    expect(form.locator(".why")).to_have_text(
        re.compile(r"^>?\d+\.\d.% of 64 test pictures are read right\.$")
    )
    expect(form.locator("#curves output")).to_have_text(re.compile("^Finished. .* are read right"))
    for name in ("Pause", "Resume", "Stop", "Change"):
        expect(button(form, name)).to_be_hidden()
    expect_every_point_once(form, server, 20)
    expect(form.locator("#epochs tbody tr").last).to_contain_text("0.02")


def test_a_server_that_restarts_loses_no_point_of_an_open_page(
    context: BrowserContext, mortal_server: Server
) -> None:
    write_mnist(mortal_server.datasets, 512, 64)
    page = opened(context.new_page(), mortal_server)
    choose_small(page, **LONG)
    train(page)
    wait_for_points(page)
    mortal_server.kill()
    expect(page.locator(".connection")).to_contain_text("The server does not answer")
    mortal_server.start()
    expect(page.locator(".state")).to_have_text("Finished", timeout=90_000)
    expect(page.locator(".connection")).to_be_empty()
    expect_every_point_once(page, mortal_server, 20)
    page.close()


def test_eight_tabs_of_live_runs_share_one_connection(
    form: Page, context: BrowserContext, server: Server
) -> None:
    choose_small(form, **{**LONG, "Epochs": "2000"})
    train(form)
    tabs = [form]
    for _ in range(7):  # a browser opens six connections to one server
        tabs.append(context.new_page())
        tabs[-1].goto(form.url)
    for tab in tabs:
        tab.bring_to_front()
        before = int(tab.locator("#run").get_attribute("data-points") or 0)
        wait_for_points(tab, before)
    button(tabs[-1], "Stop").click()
    for tab in tabs:
        tab.bring_to_front()
        expect(tab.locator(".state")).to_have_text("Stopped")
        expect(tab.locator(".connection")).to_be_empty()
    for tab in tabs[1:]:
        tab.close()


def test_a_browser_without_shared_workers_follows_by_itself(page: Page, server: Server) -> None:
    page.add_init_script("delete window.SharedWorker")
    opened(page, server)
    choose_small(page)
    train(page)
    state(page).to_have_text("Finished")
    expect_every_point_once(page, server, 2)


def test_a_missing_dataset_says_what_to_do_and_the_run_can_be_deleted(form: Page) -> None:
    choose_small(form)
    form.get_by_label("Dataset").select_option("pen-digits")
    form.get_by_label(re.compile("^Name")).fill("Without files")
    train(form)
    state(form).to_have_text("Failed")
    expect(form.locator(".why")).to_contain_text("datasets download pen-digits")
    expect(button(form, "Resume")).to_be_visible()

    button(form, "Delete").click()
    button(form, "Keep it").click()
    button(form, "Delete").click()
    with form.expect_response(re.compile("/api/v1/runs$")) as listed:
        form.get_by_role("dialog").get_by_role("button", name="Delete").click()
    assert form.url.endswith("/train")
    assert "Without files" not in listed.value.text()


def test_a_run_is_stopped_and_stands_in_the_list(form: Page) -> None:
    choose_small(form, Epochs="10000")
    form.get_by_label(re.compile("^Name")).fill("Too long")
    train(form)
    wait_for_points(form)
    button(form, "Stop").click()
    state(form).to_have_text("Stopped")
    form.get_by_role("link", name="All runs").click()
    line = form.locator(".runs li").first
    expect(line).to_contain_text("Too long")
    expect(line).to_contain_text("MLP on MNIST")
    expect(line).to_contain_text("Stopped")


def finished(page: Page, server: Server) -> None:
    opened(page, server)
    choose_small(page)
    train(page)
    state(page).to_have_text("Finished")
    for summary in page.locator("summary").all():
        summary.click()


def test_a_finished_run_becomes_a_model_to_draw_with(
    page: Page, server: Server, mouse: Any, problems: list[str]
) -> None:
    finished(page, server)
    controls = page.locator("#controls")
    controls.get_by_label("Make it a model called").fill("digits-cnn")
    button(controls, "Publish").click()
    expect(controls.locator(".refused")).to_contain_text("ships with Inkling")
    problems[:] = [problem for problem in problems if "status of 409" not in problem]
    controls.get_by_label("Make it a model called").fill("from-the-page")
    button(controls, "Publish").click()
    link = page.get_by_role("link", name="Draw with from-the-page")
    expect(link).to_be_visible()
    expect(controls.locator(".refused")).to_be_empty()
    page.reload()
    link.click()
    expect(page.get_by_label("Model")).to_have_value("from-the-page")
    with page.expect_response("**/from-the-page/predict*") as answered:
        mouse(page, [[(0.5, 0.2), (0.5, 0.8)]])
    assert answered.value.json()["model"] == "from-the-page"
    page.goto("about:blank")  # it may still ask for what is deleted now
    page.request.delete(f"{server.url}/api/v1/models/from-the-page")


def test_the_curves_are_zoomed_by_dragging_and_switched(page: Page, server: Server) -> None:
    finished(page, server)
    expect(page.locator(".validation-accuracy")).to_contain_text("%")
    plot = page.locator(".losses .u-over")
    plot.hover(position={"x": 100, "y": 50})
    expect(page.locator(".legend .at")).to_contain_text("At epoch")
    page.mouse.down()
    plot.hover(position={"x": 300, "y": 50})
    page.mouse.up()
    whole = button(page, "Whole run")
    expect(whole).to_have_attribute("aria-disabled", "false")
    whole.click()
    expect(whole).to_have_attribute("aria-disabled", "true")
    page.get_by_label("Logarithmic").check()
    page.get_by_label("Smooth").uncheck()
    expect(page.locator(".losses canvas")).to_have_count(1)


def crosshair(page: Page) -> Any:
    return page.get_by_role("slider", name="Crosshair over the loss by epoch")


def test_the_curves_are_read_and_zoomed_by_keys(page: Page, server: Server) -> None:
    finished(page, server)
    slider = crosshair(page)
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuenow", "2")
    expect(slider).to_have_attribute(
        "aria-valuetext",
        re.compile(
            r"^Epoch 2: training loss \d\S*, validation loss \d\S*, "
            r"validation accuracy >?\d+\.\d\u202f%$"
        ),
    )
    slider.press("Home")
    expect(page.locator(".legend .at")).to_have_text(re.compile(r"At epoch 0\.\d+"))
    slider.press("ArrowRight")
    slider.press("+")
    expect(button(page, "Whole run")).to_have_attribute("aria-disabled", "false")
    slider.press("Escape")
    expect(button(page, "Whole run")).to_have_attribute("aria-disabled", "true")
    button(page, "Zoom in").click()
    expect(button(page, "Whole run")).to_have_attribute("aria-disabled", "false")
    button(page, "Zoom out").click()
    expect(button(page, "Whole run")).to_have_attribute("aria-disabled", "true")


def test_the_curves_are_read_and_zoomed_by_fingers(phone: Page, server: Server) -> None:
    finished(phone, server)
    plot = phone.locator(".losses .u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    session = phone.context.new_cdp_session(phone)

    def touch(kind: str, *places: float) -> None:
        y = box["y"] + box["height"] / 2
        points = [{"x": box["x"] + x * box["width"], "y": y, "id": i} for i, x in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.3)
    touch("touchMove", 0.5)
    expect(phone.locator(".legend .at")).to_have_text(re.compile("At epoch (0.9|1)"))
    touch("touchEnd")
    touch("touchStart", 0.4, 0.6)
    touch("touchMove", 0.2, 0.8)
    touch("touchEnd")
    expect(button(phone, "Whole run")).to_have_attribute("aria-disabled", "false")
    touch("touchStart", 0.1, 0.9)
    touch("touchMove", 0.4, 0.6)
    touch("touchEnd")
    expect(button(phone, "Whole run")).to_have_attribute("aria-disabled", "true")


def test_the_curve_that_one_expected_lies_under_the_real_one(page: Page, server: Server) -> None:
    opened(page, server)
    choose_small(page)
    page.get_by_text("Predict first").click()
    box = page.locator(".sketch").bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 130, steps=20)
    page.mouse.up()
    last = page.get_by_label("Expected loss at epoch 2")
    before = float(last.input_value())
    last.press("ArrowUp")
    assert float(last.input_value()) == pytest.approx(before + 0.05)
    train(page)
    state(page).to_have_text("Finished", timeout=60_000)
    expect(page.locator(".expected")).to_have_text(
        re.compile(rf"^Dotted, you expected a loss of {before + 0.05:.2f} at epoch 2; it is \d")
    )
    judged = page.locator(".expected").inner_text()
    page.get_by_text("Go on from here").click()
    page.get_by_label("Train it for so many epochs more").fill("3")
    button(page, "Continue").click()
    expect(page.locator(".progress-words")).to_have_text("Epoch 5 of 5", timeout=60_000)
    state(page).to_have_text("Finished", timeout=60_000)
    expect(page.locator(".expected")).to_have_text(judged)
    page.reload()
    expect(page.locator(".expected")).to_have_text(judged)


def test_a_browser_that_keeps_nothing_trains_all_the_same(page: Page, server: Server) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage',"
        " { get() { throw new DOMException('refused', 'SecurityError'); } })"
    )
    opened(page, server)
    choose_small(page)
    page.get_by_text("Predict first").click()
    page.get_by_label("Expected loss at epoch 2").press("ArrowUp")
    train(page)
    state(page).to_have_text("Finished", timeout=60_000)
    expect(page.locator(".expected")).to_be_hidden()


def test_a_finished_run_goes_on_and_is_forked_with_what_one_changes(
    page: Page, server: Server, problems: list[str]
) -> None:
    opened(page, server)
    choose_small(page)
    train(page)
    state(page).to_have_text("Finished", timeout=60_000)
    page.get_by_text("Go on from here").click()
    for wrong in ("", "0", "1.5", "many", "99999"):
        page.get_by_label("Train it for so many epochs more").fill(wrong)
        button(page, "Continue").click()
        expect(page.locator("#onwards .refused")).to_have_text(
            "The epochs must be a whole number from 1 to 10,000."
        )
    page.get_by_label("Train it for so many epochs more").fill("2")
    button(page, "Continue").click()
    expect(page.locator(".progress-words")).to_have_text("Epoch 4 of 4", timeout=60_000)
    state(page).to_have_text("Finished", timeout=60_000)

    checkpoint = page.get_by_label("Or as a run of its own")
    expect(checkpoint.locator("option").first).to_contain_text("epoch 4")
    checkpoint.select_option(index=1)
    button(page, "Fork").click()
    page.wait_for_url(re.compile(r"/train\?fork=\w{26}&step=\d+$"))
    expect(page.locator(".starts").first).to_contain_text("A fork of")
    expect(page.get_by_label("Dataset")).to_be_disabled()
    expect(page.locator(".was:not(:empty)")).to_have_count(0)
    page.get_by_label("Learning rate", exact=True).fill("0.1")
    group(page, "Augmentation").click()
    page.get_by_label("Rotate").fill("5")
    expect(page.locator(".was:not(:empty)")).to_have_text(["changed; was 0", "changed; was 0.5"])
    group(page, "How many").click()
    held_out = page.get_by_label("Validation fraction")
    held_out.fill("0.3")
    button(page, "Fork").click()
    expect(held_out).to_have_accessible_description(re.compile("A fork keeps its validation"))
    problems[:] = [problem for problem in problems if "status of 422" not in problem]
    held_out.fill("0.1")
    button(page, "Fork").click()
    page.wait_for_url(re.compile("/runs/"))
    expect(page.locator(".parent")).to_contain_text("Forked from another run at its step")
    state(page).to_have_text("Finished", timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_run(page: Page, server: Server, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    finished(page, server)
    assert violations(page) == []


def test_a_run_never_scrolls_sideways_on_a_phone(phone: Page, server: Server) -> None:
    finished(phone, server)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
