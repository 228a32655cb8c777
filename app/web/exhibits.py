"""Datasets to look at, as answers; made off the event loop, with torch."""

from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from app.web.errors import ApiError
from app.web.images import data_url, drawable

if TYPE_CHECKING:
    from app.ml.own_datasets import Manifest
    from app.ml.sources import Entry

PAGE = 60  # pictures
COLUMNS = 10  # of a sheet
MOST_CLASSES = 100  # whose mean pictures are shown

PartName = Literal["train", "validation", "test"]
Order = Literal["file", "hard"]


class DatasetSummary(BaseModel):
    name: str = Field(examples=["mnist"])
    title: str
    classes: list[str]
    side: int = Field(description="of each picture, in pixels")
    channels: int = Field(description="1 for grey, 3 for colours")
    licence: str
    attribution: str
    present: bool = Field(description="whether its files are on this server")
    bring: str = Field(description="how they come; empty when they are there")
    mean: list[float] = Field(description="of each channel of its training pictures, 0 to 1")
    std: list[float] = Field(description="the standard deviation of each")
    own: bool = Field(description="whether a person made it, so that it can be deleted")
    pictures: int = Field(description="of all its parts together")


class DatasetList(BaseModel):
    datasets: list[DatasetSummary]


class Missed(BaseModel):
    path: str = Field(description="as it was sent, its first 200 characters")
    reason: str


class MadeDataset(DatasetSummary):
    train: list[int] = Field(description="pictures of each class; validation is cut from them")
    test: list[int]
    split_seed: int | None = Field(description="of the test part; null where it came with one")
    left_out: int = Field(description="files that are not in it")
    reasons: list[Missed] = Field(description="the first 1,000 of them")


class DatasetDetail(DatasetSummary):
    part: str
    n: int
    counts: list[int] = Field(description="of each class")
    columns: int = Field(description="of each sheet, a tile for each of the first 100 classes")
    tile: int = Field(description="the side of each tile, in pixels")
    means: str = Field(description="data URL: the mean picture of each class")
    spreads: str = Field(description="data URL: each pixel's standard deviation; 255 is `widest`")
    widest: float = Field(description="the largest standard deviation, of 255")


class SampleOf(BaseModel):
    index: int = Field(description="its place in the part")
    label: str
    given: str | None = Field(description="the wrong label that it gets; null: its own")


class SamplePage(BaseModel):
    dataset: str
    part: str
    total: int = Field(description="that fit, on all pages")
    page: int
    pages: int
    columns: int = Field(description="of the sheet")
    tile: int = Field(description="the side of each tile, in pixels")
    sheet: str = Field(description="data URL: the pictures of this page; empty without any")
    samples: list[SampleOf]


class Pair(BaseModel):
    test: SampleOf
    part: Literal["train", "validation"]
    other: SampleOf = Field(description="the same pixels in that part")


class DuplicateList(BaseModel):
    dataset: str
    found: int = Field(description="test pictures that occur in training or validation too")
    tests: int = Field(description="test pictures that were looked at")
    learnt: int = Field(description="training and validation pictures that were")
    columns: int = Field(description="of the sheet")
    tile: int = Field(description="the side of each tile, in pixels")
    sheet: str = Field(description="data URL: the first pairs, a tile each; empty without any")
    pairs: list[Pair]


def entry_of(name: str, own: Path) -> "Entry":
    from app.ml.datasets import UnknownDataset, find

    try:
        return find(name, own)
    except UnknownDataset:
        sentence = "There is no such dataset; GET /api/v1/datasets lists all."
        raise ApiError(404, "unknown_dataset", sentence) from None


def listed(root: Path, own: Path) -> DatasetList:
    from app.ml.datasets import Datasets

    return DatasetList(datasets=[shown(each, root) for each in Datasets(own).values()])


def shown(entry: "Entry", root: Path) -> DatasetSummary:
    return DatasetSummary(**summary(entry, root))


def summary(entry: "Entry", root: Path) -> dict[str, Any]:
    """The fields of DatasetSummary."""
    missing = entry.missing(root)
    return {
        "name": entry.name, "title": entry.title, "classes": list(entry.classes),
        "side": entry.preprocessing.size, "channels": entry.preprocessing.channels,
        "mean": list(entry.preprocessing.mean), "std": list(entry.preprocessing.std),
        "licence": entry.licence, "attribution": entry.attribution,
        "present": not missing, "bring": entry.bring if missing else "",
        "own": entry.folder is not None, "pictures": entry.pictures,
    }  # fmt: skip


