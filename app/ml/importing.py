"""A network trained elsewhere becomes a model: torchvision's architecture, weights from a file."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from app.ml.cards import Card
from app.ml.checkpoints import ModelEntry, ModelLibrary
from app.ml.downloads import Progress, digest, fetch
from app.ml.foreign_weights import Unfit, read_foreign, shapes_of
from app.ml.networks import build
from app.ml.sources import Source
from app.ml.torchvision_models import Published, architectures, published

DATASET = "imagenet"
LIMITS = (
    "It knows the {classes:,} classes of ImageNet, many of them breeds of dogs, and takes "
    "everything else for one of them. It looks at the middle of a photograph alone. A high "
    "probability is not a proof."
)
IMAGENET = (
    "ImageNet: Olga Russakovsky and others, ImageNet Large Scale Visual Recognition Challenge, "
    "2015. Architecture, names of the classes and preparation of the pictures: torchvision (BSD "
    "3-clause)."
)
UNSTATED = (
    "of the weights: not stated; ask whoever gave you the file. ImageNet's pictures: for research "
    "that is not commercial"
)
REPORTED = (
    "Its makers report {top1:.1%} right on ImageNet's 50,000 validation pictures ({top5:.1%} with "
    "five guesses). This was not measured here."
)
UNKNOWN = (
    "The file {file} is none of those in torchvision's table (by its checksum): nothing is known "
    "of its accuracy, and its pictures are prepared as for torchvision's own {weights}."
)


def import_model(
    architecture: str, file: Path, name: str, library: ModelLibrary, licence: str = ""
) -> ModelEntry:
    """Check the weights in FILE against the architecture and keep them as one's own model.

    ValueError (Unfit where the file is wrong), FileExistsError, ReservedName, OSError.
    """
    check_architecture(architecture)
    library.check_free(name)
    with working_folder(library.own) as folder:
        read_foreign(architecture, file, folder / "weights.safetensors")
        weights = load_file(folder / "weights.safetensors")
    card = make_card(architecture, file, name, licence)
    check_answer(card, weights)
    return library.save(card, weights)


@torch.inference_mode()
def check_answer(card: Card, weights: Mapping[str, Tensor]) -> None:
    """Unfit where the network that they make answers a grey picture with what is no number."""
    network = build(card.network, card.hyperparameters, card.shape, len(card.classes)).eval()
    network.load_state_dict(weights)
    if not network(torch.zeros(1, *card.shape)).isfinite().all():
        raise Unfit("with these weights the network answers with what is no number")


def check_architecture(name: str) -> None:
    if name not in architectures():
        names = ", ".join(architectures())
        raise ValueError(f"torchvision has no classification network {name!r}; it has {names}")


@contextmanager
def working_folder(own: Path) -> Iterator[Path]:
    """Beside one's own models, so that a large file does not fill the disk of temporary files."""
    own.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=own, prefix=".import-") as folder:
        yield Path(folder)


def make_card(architecture: str, file: Path, name: str, licence: str) -> Card:
    known = recognised(architecture, file)
    weights = known or published(architecture)[0]
    shapes = shapes_of(architecture)
    note = (
        REPORTED.format(top1=known.top1, top5=known.top5)
        if known
        else UNKNOWN.format(file=file.name, weights=weights.name)
    )
    return Card(
        name=name,
        title=f"{architecture}, imported",
        network=architecture,
        hyperparameters={},
        classes=weights.classes,
        preprocessing=weights.preprocessing,
        dataset=DATASET,
        seed=0,
        precision="unknown",
        recipe=f"./run import {architecture} --weights {file.name} --name {name}",
        parameters=sum(shapes[each].numel() for each in shapes if is_learnt(each)),
        sha256="0" * 64,  # save_model fills in the real one
        accuracy={},
        licence=licence or UNSTATED,
        attribution=f"{IMAGENET} {known.recipe if known else ''}".strip(),
        limits=LIMITS.format(classes=len(weights.classes)),
        created=datetime.now(UTC).date().isoformat(),
        notes=(note,),
    )


def is_learnt(name: str) -> bool:
    return not name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def recognised(architecture: str, file: Path) -> Published | None:
    """The row of torchvision's table that this file is, by its sha256."""
    found = digest(file, "sha256")
    rows = (row for row in published(architecture) if found.startswith(row.sha256))
    return next(rows, None)


def bring(architecture: str, root: Path, progress: Progress) -> Path:
    """The newest weights of torchvision's table under `root`, downloaded where they are not there.
    DownloadFailed."""
    check_architecture(architecture)
    weights = published(architecture)[-1]
    source = Source(weights.file, "", (weights.url,), weights.sha256)
    if not (root / source.path).is_file():
        fetch(source, root / source.path, progress)
    return root / source.path
