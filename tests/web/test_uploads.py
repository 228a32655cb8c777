"""Bodies and forms are read piece by piece, and no further than they may grow."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from app.settings import LIMITS
from app.web.errors import ApiError
from app.web.formats import BadPicture, Content
from app.web.uploads import FREE_BYTES, Upload, Uploads, read_body, read_pictures

KIB = 1024


class Arriving:
    """ASGI's receive() over some pieces; counts how many were asked for."""

    def __init__(self, pieces: Iterable[bytes], disconnects: bool = False) -> None:
        self.pieces, self.disconnects, self.asked = list(pieces), disconnects, 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if not self.pieces:
            assert self.disconnects, "asked for more than there is"
            return {"type": "http.disconnect"}
        more = len(self.pieces) > 1 or self.disconnects
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": more}


def body_of(arriving: Arriving, limit: int, limit_of: Any = None) -> bytes:
    return asyncio.run(read_body(arriving, Upload(Uploads()), limit, limit_of))


def part(name: str, content: bytes, filename: str = "a.png") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form_of(
    *pieces: bytes, content_type: bytes = b"multipart/form-data; boundary=b"
) -> list[Content | BadPicture]:
    return asyncio.run(read_pictures(Arriving(pieces), Upload(Uploads()), content_type))


def refusal(*pieces: bytes, **more: Any) -> ApiError:
    with pytest.raises(ApiError) as refused:
        form_of(*pieces, **more)
    return refused.value


def test_pieces_are_put_together() -> None:
    assert body_of(Arriving([b"ab", b"", b"c"]), 3) == b"abc"
    assert body_of(Arriving([b""]), 3) == b""


def test_a_body_past_its_limit_is_not_read_on() -> None:
    arriving = Arriving([b"x" * KIB] * 1000)
    with pytest.raises(ApiError) as refused:
        body_of(arriving, 10 * KIB)
    assert refused.value.status == 413 and arriving.asked == 11


def test_the_limit_may_depend_on_the_beginning() -> None:
    pieces = [b'{"im', b'age": "' + b"x" * KIB, b"y" * KIB]
    assert len(body_of(Arriving(pieces), KIB, lambda beginning: 10 * KIB)) > KIB
    with pytest.raises(ApiError):
        body_of(Arriving(pieces), KIB, lambda beginning: KIB)


def test_a_sender_who_leaves_ends_the_reading() -> None:
    with pytest.raises(ClientDisconnect):
        body_of(Arriving([b"ab"], disconnects=True), 100)


def test_all_requests_together_hold_only_so_much() -> None:
    uploads = Uploads(most=300 * KIB)
    with Upload(uploads) as first:
        first.grow(200 * KIB)
        with Upload(uploads) as second, pytest.raises(ApiError) as refused:
            second.grow(200 * KIB)
        assert refused.value.status == 503
        assert refused.value.headers and "Retry-After" in refused.value.headers
        with Upload(uploads) as small:
            small.grow(FREE_BYTES)  # a drawing passes while photographs crowd
    assert uploads.held == 0


def test_the_files_of_a_form_come_in_their_order() -> None:
    content = part("file", b"one") + part("file", b"") + part("file", b"th\r\nree") + b"--b--\r\n"
    assert form_of(content) == [b"one", b"", b"th\r\nree"]


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.integers(1, 50))
def test_a_form_may_be_cut_anywhere(files: list[bytes], size: int) -> None:
    files = [file.replace(b"--b", b"") for file in files]
    content = b"".join(part("file", file) for file in files) + b"--b--\r\n"
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    assert form_of(*pieces) == files


@pytest.mark.parametrize(
    "filename", ["../../../etc/x", "a\\0.png", "x" * 3000, "CON.png", "\u202egnp.exe", ""]
)
def test_names_of_files_mean_nothing(filename: str) -> None:
    assert form_of(part("file", b"one", filename) + b"--b--\r\n") == [b"one"]


def test_a_file_too_large_is_told_in_its_place() -> None:
    large = b"x" * (LIMITS.picture_bytes + 1)
    first, second = form_of(part("file", large) + part("file", b"two") + b"--b--\r\n")
    assert isinstance(first, BadPicture) and first.code == "too_large"
    assert second == b"two"


def test_more_pictures_than_a_batch_may_hold_are_refused() -> None:
    error = refusal(part("file", b"x") * (LIMITS.pictures + 1) + b"--b--\r\n")
    assert (error.status, error.code) == (413, "too_many_pictures")


def test_a_form_past_its_limit_is_not_read_on() -> None:
    piece = b"x" * (1024 * KIB)
    count = LIMITS.multipart_bytes // len(piece) + 100
    arriving = Arriving([part("file", b"x")[:-2], *[piece] * count])
    with pytest.raises(ApiError) as refused:
        asyncio.run(read_pictures(arriving, Upload(Uploads()), b"multipart/form-data; boundary=b"))
    assert refused.value.status == 413 and arriving.asked < count


def test_other_fields_are_refused_by_name() -> None:
    error = refusal(part("image", b"x") + b"--b--\r\n")
    assert (error.status, error.code) == (422, "unknown_field") and "`file`" in error.message


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=" + b"x" * 5000,
        b"multipart/form-data; " + b"\\" * 60_000,
    ],
)
def test_a_form_needs_a_sensible_boundary(content_type: bytes) -> None:
    assert refusal(part("file", b"x"), content_type=content_type).status == 400


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of a form",
        part("file", b"x"),
        part("file", b"x")[:30],
        b"--b\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"--b\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
        b"\r\n" * 1_000_000,
        b"--b\r\n: y\r\n\r\n",
        b"--b\r\n\r\nno headers\r\n--b--\r\n",
        b"--b--\r\n",
    ],
    ids=[
        "empty",
        "text",
        "no end",
        "cut in a header",
        "long header",
        "many headers",
        "long preamble",
        "nameless header",
        "no name",
        "no parts",
    ],
)
def test_a_broken_form_is_refused(content: bytes) -> None:
    assert refusal(content).status in (400, 413, 422)


def test_what_follows_the_end_is_not_looked_at() -> None:
    assert form_of(part("file", b"x") + b"--b--\r\n" + b"z" * 100_000) == [b"x"]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(content: bytes) -> None:
    for body in (content, part("file", content), b"--b\r\n" + content + b"--b--\r\n"):
        try:
            form_of(body)
        except ApiError as error:
            assert error.status in (400, 413, 422)
