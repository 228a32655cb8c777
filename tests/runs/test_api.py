"""Runs over REST, with a real server, real workers and a real stream."""

import contextlib
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
import torch
from starlette.testclient import TestClient

from app.runs.store import QUEUE
from app.settings import ROOT
from tests.conftest import HERE, MakeApp
from tests.runs.serving import MLP, SPEC, Server, created, events, longer, until

pytestmark = pytest.mark.slow


def test_a_run_is_watched_to_its_end_published_and_predicts(client: httpx.Client) -> None:
    run = created(client, {**MLP, "name": "first"})
    found = events(client, run)
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    assert found[0]["kind"] == "queued" and found[-1]["kind"] == "finished"
    assert events(client, run) == found, "a finished run tells the same again"
    assert events(client, run, after=50) == found[50:]
    steps = [event for event in found if event["kind"] == "step"]
    assert len(client.get(f"/api/v1/runs/{run}/points.csv").text.splitlines()) == len(steps) + 4 + 1

    board = client.get(f"/api/v1/runs/{run}/tensorboard")
    assert "events.out.tfevents." in board.headers["Content-Disposition"]
    assert board.content.count(b"loss/training") == len(steps)
    assert board.content.count(b"accuracy/test") == 1

    published = client.post(f"/api/v1/runs/{run}/publish", json={"name": "mine"})
    assert published.status_code == 201
    assert published.json()["accuracy"]["mnist test"]["n"] == 64
    refused = client.post(f"/api/v1/runs/{run}/resume")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "illegal_move")
    assert "Continue it for more epochs" in refused.json()["error"]["message"]
    card = client.get("/api/v1/models/mine").json()["card"]
    assert card["recipe"].endswith("--name mine")
    again = client.post(f"/api/v1/runs/{run}/publish", json={"name": "mine"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "name_taken")
    replaced = client.post(f"/api/v1/runs/{run}/publish", json={"name": "mine", "replace": True})
    assert replaced.status_code == 201
    seven = {"strokes": [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]}
    answer = client.post("/api/v1/models/mine/predict", json=seven).json()
    assert answer["model"] == "mine" and len(answer["predictions"]) == 5

    assert client.delete(f"/api/v1/runs/{run}").status_code == 204
    assert client.get(f"/api/v1/runs/{run}/events").status_code == 404
    assert client.get("/api/v1/models/mine").status_code == 200, "a model outlives its run"


def test_a_run_with_a_leak_and_wrong_labels_says_so_and_so_does_its_model(
    client: httpx.Client,
) -> None:
    options = {**SPEC["dataset_options"], "leak": 0.5, "label_noise": 0.2}
    run = created(client, longer(1, dataset_options=options))
    notes = until(client, run, "finished")["notes"]
    assert "50 % of the test pictures" in notes[0] and "20 % of the labels" in notes[1]
    step = next(event for event in events(client, run) if event["kind"] == "step")
    assert step["gradient_norm"] > 0
    client.post(f"/api/v1/runs/{run}/publish", json={"name": "spoilt"})
    assert client.get("/api/v1/models/spoilt").json()["card"]["notes"] == notes


def test_a_wrong_last_event_id_gets_a_sentence(client: httpx.Client) -> None:
    for number in ("", "x", "-1", "1.5", "9" * 40):
        headers = {"Last-Event-ID": number}
        answer = client.get(f"/api/v1/runs/{'0' * 26}/events", headers=headers)
        assert answer.status_code == 422
        assert "number of the last event you have" in answer.json()["error"]["message"]


def test_a_run_is_paused_resumed_steered_and_stopped(client: httpx.Client) -> None:
    run = created(client, longer(4000, schedule="constant"))
    events(client, run, most=40)
    assert client.delete(f"/api/v1/runs/{run}").status_code == 409
    assert client.post(f"/api/v1/runs/{run}/publish", json={"name": "x"}).status_code == 409
    client.post(f"/api/v1/runs/{run}/pause")
    seq = until(client, run, "paused")["last_seq"]
    assert client.patch(f"/api/v1/runs/{run}", json={"learning_rate": 0.1}).status_code == 409
    client.post(f"/api/v1/runs/{run}/resume")
    assert [event["kind"] for event in events(client, run, after=seq, most=2)] == [
        "queued", "resumed",
    ]  # fmt: skip
    assert client.patch(f"/api/v1/runs/{run}", json={"learning_rate": 1e-5}).status_code == 200
    changed = next(e for e in events(client, run, seq, most=400) if e["kind"] == "changed")
    assert changed["learning_rate"] == 1e-5
    client.post(f"/api/v1/runs/{run}/stop")
    assert until(client, run, "stopped")["reason"] is None


def test_a_run_goes_on_while_its_server_is_dead_and_the_stream_has_every_point_once(
    server: Server,
) -> None:
    with server.start() as client:
        run = created(client, longer(100))
        before = events(client, run, most=100)
    server.end()
    time.sleep(0.5)
    with server.start() as client:
        after = events(client, run, after=before[-1]["seq"])
        assert [e["seq"] for e in before + after] == list(range(1, len(before + after) + 1))
        assert [e["step"] for e in before + after if e["kind"] == "step"] == list(range(1, 2401))
        assert after[-1]["kind"] == "finished"
        assert "resumed" not in {event["kind"] for event in after}, "it was never interrupted"


def test_a_request_that_is_sent_again_starts_nothing_even_after_a_restart(server: Server) -> None:
    first = {"Idempotency-Key": "first"}
    with server.start() as client:
        run = client.post("/api/v1/runs", json=MLP, headers=first).json()["id"]
    server.end()
    with server.start() as client:
        again = client.post("/api/v1/runs", json=MLP, headers=first)
        assert (again.status_code, again.json()["id"]) == (201, run)
        other = client.post("/api/v1/runs", json=longer(5), headers=first)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "key_taken")
        assert len(client.get("/api/v1/runs").json()["runs"]) == 1


