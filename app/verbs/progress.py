"""Progress bars of the command line."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from app.ml.training import Event
from app.ml.training_spec import TrainingSpec


class Bar:
    """Shown between `with` and its end, on the terminal's other channel."""

    def __init__(self, *columns: ProgressColumn) -> None:
        self.console = Console(stderr=True)
        self.progress = Progress(*columns, console=self.console)

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.progress.stop()


class TrainingBar(Bar):
    """One bar for a training: loss, accuracy, pictures a second and the time left."""

    def __init__(self, spec: TrainingSpec) -> None:
        text = "{task.fields[loss]} {task.fields[accuracy]} {task.fields[speed]}"
        super().__init__(
            TextColumn(f"{spec.network} on {spec.dataset}, epoch {{task.fields[epoch]}}"),
            BarColumn(), TextColumn(text), TimeRemainingColumn(),
        )  # fmt: skip
        self.fields: dict[str, Any] = {"loss": "", "accuracy": "", "speed": "", "epoch": "0"}
        self.epochs = spec.epochs
        self.task = self.progress.add_task("", total=None, **self.fields)

    def show(self, event: Event) -> None:
        values = event.values
        if event.kind == "started":
            self.progress.update(self.task, total=values["steps"], completed=event.step)
            how = ", ".join(str(values[name]) for name in ("device", "precision"))
            self.say(f"{values['train']} pictures, {values['parameters']} parameters, "
                     f"{how}, {values['threads']} threads")  # fmt: skip
        elif event.kind == "step":
            self.fields["loss"] = f"loss {values['loss']:.4f}"
            self.fields["speed"] = f"{values['pictures_per_second']:.0f} pictures/s"
        elif event.kind == "evaluated" and values["accuracy"] is not None:
            self.fields["accuracy"] = f"validation {values['accuracy']:.2%}"
        self.fields["epoch"] = f"{int(event.epoch)}/{self.epochs}"
        self.progress.update(self.task, completed=event.step, **self.fields)

    def say(self, sentence: str) -> None:
        self.console.print(sentence, highlight=False, markup=False)


class DownloadBar(Bar):
    """One bar for each file that is being brought."""

    def __init__(self) -> None:
        super().__init__(TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        self.tasks: dict[str, TaskID] = {}

    def show(self, name: str, done: int, total: int) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name)
        self.progress.update(self.tasks[name], completed=done, total=total or None)


class CountingBar(Bar):
    """One bar of things that are counted."""

    def __init__(self, things: str) -> None:
        super().__init__(TextColumn(things), BarColumn(), MofNCompleteColumn())
        self.task = self.progress.add_task(things, total=None)

    def show(self, done: int, total: int) -> None:
        self.progress.update(self.task, completed=done, total=total)
