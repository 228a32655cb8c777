"""The pages /models and /models/NAME, and the times that they tell."""

import json
import time
from pathlib import Path

from starlette.testclient import TestClient

from app.ml.checkpoints import CARD, ModelEntry
from app.web.latency import Latency


def test_models_are_listed_with_their_numbers_and_broken_ones_with_their_reason(
    client: TestClient, small_model: ModelEntry
) -> None:
    broken = small_model.folder.parent / "bad-one"
    broken.mkdir()
    (broken / CARD).write_text("{}")
    page = client.get("/models").text
    assert 'href="/models/small"' in page and "10.00\u202f%" in page
    assert "Cannot be used: card.json cannot be used" in page
    listed = {each["name"]: each for each in client.get("/api/v1/models").json()["models"]}
    assert listed["bad-one"]["latency_ms"] is None
    assert client.get("/models/bad-one").status_code == 200


def test_a_card_tells_how_it_was_made_and_what_it_cannot_do(
    client: TestClient, small_model: ModelEntry
) -> None:
    page = client.get("/models/small").text
    for words in ("A small one", "It has learnt nothing.", "It cannot say", "/models/small/glass"):
        assert words in page
    assert 'id="delete"' in page  # at this machine one is the teacher
    assert client.get("/models/none-such").status_code == 404
    assert client.get("/models/../etc").status_code == 404
    shipped = client.get("/models/mnist-cnn").text
    assert "./run train mnist-cnn" in shipped and 'id="delete"' not in shipped


def test_a_time_is_measured_once_and_kept(tmp_path: Path, small_model: ModelEntry) -> None:
    latency = Latency(tmp_path / "latency.json")
    assert latency.known(small_model) is None
    deadline = time.monotonic() + 60
    while (found := latency.known(small_model)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    latency.stop()
    assert found > 0
    kept = json.loads((tmp_path / "latency.json").read_text())
    assert kept == {small_model.version: found}
    assert Latency(tmp_path / "latency.json").known(small_model) == found
    (tmp_path / "latency.json").write_text("[1")
    again = Latency(tmp_path / "latency.json")
    assert again.known(small_model) is None
    again.stop()
