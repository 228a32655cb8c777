"""An imported network in the browser: under glass with a photograph, and learning on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.ml.checkpoints import ModelLibrary
from tests.browser.conftest import Server
from tests.browser.runs import ask
from tests.ml.foreign import save_imported
from tests.ml.small_files import photograph_bytes, write_own

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def imported(server: Server) -> None:
    """An untrained network of 1,000 classes for 64 x 64 pixels, and photographs of three shades."""
    data = server.folder / "data"
    save_imported(ModelLibrary(data / "none-ship", data / "models"))
    write_own(data / "datasets-own", "shades", 24, 6)


def test_a_photograph_is_looked_at_layer_by_layer(
    page: Page, server: Server, tmp_path: Path
) -> None:
    page.goto(f"{server.url}/models/imported/glass")
    expect(page.locator("#softmax")).to_be_visible(timeout=60_000)  # torchvision is imported first
    (tmp_path / "photo.jpg").write_bytes(photograph_bytes("brick", 3))
    page.locator("#file").set_input_files(tmp_path / "photo.jpg")
    expect(page.locator("#softmax tbody tr")).to_have_count(11)
    expect(page.locator("#softmax tbody tr").last).to_contain_text("990 other classes")
    fire = page.locator("#layers > li", has_text="Laid together").first
    fire.locator("summary").first.click()
    expect(fire.locator(".facts")).to_contain_text("128 maps")
    expect(fire.locator(".one h4")).to_be_visible(timeout=20_000)


def test_a_model_learns_on_from_the_form(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/train")
    page.get_by_label("Dataset", exact=True).select_option("shades")
    page.get_by_label("Weights to begin with").select_option("imported")
    expect(page.get_by_label("Network", exact=True)).to_be_hidden()
    expect(page.locator(".shape .total")).to_contain_text("724,035")  # of three classes
    page.get_by_text("More choices").click()
    frozen = page.get_by_label("Epochs of the last layer alone")
    expect(frozen).to_have_value("1")  # what is usual for small pictures
    for label, text in {"Epochs": "3", "Batch size": "16", "Threads": "1"}.items():
        page.get_by_label(label, exact=True).fill(text)
    frozen.fill("2")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile("/runs/"))
    expect(page.get_by_role("button", name="Publish")).to_be_enabled(timeout=60_000)
    run = ask(server, f"/runs/{page.url.rpartition('/')[2]}")
    assert run["spec"]["start_from"] == "imported" and run["network"] == "squeezenet1_1"
    card = ask(server, f"/models/runs/{run['id']}/checkpoints/12")["card"]
    assert card["classes"] == ["brick", "grass", "sky"]
    assert "It began with the weights of imported" in card["notes"][0]
