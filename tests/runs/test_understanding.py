"""How a run went, over REST: a real server, a real run, a real process that examines."""

import base64
import io
import signal
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

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


@pytest.fixture(scope="module")
def run(client: httpx.Client) -> str:
    """Hardly trained, so that it makes mistakes."""
    return finished(client, 2, learning_rate=0.0002, schedule="constant")


def asked(client: httpx.Client, run: str, what: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1/runs/{run}/{what}", params=query, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client: httpx.Client, run: str, what: str, **query: Any) -> tuple[int, str]:
    answer = client.get(f"/api/v1/runs/{run}/{what}", params=query, timeout=60)
    return answer.status_code, answer.json()["error"]["code"]


def steps(server: Server, run: str) -> list[int]:
    folder = server.data / f"runs/{run}/checkpoints"
    return sorted(int(path.stem) for path in folder.glob("[0-9]*"))


def test_the_matrix_says_what_the_run_measured(
    server: Server, client: httpx.Client, run: str
) -> None:
    told = [event for event in events(client, run) if event["kind"] == "evaluated"][-1]
    found = asked(client, run, "confusion")
    assert found["checkpoint"] == steps(server, run)[-1] == told["step"]
    assert (found["n"], found["part"], len(found["matrix"])) == (128, "validation", 10)
    assert found["accuracy"] == pytest.approx(told["accuracy"])
    assert found["loss"] == pytest.approx(told["loss"], rel=1e-4)
    matrix = np.array(found["matrix"])
    assert matrix.sum() == 128 and matrix.trace() == round(told["accuracy"] * 128)
    assert [score["right"] for score in found["per_class"]] == matrix.diagonal().tolist()
    assert [score["n"] for score in found["per_class"]] == matrix.sum(1).tolist()
    assert sum(each["n"] for each in found["calibration"]) == 128
    assert [layer["name"] for layer in found["layers"]] == ["Hidden layer 1"]


def test_the_test_part_is_the_one_that_was_reported(client: httpx.Client, run: str) -> None:
    last = events(client, run)[-1]
    found = asked(client, run, "confusion", part="test")
    assert (found["n"], found["accuracy"]) == (64, pytest.approx(last["test_accuracy"]))
    assert asked(client, run, "confusion", part="train")["n"] == 384


def test_mistakes_are_those_of_the_matrix_with_their_pictures(
    server: Server, client: httpx.Client, run: str
) -> None:
    matrix = np.array(asked(client, run, "confusion")["matrix"])
    found = asked(client, run, "mistakes", limit=200)
    assert found["total"] == len(found["pictures"]) == matrix.sum() - matrix.trace() > 0
    confidence = [each["confidence"] for each in found["pictures"]]
    assert confidence == sorted(confidence, reverse=True)
    true, predicted = np.argwhere(matrix - np.diag(matrix.diagonal()))[0]
    cell = asked(client, run, "mistakes", true=str(true), predicted=str(predicted), limit=1)
    assert cell["total"] == matrix[true, predicted] and len(cell["pictures"]) == 1
    first = cell["pictures"][0]
    assert (first["true"], first["predicted"]) == (str(true), str(predicted))
    assert first["true_probability"] < first["confidence"]
    seen = Image.open(io.BytesIO(base64.b64decode(first["picture"].partition(",")[2])))
    kept = load_file(server.data / f"runs/{run}/examined/validation.pictures.safetensors")
    assert any(np.array_equal(np.asarray(seen), each[0]) for each in kept["pictures"])


def test_the_diagonal_shows_what_was_read_right_least_confident_first(
    client: httpx.Client, run: str
) -> None:
    matrix = np.array(asked(client, run, "confusion")["matrix"])
    label = int(matrix.diagonal().argmax())
    found = asked(client, run, "mistakes", true=str(label), predicted=str(label))
    assert found["total"] == matrix[label, label]
    confidence = [each["confidence"] for each in found["pictures"]]
    assert confidence == sorted(confidence)


def test_the_first_layer_is_shown_weight_by_weight(
    server: Server, client: httpx.Client, run: str
) -> None:
    step = steps(server, run)[0]
    found = asked(client, run, "weights", checkpoint=step)
    assert (found["kind"], found["units"], found["shown"]) == ("rows", 16, 16)
    assert (found["side"], found["columns"]) == (28, 8)
    sheet = Image.open(io.BytesIO(base64.b64decode(found["sheet"].partition(",")[2])))
    assert sheet.size == (8 * 28, 2 * 28)
    weights = load_file(server.data / f"runs/{run}/checkpoints/{step}.safetensors")
    row = weights["network.layers.1.weight"][9].reshape(28, 28)
    greys = np.asarray(sheet, float)[28:, 28:56]
    assert (greys - 128) / 127 * found["largest"] == pytest.approx(row, abs=found["largest"] / 250)


def test_what_was_examined_is_kept_until_its_checkpoint_changes(
    server: Server, client: httpx.Client, run: str
) -> None:
    step = steps(server, run)[0]
    first = asked(client, run, "confusion", checkpoint=step)
    kept = server.data / f"runs/{run}/examined/{step}.validation.safetensors"
    written = kept.stat().st_mtime_ns
    assert asked(client, run, "confusion", checkpoint=step) == first
    assert kept.stat().st_mtime_ns == written
    (server.data / f"runs/{run}/checkpoints/{step}.safetensors").touch()
    assert asked(client, run, "confusion", checkpoint=step) == first
    assert kept.stat().st_mtime_ns > written


def test_a_checkpoint_is_published_with_what_was_measured_on_validation(
    server: Server, client: httpx.Client, run: str
) -> None:
    step = steps(server, run)[0]
    measured = asked(client, run, "confusion", checkpoint=step)
    body = {"name": "early", "checkpoint": step}
    published = client.post(f"/api/v1/runs/{run}/publish", json=body, timeout=60)
    assert published.status_code == 201, published.text
    shown = client.get("/api/v1/models/early").json()
    validation = shown["accuracy"].pop("mnist validation")
    assert (validation["accuracy"], validation["n"]) == (measured["accuracy"], 128)
    assert shown["accuracy"] == {}
    card = shown["card"]
    assert card["title"].endswith(f"step {step}") and f"step {step}," in card["notes"][-1]
    assert card["recipe"].endswith("--name early")
    strokes = {"strokes": [[[20, 10], [80, 10], [40, 95]]]}
    answers = [
        client.post(f"/api/v1/models/{name}/predict", json=strokes).json()["predictions"]
        for name in ("early", f"runs/{run}/checkpoints/{step}")
    ]
    assert answers[0] == answers[1]
    again = client.post(f"/api/v1/runs/{run}/publish", json=body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "name_taken")
    client.delete("/api/v1/models/early")
    gone = client.post(f"/api/v1/runs/{run}/publish", json={"name": "x", "checkpoint": 10**6})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "unknown_checkpoint")


