"""Runs and events as rows, in SQLite and in PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.runs.states import LIVE, MOVES, State
from app.runs.store import (
    QUEUE,
    Fenced,
    IllegalMove,
    KeyTaken,
    QueueFull,
    Request,
    RunEvent,
    Store,
    UnknownRun,
)
from app.runs.tables import DiskFull, runs


def a_running_run(store: Store) -> tuple[str, int]:
    run = store.create({})
    claimed = store.claim("here:1")
    assert claimed is not None and claimed.id == run
    store.move(run, State.RUNNING, fence=claimed.fence)
    return run, claimed.fence


def test_a_new_run_waits_and_its_first_event_says_so(store: Store) -> None:
    run = store.create({"epochs": 3}, name="first")
    assert store.get(run).spec == {"epochs": 3} and store.get(run).state == "queued"
    assert [(e.seq, e.kind) for e in store.events_after(run, 0)] == [(1, "queued")]


def test_the_queue_is_served_in_its_order(store: Store) -> None:
    first, second = store.create({}), store.create({})
    assert [store.place_in_queue(run) for run in (first, second)] == [1, 2]
    claimed = [store.claim("here:1") for _ in range(3)]
    assert [run and run.id for run in claimed] == [first, second, None]
    assert store.place_in_queue(first) is None


def test_events_are_numbered_without_gaps_whoever_writes(store: Store) -> None:
    run, fence = a_running_run(store)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: store.append(run, fence, [RunEvent("step", n)] * 3), range(20)))
    found = store.events_after(run, 0)
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    assert sorted(e.step for e in found if e.kind == "step") == sorted(list(range(20)) * 3)


def test_events_are_read_from_any_place_on(store: Store) -> None:
    run, fence = a_running_run(store)
    store.append(run, fence, [RunEvent("step", n, fields={"loss": n / 2}) for n in range(10)])
    assert [e.step for e in store.events_after(run, 5)] == [3, 4, 5, 6, 7, 8, 9]
    assert [e.fields for e in store.events_after(run, 3, limit=2)] == [{"loss": 0.5}, {"loss": 1.0}]
    assert store.events_after(run, 99) == []
    assert (store.last_step(run, "step"), store.last_step(run, "evaluated")) == (9, -1)


def test_a_worker_that_lost_its_run_cannot_write(store: Store) -> None:
    run, old = a_running_run(store)
    store.move(run, State.INTERRUPTED, reason="interrupted", message="gone")
    with pytest.raises(Fenced):
        store.append(run, old, [RunEvent("step", 1)])
    store.move(run, State.QUEUED)
    claimed = store.claim("there:2")
    assert claimed is not None and claimed.fence == old + 1
    with pytest.raises(Fenced):
        store.append(run, old, [RunEvent("step", 1)])
    with pytest.raises(Fenced):
        store.move(run, State.RUNNING, fence=old)
    store.move(run, State.RUNNING, fence=claimed.fence)
    assert store.last_step(run, "step") == -1


@pytest.mark.parametrize("to", list(State))
def test_a_state_is_reached_from_where_it_may_be_and_from_nowhere_else(
    sqlite_store: Store, to: State
) -> None:
    run = sqlite_store.create({})
    for start in State:
        with sqlite_store.engine.begin() as connection:
            connection.execute(runs.update().values(state=start))
        if start in MOVES[to]:
            sqlite_store.move(run, to)
            assert sqlite_store.get(run).state == to
        else:
            with pytest.raises(IllegalMove, match=f"a run that is {start} cannot become {to}"):
                sqlite_store.move(run, to)


def test_two_servers_never_claim_one_run(store: Store) -> None:
    made = {store.create({}) for _ in range(30)}
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda n: store.claim(f"server:{n}"), range(40)))
    ids = [run.id for run in claimed if run is not None]
    assert sorted(ids) == sorted(made)


def test_what_the_worker_should_do_comes_with_its_writing(store: Store) -> None:
    run, fence = a_running_run(store)
    assert store.append(run, fence, []).learning_rate is None
    store.set_learning_rate(run, 0.01)
    store.move(run, State.PAUSING)
    orders = store.append(run, fence, [])
    assert (orders.state, orders.learning_rate) == (State.PAUSING, 0.01)


def test_a_run_with_a_worker_cannot_be_deleted_and_one_at_rest_is_gone_with_its_events(
    store: Store,
) -> None:
    run, fence = a_running_run(store)
    with pytest.raises(IllegalMove):
        store.delete(run)
    store.move(run, State.FINISHED, fence=fence)
    store.delete(run)
    for ask in (store.get, lambda run: store.events_after(run, 0), store.delete):
        with pytest.raises(UnknownRun):
            ask(run)


def test_the_newest_runs_come_first_page_by_page(store: Store) -> None:
    made = []
    for _ in range(3):
        made.append(store.create({}))
        time.sleep(0.002)
    page = [run.id for run in store.newest(2)]
    assert page == [made[2], made[1]]
    assert [run.id for run in store.newest(2, before=page[-1])] == [made[0]]


def test_one_request_sent_often_makes_one_run_and_its_key_fits_no_other_body(store: Store) -> None:
    request = Request("key", "body")
    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(lambda _: store.create({}, request=request), range(12)))
    assert made == {run.id for run in store.newest(100)} == {store.created_by(request)}
    with pytest.raises(KeyTaken):
        store.create({}, request=Request("key", "another"))
    assert store.create({}, owner="else", request=request) not in made


def test_so_many_may_wait_and_no_more(store: Store) -> None:
    for _ in range(QUEUE):
        store.create({})
    with pytest.raises(QueueFull):
        store.create({})
    store.claim("here:1")
    store.create({})


def test_a_full_disk_has_a_name_and_the_database_is_well_afterwards(sqlite_store: Store) -> None:
    def pages(most: int) -> None:
        with sqlite_store.engine.connect() as connection:  # the pool's one connection
            connection.exec_driver_sql(f"PRAGMA max_page_count={most}")

    pages(1)
    with pytest.raises(DiskFull):
        sqlite_store.create({"long": "x" * 100_000})
    pages(1_000_000)
    assert sqlite_store.newest(9) == []
    sqlite_store.create({})


def test_interruptions_count_from_the_last_checkpoint_on(store: Store) -> None:
    run, fence = a_running_run(store)
    assert store.interruptions(run) == 0
    store.append(run, fence, [RunEvent("interrupted"), RunEvent("checkpoint", 5)])
    store.append(run, fence, [RunEvent("interrupted"), RunEvent("step"), RunEvent("interrupted")])
    assert store.interruptions(run) == 2


def test_tables_of_an_earlier_version_get_what_they_lack_and_keep_what_they_have(
    store: Store,
) -> None:
    run = store.create({"epochs": 3})
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX runs_of_requests")
        for column in ("parent", "request_key", "request_digest"):
            connection.exec_driver_sql(f"ALTER TABLE runs DROP COLUMN {column}")
    for _ in range(2):
        store.create_tables()
    assert (store.get(run).spec, store.get(run).parent) == ({"epochs": 3}, None)
    fork = store.create({}, parent={"run": run, "step": 7})
    assert store.get(fork).parent == {"run": run, "step": 7}


def test_a_run_that_rests_has_no_worker() -> None:
    assert LIVE.isdisjoint(MOVES[State.QUEUED])
