"""Models: list, card, download, delete."""

import re
from typing import Annotated, Any, Literal

from fastapi import Path as PathParameter
from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.responses import Response, StreamingResponse

from app.ml.checkpoints import (
    ModelEntry,
    ModelLibrary,
    ReservedName,
    UnavailableModel,
    UnknownModel,
)
from app.settings import LIMITS
from app.web.archives import zip_of_folder
from app.web.errors import ApiError
from app.web.latency import Latency
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/models", tags=["models"])

UNSAFE = re.compile(r"[^a-z0-9-]+")  # anything that has no place in a file's name

Reference = Annotated[
    str,
    PathParameter(
        description="a model's name, or `runs/{id}/checkpoints/{step}`, of the second variant of "
        "a run `runs/{id}/checkpoints-1/{step}`",
        examples=["digits-cnn"],
    ),
]
NAME_PATTERN = "^[a-z0-9][a-z0-9-]{0,63}$"
MOST = "at most so many"
NEXT = "`next` of the page before"


class WholeReference(PathConvertor):
    """All that follows /models/, unless it ends in a verb: so GET .../predict is 405, not 404."""

    regex = (
        r"(?!.*/(?:predict|explain|download|shifts|weights(?:/[^/]*)?|map|picture|exciting"
        r"|resilience)$).*"
    )


register_url_convertor("whole", WholeReference())


class ModelSummary(BaseModel):
    """What a list tells of a model; nulls where its folder is broken."""

    name: str = Field(examples=["digits-cnn"])
    origin: Literal["shipped", "own", "run"]
    version: str | None = Field(
        description="first 12 hex digits of the weights' sha256; a checkpoint's own number"
    )
    dataset: str | None = Field(examples=["digits"])
    network: str | None = Field(examples=["cnn"])
    parameters: int | None = Field(description="numbers learnt")
    size_bytes: int = Field(description="of the whole folder")
    classes: list[str]
    accuracy: dict[str, Any] = Field(
        description="measured, by data set and part: accuracy, n, per_class, calibration error "
        "(`ece`, `ece_before` its temperature) and how many were called unfamiliar"
    )
    training_seconds: float | None = Field(description="that its training took, where known")
    latency_ms: float | None = Field(
        description="of one picture on this machine, in one thread, the median; null while it is "
        "not measured yet, which asking for it begins"
    )
    accepts: list[str] = Field(examples=[["image", "strokes", "pixels"]])
    available: bool = Field(description="whether it can predict")
    unavailable: str | None = Field(description="why not")


class ModelList(BaseModel):
    models: list[ModelSummary]
    next: str | None = Field(description="the cursor of the next page, null on the last")


class ModelDetail(ModelSummary):
    card: dict[str, Any] | None = Field(
        description="how the model was made, what it scored, what its limits are"
    )


EXAMPLE: dict[str, Any] = {
    "name": "digits-cnn",
    "origin": "shipped",
    "version": "0123456789ab",
    "dataset": "digits",
    "network": "cnn",
    "parameters": 290_000,
    "size_bytes": 1_180_000,
    "classes": list("0123456789"),
    "accuracy": {"mnist test": {"accuracy": 0.996, "n": 10_000, "ece": 0.002}},
    "training_seconds": 1902.5,
    "latency_ms": 0.41,
    "accepts": ["image", "strokes", "pixels"],
    "available": True,
    "unavailable": None,
}


def example(answer: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": answer}}}


@router.get(
    "",
    role=Role.ANYONE,
    summary="List the models",
    response_description="one page of the models, by name",
    responses={200: example({"models": [EXAMPLE], "next": None})},
)
def list_models(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LIMITS.page_size, description=MOST)] = LIMITS.page_size,
    cursor: Annotated[str | None, Query(pattern=NAME_PATTERN, description=NEXT)] = None,
) -> ModelList:
    library: ModelLibrary = request.app.state.library
    latency: Latency = request.app.state.latency
    entries = [entry for entry in library.entries() if entry.name > (cursor or "")]
    page = entries[:limit]
    return ModelList(
        models=[ModelSummary(**summary(entry, latency)) for entry in page],
        next=page[-1].name if len(entries) > limit else None,
    )


