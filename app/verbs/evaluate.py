"""`./run evaluate`: how good a model is on a part of a dataset."""

import json

from app.ml.checkpoints import ModelLibrary, UnavailableModel, UnknownModel
from app.ml.datasets import asked_for, find, load
from app.ml.evaluation import evaluate_reading
from app.ml.inference import load_classifier
from app.ml.sources import MissingFiles
from app.settings import ROOT, Settings
from app.verbs.sentences import cannot


def start(model: str, dataset: str | None, part: str, as_json: bool) -> int:
    settings = Settings()
    library = ModelLibrary(ROOT / "models", settings.own_models_dir, settings.runs_dir)
    try:
        classifier = load_classifier(library.resolve(model))
        name = dataset or classifier.card.dataset
        files, cache = settings.dataset_files_dir, settings.data_dir / "cache"
        own = settings.own_datasets_dir
        how = asked_for(find(name, own), classifier.card.preprocessing)
        version = "" if dataset else classifier.card.dataset_version
        parts = load(name, files, cache, own=own, preprocessing=how, version=version)
        if parts.classes != classifier.card.classes:
            raise ValueError(f"the classes of {name} are not those that {model} tells apart")
        temperature = classifier.card.temperature
        found = evaluate_reading(classifier.read, parts.part(part), temperature)
    except UnknownModel:
        names = ", ".join(entry.name for entry in library.entries())
        return cannot("evaluate", f"no model called {model!r}; there are {names}")
    except (ValueError, MissingFiles, UnavailableModel) as error:
        return cannot("evaluate", error)
    summary = found.summary(classifier.card.classes)
    print(
        f"{model} on {name}, {part}: {summary['accuracy']:.2%} of {summary['n']}, "
        f"{summary['rejected']} of them rejected"
    )
    print(
        f"  calibration error {summary['ece']:.2%}; {summary['ece_before']:.2%} without its "
        f"temperature {temperature}"
    )
    if summary["unfamiliar"] is not None:
        share = summary["unfamiliar"] / summary["n"]
        print(f"  {summary['unfamiliar']} ({share:.2%}) called unfamiliar, though read")
    for label, share in summary["per_class"].items():
        print(f"  {label:>12}  {share:.2%}")
    if as_json:
        print(json.dumps({"model": model, "dataset": name, "part": part, **summary}))
    return 0
