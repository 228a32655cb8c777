"""`./run import`: a network that was trained elsewhere becomes a model."""

import json
from pathlib import Path

from app.ml.checkpoints import ModelLibrary, ReservedName
from app.ml.downloads import DownloadFailed
from app.ml.foreign_weights import Unfit
from app.ml.importing import bring, import_model
from app.ml.torchvision_models import NoTorchvision
from app.settings import ROOT, Settings
from app.verbs.progress import DownloadBar
from app.verbs.sentences import cannot


def start(
    architecture: str, weights: Path | None, name: str | None, licence: str, as_json: bool
) -> int:
    """0 imported, 2 when it cannot be; without weights, those of torchvision's table."""
    settings = Settings()
    library = ModelLibrary(ROOT / "models", settings.own_models_dir)
    name = name or f"imagenet-{architecture.replace('_', '-')}"
    try:
        library.check_free(name)
        if weights is None:
            with DownloadBar() as bar:
                weights = bring(architecture, settings.data_dir / "weights", bar.show)
        entry = import_model(architecture, weights, name, library, licence)
    except Unfit as unfit:
        return cannot("import", f"{weights} cannot be used: {unfit}")
    except (ValueError, FileExistsError, ReservedName, DownloadFailed, NoTorchvision) as error:
        return cannot("import", error)
    except OSError as error:
        return cannot("import", f"{error.filename or weights}: {error.strerror}")
    assert entry.card is not None
    for note in entry.card.notes:
        print(note)
    print(f"{entry.name} is in {entry.folder}; try: ./run predict {entry.name} FILE")
    if as_json:
        print(json.dumps({"model": entry.name, "version": entry.version}))
    return 0
