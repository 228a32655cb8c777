"""`python -m app.ml.examiner`: a process that examines checkpoints, so that predicting never waits.

Each line in is a question as JSON, each line out its answer: {} or {"error": code, "message"}.
It ends with its input, and keeps the dataset of the last question.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from app.ml.checkpoints import ModelEntry, UnavailableModel, UnknownModel, read_checkpoint
from app.ml.datasets import load
from app.ml.examination import examine, examined_part, save_pictures
from app.ml.inference import load_network
from app.ml.parts import Dataset, Options
from app.ml.sources import MissingFiles

NICE = 10  # predictions and people come first


class Examiner:
    """Answers questions: {run, checkpoints, examined, step, part, datasets, cache}; paths are
    words, the first two after `run` folders in it."""

    def __init__(self) -> None:
        self.key: tuple[Any, ...] = ()
        self.dataset: Dataset | None = None

    def answer(self, question: dict[str, Any]) -> dict[str, str]:
        try:
            self.examine(question)
        except UnknownModel:
            return {"error": "unknown_checkpoint", "message": ""}
        except UnavailableModel as error:
            return {"error": "model_unavailable", "message": f"{error}"}
        except MissingFiles as error:
            return {"error": "no_dataset", "message": f"{error}"}
        except ValueError as error:
            return {"error": "no_pictures", "message": f"{error}"}
        return {}

    def examine(self, question: dict[str, Any]) -> None:
        run, step, name = Path(question["run"]), int(question["step"]), str(question["part"])
        checkpoints, folder = run / question["checkpoints"], run / question["examined"]
        entry = read_checkpoint(checkpoints, step, f"{run.name}/{step}")
        part = examined_part(self.load(entry, question), name)
        assert entry.card is not None
        found = examine(entry.card, load_network(entry), part)
        folder.mkdir(exist_ok=True)
        save_pictures(folder, name, part)
        found.save(folder / f"{step}.{name}.safetensors")
        forget_the_thinned(folder, checkpoints)

    def load(self, entry: ModelEntry, question: dict[str, Any]) -> Dataset:
        assert entry.card is not None
        options = entry.card.training["dataset_options"]
        root, cache = Path(question["datasets"]), Path(question["cache"])
        key = entry.card.dataset, json.dumps(options, sort_keys=True), root, cache
        if key != self.key or self.dataset is None:
            self.dataset = None  # the memory of one is enough
            self.dataset = load(entry.card.dataset, root, cache, Options.of(options))
            self.key = key
        return self.dataset


def forget_the_thinned(examined: Path, checkpoints: Path) -> None:
    """What was found out about checkpoints that are not kept any more."""
    for path in examined.glob("[0-9]*.safetensors"):
        if not (checkpoints / f"{path.name.partition('.')[0]}.safetensors").exists():
            path.unlink(missing_ok=True)


def main(lines: Iterable[str], out: TextIO) -> None:
    examiner = Examiner()
    for line in lines:
        print(json.dumps(examiner.answer(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    os.nice(NICE)
    main(sys.stdin, sys.stdout)