def test_a_run_whose_process_is_silent_is_stalled_until_it_goes_on(client: httpx.Client) -> None:
    run = created(client, longer(4000))
    until(client, run, "running")
    pid = worker_process(run)
    stop_between_writes(client, run, pid)
    until_stalled(client, run, True)
    os.kill(pid, signal.SIGCONT)
    until_stalled(client, run, False)
    assert client.get(f"/api/v1/runs/{run}").json()["state"] == "running"


def stop_between_writes(client: httpx.Client, run: str, pid: int) -> None:
    """Not in the middle of a commit: the database would stay locked with it."""
    for _ in range(50):
        os.kill(pid, signal.SIGSTOP)
        with contextlib.suppress(httpx.TimeoutException):
            if client.get(f"/api/v1/runs/{run}", timeout=2).status_code == 200:
                return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)
    raise AssertionError("it is always in the middle of a commit")


def worker_process(run: str) -> int:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"app.runs.worker\0{run}".encode() in path.read_bytes():
                return int(path.parent.name)
    raise AssertionError("no worker has it")


def until_stalled(client: httpx.Client, run: str, stalled: bool) -> None:
    deadline = time.monotonic() + 60
    while client.get(f"/api/v1/runs/{run}").json()["stalled"] != stalled:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_variants_race_in_one_run_that_a_lesson_keeps_out_of_the_list(client: httpx.Client) -> None:
    names = ("sigmoid", "relu")
    variants = [{"name": name, "hyperparameters": {"activation": name}} for name in names]
    lesson = {**longer(4, dataset_options={**SPEC["dataset_options"], "pictures": 64})}
    run = created(client, {**lesson, "variants": variants, "purpose": "lesson"})
    found = events(client, run)
    assert {e["variant"] for e in found if e["kind"] == "step"} == {0, 1}
    assert [e["variant"] for e in found if e["kind"] == "ended"] == [0, 1]
    answer = client.get(f"/api/v1/runs/{run}").json()
    assert (answer["variants"], answer["purpose"]) == (variants, "lesson")
    assert client.get("/api/v1/runs").json()["runs"] == []
    for variant in (0, 1):
        listed = client.get(f"/api/v1/runs/{run}/checkpoints", params={"variant": variant}).json()
        assert listed["checkpoints"][-1]["epoch"] == 4
    published = client.post(f"/api/v1/runs/{run}/publish", json={"name": "second", "variant": 1})
    assert published.status_code == 201
    card = client.get("/api/v1/models/second").json()["card"]
    assert card["hyperparameters"]["activation"] == "relu"
    refused = client.patch(f"/api/v1/runs/{run}", json={"learning_rate": 0.1})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "has_variants")


