"""What a model makes of many pictures: a map, what excites a unit, what breaking it costs."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Body, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.ml.checkpoints import CHECKPOINT, ModelEntry
from app.runs.states import State
from app.web.api.models import Reference, example
from app.web.api.predict import find
from app.web.api.run_detail import opened, told
from app.web.api.understanding import waited
from app.web.bodies import STRICT, Broken
from app.web.errors import ApiError, standard_error
from app.web.explained import not_there
from app.web.images import data_url, drawable, encode_png
from app.web.reasons import hidden_of
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/models", tags=["models"])

MOST_POINTS = 10_000
MOST_TRIED = 10_000  # pictures that a broken network is tried on
Drawn = Literal["test", "validation"]
PartName = Annotated[
    Drawn, Query(description="of the dataset; of a run's checkpoint `test` once it is finished")
]


class Points(BaseModel):
    """A list for each column, all of one length; in the order of the part."""

    x: list[float]
    y: list[float]
    label: list[int] = Field(description="of the class, from 0")
    read: list[int] = Field(description="the class that the model reads")


class ModelMap(BaseModel):
    model: str
    version: str
    part: str
    of: int = Field(description="pictures that the map was drawn from")
    classes: list[str]
    width: int = Field(description="numbers in the last hidden layer, of which the map shows two")
    explained: list[float] = Field(description="share of their variance along x and along y")
    points: Points


class ExcitingPicture(BaseModel):
    label: str
    value: float = Field(description="the unit's largest output on it")
    at: tuple[float, float] | None = Field(
        description="where, x and y as shares of the sides; null of a layer without maps"
    )
    picture: str = Field(description="PNG as a data URL")


class ExcitingPictures(BaseModel):
    model: str
    version: str
    layer: str
    unit: int
    part: str
    of: int = Field(description="pictures that were looked at")
    pictures: list[ExcitingPicture] = Field(description="the most exciting first")


class Attempt(BaseModel):
    """A broken network, and what to try it on."""

    model_config = STRICT
    part: Drawn = Field("test", description="of the dataset")
    pictures: int = Field(2000, ge=1, le=MOST_TRIED, description="a sample, always the same")
    broken: Broken = Field(default_factory=Broken, description="nothing: the network as it is")


class ClassLeft(BaseModel):
    label: str
    n: int
    right: int
    read_as: int = Field(description="pictures that were read as it, rightly or not")


class Resilience(BaseModel):
    model: str
    version: str
    part: str
    n: int
    right: int
    accuracy: float
    per_class: list[ClassLeft]


SOME: dict[str, Any] = {
    "noise": {"summary": "Noise on all weights", "value": {"broken": {"noise": 0.5, "seed": 1}}},
    "unit": {
        "summary": "A unit that is silent",
        "value": {"broken": {"units": {"layers.1": [3]}}, "pictures": 500},
    },
}
OF: dict[str, Any] = {"model": "mnist-cnn", "version": "0123456789ab", "part": "test"}
MAP_EXAMPLE = {
    **OF, "of": 10_000, "classes": list("0123456789"), "width": 1296, "explained": [0.158, 0.122],
    "points": {"x": [0.06, -0.04], "y": [-1.34, 3.55], "label": [7, 6], "read": [7, 6]},
}  # fmt: skip
EXCITING_EXAMPLE = {
    **OF, "layer": "features.2", "unit": 3, "part": "train", "of": 2000,
    "pictures": [
        {"label": "1", "value": 3.314, "at": [0.55, 0.2], "picture": "data:image/png;base64,..."}
    ],
}  # fmt: skip
RESILIENCE_EXAMPLE = {
    **OF, "n": 2000, "right": 1906, "accuracy": 0.953,
    "per_class": [{"label": "0", "n": 202, "right": 202, "read_as": 215}],
}  # fmt: skip
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "`unknown_model`"},
    409: {"description": "`no_dataset`, `no_pictures` or `not_finished`"},
    503: {"description": "`busy`, with Retry-After, or `model_unavailable`"},
}


@router.get(
    "/{reference:path}/map",
    role=Role.ANYONE,
    summary="A map of the dataset's pictures",
    response_description="a point for each picture",
    responses={200: example(MAP_EXAMPLE), **REFUSALS},
)
async def model_map(
    request: Request, reference: Reference, part: PartName = "test",
    limit: Annotated[int, Query(ge=1, le=MOST_POINTS, description="points, evenly chosen")] = 2000,
) -> ModelMap:  # fmt: skip
    """Each picture of a part, of 10,000 at most, where the last hidden layer puts it: its principal
    components, the two directions in which those pictures differ most there. Found out when it is
    first asked for, which takes seconds, by a process of its own, and kept. `explain` with the
    reason `place` lays a drawing among them."""
    entry = find(request.app.state.engine, reference)
    path = await hidden_path(request, entry, part)
    return await asyncio.to_thread(map_of, entry, part, path, limit)


@router.get(
    "/{reference:path}/picture",
    role=Role.ANYONE,
    summary="A picture of the map",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "a PNG"}, **REFUSALS},
)
async def map_picture(
    request: Request, reference: Reference, part: PartName = "test",
    point: Annotated[int, Query(ge=0, lt=MOST_POINTS, description="of `map`, from 0")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_POINTS, description="as `map` was asked")] = 2000,
) -> Response:  # fmt: skip
    """As the network saw it; larger ones made smaller, to 64 pixels."""
    entry = find(request.app.state.engine, reference)
    path = await hidden_path(request, entry, part)
    png = await asyncio.to_thread(picture_png, path, point, limit)
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=600"})


@router.get(
    "/{reference:path}/exciting",
    role=Role.ANYONE,
    summary="The pictures that excite a unit most",
    responses={
        200: example(EXCITING_EXAMPLE),
        **REFUSALS,
        422: {"description": "`not_there`: no such layer or unit, or the rule that was broken"},
    },
)
async def exciting_pictures(
    request: Request, reference: Reference,
    layer: Annotated[str, Query(max_length=100, description="its name, as explain tells it")],
    unit: Annotated[int, Query(ge=0, lt=10**9, description="from 0; of maps, the channel")] = 0,
) -> ExcitingPictures:  # fmt: skip
    """Nine of a sample of the pictures that the model learnt from, with what the unit says of each.
    Found out for all units when first asked for, which takes seconds, and kept."""
    entry = find(request.app.state.engine, reference)
    path = await waited(request, request.app.state.examiner.looked_into(
        entry, "excitement", "train"
    ))  # fmt: skip
    return await asyncio.to_thread(exciting, entry, path, layer, unit)


@router.post(
    "/{reference:path}/resilience",
    role=Role.ANYONE,
    summary="What a broken network still reads right",
    responses={
        200: example(RESILIENCE_EXAMPLE),
        **REFUSALS,
        422: {"description": "`not_there`: no such layer or unit, or the rule that was broken"},
    },
)
async def model_resilience(
    request: Request,
    reference: Reference,
    attempt: Annotated[Attempt, Body(openapi_examples=SOME)],
) -> Resilience:
    """Silent units, kernels and biases at 0, noise on the weights; without any of them the network
    as it is, to compare with. Close the connection to give it up."""
    entry = find(request.app.state.engine, reference)
    await check_open(request, entry, attempt.part)
    answer = await waited(request, request.app.state.examiner.resilience(
        entry, attempt.part, attempt.pictures, attempt.broken.model_dump()
    ))  # fmt: skip
    assert entry.card is not None and entry.version is not None
    return Resilience(
        model=entry.name, version=entry.version, part=attempt.part,
        per_class=[
            ClassLeft(label=label, n=n, right=right, read_as=read_as)
            for label, (n, right), read_as in zip(
                entry.card.classes, answer["per_class"], answer["read_as"], strict=True
            )
        ],
        **{name: answer[name] for name in ("n", "right", "accuracy")},
    )  # fmt: skip


# --- of which model, which part ------------------------------------------------------------------


async def check_open(request: Request, entry: ModelEntry, part: str) -> None:
    """ApiError 409 for the test part of a run that is not finished."""
    of_run = CHECKPOINT.fullmatch(entry.name)
    if part != "test" or not of_run:
        return
    run = await told((await opened(request)).store.get, of_run[1])
    if run.state != State.FINISHED:
        sentence = "The test part is for finished runs: whoever looks earlier trains on it."
        raise ApiError(409, "not_finished", sentence)


async def hidden_path(request: Request, entry: ModelEntry, part: str) -> Path:
    await check_open(request, entry, part)
    examiner = request.app.state.examiner
    return await waited(request, examiner.looked_into(entry, "hidden", part))


# --- as answers, off the event loop --------------------------------------------------------------


def chosen(count: int, limit: int) -> list[int]:
    """Rows, evenly over all."""
    return [i * count // min(limit, count) for i in range(min(limit, count))]


def map_of(entry: ModelEntry, part: str, path: Path, limit: int) -> ModelMap:
    assert entry.card is not None and entry.version is not None
    hidden = hidden_of(path)
    rows = chosen(len(hidden.labels), limit)
    xs, ys = hidden.places[rows].T.tolist()
    return ModelMap(
        model=entry.name, version=entry.version, part=part, of=len(hidden.labels),
        classes=list(entry.card.classes), width=hidden.features.shape[1],
        explained=[round(share, 4) for share in hidden.explained.tolist()],
        points=Points(
            x=[round(x, 3) for x in xs], y=[round(y, 3) for y in ys],
            label=hidden.labels[rows].tolist(), read=hidden.predicted[rows].tolist(),
        ),
    )  # fmt: skip


def picture_png(path: Path, point: int, limit: int) -> bytes:
    hidden = hidden_of(path)
    rows = chosen(len(hidden.labels), limit)
    if point >= len(rows):
        raise standard_error(404)
    return encode_png(drawable(hidden.pictures[rows[point]].numpy()))


def exciting(entry: ModelEntry, path: Path, layer: str, unit: int) -> ExcitingPictures:
    from app.ml.excitement import read_exciting

    assert entry.card is not None and entry.version is not None
    try:
        count, pictures = read_exciting(path, layer, unit)
    except KeyError:
        raise not_there(ValueError("there is no layer of this name; explain lists them")) from None
    except IndexError:
        raise not_there(ValueError("this layer has no such unit; they count from 0")) from None
    return ExcitingPictures(
        model=entry.name, version=entry.version, layer=layer, unit=unit, part="train", of=count,
        pictures=[
            ExcitingPicture(
                label=entry.card.classes[each.label], value=float(f"{each.value:.6g}"), at=each.at,
                picture=data_url(drawable(each.picture.numpy())),
            )
            for each in pictures
        ],
    )  # fmt: skip
