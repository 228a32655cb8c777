"""What the tests of every room share: settings of their own, an app, a client, a small model."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from app.ml.cards import Card
from app.ml.checkpoints import ModelEntry, ModelLibrary
from app.ml.preprocessing import Preprocessing
from app.settings import Settings

HERE = "http://127.0.0.1:8000"  # the address that a person at this machine opens
LAN = "http://192.168.1.5:8000"  # and one from another machine of the class
TOKEN = "a-teacher's-token-for-tests"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright keeps an event loop running in this thread to the end."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


MakeApp = Callable[..., FastAPI]


@pytest.fixture(autouse=True)
def the_same_chance() -> None:
    """Untrained networks are the same whichever tests ran before; a fresh torch is seeded, too."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """create_app with settings of one's own and an empty data folder; it is not started."""

    def make(**settings: Any) -> FastAPI:
        return create_app(Settings(**{"data_dir": tmp_path, **settings}))

    return make


@pytest.fixture
def app(make_app: MakeApp) -> FastAPI:
    return make_app()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A person at this machine; engine and decoders are not started."""
    return TestClient(app, base_url=HERE, follow_redirects=False)


@pytest.fixture(scope="session")
def running_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole app, started and ready, with one small untrained model called `small`."""
    folder = tmp_path_factory.mktemp("data")
    save_small_model(folder / "models", "small")
    app = create_app(Settings(data_dir=folder, default_model="small"))
    with TestClient(app, base_url=HERE, follow_redirects=False) as client:
        wait_until_ready(client)
        yield client


def wait_until_ready(client: TestClient) -> None:
    deadline = time.monotonic() + 30
    while (answer := client.get("/readyz")).status_code == 503:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


@pytest.fixture
def small_model(tmp_path: Path) -> ModelEntry:
    """An untrained network of one's own, `small`, in the data folder of `app`."""
    return save_small_model(tmp_path / "models", "small")


def save_small_model(folder: Path, name: str) -> ModelEntry:
    import torch

    from app.ml.networks import build

    torch.manual_seed(crc32(name.encode()))  # another name, other weights
    network = build("mlp", {"hidden": [4]}, (1, 28, 28), 10)
    card = Card(
        name=name,
        title="A small one",
        network="mlp",
        hyperparameters={"hidden": [4]},
        classes=tuple("0123456789"),
        preprocessing=Preprocessing("digit", 28, 1, (0.1307,), (0.3081,)),
        dataset="mnist",
        seed=1,
        precision="float32",
        recipe="none",
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        sha256="",
        accuracy={"test": {"accuracy": 0.1, "n": 100}},
        licence="none",
        attribution="nobody",
        limits="It has learnt nothing.",
    )
    return ModelLibrary(folder / "none-ship", folder).save(card, network.state_dict())


async def no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def raw_request(
    app: FastAPI, path: str, headers: list[tuple[bytes, bytes]],
    receive: Callable[[], Awaitable[dict[str, Any]]] = no_body, **scope: Any,
) -> int:  # fmt: skip
    """The status of a request that no client library would send: GET, straight into the app."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    full = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "http_version": "1.1",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 5),
        **scope,
    }
    asyncio.run(app(full, receive, send))
    assert sent[0]["headers"]
    return int(sent[0]["status"])
