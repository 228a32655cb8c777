"""`./run datasets add NAME PATH` and `./run datasets remove NAME`: a person's own pictures."""

import asyncio
import json
import zipfile
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

from app.ml import own_datasets
from app.ml.dataset_making import NOT_STATED, Wanted, check_wanted
from app.ml.datasets import DATASETS
from app.ml.own_datasets import Manifest
from app.ml.picture_sources import Bounds, Found, in_folder, in_zip
from app.ml.picture_trees import CannotMake
from app.settings import LIMITS, Settings
from app.verbs.progress import CountingBar
from app.verbs.sentences import cannot
from app.web.dataset_uploads import make
from app.web.training import open_store

BOUNDS = Bounds(2_000_000, LIMITS.picture_bytes, 1 << 40)  # at one's own machine: a terabyte
TOLD = 20  # files left out that are told one by one


def add(name: str | None, path: Path | None, licence: str, source: str, as_json: bool) -> int:
    """0 made, 2 cannot be made."""
    own = Settings().own_datasets_dir
    if name is None or path is None:
        return cannot("datasets", "add needs a name and a folder or zip: datasets add NAME PATH")
    try:
        wanted = Wanted(name, source or plain(f"{path.absolute()}"), licence or NOT_STATED)
        check_wanted(own, wanted)
        with CountingBar("pictures") as bar:
            manifest = asyncio.run(make(own, wanted, partial(find, path), bar.show))
    except (CannotMake, OSError) as error:
        return cannot("datasets", str(error))
    tell(manifest)
    if as_json:
        print(json.dumps(facts(manifest)))
    return 0


def find(path: Path) -> AbstractContextManager[list[Found]]:
    if path.is_dir():
        return in_folder(path, BOUNDS)
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise CannotMake("damaged_zip", f"{path} is no folder and no zip")
    return in_zip(path, BOUNDS)


def tell(manifest: Manifest) -> None:
    for each in manifest.reasons[:TOLD]:
        print(f"left out: {plain(each.path)}: {each.reason}")
    if manifest.left_out > TOLD:
        print(f"left out: {manifest.left_out - TOLD:,} more")
    cut = "" if manifest.split_seed is None else ", cut off from each class"
    print(
        f"{manifest.name}: {len(manifest.classes)} classes, {sum(manifest.train):,} training and "
        f"{sum(manifest.test):,} test pictures{cut}"
    )
    print(f"try: ./run train --dataset {manifest.name} --network residual")


def facts(manifest: Manifest) -> dict[str, object]:
    return {
        "name": manifest.name, "classes": manifest.classes, "train": manifest.train,
        "test": manifest.test, "left_out": manifest.left_out,
        "reasons": [vars(each) for each in manifest.reasons],
    }  # fmt: skip


def plain(path: str) -> str:
    """Nothing in it commands the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in path)


def is_in_use(settings: Settings, name: str) -> bool:
    with closing(open_store(settings)) as store:
        return store.uses(name)


def remove(name: str | None) -> int:
    """0 gone, 2 cannot go."""
    settings = Settings()
    if name is None:
        return cannot("datasets", "remove needs a name: datasets remove NAME")
    if name in DATASETS:
        return cannot("datasets", f"{name} is one of Inkling's own datasets, which stay")
    if is_in_use(settings, name):
        return cannot("datasets", f"a run that waits or trains uses {name}; stop it first")
    try:
        own_datasets.delete(settings.own_datasets_dir, name, settings.data_dir)
    except KeyError:
        known = ", ".join(own_datasets.names(settings.own_datasets_dir)) or "none"
        return cannot("datasets", f"no own dataset called {name!r}; there is {known}")
    print(f"{name} is removed")
    return 0
