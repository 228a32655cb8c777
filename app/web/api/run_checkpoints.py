"""The checkpoints of a run."""

import asyncio

from fastapi import Request
from pydantic import BaseModel, Field

from app.runs.checkpoints import checkpoints_of
from app.web.api.run_detail import Identifier, WhichVariant, opened, told
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/runs", tags=["runs"])


class CheckpointAnswer(BaseModel):
    """One moment of a run that can be gone back to."""

    step: int
    epoch: float
    loss: float | None = Field(description="of validation; null where it was not measured there")
    accuracy: float | None = Field(description="the same, 0 to 1")
    bytes: int
    best: bool = Field(description="whether no other has a lower validation loss")
    last: bool


class CheckpointList(BaseModel):
    checkpoints: list[CheckpointAnswer]


@router.get("/{identifier}/checkpoints", role=Role.ANYONE, summary="The run's checkpoints")
async def list_checkpoints(
    request: Request, identifier: Identifier, variant: WhichVariant = 0
) -> CheckpointList:
    """In the order of their steps. While it trains one is made at the end of an epoch, and in the
    first epoch after 1, 2, 4, 8, ... steps, at most once a second and for 2 % of the time. Kept are
    the best and the last, those after 1, 2, 4, 8, ... epochs or first steps, and at most 16 at
    equal distances."""
    training = await opened(request)
    await told(training.store.get, identifier)
    folder = training.settings.runs_dir
    found = await asyncio.to_thread(checkpoints_of, training.store, folder, identifier, variant)
    return CheckpointList(checkpoints=[CheckpointAnswer(**vars(each)) for each in found])
