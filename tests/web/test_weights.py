"""A model's weights over REST: exactly those that predict."""

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry, read_weights

WEIGHTS = "/api/v1/models/small/weights"


@pytest.mark.usefixtures("small_model")
def test_the_tensors_are_listed_with_their_shapes(client: TestClient) -> None:
    found = client.get(WEIGHTS).json()
    assert found["model"] == "small"
    assert {each["name"]: each["shape"] for each in found["tensors"]} == {
        "layers.1.weight": [4, 784], "layers.1.bias": [4],
        "layers.3.weight": [10, 4], "layers.3.bias": [10],
    }  # fmt: skip


def test_a_tensor_is_what_the_file_holds(client: TestClient, small_model: ModelEntry) -> None:
    answer = client.get(f"{WEIGHTS}/layers.1.weight")
    assert answer.headers["x-shape"] == "4,784"
    found = np.frombuffer(answer.content, "<f4").reshape(4, 784)
    assert np.array_equal(found, read_weights(small_model)["layers.1.weight"].numpy())


@pytest.mark.usefixtures("small_model")
def test_what_is_not_there_is_404(client: TestClient) -> None:
    none = "/api/v1/models/none/weights"
    missing = {
        f"{WEIGHTS}/layers.9.weight": "unknown_tensor",
        none: "unknown_model",
        f"{none}/layers.1.weight": "unknown_model",
    }
    for path, code in missing.items():
        answer = client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


@pytest.mark.usefixtures("small_model")
def test_a_tensor_that_is_too_large_is_not_sent(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.api.weights.MOST", 100)
    assert client.get(f"{WEIGHTS}/layers.1.bias").status_code == 200
    answer = client.get(f"{WEIGHTS}/layers.1.weight")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_large")


def test_changed_weights_are_not_sent(
    app: FastAPI, client: TestClient, small_model: ModelEntry
) -> None:
    small_model.weights.write_bytes(b"other")
    for path in (WEIGHTS, f"{WEIGHTS}/layers.1.weight"):
        assert client.get(path).json()["error"]["code"] == "model_unavailable"
