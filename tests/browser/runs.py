"""A finished run for the tests of its page, started over REST."""

import json
import time
import urllib.request
from typing import Any

from tests.browser.conftest import Server
from tests.ml.small_files import write_mnist

SIGMOID = {
    "hidden": [16], "activation": "sigmoid", "epochs": 12, "batch_size": 32, "threads": 1,
    "dataset_options": {"validation_fraction": 0.25}, "learning_rate": 0.003,
}  # fmt: skip


def ask(server: Server, address: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{server.url}/api/v1{address}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def start(server: Server, **choices: Any) -> str:
    """An MLP on 512 drawings of four digits; its id."""
    write_mnist(server.datasets, 512, 64)
    body = {"dataset": "mnist", "network": "mlp", "hyperparameters": {**SIGMOID, **choices}}
    return str(ask(server, "/runs", body)["id"])


def race(server: Server, name: str, **choices: Any) -> str:
    """The same with two activations as variants; its id, once it is finished."""
    write_mnist(server.datasets, 512, 64)
    body = {
        "dataset": "mnist", "network": "mlp", "name": name,
        "hyperparameters": {**SIGMOID, "epochs": 2, **choices},
        "variants": [{"name": f"by {each}", "hyperparameters": {"activation": each}}
                     for each in ("sigmoid", "relu")],
    }  # fmt: skip
    return finish(server, str(ask(server, "/runs", body)["id"]))


def finish(server: Server, run: str) -> str:
    deadline = time.monotonic() + 90
    while (found := ask(server, f"/runs/{run}"))["state"] != "finished":
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return run


def last_step(server: Server, run: str) -> int:
    folder = server.folder / "data/runs" / run / "checkpoints"
    return max(int(path.stem) for path in folder.glob("[0-9]*"))