def test_what_waits_has_a_place_and_can_be_stopped_before_its_turn(client: httpx.Client) -> None:
    first = created(client, longer(4000))
    second, third = created(client, MLP), created(client, MLP)
    until(client, first, "running")
    places = [client.get(f"/api/v1/runs/{run}").json()["place"] for run in (first, second, third)]
    assert places == [None, 1, 2]
    assert client.post(f"/api/v1/runs/{second}/stop").json()["state"] == "stopped"
    assert client.get(f"/api/v1/runs/{third}").json()["place"] == 1
    listed = client.get("/api/v1/runs", params={"limit": 2}).json()
    assert [run["id"] for run in listed["runs"]] == [third, second]
    rest = client.get("/api/v1/runs", params={"cursor": listed["next"]}).json()
    assert [run["id"] for run in rest["runs"]] == [first] and rest["next"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"recipe": "none"}, "recipe"),
        ({"dataset": "none", "network": "mlp"}, "dataset"),
        ({"dataset": "mnist"}, "network"),
        (longer(0), "epochs"),
        (longer(1, learning_rate="fast"), "learning_rate"),
        (longer(1, optimizer="adam"), "optimizer"),
        *([] if torch.cuda.is_available() else [(longer(1, device="cuda"), "device")]),
        (longer(1, hidden=[0]), "hidden"),
        (longer(1, activation="step"), "activation"),
        (longer(1, augmentation={"turn": 1}), "augmentation"),
        (longer(1, augmentation={"rotate": 1e9}), "augmentation.rotate"),
        (longer(1, dataset_options={"leek": 1}), "dataset_options"),
        (longer(1, dataset_options=[]), "dataset_options"),
        (longer(1, dataset_options={"leak": 1.1}), "dataset_options.leak"),
        (longer(1, dataset_options={"label_noise": "all"}), "dataset_options.label_noise"),
        (longer(1, colour="red"), "colour"),
        ({**longer(1), "variants": [{"name": "a", "hyperparameters": {"hidden": [0]}}]},
         "variants.0.hidden"),
        ({**longer(1), "variants": [{"name": "a", "hyperparameters": {"epochs": 2}}]},
         "variants.0.epochs"),
        ({**longer(17), "purpose": "lesson"}, "epochs"),
        ({**MLP, "network": "cnn", "hyperparameters": {"blocks": [{"channels": 4, "pool": 4}] * 4}},
         "blocks.2.pool"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_work_is_named_with_a_sentence(
    choosing: httpx.Client, body: dict[str, Any], field: str
) -> None:
    answer = choosing.post("/api/v1/runs", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "wrong_choice", field)
    assert len(error["message"]) > 10


@pytest.fixture(scope="module")
def choosing(tmp_path_factory: pytest.TempPathFactory, small_mnist: Path) -> Iterator[httpx.Client]:
    """One server for all questions that start nothing."""
    server = Server(tmp_path_factory.mktemp("data"), small_mnist)
    with server.start() as client:
        yield client
    server.end(signal.SIGTERM)


@pytest.mark.parametrize("run", ["nothing", "7" + "z" * 25, "../../etc/passwd", "01" * 13])
@pytest.mark.parametrize("verb", ["", "/events", "/points.csv", "/checkpoints", "/tensorboard"])
def test_a_run_that_is_not_there_is_no_mistake_of_the_server(
    choosing: httpx.Client, run: str, verb: str
) -> None:
    assert choosing.get(f"/api/v1/runs/{run}{verb}").status_code in (404, 422)


def test_the_choices_are_told_with_ranges_and_hints(choosing: httpx.Client) -> None:
    told = choosing.get("/api/v1/networks").json()
    assert {network["name"] for network in told["networks"]} == {"mlp", "cnn", "residual"}
    assert {p["name"] for p in told["dataset_options"]} >= {"leak", "label_noise"}
    every = [p for name in ("training", "augmentation", "dataset_options") for p in told[name]]
    every += [p for network in told["networks"] for p in network["hyperparameters"]]
    assert all(parameter["hint"].endswith(".") for parameter in every)


def test_a_second_server_on_one_data_folder_is_refused_with_the_first_ones_process(
    choosing: httpx.Client, small_mnist: Path, tmp_path: Path
) -> None:
    first = Server(tmp_path, small_mnist)
    first.start().close()
    environment = os.environ | {"INKLING_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    second = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "serve", "--port", "0"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    first.end(signal.SIGTERM)
    assert second.returncode == 2
    assert f"process {first.process.pid}" in second.stderr


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("stop", "stopped")])
def test_a_run_that_is_asked_before_it_began_still_does_it(
    client: httpx.Client, verb: str, state: str
) -> None:
    run = created(client, longer(4000))
    until(client, run, "starting")
    client.post(f"/api/v1/runs/{run}/{verb}")
    found = until(client, run, state, "failed")
    assert (found["state"], found["message"]) == (state, None)


