"""When the supervisor looks at the database, and when it leaves it alone."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

from app.runs import supervisor as module
from app.runs.states import State
from app.runs.store import Store, UnknownRun
from app.runs.supervisor import Supervisor
from app.runs.tables import runs
from app.settings import Settings
from tests.runs.conftest import at_rest, worker_of
from tests.runs.test_worker import spec


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def test_it_leaves_the_database_alone_while_there_is_nothing_to_do(supervisor: Supervisor) -> None:
    store, transactions = supervisor.store, [0]

    @sqlalchemy.event.listens_for(store.engine, "begin")
    def count(_: object) -> None:
        transactions[0] += 1

    async def watch() -> None:
        supervisor.start()
        await until(lambda: transactions[0] > 0)
        await asyncio.sleep(3 * module.TICK)
        idle = transactions[0]
        run = store.create(spec())
        await asyncio.sleep(3 * module.TICK)
        assert (transactions[0], store.get(run).state) == (idle + 1, "queued"), "nobody woke it"
        supervisor.wake()
        await until(lambda: at_rest(store.get(run)))
        assert store.get(run).state == "finished"
        await asyncio.sleep(3 * module.TICK)
        idle = transactions[0]
        await asyncio.sleep(3 * module.TICK)
        assert transactions[0] == idle
        await supervisor.stop()

    asyncio.run(watch())


def test_it_looks_again_after_a_database_that_could_not_be_read(supervisor: Supervisor) -> None:
    store, failures = supervisor.store, [2]

    @sqlalchemy.event.listens_for(store.engine, "begin")
    def fail(_: object) -> None:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("begin", {}, Exception("disk I/O error"))

    async def watch() -> None:
        supervisor.start()
        await until(lambda: failures[0] == 0)
        run = store.create(spec())
        supervisor.wake()
        await until(lambda: store.get(run).state == "finished")
        await supervisor.stop()

    asyncio.run(watch())


def test_only_a_database_of_several_servers_is_looked_at_while_idle(store: Store) -> None:
    assert store.is_shared is (store.engine.dialect.name == "postgresql")


def kill(supervisor: Supervisor, run: str) -> None:
    child = worker_of(supervisor, run)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()


def test_an_interrupted_run_is_resumed_by_itself_where_one_wishes(
    settings: Settings, sqlite_store: Store
) -> None:
    """Three times without a new checkpoint; then a person is wanted."""
    supervisor = Supervisor(settings.model_copy(update={"runs_resume": True}), sqlite_store)
    run = sqlite_store.create(spec(epochs=4000))
    supervisor.look()
    for _ in range(4):
        assert sqlite_store.get(run).state == "starting"
        kill(supervisor, run)
        supervisor.look()  # buries it, and starts it again
    assert sqlite_store.get(run).state == "interrupted"
    assert [event.kind for event in sqlite_store.events_after(run, 0)].count("interrupted") == 4


def test_what_was_asked_to_stop_is_not_resumed_by_itself(
    settings: Settings, sqlite_store: Store
) -> None:
    supervisor = Supervisor(settings.model_copy(update={"runs_resume": True}), sqlite_store)
    run = sqlite_store.create(spec(epochs=4000))
    supervisor.look()
    sqlite_store.move(run, State.STOPPING)
    kill(supervisor, run)
    supervisor.look()
    assert sqlite_store.get(run).state == "interrupted"


def test_yesterdays_lessons_and_lost_folders_are_removed(
    supervisor: Supervisor, sqlite_store: Store
) -> None:
    folder, yesterday = supervisor.settings.runs_dir, time.time() - 25 * 3600
    old, live, lesson = (sqlite_store.create({}, purpose="lesson") for _ in range(3))
    training = sqlite_store.create({})
    for run, state in ((old, State.FINISHED), (live, State.RUNNING), (training, State.FINISHED)):
        change = runs.update().where(runs.c.id == run).values(state=state, created=yesterday)
        with sqlite_store.engine.begin() as connection:
            connection.execute(change)
    for name in (old, live, lesson, training, "lost"):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (yesterday, yesterday))
    (folder / "being-made").mkdir()
    supervisor.tidy()
    assert {path.name for path in folder.iterdir()} == {live, lesson, training, "being-made"}
    with pytest.raises(UnknownRun):
        sqlite_store.get(old)
