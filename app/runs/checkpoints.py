"""A run's checkpoints on disk: one file a step, thinned by a stated rule."""

from pathlib import Path

from app.ml.files import write_atomically
from app.ml.training_state import TrainingState

SPACED = 20  # checkpoints kept over a run's length, besides the best and the last


class Checkpoints:
    """The folder of one run's checkpoints, named by their step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def steps(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.safetensors"))

    def path(self, step: int) -> Path:
        return self.folder / f"{step}.safetensors"

    def save(self, state: TrainingState) -> int:
        """Whole or not there; returns its size in bytes. OSError when the disk is full."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(state.place["step"])
        write_atomically(path, state.save)
        return path.stat().st_size

    def last(self) -> TrainingState | None:
        steps = self.steps()
        return TrainingState.load(str(self.path(steps[-1]))) if steps else None

    def thin(self, best: int | None) -> None:
        """Keep the best, the last, and SPACED others evenly over the steps."""
        steps = self.steps()
        wanted = {round(i * (len(steps) - 1) / SPACED) for i in range(SPACED + 1)}
        keep = {best, *(steps[place] for place in wanted if steps)}
        for step in steps:
            if step not in keep:
                self.path(step).unlink(missing_ok=True)
