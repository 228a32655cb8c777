"""A run as the API shows it, and how its routes ask the store."""

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, Field

from app.ml.caveats import caveats
from app.runs.states import State
from app.runs.store import IllegalMove, Run, Store, UnknownRun
from app.web.errors import ApiError
from app.web.training import Training

ID = "^[0-7][0-9a-hjkmnp-tv-z]{25}$"
EXAMPLE = "01jd8z4c5p6q7r8s9tavbwcxdy"
Identifier = Annotated[str, Path(pattern=ID, description="of the run", examples=[EXAMPLE])]


class Parent(BaseModel):
    """Where a fork began."""

    run: str
    step: int = Field(description="of the checkpoint, in its own run")


class RunDetail(BaseModel):
    """A run, as it is now."""

    id: str
    name: str
    state: State
    reason: str | None = Field(description="of a failure: a word for programs")
    message: str | None = Field(description="the same as a sentence for people")
    dataset: str
    network: str
    spec: dict[str, Any] = Field(description="every choice of the training")
    notes: list[str] = Field(description="what must be said beside its figures")
    created: float = Field(description="seconds since 1970")
    started: float | None
    ended: float | None
    parent: Parent | None = Field(description="the checkpoint that it began from, for a fork")
    place: int | None = Field(description="in the queue: 1 is the next")
    last_seq: int = Field(description="number of its last event")


async def opened(request: Request) -> Training:
    training: Training = request.app.state.training
    await training.opened()
    return training


async def told(ask: Callable[..., Any], *arguments: Any) -> Any:
    """A call of the store about a run, off the event loop, its refusals as ApiErrors."""
    try:
        if not re.fullmatch(ID, arguments[0]):
            raise UnknownRun
        return await asyncio.to_thread(ask, *arguments)
    except UnknownRun:
        raise ApiError(404, "unknown_run", "There is no such run; see the list of runs.") from None
    except IllegalMove as refused:
        sentence = f"The run is {refused.state}: it cannot do that now."
        raise ApiError(409, "illegal_move", sentence) from None


async def detail(store: Store, identifier: str) -> RunDetail:
    run = await told(store.get, identifier)
    return shown(run, await told(store.place_in_queue, identifier))


def shown(run: Run, place: int | None) -> RunDetail:
    return RunDetail(
        id=run.id, name=run.name, state=State(run.state), reason=run.reason, message=run.message,
        dataset=run.spec["dataset"], network=run.spec["network"], spec=run.spec,
        created=run.created, started=run.started, ended=run.ended, place=place,
        last_seq=run.last_seq, parent=run.parent,
        notes=caveats(run.spec.get("dataset_options", {})),
    )  # fmt: skip
