"""Bytes that arrive: bodies and multipart forms, within limits of each and of all together."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from app.settings import LIMITS
from app.web.errors import ApiError
from app.web.formats import BadPicture, Content

UPLOAD_BYTES = 96 * 1024 * 1024  # of all requests together, held at one time
FREE_BYTES = 64 * 1024  # of each request, not counted: drawings pass while photographs crowd


class Uploads:
    """How many bytes of unfinished requests are held just now."""

    def __init__(self, most: int = UPLOAD_BYTES) -> None:
        self.most, self.held = most, 0


class Upload:
    """One request's share; `with` gives it back at the end."""

    __slots__ = ("counted", "size", "uploads")

    def __init__(self, uploads: Uploads) -> None:
        self.uploads, self.size, self.counted = uploads, 0, 0

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *_: object) -> None:
        self.uploads.held -= self.counted
        self.counted = 0

    def grow(self, size: int) -> None:
        """ApiError 503 when all requests together would hold too much."""
        self.size += size
        if self.size <= FREE_BYTES:
            return
        if self.uploads.held + size > self.uploads.most:
            sentence = "Many large pictures are arriving just now; try again in a moment."
            raise ApiError(503, "busy", sentence, {"Retry-After": "2", "Connection": "close"})
        self.uploads.held += size
        self.counted += size


async def read_body(
    receive: Receive, upload: Upload, limit: int, limit_of: Callable[[Content], int] | None = None
) -> Content:
    """All bytes of a body; ApiError 413 past `limit`, or past limit_of(beginning) where given."""
    message = await receive()
    if not message.get("more_body") and len(message.get("body", b"")) <= limit:
        return whole(message)
    body = bytearray()  # grows in small steps; joining 16 MiB at the end would hold up the loop
    async for piece in arriving(message, receive):
        body += piece
        if len(body) > limit and limit_of:
            limit, limit_of = limit_of(body), None
        if len(body) > limit:
            raise too_large(limit)
        upload.grow(len(piece))
    return body


async def arriving(message: Any, receive: Receive) -> AsyncIterator[bytes]:
    while True:
        yield whole(message)
        if not message.get("more_body"):
            return
        message = await receive()


def whole(message: Any) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message.get("body", b"")
    return body


def too_large(limit: int) -> ApiError:
    """The rest of the body is not read, so the connection cannot be used again."""
    sentence = f"This body is larger than its form may be: {limit:,} bytes."
    return ApiError(413, "too_large", sentence, {"Connection": "close"})


# --- multipart -----------------------------------------------------------------------------------

FIELD = b"file"
LONGEST_CONTENT_TYPE = 300  # a boundary has at most 70 characters


async def read_pictures(
    receive: Receive, upload: Upload, content_type: bytes
) -> list[Content | BadPicture]:
    """The contents of all parts called `file`, in their order; a part too large is a BadPicture.

    ApiError 400, 413 or 422 when the form itself is broken, too large or holds other fields.
    """
    form = PictureForm()
    parser = parser_for(form, content_type)
    size = 0
    async for piece in arriving(await receive(), receive):
        size += len(piece)
        if size > LIMITS.multipart_bytes:
            raise too_large(LIMITS.multipart_bytes)
        upload.grow(len(piece))
        try:
            parser.write(piece)
        except FormParserError as error:
            raise broken() from error
    if not form.complete:
        raise broken()
    if not form.pictures:
        raise ApiError(422, "no_pictures", "The form has no field `file` with a picture.")
    return form.pictures


def parser_for(form: "PictureForm", content_type: bytes) -> MultipartParser:
    if len(content_type) > LONGEST_CONTENT_TYPE:
        raise broken()
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise ApiError(400, "invalid_multipart", "The Content-Type names no boundary.")
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": form.on_part_begin,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
                "on_end": form.on_end,
            },
        )
    except FormParserError as error:
        raise broken() from error


def broken() -> ApiError:
    sentence = "The multipart form is damaged or incomplete."
    return ApiError(400, "invalid_multipart", sentence, {"Connection": "close"})


class PictureForm:
    """Collects the files of a form; names of files are never looked at."""

    def __init__(self) -> None:
        self.pictures: list[Content | BadPicture] = []
        self.complete = False
        self._name, self._value, self._field = b"", b"", b""
        self._content = bytearray()
        self._size = 0

    def on_part_begin(self) -> None:
        if len(self.pictures) == LIMITS.pictures:
            sentence = f"A batch may hold {LIMITS.pictures} pictures at most."
            raise ApiError(413, "too_many_pictures", sentence, {"Connection": "close"})
        self._name, self._value, self._field = b"", b"", b""
        self._content, self._size = bytearray(), 0

    def on_header_field(self, content: bytes, start: int, end: int) -> None:
        self._name += content[start:end]

    def on_header_value(self, content: bytes, start: int, end: int) -> None:
        self._value += content[start:end]

    def on_header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._field = parse_options_header(self._value)[1].get(b"name", b"")
        self._name, self._value = b"", b""

    def on_headers_finished(self) -> None:
        if self._field != FIELD:
            sentence = "The pictures must be in fields called `file`; there is another field."
            raise ApiError(422, "unknown_field", sentence, {"Connection": "close"})

    def on_part_data(self, content: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size <= LIMITS.picture_bytes:
            self._content += memoryview(content)[start:end]
        else:
            self._content.clear()

    def on_part_end(self) -> None:
        fits = self._size <= LIMITS.picture_bytes
        self.pictures.append(self._content if fits else BadPicture("too_large"))

    def on_end(self) -> None:
        self.complete = True
