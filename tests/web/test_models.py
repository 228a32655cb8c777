"""Models: list, card, download, delete."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry, ModelLibrary
from app.settings import LIMITS
from app.web.api.models import EXAMPLE, ModelSummary
from tests.conftest import save_small_model

NO_MODEL = [
    "nothing",
    "%2e%2e/x",
    "%2e%2e%2f",
    "..%5c",
    "%00",
    "a" * 10_240,
    "UPPER",
    "-x",
    "small%2f%2e%2e",
    "small%2f%2e%2e%2fsmall",
    "%2e",
    "none/download/none",
    "0191e2a4-8c2f-7c3e-9c47-0242ac120002",
    "runs/01jd0000000000000000000000/checkpoints/100",
    "runs%2f%2e%2e%2fsmall",
    "%F0%9F%98%80",
    "%ff",
    "%0d%0a",
]


def test_the_example_of_the_documents_is_a_model() -> None:
    assert ModelSummary(**EXAMPLE).model_dump() == EXAMPLE


def own(client: TestClient) -> list[dict[str, object]]:
    models = client.get("/api/v1/models").json()["models"]
    return [model for model in models if model["origin"] == "own"]


def test_a_model_is_listed_with_what_one_wants_to_know(
    client: TestClient, small_model: ModelEntry
) -> None:
    [model] = own(client)
    assert model == {
        "name": "small",
        "origin": "own",
        "version": small_model.version,
        "dataset": "mnist",
        "network": "mlp",
        "parameters": 784 * 4 + 4 + 4 * 10 + 10,
        "size_bytes": small_model.size_bytes,
        "classes": list("0123456789"),
        "accuracy": {"test": {"accuracy": 0.1, "n": 100}},
        "accepts": ["image", "strokes", "pixels"],
        "training_seconds": None,
        "latency_ms": None,
        "available": True,
        "unavailable": None,
    }


def test_a_broken_model_is_listed_with_its_reason(
    client: TestClient, small_model: ModelEntry
) -> None:
    (small_model.folder / "card.json").write_text("{}")
    [model] = own(client)
    assert model["available"] is False
    assert model["unavailable"]
    assert model["classes"] == []
    card = client.get("/api/v1/models/small")
    assert (card.status_code, card.json()["card"]) == (200, None)
    assert client.get("/api/v1/models/small/download").status_code == 503


def test_a_list_is_read_page_by_page(client: TestClient, tmp_path: Path) -> None:
    for letter in "cab":
        save_small_model(tmp_path / "models", f"{letter}-model")
    names, cursor = [], {}
    while True:
        page = client.get("/api/v1/models", params={"limit": 2, **cursor}).json()
        names += [model["name"] for model in page["models"]]
        assert len(page["models"]) <= 2
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert names == sorted(names)
    assert {"a-model", "b-model", "c-model"} <= set(names)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": LIMITS.page_size + 1},
        {"limit": 10**9},
        {"limit": "x"},
        {"cursor": "id;drop table"},
        {"cursor": "%" * 500},
        {"cursor": ""},
    ],
)
def test_a_list_takes_no_nonsense(client: TestClient, query: dict[str, str]) -> None:
    assert client.get("/api/v1/models", params=query).status_code == 422


def test_a_model_comes_with_its_card(client: TestClient, small_model: ModelEntry) -> None:
    model = client.get("/api/v1/models/small").json()
    assert model["card"] == json.loads((small_model.folder / "card.json").read_text())
    assert model["version"] == model["card"]["sha256"][:12]


@pytest.mark.parametrize("suffix", ["", "/download"])
def test_whatever_is_no_model_gets_one_and_the_same_answer(
    client: TestClient, small_model: ModelEntry, suffix: str
) -> None:
    answers = [client.get(f"/api/v1/models/{name}{suffix}") for name in NO_MODEL]
    assert {answer.status_code for answer in answers} == {404}
    told = {(a.json()["error"]["code"], a.json()["error"]["message"]) for a in answers[:-1]}
    assert len(told) == 1


def test_a_verb_with_a_wrong_method_is_405_not_an_unknown_model(client: TestClient) -> None:
    answer = client.get("/api/v1/models/small/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.post("/api/v1/models/small/download").status_code == 405
    assert client.delete("/api/v1/models/small/predict").status_code == 405


def test_a_download_holds_the_folder_and_nothing_around_it(
    client: TestClient, small_model: ModelEntry, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    (small_model.folder / "link").symlink_to(tmp_path / "secret")
    (small_model.folder / ".card.json.half").write_text("half")
    answer = client.get("/api/v1/models/small/download")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="small.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["small/card.json", "small/model.safetensors"]
    weights = (small_model.folder / "model.safetensors").read_bytes()
    assert archive.read("small/model.safetensors") == weights


def test_a_model_of_ones_own_can_be_deleted_once(
    client: TestClient, small_model: ModelEntry
) -> None:
    first, second = (client.delete("/api/v1/models/small") for _ in range(2))
    assert (first.status_code, first.content) == (204, b"")
    assert second.status_code == 404
    assert not small_model.folder.exists()
    assert own(client) == []


@pytest.mark.parametrize("name", NO_MODEL)
def test_nothing_else_can_be_deleted(
    client: TestClient, small_model: ModelEntry, name: str
) -> None:
    assert client.delete(f"/api/v1/models/{name}").status_code == 404
    assert small_model.folder.exists()


def test_a_model_that_ships_stays(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    save_small_model(tmp_path / "ships", "given")
    app.state.library = ModelLibrary(tmp_path / "ships", tmp_path / "models")
    answer = client.delete("/api/v1/models/given")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "reserved_name"
    assert client.get("/api/v1/models/given").json()["origin"] == "shipped"
