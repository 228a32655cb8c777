"""The lines IMG-01 to IMG-18 of the catalogue of faults: pictures that mean harm."""

import ast
import asyncio
import io
import os
import socket
import subprocess
import sys
import time
import zipfile
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from app.settings import LIMITS
from app.web.formats import BadPicture, check_size, read_header
from app.web.images import read_picture
from tests.conftest import save_small_model
from tests.web.hostile import (
    OTHER_FORMATS,
    SEEDS,
    SVG,
    black_webp,
    chunk,
    exif,
    gif_of_frames,
    jpeg_segment,
    jpeg_with,
    jpeg_with_many_scans,
    png_header,
    png_of_zeros,
    png_with,
    saved,
    seven,
)

PREDICT = "/api/v1/models/small/predict"
ROOT = Path(__file__).resolve().parents[2]


def post(client: TestClient, content: bytes, kind: str = "image/png") -> Any:
    return client.post(PREDICT, content=content, headers={"Content-Type": kind})


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"]) if answer.status_code != 200 else "ok"


def probabilities(answer: Any) -> list[float]:
    found = {entry["index"]: entry["probability"] for entry in answer.json()["predictions"]}
    return [found[index] for index in sorted(found)]


# IMG-01, 02, 03, 05


@pytest.mark.parametrize(
    "content",
    [
        png_of_zeros(50_000, 50_000),
        png_of_zeros(13_376, 13_376),
        png_of_zeros(13_376, 13_376, 8, 6),
        black_webp(13_000, 13_000),
        black_webp(9_400, 9_400),
        black_webp(16_383, 16_383),
        png_of_zeros(1, 89_000_000),
        png_of_zeros(89_000_000, 1),
        png_of_zeros(2**31 - 1, 1),
    ],
)
def test_too_many_pixels_are_refused_by_the_header(
    running_client: TestClient, content: bytes
) -> None:
    answer = post(running_client, content)
    assert (answer.status_code, code(answer)) == (413, "image_too_large")


def test_no_pixels_are_refused(running_client: TestClient) -> None:
    assert post(running_client, png_of_zeros(0, 0)).status_code == 422


# IMG-04


@pytest.mark.parametrize("scans", [1000, 5000])
def test_a_jpeg_of_very_many_scans_is_refused(running_client: TestClient, scans: int) -> None:
    began = time.monotonic()
    answer = post(running_client, jpeg_with_many_scans(1024, scans))
    assert (answer.status_code, code(answer)) == (422, "too_many_scans")
    assert time.monotonic() - began < LIMITS.decode_seconds + 0.5


# IMG-06, with a real server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """(address, process) of a server of its own, with the model `small`."""
    folder = tmp_path_factory.mktemp("served")
    save_small_model(folder / "models", "small")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port)]
    own = {"INKLING_DATA_DIR": str(folder), "INKLING_DEFAULT_MODEL": "small"}
    quiet = [*command, "--log-level", "warning"]
    with subprocess.Popen(quiet, cwd=ROOT, env=os.environ | own) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_ready(address)
            yield address, process.pid
        finally:
            process.terminate()


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(address)


