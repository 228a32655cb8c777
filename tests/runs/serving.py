"""A real server with real workers, and how tests of runs talk to it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings import ROOT

SPEC: dict[str, Any] = {
    "dataset": "mnist", "network": "mlp", "hyperparameters": {"hidden": [16]},
    "dataset_options": {"validation_fraction": 0.25}, "epochs": 4, "batch_size": 16,
    "precision": "float32", "threads": 1,
}  # fmt: skip
MLP = {
    "dataset": "mnist", "network": "mlp",
    "hyperparameters": {
        "hidden": [16], "epochs": 4, "batch_size": 16, "precision": "float32", "threads": 1,
        "dataset_options": SPEC["dataset_options"],
    },
}  # fmt: skip


def longer(epochs: int, **changes: Any) -> dict[str, Any]:
    return {**MLP, "hyperparameters": {**MLP["hyperparameters"], "epochs": epochs, **changes}}


class Server:
    """`serve` in a process of its own; ended and started again by the tests."""

    def __init__(self, data: Path, datasets: Path) -> None:
        self.data, self.datasets, self.port = data, datasets, 0

    def start(self) -> httpx.Client:
        environment = os.environ | {
            "INKLING_DATA_DIR": str(self.data), "INKLING_DATASETS_DIR": str(self.datasets),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", "serve", "--port", str(self.port)],
            cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT)}, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        opened = next(line for line in self.process.stdout if line.startswith("open"))
        address = opened.split()[1]
        self.port = int(address.rstrip("/").rpartition(":")[2])
        return httpx.Client(base_url=address, timeout=30)

    def end(self, how: int = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


def created(client: httpx.Client, body: dict[str, Any]) -> str:
    answer = client.post("/api/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def finished(client: httpx.Client, epochs: int, **changes: Any) -> str:
    """A run that is over."""
    run = created(client, longer(epochs, **changes))
    assert events(client, run)[-1]["kind"] == "finished"
    return run


def events(client: httpx.Client, run: str, after: int = 0, most: int = 10**9) -> list[Any]:
    """From the stream, until it ends or so many came."""
    found: list[Any] = []
    headers = {"Last-Event-ID": str(after)}
    with client.stream("GET", f"/api/v1/runs/{run}/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: end"):
                return found
            if line.startswith("data: ") and len(line) > 10:
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) >= most:
                return found
    raise AssertionError("the stream was cut off")


def until(client: httpx.Client, run: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(f"/api/v1/runs/{run}").json()
        if found["state"] in states:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


@pytest.fixture(scope="module")
def lasting_server(tmp_path_factory: pytest.TempPathFactory, small_mnist: Path) -> Iterator[Server]:
    """One for all tests of a file."""
    server = Server(tmp_path_factory.mktemp("data"), small_mnist)
    yield server
    server.end()


@pytest.fixture(scope="module")
def lasting_client(server: Server) -> Iterator[httpx.Client]:
    with server.start() as client:
        yield client
