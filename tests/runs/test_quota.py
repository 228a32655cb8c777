"""What runs take on disk, and what makes room."""

import os
from pathlib import Path

import pytest

from app.runs.quota import RunsFull, make_room, sizes_of
from app.runs.states import State
from app.runs.store import RunEvent, Store

LOSSES = {2: 0.5, 4: 0.1, 6: 0.3, 8: 0.4}  # the best is at 4, the last at 8


def a_run(store: Store, folder: Path, state: State, name: str = "") -> str:
    """With four checkpoints of 1000 bytes."""
    run = store.create({}, name)
    claimed = store.claim("here:1")
    assert claimed is not None
    store.append(run, claimed.fence, [RunEvent("started", 0, 0, {"steps_per_epoch": 2})])
    for step, loss in LOSSES.items():
        told = RunEvent("evaluated", step, step / 2, {"loss": loss, "accuracy": 0.5})
        store.append(run, claimed.fence, [told])
        path = folder / run / "checkpoints" / f"{step}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(1000))
    store.move(run, State.RUNNING)
    if state != State.RUNNING:
        store.move(run, state)
    return run


def kept(folder: Path, run: str) -> list[str]:
    return sorted(path.stem for path in (folder / run / "checkpoints").iterdir())


def test_the_oldest_run_at_rest_keeps_its_best_and_last_when_there_is_no_room(
    sqlite_store: Store, tmp_path: Path
) -> None:
    states = (State.RUNNING, State.FINISHED, State.PAUSED)
    live, old, new = (a_run(sqlite_store, tmp_path, state) for state in states)
    make_room(sqlite_store, tmp_path, 12_000)
    assert [len(kept(tmp_path, run)) for run in (live, old, new)] == [4, 4, 4]
    make_room(sqlite_store, tmp_path, 11_000)
    assert kept(tmp_path, old) == ["4", "8"]
    assert [len(kept(tmp_path, run)) for run in (live, new)] == [4, 4]


def test_where_that_does_not_suffice_it_says_what_to_delete(
    sqlite_store: Store, tmp_path: Path
) -> None:
    a_run(sqlite_store, tmp_path, State.FINISHED)
    a_run(sqlite_store, tmp_path, State.RUNNING, "the big one")
    with pytest.raises(RunsFull, match=r"delete some\. The largest is the big one"):
        make_room(sqlite_store, tmp_path, 5_000)


def test_a_file_with_two_names_is_counted_once(sqlite_store: Store, tmp_path: Path) -> None:
    run = a_run(sqlite_store, tmp_path, State.FINISHED)
    (tmp_path / "fork").mkdir()
    os.link(tmp_path / run / "checkpoints" / "4.safetensors", tmp_path / "fork" / "start")
    assert sum(sizes_of(tmp_path).values()) == 4_000
