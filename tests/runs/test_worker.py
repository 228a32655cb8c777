"""Real worker processes: killed, paused, steered; nothing is lost and nothing told twice."""

import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.ml.training import train
from app.ml.training_spec import TrainingSpec
from app.runs.checkpoints import Checkpoint, Checkpoints, best_of, checkpoints_of, worth_keeping
from app.runs.forks import fork, go_on
from app.runs.states import State
from app.runs.store import Store
from app.runs.strands import Strand
from app.runs.supervisor import Supervisor
from tests.runs.conftest import at_rest, log_of, look_until, worker_of
from tests.runs.serving import SPEC

pytestmark = pytest.mark.slow


def spec(**changes: Any) -> dict[str, Any]:
    return TrainingSpec(**{**SPEC, **changes}).to_json()


def curve(store: Store, run: str, kind: str = "step", variant: int = 0) -> list[tuple[int, float]]:
    told = store.events_after(run, 0, 100_000)
    return [(e.step, e.fields["loss"]) for e in told if (e.kind, e.variant) == (kind, variant)]


def test_a_run_goes_from_the_queue_to_its_test(supervisor: Supervisor) -> None:
    store = supervisor.store
    run = store.create(spec())
    done = look_until(supervisor, run, at_rest)
    assert done.state == "finished", log_of(supervisor, run)
    found = store.events_after(run, 0, 1000)
    assert [e.kind for e in found if e.kind not in ("step", "checkpoint")] == [
        "queued", "started", *["evaluated"] * 4, "finished",
    ]  # fmt: skip
    assert [e.step for e in found if e.kind == "checkpoint"][-1] == 96
    assert [e.seq for e in found] == list(range(1, len(found) + 1))
    assert [e.step for e in found if e.kind == "step"] == list(range(1, 97))
    assert found[-1].fields["test_n"] == 64


def test_a_run_killed_twice_has_the_same_curve_as_one_left_alone(supervisor: Supervisor) -> None:
    store = supervisor.store
    left_alone = store.create(spec(epochs=160))
    look_until(supervisor, left_alone, at_rest)
    run = store.create(spec(epochs=160))
    for steps in (100, 400):
        look_until(supervisor, run, lambda _, steps=steps: store.last_step(run, "step") > steps)
        os.kill(worker_of(supervisor, run).pid, signal.SIGKILL)
        dead = look_until(supervisor, run, at_rest)
        assert dead.state == "interrupted" and "signal 9" in dead.message
        store.move(run, State.QUEUED)
    assert look_until(supervisor, run, at_rest).state == "finished"
    for kind in ("step", "evaluated"):
        assert curve(store, run, kind) == curve(store, left_alone, kind)


def test_a_paused_run_resumes_to_the_same_curve(supervisor: Supervisor) -> None:
    store = supervisor.store
    left_alone = store.create(spec(epochs=160))
    look_until(supervisor, left_alone, at_rest)
    run = store.create(spec(epochs=160))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 50)
    store.move(run, State.PAUSING)
    assert look_until(supervisor, run, at_rest).state == "paused"
    assert store.last_step(run, "step") < 24 * 160
    store.move(run, State.QUEUED)
    assert look_until(supervisor, run, at_rest).state == "finished"
    assert curve(store, run) == curve(store, left_alone)


def test_a_stopped_run_stops_and_can_go_on(supervisor: Supervisor) -> None:
    store = supervisor.store
    run = store.create(spec(epochs=200))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 10)
    store.move(run, State.STOPPING)
    assert look_until(supervisor, run, at_rest).state == "stopped"
    assert store.events_after(run, 0, 10_000)[-1].kind == "stopped"


def test_the_learning_rate_is_changed_while_it_runs(supervisor: Supervisor) -> None:
    store = supervisor.store
    run = store.create(spec(epochs=100, schedule="constant"))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 20)
    store.set_learning_rate(run, 1e-6)
    look_until(supervisor, run, lambda _: store.last_step(run, "changed") > 0)
    store.move(run, State.STOPPING)
    look_until(supervisor, run, at_rest)
    found = store.events_after(run, 0, 10_000)
    changed = next(e for e in found if e.kind == "changed")
    assert changed.fields == {"learning_rate": 1e-6}
    rates = {e.fields["learning_rate"] for e in found if e.kind == "step" and e.seq > changed.seq}
    assert rates == {1e-6}


def test_a_diverging_run_fails_with_what_to_do(supervisor: Supervisor) -> None:
    run = supervisor.store.create(spec(learning_rate=1e30, optimizer="sgd", schedule="constant"))
    failed = look_until(supervisor, run, at_rest)
    assert (failed.state, failed.reason) == ("failed", "diverged")
    assert "lower learning rate" in failed.message


def test_a_run_that_cannot_begin_says_why(supervisor: Supervisor) -> None:
    run = supervisor.store.create(spec(dataset="nothing"))
    failed = look_until(supervisor, run, at_rest)
    assert (failed.state, failed.reason) == ("failed", "start_failed")
    assert "no dataset called 'nothing'" in failed.message