def test_findings_rest_on_numbers(client: httpx.Client, run: str) -> None:
    found = asked(client, run, "findings")
    keys = [finding["key"] for finding in found["findings"]]
    assert "few_pictures" in keys and "memorises" not in keys
    for finding in found["findings"]:
        assert finding["evidence"]
        assert all(finding[name].endswith(".") for name in ("sentence", "advice", "because"))


def test_what_is_not_there_is_refused_with_a_sentence(
    server: Server, client: httpx.Client, run: str
) -> None:
    assert refused(client, "0" * 26, "confusion") == (404, "unknown_run")
    assert refused(client, run, "confusion", checkpoint=10**6) == (404, "unknown_checkpoint")
    assert refused(client, run, "weights", checkpoint=10**6) == (404, "unknown_checkpoint")
    assert refused(client, run, "findings", checkpoint=10**6) == (404, "unknown_checkpoint")
    assert refused(client, run, "mistakes", true="eleven") == (422, "wrong_choice")
    assert refused(client, run, "confusion", part="all") == (422, "invalid_request")


def test_a_run_that_goes_on_hides_its_test_part_and_one_without_validation_says_so(
    client: httpx.Client,
) -> None:
    run = created(client, longer(4000, dataset_options={"validation_fraction": 0.0}))
    events(client, run, most=30)
    assert refused(client, run, "confusion", part="test") == (409, "not_finished")
    assert refused(client, run, "confusion") == (409, "no_pictures")
    assert asked(client, run, "findings")["checkpoint"] > 0
    client.post(f"/api/v1/runs/{run}/stop")
    until(client, run, "stopped")


