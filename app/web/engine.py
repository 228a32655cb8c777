"""One thread that predicts for all requests: what waits for it at one time becomes one batch."""

import asyncio
import contextlib
import gc
import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from app.ml.checkpoints import ModelEntry, ModelLibrary, UnavailableModel, UnknownModel
from app.web.errors import ApiError, standard_error
from app.web.jobs import Job, Ticket, by_classifier, finish, infer, prepare

if TYPE_CHECKING:
    from app.ml.inference import Classifier

MOST_AT_ONCE = 64  # pictures between two looks at the queue
MOST_IN_BATCH = 16  # measured: each costs least at 8 to 24, and from 32 on half as much again
MOST_WAITING = 2048  # small pictures of all requests; beyond: 503 busy
MOST_HEAVY = 32  # large ones, of up to 4 MB each


class Engine:
    """Loads models when they are asked for and runs them, off the event loop that owns it.

    start() and stop() are called on that loop. `ready` once the default model has predicted;
    `failure` says why it will not.
    """

    def __init__(
        self, library: ModelLibrary, memory_bytes: int, default_model: str | None = None
    ) -> None:
        self.library, self.memory_bytes, self.default_model = library, memory_bytes, default_model
        self.ready = False
        self.failure: str | None = None
        self.batches: Counter[int] = Counter()  # how many of each size were predicted
        self._classifiers: OrderedDict[tuple[object, ...], Classifier] = OrderedDict()
        self._loading: dict[tuple[object, ...], asyncio.Task[Classifier]] = {}
        self._entries: dict[str, Known] = {}
        self._queue: SimpleQueue[Ticket | None] = SimpleQueue()
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._loader = ThreadPoolExecutor(1, "loader")
        self._aside = ThreadPoolExecutor(1, "heavy")

    def start(self) -> None:
        """Begin to load the default model; returns at once."""
        self._thread.start()
        self._warming = asyncio.get_running_loop().create_task(self._warm())

    def stop(self) -> None:
        self._warming.cancel()
        self._queue.put(None)
        for pool in (self._loader, self._aside):
            pool.shutdown(wait=False, cancel_futures=True)
        self._thread.join()

    async def _warm(self) -> None:
        """The first prediction of a process is slow; let it be ours."""
        try:
            entry = self.find(self.default_model or self.library.entries()[0].name)
            assert entry.card is not None
            dot = np.zeros(entry.card.shape, np.uint8)
            dot[:, 0, 0] = 255  # an empty picture would be rejected before the network
            await self.predict(entry, Job(lambda: dot, exact=True))
            await asyncio.get_running_loop().run_in_executor(self._loader, settle)
            self.ready = True
        except (UnknownModel, IndexError):
            self.failure = "The default model is not there."
        except (UnavailableModel, ApiError) as error:
            self.failure = f"The default model cannot be used: {error}."

    @property
    def held_bytes(self) -> int:
        """Memory of the models that are loaded."""
        return sum(classifier.memory_bytes for classifier in list(self._classifiers.values()))

    # --- models ---

    def find(self, reference: str) -> ModelEntry:
        """library.resolve(), without reading a card again that has not changed."""
        known = self._entries.get(reference)
        if known and known.written == last_write(known.witness):
            return known.entry
        entry = self.library.resolve(reference)
        if len(self._entries) >= MOST_REMEMBERED:
            self._entries.clear()
        witness = str(entry.witness)
        self._entries[reference] = Known(entry, witness, last_write(witness))
        return entry

    def loaded(self, entry: ModelEntry) -> "Classifier | None":
        key = entry.edition
        classifier = self._classifiers.get(key)
        if classifier:
            self._classifiers.move_to_end(key)  # the last to be forgotten
        return classifier

    async def classifier(self, entry: ModelEntry) -> "Classifier":
        """The loaded model; ApiError 503 model_unavailable when it cannot be loaded."""
        classifier = self.loaded(entry)
        if classifier:
            return classifier
        key = entry.edition
        if key not in self._loading:
            self._loading[key] = asyncio.get_running_loop().create_task(self._load(entry))
        return await asyncio.shield(self._loading[key])

    async def _load(self, entry: ModelEntry) -> "Classifier":
        key = entry.edition
        loop = asyncio.get_running_loop()
        try:
            classifier = await loop.run_in_executor(self._loader, load, entry)
        except UnavailableModel as error:
            raise ApiError(
                503, "model_unavailable", f"This model cannot be used: {error}."
            ) from None
        finally:
            del self._loading[key]
        self._classifiers[key] = classifier
        self._forget_the_least_used()
        return classifier

    def _forget_the_least_used(self) -> None:
        held = self.held_bytes
        while held > self.memory_bytes and len(self._classifiers) > 1:
            _, classifier = self._classifiers.popitem(last=False)
            held -= classifier.memory_bytes

    # --- predicting ---

    async def predict(self, entry: ModelEntry, job: Job) -> Any:
        """What job.finish makes of the answer.

        BadPicture from job.picture; ApiError 503 when too many wait or the model is unavailable.
        """
        classifier = self.loaded(entry) or await self.classifier(entry)
        weight = MOST_WAITING // MOST_HEAVY if job.heavy else 1
        if self._waiting + weight > MOST_WAITING:
            raise standard_error(503, {"Retry-After": "1"})
        self._waiting += weight
        loop = asyncio.get_running_loop()
        ticket = Ticket(job, classifier, loop.create_future())
        try:
            if job.heavy:
                await loop.run_in_executor(self._aside, prepare, ticket)
            self._queue.put(ticket)
            await ticket.done
            if job.heavy:
                await loop.run_in_executor(self._aside, finish, ticket)
        finally:
            self._waiting -= weight
        if ticket.error:
            raise ticket.error
        return ticket.outcome

    def _run(self) -> None:
        """The thread: it takes all that waits, and the loop is woken once for all of it."""
        while tickets := self._take():
            for ticket in tickets:
                if not ticket.job.heavy:
                    prepare(ticket)
            for group in by_classifier(tickets, MOST_IN_BATCH):
                infer(group)
                self.batches[len(group)] += 1
            for ticket in tickets:
                if not ticket.job.heavy:
                    finish(ticket)
            tell(tickets)

    def _take(self) -> list[Ticket]:
        """At least one ticket, or none when the engine stops. It never waits for a second one:
        while one batch is predicted the next one gathers."""
        tickets: list[Ticket] = []
        while len(tickets) < MOST_AT_ONCE and not (tickets and self._queue.empty()):
            ticket = self._queue.get()
            if ticket is None:
                self._queue.put(None)
                break
            tickets.append(ticket)
        return tickets


MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """An entry, and when its witness had been written when it was read."""

    entry: ModelEntry
    witness: str
    written: int


def last_write(path: str) -> int:
    """Nanoseconds; 0 when the file is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def load(entry: ModelEntry) -> "Classifier":
    """In the loader's thread; the first call imports torch, a second or more."""
    import torch

    from app.ml.inference import load_classifier

    torch.set_num_threads(1)  # small networks gain nothing from more, and cores serve requests
    return load_classifier(entry)


def settle() -> None:
    """Spare the garbage collector what stays for good: walking over torch's half a million objects
    again and again was a quarter of the server's time at 64 connections."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


YOUNG_OBJECTS = 10_000  # new ones before a look at them; 64 requests in flight hold some thousands


def tell(tickets: Sequence[Ticket]) -> None:
    """Wake the event loop once for a whole batch."""
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        tickets[0].done.get_loop().call_soon_threadsafe(resolve, tickets)


def resolve(tickets: Iterable[Ticket]) -> None:
    for ticket in tickets:
        if not ticket.done.done():  # cancelled
            ticket.done.set_result(None)
