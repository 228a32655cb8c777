"""A run as the API shows it, and how its routes ask the store."""

import asyncio
import errno
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field

from app.ml.caveats import caveats
from app.ml.hyperparameters import WrongChoice
from app.runs.checkpoints import UnknownCheckpoint
from app.runs.quota import RunsFull
from app.runs.states import State
from app.runs.store import QUEUE, IllegalMove, KeyTaken, QueueFull, Run, Store, UnknownRun
from app.runs.tables import DiskFull
from app.web.errors import ApiError
from app.web.training import Training

ID = "^[0-7][0-9a-hjkmnp-tv-z]{25}$"
STALLED_SECONDS = 5.0  # without a heartbeat, which comes each second
VARIANTS = 6  # of one run at most
WhichVariant = Annotated[int, Query(ge=0, lt=VARIANTS, description="of a run that has variants")]
EXAMPLE = "01jd8z4c5p6q7r8s9tavbwcxdy"
STREAM: dict[str, Any] = {"text/event-stream": {}}
STREAMED: dict[int | str, Any] = {200: {"content": STREAM, "description": "server-sent events"}}
Identifier = Annotated[str, Path(pattern=ID, description="of the run", examples=[EXAMPLE])]


class Parent(BaseModel):
    """Where a fork began."""

    run: str
    step: int = Field(description="of the checkpoint, in its own run")
    variant: int = Field(0, description="of a run that has variants")


class Variant(BaseModel, extra="forbid"):
    """One of several trainings of a run, which differ in hyperparameters."""

    name: str = Field(min_length=1, max_length=40, examples=["sigmoid"])
    hyperparameters: dict[str, Any] = Field(examples=[{"activation": "sigmoid"}])


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
    variants: list[Variant] = Field(description="trained in turn; events carry their number")
    purpose: str = Field(description="training, or lesson: not listed, deleted after a day")
    notes: list[str] = Field(description="what must be said beside its figures")
    created: float = Field(description="seconds since 1970")
    started: float | None
    ended: float | None
    parent: Parent | None = Field(description="the checkpoint that it began from, for a fork")
    stalled: bool = Field(description="it should train, but its process has been silent for long")
    place: int | None = Field(description="in the queue: 1 is the next")
    last_seq: int = Field(description="number of its last event")


async def opened(request: Request) -> Training:
    training: Training = request.app.state.training
    await training.opened()
    return training


async def told(ask: Callable[..., Any], *arguments: Any) -> Any:
    """A call about a run, which its first argument names, off the event loop; what refuses it
    becomes an ApiError."""
    with refusals():
        if not re.fullmatch(ID, arguments[0]):
            raise UnknownRun
        return await asyncio.to_thread(ask, *arguments)


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except UnknownRun:
        raise ApiError(404, "unknown_run", "There is no such run; see the list of runs.") from None
    except UnknownCheckpoint:
        sentence = "The run has no such checkpoint; see the list of its checkpoints."
        raise ApiError(404, "unknown_checkpoint", sentence) from None
    except WrongChoice as wrong:
        raise ApiError(422, "wrong_choice", str(wrong), field=wrong.field) from None
    except IllegalMove as refused:
        sentence = f"The run is {refused.state}: it cannot do that now."
        raise ApiError(409, "illegal_move", sentence) from None
    except KeyTaken:
        sentence = "This Idempotency-Key came before with another body; take a new one."
        raise ApiError(409, "key_taken", sentence) from None
    except QueueFull:
        sentence = f"{QUEUE} trainings wait already; stop some, or try again later."
        raise ApiError(429, "queue_full", sentence, {"Retry-After": "60"}) from None
    except RunsFull as full:
        raise ApiError(507, "runs_full", str(full)) from None
    except (DiskFull, OSError) as full:
        if isinstance(full, OSError) and full.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sentence = "The disk is full: nothing was changed. Make room, for example delete runs."
        raise ApiError(507, "disk_full", sentence) from None


async def detail(store: Store, identifier: str) -> RunDetail:
    run = await told(store.get, identifier)
    return shown(run, await told(store.place_in_queue, identifier))


def shown(run: Run, place: int | None) -> RunDetail:
    return RunDetail(
        id=run.id, name=run.name, state=State(run.state), reason=run.reason, message=run.message,
        dataset=run.spec["dataset"], network=run.spec["network"], spec=run.spec,
        created=run.created, started=run.started, ended=run.ended, place=place,
        last_seq=run.last_seq, parent=run.parent, stalled=is_stalled(run), purpose=run.purpose,
        variants=run.variants or [],
        notes=caveats(run.spec.get("dataset_options", {})),
    )  # fmt: skip


def is_stalled(run: Run) -> bool:
    """Its process is there, or was a moment ago, and says nothing: stopped, or starved."""
    speaks = (State.RUNNING, State.PAUSING, State.STOPPING)
    return run.state in speaks and time.time() - run.heartbeat > STALLED_SECONDS
