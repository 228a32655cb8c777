"""A real server, a real Chromium, and hands that draw in it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from app.verbs.doctor import BROWSERS
from tests.browser.digits import Stroke

ROOT = Path(__file__).parents[2]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
START_SECONDS = 60
ELSEWHERE = "phone.test"  # a name under which the server is no secure context
PHONE = {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 3, "is_mobile": True}

Draw = Callable[[Page, Sequence[Stroke]], None]

expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


class Server:
    """`serve` as its own process, on a free port, with an empty data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.datasets = folder / "datasets"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)]
        environment = os.environ | {
            "INKLING_DATA_DIR": str(self.folder / "data"),
            "INKLING_DATASETS_DIR": str(self.datasets),
            "INKLING_ALLOWED_HOSTS": ELSEWHERE,
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail(
                    f"the server did not start:\n{(self.folder / 'server.log').read_text()}"
                )
            time.sleep(0.1)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def mortal_server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test, which may kill it."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose digits can be learnt from; its trainings wait for nobody."""
    from tests.ml.small_files import write_mnist

    server = Server(tmp_path_factory.mktemp("school"))
    write_mnist(server.datasets, 600, 64)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INKLING_WORKER_NICE", "0")
        server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def base_url() -> None:
    """None: pages name their server. (pytest-playwright's own fixture is a warning in pytest 9.)"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = os.environ.get("INKLING_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    executable = {"executable_path": found} if found else {}
    return browser_type_launch_args | {"args": QUIET} | executable


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """Complaints of the pages and requests that left this machine; the test fails on any."""
    found: list[str] = []
    yield found
    assert found == []


def watched(page: Page, problems: list[str]) -> Page:
    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            problems.append(request.url)

    page.on("console", heard)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", asked)
    return page


@pytest.fixture
def page(context: BrowserContext, server: Server, problems: list[str]) -> Page:
    """The drawing page on a desktop."""
    page = watched(context.new_page(), problems)
    page.goto(server.url)
    return page


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext], server: Server, problems: list[str]) -> Page:
    """The drawing page on a phone of 360 x 640 with touch."""
    page = watched(new_context(**PHONE, has_touch=True).new_page(), problems)
    page.goto(server.url)
    return page


@pytest.fixture
def mouse() -> Draw:
    def draw(page: Page, strokes: Sequence[Stroke]) -> None:
        for first, *rest in _on_pad(page, strokes):
            page.mouse.move(*first)
            page.mouse.down()
            for point in rest:
                page.mouse.move(*point, steps=8)
            page.mouse.up()

    return draw


@pytest.fixture
def finger() -> Draw:
    def draw(page: Page, strokes: Sequence[Stroke]) -> None:
        session = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        for first, *rest in _on_pad(page, strokes):
            touch("touchStart", first)
            for point in rest:
                touch("touchMove", point)
            touch("touchEnd")

    return draw


def _on_pad(page: Page, strokes: Sequence[Stroke]) -> list[list[tuple[float, float]]]:
    box = page.locator("#pad canvas").bounding_box()
    assert box, "the pad is not on the page"
    side = box["width"]
    return [[(box["x"] + x * side, box["y"] + y * side) for x, y in stroke] for stroke in strokes]