def test_a_worker_that_was_believed_dead_writes_nothing_more(supervisor: Supervisor) -> None:
    """It is stopped in its tracks, another one takes over, then it wakes up."""
    store = supervisor.store
    run = store.create(spec(epochs=160))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 20)
    sleeper = supervisor.children.pop(
        (run, store.get(run).fence)
    )  # as after a restart of the server
    os.kill(sleeper.pid, signal.SIGSTOP)
    assert look_until(supervisor, run, at_rest).state == "interrupted"
    store.move(run, State.QUEUED)
    look_until(supervisor, run, lambda found: found.state == "running")
    os.kill(sleeper.pid, signal.SIGCONT)
    assert sleeper.wait(30) == 3
    assert look_until(supervisor, run, at_rest).state == "finished"
    steps = [step for step, _ in curve(store, run)]
    assert steps == list(range(1, 24 * 160 + 1))


def test_a_new_server_adopts_the_run_of_a_dead_one(supervisor: Supervisor) -> None:
    store = supervisor.store
    run = store.create(spec(epochs=80))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 20)
    child = worker_of(supervisor, run)
    adopter = Supervisor(supervisor.settings, store)
    assert look_until(adopter, run, at_rest).state == "finished"
    assert adopter.children == {} and child.wait(10) == 0
    assert [step for step, _ in curve(store, run)] == list(range(1, 24 * 80 + 1))


def test_a_worker_lets_everybody_else_go_first(supervisor: Supervisor) -> None:
    run = supervisor.store.create(spec(epochs=400))
    look_until(supervisor, run, lambda found: found.state == "running")
    process = worker_of(supervisor, run)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 10
    autogroup = Path(f"/proc/{process.pid}/autogroup")
    if autogroup.exists():  # else the kernel shares the cores between processes
        assert autogroup.read_text().split()[-1] == "10"


def test_only_so_many_run_at_one_time(supervisor: Supervisor) -> None:
    supervisor.at_once = 1
    store = supervisor.store
    first, second = store.create(spec(epochs=30)), store.create(spec())
    look_until(supervisor, first, lambda found: found.state == "running")
    assert store.get(second).state == "queued"
    assert look_until(supervisor, second, at_rest).state == "finished"
    assert store.get(first).state == "finished"


def test_a_full_disk_fails_the_run_with_what_to_do(supervisor: Supervisor, tmp_path: Path) -> None:
    """The folder of its checkpoints cannot take a file of their size."""
    import resource

    run = supervisor.store.create(spec(epochs=200, hyperparameters={"hidden": [512]}))
    look_until(supervisor, run, lambda found: found.state == "running")
    process = worker_of(supervisor, run)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    failed = look_until(supervisor, run, at_rest)
    assert (failed.state, failed.reason) == ("failed", "disk_full")


def checkpoints(supervisor: Supervisor, run: str) -> list[Checkpoint]:
    return checkpoints_of(supervisor.store, supervisor.settings.runs_dir, run)


def known(supervisor: Supervisor, run: str) -> list[Checkpoint]:
    """Those whose validation loss was measured: at the end of an epoch."""
    return [each for each in checkpoints(supervisor, run) if each.loss is not None]


def test_the_checkpoints_tell_which_is_best_and_which_is_last(supervisor: Supervisor) -> None:
    run = supervisor.store.create(spec(epochs=400, learning_rate=0.03))
    look_until(supervisor, run, at_rest, 120)
    found = checkpoints(supervisor, run)
    measured = dict(curve(supervisor.store, run, "evaluated"))
    assert [each.step for each in found if each.last] == [24 * 400]
    assert [each.step for each in found if each.best] == [
        min(measured.keys() & {each.step for each in found}, key=lambda s: (measured[s], s))
    ]
    assert all(each.loss == measured.get(each.step) and each.bytes > 10_000 for each in found)
    assert [each.epoch for each in found] == [each.step / 24 for each in found]


def test_a_killed_run_still_knows_its_best_checkpoint(supervisor: Supervisor) -> None:
    """The best is the first one, long before the kill; what comes later would crowd it out."""
    store = supervisor.store
    run = store.create(spec(epochs=4000, learning_rate=0.3, schedule="linear", optimizer="sgd"))
    look_until(supervisor, run, lambda _: len(known(supervisor, run)) > 1, 120)
    os.kill(worker_of(supervisor, run).pid, signal.SIGKILL)
    look_until(supervisor, run, at_rest)
    best = min(known(supervisor, run), key=lambda each: (each.loss, each.step)).step
    found = store.get(run)
    strand = Strand(supervisor.settings, store, found, 0, TrainingSpec(**found.spec))
    assert best_of(strand.checkpoints.steps(), strand.losses) == best


