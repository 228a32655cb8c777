"""What a run tells: its events as a stream, its points as a file."""

import asyncio
import re
from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from app.runs.store import Store
from app.runs.tensorboard import event_file
from app.web.api.run_detail import STREAMED, Identifier, WhichVariant, opened, told
from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/runs", tags=["runs"])

EVENT_FILE = "application/octet-stream"


@router.get(
    "/{identifier}/events", role=Role.ANYONE, summary="The run's events, as they happen",
    response_class=StreamingResponse, responses=STREAMED,
)  # fmt: skip
async def run_events(
    request: Request,
    identifier: Identifier,
    last_event_id: Annotated[
        str, Header(description="the number of the last event you have", examples=["17"])
    ] = "0",
    after: Annotated[int, Query(ge=0, le=2**53, description="for clients without headers")] = 0,
) -> StreamingResponse:
    """`id` is the event's number: with Last-Event-ID it goes on there, nothing lost, nothing twice.
    `end` closes: it is finished, stopped or failed."""
    last = max(event_number(last_event_id), after)
    training = await opened(request)
    await told(training.store.get, identifier)
    stream = training.followers.stream(identifier, last)
    return StreamingResponse(stream, media_type="text/event-stream")


def event_number(text: str) -> int:
    if re.fullmatch("[0-9]{1,15}", text):
        return int(text)
    sentence = "Last-Event-ID is the number of the last event you have; without it all come."
    raise ApiError(422, "invalid_request", sentence)


@router.get(
    "/{identifier}/points.csv", role=Role.ANYONE, summary="Every point of the curves as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "seq, kind, variant, step, ..."}},
)  # fmt: skip
async def run_points(request: Request, identifier: Identifier) -> Response:
    store = (await opened(request)).store
    await told(store.get, identifier)
    text = await asyncio.to_thread(points_csv, store, identifier)
    name = f'attachment; filename="{identifier}.csv"'
    return Response(text, media_type="text/csv", headers={"Content-Disposition": name})


def points_csv(store: Store, identifier: str) -> str:
    names = ("loss", "accuracy", "learning_rate", "gradient_norm", "pictures_per_second")
    lines = [",".join(("seq", "kind", "variant", "step", "epoch", "time", *names))]
    for event in store.events_after(identifier, 0, 1_000_000):
        if event.kind in ("step", "evaluated"):
            own = [event.fields.get(name) for name in names]
            row = (event.seq, event.kind, event.variant, event.step, event.epoch, event.time, *own)
            lines.append(",".join("" if value is None else str(value) for value in row))
    return "\r\n".join([*lines, ""])


@router.get(
    "/{identifier}/tensorboard", role=Role.ANYONE, summary="The same as a TensorBoard event file",
    response_class=Response,
    responses={200: {"content": {EVENT_FILE: {}}, "description": "events.out.tfevents..."}},
)  # fmt: skip
async def run_tensorboard(
    request: Request, identifier: Identifier, variant: WhichVariant = 0
) -> Response:
    """For `tensorboard --logdir` the folder that it is saved in; one folder a run or variant."""
    store = (await opened(request)).store
    run = await told(store.get, identifier)
    content = await asyncio.to_thread(written, store, identifier, variant)
    name = f"events.out.tfevents.{run.created:.0f}.{identifier}-{variant}"
    disposition = f'attachment; filename="{name}"'
    return Response(content, media_type=EVENT_FILE, headers={"Content-Disposition": disposition})


def written(store: Store, identifier: str, variant: int) -> bytes:
    found = store.events_after(identifier, 0, 1_000_000)
    return event_file([event for event in found if event.variant == variant])
