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
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

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


@dataclass(frozen=True)
class Batch:
    """What was new at one look, as bytes that all viewers share."""

    first: int
    pieces: list[bytes]
    whole: bytes

    @property
    def last(self) -> int:
        return self.first + len(self.pieces) - 1

    def after(self, number: int) -> bytes:
        """What comes after a number: nearly always all of it."""
        skipped = number - self.first + 1
        return self.whole if skipped <= 0 else b"".join(self.pieces[skipped:])


class Follower:
    """Reads a run's new events for all who watch it."""

    def __init__(self, store: Store, run: str) -> None:
        self.store, self.run, self.viewers = store, run, 0
        self._batches: deque[Batch] = deque()
        self._last = 0
        self._ended = False
        self._news = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read())

    def stop(self) -> None:
        self._task.cancel()

    async def stream(self, after: int) -> AsyncIterator[bytes]:
        while True:
            if after < self._last:
                content, after = await self._after(after)
                if content:
                    yield content
            elif self._ended:
                yield END
                return
            elif not await self._hears():
                yield b": still here\n\n"

    async def _hears(self) -> bool:
        """Wait for news; False when all was quiet for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PING_SECONDS):
                return await self._news.wait()
        return False

    async def _after(self, number: int) -> tuple[bytes, int]:
        """Events after a number, and the number of the last of them: from memory where it reaches
        back so far."""
        found: list[bytes] = []
        for batch in reversed(self._batches):
            found.append(batch.after(number))
            if batch.first <= number + 1:
                return b"".join(reversed(found)), self._last
        try:
            events = await asyncio.to_thread(self.store.events_after, self.run, number, PAGE)
        except UnknownRun:  # deleted in this very moment
            return b"", self._last
        content = b"".join(as_sse(self.run, event) for event in events)
        return content, events[-1].seq

    async def _read(self) -> None:
        while not self._ended:
            try:
                state, found = await asyncio.to_thread(self._look)
            except UnknownRun:
                state, found = State.STOPPED, []
            except SQLAlchemyError:  # a busy or absent database: viewers wait, nothing is lost
                await asyncio.sleep(REST)
                continue
            if found:
                self._remember([as_sse(self.run, event) for event in found])
            self._ended = not found and state in ENDED
            if found or self._ended:
                self._news.set()
                self._news = asyncio.Event()
            if len(found) < PAGE:
                await asyncio.sleep(REST if state in (State.PAUSED, State.INTERRUPTED) else POLL)

    def _remember(self, pieces: list[bytes]) -> None:
        self._batches.append(Batch(self._last + 1, pieces, b"".join(pieces)))
        self._last += len(pieces)
        while self._last - self._batches[0].last > REMEMBERED:
            self._batches.popleft()

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
