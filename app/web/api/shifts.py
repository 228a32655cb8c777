"""GET /api/v1/models/{reference}/shifts: how well it reads test pictures that are pushed aside."""

import asyncio
import json

from fastapi import Request
from pydantic import BaseModel, Field

from app.web.api.inside import REFUSALS, check_open
from app.web.api.models import Reference, example
from app.web.api.predict import find
from app.web.api.understanding import waited
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
        **REFUSALS,
    },
)
async def model_shifts(request: Request, reference: Reference) -> Shifts:
    """The pictures go into the network as they are: preprocessing would centre them again. Computed
    when it is first asked for, by a process of its own, and kept as long as the weights are the
    same."""
    entry = find(request.app.state.engine, reference)
    await check_open(request, entry, "test")
    path = await waited(request, request.app.state.examiner.looked_into(entry, "shifts", "test"))
    found = json.loads(await asyncio.to_thread(path.read_text))
    assert entry.card is not None
    return Shifts(model=entry.name, version=entry.card.version, dataset=entry.card.dataset, **found)