def test_a_viewer_of_a_paused_run_sees_it_go_on(client: httpx.Client) -> None:
    run = created(client, longer(4000))
    until(client, run, "running")
    client.post(f"/api/v1/runs/{run}/pause")
    seq = until(client, run, "paused")["last_seq"]
    with client.stream("GET", f"/api/v1/runs/{run}/events?after={seq}") as stream:
        client.post(f"/api/v1/runs/{run}/resume")
        told = next(line for line in stream.iter_lines() if line.startswith("data: "))
    assert json.loads(told.removeprefix("data: "))["kind"] == "queued"


def test_a_finished_run_goes_on_and_is_forked_from_a_checkpoint(client: httpx.Client) -> None:
    run = created(client, MLP)
    events(client, run)
    found = client.get(f"/api/v1/runs/{run}/checkpoints").json()["checkpoints"]
    assert found[-1]["last"] and found[-1]["epoch"] == 4
    assert client.post(f"/api/v1/runs/{run}/continue", json={"epochs": 2}).status_code == 200
    assert until(client, run, "finished")["spec"]["epochs"] == 6

    wanted = {"checkpoint": found[-1]["step"], "hyperparameters": {"learning_rate": 1e-4}}
    answer = client.post(f"/api/v1/runs/{run}/fork", json={**wanted, "name": "slower"})
    fork = answer.json()
    assert answer.status_code == 201 and fork["name"] == "slower"
    assert fork["parent"] == {"run": run, "step": found[-1]["step"], "variant": 0}
    told = events(client, fork["id"])
    assert [event["kind"] for event in told[:2]] == ["queued", "started"]
    assert [e["epoch"] for e in told if e["kind"] == "evaluated"] == [5, 6]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"checkpoint": 10**6}, (404, "unknown_checkpoint", None)),
        ({"hyperparameters": {"hidden": [8]}}, (422, "wrong_choice", "hidden")),
        ({"hyperparameters": {"epochs": 4}}, (422, "wrong_choice", "epochs")),
        ({"hyperparameters": {"optimizer": "adam"}}, (422, "wrong_choice", "optimizer")),
        (
            {"hyperparameters": {"dataset_options": {}}},
            (422, "wrong_choice", "dataset_options.validation_fraction"),
        ),
    ],
)
def test_a_fork_that_does_not_fit_is_refused(
    finished: tuple[httpx.Client, str], wanted: dict[str, Any],
    refusal: tuple[int, str, str | None],
) -> None:  # fmt: skip
    client, run = finished
    last = client.get(f"/api/v1/runs/{run}/checkpoints").json()["checkpoints"][-1]["step"]
    answer = client.post(f"/api/v1/runs/{run}/fork", json={"checkpoint": last, **wanted})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("field")) == refusal


@pytest.fixture(scope="module")
def finished(choosing: httpx.Client) -> tuple[httpx.Client, str]:
    run = created(choosing, MLP)
    until(choosing, run, "finished")
    return choosing, run


def test_a_run_for_which_there_is_no_room_on_disk_is_refused(
    make_app: MakeApp, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "old").mkdir(parents=True)
    (tmp_path / "runs" / "old" / "1.safetensors").write_bytes(bytes(2 << 20))
    client = TestClient(make_app(runs_bytes=1 << 20), base_url=HERE)
    answer = client.post("/api/v1/runs", json=MLP)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "runs_full")
    assert "delete some" in answer.json()["error"]["message"]


def test_a_run_that_would_wait_too_long_is_refused_for_now(make_app: MakeApp) -> None:
    client = TestClient(make_app(), base_url=HERE)
    answers = [client.post("/api/v1/runs", json=MLP) for _ in range(QUEUE + 1)]
    assert [answer.status_code for answer in answers] == [201] * QUEUE + [429]
    assert answers[-1].json()["error"]["code"] == "queue_full"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_run_without_checkpoint_cannot_be_continued(client: httpx.Client) -> None:
    first, run = created(client, longer(4000)), created(client, MLP)
    until(client, first, "running")
    client.post(f"/api/v1/runs/{run}/stop")
    answer = client.post(f"/api/v1/runs/{run}/continue", json={"epochs": 2})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_checkpoint")


@pytest.mark.parametrize(
    "body",
    [{**MLP, "hyperparametres": {}}, {"recipe": "mnist-quick", "network": "cnn"}],
)
def test_what_is_misspelt_or_contradicts_is_refused(
    choosing: httpx.Client, body: dict[str, Any]
) -> None:
    assert choosing.post("/api/v1/runs", json=body).status_code == 422
