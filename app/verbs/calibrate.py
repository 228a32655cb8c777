"""`./run calibrate`: a model's temperature and what it calls unfamiliar, found anew."""

import json
from dataclasses import replace
from pathlib import Path

from app.ml.checkpoints import (
    ModelLibrary,
    ReservedName,
    UnavailableModel,
    UnknownModel,
    read_weights,
    save_model,
)
from app.ml.confidence import find_confidence
from app.ml.datasets import asked_for, find, load
from app.ml.evaluation import BATCH
from app.ml.familiarity import WRONGED
from app.ml.inference import load_classifier
from app.ml.parts import Options, Part
from app.ml.publishing import accuracies
from app.ml.readings import Readings
from app.ml.sources import MissingFiles
from app.settings import ROOT, Settings
from app.verbs.sentences import cannot

LAXER = "By `./run calibrate --wronged` at most"


def start(model: str, wronged: float, into: Path | None, as_json: bool) -> int:
    """By the model's own validation part; its card is written anew, its weights stay.

    wronged: the share of true pictures that may be called unfamiliar.
    """
    settings = Settings()
    if not 0 < wronged < 0.5:
        return cannot("calibrate", "--wronged is a share above 0 and below 0.5, such as 0.01")
    library = ModelLibrary(ROOT / "models", settings.own_models_dir)
    try:
        entry = library.resolve(model)
        if entry.origin == "shipped" and into is None:
            raise ReservedName(f"{model} ships with Inkling and stays as it is")
        classifier, weights = load_classifier(entry), read_weights(entry)
        card = classifier.card
        options = Options.of(card.training.get("dataset_options", {}))
        files, cache = settings.dataset_files_dir, settings.data_dir / "cache"
        own = settings.own_datasets_dir
        how = asked_for(find(card.dataset, own), card.preprocessing)
        dataset = load(card.dataset, files, cache, options, own, how, card.dataset_version)

        def read(part: Part) -> Readings:
            batches = (batch.numpy() for batch in part.batches(BATCH))
            return Readings.joined([classifier.readings(batch) for batch in batches])

        confidence = find_confidence(read, dataset, wronged)
        test = confidence.judge(read(dataset.test), dataset.test)
        facts = accuracies(test, dataset)
        notes = tuple(note for note in card.notes if not note.startswith(LAXER))
        if wronged != WRONGED:
            notes = (*notes, f"{LAXER} {wronged:.2%} of true pictures are called unfamiliar.")
        card = replace(card, temperature=confidence.temperature, accuracy=facts, notes=notes)
        save_model(into or library.own, card, weights, confidence.familiarity)
    except UnknownModel:
        names = ", ".join(each.name for each in library.entries())
        return cannot("calibrate", f"no model called {model!r}; there are {names}")
    except (ValueError, MissingFiles, UnavailableModel) as error:
        return cannot("calibrate", error)
    print(f"{model}: temperature {confidence.temperature}")
    for name, found in card.accuracy.items():
        print(
            f"  {name}: calibration error {found['ece']:.2%}, before {found['ece_before']:.2%}; "
            f"{found['unfamiliar'] or 0} of {found['n']} called unfamiliar"
        )
    if as_json:
        told = {"temperature": confidence.temperature, "accuracy": card.accuracy}
        print(json.dumps({"model": model, "version": card.version, **told}))
    return 0
