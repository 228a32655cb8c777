"""What the page is made of."""

import gzip
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.digits import CROSSED_SEVEN
from tests.browser.reading import expect_answer

ROOT = Path(__file__).parents[2]


def test_no_script_may_run_but_our_own_files(page: Page, server: Any) -> None:
    policy = page.request.get(server.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_all_files_together_weigh_at_most_120_kb_gzipped(page: Page, server: Any) -> None:
    page.wait_for_load_state("networkidle")
    script = "() => performance.getEntriesByType('resource').map(entry => entry.name)"
    files = {server.url, *page.evaluate(script)}
    assert len(files) >= 9
    assert sum(len(gzip.compress(page.request.get(file).body())) for file in files) <= 120_000


@pytest.mark.parametrize(
    ("probability", "shown"), [(1, "100"), (0.9999, ">99"), (0.984, "98"), (0.004, "0")]
)
def test_percent_is_never_rounded_up_to_certainty(
    page: Page, probability: float, shown: str
) -> None:
    script = "async p => (await import('/static/js/texts.js')).percent(p)"
    assert page.evaluate(script, probability) == shown


@pytest.mark.skipif("INKLING_SCREENSHOT" not in os.environ, reason="made on demand for the README")
def test_the_screenshot_of_the_readme_is_made(page: Page, mouse: Any) -> None:
    page.set_viewport_size({"width": 1120, "height": 720})
    mouse(page, CROSSED_SEVEN)
    expect_answer(page, "7")
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)  # the bars arrive
    (ROOT / "docs").mkdir(exist_ok=True)
    page.screenshot(path=ROOT / "docs" / "screenshot.png")


PAGES = ["/", "/learn", "/learn/kernels", "/datasets", "/train", "/teach", "/models",
         "/models/mnist-mlp/glass"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_script_of_a_page_is_named_in_its_head_so_that_none_waits_for_another(
    context: BrowserContext, server: Any, path: str
) -> None:
    page, asked = context.new_page(), set[str]()
    page.on("request", lambda request: asked.add(urlsplit(request.url).path))
    page.goto(f"{server.url}{path}")
    named = page.locator("script[type=module], link[rel=modulepreload]").evaluate_all(
        "all => all.map(each => new URL(each.src || each.href).pathname)"
    )
    scripts = {path for path in asked if path.startswith("/static/js/")}
    assert scripts and scripts == set(named)
    page.close()
