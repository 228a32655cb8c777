"""Real worker processes: killed, paused, steered; nothing is lost and nothing told twice."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.ml.training import train
from app.ml.training_spec import TrainingSpec
from app.runs.checkpoints import SPACED, Checkpoints
from app.runs.states import State
from app.runs.store import Store
from app.runs.supervisor import Supervisor
from tests.runs.conftest import SPEC, at_rest, log_of, look_until, worker_of

pytestmark = pytest.mark.slow


def spec(**changes: Any) -> dict[str, Any]:
    return TrainingSpec(**{**SPEC, **changes}).to_json()


def curve(store: Store, run: str, kind: str = "step") -> list[tuple[int, float]]:
    return [
        (e.step, e.fields["loss"]) for e in store.events_after(run, 0, 100_000) if e.kind == kind
    ]


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
    left_alone = store.create(spec(epochs=30))
    look_until(supervisor, left_alone, at_rest)
    run = store.create(spec(epochs=30))
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
    left_alone = store.create(spec(epochs=80))
    look_until(supervisor, left_alone, at_rest)
    run = store.create(spec(epochs=80))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 50)
    store.move(run, State.PAUSING)
    assert look_until(supervisor, run, at_rest).state == "paused"
    assert store.last_step(run, "step") < 1920
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
    run = store.create(spec(epochs=60))
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
    assert steps == list(range(1, 24 * 60 + 1))


def test_a_new_server_adopts_the_run_of_a_dead_one(supervisor: Supervisor) -> None:
    store = supervisor.store
    run = store.create(spec(epochs=80))
    look_until(supervisor, run, lambda _: store.last_step(run, "step") > 20)
    child = worker_of(supervisor, run)
    adopter = Supervisor(supervisor.settings, store)
    assert look_until(adopter, run, at_rest).state == "finished"
    assert adopter.children == {} and child.wait(10) == 0
    assert [step for step, _ in curve(store, run)] == list(range(1, 24 * 80 + 1))


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
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    failed = look_until(supervisor, run, at_rest)
    assert (failed.state, failed.reason) == ("failed", "disk_full")


def test_checkpoints_are_thinned_to_the_best_the_last_and_spaced_ones(
    tmp_path: Path, small_dataset: Any
) -> None:
    checkpoints = Checkpoints(tmp_path)
    training = TrainingSpec(
        **{**SPEC, "epochs": 60, "batch_size": 128, "hyperparameters": {"hidden": [2]}}
    )
    for event in train(replace(training, report_every=1000), small_dataset):
        if event.state is not None:
            checkpoints.save(event.state)
            checkpoints.thin(best=6)
    steps = checkpoints.steps()
    assert 6 in steps and steps[-1] == 120 and SPACED <= len(steps) <= SPACED + 2
    assert checkpoints.last() is not None
