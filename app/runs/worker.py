"""`python -m app.runs.worker RUN FENCE`: train() -> events in the store, checkpoints on disk."""

import errno
import os
import sys
import time
import traceback
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from app.ml.caveats import history
from app.ml.checkpoints import ModelLibrary, save_model
from app.ml.datasets import load
from app.ml.fine_tuning import weights_for
from app.ml.memory import keep_freed_memory
from app.ml.parts import Options
from app.ml.publishing import early_card, make_card, stored
from app.ml.racing import train_in_turn
from app.ml.sources import MissingFiles
from app.ml.specs import command
from app.ml.training import Command, Event, Trained
from app.ml.training_spec import TrainingSpec
from app.runs.checkpoints import model_of
from app.runs.recorder import Recorder
from app.runs.states import REASONS, State
from app.runs.store import Fenced, IllegalMove, Run, RunEvent, Store
from app.runs.strands import Strand
from app.runs.variants import specs_of
from app.settings import ROOT, Settings

FENCED = 3  # exit code: another worker has the run
ENDS = ("stopped", "failed", "finished")  # kinds that end a training
POINTS = 2_000  # training losses told over a whole training


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
        self.strands: list[Strand] = []
        self.end = State.FINISHED

    def do(self) -> int:
        try:
            keep_freed_memory()
            with Recorder(self.store, self.run.id, self.fence) as recorder:
                self.follow(recorder)
                recorder.flush()
            self.leave()
        except Fenced:
            raise
        except Exception as error:
            traceback.print_exc()
            reason = reason_of(error, started=any(s.told["step"] >= 0 for s in self.strands))
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
                variant, event = steps.send(command)
            except StopIteration:
                return
            recorder.check()
            command = None
            self.record(self.strands[variant], event, recorder)
            wanted = recorder.orders
            if wanted.state in (State.PAUSING, State.STOPPING) and event.kind == "step":
                self.end = State.PAUSED if wanted.state is State.PAUSING else State.STOPPED
                command = Command("stop")
            elif wanted.learning_rate not in (None, rate):
                rate = wanted.learning_rate
                assert rate is not None
                command = Command("learning_rate", rate)

    def training(self) -> Generator[tuple[int, Event], Command | None, None]:
        specs, base = specs_of(self.run), TrainingSpec(**self.run.spec)
        self.strands = [
            Strand(self.settings, self.store, self.run, variant, spec)
            for variant, spec in enumerate(specs)
        ]
        files, cache = self.settings.dataset_files_dir, self.settings.data_dir / "cache"
        options = Options.of(base.dataset_options)
        own = self.settings.own_datasets_dir
        self.dataset = load(
            base.dataset, files, cache, options, own, base.preprocessing, base.dataset_version
        )
        states = [strand.state() for strand in self.strands]
        told = [replace(spec, report_every=self.pace(spec)) for spec in specs]
        weights = None if all(states) else self.weights(base)
        return train_in_turn(told, self.dataset, states, weights)

    def weights(self, spec: TrainingSpec) -> Mapping[str, Tensor] | None:
        """Of the model that it starts from; one that goes on needs none."""
        settings = self.settings
        library = ModelLibrary(ROOT / "models", settings.own_models_dir, settings.runs_dir)
        return weights_for(spec, self.dataset.classes, library)

    def pace(self, spec: TrainingSpec) -> int:
        """Steps from one point of the curve to the next."""
        steps = spec.epochs * len(self.dataset.train) // spec.batch_size
        return max(1, steps // POINTS)

    def record(self, strand: Strand, event: Event, recorder: Recorder) -> None:
        told = strand.event(event)
        if event.kind == "started":
            self.describe(strand, event)
            return self.begin(strand.begin(event), recorder)
        if event.kind == "checkpoint":
            if not strand.is_due(event, leaving=self.end is not State.FINISHED):
                return None
            told = strand.event(event, bytes=strand.save(event, tell=recorder.flush))
        if event.trained is not None:
            self.keep_model(strand, event.trained)
        if event.kind == "evaluated":
            strand.losses[event.step] = event.values["loss"]
        if event.kind in ENDS:
            strand.last = told  # told with the state, at the end
            if len(self.strands) == 1 or event.kind == "stopped":
                return None
            reason = "diverged" if event.kind == "failed" else event.kind
            told = strand.event(event, "ended", reason=reason)
        if strand.is_news(told):
            recorder.add(told)

    def begin(self, told: RunEvent, recorder: Recorder) -> None:
        try:
            self.move(State.RUNNING, told=told)
        except IllegalMove:  # it was asked to pause or stop before it began, or a variant has begun
            recorder.add(told)
            recorder.flush()

    def keep_model(self, strand: Strand, trained: Trained) -> None:
        """What publishing copies: the model with a card written from this run."""
        name = model_of(strand.variant)
        trained = replace(trained, seconds=time.time() - self.run.started)
        recipe = command(strand.spec, name)
        card = make_card(trained, self.dataset, name, recipe, self.notes())
        save_model(strand.folder, card, stored(trained), trained.confidence.familiarity)

    def describe(self, strand: Strand, begun: Event) -> None:
        """The card by which each checkpoint can predict before anything is published."""
        name, facts = model_of(strand.variant), begun.values
        card = early_card(
            strand.spec, self.dataset, name, command(strand.spec, name), facts["precision"],
            facts["parameters"], self.notes(),
        )  # fmt: skip
        strand.checkpoints.describe(card)

    def notes(self) -> list[str]:
        """What its recipe does not say."""
        asked = [e for e in self.store.told(self.run.id, "queued") if "epochs" in e.fields]
        return history(self.run.parent, [(e.epoch, e.fields["epochs"]) for e in asked])

    def leave(self) -> None:
        """The state, told as the first training tells it that ended so; failed where all did."""
        ends = [strand.last for strand in self.strands if strand.last]
        kind = "finished" if self.end is State.FINISHED else "stopped"
        last = next((told for told in ends if told.kind == kind), None)
        if last is None:
            self.move(State.FAILED, "diverged", REASONS["diverged"])
        else:
            self.move(self.end, told=replace(last, kind=self.end.value))

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
    """Without the server's folders, which everybody could read here."""
    if isinstance(error, MissingFiles):
        return error.public
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def step_back() -> None:
    """Predictions and people go first. Where Linux shares the cores between sessions (autogroup),
    niceness counts within one alone, so the session, which is ours, is made nice as well."""
    niceness = os.environ.get("INKLING_WORKER_NICE", "10")
    os.nice(int(niceness))
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(niceness)


if __name__ == "__main__":
    step_back()
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
