"""Killable processes that decode pictures, so that no picture can hold up or fell the server."""

import asyncio
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path

import numpy as np

from app.settings import LIMITS, Limits
from app.web.decoder_child import LENGTHS, READY
from app.web.formats import BadPicture, Content
from app.web.images import LONGEST, Picture
from app.web.uploads import Uploads

WAIT_SECONDS = 5.0  # in the queue; then the sender is told to come again


class DecoderPool:
    """`limits.decoders` processes; decode() hands one of them a picture and waits for the answer.

    start() makes them early, else the first pictures do. A process that has not answered after
    `limits.decode_seconds` is killed, and a new one takes its place. Owned by one event loop.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.uploads = Uploads()
        self._slots = asyncio.Semaphore(limits.decoders)  # whoever holds one may use a process
        self._waiting = 0
        self._idle: list[Decoder] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to make the processes; returns at once."""
        for _ in range(self.limits.decoders):
            self._in_background(self._warm())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._idle:
            self._idle.pop().end()

    async def decode(
        self, content: Content | memoryview, base64: bool = False, orientation: int | None = None,
        most: int = LONGEST,
    ) -> Picture:  # fmt: skip
        """images.read_picture() in a process; `base64` when the content is written in it.

        BadPicture: what read_picture raises, decode_timeout, and busy when too many wait.
        """
        await self._turn()
        try:
            decoder = await self._ready()
            asked: dict[str, object] = {"base64": base64, "turn": orientation, "most": most}
            return await self._answer(decoder, content, asked)
        finally:
            self._slots.release()

    async def _turn(self) -> None:
        if self._waiting >= self.limits.decoder_queue:
            raise BadPicture("busy")
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._slots.acquire()
        except TimeoutError as error:
            raise BadPicture("busy") from error
        finally:
            self._waiting -= 1

    async def _ready(self) -> "Decoder":
        while self._idle:
            decoder = self._idle.pop()
            if decoder.is_alive:
                return decoder
            decoder.end()
        try:
            return await Decoder.spawn(self.limits)
        except (OSError, EOFError) as error:  # no memory or no processes left on this machine
            raise BadPicture("busy") from error

    async def _answer(
        self, decoder: "Decoder", content: Content | memoryview, asked: dict[str, object]
    ) -> Picture:
        try:
            async with asyncio.timeout(self.limits.decode_seconds):
                picture = await decoder.ask(asked, content)
        except BadPicture:  # an answer like any other
            self._idle.append(decoder)
            raise
        except (TimeoutError, EOFError, OSError) as error:
            self._in_background(self._warm())
            code = await asyncio.to_thread(decoder.end)
            slow = code == -signal.SIGXCPU or isinstance(error, TimeoutError)
            raise BadPicture("decode_timeout" if slow else "invalid_image") from error
        except BaseException:  # cancelled: its answer would go to the next who asks
            decoder.end()
            raise
        self._idle.append(decoder)
        return picture

    async def _warm(self) -> None:
        async with self._slots:
            self._idle.append(await self._ready())

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a process that cannot start is tried again by the next picture


ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0  # a process that is not ready by then will not be (it takes 0.2 s)
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "HOME")  # of the environment; it holds secrets too
LEAN = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "1000000",  # bytes: larger pieces go back to the system when freed
}


class Decoder:
    """One process of decoder_child and our end of the socket to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", link: socket.socket) -> None:
        self.process, self.link = process, link

    @classmethod
    async def spawn(cls, limits: Limits) -> "Decoder":
        """A process that is ready; OSError or EOFError when there is none to be had."""
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            decoder = cls(launch(theirs, limits), ours)
        try:
            async with asyncio.timeout(START_SECONDS):
                await decoder._receive(len(READY))
        except BaseException:
            decoder.end()
            raise
        return decoder

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    async def ask(self, asked: dict[str, object], content: Content | memoryview) -> Picture:
        """One picture there and back; BadPicture when that is the answer, EOFError when it died."""
        loop = asyncio.get_running_loop()
        line = json.dumps(asked).encode()
        await loop.sock_sendall(self.link, LENGTHS.pack(len(line), len(content)) + line)
        await loop.sock_sendall(self.link, content)
        header, length = LENGTHS.unpack(await self._receive(LENGTHS.size))
        answer = json.loads(await self._receive(header))
        pixels = await self._receive(length)
        if "error" in answer:
            raise BadPicture(*answer["error"])
        return np.frombuffer(pixels, np.uint8).reshape(answer["shape"])

    async def _receive(self, length: int) -> bytearray:
        loop = asyncio.get_running_loop()
        content = bytearray(length)
        view = memoryview(content)
        while view:
            received = await loop.sock_recv_into(self.link, view)
            if received == 0:
                raise EOFError
            view = view[received:]
        return content

    def end(self) -> int:
        """Kill it and wait until it is gone, some milliseconds: its exit code."""
        self.link.close()
        self.process.kill()
        return self.process.wait()


def launch(link: socket.socket, limits: Limits) -> "subprocess.Popen[bytes]":
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "app.web.decoder_child", json.dumps(dataclasses.asdict(limits))],
        cwd=ROOT,
        env=kept | LEAN,
        stdin=link.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
