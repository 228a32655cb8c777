"""ImageNet-1K as a tree of folders: imagenet/train/WNID/*.JPEG and imagenet/val/WNID/*.JPEG."""

import os
from dataclasses import replace
from pathlib import Path

from app.ml.parts import Dataset, Options
from app.ml.picture_folders import load_folders
from app.ml.sources import Entry, Source, find

SOURCES = (
    Source("imagenet/train", "", unpacked="imagenet/train"),
    Source("imagenet/val", "", unpacked="imagenet/val"),
)
CLASSES = tuple(f"class {number}" for number in range(1, 1001))  # until their names are known
PUBLISHED_AS = "squeezenet1_0"  # any network of torchvision's knows the thousand names


def load_imagenet(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    """Its validation pictures are the test part, as everywhere; validation is cut from training.

    ValueError where a folder does not hold one folder for each class.
    """
    places = [find(entry, source, root) for source in entry.sources]
    train, test = ([each.name for each in os.scandir(place) if each.is_dir()] for place in places)
    wnids = sorted(train)  # WordNet's numbers; so sorted they are the networks' outputs
    if len(wnids) != len(entry.classes) or sorted(test) != wnids:
        raise ValueError(
            f"{places[0]} and {places[1]} must each hold {len(entry.classes):,} folders, "
            "named by the WordNet number of their class"
        )
    folders = {
        part: [f"{source.unpacked}/{wnid}" for wnid in wnids]
        for part, source in zip(("train", "test"), entry.sources, strict=True)
    }
    return replace(load_folders(entry, root, cache, options, folders), classes=names(wnids))


def names(wnids: list[str]) -> tuple[str, ...]:
    """In words where torchvision is installed, else WordNet's numbers."""
    from app.ml.torchvision_models import published  # a second or two, and only here

    try:
        found = published(PUBLISHED_AS)[0].classes
    except ImportError:
        found = ()
    return found if len(found) == len(wnids) else tuple(wnids)
