"""`python -m app.ml.examiner`: a process that looks long, so that predicting never waits.

Each line in is a question as JSON, each line out its answer: what was found, {} where that lies in
a file, or {"error": code, "message"}. SIGINT gives the question up. It ends with its input, and
keeps the dataset of the last question.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import torch

from app.ml.checkpoints import (
    ModelEntry,
    ModelLibrary,
    UnavailableModel,
    UnknownModel,
    read_checkpoint,
)
from app.ml.damage import Damage, Misfit
from app.ml.datasets import UnknownDataset, asked_for, find, load
from app.ml.duplicates import find_duplicates
from app.ml.examination import examine, examined_part, save_pictures
from app.ml.excitement import MOST_PICTURES, excitement, save_excitement
from app.ml.gallery import make_gallery
from app.ml.hidden import hidden
from app.ml.inference import load_classifier, load_network
from app.ml.parts import Dataset, Options, Part
from app.ml.preprocessing import Preprocessing
from app.ml.resilience import resilience
from app.ml.shifting import read_shifted
from app.ml.sources import MissingFiles

NICE = 10  # predictions and people come first
KEPT_BYTES = 1024 * 1024 * 1024  # of what was found out about models; the oldest goes first
Answer = dict[str, Any]


class GivenUp(Exception):
    """Nobody waits for this answer any more."""


class Examiner:
    """Answers questions, each with `what` and the folders `datasets`, `own` and `cache`, as words.

    examination: {run, checkpoints, examined, step, part}, the second and third folders in `run`.
    hidden, excitement, shifts: {library, reference, version, part, path}, path is where to put it.
    resilience: {library, reference, version, part, pictures, damage}.
    gallery: {dataset, part, path}; duplicates: {dataset, path}.
    """

    def __init__(self) -> None:
        self.key: tuple[Any, ...] = ()
        self.dataset: Dataset | None = None
        self.may_be_given_up = False

    def answer(self, question: dict[str, Any]) -> Answer:
        try:
            self.may_be_given_up = True
            try:
                return self.find(question)
            finally:
                self.may_be_given_up = False
        except GivenUp:
            return {"error": "given_up", "message": ""}
        except UnknownModel:
            return {"error": "unknown_checkpoint", "message": ""}
        except UnavailableModel as error:
            return {"error": "model_unavailable", "message": f"{error}"}
        except MissingFiles as error:
            return {"error": "no_dataset", "message": error.public}
        except UnknownDataset:
            return {"error": "no_dataset", "message": "The dataset is not there any more."}
        except Misfit as error:
            return {"error": "not_there", "message": f"{error}"}
        except ValueError as error:
            return {"error": "no_pictures", "message": f"{error}"}

    def give_up(self, *_: object) -> None:
        if self.may_be_given_up:
            raise GivenUp

    def find(self, question: dict[str, Any]) -> Answer:
        match question["what"]:
            case "hidden":
                self.look_within(question)
            case "excitement":
                self.excite(question)
            case "resilience":
                return self.try_broken(question)
            case "gallery":
                self.hang(question)
            case "duplicates":
                dataset = self.read(question["dataset"], {}, question)
                find_duplicates(dataset).save(Path(question["path"]))
            case "shifts":
                self.push(question)
            case _:
                self.examine(question)
        return {}

    # --- models ---

    def look_within(self, question: dict[str, Any]) -> None:
        entry, part = self.asked_of(question)
        assert entry.card is not None
        found = hidden(entry.card, load_network(entry), part)
        found.save(room_for(Path(question["path"])))

    def excite(self, question: dict[str, Any]) -> None:
        entry, part = self.asked_of(question)
        assert entry.card is not None
        some = part.sample(MOST_PICTURES)
        found, looked_at = excitement(entry.card, load_network(entry), some)
        save_excitement(room_for(Path(question["path"])), found, some, looked_at)

    def try_broken(self, question: dict[str, Any]) -> Answer:
        entry, part = self.asked_of(question)
        assert entry.card is not None
        damage = Damage.from_json(question["damage"])
        some = part.sample(int(question["pictures"]))
        return resilience(entry.card, load_network(entry), damage, some)

    def push(self, question: dict[str, Any]) -> None:
        entry, part = self.asked_of(question)
        found = read_shifted(load_classifier(entry).probabilities, part)
        found.save(room_for(Path(question["path"])))

    def asked_of(self, question: dict[str, Any]) -> tuple[ModelEntry, Part]:
        """UnknownModel where there is another one by now."""
        entry = ModelLibrary(*map(Path, question["library"])).resolve(question["reference"])
        if entry.version != question["version"]:
            raise UnknownModel(question["reference"])
        return entry, self.load(entry, question).part(question["part"])

    # --- checkpoints of runs ---

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

    # --- datasets ---

    def hang(self, question: dict[str, Any]) -> None:
        dataset = self.read(question["dataset"], {}, question)
        part = dataset.part(question["part"])
        make_gallery(part, len(dataset.classes)).save(Path(question["path"]))

    def load(self, entry: ModelEntry, question: dict[str, Any]) -> Dataset:
        assert entry.card is not None
        card, options = entry.card, entry.card.training.get("dataset_options", {})
        return self.read(card.dataset, options, question, card.preprocessing, card.dataset_version)

    def read(
        self, name: str, options: dict[str, Any], question: dict[str, Any],
        model: Preprocessing | None = None, version: str = "",
    ) -> Dataset:  # fmt: skip
        root, own, cache = (Path(question[folder]) for folder in ("datasets", "own", "cache"))
        known = find(name, own)
        how = model and asked_for(known, model)
        wanted = version, json.dumps(options, sort_keys=True), repr(how)
        key = name, known.version, *wanted, root, cache
        if key != self.key or self.dataset is None:
            self.dataset = None  # the memory of one is enough
            self.dataset = load(name, root, cache, Options.of(options), own, how, version)
            self.key = key
        return self.dataset


def forget_the_thinned(examined: Path, checkpoints: Path) -> None:
    """What was found out about checkpoints that are not kept any more."""
    for path in examined.glob("[0-9]*.safetensors"):
        if not (checkpoints / f"{path.name.partition('.')[0]}.safetensors").exists():
            path.unlink(missing_ok=True)


def room_for(path: Path) -> Path:
    """Makes the folder of one model's findings; those of the models that were looked at longest ago
    go where all take too much."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    others = [each for each in folder.parent.iterdir() if each.is_dir() and each != folder]
    sizes = {each: sum(file.stat().st_size for file in each.iterdir()) for each in others}
    for each in sorted(others, key=lambda each: each.stat().st_mtime):
        if sum(sizes.values()) <= KEPT_BYTES:
            break
        shutil.rmtree(each, ignore_errors=True)
        del sizes[each]
    return path


def main(lines: Iterable[str], out: TextIO) -> None:
    examiner = Examiner()
    signal.signal(signal.SIGINT, examiner.give_up)
    for line in lines:
        print(json.dumps(examiner.answer(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    os.nice(NICE)
    ## Threads that wait for one another while somebody else has their core lose far more than they
    ## gain: with both of two busy cores a matrix took 16 times as long as with one.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    main(sys.stdin, sys.stdout)