@router.get(
    "/{reference:path}/download",
    role=Role.ANYONE,
    summary="Download a model as a zip",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/zip": {}}, "description": "the model's folder"},
        404: {"description": "`unknown_model`"},
        409: {"description": "`not_published`: a checkpoint"},
    },
)
def download_model(request: Request, reference: Reference) -> StreamingResponse:
    entry = find_model(request.app.state.library, reference)
    if entry.step is not None:
        sentence = "A checkpoint is downloaded once it is published under a name."
        raise ApiError(409, "not_published", sentence)
    name = UNSAFE.sub("-", entry.name).strip("-")
    return StreamingResponse(
        zip_of_folder(entry.folder, name),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"'},
    )


@router.get(
    "/{reference:whole}",
    role=Role.ANYONE,
    summary="A model and its card",
    response_description="the fields of the list, and the card: how it was made, what it scored",
    responses={
        200: example({**EXAMPLE, "card": {"title": "MNIST and pens", "limits": "..."}}),
        404: {"description": "`unknown_model`"},
    },
)
def show_model(request: Request, reference: Reference) -> ModelDetail:
    entry = find_model(request.app.state.library, reference, broken_too=True)
    told = summary(entry, request.app.state.latency)
    return ModelDetail(card=entry.card.to_json() if entry.card else None, **told)


@router.delete(
    "/{name:whole}",
    role=Role.TEACHER,
    status_code=204,
    response_description="it is gone",
    summary="Delete a model of one's own",
    responses={
        404: {"description": "`unknown_model`"},
        409: {"description": "`reserved_name`: the models that ship stay"},
    },
)
def delete_model(
    request: Request,
    name: Annotated[str, PathParameter(description="its name", examples=["my-model"])],
) -> Response:
    try:
        request.app.state.library.delete(name)
    except UnknownModel as error:
        raise unknown_model() from error
    except ReservedName as error:
        sentence = "A model that ships with Inkling cannot be deleted."
        raise ApiError(409, "reserved_name", sentence) from error
    return Response(status_code=204)


def find_model(library: ModelLibrary, reference: str, broken_too: bool = False) -> ModelEntry:
    """ApiError 404 unknown_model, the same for every wrong reference; 503 model_unavailable for a
    broken folder, unless `broken_too`."""
    try:
        return library.resolve(reference)
    except UnknownModel as error:
        raise unknown_model() from error
    except UnavailableModel as error:
        if broken_too:
            for entry in library.entries():
                if entry.name == reference:
                    return entry
        sentence = "This model cannot predict; GET /api/v1/models says why."
        raise ApiError(503, "model_unavailable", sentence) from error


def unknown_model() -> ApiError:
    sentence = "This server has no such model, or no longer; GET /api/v1/models lists all."
    return ApiError(404, "unknown_model", sentence)


def summary(entry: ModelEntry, latency: Latency) -> dict[str, Any]:
    """The fields of ModelSummary."""
    card = entry.card
    published = card is not None and entry.step is None
    return {
        "name": entry.name,
        "origin": entry.origin,
        "version": entry.version,
        "dataset": card.dataset if card else None,
        "network": card.network if card else None,
        "parameters": card.parameters if card else None,
        "size_bytes": entry.size_bytes,
        "classes": list(card.classes) if card else [],
        "accuracy": card.accuracy if card else {},
        "training_seconds": card.training.get("seconds") if card else None,
        "latency_ms": latency.known(entry) if published else None,
        "accepts": list(entry.accepts) if card else [],
        "available": entry.unavailable is None,
        "unavailable": entry.unavailable,
    }
