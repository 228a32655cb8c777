"""The drawing page in a frame of another site: where it is allowed, and where it is not."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, FrameLocator, Page, expect

from tests.browser.conftest import Server
from tests.browser.digits import CROSSED_SEVEN, THREE, Stroke
from tests.browser.reading import expect_answer
from tests.browser.test_everyone import violations
from tests.browser.test_share import show


class Site:
    """Another web site: each of its pages is one frame of an address."""

    def __init__(self) -> None:
        self.frame = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                page = '<!doctype html><html lang="en"><link rel="icon" href="data:,">'
                self.wfile.write(f"{page}<title>A school</title>{site.frame}".encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.origin = f"http://localhost:{self.server.server_port}"  # for a browser another site

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="module")
def embeddable(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Server]:
    """A server that lists the other site."""
    server = Server(tmp_path_factory.mktemp("embeddable"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKLING_EMBED_ORIGINS", f"https://school.example,{site.origin}")
        server.start()
    yield server
    server.kill()


def framed(page: Page, site: Site, frame: str) -> FrameLocator:
    site.frame = frame
    page.goto(site.origin)
    return page.frame_locator("iframe")


def draw_in(page: Page, frame: FrameLocator, strokes: list[Stroke]) -> None:
    box: Any = frame.locator("#pad canvas").bounding_box()
    for stroke in strokes:
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["width"], steps=8)
            if i == 0:
                page.mouse.down()
        page.mouse.up()


def iframe(address: str) -> str:
    return f'<iframe src="{address}" title="Inkling" width="360" height="720"></iframe>'


def test_a_listed_page_shows_the_pad_in_a_frame_and_one_draws_in_it(
    context: BrowserContext, site: Site, embeddable: Server
) -> None:
    page = context.new_page()
    frame = framed(page, site, iframe(f"{embeddable.url}/?embed"))
    expect(frame.locator(".sure")).to_have_text("No digit yet")
    draw_in(page, frame, CROSSED_SEVEN)
    expect(frame.locator("#answer output")).to_have_text(re.compile("^7, .* sure$"))
    for part in ("header", "footer", ".panel", ".skip"):
        expect(frame.locator(part)).to_have_count(0)
    expect(frame.locator(".bring")).to_be_hidden()
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Open in Inkling").click()
    expect_answer(opened.value, "7")
    assert opened.value.url.startswith(f"{embeddable.url}/#model=digits-cnn&ink=")
    expect(opened.value.locator("header")).to_be_visible()


def test_the_snippet_to_copy_shows_the_same_drawing_in_the_frame(
    context: BrowserContext, site: Site, embeddable: Server, mouse: Any
) -> None:
    page = context.new_page()
    page.goto(embeddable.url)
    page.get_by_label("Model").select_option("mnist-cnn")
    mouse(page, THREE)
    expect_answer(page, "3")
    sure = page.locator(".sure").inner_text()
    frame = framed(page, site, show(page, "Web page"))
    expect(frame.get_by_role("link", name="Open in Inkling")).to_be_visible()
    fits = "({scrollHeight, clientHeight}) => scrollHeight <= clientHeight"
    assert frame.locator(":root").evaluate(fits)
    expect(frame.locator(".guess")).to_have_text("3")
    expect(frame.locator(".sure")).to_have_text(sure)
    expect(frame.get_by_label("Model")).to_have_value("mnist-cnn")


@pytest.mark.parametrize("path", ["/", "/docs", "/?embedded", "/static/favicon.svg"])
def test_no_other_page_is_shown_in_a_frame_even_by_a_listed_page(
    context: BrowserContext, site: Site, embeddable: Server, path: str
) -> None:
    assert is_blocked(context, site, embeddable.url + path)


def test_a_page_that_is_not_listed_gets_a_blocked_frame(
    context: BrowserContext, site: Site, server: Server
) -> None:
    assert is_blocked(context, site, f"{server.url}/?embed")


def is_blocked(context: BrowserContext, site: Site, address: str) -> bool:
    page = context.new_page()

    def refused(message: ConsoleMessage) -> bool:
        return "frame-ancestors 'none'" in message.text.replace('"', "")

    with page.expect_console_message(refused):
        frame = framed(page, site, iframe(address))
    return frame.locator("main, svg").count() == 0


def test_the_frame_keeps_no_drawing_for_another_frame_of_the_page(
    context: BrowserContext, site: Site, embeddable: Server
) -> None:
    page = context.new_page()
    frame = framed(page, site, iframe(f"{embeddable.url}/?embed"))
    draw_in(page, frame, CROSSED_SEVEN)
    expect(frame.locator(".guess")).to_have_text("7")
    page.reload()
    expect(frame.locator(".sure")).to_have_text("No digit yet")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_embedded_page(
    page: Page, server: Server, mouse: Callable[..., None], scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{server.url}/?embed")
    mouse(page, THREE)
    expect_answer(page, "3")
    assert violations(page) == []


def test_a_narrow_frame_does_not_scroll_sideways(phone: Page, server: Server) -> None:
    phone.goto(f"{server.url}/?embed")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