def test_a_finished_run_trains_for_more_epochs_and_its_card_says_so(
    supervisor: Supervisor,
) -> None:
    store, folder = supervisor.store, supervisor.settings.runs_dir
    run = store.create(spec(epochs=4, patience=1, learning_rate=1e-12, schedule="constant"))
    look_until(supervisor, run, at_rest)
    stood = checkpoints(supervisor, run)[-1]
    assert stood.epoch < 4, "it ended early"
    go_on(store, folder, store.get(run), 3)
    assert store.get(run).spec["epochs"] == math.ceil(stood.epoch) + 3
    assert look_until(supervisor, run, at_rest).state == "finished"
    steps = [step for step, _ in curve(store, run)]
    assert steps == list(range(1, len(steps) + 1)) and steps[-1] > stood.step
    note = json.loads((folder / run / "model" / "card.json").read_text())["notes"][0]
    assert f"go on to {math.ceil(stood.epoch) + 3}" in note


def test_a_fork_without_changes_has_the_rest_of_its_parents_curve_and_outlives_it(
    supervisor: Supervisor,
) -> None:
    store, folder = supervisor.store, supervisor.settings.runs_dir
    parent = store.create(spec(epochs=200))
    look_until(supervisor, parent, at_rest, 120)
    begun = checkpoints(supervisor, parent)[0]
    forks = [
        fork(store, folder, store.get(parent), begun.step, chosen, "")
        for chosen in ({}, {"batch_size": 32, "optimizer": "sgd", "ema": 0.9, "epochs": 201})
    ]
    whole = curve(store, parent)
    store.delete(parent)
    supervisor.forget(parent)
    for run in forks:
        assert look_until(supervisor, run, at_rest).state == "finished", log_of(supervisor, run)
    assert curve(store, forks[0]) == [point for point in whole if point[0] > begun.step]
    assert [step for step, _ in curve(store, forks[1])] == list(
        range(begun.step // 2 + 1, 12 * 201 + 1)
    )
    note = json.loads((folder / forks[0] / "model" / "card.json").read_text())["notes"][0]
    assert f"those of run {parent} at step {begun.step}" in note


RACE: list[dict[str, Any]] = [
    {"name": "calm", "hyperparameters": {}},
    {"name": "wild", "hyperparameters": {"learning_rate": 1e30, "optimizer": "sgd"}},
    {"name": "tanh", "hyperparameters": {"hidden": [8], "activation": "tanh", "dropout": 0.2}},
]


def test_variants_that_are_killed_have_the_curves_that_they_have_alone(
    supervisor: Supervisor,
) -> None:
    store, folder = supervisor.store, supervisor.settings.runs_dir
    alone = [spec(epochs=110), spec(epochs=110, hyperparameters=RACE[2]["hyperparameters"])]
    lone = [store.create(each) for each in alone]
    for each in lone:
        look_until(supervisor, each, at_rest)
    run = store.create(spec(epochs=110), variants=RACE)
    look_until(supervisor, run, lambda _: store.last_step(run, "step", 2) > 500)
    os.kill(worker_of(supervisor, run).pid, signal.SIGKILL)
    look_until(supervisor, run, at_rest)
    store.move(run, State.QUEUED)
    assert look_until(supervisor, run, at_rest).state == "finished", log_of(supervisor, run)
    for kind in ("step", "evaluated"):
        assert curve(store, run, kind) == curve(store, lone[0], kind)
        assert curve(store, run, kind, 2) == curve(store, lone[1], kind)
    ended = {e.variant: e.fields["reason"] for e in store.told(run, "ended")}
    assert ended == {0: "finished", 1: "diverged", 2: "finished"}
    assert len(store.told(run, "ended")) == 3 and len(store.told(run, "finished")) == 1
    models = {path.name for path in (folder / run).glob("model*")}
    assert models == {"model", "model-2"}
    last = checkpoints_of(store, folder, run, 2)[-1]
    assert last.last and last.epoch == 110
    longer = fork(store, folder, store.get(run), last.step, {"epochs": 111}, "", variant=2)
    assert store.get(longer).spec["hyperparameters"]["activation"] == "tanh"
    assert look_until(supervisor, longer, at_rest).state == "finished"


def test_checkpoints_are_thinned_alike_at_every_step_of_the_way_and_once_at_the_end() -> None:
    kept: list[int] = []
    for epoch in range(1, 1001):
        kept = sorted(worth_keeping([*kept, epoch * 24], best=6 * 24, epoch=24))
    assert set(kept) == worth_keeping([epoch * 24 for epoch in range(1, 1001)], 6 * 24, 24)
    epochs = [step // 24 for step in kept]
    assert epochs == [1, 2, 4, 6, 8, 16, 32, *range(64, 961, 64), 1000]


def test_what_is_thinned_is_gone_and_the_last_can_be_read(
    tmp_path: Path, small_dataset: Any
) -> None:
    checkpoints = Checkpoints(tmp_path)
    training = TrainingSpec(
        **{**SPEC, "epochs": 60, "batch_size": 128, "hyperparameters": {"hidden": [2]}}
    )
    for event in train(replace(training, report_every=1000), small_dataset):
        if event.state is not None:
            checkpoints.save(event.state)
            checkpoints.thin(best=6, epoch=2)
    last = checkpoints.last()
    assert last is not None and last.place["step"] == 120
    assert set(checkpoints.steps()) == worth_keeping([1, *range(2, 121, 2)], 6, 2)