def resident_mib(pid: int) -> int:
    """Of a process and its children together."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    pages = sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in (pid, *children))
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def test_fifty_of_the_worst_accepted_pictures_leave_room_for_others(
    server: tuple[str, int],
) -> None:
    address, pid = server
    before = resident_mib(pid)

    async def run() -> tuple[list[httpx.Response], list[httpx.Response], int]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:

            async def send(content: bytes) -> httpx.Response:
                head = {"Content-Type": "image/webp"}
                return await client.post(PREDICT, content=content, headers=head)

            crowd = asyncio.gather(*(send(black_webp(4096, 4096)) for _ in range(50)))
            others, most = [], 0
            while not crowd.done():
                others.append(await send(SEEDS["PNG"]))
                most = max(most, resident_mib(pid))
                await asyncio.sleep(0.05)
            return await crowd, others, most

    crowd, others, most = asyncio.run(run())
    statuses = Counter(answer.status_code for answer in crowd)
    assert statuses[200] >= 2 and statuses[503] >= 50 - 2 - LIMITS.decoder_queue
    assert statuses[200] + statuses[503] == 50
    refused = [answer for answer in crowd if answer.status_code == 503]
    assert all("Retry-After" in answer.headers for answer in refused)
    assert {answer.status_code for answer in others} == {200}
    assert most - before < 700
    time.sleep(0.5)
    assert resident_mib(pid) - before < 100


def test_many_large_uploads_at_once_are_bounded_together(server: tuple[str, int]) -> None:
    address, pid = server
    before = resident_mib(pid)
    large = SEEDS["BMP"] + bytes(LIMITS.picture_bytes - len(SEEDS["BMP"]))

    async def run() -> tuple[list[int], int]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:

            async def send() -> int:
                try:
                    head = {"Content-Type": "image/bmp"}
                    return (await client.post(PREDICT, content=large, headers=head)).status_code
                except httpx.TransportError:  # refused while it was still sending
                    return 503

            crowd = asyncio.gather(*(send() for _ in range(40)))
            most = 0
            while not crowd.done():
                most = max(most, resident_mib(pid))
                await asyncio.sleep(0.02)
            return await crowd, most

    statuses, most = asyncio.run(run())
    assert set(statuses) <= {200, 503} and 200 in statuses
    assert most - before < 400
    assert httpx.get(f"{address}/readyz").status_code == 200


# IMG-07, 17


ALLOWED = {"ok", "invalid_image", "image_too_large"}  # some bits of a header are its size


def reading(content: bytes) -> str:
    try:
        header = read_header(content)
        check_size(header, LIMITS)
        if header.width * header.height > 256 * 256:
            return "ok"  # would be decoded in a process
        picture = read_picture(content, LIMITS)
    except BadPicture as bad:
        return bad.code
    assert picture.dtype == np.uint8 and picture.size > 0
    return "ok"


@pytest.mark.parametrize("format", SEEDS)
def test_every_prefix_is_a_picture_or_an_invalid_one(format: str) -> None:
    content = SEEDS[format]
    codes = {reading(content[:length]) for length in range(len(content))}
    assert codes <= {"ok", "invalid_image"}


@pytest.mark.parametrize("format", SEEDS)
def test_every_flipped_bit_is_a_picture_or_an_invalid_one(format: str) -> None:
    content = SEEDS[format]
    codes = Counter()
    for position in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            codes[reading(bytes(flipped))] += 1
    assert set(codes) <= ALLOWED, codes


pieces = st.tuples(st.integers(0, 2000), st.binary(max_size=6), st.integers(0, 8))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SEEDS)), st.lists(pieces, min_size=1, max_size=6))
def test_mutated_pictures_are_pictures_or_bad_ones(
    format: str, changes: list[tuple[int, bytes, int]]
) -> None:
    content = SEEDS[format]
    for position, inserted, removed in changes:
        start = position % (len(content) + 1)
        content = content[:start] + inserted + content[start + removed :]
    assert reading(content) in ALLOWED | {"unsupported_format", "too_many_scans"}


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"RIFF????WEBP"]),
    st.binary(),
)
def test_any_bytes_behind_a_magic_are_bad_pictures(magic: bytes, rest: bytes) -> None:
    assert reading(magic + rest) in ALLOWED


# IMG-08


@pytest.mark.parametrize("name", OTHER_FORMATS)
def test_other_formats_are_not_read(running_client: TestClient, name: str) -> None:
    answer = post(running_client, OTHER_FORMATS[name])
    assert (answer.status_code, code(answer)) == (415, "unsupported_format")
    assert "PNG" in answer.json()["error"]["message"]


def test_a_picture_in_a_format_that_pillow_could_read_is_not_given_to_it(
    running_client: TestClient,
) -> None:
    for format in ("TIFF", "ICO", "PPM", "TGA", "PCX"):
        answer = post(running_client, saved(Image.fromarray(seven()).convert("RGB"), format))
        assert answer.status_code == 415, format


# IMG-09


def test_films_show_their_first_frame_only(running_client: TestClient) -> None:
    expected = probabilities(post(running_client, saved(seven(56))))
    for content in (gif_of_frames(300), *moving(300)):
        answer = post(running_client, content)
        assert probabilities(answer) == pytest.approx(expected, abs=0.02)


def moving(frames: int) -> Iterator[bytes]:
    others = [Image.fromarray(np.full((56, 56), n % 256, np.uint8)) for n in range(frames)]
    for format in ("PNG", "WEBP"):
        first = Image.fromarray(seven(56))
        yield saved(first, format, save_all=True, append_images=others, lossless=True)


# IMG-10, 11


def test_inflating_chunks_are_a_picture_or_an_invalid_one(running_client: TestClient) -> None:
    bomb = zlib.compress(bytes(60_000_000), 9)
    for content in (
        png_with(chunk(b"zTXt", b"k\0\0" + bomb)),
        png_with(chunk(b"iCCP", b"k\0\0" + bomb)),
        png_with(chunk(b"iTXt", b"k\0\1\0\0\0" + bomb)),
        png_header(28, 28, 8) + chunk(b"IDAT", bomb) + chunk(b"IEND", b""),
    ):
        assert post(running_client, content).status_code in (200, 422)


def test_very_many_parts_are_a_picture_or_an_invalid_one(running_client: TestClient) -> None:
    orientation = (0x0112, 3, 1, 1)
    for content in (
        png_with(*[chunk(b"abCd", b"")] * 100_000),
        jpeg_with(*[jpeg_segment(0xE1, b"")] * 60_000),
        jpeg_with(jpeg_segment(0xE1, exif([(0x8769, 4, 1, 8)], next_directory=8))),
        jpeg_with(jpeg_segment(0xE1, exif([orientation] * 5000))),
    ):
        assert post(running_client, content).status_code in (200, 422)


# IMG-12


@pytest.mark.parametrize("size", [(1, 1), (1, 4096), (4096, 1), (28, 28)])
@pytest.mark.parametrize("colour", [(0, 0, 0, 255), (255, 255, 255, 255), (0, 0, 0, 0)])
def test_nothing_to_read_is_rejected_or_finite(
    running_client: TestClient, size: tuple[int, int], colour: tuple[int, ...]
) -> None:
    answer = post(running_client, saved(Image.new("RGBA", size, colour)))
    assert answer.status_code == 200
    body = answer.json()
    assert body["rejected"]["code"] in ("blank", "too_little_ink") and body["predictions"] == []


# IMG-13


def forms() -> Iterator[tuple[str, bytes, float]]:
    """(name, file, how far a pixel that the network sees may be off)."""
    grey = Image.fromarray(seven())
    for mode in ("LA", "P", "RGB", "RGBA"):
        yield mode, saved(grey.convert(mode)), 1
    yield "1", saved(Image.fromarray(seven() > 0)), 30  # its two greys become one
    yield "16 bits", saved(Image.fromarray(seven().astype(np.uint16) * 257)), 0
    yield "ink on glass", saved(on_glass(seven())), 1
    yield "black on white", saved(255 - seven()), 0
    yield "interlaced", interlaced(seven()), 0
    for mode in ("L", "RGB", "CMYK"):
        yield f"JPEG {mode}", saved(grey.convert(mode), "JPEG", quality=98, subsampling=0), 25
    yield "progressive", saved(grey, "JPEG", quality=98, progressive=True), 25
    for orientation in range(1, 9):
        tags = Image.Exif()
        tags[0x0112] = orientation
        turned = Image.fromarray(laid(seven(), orientation))
        yield f"turned {orientation}", saved(turned, exif=tags), 0


def on_glass(picture: Any) -> Any:
    """Ink as alpha, on nothing."""
    return np.dstack([np.zeros((*picture.shape, 3), np.uint8), picture])


def laid(picture: Any, orientation: int) -> Any:
    """How a camera held like this writes the picture: the inverse of turning it upright."""
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture.T if orientation >= 5 else picture)


def interlaced(picture: Any) -> bytes:
    """Adam7, unfiltered; Pillow reads such files but does not write them."""
    rows = bytearray()
    for x, y, dx, dy in ADAM7:
        for row in picture[y::dy, x::dx]:
            rows += b"\0" + row.tobytes()
    header = bytearray(png_header(28, 28, 8))
    header[28] = 1
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4)
    return bytes(header) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


ADAM7 = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)


@pytest.mark.parametrize(
    ("name", "content", "most"), list(forms()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_same_digit_in_every_form_is_the_same(
    running_client: TestClient, name: str, content: bytes, most: float
) -> None:
    expected, answer = post(running_client, SEEDS["PNG"]), post(running_client, content)
    assert probabilities(answer) == pytest.approx(probabilities(expected), abs=0.02)
    assert np.abs(seen(answer) - seen(expected)).max() <= most


def seen(answer: Any) -> Any:
    """The picture that the network saw, as numbers."""
    text = answer.json()["input"].partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(b64decode(text)), formats=("PNG",))).astype(int)


# IMG-14


def test_what_hides_in_a_picture_does_not_come_back(running_client: TestClient) -> None:
    script = b"<script>alert('hidden')</script>"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("hidden.txt", "hidden")
    for content in (
        SEEDS["GIF"] + b"=1;alert('hidden')//",
        SEEDS["JPEG"] + b"<html>" + script,
        SEEDS["PNG"] + archive.getvalue(),
        png_with(chunk(b"tEXt", b"Comment\0" + script)),
        png_with(chunk(b"tEXt", b"Comment\0" + SVG)),
    ):
        answer = post(running_client, content)
        assert answer.status_code == 200
        assert b"hidden" not in answer.content and b"script" not in answer.content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# IMG-15


def test_a_file_name_is_never_a_path(
    running_client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    outside = [ROOT, ROOT / "app", tmp_path, tmp_path.parent]
    before = [sorted(folder.iterdir()) for folder in outside]
    for name in (
        "../../../etc/x",
        "a\0.png",
        "x" * 5000,
        "a\r\nX: y",
        "\u202egnp.exe",
        "CON.png",
        "",
    ):
        answer = running_client.post(PREDICT, content=form(name), headers=FORM)
        assert answer.status_code in (200, 400), (name, answer.text)
        assert name in ("", "x" * 5000) or name.encode() not in answer.content
    assert [sorted(folder.iterdir()) for folder in outside] == before


FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def form(filename: str) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
    return head.encode() + SEEDS["PNG"] + b"\r\n--b--\r\n"


# IMG-16


def test_empty_and_endless_bodies_are_refused(running_client: TestClient) -> None:
    assert code(post(running_client, b"")) == "invalid_image"
    assert code(post(running_client, b"\x89")) == "invalid_image"
    too_long = SEEDS["BMP"] + bytes(LIMITS.picture_bytes + 1 - len(SEEDS["BMP"]))
    assert post(running_client, too_long).status_code == 413
    assert post(running_client, too_long[:-1]).status_code == 200


def test_a_type_that_lies_is_overruled_by_the_content(running_client: TestClient) -> None:
    assert post(running_client, SEEDS["JPEG"], "image/png").status_code == 200
    assert post(running_client, SVG, "image/png").status_code == 415
    assert post(running_client, SEEDS["PNG"], "text/html").status_code == 415


# IMG-18


def test_the_code_keeps_pillows_own_guards() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        text = path.read_text()
        assert "MAX_IMAGE_PIXELS" not in text and "LOAD_TRUNCATED_IMAGES" not in text, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open":
                assert "formats" in {keyword.arg for keyword in node.keywords}, path
