"""My digits: pictures that a person kept with their right label; everybody sees only their own."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from app.ml.kept import CannotKeep, UnknownSample
from app.ml.picture import Picture
from app.ml.samples import PICTURE, Drawing, Reading, Sample, check_label
from app.ml.strokes import rasterise
from app.settings import LIMITS
from app.web.api import kept_docs as docs
from app.web.api.kept_docs import SampleAnswer, SampleList
from app.web.api.predict import find, media_type, refused
from app.web.archives import zip_of_samples
from app.web.bodies import (
    Base64,
    LabelBody,
    SampleBody,
    Strokes,
    checked,
    json_limit,
    read_sample,
)
from app.web.decoder import DecoderPool
from app.web.errors import ApiError
from app.web.formats import BadPicture
from app.web.owners import LOCAL, give_cookie, new_owner, owner_of
from app.web.roles import Role, RoleRouter
from app.web.strict_json import read_json
from app.web.uploads import Upload, read_body

router = RoleRouter(prefix="/api/v1/datasets/my-digits", tags=["my-digits"])

ID_PATTERN = "^[0-7][0-9a-hjkmnp-tv-z]{25}$"
Identity = Annotated[str, Path(description="of a kept picture", examples=[docs.ID])]
Result = TypeVar("Result")


@router.post(
    "/samples",
    role=Role.ANYONE,
    status_code=201,
    body_limit=LIMITS.json_image_bytes,
    response_model=SampleAnswer,
    **docs.KEEP_DOCS,
)
async def keep_sample(request: Request) -> Response:
    require_json(request)
    state = request.app.state
    owner, secret = owner_of(request.scope), None
    if owner != LOCAL:
        check_allowance(request)
    with Upload(state.decoders.uploads) as upload:
        body = await read_body(request.receive, upload, LIMITS.json_bytes, json_limit)
        told, drawing = await asyncio.to_thread(read_sample, body)
        label, reading = right_label(told), reading_of(request, told)
        picture = await picture_of(request, drawing)
    if owner is None:
        owner, secret = new_owner()
    strokes = Drawing(drawing.strokes, drawing.pen_width) if isinstance(drawing, Strokes) else None
    sample = await kept(request, state.kept.keep, owner, label, picture, reading, strokes)
    answer = JSONResponse(shown(sample, reading).model_dump(mode="json"), 201)
    if secret:
        give_cookie(answer, request.scope, secret)
    return answer


@router.get("/samples", role=Role.ANYONE, **docs.LIST_DOCS)
def list_samples(
    request: Request,
    label: Annotated[str | None, Query(max_length=40, description="only of this label")] = None,
    limit: Annotated[
        int, Query(ge=1, le=LIMITS.page_size, description="at most so many")
    ] = LIMITS.page_size,
    cursor: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="`next` of the page before")
    ] = None,
) -> SampleList:
    samples = own_samples(request)
    wanted = [
        sample
        for sample in samples
        if label in (None, sample.label) and (cursor is None or sample.id < cursor)
    ]
    page = wanted[:limit]
    return SampleList(
        samples=[shown(sample, reading) for sample, reading in readable(page)],
        counts=dict(sorted(Counter(sample.label for sample in samples).items())),
        next=page[-1].id if len(wanted) > limit else None,
    )


@router.delete("/samples", role=Role.ANYONE, status_code=204, **docs.DELETE_ALL_DOCS)
async def delete_all_samples(request: Request) -> Response:
    owner = owner_of(request.scope)
    if owner:
        await kept(request, request.app.state.kept.delete_all, owner)
    return Response(status_code=204)


@router.get("/samples/{id}/picture", role=Role.ANYONE, response_class=Response, **docs.PICTURE_DOCS)
def show_picture(request: Request, id: Identity) -> Response:
    owner = owner_of(request.scope)
    if owner:
        try:
            picture = request.app.state.kept.find(owner, id).file(PICTURE).read_bytes()
            return Response(picture, media_type="image/png")
        except (UnknownSample, OSError):
            pass
    raise unknown_sample()


@router.patch("/samples/{id}", role=Role.ANYONE, response_model=SampleAnswer, **docs.RELABEL_DOCS)
async def relabel_sample(request: Request, id: Identity) -> SampleAnswer:
    require_json(request)
    with Upload(request.app.state.decoders.uploads) as upload:
        body = await read_body(request.receive, upload, LIMITS.json_bytes)
    label = right_label(checked(LabelBody, read_json(body)))
    sample = await kept(request, request.app.state.kept.relabel, required_owner(request), id, label)
    for _, reading in await asyncio.to_thread(readable, [sample]):
        return shown(sample, reading)
    raise unknown_sample()


@router.delete("/samples/{id}", role=Role.ANYONE, status_code=204, **docs.DELETE_DOCS)
async def delete_sample(request: Request, id: Identity) -> Response:
    await kept(request, request.app.state.kept.delete, required_owner(request), id)
    return Response(status_code=204)


@router.get("/download", role=Role.ANYONE, response_class=StreamingResponse, **docs.DOWNLOAD_DOCS)
def download_samples(request: Request) -> StreamingResponse:
    return StreamingResponse(
        zip_of_samples(own_samples(request)),
        media_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="my-digits.zip"'},
    )


# --- what arrives --------------------------------------------------------------------------------


def require_json(request: Request) -> None:
    with suppress(ApiError):
        if media_type(request.scope)[0] == b"application/json":
            return
    sentence = "Send JSON in UTF-8, with the header Content-Type: application/json."
    raise ApiError(415, "unsupported_media_type", sentence, {"Connection": "close"})


def check_allowance(request: Request) -> None:
    """A client without cookies is somebody new each time: only its address bounds it."""
    wait = request.app.state.strangers.take(request.client.host if request.client else "")
    if wait:
        sentence = "Too much was kept from this address within an hour. Try again later."
        headers = {"Retry-After": str(wait), "Connection": "close"}
        raise ApiError(429, "too_many", sentence, headers)


def right_label(told: LabelBody) -> str:
    try:
        check_label(told.label)
    except ValueError as error:
        raise ApiError(422, "invalid_label", f"`label`: {error}.") from error
    return told.label


def reading_of(request: Request, told: SampleBody) -> Reading:
    """ApiError 404 when it names a model that is not there."""
    if told.model is None:
        return Reading(told.read)
    entry = find(request.app.state.engine, told.model)
    return Reading(told.read, entry.name, entry.version)


async def picture_of(request: Request, drawing: Base64 | Strokes) -> Picture:
    if isinstance(drawing, Strokes):
        if not drawing.points:
            raise ApiError(422, "blank", "There is nothing on this drawing to keep.")
        return await asyncio.to_thread(rasterise, drawing.strokes, drawing.pen_width)
    try:
        decoders: DecoderPool = request.app.state.decoders
        return await decoders.decode(drawing.text, base64=True)
    except BadPicture as bad:
        raise refused(bad) from bad


# --- the store -----------------------------------------------------------------------------------


async def kept(request: Request, change: Callable[..., Result], *arguments: Any) -> Result:
    """A change of the store, in the one thread that writes; its errors as ours."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(request.app.state.keeper, partial(change, *arguments))
    except UnknownSample:
        raise unknown_sample() from None
    except CannotKeep as error:
        raise ApiError(*NO_ROOM[error.reason]) from error


