"""ImageNet-1K as a tree of folders, imagenet/train/WNID/*.JPEG and imagenet/val/WNID/*.JPEG, or
as its official archives."""

import os
from dataclasses import replace
from pathlib import Path

from app.ml.imagenet_archives import TRAINING, VALIDATION, pictures_of
from app.ml.parts import Dataset, Options
from app.ml.picture_files import Name
from app.ml.picture_folders import files_in, load_files
from app.ml.sources import Entry, Source, find

SOURCES = (
    Source(f"imagenet/{TRAINING}", "1d675b47d978889d74fa0da5fadfb00e", unpacked="imagenet/train"),
    Source(f"imagenet/{VALIDATION}", "29b22e2961454d5413ddabcf34fc5622", unpacked="imagenet/val"),
)
CLASSES = tuple(f"class {number}" for number in range(1, 1001))  # until their names are known
PUBLISHED_AS = "squeezenet1_0"  # any network of torchvision's knows the thousand names


def load_imagenet(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    """Its validation pictures are the test part, as everywhere; validation is cut from training.

    ValueError where there are not as many classes as there must be, the same in both parts.
    """
    places = [find(entry, source, root) for source in entry.sources]
    train, test = (classes_of(place, root, cache / "folders" / entry.name) for place in places)
    wnids = sorted(train)  # WordNet's numbers; so sorted they are the networks' outputs
    if len(wnids) != len(entry.classes) or sorted(test) != wnids:
        raise ValueError(
            f"{places[0]} and {places[1]} must each hold the same {len(entry.classes):,} classes, "
            f"named by their WordNet numbers; there are {len(train):,} and {len(test):,}"
        )
    parts = {
        name: [part[wnid] for wnid in wnids] for name, part in (("train", train), ("test", test))
    }
    return replace(load_files(entry, root, cache, options, parts), classes=names(wnids))


def classes_of(place: Path, root: Path, cache: Path) -> dict[str, list[Name]]:
    """The files of each class, by its WordNet number."""
    if not place.is_dir():
        return pictures_of(place, root, cache)
    folder = place.relative_to(root).as_posix()
    wnids = [each.name for each in os.scandir(place) if each.is_dir()]
    return {wnid: files_in(root, f"{folder}/{wnid}") for wnid in wnids}


def names(wnids: list[str]) -> tuple[str, ...]:
    """In words where torchvision is installed, else WordNet's numbers."""
    from app.ml.torchvision_models import published  # a second or two, and only here

    try:
        found = published(PUBLISHED_AS)[0].classes
    except ImportError:
        found = ()
    return found if len(found) == len(wnids) else tuple(wnids)
