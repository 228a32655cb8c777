"""Test pictures pushed aside, over REST: measured once for each version of a model."""

from pathlib import Path

import pytest
import torch
from starlette.testclient import TestClient

from app.main import create_app
from app.ml.checkpoints import ModelLibrary
from app.ml.datasets import load
from app.ml.inference import load_classifier
from app.settings import ROOT, Settings
from tests.conftest import HERE
from tests.ml.small_files import write_mnist


@pytest.mark.parametrize("name", ["mnist-mlp", "mnist-cnn"])
def test_accuracy_falls_as_the_model_itself_says(tmp_path: Path, name: str) -> None:
    write_mnist(tmp_path, 40, 60)
    settings = Settings(data_dir=tmp_path / "data", datasets_dir=tmp_path)
    with TestClient(create_app(settings), base_url=HERE) as client:
        found = client.get(f"/api/v1/models/{name}/shifts").json()
        again = client.get(f"/api/v1/models/{name}/shifts").json()
    assert found == again
    assert (found["n"], found["pixels"], found["dataset"]) == (60, [0, 1, 2, 3, 4, 5, 6], "mnist")
    part = load("mnist", tmp_path, tmp_path / "cache").test
    classifier = load_classifier(ModelLibrary(ROOT / "models", tmp_path / "none").resolve(name))
    for pixels, accuracy in zip(found["pixels"], found["accuracy"], strict=True):
        moved = torch.roll(part.pictures, pixels, 3)
        moved[..., :pixels] = 0
        read = classifier.logits(moved.numpy()).argmax(1)
        assert accuracy == pytest.approx(float((read == part.labels).double().mean()))


def test_without_the_pictures_it_says_so(client: TestClient) -> None:
    answer = client.get("/api/v1/models/none/shifts")
    assert answer.json()["error"]["code"] == "unknown_model"
    with client:
        answer = client.get("/api/v1/models/mnist-mlp/shifts")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_dataset")
