"""What a checkpoint makes of many pictures: a real server, run and process that looks."""

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.runs.serving import (
    Server,
    created,
    events,
    finished,
    lasting_client,
    lasting_server,
    longer,
    until,
)

pytestmark = pytest.mark.slow
server, client = lasting_server, lasting_client  # one for the whole file

STROKES = [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]


@pytest.fixture(scope="module")
def model(server: Server, client: httpx.Client) -> str:
    """A reference of a finished run's last checkpoint."""
    run = finished(client, 2)
    folder = server.data / f"runs/{run}/checkpoints"
    return f"runs/{run}/checkpoints/{max(int(path.stem) for path in folder.glob('[0-9]*'))}"


def asked(client: httpx.Client, model: str, what: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1/models/{model}/{what}", params=query, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tried(client: httpx.Client, model: str, **attempt: Any) -> Any:
    answer = client.post(f"/api/v1/models/{model}/resilience", json=attempt, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_test_picture_has_a_place_on_the_map(client: httpx.Client, model: str) -> None:
    found = asked(client, model, "map")
    points = found["points"]
    assert found["of"] == 64 and {len(column) for column in points.values()} == {64}
    assert (found["width"], len(found["classes"])) == (16, 10)
    assert 1 >= found["explained"][0] >= found["explained"][1] > 0
    few = asked(client, model, "map", limit=16)
    assert few["points"]["x"] == points["x"][::4] and few["of"] == 64
    assert asked(client, model, "map", part="validation")["of"] == 128


def test_pushed_pictures_are_read_worse(client: httpx.Client, model: str) -> None:
    found = asked(client, model, "shifts")
    assert (found["n"], found["pixels"]) == (64, list(range(7)))
    assert found["accuracy"][0] > found["accuracy"][6]


def test_a_picture_of_the_map_lies_where_the_map_has_it(client: httpx.Client, model: str) -> None:
    points = asked(client, model, "map", limit=16)["points"]
    answer = client.get(f"/api/v1/models/{model}/picture", params={"point": 5, "limit": 16})
    assert answer.headers["content-type"] == "image/png"
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert pixels.shape == (28, 28)
    told = explained(client, model, "place,neighbours", {"pixels": pixels.tolist()})
    assert told["place"]["x"] == pytest.approx(points["x"][5], abs=0.01)
    assert told["place"]["y"] == pytest.approx(points["y"][5], abs=0.01)
    beyond = client.get(f"/api/v1/models/{model}/picture", params={"point": 16, "limit": 16})
    assert beyond.status_code == 404


def explained(client: httpx.Client, model: str, reasons: str, body: Any) -> Any:
    address = f"/api/v1/models/{model}/explain"
    query = {"reasons": reasons, "layers": "false"}
    answer = client.post(address, params=query, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()["reasons"]


def test_neighbours_are_training_pictures_nearest_first(client: httpx.Client, model: str) -> None:
    found = explained(client, model, "neighbours", {"strokes": STROKES})["neighbours"]
    assert (found["part"], found["n"], len(found["pictures"])) == ("train", 384, 12)
    distances = [each["distance"] for each in found["pictures"]]
    assert distances == sorted(distances) and distances[0] > 0
    assert all(each["picture"].startswith("data:image/png") for each in found["pictures"])


def test_what_excites_a_unit_is_told_for_each_layer(client: httpx.Client, model: str) -> None:
    found = asked(client, model, "exciting", layer="layers.2", unit=3)
    values = [each["value"] for each in found["pictures"]]
    assert len(values) == 9 and values == sorted(values, reverse=True) and found["of"] == 384
    assert found["pictures"][0]["at"] is None and found["part"] == "train"
    for query in ({"layer": "nowhere"}, {"layer": "layers.2", "unit": 16}):
        answer = client.get(f"/api/v1/models/{model}/exciting", params=query)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_there")


def test_a_broken_network_is_tried_on_the_same_pictures(client: httpx.Client, model: str) -> None:
    whole = tried(client, model)
    assert whole["n"] == 64 and whole["right"] == round(64 * whole["accuracy"])
    assert sum(each["right"] for each in whole["per_class"]) == whole["right"]
    silent = tried(client, model, broken={"units": {"layers.2": list(range(16))}})
    assert silent["accuracy"] < whole["accuracy"]
    assert max(each["read_as"] for each in silent["per_class"]) == 64  # one answer to everything
    assert tried(client, model, pictures=10)["n"] == 10
    wrong = {"broken": {"units": {"layers.2": [16]}}}
    refused = client.post(f"/api/v1/models/{model}/resilience", json=wrong, timeout=60)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "not_there")


def test_what_was_found_is_kept_by_the_models_version(
    server: Server, client: httpx.Client, model: str
) -> None:
    asked(client, model, "map")
    kept = list((server.data / "glass").glob("*/test.hidden.safetensors"))
    written = [path.stat().st_mtime_ns for path in kept]
    asked(client, model, "map", limit=3)
    assert kept and [path.stat().st_mtime_ns for path in kept] == written


def test_the_test_part_of_a_run_that_goes_on_stays_closed(
    server: Server, client: httpx.Client
) -> None:
    run = created(client, longer(4000))
    events(client, run, most=30)
    steps = (server.data / f"runs/{run}/checkpoints").glob("[0-9]*.safetensors")
    going_on = f"runs/{run}/checkpoints/{max(int(path.stem) for path in steps)}"
    for answer in (
        client.get(f"/api/v1/models/{going_on}/map"),
        client.post(f"/api/v1/models/{going_on}/resilience", json={}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_finished")
    client.post(f"/api/v1/runs/{run}/stop")
    until(client, run, "stopped")
