"""GET /api/v1/models/{reference}/shifts: how well it reads test pictures that are pushed aside."""

import asyncio
import json
from pathlib import Path

from fastapi import Request
from pydantic import BaseModel, Field

from app.ml.checkpoints import ModelEntry
from app.web.api.models import Reference, example, find_model
from app.web.api.understanding import waited
from app.web.errors import ApiError
from app.web.examiner import Examiner
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/models", tags=["models"])


class Shifts(BaseModel):
    model: str
    version: str
    dataset: str = Field(description="the one that it was trained on; its test part")
    n: int = Field(description="pictures: the first 1,000 of the part")
    pixels: list[int] = Field(description="how far to the right")
    accuracy: list[float] = Field(description="at each of them")


EXAMPLE = {
    "model": "digits-cnn",
    "version": "0123456789ab",
    "dataset": "digits",
    "n": 1000,
    "pixels": [0, 1, 2, 3, 4, 5, 6],
    "accuracy": [0.99, 0.99, 0.99, 0.98, 0.98, 0.97, 0.95],
}


@router.get(
    "/{reference:path}/shifts",
    role=Role.ANYONE,
    summary="Test pictures, pushed aside",
    responses={
        200: example(EXAMPLE),
        404: {"description": "`unknown_model`"},
        409: {"description": "`not_published`: a checkpoint; `no_dataset`: no pictures here"},
    },
)
async def model_shifts(request: Request, reference: Reference) -> Shifts:
    """The pictures go into the network as they are: preprocessing would centre them again. Computed
    when it is first asked for, by a process of its own, and kept as long as the weights are the
    same."""
    entry = await asyncio.to_thread(find_model, request.app.state.library, reference)
    if entry.step is not None or entry.card is None:
        raise ApiError(409, "not_published", "A checkpoint is measured once it is published.")
    path = await waited(request, pushed(request, entry))
    found = json.loads(await asyncio.to_thread(path.read_text))
    return Shifts(model=entry.name, version=entry.card.version, dataset=entry.card.dataset, **found)


async def pushed(request: Request, entry: ModelEntry) -> Path:
    assert entry.card is not None
    folder: Path = request.app.state.settings.data_dir / "cache" / "shifts"
    path = folder / f"{entry.card.version}.{entry.card.dataset}.json"
    if path.is_file():
        return path
    examiner: Examiner = request.app.state.examiner
    model = str(entry.folder.absolute())
    return await examiner.found(
        path, {"what": "shifts", "model": model, "dataset": entry.card.dataset}
    )