NO_ROOM = {
    "owner_full": (
        409,
        "owner_full",
        "You have kept as much as one person may. Download your digits, then delete some.",
    ),
    "store_full": (
        507,
        "store_full",
        "This server keeps no more digits. Delete some of yours, or ask the teacher for room.",
    ),
    "disk_full": (507, "disk_full", "The server's disk is full. Free some space, then try again."),
    "disk_error": (
        507,
        "disk_error",
        "The server cannot write into its data folder; ./run doctor says what is wrong with it.",
    ),
}


def own_samples(request: Request) -> list[Sample]:
    owner = owner_of(request.scope)
    return request.app.state.kept.samples(owner) if owner else []


def required_owner(request: Request) -> str:
    owner = owner_of(request.scope)
    if owner is None:
        raise unknown_sample()
    return owner


def unknown_sample() -> ApiError:
    return ApiError(404, "unknown_sample", "There is no such picture among those that you kept.")


# --- what is answered ----------------------------------------------------------------------------


def readable(samples: list[Sample]) -> list[tuple[Sample, Reading]]:
    """Without the broken ones, and those deleted meanwhile."""
    found = []
    for sample in samples:
        with suppress(OSError, ValueError):
            found.append((sample, sample.reading()))
    return found


def shown(sample: Sample, reading: Reading) -> SampleAnswer:
    return SampleAnswer(
        id=sample.id,
        label=sample.label,
        read=reading.read,
        model=reading.model,
        version=reading.version,
        created=sample.created,
        drawing=sample.is_drawing,
        picture=f"{router.prefix}/samples/{sample.id}/picture",
    )
