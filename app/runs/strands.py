"""What a worker knows of one of its trainings: where it stands, and what of it is told already."""

from collections.abc import Callable
from time import monotonic, time

from app.ml.training import Event
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState
from app.runs.checkpoints import START, Checkpoints, best_of
from app.runs.store import Run, RunEvent, Store
from app.settings import Settings

GRAPH = ("step", "evaluated", "checkpoint", "ended")  # kinds that belong to a step, once each
CHECKPOINT_SECONDS = 1.0  # between two checkpoints of a run; the last step has one in any case
WORK_FOR_ONE = 50  # times as long as a checkpoint took it trains before the next: 2 % at most


class Strand:
    """One training of a run; a run with variants has one for each."""

    def __init__(
        self, settings: Settings, store: Store, run: Run, variant: int, spec: TrainingSpec
    ) -> None:
        self.run, self.variant, self.spec = run, variant, spec
        self.folder = settings.runs_dir / run.id
        self.checkpoints = Checkpoints.of(settings.runs_dir, run.id, variant)
        self.told = {kind: store.last_step(run.id, kind, variant) for kind in GRAPH}
        told = [e for e in store.told(run.id, "evaluated") if e.variant == variant]
        self.losses = {event.step: event.fields["loss"] for event in told}  # of validation
        self.pause = CHECKPOINT_SECONDS * max(1, len(run.variants or ()))
        self.due = 0.0  # when the next checkpoint is
        self.last_step = self.epoch = 0  # steps in all, steps of an epoch
        self.last: RunEvent | None = None  # how it ended

    def state(self) -> TrainingState | None:
        """Its last checkpoint, or the one of another run that it began from, which goes on at this
        run's learning rate."""
        if last := self.checkpoints.last():
            return last
        if self.run.parent is None:
            return None
        state = TrainingState.load(str(self.folder / START))
        return TrainingState(state.tensors, state.place | {"peak_rate": self.spec.learning_rate})

    def begin(self, event: Event) -> RunEvent:
        self.last_step, self.epoch = event.values["steps"], event.values["steps_per_epoch"]
        kind = "resumed" if self.checkpoints.steps() else "started"
        return self.event(event, kind)

    def event(self, event: Event, kind: str = "", **more: object) -> RunEvent:
        fields = {**event.values, **more}
        name, now = kind or event.kind, time()
        return RunEvent(name, event.step, event.epoch, fields, self.variant, now)

    def is_news(self, told: RunEvent) -> bool:
        """What was told before an interruption is not told again: it would be the same."""
        if told.kind not in GRAPH:
            return True
        if told.step <= self.told[told.kind]:
            return False
        self.told[told.kind] = told.step
        return True

    def is_due(self, event: Event, leaving: bool) -> bool:
        """Whether a checkpoint is worth its time now."""
        return monotonic() >= self.due or event.step == self.last_step or leaving

    def save(self, event: Event, tell: Callable[[], None]) -> int:
        """A checkpoint on disk means that all before it is told: `tell` does so first."""
        assert event.state is not None
        began = monotonic()
        tell()
        size = self.checkpoints.save(event.state)
        self.checkpoints.thin(best_of(self.checkpoints.steps(), self.losses), self.epoch)
        took = monotonic() - began
        self.due = monotonic() + max(self.pause, WORK_FOR_ONE * took)
        return size
