"""A worker's pen: gathers its events and writes them a few times a second, with its heartbeat."""

import threading

from app.runs.states import State
from app.runs.store import Fenced, Orders, RunEvent, Store

PERIOD = 0.25  # seconds between two writings: with a checkpoint a second, five commits at most
BEAT = 1.0  # seconds without events after which the heartbeat alone is written


class Recorder:
    """Owns the events that are not written yet. `with` writes the last of them at its end.

    `orders` is what the store said last. `failure` is why it cannot write any more: Fenced when
    another worker has the run.
    """

    def __init__(self, store: Store, run: str, fence: int) -> None:
        self.store, self.run, self.fence = store, run, fence
        self.orders = Orders(State.RUNNING, None)
        self.failure: Exception | None = None
        self._waiting: list[RunEvent] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write_until_the_end, daemon=True)

    def __enter__(self) -> "Recorder":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def add(self, event: RunEvent) -> None:
        with self._lock:
            self._waiting.append(event)

    def flush(self) -> None:
        """Write all that was added before; Fenced or a database's error otherwise."""
        with self._writing:
            with self._lock:
                gathered, self._waiting = self._waiting, []
            try:
                self.orders = self.store.append(self.run, self.fence, gathered)
            except Exception:
                with self._lock:
                    self._waiting = [*gathered, *self._waiting]
                raise

    def check(self) -> None:
        """Raise what stopped the writing."""
        if self.failure:
            raise self.failure

    def _write_until_the_end(self) -> None:
        idle = 0.0
        while not self._end.wait(PERIOD):
            idle += PERIOD
            if self._waiting or idle >= BEAT:
                idle = 0.0
                try:
                    self.flush()
                    self.failure = None
                except Fenced as error:
                    self.failure = error
                    return
                except Exception as error:  # a busy or absent database: kept, tried again
                    self.failure = error if not transient(error) else None


def transient(error: Exception) -> bool:
    """Whether the same writing may succeed a moment later."""
    from sqlalchemy.exc import OperationalError

    return isinstance(error, OperationalError) and "disk" not in str(error).lower()
