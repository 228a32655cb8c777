"""`./run train`: a recipe, or a dataset and a network, become a model."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from app.ml.checkpoints import ModelEntry, ModelLibrary, ReservedName
from app.ml.datasets import Datasets, load
from app.ml.files import write_atomically
from app.ml.fine_tuning import weights_for
from app.ml.memory import keep_freed_memory
from app.ml.parts import Dataset, Options
from app.ml.publishing import publish
from app.ml.recipes import RECIPES
from app.ml.sources import MissingFiles
from app.ml.specs import command, make_spec
from app.ml.training import Trained, Weights, train
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState
from app.settings import ROOT, Settings
from app.verbs.sentences import cannot


def start(
    recipe: str | None, dataset: str | None, network: str | None, changes: Sequence[str],
    name: str | None, into: Path | None, as_json: bool, model: str | None = None,
) -> int:  # fmt: skip
    """Train, test once, write the model's folder; 0 done, 1 stopped or failed, 2 cannot work."""
    keep_freed_memory()
    settings = Settings()
    try:
        if recipe is None and (dataset is None or not (network or model)):
            names = ", ".join(RECIPES)
            raise ValueError(
                f"name a recipe ({names}), or --dataset with --network or --start-from"
            )
        own, library = settings.own_datasets_dir, library_of(settings)
        chosen = choices(changes) | ({"start_from": model} if model else {})
        spec = make_spec(recipe, dataset, network, chosen, Datasets(own), library)
        name = name or default_name(recipe or f"{spec.dataset}-{spec.network}", library, into)
        if into is None:
            library.check_free(name)
        options = Options.of(spec.dataset_options)
        files, cache = settings.dataset_files_dir, settings.data_dir / "cache"
        parts = load(spec.dataset, files, cache, options, own, spec.preprocessing)
        weights = weights_for(spec, parts.classes, library)
        place = settings.data_dir / "training" / f"{name}.safetensors"
        trained = follow(spec, parts, place, weights)
        if trained is None:
            return 1
        entry = publish(trained, parts, name, command(spec, name, recipe), library, into)
    except (ValueError, TypeError, MissingFiles, FileExistsError, ReservedName) as error:
        return cannot("train", error)
    report(entry, as_json)
    return 0


def library_of(settings: Settings) -> ModelLibrary:
    return ModelLibrary(ROOT / "models", settings.own_models_dir, settings.runs_dir)


def choices(changes: Sequence[str]) -> dict[str, Any]:
    """`--set name=value`: the value is JSON, or plain text."""
    chosen = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"--set {change}: write name=value")
        chosen[key] = json_or_text(text)
    return chosen


def json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def default_name(wanted: str, library: ModelLibrary, into: Path | None) -> str:
    """The recipe's own name; `my-` before it where that name ships."""
    taken = into is None and (library.shipped / wanted).is_dir()
    return f"my-{wanted}" if taken else wanted


def follow(
    spec: TrainingSpec, dataset: Dataset, place: Path, weights: Weights | None = None
) -> Trained | None:
    """Show the events as a progress bar; each epoch's state is kept at `place` until the end."""
    from app.verbs.progress import TrainingBar

    state = earlier_state(place, spec)
    started = perf_counter() - (state.place["seconds"] if state else 0.0)
    place.parent.mkdir(parents=True, exist_ok=True)
    with TrainingBar(spec) as bar:
        for event in train(spec, dataset, state, weights):
            bar.show(event)
            seconds = perf_counter() - started
            if event.state is not None and event.epoch.is_integer():
                own = {"spec": spec.to_json(), "seconds": seconds}
                kept = replace(event.state, place={**event.state.place, **own})
                write_atomically(place, kept.save)
            if event.kind == "failed":
                bar.say("The loss is not a number any more; try a lower --set learning_rate=...")
            if event.trained is not None:
                place.unlink(missing_ok=True)
                return replace(event.trained, seconds=seconds)
    return None


def earlier_state(place: Path, spec: TrainingSpec) -> TrainingState | None:
    """Where an interrupted training of the very same spec stood."""
    if not place.is_file():
        return None
    state = TrainingState.load(str(place))
    return state if state.place["spec"] == spec.to_json() else None


def report(entry: ModelEntry, as_json: bool) -> None:
    assert entry.card is not None
    for part, found in entry.card.accuracy.items():
        print(f"{part}: {found['accuracy']:.2%} of {found['n']}")
    print(f"{entry.name} is in {entry.folder}; try: ./run predict {entry.name} FILE")
    if as_json:
        print(json.dumps({"model": entry.name, "version": entry.version,
                          "accuracy": entry.card.accuracy}))  # fmt: skip
