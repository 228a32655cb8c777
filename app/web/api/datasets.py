"""Datasets: which there are, what their classes look like, and their pictures page by page."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Path as PathParameter
from fastapi import Query, Request

from app.web.api.models import example
from app.web.api.understanding import waited
from app.web.errors import ApiError
from app.web.examiner import Examiner
from app.web.exhibits import (
    PAGE,
    DatasetDetail,
    DatasetList,
    DuplicateList,
    Order,
    PartName,
    SamplePage,
    detail,
    duplicates,
    entry_of,
    listed,
    newest,
    sample_page,
)
from app.web.roles import Role, RoleRouter

if TYPE_CHECKING:
    from app.ml.sources import Entry

router = RoleRouter(prefix="/api/v1/datasets", tags=["datasets"])

MOST_PAGES = 100_000
GALLERIES = "galleries-2"  # another name when what they hold changes
SAMPLES = {
    "dataset": "mnist", "part": "train", "total": 54_000, "page": 1, "pages": 900,
    "columns": 10, "tile": 28, "sheet": "data:image/png;base64,...",
    "samples": [{"index": 0, "label": "0", "given": None}],
}  # fmt: skip
DUPLICATES = {
    "dataset": "mnist", "found": 1, "tests": 10_000, "learnt": 60_000, "tile": 28, "columns": 10,
    "sheet": "data:image/png;base64,...",
    "pairs": [
        {"test": {"index": 7, "label": "9", "given": None}, "part": "train",
         "other": {"index": 12, "label": "9", "given": None}},
    ],
}  # fmt: skip
MISSING: dict[int | str, dict[str, str]] = {
    404: {"description": "`unknown_dataset`"},
    409: {"description": "`no_dataset`: its files are not here"},
}

Name = Annotated[str, PathParameter(max_length=64, description="its name", examples=["mnist"])]
WhichPart = Annotated[
    PartName, Query(description="validation is a tenth of the training pictures, held out")
]


@router.get("", role=Role.ANYONE, summary="The datasets")
async def list_datasets(request: Request) -> DatasetList:
    """Those too whose files are not here, with how they come."""
    settings = request.app.state.settings
    return await asyncio.to_thread(listed, settings.dataset_files_dir, settings.own_datasets_dir)


@router.get(
    "/{name}",
    role=Role.ANYONE,
    summary="A dataset, and what its classes look like",
    responses=MISSING,
)
async def show_dataset(request: Request, name: Name, part: WhichPart = "train") -> DatasetDetail:
    """The mean picture of each class and how far its pixels spread; computed when it is first asked
    for, by a process of its own, and kept."""
    entry = await asyncio.to_thread(entry_of, name, request.app.state.settings.own_datasets_dir)
    path = await waited(request, gallery(request, entry, part))
    root = request.app.state.settings.dataset_files_dir
    return await asyncio.to_thread(detail, entry, root, part, path)


@router.get(
    "/{name}/samples",
    role=Role.ANYONE,
    summary=f"Its pictures, {PAGE} to a page",
    responses={200: example(SAMPLES), **MISSING},
)
async def list_samples_of(
    request: Request, name: Name, part: WhichPart = "train",
    label: Annotated[str | None, Query(max_length=80, description="only of this class")] = None,
    order: Annotated[
        Order, Query(description="`hard`: first those least like the mean of their class")
    ] = "file",
    label_noise: Annotated[
        float, Query(ge=0, le=1, description="this share of the training labels is made wrong, "
                     "as by `dataset_options.label_noise` of a run")
    ] = 0,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES, description="from 1")] = 1,
) -> SamplePage:  # fmt: skip
    """One sheet of tiles, row by row, and the label of each."""
    entry = await asyncio.to_thread(entry_of, name, request.app.state.settings.own_datasets_dir)
    if label is not None and label not in entry.classes:
        raise ApiError(422, "wrong_choice", "`label` is one of its classes.", field="label")
    which = None if label is None else entry.classes.index(label)
    noise = label_noise if part == "train" else 0.0
    path = await waited(request, gallery(request, entry, part))
    return await asyncio.to_thread(sample_page, entry, part, path, which, order, noise, page)


@router.get(
    "/{name}/duplicates",
    role=Role.ANYONE,
    summary="The same pictures in training and test",
    responses={200: example(DUPLICATES), **MISSING},
)
async def duplicates_of(request: Request, name: Name) -> DuplicateList:
    """By their pixels as a network sees them, whatever their files were; of a very large dataset
    what one minute suffices for. A test that holds what was learnt from flatters."""
    own = request.app.state.settings.own_datasets_dir
    entry = await asyncio.to_thread(entry_of, name, own)
    path = await waited(request, found_out(request, entry, "duplicates"))
    return await asyncio.to_thread(duplicates, entry, path)


async def gallery(request: Request, entry: "Entry", part: str) -> Path:
    return await found_out(request, entry, "gallery", part)


async def found_out(request: Request, entry: "Entry", what: str, part: str | None = None) -> Path:
    """The file of a Gallery, or of Duplicates, made when it is not there, or older than the
    dataset's files."""
    settings = request.app.state.settings
    path: Path = (
        settings.data_dir / "cache" / GALLERIES / f"{entry.name}.{part or what}.safetensors"
    )
    files = await asyncio.to_thread(newest, entry, settings.dataset_files_dir)
    if path.is_file() and path.stat().st_mtime_ns > files:
        return path
    examiner: Examiner = request.app.state.examiner
    return await examiner.found(path, {"what": what, "dataset": entry.name, "part": part})
