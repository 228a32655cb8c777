"""Real decoder processes: they answer, they are bounded, and none outlives its use."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.settings import LIMITS, Limits
from app.web.decoder import Decoder, DecoderPool
from app.web.formats import BadPicture
from tests.web.hostile import black_webp, chunk, png_with, saved, seven, slow_bmp

SEVEN = saved(seven())


def with_pool(
    work: Callable[[DecoderPool], Awaitable[Any]], limits: Limits = LIMITS, started: bool = False
) -> Any:
    """Run `work` with a pool of its own, which is stopped at the end."""

    async def run() -> Any:
        pool = DecoderPool(limits)
        try:
            if started:
                pool.start()
            return await work(pool)
        finally:
            await pool.stop()

    return asyncio.run(run())


def all_children() -> set[int]:
    """Of this process, zombies included."""
    found = set[int]()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile
            found |= set(map(int, (task / "children").read_text().split()))
    return found


def children() -> set[int]:
    """Those that this test has started: other tests keep a server with decoders of its own."""
    return all_children() - OTHERS


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def others() -> None:
    OTHERS.clear()
    OTHERS.update(all_children())


async def code_of(answer: Awaitable[Any]) -> str:
    try:
        await answer
    except BadPicture as bad:
        return bad.code
    return "ok"


def test_a_process_decodes_what_we_would() -> None:
    picture = with_pool(lambda pool: pool.decode(SEVEN))
    assert (picture == seven()).all()


def test_base64_is_decoded_there() -> None:
    from base64 import b64encode

    text = memoryview(b64encode(SEVEN))
    assert (with_pool(lambda pool: pool.decode(text, base64=True)) == seven()).all()
    assert with_pool(lambda pool: code_of(pool.decode(b"?", base64=True))) == "invalid_base64"


def test_the_orientation_is_passed_on() -> None:
    picture = with_pool(lambda pool: pool.decode(SEVEN, orientation=3))
    assert (picture == seven()[::-1, ::-1]).all()


def test_a_bad_picture_costs_no_process() -> None:
    async def work(pool: DecoderPool) -> None:
        await pool.decode(SEVEN)
        before = children()
        assert await code_of(pool.decode(SEVEN[:60])) == "invalid_image"
        assert (await pool.decode(SEVEN)).shape == (28, 28)
        assert children() == before

    with_pool(work)


def test_a_slow_picture_is_given_up_and_its_process_replaced() -> None:
    limits = replace(LIMITS, decode_seconds=0.5)

    async def work(pool: DecoderPool) -> None:
        await pool.decode(SEVEN)
        before = children()
        began = time.monotonic()
        assert await code_of(pool.decode(slow_bmp())) == "decode_timeout"
        assert time.monotonic() - began < 2.5
        assert (await pool.decode(SEVEN)).shape == (28, 28)
        assert not before & children()

    with_pool(work, limits)


def test_memory_is_bounded_and_the_next_picture_decodes() -> None:
    large = saved(np.random.default_rng(0).integers(0, 256, (2048, 2048, 4), dtype=np.uint8))
    limits = replace(LIMITS, decode_memory=300 * 1024 * 1024, decode_seconds=10)

    async def work(pool: DecoderPool) -> None:
        await pool.decode(SEVEN)
        process = next(iter(children()))
        bound = Path(f"/proc/{process}/limits").read_text()
        assert f"{limits.decode_memory}" in bound
        assert await code_of(pool.decode(black_webp(4096, 4096))) in (
            "image_too_large",
            "invalid_image",
        )
        assert await code_of(pool.decode(large)) in ("ok", "image_too_large", "invalid_image")
        assert (await pool.decode(SEVEN)).shape == (28, 28)

    with_pool(work, limits)


def test_inflating_texts_stay_within_the_process() -> None:
    import zlib

    bomb = zlib.compress(bytes(60_000_000), 9)
    contents = [
        png_with(chunk(b"zTXt", b"k\0\0" + bomb)),
        png_with(chunk(b"iTXt", b"k\0\1\0\0\0" + bomb)),
        png_with(chunk(b"iCCP", b"k\0\0" + bomb)),
        png_with(*[chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9))] * 80),
        png_with(*[chunk(b"abCd", b"")] * 50_000),
    ]

    async def work(pool: DecoderPool) -> list[str]:
        return [await code_of(pool.decode(content)) for content in contents]

    assert set(with_pool(work)) <= {"ok", "invalid_image"}


def test_at_most_two_decode_at_once_and_a_bounded_number_waits() -> None:
    limits = replace(LIMITS, decoder_queue=3)

    async def work(pool: DecoderPool) -> list[str]:
        asked = [code_of(pool.decode(black_webp(2048, 2048))) for _ in range(20)]
        answers = asyncio.gather(*asked)
        while not answers.done():
            await asyncio.sleep(0.01)
            assert len(children()) <= 2
        return await answers

    answers = with_pool(work, limits)
    assert answers.count("ok") == 5 and answers.count("busy") == 15


def test_a_killed_process_is_replaced() -> None:
    async def work(pool: DecoderPool) -> None:
        await pool.decode(SEVEN)
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
        assert (await pool.decode(SEVEN)).shape == (28, 28)

    with_pool(work)


def test_a_process_that_dies_at_work_is_an_invalid_picture() -> None:
    async def work(pool: DecoderPool) -> str:
        await pool.decode(SEVEN)
        answer = asyncio.ensure_future(code_of(pool.decode(slow_bmp())))
        await asyncio.sleep(0.2)
        for pid in children():
            os.kill(pid, signal.SIGSEGV)
        return await answer

    assert with_pool(work) == "invalid_image"


def test_who_gives_up_waiting_takes_the_process_along() -> None:
    async def work(pool: DecoderPool) -> None:
        await pool.decode(SEVEN)
        answer = asyncio.ensure_future(pool.decode(slow_bmp()))
        await asyncio.sleep(0.1)
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
        assert (await pool.decode(SEVEN) == seven()).all()

    with_pool(work)


def test_stop_leaves_no_process() -> None:
    async def work(pool: DecoderPool) -> None:
        await pool.decode(SEVEN)
        assert children()

    with_pool(work, started=True)
    assert not children()


def test_a_decoder_knows_no_secrets_and_loads_neither_torch_nor_the_web(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INKLING_TOKEN", "the secret of the teacher")

    async def spawn() -> bytes:
        decoder = await Decoder.spawn(LIMITS)
        try:
            return Path(f"/proc/{decoder.process.pid}/environ").read_bytes()
        finally:
            decoder.end()

    assert b"the secret" not in asyncio.run(spawn())
    script = (
        "import app.web.decoder_child, sys;"
        "print({'torch', 'fastapi', 'starlette', 'pydantic', 'cv2'} & set(sys.modules))"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert made.stdout.strip() == "set()", made.stderr


def test_decoders_end_with_their_server(tmp_path: Path) -> None:
    script = (
        "import asyncio, time; from app.settings import LIMITS; from app.web.decoder import *\n"
        "async def main():\n"
        "    decoder = await Decoder.spawn(LIMITS); print(decoder.process.pid, flush=True)\n"
        "    time.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as server:
        assert server.stdout
        decoder = int(server.stdout.readline())
        server.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{decoder}/cmdline").exists() and time.monotonic() < deadline:
        if not Path(f"/proc/{decoder}/cmdline").read_bytes():  # a zombie that init will reap
            return
        time.sleep(0.05)
    assert time.monotonic() < deadline