def test_a_diverged_run_is_explained(client: httpx.Client) -> None:
    run = created(client, longer(3, learning_rate=1e20, optimizer="sgd", schedule="constant"))
    assert until(client, run, "failed")["reason"] == "diverged"
    found = asked(client, run, "findings")["findings"]
    assert found[0]["key"] == "rate_too_high"


def test_an_examining_process_that_is_killed_is_started_again(
    server: Server, client: httpx.Client, run: str
) -> None:
    import os
    import subprocess

    asked(client, run, "confusion")
    (server.data / f"runs/{run}/checkpoints/{steps(server, run)[-1]}.safetensors").touch()
    asked(client, run, "confusion")
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True)
    (victim,) = [
        int(line.split()[0])
        for line in listing.stdout.splitlines()
        if "app.ml.examiner" in line and int(line.split()[1]) == server.process.pid
    ]
    os.kill(victim, signal.SIGKILL)
    (server.data / f"runs/{run}/checkpoints/{steps(server, run)[-1]}.safetensors").touch()
    answer = client.get(f"/api/v1/runs/{run}/confusion", timeout=60)
    if answer.status_code == 503:  # it died while it was asked
        answer = client.get(f"/api/v1/runs/{run}/confusion", timeout=60)
    assert answer.status_code == 200, answer.text


def test_each_variant_is_understood_published_and_asked_by_itself(
    server: Server, client: httpx.Client
) -> None:
    names = ("sigmoid", "relu")
    variants = [{"name": name, "hyperparameters": {"activation": name}} for name in names]
    run = created(client, {**longer(1), "variants": variants})
    told = [event for event in events(client, run) if event["kind"] == "evaluated"]
    losses = {event["variant"]: event["loss"] for event in told}
    assert losses[0] != losses[1]
    for variant, name in enumerate(names):
        found = asked(client, run, "confusion", variant=variant)
        assert found["loss"] == pytest.approx(losses[variant], rel=1e-4)
        assert found["layers"][0]["activation"] == name
        asked(client, run, "findings", variant=variant)
        wrong = round((1 - found["accuracy"]) * found["n"])
        assert asked(client, run, "mistakes", variant=variant)["total"] == wrong
    sheets = [asked(client, run, "weights", variant=variant)["sheet"] for variant in (0, 1)]
    assert sheets[0] != sheets[1]
    for what in ("confusion", "mistakes", "findings", "weights"):
        assert refused(client, run, what, variant=2) == (404, "unknown_checkpoint")

    step = found["checkpoint"]
    wanted = {"name": "second", "variant": 1, "checkpoint": step}
    client.post(f"/api/v1/runs/{run}/publish", json=wanted).raise_for_status()
    card = client.get("/api/v1/models/second").json()["card"]
    assert card["hyperparameters"]["activation"] == "relu"
    seven = {"strokes": [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]}
    asks = ("second", f"runs/{run}/checkpoints-1/{step}")
    answers = [client.post(f"/api/v1/models/{name}/predict", json=seven).json() for name in asks]
    assert answers[0]["predictions"] == answers[1]["predictions"]
