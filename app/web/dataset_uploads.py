"""Uploads that become datasets: streamed to disk, never whole in memory, then checked and made."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.types import Receive

from app.settings import LIMITS, MIB, Limits
from app.web.decoder import DecoderPool
from app.web.errors import ApiError
from app.web.formats import BadPicture
from app.web.images import Picture
from app.web.uploads import PictureForm, broken, parser_for, too_large, whole

if TYPE_CHECKING:
    from app.ml.dataset_making import Wanted
    from app.ml.own_datasets import Manifest
    from app.ml.picture_sources import Bounds, Found

WRITTEN = MIB  # bytes that gather in memory before they go to disk
HEADER_BYTES = 4096  # of the header that names a part's file
TRIES = 5  # for a picture when all decoders are taken


class GivenUp(Exception):
    """Nobody waits for the dataset any more."""


def bounds_of(limits: Limits) -> "Bounds":
    from app.ml.picture_sources import Bounds

    return Bounds(limits.dataset_pictures, limits.picture_bytes, limits.dataset_unpacked)


async def make(
    own: Path, wanted: "Wanted", find: Callable[[], AbstractContextManager[list["Found"]]],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> "Manifest":  # fmt: skip
    """The dataset of what find() finds, each picture decoded in a killable process; when it is
    cancelled nothing is left of it. CannotMake says what is in the way."""
    from app.ml.dataset_making import make_dataset

    pool, over = DecoderPool(LIMITS), Event()
    loop = asyncio.get_running_loop()

    def watch(done: int, of: int) -> None:
        if over.is_set():
            raise GivenUp
        progress(done, of)

    def work() -> "Manifest":
        with find() as found:
            return make_dataset(own, wanted, found, decoding(pool, loop), watch)

    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    finally:
        over.set()
        await asyncio.gather(task, return_exceptions=True)  # its folder is gone before any answer
        await pool.stop()


def decoding(pool: DecoderPool, loop: asyncio.AbstractEventLoop) -> Callable[[bytes], Picture]:
    """pool.decode() for other threads."""
    from app.ml.picture_sources import Unreadable

    def decode(content: bytes) -> Picture:
        for last in (*[False] * (TRIES - 1), True):
            try:
                return asyncio.run_coroutine_threadsafe(pool.decode(content), loop).result()
            except BadPicture as bad:
                if bad.code != "busy" or last:
                    raise Unreadable(bad.message) from bad
        raise AssertionError

    return decode


# --- what arrives --------------------------------------------------------------------------------


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it comes. ClientDisconnect, or ApiError 408 when nothing comes for long."""
    size = 0
    while True:
        try:
            async with asyncio.timeout(LIMITS.dataset_seconds):
                message = await receive()
        except TimeoutError:
            sentence = "Nothing arrived for a while, so the upload was given up. Send it again."
            raise ApiError(408, "too_slow", sentence, {"Connection": "close"}) from None
        piece = whole(message)
        size += len(piece)
        if size > LIMITS.dataset_bytes:
            raise too_large(LIMITS.dataset_bytes)
        yield piece
        if not message.get("more_body"):
            return


class Spool:
    """A file that grows by a megabyte at a time, written off the event loop."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._waiting = file, bytearray()
        self.size = 0

    def add(self, piece: bytes | memoryview) -> None:
        self._waiting += piece
        self.size += len(piece)

    async def settle(self) -> None:
        if len(self._waiting) >= WRITTEN:
            await self.end()

    async def end(self) -> None:
        waiting, self._waiting = self._waiting, bytearray()
        await asyncio.to_thread(self._write, waiting)

    def _write(self, waiting: bytearray) -> None:
        self._file.write(waiting)
        self._file.flush()


async def receive_zip(receive: Receive, spool: Spool) -> None:
    async for piece in pieces(receive):
        spool.add(piece)
        await spool.settle()
    await spool.end()


async def receive_files(
    receive: Receive, content_type: bytes, spool: Spool
) -> list[tuple[str, int, int]]:
    """The parts called `file` of a form: the path, the place in the spool and the size of each."""
    form = FolderForm(spool)
    parser = parser_for(form, content_type)
    async for piece in pieces(receive):
        try:
            parser.write(piece)
        except FormParserError as error:
            raise broken() from error
        await spool.settle()
    if not form.complete:
        raise broken()
    await spool.end()
    return form.files


class FolderForm(PictureForm):
    """Spools the files of a form; their names are paths below the folder that was chosen."""

    def __init__(self, spool: Spool) -> None:
        super().__init__()
        self.spool = spool
        self.files: list[tuple[str, int, int]] = []
        self._path = ""
        self._start = 0

    def on_part_begin(self) -> None:
        if len(self.files) == LIMITS.dataset_pictures:
            sentence = f"A dataset may be made of {LIMITS.dataset_pictures:,} files at most."
            raise ApiError(413, "too_many_pictures", sentence, {"Connection": "close"})
        self._name, self._value, self._field = b"", b"", b""
        self._start, self._size = self.spool.size, 0

    def on_header_end(self) -> None:
        if self._name.lower() == b"content-disposition" and len(self._value) <= HEADER_BYTES:
            options = parse_options_header(self._value)[1]
            self._field = options.get(b"name", b"")
            self._path = options.get(b"filename", b"").decode("utf-8", "replace")
        self._name, self._value = b"", b""

    def on_part_data(self, content: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size <= LIMITS.picture_bytes:
            self.spool.add(memoryview(content)[start:end])

    def on_part_end(self) -> None:
        self.files.append((self._path, self._start, self._size))
