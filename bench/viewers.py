"""`python -m bench.viewers ADDRESS RUN COUNT`: so many viewers of one run, each on a connection of
its own; prints how late the points came to the last of them, and what was lost or doubled."""

import asyncio
import json
import re
import resource
import sys
import time
from urllib.parse import urlsplit

NUMBER = re.compile(rb"\nid: (\d+)\n|^id: (\d+)\n")
TIME = re.compile(rb'"time": ([0-9.e+]+)')


async def main(address: str, run: str, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
    viewers = [Viewer() for _ in range(count)]
    await asyncio.gather(*(viewer.watch(address, run) for viewer in viewers))
    delays = sorted(delay for viewer in viewers for delay in viewer.delays)
    wrong = sum(viewer.numbers != list(range(1, len(viewer.numbers) + 1)) for viewer in viewers)
    few = sum(len(viewer.numbers) < viewers[0].last for viewer in viewers)
    print(json.dumps({
        "points": len(delays), "events": viewers[0].last, "wrong": wrong + few,
        "p50": delays[len(delays) // 2], "p99": delays[int(0.99 * len(delays))],
        "worst": delays[-1],
    }))  # fmt: skip


class Viewer:
    """Reads the stream to its end; a point's delay counts from its making in the worker."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.delays: list[float] = []
        self.last = 0

    async def watch(self, address: str, run: str) -> None:
        parts, opened = urlsplit(address), time.time()
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 20)
        path = f"/api/v1/runs/{run}/events"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        while b"event: end" not in (piece := await chunk(reader)):
            now = time.time()
            found = [int(first or other) for first, other in NUMBER.findall(piece)]
            self.numbers += found
            self.last = found[-1] if found else self.last
            made = [float(each) for each in TIME.findall(piece)]
            self.delays += [now - each for each in made if each > opened]
        writer.close()


async def chunk(reader: asyncio.StreamReader) -> bytes:
    """One piece of a chunked body."""
    length = int(await reader.readuntil(b"\r\n"), 16)
    return (await reader.readexactly(length + 2))[:-2]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
