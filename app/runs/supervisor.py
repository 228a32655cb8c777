"""Claims queued runs, starts and watches their workers, finds the dead ones; without torch."""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import time

from app.runs.states import State
from app.runs.store import IllegalMove, Run, Store, UnknownRun
from app.settings import ROOT, Settings

TICK = 0.3  # seconds between two looks at workers and queue, while there are any
IDLE_SECONDS = 600.0  # the same while there are none: this server's own doing wakes it
SHARED_SECONDS = 2.0  # the same where another server may have queued one, or died
SILENT_SECONDS = 4.0  # without a heartbeat: dead, unless it is our own living child
START_SECONDS = 60.0  # that a worker may import and load before it first speaks
RESUMES = 3  # of a run by the server itself, without a new checkpoint between them
LESSON_SECONDS = 24 * 3600.0  # that a lesson's run is kept
TIDY_SECONDS = 3600.0  # between two times that old lessons and lost folders are removed
SECRETS = ("INKLING_TOKEN",)  # of the environment, which workers do not get
## A worker's threads sleep while they wait for one another. When they spin, and somebody else is
## busy on one of two cores, they spin for each other's turn: an epoch of an MLP took 20 s, not 1.5.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}

log = logging.getLogger("inkling")

RESUME = "Resume goes on from its last checkpoint."
GONE = f"Its process ended without a word. {RESUME}"
KILLED = f"Its process was killed by signal {{}}, perhaps for want of memory. {RESUME}"


class Supervisor:
    """The workers of one server. A worker outlives it; the next server adopts what still beats."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store
        self.at_once = settings.runs_at_once or max(1, (os.cpu_count() or 2) // 2)
        self.children: dict[tuple[str, int], subprocess.Popen[bytes]] = {}  # by run and fence
        self._tidied = 0.0
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def wake(self) -> None:
        """Something was queued: look now, and as long as there is something to see."""
        self._wake.set()

    def forget(self, identifier: str) -> None:
        """The checkpoints and the log of a deleted run: the disk is really free again."""
        shutil.rmtree(self.settings.runs_dir / identifier, ignore_errors=True)

    def tidy(self) -> None:
        """Remove yesterday's lessons, and folders whose run is gone: of a server that was killed
        between the two steps of making or deleting one."""
        now, folder = time.time(), self.settings.runs_dir
        for run in self.store.over("lesson", now - LESSON_SECONDS):
            with contextlib.suppress(IllegalMove, UnknownRun):  # resumed, or deleted, by now
                self.store.delete(run)
                self.forget(run)
        found = [path for path in folder.glob("*") if now - path.stat().st_mtime > TIDY_SECONDS]
        for lost in {path.name for path in found} - self.store.known([p.name for p in found]):
            self.forget(lost)

    async def _watch(self) -> None:
        while True:
            self._wake.clear()
            patience = SHARED_SECONDS
            try:
                if await asyncio.to_thread(self.look):
                    patience = TICK
                elif not self.store.is_shared:
                    patience = IDLE_SECONDS
            except Exception:  # a full disk, a database that restarts: it may be well again later
                log.exception("the supervisor of runs could not look; it tries again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), patience)

    def look(self) -> bool:
        """Once: bury the dead, then fill the free places from the queue. False when there is
        nothing to watch or to wait for."""
        if time.time() > self._tidied + TIDY_SECONDS:
            self._tidied = time.time()
            self.tidy()
        living = [run for run in self.store.live() if not self.is_dead(run)]
        self.children = {
            claim: child for claim, child in self.children.items() if child.poll() is None
        }
        free = self.at_once - len(living)
        while free > 0 and self.start_next():
            free -= 1
        return free < self.at_once

    def is_dead(self, run: Run) -> bool:
        """Whether its worker is gone; then the run is interrupted."""
        child = self.children.get((run.id, run.fence))
        if child:
            code = child.poll()
            if code is None:
                return False
            message = GONE if code >= 0 else KILLED.format(-code)
        else:
            patience = START_SECONDS if run.state == State.STARTING else SILENT_SECONDS
            if time.time() - run.heartbeat < patience:
                return False
            message = GONE
        with contextlib.suppress(IllegalMove, UnknownRun):  # it left in this very moment
            self.store.move(run.id, State.INTERRUPTED, reason="interrupted", message=message)
            if self.settings.runs_resume and run.state in (State.STARTING, State.RUNNING):
                self.resume(run)
        return True

    def resume(self, run: Run) -> None:
        """One that ends again and again at the same place waits for a person."""
        if self.store.interruptions(run.id) <= RESUMES:
            self.store.move(run.id, State.QUEUED)

    def start_next(self) -> bool:
        run = self.store.claim(f"{socket.gethostname()}:{os.getpid()}")
        if run is None:
            return False
        try:
            self.children[run.id, run.fence] = self.spawn(run)
        except OSError as error:
            message = f"Its process could not be started: {error.strerror}."
            self.store.move(run.id, State.FAILED, reason="start_failed", message=message)
        return True

    def spawn(self, run: Run) -> "subprocess.Popen[bytes]":
        """In a session of its own: neither Ctrl-C nor the end of this server reaches it."""
        folder = self.settings.runs_dir / run.id
        folder.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if name not in SECRETS}
        environment = PATIENT | inherited
        environment |= {"INKLING_DATA_DIR": str(self.settings.data_dir)}
        if self.settings.datasets_dir:
            environment["INKLING_DATASETS_DIR"] = str(self.settings.datasets_dir)
        if self.settings.database_url:
            environment["INKLING_DATABASE_URL"] = self.settings.database_url
        with (folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "app.runs.worker", run.id, str(run.fence)],
                cwd=folder,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
