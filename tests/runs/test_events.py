"""The stream of a run's events, to many viewers who come at any time."""

import asyncio

from app.runs.states import State
from app.runs.store import RunEvent, Store
from app.web.events import END, REMEMBERED, Followers

BATCH = 500  # events written at one time
BATCHES = REMEMBERED // BATCH + 4  # more than a follower remembers


async def numbers(followers: Followers, run: str, after: int) -> list[int]:
    """Of the events, until the stream ends."""
    found: list[int] = []
    async for piece in followers.stream(run, after):
        lines = piece.decode().split("\n")
        found += [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    assert piece == END
    return found


def test_every_viewer_has_every_event_once_whenever_he_comes(sqlite_store: Store) -> None:
    store = sqlite_store
    run = store.create({})
    claimed = store.claim("here:1")
    assert claimed is not None
    fence = claimed.fence
    store.move(run, State.RUNNING, fence=fence)
    followers = Followers(store)

    async def watch() -> None:
        viewers = {}
        for batch in range(BATCHES):
            for after in (0, batch * BATCH, batch * BATCH // 2):
                viewing = asyncio.create_task(numbers(followers, run, after))
                viewers[viewing] = after
            points = [RunEvent("step", batch * BATCH + n) for n in range(BATCH)]
            await asyncio.to_thread(store.append, run, fence, points)
        await asyncio.to_thread(store.move, run, State.FINISHED)
        last = store.get(run).last_seq
        for viewing, after in viewers.items():
            assert await viewing == list(range(after + 1, last + 1))
        assert await numbers(followers, run, 7) == list(range(8, last + 1)), "after its end"
        assert await numbers(followers, run, last + 50) == []

    asyncio.run(watch())
    assert followers._followers == {}


def test_a_database_that_fails_for_a_moment_costs_no_viewer_an_event(sqlite_store: Store) -> None:
    store = sqlite_store
    run = store.create({})
    claimed = store.claim("here:1")
    assert claimed is not None
    followers = Followers(store)

    def rename(old: str, new: str) -> None:
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    async def watch() -> list[int]:
        viewing = asyncio.create_task(numbers(followers, run, 0))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(rename, "events", "gone")
        await asyncio.sleep(0.3)
        await asyncio.to_thread(rename, "gone", "events")
        await asyncio.to_thread(store.append, run, claimed.fence, [RunEvent("step", 1)])
        await asyncio.to_thread(store.move, run, State.FINISHED)
        async with asyncio.timeout(20):
            return await viewing

    assert asyncio.run(watch()) == list(range(1, store.get(run).last_seq + 1))
