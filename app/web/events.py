"""Server-sent events of runs: one follower a run reads what is new, and all its viewers get it.

A viewer names the last number it has; what is older than the follower's memory is read from the
store, what is new comes from memory. So reload, a second viewer, a restart and a finished run all
go one way, and nothing comes twice.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from app.runs.states import State
from app.runs.store import RunEvent, Store, UnknownRun

POLL = 0.05  # seconds between two looks at the store, while somebody watches
REST = 0.5  # the same while the run waits for somebody to resume it
ENDED = frozenset({State.FINISHED, State.STOPPED, State.FAILED})
REMEMBERED = 5_000  # events that a follower keeps; older ones are read from the store
PAGE = 1_000  # events read at one time
PING_SECONDS = 15.0  # of silence, then a comment keeps the connection
END = b"event: end\ndata: {}\n\n"


class Followers:
    """The runs that somebody watches; a follower lives as long as its last viewer."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._followers: dict[str, Follower] = {}

    async def stream(self, run: str, after: int) -> AsyncGenerator[bytes]:
        """Each event of a run after a number, as it comes; `end` once nothing more is to come."""
        follower = self._followers.get(run)
        if follower is None:
            follower = self._followers[run] = Follower(self.store, run)
        follower.viewers += 1
        try:
            async for piece in follower.stream(after):
                yield piece
        finally:
            follower.viewers -= 1
            if follower.viewers == 0:
                follower.stop()
                if self._followers.get(run) is follower:
                    del self._followers[run]

    async def stop(self) -> None:
        for follower in list(self._followers.values()):
            follower.stop()


class Follower:
    """Reads a run's new events for all who watch it."""

    def __init__(self, store: Store, run: str) -> None:
        self.store, self.run, self.viewers = store, run, 0
        self._events: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self._last = 0
        self._ended = False
        self._news = asyncio.Condition()
        self._task = asyncio.get_running_loop().create_task(self._read())

    def stop(self) -> None:
        self._task.cancel()

    async def stream(self, after: int) -> AsyncIterator[bytes]:
        while True:
            pieces = await self._next(after)
            if pieces:
                after = pieces[-1][0]
                yield b"".join(piece for _, piece in pieces)
            elif self._ended and after >= self._last:
                yield END
                return
            else:
                yield b": still here\n\n"

    async def _next(self, after: int) -> list[tuple[int, bytes]]:
        """What comes after a number; nothing when the run ended or all was quiet for long."""
        if after < self._last and not (self._events and self._events[0][0] <= after + 1):
            found = await asyncio.to_thread(self.store.events_after, self.run, after, PAGE)
            return [(event.seq, as_sse(self.run, event)) for event in found]
        async with self._news:
            if self._last <= after and not self._ended:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), PING_SECONDS)
        return [each for each in self._events if each[0] > after]

    async def _read(self) -> None:
        while not self._ended:
            try:
                state, found = await asyncio.to_thread(self._look)
            except UnknownRun:
                state, found = State.STOPPED, []
            async with self._news:
                for event in found:
                    self._events.append((event.seq, as_sse(self.run, event)))
                    self._last = event.seq
                self._ended = not found and state in ENDED
                if found or self._ended:
                    self._news.notify_all()
            if len(found) < PAGE:
                await asyncio.sleep(REST if state in (State.PAUSED, State.INTERRUPTED) else POLL)

    def _look(self) -> tuple[State, list[RunEvent]]:
        """The state first: what a run tells before it rests is then never missed."""
        state = State(self.store.get(self.run).state)
        return state, self.store.events_after(self.run, self._last, PAGE)


def as_sse(run: str, event: RunEvent) -> bytes:
    return f"id: {event.seq}\ndata: {json.dumps(as_json(run, event))}\n\n".encode()


def as_json(run: str, event: RunEvent) -> dict[str, Any]:
    """One event, as page and API see it; its own fields stand beside the common ones."""
    common = {
        "seq": event.seq, "run": run, "variant": event.variant, "kind": event.kind,
        "step": event.step, "epoch": event.epoch, "time": event.time,
    }  # fmt: skip
    return {**event.fields, **common}
