"""The events of several runs on one connection: a browser opens no more than six to one server."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import StreamingResponse

from app.web.api.run_detail import EXAMPLE, ID, STREAMED, opened
from app.web.events import END
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/events", tags=["runs"])

ONE = ID.strip("^$") + "(:[0-9]{1,15})?"
MANY = f"^{ONE}(,{ONE}){{0,31}}$"


@router.get(
    "", role=Role.ANYONE, summary="The events of several runs, as they happen",
    response_class=StreamingResponse, responses=STREAMED,
)  # fmt: skip
async def events_of_many(
    request: Request,
    runs: Annotated[
        str,
        Query(
            pattern=MANY, max_length=2000, examples=[f"{EXAMPLE}:17"],
            description="at most 32, each with the number of the last event you have: ID:17,ID",
        ),
    ],
) -> StreamingResponse:  # fmt: skip
    """Each event names its `run`. `end` with a run closes that one, `end` without one all."""
    followers = (await opened(request)).followers
    wanted = [each.partition(":") for each in runs.split(",")]
    streams = [
        named(followers.stream(identifier, int(after or 0)), identifier)
        for identifier, _, after in wanted
    ]
    return StreamingResponse(together(streams), media_type="text/event-stream")


async def named(stream: AsyncGenerator[bytes], run: str) -> AsyncGenerator[bytes]:
    """The same, saying whose its end is."""
    async with aclosing(stream):
        async for piece in stream:
            yield f'event: end\ndata: {{"run": "{run}"}}\n\n'.encode() if piece is END else piece


async def together(streams: Sequence[AsyncGenerator[bytes]]) -> AsyncGenerator[bytes]:
    """Whatever comes, from whichever stream, until all are over."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def pour(stream: AsyncGenerator[bytes]) -> None:
        try:
            async with aclosing(stream):
                async for piece in stream:
                    await pieces.put(piece)
        except Exception:
            await pieces.put(None)
            raise
        await pieces.put(None)

    tasks = [asyncio.create_task(pour(stream)) for stream in streams]
    try:
        left = len(tasks)
        while left:
            piece = await pieces.get()
            if piece is None:
                left -= 1
            else:
                yield piece
        await asyncio.gather(*tasks)  # a stream that broke breaks this one, too
        yield END
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
