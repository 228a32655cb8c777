"""The page for people."""

from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import __version__
from app.ml.checkpoints import ModelEntry
from app.ml.training_spec import TrainingSpec
from app.runs.states import State
from app.runs.store import Store
from app.settings import ROOT
from tests.conftest import LAN, TOKEN, MakeApp, raw_request


class Addresses(HTMLParser):
    """Every address that a page loads, and whatever a strict policy would block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("script", "img", "link") and (
            address := attributes.get("src") or attributes.get("href")
        ):
            self.found.append(address)
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.inline.append(tag)
        self.inline += [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize(
    "path", ["/", "/train", "/compare", "/docs", "/models/mnist-cnn/glass", "/nothing"]
)
def test_pages_load_only_files_that_are_there_and_run_nothing_inline(
    client: TestClient, small_model: ModelEntry, path: str
) -> None:
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    addresses = Addresses(page.text)
    assert addresses.inline == []
    assert addresses.found
    for address in addresses.found:
        assert client.get(address).status_code == 200, address


def test_the_draw_page_offers_the_models(client: TestClient, small_model: ModelEntry) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "small" in page.text
    assert __version__ in page.text


def resting_run(app: FastAPI, name: str = "") -> str:
    """A run that no worker takes; its id."""
    settings = app.state.settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = Store(settings.store_url)
    store.create_tables()
    run = store.create(TrainingSpec("mnist", "mlp").to_json(), name)
    store.move(run, State.PAUSED)
    store.close()
    return run


def test_the_training_pages_tell_a_stranger_that_only_the_teacher_trains(make_app: MakeApp) -> None:
    app = make_app(host="0.0.0.0", token=TOKEN)
    stranger = TestClient(app, base_url=LAN)
    assert "only the teacher can train" in stranger.get("/train").text
    headers = {"Authorization": f"Bearer {TOKEN}"}
    run = resting_run(app)
    assert "only the teacher can train" not in stranger.get("/train", headers=headers).text
    assert 'id="controls"' not in stranger.get(f"/runs/{run}").text
    assert 'id="controls"' in stranger.get(f"/runs/{run}", headers=headers).text


def test_what_a_run_is_called_is_escaped(app: FastAPI, client: TestClient) -> None:
    run = resting_run(app, "'><img src=x onerror=alert(7)>")
    page = client.get(f"/runs/{run}")
    assert page.status_code == 200
    assert "<img src=x" not in page.text
    assert Addresses(page.text).inline == []


def test_runs_are_compared_by_their_address_and_missing_ones_are_left_out(
    app: FastAPI, client: TestClient
) -> None:
    first, second = resting_run(app, "<first>"), resting_run(app, "second")
    page = client.get(f"/compare?runs={first},nonsense,{26 * '0'},{second},{first}").text
    assert page.count(first) == 1 and second in page
    assert "<first>" not in page
    assert Addresses(page).inline == []
    assert "None of these runs is there" in client.get("/compare?runs=nonsense").text


@pytest.mark.parametrize("run", [26 * "0", "first", "01JD8Z"])
def test_a_run_that_is_not_there_is_a_page_not_found(client: TestClient, run: str) -> None:
    page = client.get(f"/runs/{run}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "There is no such run" in page.text


def test_the_draw_page_works_without_any_model(client: TestClient) -> None:
    assert client.get("/").status_code == 200


def test_a_broken_model_does_not_break_the_page(
    client: TestClient, small_model: ModelEntry
) -> None:
    (small_model.folder / "card.json").write_text("<script>alert(1)</script>")
    page = client.get("/")
    assert page.status_code == 200
    assert "alert" not in page.text


def test_what_a_card_says_is_escaped(client: TestClient, small_model: ModelEntry) -> None:
    card = small_model.folder / "card.json"
    card.write_text(card.read_text().replace('"7"', '"<img src=x onerror=alert(7)>"'))
    assert "<img src=x" not in client.get("/").text


def test_a_head_request_gets_no_body(client: TestClient) -> None:
    answer = client.head("/")
    assert answer.status_code == 200
    assert answer.content == b""


def test_an_error_page_names_no_file_and_no_class(app: FastAPI, client: TestClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html"}).text
    assert str(ROOT) not in page
    assert "Traceback" not in page
    assert "Not Found" in page


# Static files: WEB-08


@pytest.mark.parametrize(
    "path",
    [
        "/static/../README.md",
        "/static/../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2fetc/passwd",
        "/static//etc/passwd",
        "/static/..%5c..%5cetc%5cpasswd",
        "/static/%00",
        "/static/" + "a" * 5000,
        "/static/../static-secret/key",
        "/static/",
        "/static",
        "/static/js",
        "//etc/passwd",
    ],
)
def test_nothing_outside_static_is_served(app: FastAPI, path: str) -> None:
    headers = [(b"host", b"localhost")]
    assert raw_request(app, unquote(path), headers, raw_path=path.encode()) == 404


def test_static_files_are_asked_for_again_but_not_sent_again(client: TestClient) -> None:
    first = client.get("/static/style.css")
    assert first.text == (ROOT / "static" / "style.css").read_text()
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_fifty_thousand_ranges_are_no_trouble(client: TestClient) -> None:
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(50_000))
    assert client.get("/static/style.css", headers={"Range": ranges}).status_code in (200, 206, 416)
