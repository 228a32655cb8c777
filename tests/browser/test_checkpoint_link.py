"""The drawing page opens a run's checkpoint by link."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.runs import finish, last_step, race, start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    return finish(server, start(server))


def test_a_link_opens_the_pad_with_a_checkpoint(
    page: Page, server: Server, run: str, mouse: Any
) -> None:
    step = last_step(server, run)
    reference = f"runs/{run}/checkpoints/{step}"
    page.goto(f"{server.url}/#model={reference}")
    page.reload()
    expect(page.get_by_label("Model")).to_have_value(reference)
    expect(page.locator("#model :checked")).to_have_text(f"Your run at step {step}")
    with page.expect_response("**/predict*") as answered:
        mouse(page, [[(0.5, 0.2), (0.5, 0.8)]])
    assert answered.value.json()["model"] == reference
    page.reload()
    expect(page.get_by_label("Model")).to_have_value(reference)


def test_a_checkpoint_that_is_gone_is_told(
    page: Page, server: Server, run: str, problems: list[str]
) -> None:
    page.goto(f"{server.url}/#model=runs/{run}/checkpoints/999")
    page.reload()
    gone = "That checkpoint is not kept any more: digits-cnn reads instead."
    expect(page.get_by_text(gone)).to_be_visible()
    expect(page.get_by_text("That did not work")).to_have_count(0)
    expect(page.get_by_label("Model")).to_have_value("digits-cnn")
    problems[:] = [problem for problem in problems if "status of 404" not in problem]


def test_a_link_opens_a_checkpoint_of_another_variant(page: Page, server: Server) -> None:
    run = race(server, "two")
    reference = f"runs/{run}/checkpoints-1/{last_step(server, run)}"
    page.goto(f"{server.url}/#model={reference}")
    page.reload()
    expect(page.get_by_label("Model")).to_have_value(reference)
    page.get_by_role("link", name="Under glass").click()
    expect(page.locator("#layers > li")).to_have_count(4)
    expect(page.get_by_label("Model")).to_have_value(reference)
