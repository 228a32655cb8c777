"""`python -m app.runs.worker RUN FENCE`: train() -> events in the store, checkpoints on disk."""

import errno
import os
import sys
import time
import traceback
from collections.abc import Generator
from dataclasses import replace
from time import monotonic

from app.ml.caveats import history
from app.ml.checkpoints import save_model
from app.ml.datasets import load
from app.ml.memory import keep_freed_memory
from app.ml.parts import Options
from app.ml.publishing import make_card
from app.ml.specs import command
from app.ml.training import Command, Event, Trained, train
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState
from app.runs.checkpoints import START, Checkpoints, best_of
from app.runs.recorder import Recorder
from app.runs.states import REASONS, State
from app.runs.store import Fenced, IllegalMove, Run, RunEvent, Store
from app.settings import Settings

FENCED = 3  # exit code: another worker has the run
GRAPH = ("step", "evaluated", "checkpoint")  # kinds that belong to a step, once each
MODEL = "model"  # the folder in a run's folder that publishing copies
POINTS = 2_000  # training losses told over a whole run
CHECKPOINT_SECONDS = 1.0  # between two checkpoints; the last step has one in any case


def main(identifier: str, fence: int) -> int:
    settings = Settings()
    store = Store(settings.store_url)
    try:
        run = store.get(identifier)
        return Work(settings, store, run, fence).do()
    except Fenced:
        return FENCED
    finally:
        store.close()


class Work:
    """One worker's life: from its claim to the state that it leaves."""

    def __init__(self, settings: Settings, store: Store, run: Run, fence: int) -> None:
        self.settings, self.store, self.run, self.fence = settings, store, run, fence
        self.checkpoints = Checkpoints.of(settings.runs_dir, run.id)
        self.told = {kind: store.last_step(run.id, kind) for kind in GRAPH}
        told = store.told(run.id, "evaluated")
        self.losses = {event.step: event.fields["loss"] for event in told}  # of validation
        self.due = 0.0  # when the next checkpoint is
        self.end = State.FINISHED

    def do(self) -> int:
        try:
            keep_freed_memory()
            with Recorder(self.store, self.run.id, self.fence) as recorder:
                self.follow(recorder)
                recorder.flush()
            self.leave(recorder)
        except Fenced:
            raise
        except Exception as error:
            traceback.print_exc()
            reason = reason_of(error, started=self.told["step"] >= 0)
            self.move(State.FAILED, reason, f"{REASONS[reason]} ({sentence(error)})")
            return 1
        return 0

    def follow(self, recorder: Recorder) -> None:
        """Every event into the store, every order to the training."""
        steps = self.training()
        command: Command | None = None
        rate = None
        while True:
            try:
                event = steps.send(command)
            except StopIteration:
                return
            recorder.check()
            command = None
            self.record(event, recorder)
            if event.kind == "failed":
                self.end = State.FAILED
            wanted = recorder.orders
            if wanted.state in (State.PAUSING, State.STOPPING) and event.kind == "step":
                self.end = State.PAUSED if wanted.state is State.PAUSING else State.STOPPED
                command = Command("stop")
            elif wanted.learning_rate not in (None, rate):
                rate = wanted.learning_rate
                assert rate is not None
                command = Command("learning_rate", rate)

    def training(self) -> Generator[Event, Command | None, None]:
        spec = TrainingSpec(**self.run.spec)
        cache = self.settings.data_dir / "cache"
        options = Options.of(spec.dataset_options)
        files = self.settings.dataset_files_dir
        self.dataset = dataset = load(spec.dataset, files, cache, options)
        steps = spec.epochs * (len(dataset.train) // spec.batch_size)
        spec = replace(spec, report_every=max(1, steps // POINTS))
        return train(spec, dataset, self.checkpoints.last() or self.start())

    def start(self) -> TrainingState | None:
        """The checkpoint of another run that this one began from, at a learning rate of its own."""
        if self.run.parent is None:
            return None
        state = TrainingState.load(str(self.settings.runs_dir / self.run.id / START))
        return replace(state, place=state.place | {"peak_rate": self.run.spec["learning_rate"]})

    def record(self, event: Event, recorder: Recorder) -> None:
        """What was told before an interruption is not told again: it would be the same."""
        fields = dict(event.values)
        if event.kind == "started":
            self.last_step, self.epoch = fields["steps"], fields["steps_per_epoch"]
            kind = "resumed" if self.checkpoints.steps() else "started"
            told = RunEvent(kind, event.step, event.epoch, fields)
            try:
                self.move(State.RUNNING, told=told)
            except IllegalMove:  # it was asked to pause or stop before it began
                recorder.add(told)
                recorder.flush()
            return
        if event.kind == "checkpoint":
            if not self.is_due(event):
                return
            recorder.flush()  # a checkpoint on disk means that all before it is told
            assert event.state is not None
            fields["bytes"] = self.checkpoints.save(event.state)
            best = best_of(self.checkpoints.steps(), self.losses)
            self.checkpoints.thin(best, self.epoch)
        if event.trained is not None:
            self.keep_model(replace(event.trained, seconds=time.time() - self.run.started))
        if event.kind == "evaluated":
            self.losses[event.step] = fields["loss"]
        if event.kind in ("stopped", "failed", "finished"):  # told with the state, at the end
            self.last = RunEvent(event.kind, event.step, event.epoch, fields)
            return
        if event.kind in GRAPH:
            if event.step <= self.told[event.kind]:
                return
            self.told[event.kind] = event.step
        recorder.add(RunEvent(event.kind, event.step, event.epoch, fields))

    def keep_model(self, trained: Trained) -> None:
        """What publishing copies: the model with a card written from this run."""
        recipe = command(TrainingSpec(**self.run.spec), MODEL)
        asked = [e for e in self.store.told(self.run.id, "queued") if "epochs" in e.fields]
        notes = history(self.run.parent, [(e.epoch, e.fields["epochs"]) for e in asked])
        card = make_card(trained, self.dataset, MODEL, recipe, notes)
        save_model(self.settings.runs_dir / self.run.id, card, trained.network.state_dict())

    def is_due(self, event: Event) -> bool:
        if monotonic() < self.due and event.step < self.last_step and self.end is State.FINISHED:
            return False
        self.due = monotonic() + CHECKPOINT_SECONDS
        return True

    def leave(self, recorder: Recorder) -> None:
        if self.end is State.FAILED:
            self.move(State.FAILED, "diverged", REASONS["diverged"])
        else:
            kind = "paused" if self.end is State.PAUSED else self.last.kind
            self.move(self.end, told=replace(self.last, kind=kind))

    def move(
        self, to: State, reason: str | None = None, message: str | None = None,
        told: RunEvent | None = None,
    ) -> None:  # fmt: skip
        self.store.move(
            self.run.id, to, fence=self.fence, reason=reason, message=message, told=told
        )


FULL_DISK = ("disk is full", "no space left", "file too large", "quota exceeded")  # SQLite, Rust


def reason_of(error: Exception, started: bool) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "disk_full"
    text = str(error).lower()
    if any(sign in text for sign in FULL_DISK):
        return "disk_full"
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return "out_of_memory"
    return "crashed" if started else "start_failed"


def sentence(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


if __name__ == "__main__":
    os.nice(int(os.environ.get("INKLING_WORKER_NICE", "10")))
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
