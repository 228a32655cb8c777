"""`python -m bench.bare_loop SPEC`: a run's training without store and stream; its seconds."""

import json
import sys
from dataclasses import replace
from time import perf_counter

from app.ml.datasets import load
from app.ml.memory import keep_freed_memory
from app.ml.parts import Options
from app.ml.training import train
from app.ml.training_spec import TrainingSpec
from app.runs.worker import POINTS, step_back
from app.settings import Settings


def main(text: str) -> None:
    step_back()
    keep_freed_memory()
    settings, spec = Settings(), TrainingSpec(**json.loads(text))
    options, cache = Options.of(spec.dataset_options), settings.data_dir / "cache"
    dataset = load(spec.dataset, settings.dataset_files_dir, cache, options)
    steps = spec.epochs * (len(dataset.train) // spec.batch_size)
    times = {}
    for event in train(replace(spec, report_every=max(1, steps // POINTS)), dataset):
        times[event.kind] = perf_counter()
    print(times["evaluated"] - times["started"])


if __name__ == "__main__":
    main(sys.argv[1])
