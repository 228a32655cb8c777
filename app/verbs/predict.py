"""`./run predict`: what a model reads in picture files, by the way the server takes."""

import json
from pathlib import Path
from typing import Any

from app.ml.checkpoints import ModelLibrary, UnavailableModel, UnknownModel
from app.ml.inference import Classifier, load_classifier
from app.ml.preprocessing import longest_side, preprocess, unfamiliar
from app.settings import LIMITS, ROOT, Settings
from app.verbs.sentences import cannot
from app.web.formats import BadPicture
from app.web.images import read_picture


def start(words: list[str], as_json: bool) -> int:
    """One line a file; 1 when a file could not be read. The first word may name the model."""
    settings = Settings()
    library = ModelLibrary(ROOT / "models", settings.own_models_dir, settings.runs_dir)
    named = len(words) > 1 and not Path(words[0]).exists()
    model = words[0] if named else settings.default_model
    files = [Path(word) for word in words[int(named) :]]
    try:
        classifier = load_classifier(library.resolve(model))
    except UnknownModel:
        names = ", ".join(entry.name for entry in library.entries())
        return cannot("predict", f"no model called {model!r}; there are {names}")
    except UnavailableModel as error:
        return cannot("predict", error)
    results = [{"file": str(file), **read(classifier, file)} for file in files]
    for result in results:
        print(f"{result['file']}: {line(result)}")
    if as_json:
        print(json.dumps({"model": model, "version": classifier.version, "results": results}))
    return int(any("error" in result for result in results))


def read(classifier: Classifier, file: Path) -> dict[str, Any]:
    if file.exists() and not file.is_file():  # a device never ends
        return {"error": "this is no file"}
    try:
        most = longest_side(classifier.card.preprocessing)
        picture = read_picture(file.read_bytes(), LIMITS, most=most)
    except OSError as error:
        return {"error": error.strerror}
    except BadPicture as error:
        return {"error": str(error)}
    prepared = preprocess(picture, classifier.card.preprocessing)
    if prepared.rejection:
        return {"predictions": [], "rejected": prepared.rejection.message}
    rows, strange = classifier.read(prepared.pixels[None])
    row = rows[0]
    best = row.argsort()[::-1][:5]
    labels = classifier.card.classes
    found = [{"label": labels[i], "probability": round(float(row[i]), 6)} for i in best]
    refused = unfamiliar(labels[best[0]]).message if any(strange) else None
    return {"predictions": found, "rejected": refused}


def line(result: dict[str, Any]) -> str:
    if "error" in result or result["rejected"]:
        return str(result.get("error") or result["rejected"])
    shown = result["predictions"][:3]
    return "  ".join(f"{row['label']} {row['probability']:.1%}" for row in shown)
