"""The events of several runs on one connection."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from app.web.api.streams import together
from app.web.events import END
from tests.runs.serving import MLP, created, events, until


async def telling(*pieces: bytes) -> AsyncGenerator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


async def breaking() -> AsyncGenerator[bytes]:
    yield b"a"
    raise OSError("the database is gone")


async def all_of(*streams: AsyncGenerator[bytes]) -> list[bytes]:
    return [piece async for piece in together(streams)]


def test_streams_come_together_whole_and_in_their_order() -> None:
    found = asyncio.run(all_of(telling(b"a", b"b", b"c"), telling(b"1", b"2")))
    assert sorted(found[:-1]) == [b"1", b"2", b"a", b"b", b"c"] and found[-1] == END
    assert [piece for piece in found if piece in b"abc"] == [b"a", b"b", b"c"]


def test_a_stream_that_breaks_breaks_all_instead_of_ending_them() -> None:
    with pytest.raises(OSError, match="gone"):
        asyncio.run(all_of(telling(b"1"), breaking()))


def test_a_viewer_that_leaves_leaves_every_stream() -> None:
    left = []

    async def endless(name: str) -> AsyncGenerator[bytes]:
        try:
            while True:
                await asyncio.sleep(0.001)
                yield name.encode()
        finally:
            left.append(name)

    async def leave_early() -> None:
        stream = together([endless("a"), endless("b")])
        async for piece in stream:
            if piece == b"b":
                break
        await stream.aclose()

    asyncio.run(leave_early())
    assert sorted(left) == ["a", "b"]


@pytest.mark.slow
def test_two_runs_are_watched_on_one_connection(client: httpx.Client) -> None:
    first, second = created(client, MLP), created(client, MLP)
    found: dict[str, list[Any]] = {first: [], second: []}
    ends = []
    with client.stream("GET", f"/api/v1/events?runs={first},{second}:2") as stream:
        for line in stream.iter_lines():
            told = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if "seq" in told:
                found[told["run"]].append(told)
            elif line.startswith("data: "):
                ends.append(told.get("run"))
    assert ends == [first, second, None]
    until(client, second, "finished")
    assert found[first] == events(client, first)
    assert found[second] == events(client, second, after=2)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["", "x", f"{26 * '0'}:", ",".join(33 * [26 * "0"])])
def test_what_names_no_runs_is_refused(client: httpx.Client, wrong: str) -> None:
    assert client.get("/api/v1/events", params={"runs": wrong}).status_code == 422


@pytest.mark.slow
def test_a_run_that_is_not_there_ends_at_once(client: httpx.Client) -> None:
    missing = 26 * "0"
    text = client.get("/api/v1/events", params={"runs": missing}).text
    assert f'data: {{"run": "{missing}"}}' in text
