"""A run's checkpoints predict like models, by reference: over REST and on the command line."""

import json
import subprocess
import sys
from math import log
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.ml.checkpoints import ModelLibrary, UnavailableModel, UnknownModel
from app.settings import ROOT
from tests.runs.serving import (
    Server,
    finished,
    lasting_client,
    lasting_server,
)

pytestmark = pytest.mark.slow
server, client = lasting_server, lasting_client  # one for the whole file
SEVEN = {"strokes": [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]}


@pytest.fixture(scope="module", params=[0.0, 0.9], ids=["own weights", "averaged weights"])
def run(request: pytest.FixtureRequest, client: httpx.Client) -> str:
    """A finished one, published under its own name."""
    run = finished(client, 3, ema=request.param)
    client.post(f"/api/v1/runs/{run}/publish", json={"name": run}).raise_for_status()
    return run


def last_checkpoint(server: Server, run: str) -> str:
    steps = [int(path.stem) for path in (server.data / f"runs/{run}/checkpoints").glob("[0-9]*")]
    return f"runs/{run}/checkpoints/{max(steps)}"


def predictions(client: httpx.Client, reference: str) -> Any:
    answer = client.post(f"/api/v1/models/{reference}/predict?top_k=10", json=SEVEN)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


def test_the_last_checkpoint_predicts_as_the_model_that_was_published(
    server: Server, client: httpx.Client, run: str
) -> None:
    reference = last_checkpoint(server, run)
    found = predictions(client, reference)
    assert predictions(client, reference.replace("/", "%2F")) == found
    published = predictions(client, run)
    assert [each["label"] for each in published] == [each["label"] for each in found]
    # as sure as its temperature says, which was found when the training ended
    logs = [[log(each["probability"]) for each in answer] for answer in (found, published)]
    before, after = ([value - line[0] for value in line[1:]] for line in logs)
    temperature = client.get(f"/api/v1/models/{run}").json()["card"]["temperature"]
    assert [value / temperature for value in before] == pytest.approx(after, rel=1e-3)


def test_a_checkpoint_has_a_card_without_a_measured_accuracy(
    server: Server, client: httpx.Client, run: str
) -> None:
    reference = last_checkpoint(server, run)
    shown = client.get(f"/api/v1/models/{reference}").json()
    assert (shown["name"], shown["origin"], shown["accuracy"]) == (reference, "run", {})
    assert shown["card"]["title"] == f"MLP trained on MNIST, step {reference.rpartition('/')[2]}"
    assert shown["parameters"] == client.get(f"/api/v1/models/{run}").json()["parameters"]
    answer = client.post(f"/api/v1/models/{reference}/predict", json=SEVEN).json()
    assert (answer["model"], answer["version"]) == (reference, shown["version"])
    listed = [model["name"] for model in client.get("/api/v1/models").json()["models"]]
    assert reference not in listed


def test_a_checkpoint_is_neither_downloaded_nor_deleted_as_a_model(
    server: Server, client: httpx.Client, run: str
) -> None:
    address = f"/api/v1/models/{last_checkpoint(server, run)}"
    assert client.get(f"{address}/download").json()["error"]["code"] == "not_published"
    assert client.delete(address).status_code == 404
    assert client.get(address).status_code == 200


def test_a_checkpoint_that_is_gone_is_an_unknown_model(
    server: Server, client: httpx.Client, run: str
) -> None:
    for step in ("999999", "01", "-1", "1/..", "x"):
        answer = client.get(f"/api/v1/models/runs/{run}/checkpoints/{step}")
        assert answer.status_code == 404, step
    file = sorted((server.data / f"runs/{run}/checkpoints").glob("[0-9]*"))[0]
    reference = f"runs/{run}/checkpoints/{file.stem}"
    predictions(client, reference)
    content = file.read_bytes()
    file.unlink()
    answer = client.post(f"/api/v1/models/{reference}/predict", json=SEVEN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")
    file.write_bytes(content)
    predictions(client, reference)


def test_a_damaged_checkpoint_is_unavailable_with_a_sentence(
    server: Server, client: httpx.Client, run: str
) -> None:
    file = server.data / f"runs/{run}/checkpoints/7.safetensors"
    file.write_bytes(b"no tensors at all")
    answer = client.post(f"/api/v1/models/runs/{run}/checkpoints/7/predict", json=SEVEN)
    file.unlink()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_unavailable")


def test_the_command_line_evaluates_and_predicts_with_a_reference(
    server: Server, client: httpx.Client, run: str
) -> None:
    folders = {"INKLING_DATA_DIR": str(server.data), "INKLING_DATASETS_DIR": str(server.datasets)}
    reference = last_checkpoint(server, run)
    told = {}
    for name in (reference, run):
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "evaluate", name, "--json"],
            cwd=ROOT, env=folders, capture_output=True, text=True, check=True,
        )  # fmt: skip
        told[name] = json.loads(done.stdout.splitlines()[-1])
    assert told[reference].pop("model") == reference and told[run].pop("model") == run
    for (
        found
    ) in told.values():  # a checkpoint has no temperature yet, and takes nothing for strange
        for key in ("ece", "ece_before", "unfamiliar"):
            found.pop(key)
    assert told[reference] == told[run]


def test_references_are_unknown_to_a_library_without_runs(tmp_path: Path) -> None:
    reference = f"runs/{'0' * 26}/checkpoints/1"
    with pytest.raises(UnknownModel):
        ModelLibrary(tmp_path, tmp_path).resolve(reference)
    library = ModelLibrary(tmp_path, tmp_path, tmp_path)
    with pytest.raises(UnknownModel):
        library.resolve(reference)
    folder = tmp_path / ("0" * 26) / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    with pytest.raises(UnavailableModel, match=r"card\.json cannot be used"):
        library.resolve(reference)