def made(root: Path, own: Path, manifest: "Manifest") -> MadeDataset:
    from app.ml.own_datasets import entry_of

    return MadeDataset(
        **summary(entry_of(own, manifest), root), train=list(manifest.train),
        test=list(manifest.test), split_seed=manifest.split_seed, left_out=manifest.left_out,
        reasons=[Missed(**vars(each)) for each in manifest.reasons],
    )  # fmt: skip


def left_out_of(own: Path, entry: "Entry") -> "Manifest | None":
    """How an own dataset was made; None for the others."""
    from app.ml.own_datasets import manifest_of

    return manifest_of(own, entry.name) if entry.folder else None


def newest(entry: "Entry", root: Path) -> int:
    """When its files were last changed, in ns. ApiError 409 where one is missing."""
    try:
        return entry.changed(root)
    except OSError:
        raise ApiError(409, "no_dataset", entry.absent) from None


# --- what a gallery's file holds -----------------------------------------------------------------


def detail(entry: "Entry", root: Path, part: str, path: Path) -> DatasetDetail:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        counts, means, spreads = map(file.get_tensor, ("counts", "means", "spreads"))
    widest = float(spreads.max()) or 1.0
    tiles = (means[:MOST_CLASSES], 255 / widest * spreads[:MOST_CLASSES])
    sheets = [data_url(sheet(np.rint(each).astype(np.uint8))) for each in tiles]
    return DatasetDetail(
        **summary(entry, root), part=part, n=int(counts.sum()), counts=counts.tolist(),
        columns=COLUMNS, tile=means.shape[-1], means=sheets[0], spreads=sheets[1], widest=widest,
    )  # fmt: skip


def sample_page(
    entry: "Entry", part: str, path: Path, label: int | None, order: Order, noise: float, page: int
) -> SamplePage:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        labels = file.get_tensor("labels")
        given = spoilt_labels(labels, len(entry.classes), noise)
        places = file.get_tensor("rows")
        rows = file.get_tensor("hard") if order == "hard" else np.arange(len(labels))
        if label is not None:
            rows = rows[given[rows] == label]
        shown = rows[(page - 1) * PAGE : page * PAGE].tolist()
        pictures = file.get_slice("pictures")
        tiles = [pictures[row] for row in shown]
        side = pictures.get_shape()[-1]
    return SamplePage(
        dataset=entry.name, part=part, total=len(rows), page=page, pages=ceil(len(rows) / PAGE),
        columns=COLUMNS, tile=side, sheet=data_url(sheet(np.stack(tiles))) if tiles else "",
        samples=[
            SampleOf(
                index=int(places[row]), label=entry.classes[labels[row]],
                given=entry.classes[given[row]] if given[row] != labels[row] else None,
            )
            for row in shown
        ],
    )  # fmt: skip


def duplicates(entry: "Entry", path: Path) -> DuplicateList:
    from safetensors.numpy import load_file

    kept = load_file(path)
    found, tests, learnt = kept["counts"].tolist()
    tiles = kept["pictures"]
    return DuplicateList(
        dataset=entry.name, found=found, tests=tests, learnt=learnt, columns=COLUMNS,
        tile=tiles.shape[-1], sheet=data_url(sheet(tiles)) if len(tiles) else "",
        pairs=[
            Pair(
                test=SampleOf(index=row, label=entry.classes[label], given=None),
                part="validation" if part else "train",
                other=SampleOf(index=other, label=entry.classes[given], given=None),
            )
            for row, label, part, other, given in kept["pairs"].tolist()
        ],
    )  # fmt: skip


def spoilt_labels(labels: NDArray[np.int64], classes: int, noise: float) -> NDArray[np.int64]:
    """As a training with `dataset_options.label_noise` gets them, by its usual seed."""
    if not noise:
        return labels
    import torch

    from app.ml.parts import mislabelled

    random = torch.Generator().manual_seed(0)
    return mislabelled(torch.from_numpy(labels), classes, noise, random).numpy()


def sheet(tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, C, S, S) -> (H, W) or (H, W, 3): ten side by side."""
    from app.ml.sheets import laid_out

    return drawable(np.stack([laid_out(each, 0, COLUMNS)[0] for each in tiles.swapaxes(0, 1)]))
