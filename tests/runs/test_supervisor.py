"""When the supervisor looks at the database, and when it leaves it alone."""

import asyncio
import time
from collections.abc import Callable

import sqlalchemy
from sqlalchemy.exc import OperationalError

from app.runs import supervisor as module
from app.runs.store import Store
from app.runs.supervisor import Supervisor
from tests.runs.conftest import at_rest
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
